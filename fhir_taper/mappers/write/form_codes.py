"""How questions, choices and signals are coded: by LOINC where a table has its code, else by our own code systems, which we publish.

Three systems of ours: every signal, every answer of a signal, and what LOINC has no code for in the forms that we publish (questions and
choices). Codes are never reused for another meaning: what is published stays.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from fhir_taper.mappers.systems import LOINC
from fhir_taper.mappers.write.namespace import Json, code_system, value_set
from fhir_taper.plans.tables.form_rows import Choice, Form, Item
from fhir_taper.plans.tables.signal_tables import Signal

SIGNAL_SYSTEM: Final = code_system("signal")
"""A code for every signal that rules look at: for instruments that LOINC does not have, and for what only we ask."""
ANSWER_SYSTEM: Final = code_system("signal-answer")
"""A code for every word that answers a signal."""
FORM_SYSTEM: Final = code_system("form-code")
"""Questions ("bam.4") and choices ("daily.events.fall") of the forms that we publish, where LOINC has none."""


def item_coding(form: Form, item: Item) -> Json:
    """The code of a question."""
    if item.loinc:
        return {"system": LOINC, "code": item.loinc}
    return {"system": FORM_SYSTEM, "code": f"{form.id}.{item.id}", "display": item.words}


def choice_coding(form: Form, item: Item, choice: Choice) -> Json:
    """The code of an answer that can be chosen."""
    if choice.loinc:
        return {"system": LOINC, "code": choice.loinc, "display": choice.words}
    return {"system": FORM_SYSTEM, "code": f"{form.id}.{item.choose}.{choice.code}", "display": choice.words}


def signal_codings(signal: Signal, loinc: str) -> list[Json]:
    """The codes of a signal: LOINC's first, where there is one."""
    own = {"system": SIGNAL_SYSTEM, "code": signal.id, "display": signal.title}
    return [{"system": LOINC, "code": loinc}, own] if loinc else [own]


def to_signal_vocabularies(signals: Iterable[Signal], forms: Iterable[Form], version: str) -> list[Json]:
    """Our three code systems and a value set of all codes of each."""
    listed = tuple(signals)
    answers = sorted({answer for signal in listed for answer in signal.answers})
    parts = [
        ("signal", "What is watched while a taper is followed", [_concept(one.id, one.title) for one in listed]),
        ("signal-answer", "Words that answer a signal", [_concept(one, one.replace("-", " ").capitalize()) for one in answers]),
        ("form-code", "Questions and choices of our forms", list(_of_forms(forms))),
    ]
    return [resource for name, title, concepts in parts for resource in _published(name, title, concepts, version)]


def _of_forms(forms: Iterable[Form]) -> Iterator[Json]:
    seen: set[str] = set()
    for form in forms:
        for item in form.items:
            for coding in (item_coding(form, item), *(choice_coding(form, item, choice) for choice in item.choices)):
                if coding["system"] == FORM_SYSTEM and coding["code"] not in seen:
                    seen.add(coding["code"])
                    yield _concept(coding["code"], coding["display"])


def _concept(code: str, display: str) -> Json:
    return {"code": code, "display": display}


def _published(name: str, title: str, concepts: list[Json], version: str) -> Iterator[Json]:
    about: Json = {
        "id": name,
        "version": version,
        "name": "Taper" + "".join(word.capitalize() for word in name.split("-")),
        "title": title,
        "status": "active",
        "experimental": False,
        "publisher": "fhir-taper",
    }
    yield {
        "resourceType": "CodeSystem",
        **about,
        "url": code_system(name),
        "description": title,
        "caseSensitive": True,
        "valueSet": value_set(name),
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }
    yield {
        "resourceType": "ValueSet",
        **about,
        "url": value_set(name),
        "description": f"All codes: {title}",
        "compose": {"include": [{"system": code_system(name)}]},
    }
