"""The one door to `fhir.resources` (R4B classes), and what its verdict means for a chart.

R4B because the library has no plain R4 and its root classes are R5; the types read here are the same in both. Classes, and pydantic
under them, are imported when a resource needs them (the first costs half a second): names come from a table. Models only judge: what is
read stays the raw dict, for a model loses digits and unknown elements.

Three traps are known: an unknown type raises KeyError and not a validation error; codes are not checked against their value sets;
"5" passes as a decimal (`shape.misleading` covers that). Lenient in: only the elements that feed the core are judged (a wrong type in
a note must not hide an opioid), and what breaks a rule of FHIR without making the value doubtful (an absent element, an id with `_`,
an unknown element, a time without a zone) is reported and kept. What is sound by its look (`plain`) needs no model.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from fhir_taper.mappers.element_names import element_names
from fhir_taper.mappers.plain import is_plain, without_plain_concepts
from fhir_taper.mappers.shape import element_error, json_kind, misleading

if TYPE_CHECKING:
    from pydantic import BaseModel

_FEEDS: Final[Mapping[str, frozenset[str]]] = {
    "MedicationRequest": frozenset({
        "status", "intent", "doNotPerform", "reportedBoolean", "medicationCodeableConcept", "medicationReference", "authoredOn",
        "dosageInstruction", "dispenseRequest", "contained",
    }),
    "MedicationStatement": frozenset({
        "status", "medicationCodeableConcept", "medicationReference", "effectiveDateTime", "effectivePeriod", "dosage", "contained",
    }),
    "MedicationDispense": frozenset({
        "status", "medicationCodeableConcept", "medicationReference", "quantity", "daysSupply", "whenPrepared", "whenHandedOver",
        "dosageInstruction", "contained",
    }),
    "Medication": frozenset({"code", "status", "form", "amount", "ingredient"}),
    "Patient": frozenset({"name", "gender", "birthDate", "deceasedBoolean", "deceasedDateTime"}),
    "Condition": frozenset({
        "clinicalStatus", "verificationStatus", "code", "recordedDate", "onsetDateTime", "onsetPeriod",
        "abatementDateTime", "abatementPeriod",
    }),
    "AllergyIntolerance": frozenset({"clinicalStatus", "verificationStatus", "code", "onsetDateTime", "recordedDate"}),
    "Observation": frozenset({
        "status", "code", "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued", "dataAbsentReason", "component",
        "valueQuantity", "valueString", "valueInteger", "valueCodeableConcept", "valueBoolean", "valueRange",
    }),
}  # fmt: skip
"""Which elements of a type the core reads. A type that is not here is judged whole (a CarePlan of ours). References to people are
judged by their shape alone (`shape.element_error`): a model for each of them would cost as much as the dosage."""
_JUDGED: Final = {kind: frozenset({"modifierExtension", *names, *(f"_{name}" for name in names)}) for kind, names in _FEEDS.items()}
"""The same with their extensions, and with what may change the meaning of all."""
_SOMEONE: Final[Mapping[str, Any]] = {"subject": {}, "patient": {}}
"""Stands in for the required reference to the patient, of which `subjects` is the judge."""

_ABSENT: Final = frozenset({"missing", "model_field_validation.missing"})
_BOUNDS: Final = frozenset({"greater_than_equal", "greater_than", "less_than_equal", "less_than"})
_HARMLESS: Final = frozenset({"extra_forbidden", "string_pattern_mismatch"})
_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "text", "list_type": "a list", "bool_type": "true or false", "bool_parsing": "true or false",
    "int_type": "a whole number", "int_parsing": "a whole number", "int_from_float": "a whole number", "decimal_type": "a number",
    "decimal_parsing": "a number", "float_type": "a number", "float_parsing": "a number", "date_type": "a date",
    "datetime_type": "a date", "time_type": "a time of day",
    "dict_type": "an object", "json_invalid": "an object", "json_type": "an object", "model_type": "an object",
    "model_validation_format": "an object", "model_attributes_type": "an object",
}  # fmt: skip
"""What the model wanted where the JSON type is wrong: it has words for Python, and takes text for JSON of its own."""
_DATE_MESSAGE: Final = re.compile(r"\b(DateTime|Date|Instant) value string|valid (date|datetime)")
_TIME_MESSAGE: Final = re.compile(r"\bTime value string")
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}")
_FORGIVEN_DATES: Final = frozenset({"authoredOn", "recordedDate", "whenPrepared", "issued", "birthDate", "deceasedDateTime"})
"""Dates whose loss costs an ordering or an age, not a dose: the reader of the rest says what is then unknown."""
_TWO_CHOICES_FORGIVEN: Final = frozenset({"dosageInstruction", "dosage"})
"""A dosage with both kinds of "as needed" is common and says one thing; the mapper reads both."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`error` says why a resource cannot be trusted ("" where it can), `remarks` what else breaks a rule of FHIR. Both name the path."""

    error: str = ""
    remarks: tuple[str, ...] = ()


_SOUND: Final = Verdict()


def validate(resource: Mapping[str, Any]) -> str | None:
    """The first reason why a resource cannot be trusted, in words with its path; None where there is none."""
    return judge(resource).error or None


def judge(resource: Mapping[str, Any]) -> Verdict:
    """One resource against its R4B model and against what misleads dose arithmetic. Never raises."""
    kind = resource.get("resourceType")
    try:
        known = element_names(kind) if isinstance(kind, str) else frozenset()
    except KeyError:
        known = frozenset()
    if not known:
        return Verdict(f"{kind!r} is not a resource type of FHIR R4")
    try:
        return _judged(resource, known)
    except RecursionError:
        return Verdict("nested too deep to be read")


def strict_errors(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that the R4B model has against a resource of ours, each with its path: strict, for what goes out. Never raises."""
    from pydantic import ValidationError

    try:
        model_of(str(resource.get("resourceType"))).model_validate(dict(resource))
    except ValidationError as failure:
        return tuple(f"{_path(error['loc'])}: {error['msg']}" for error in failure.errors())
    except (KeyError, TypeError, RecursionError):
        return ("it is no resource of FHIR R4",)
    return ()


@lru_cache(maxsize=64)
def model_of(resource_type: str) -> "type[BaseModel]":
    """The R4B class of a resource type, imported now if it was not yet. Raises KeyError for a type that FHIR does not have."""
    from pydantic import BaseModel

    try:
        module = import_module(f"fhir.resources.R4B.{resource_type.lower()}") if resource_type.isalpha() else None
    except ModuleNotFoundError:
        module = None
    model = getattr(module, resource_type, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel) and model.has_resource_base()):  # type: ignore[attr-defined]
        raise KeyError(resource_type)
    return model


def _judged(resource: Mapping[str, Any], known: frozenset[str]) -> Verdict:
    kind = resource["resourceType"]
    feeding = _feeding(resource)
    remarks = [] if resource.keys() <= known else [f"{name}: unknown element" for name in resource if name not in known]
    error = element_error(resource)
    if not error and is_plain(kind, feeding):
        return Verdict("", tuple(remarks)) if remarks else _SOUND
    error = error or next(misleading(feeding), "")
    someone = {name: value for name, value in _SOMEONE.items() if kind in _FEEDS and name in known}
    return _judged_by_model({"resourceType": kind, **someone, **without_plain_concepts(feeding)}, error, remarks)


def _judged_by_model(elements: dict[str, Any], error: str, remarks: list[str]) -> Verdict:
    """The verdict of the R4B class, added to what was found by hand."""
    from pydantic import ValidationError

    try:
        model_of(elements["resourceType"]).model_validate(elements)
    except ValidationError as failure:
        for one in failure.errors():
            said = _said(one, elements)
            if _is_tolerable(one):
                remarks.append(said)
            else:
                error = error or said
    except KeyError as failure:  # an unknown type inside `contained`
        error = error or f"{failure.args[0]} is not a type of FHIR R4"
    except TypeError:  # a type inside `contained` that is no word at all
        error = error or "contained: a resourceType is not text"
    return Verdict(error, tuple(remarks))


def _feeding(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a resource that the core reads; of contained resources, the medicines."""
    judged = _JUDGED.get(resource["resourceType"])
    if judged is None:
        return {name: value for name, value in resource.items() if name not in ("resourceType", "id", "text")}
    feeding = {name: value for name, value in resource.items() if name in judged}
    inside = feeding.get("contained")
    if isinstance(inside, list):
        medicines = [item for item in inside if not isinstance(item, dict) or item.get("resourceType") == "Medication"]
        feeding["contained"] = [_feeding(item) | {"resourceType": "Medication"} if isinstance(item, dict) else item for item in medicines]
    return feeding


def _is_tolerable(error: Any) -> bool:
    """Whether the element breaks a rule of FHIR but leaves no doubt about what it says (or says nothing)."""
    kind, loc, message, value = error["type"], error["loc"], error["msg"], error.get("input")
    if kind in _ABSENT or kind in _BOUNDS or kind in _HARMLESS or "extension" in loc:
        return True
    if "Expect any of field value" in message:
        return True
    if "Any of one field value is expected" in message:
        return len(loc) == 2 and loc[0] in _TWO_CHOICES_FORGIVEN  # noqa: PLR2004 — (element, index): the dosage itself
    if isinstance(value, str) and (_DATE_MESSAGE.search(message) or kind.startswith(("date_", "datetime_"))):
        return _starts_with_a_day(value) or bool(loc and loc[0] in _FORGIVEN_DATES)
    return isinstance(value, str) and bool(_TIME_MESSAGE.search(message) and _CLOCK.match(value))


def _starts_with_a_day(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _said(error: Any, resource: Mapping[str, Any]) -> str:
    path = _path(error["loc"])
    expected = _EXPECTED.get(error["type"])
    if expected is not None:
        return f"{path.removesuffix('.root') or 'the resource'} is {json_kind(_stands_at(error['loc'], resource))}, not {expected}"
    return f"{path}: {_words(error)}" if path else _words(error)


def _stands_at(loc: tuple[int | str, ...], resource: Mapping[str, Any]) -> Any:
    """What the resource holds there. The model's own word for it is of no use: it has read text as JSON before it looked."""
    value: Any = resource
    for part in loc:
        if part != "root":
            value = value.get(part) if isinstance(value, dict) else value[part] if isinstance(part, int) else None
    return value


def _path(loc: tuple[int | str, ...]) -> str:
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _words(error: Any) -> str:
    if error["type"] in _ABSENT:
        return "required and absent"
    if error["type"] == "extra_forbidden":
        return "unknown element"
    message = str(error["msg"]).removeprefix("Value error, ")
    if isinstance(error.get("input"), str) and (_DATE_MESSAGE.search(message) or _TIME_MESSAGE.search(message)):
        return f"{error['input'][:40]!r} is not written as FHIR writes dates and times"
    if "Expect any of field value" in message:
        return "one of " + ", ".join(re.findall(r"'(\w+)'", message)) + " is required and absent"
    if "Any of one field value is expected" in message:
        return "only one of " + ", ".join(re.findall(r"'(\w+)'", message)[:2]) + " … may be given"
    return " ".join(message.split())[:200]
