"""The forms that may be shown, as FHIR Questionnaires: questions, choices with their points, what is asked after what, and whose it is.

A form of which we may show the link alone is not published. Questions, points and licences stand in tables/instruments.toml and
check_ins.toml. FHIR R4, questionnaire.html.
"""

from collections.abc import Iterable
from typing import Any, Final

from fhir_taper.mappers.systems import LOINC, UCUM
from fhir_taper.mappers.write.care_plan import without_empty
from fhir_taper.mappers.write.form_codes import choice_coding, item_coding
from fhir_taper.mappers.write.namespace import BASE, Json
from fhir_taper.plans.tables.form_rows import AnsweredBy, Form, Item, OnlyIf, Ships

FORMS_VERSION: Final = "1.0.0"
"""Version of the forms that we publish; it rises when a question changes its meaning."""
ORDINAL_VALUE: Final = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
_UNIT: Final = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
_MIN_VALUE: Final = "http://hl7.org/fhir/StructureDefinition/minValue"
_MAX_VALUE: Final = "http://hl7.org/fhir/StructureDefinition/maxValue"
_LOINC_FORM: Final = "http://loinc.org/q/"
_LOINC_NOTICE: Final = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc. and the LOINC Committee "
    "and is available at no cost under the license at http://loinc.org/license."
)
_SCORE: Final = "{score}"
_SHIPS_WORDS: Final = {
    Ships.ORIGINAL: "",
    Ships.OWN: " Questions are named in our words; the original is not reproduced.",
    Ships.ASK: " Questions are named only: a person asks them from the site's own copy, with the permission of its holder.",
}


def url_of(form: Form) -> str:
    """The canonical address of a form of ours, without its version."""
    return f"{BASE}/Questionnaire/{form.id}"


def is_published(form: Form) -> bool:
    """Whether anything but a link may be shown of it."""
    return form.licence.ships is not Ships.LINK


def to_questionnaires(forms: Iterable[Form], version: str) -> list[Json]:
    """One resource per form that may be shown, in the order of the tables."""
    return [to_questionnaire(form, version) for form in forms if is_published(form)]


def to_questionnaire(form: Form, version: str) -> Json:
    """One form as a Questionnaire."""
    notices = [form.licence.notice, form.licence.link, _LOINC_NOTICE if _has_loinc(form) else ""]
    who = "by the patient" if form.by is AnsweredBy.PATIENT else "by a clinician"
    lead: list[Json] = [{"linkId": "lead", "text": form.lead, "type": "display"}] if form.lead else []
    return without_empty(
        {
            "resourceType": "Questionnaire",
            "id": form.id,
            "url": url_of(form),
            "version": version,
            "name": "Taper" + "".join(word.capitalize() for word in form.id.split("-")),
            "title": form.title,
            "derivedFrom": [f"{_LOINC_FORM}{form.panel}"] if form.panel else [],
            "status": "active",
            "experimental": False,
            "subjectType": ["Patient"],
            "publisher": "fhir-taper",
            "description": f"{form.title}, answered {who}.{_SHIPS_WORDS.get(form.licence.ships, '')}",
            "copyright": " ".join(notice for notice in notices if notice),
            "code": [{"system": LOINC, "code": form.panel}] if form.panel else [],
            "item": [*lead, *(_item(form, item) for item in form.items)],
        }
    )


def _item(form: Form, item: Item) -> Json:
    asked: Json = {
        "linkId": item.id,
        "code": [item_coding(form, item)],
        "text": item.words,
        "type": _type(item),
        "extension": list(_extensions(item)),
        "enableWhen": [_enable_when(form, item.only_if)] if item.only_if else [],
        "answerOption": [{"valueCoding": _option(form, item, index)} for index in range(len(item.choices))],
    }
    if item.is_many:
        asked["repeats"] = True
    return without_empty(asked)


def _type(item: Item) -> str:
    if item.choices:
        return "choice"
    return "boolean" if item.is_yes_no else "text" if item.is_text else "integer"


def _option(form: Form, item: Item, index: int) -> Json:
    choice = item.choices[index]
    weight = [] if choice.points is None else [{"url": ORDINAL_VALUE, "valueDecimal": choice.points}]
    return without_empty({"extension": weight, **choice_coding(form, item, choice)})


def _extensions(item: Item) -> Iterable[dict[str, Any]]:
    if item.is_number:
        yield {"url": _MIN_VALUE, "valueInteger": item.low}
        yield {"url": _MAX_VALUE, "valueInteger": item.high}
        if item.unit != _SCORE:
            yield {"url": _UNIT, "valueCoding": {"system": UCUM, "code": item.unit, "display": item.unit}}


def _enable_when(form: Form, condition: OnlyIf) -> Json:
    item = form.item(condition.item)
    choice = item.choice(condition.code) if item is not None else None
    coding = choice_coding(form, item, choice) if item is not None and choice is not None else {}
    return {"question": condition.item, "operator": "!=" if condition.is_not else "=", "answerCoding": coding}


def _has_loinc(form: Form) -> bool:
    return bool(form.panel) or any(item.loinc for item in form.items)
