"""What is sound by its look: the parts of a resource that no FHIR model can object to, so that none needs to be built for them.

A chart has hundreds of codings of three plain texts and of measurements of one number, and a model of each costs more than reading
it. What is odd in any way, however harmless, is left for the model. A test holds the promise: what is plain here, the model accepts.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from fhir_taper.mappers.shape import is_sane_number

_HOLDERS: Final = frozenset({dict, list})
_PLAIN_CONCEPT: Final[Mapping[str, Any]] = {"text": "plain"}
_DROPPED: Final = frozenset({"type", "route", "method", "site", "form", "clinicalStatus", "verificationStatus"})
"""Optional elements that are concepts and nothing else wherever they stand: a plain one need not be shown to the model at all."""
_CONCEPT_NAMES: Final = frozenset({"coding", "text"})
_CODING_NAMES: Final = frozenset({"system", "version", "code", "display"})
_QUANTITY_NAMES: Final = frozenset({"value", "unit", "system", "code"})
_DAY: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-](0\d|1[0-3]):[0-5]\d))?"
)  # fmt: skip


def without_plain_concepts(value: Any) -> Any:
    """The same JSON with every plain CodeableConcept as the shortest sound one, or left out where it may be."""
    if type(value) is dict:
        if _is_concept(value):
            return _PLAIN_CONCEPT
        return {
            name: without_plain_concepts(item) if type(item) in _HOLDERS else item
            for name, item in value.items()
            if not (name in _DROPPED and _is_concept(item))
        }
    return [without_plain_concepts(item) if type(item) in _HOLDERS else item for item in value] if type(value) is list else value


def is_plain(kind: str, elements: Mapping[str, Any]) -> bool:
    """Whether these elements of an Observation, Condition or AllergyIntolerance are sound by their look. False for every other type."""
    looks = _LOOKS.get(kind)
    return looks is not None and _REQUIRED[kind] <= elements.keys() and _all_look_right(elements, looks)


def _all_look_right(elements: Mapping[str, Any], looks: Mapping[str, Callable[[Any], bool]]) -> bool:
    """Every element is known and looks as it should, and of each choice (value[x], effective[x], onset[x] …) there is at most one."""
    if not elements.keys() <= looks.keys() or not all(looks[name](value) for name, value in elements.items()):
        return False
    choices = [name[: len(choice)] for name in elements for choice in _CHOICES if name.startswith(choice)]
    return len(choices) == len(set(choices))


def _is_concept(concept: Any) -> bool:
    if type(concept) is not dict or not concept or not concept.keys() <= _CONCEPT_NAMES:
        return False
    listed = concept.get("coding", [{"code": "plain"}])
    if type(listed) is not list or not listed:
        return False
    return _is_text(concept.get("text", "plain")) and all(_is_coding(coding) for coding in listed)


def _is_coding(coding: Any) -> bool:
    if type(coding) is not dict or not coding or not coding.keys() <= _CODING_NAMES:
        return False
    return all(_is_text(text) for text in coding.values()) and " " not in coding.get("system", "")


def _is_text(text: Any) -> bool:
    """Text that is neither empty nor padded nor broken by anything but single spaces, as every code and display must be."""
    return type(text) is str and text != "" and text == " ".join(text.split())


def _is_day(text: Any) -> bool:
    match = _DAY.fullmatch(text) if type(text) is str else None
    if match is None:
        return False
    try:
        date.fromisoformat(match["day"])
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return (type(value) is int or type(value) is Decimal) and is_sane_number(value)


def _is_quantity(quantity: Any) -> bool:
    if type(quantity) is not dict or "value" not in quantity or not quantity.keys() <= _QUANTITY_NAMES:
        return False
    texts = (text for name, text in quantity.items() if name != "value")
    return _is_number(quantity["value"]) and all(_is_text(text) for text in texts) and " " not in quantity.get("system", "")


def _is_list_of_components(components: Any) -> bool:
    if type(components) is not list or not components:
        return False
    return all(type(one) is dict and "code" in one and _all_look_right(one, _COMPONENT) for one in components)


_VALUE: Final[Mapping[str, Callable[[Any], bool]]] = {
    "valueQuantity": _is_quantity,
    "valueCodeableConcept": _is_concept,
    "valueString": _is_text,
    "valueBoolean": lambda value: type(value) is bool,
    "valueInteger": lambda value: type(value) is int and abs(value) < 2**31,
    "dataAbsentReason": _is_concept,
}
_COMPONENT: Final[Mapping[str, Callable[[Any], bool]]] = {"code": _is_concept, **_VALUE}
_STATUS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "clinicalStatus": _is_concept,
    "verificationStatus": _is_concept,
    "code": _is_concept,
}
_LOOKS: Final[Mapping[str, Mapping[str, Callable[[Any], bool]]]] = {
    "Observation": {
        "status": _is_text, "code": _is_concept, "effectiveDateTime": _is_day, "component": _is_list_of_components, **_VALUE,
    },
    "Condition": {**_STATUS, "onsetDateTime": _is_day, "abatementDateTime": _is_day, "recordedDate": _is_day},
    "AllergyIntolerance": {**_STATUS, "onsetDateTime": _is_day, "recordedDate": _is_day},
}  # fmt: skip
_REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "Observation": frozenset({"status", "code"}),
    "Condition": frozenset(),
    "AllergyIntolerance": frozenset(),
}
_CHOICES: Final = ("value", "effective", "onset", "abatement")
