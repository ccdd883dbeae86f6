"""A filled form as scores: a QuestionnaireResponse to one of our Questionnaires, or to the same instrument with LOINC codes, as answers.

A form of ours is known by its canonical address and version, its questions by linkId. In a foreign form a question is known by its LOINC
code: in its linkId or definition ("/44250-9"), in its own `code`, or in that of a Questionnaire contained in the response. Answers are
understood by code, by points, by yes or no, or by their very words. What a form cannot be scored for is said, never guessed.
FHIR R4, questionnaireresponse.html; SDC.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.form_items import Json, items_of, objects_in, text_in
from fhir_taper.mappers.read.observed_value import Value, value_of
from fhir_taper.mappers.systems import LOINC, coding_of, codings
from fhir_taper.mappers.write.form_codes import choice_coding
from fhir_taper.mappers.write.namespace import BASE
from fhir_taper.mappers.write.questionnaires import FORMS_VERSION
from fhir_taper.plans.monitoring.reading import Raw
from fhir_taper.plans.monitoring.scoring import NO, YES, Answer, Said, Scored, score
from fhir_taper.plans.tables.chart_tables import load_chart_tables
from fhir_taper.plans.tables.form_rows import Choice, Form, Item
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tables.signal_tables import load_signals

OUR_FORMS: Final = f"{BASE}/Questionnaire/"
_LOINC_CODE: Final = re.compile(r"\d{1,7}-\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class FilledIn:
    """One form of a response, and what its answers say."""

    form: Form
    scored: Scored


def read_filled_forms(response: Json) -> tuple[FilledIn, ...]:
    """The forms that a QuestionnaireResponse answers: ours, or every instrument of which it answers a question. Of any status."""
    named, _, version = text_in(response, "questionnaire").partition("|")
    if named.startswith(OUR_FORMS):
        form = load_forms().forms.get(named.removeprefix(OUR_FORMS))
        if form is None or _major(version or FORMS_VERSION) != _major(FORMS_VERSION):
            return ()
        answers = [one for item in items_of(response) for one in _answers(form, text_in(item, "linkId"), item)]
        return (FilledIn(form, score(form, answers)),)
    found: dict[str, list[Answer]] = {}
    codes = _codes_inside(response)
    for item in items_of(response):
        for form_id, item_id in _meant(item, codes):
            found.setdefault(form_id, []).extend(_answers(load_forms().forms[form_id], item_id, item))
    forms = [load_forms().forms[form_id] for form_id, answers in found.items() if answers]
    return tuple(FilledIn(form, score(form, found[form.id])) for form in forms)


def score_form(entry: Entry, when: tuple[datetime, datetime]) -> Sequence[Raw] | None:
    """Raw values of a filled form, from the first to the last instant of `when`; None where it is none that is known.

    A score that was begun and cannot be made is a value without a number whose words say why: it is set aside, and shown. That a check-in
    took place is not said here: who reads responses says that of each of ours.
    """
    filled = read_filled_forms(entry.resource)
    if not filled:
        return None
    return [raw for one in filled for raw in _raws(one, when, entry.reference)]


def _raws(filled: FilledIn, when: tuple[datetime, datetime], source: str) -> Iterator[Raw]:
    said = (one for one in filled.scored.said if one.signal != filled.form.event)
    for one in (*said, *filled.scored.refused):
        yield _raw(one, filled.form, when, source)


def _raw(said: Said, form: Form, when: tuple[datetime, datetime], source: str) -> Raw:
    unit = load_signals().signals[said.signal].unit
    is_number = said.value is not None
    return Raw(
        said.signal, *when, source, said.value, unit if is_number else "", said.answer, "" if is_number else said.words, form.variant
    )


def _meant(item: Json, codes: Mapping[str, list[str]]) -> set[tuple[str, str]]:
    """The questions of instruments that an item of a foreign form is."""
    link = text_in(item, "linkId")
    names = {re.split(r"[/#]", name)[-1] for name in (link, text_in(item, "definition"))}
    own = {coding.code for coding in codings({"coding": item.get("code")}) if coding.system == LOINC}
    known = (*filter(_LOINC_CODE.fullmatch, names), *own, *codes.get(link, ()))
    return {load_forms().by_loinc[code] for code in known if code in load_forms().by_loinc}


def _codes_inside(response: Json) -> Mapping[str, list[str]]:
    """LOINC codes of the questions by linkId, where the Questionnaire is inside the response."""
    inside = [one for one in objects_in(response, "contained") if one.get("resourceType") == "Questionnaire"]
    return {
        text_in(item, "linkId"): [coding.code for coding in codings({"coding": item.get("code")}) if coding.system == LOINC]
        for form in inside
        for item in items_of(form)
    }


def _answers(form: Form, item_id: str, answered: Json) -> Iterator[Answer]:
    """The answers to one question; those of a question that the form does not have are passed on, to be named."""
    item = form.item(item_id)
    for answer in objects_in(answered, "answer"):
        if any(name.startswith("value") and answer[name] is not None for name in answer):
            yield Answer(item_id, _said(form, item, answer) if item is not None else "")


def _said(form: Form, item: Item, answer: Json) -> str:
    """One answer as the form's own: a choice's code, a whole number, yes or no, or words."""
    value = value_of(answer, load_chart_tables())
    if item.choices:
        choice = _choice(form, item, answer, value)
        return choice.code if choice is not None else _as_written(value)
    if item.is_yes_no:
        return {True: YES, False: NO, None: _as_written(value)}[value.is_yes]
    if item.is_text:
        return text_in(answer, "valueString")
    is_number = value.number is not None and not value.comparator and value.unit in ("", item.unit)
    return format(value.number, "f") if is_number and value.number is not None else _as_written(value)


def _choice(form: Form, item: Item, answer: Json, value: Value) -> Choice | None:
    """The choice that an answer means: by its code first; points that two choices have mean neither."""
    coding = coding_of(answer.get("valueCoding"))
    code = _choices_by_code(form.id, item.id).get((coding.system, coding.code)) if coding is not None else None
    if code is not None:
        return item.choice(code)
    by_words = [choice for choice in item.choices if value.words and choice.words.lower() == value.words.strip().lower()]
    if value.number is not None and not value.comparator and value.unit in ("", "{score}"):
        by_points = [choice for choice in item.choices if choice.points == value.number]
        return by_points[0] if len(by_points) == 1 else None
    if value.is_yes is not None and not by_words:
        return item.choice(YES if value.is_yes else NO)
    return by_words[0] if len(by_words) == 1 else None


@lru_cache(maxsize=512)
def _choices_by_code(form_id: str, item_id: str) -> Mapping[tuple[str, str], str]:
    """The choices of a question of the package's own forms, by system and code: a chart has the same forms again and again."""
    form = load_forms().forms[form_id]
    item = form.item(item_id)
    coded = ((choice_coding(form, item, choice), choice.code) for choice in item.choices) if item is not None else ()
    return {(coding["system"], coding["code"]): code for coding, code in coded}


def _as_written(value: Value) -> str:
    """What was answered, for the sentence that says that it is none of the answers: never a text that could be one of them."""
    number = f"{value.comparator}{value.number} {value.unit}".strip() if isinstance(value.number, Decimal) else ""
    return f"answered {number or value.words or value.problem or 'something else'}"


def _major(version: str) -> str:
    return version.partition(".")[0]
