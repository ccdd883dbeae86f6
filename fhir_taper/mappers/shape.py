"""Cheap checks by hand, for what the FHIR models let pass or cost too much to use on everything.

Two things: whether the elements that the core reads have the right JSON type (a table, not a model: a chart has hundreds of
Observations of which a dozen matter), and whether a resource holds something that would mislead dose arithmetic although the
models accept it: a number that is text ("5"), true where a number belongs, a truth value that is text, a date that is a number, a
number of absurd size, a modifier extension (FHIR R4, extensibility.html: not to be processed by those who do not know it).
Only types are judged here. What a value means, and whether it is possible, is for the mapper that reads it.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

MOST_DIGITS: Final = 30
LARGEST_EXPONENT: Final = 15
"""Beyond a million times a million of anything: no dose, count or laboratory value, and ruinous to exact arithmetic."""

_ELEMENT_TYPES: Final[Mapping[str, Mapping[str, type]]] = {
    "MedicationRequest": {"subject": dict, "requester": dict, "category": list, "reportedReference": dict, "priorPrescription": dict},
    "MedicationStatement": {"subject": dict, "informationSource": dict, "category": dict, "basedOn": list},
    "MedicationDispense": {"subject": dict, "category": dict, "authorizingPrescription": list},
    "Observation": {
        "status": str, "code": dict, "subject": dict, "issued": str,
        "effectiveDateTime": str, "effectiveInstant": str, "effectivePeriod": dict,
        "valueQuantity": dict, "valueCodeableConcept": dict, "valueString": str, "valueBoolean": bool, "valueInteger": int,
        "dataAbsentReason": dict, "component": list,
    },
    "Condition": {
        "clinicalStatus": dict, "verificationStatus": dict, "code": dict, "subject": dict, "onsetDateTime": str, "onsetPeriod": dict,
        "abatementDateTime": str, "abatementPeriod": dict, "recordedDate": str,
    },
    "AllergyIntolerance": {
        "clinicalStatus": dict, "verificationStatus": dict, "code": dict, "patient": dict, "onsetDateTime": str, "recordedDate": str,
        "reaction": list,
    },
}  # fmt: skip

_NUMBERS: Final = frozenset(
    {"frequency", "frequencyMax", "period", "periodMax", "count", "countMax", "duration", "durationMax", "sequence", "offset"}
)
_TRUTHS: Final = frozenset({"doNotPerform", "reportedBoolean", "asNeededBoolean", "deceasedBoolean", "valueBoolean"})
_DATES: Final = frozenset(
    {"start", "end", "authoredOn", "whenHandedOver", "whenPrepared", "effectiveDateTime", "dateAsserted", "birthDate", "deceasedDateTime"}
)
_TEXT_VALUES: Final = frozenset({"identifier", "telecom", "groupIdentifier"})
"""Elements whose `value` is text by definition."""


def element_error(resource: Mapping[str, Any]) -> str:
    """What is wrong with the JSON types of the elements that the core reads by hand, with its path; "" where nothing is."""
    kinds = _ELEMENT_TYPES.get(resource["resourceType"], {})
    for name, value in resource.items():
        wanted = kinds.get(name)
        if wanted is not None and type(value) is not wanted and value is not None:
            return f"{name} is {json_kind(value)}, not {_WORDS[wanted]}"
    return _coding_error(resource.get("code"), "code")


def misleading(resource: Mapping[str, Any]) -> Iterator[str]:
    """What the models accept and dose arithmetic must not meet, each with its path."""
    waiting: list[tuple[str, str, Any]] = [("", name, value) for name, value in resource.items()]
    while waiting:
        path, name, value = waiting.pop()
        where = f"{path}.{name}" if path else name
        if type(value) is dict:
            waiting.extend((where, inner, item) for inner, item in value.items())
        elif type(value) is list and name == "modifierExtension" and value:
            yield f"{where} may change the meaning of what it stands on, and is not understood"
        elif type(value) is list:
            waiting.extend((path, f"{name}[{index}]", item) for index, item in enumerate(value))
        else:
            wrong = _wrong_leaf(path, name, value)
            if wrong:
                yield f"{where} {wrong}"


def is_sane_number(value: int | Decimal) -> bool:
    """Whether a number is of a size and length that exact arithmetic can carry."""
    if isinstance(value, int):
        return abs(value) < 10**LARGEST_EXPONENT
    if not value.is_finite() or abs(value.adjusted()) > LARGEST_EXPONENT:
        return False
    return len(str(value)) <= MOST_DIGITS or len(value.as_tuple().digits) <= MOST_DIGITS


def json_kind(value: object) -> str:
    """The JSON type of a value in words."""
    if value is None:
        return "null"
    return next((words for kind, words in _WORDS.items() if type(value) is kind), "a number")


_WORDS: Final[Mapping[type, str]] = {bool: "true or false", str: "text", dict: "an object", list: "a list", int: "a whole number"}


def _coding_error(concept: object, path: str) -> str:
    listed = concept.get("coding") if isinstance(concept, dict) else None
    if listed is None:
        return ""
    if type(listed) is not list:
        return f"{path}.coding is {json_kind(listed)}, not a list"
    for index, coding in enumerate(listed):
        if type(coding) is not dict:
            return f"{path}.coding[{index}] is {json_kind(coding)}, not an object"
        if type(coding.get("code", "")) is not str:
            return f"{path}.coding[{index}].code is {json_kind(coding['code'])}, not text"
    return ""


def _wrong_leaf(path: str, name: str, value: Any) -> str:
    kind = type(value)
    if kind is int or kind is Decimal:
        if not is_sane_number(value):
            return "is a number beyond any sensible size"
        return f"is a number, not {'true or false' if name in _TRUTHS else 'a date'}" if name in _TRUTHS or name in _DATES else ""
    if kind is str:
        return _wrong_text(path, name)
    if kind is bool and (name in _NUMBERS or name == "value"):
        return "is true or false, not a number"
    return ""


def _wrong_text(path: str, name: str) -> str:
    if name in _TRUTHS:
        return "is text, not true or false"
    if name in _NUMBERS:
        return "is text, not a number"
    if name == "value" and _last_name(path) not in _TEXT_VALUES:
        return "is text, not a number"
    return ""


def _last_name(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0]
