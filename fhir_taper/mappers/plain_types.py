"""How FHIR's data types look when no model can object to them: texts, days, numbers, concepts, quantities, dosages.

A look answers True only where it is certain; whatever is odd in any way, however harmless, it leaves for the model. Looks also hold what
`shape.misleading` wants to hold: a number is a number, a day is text. Source of the types: FHIR R4, datatypes.html and dosage.html.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from fhir_taper.mappers.shape import is_sane_number

Look = Callable[[Any], bool]

_DAY: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-](0\d|1[0-3]):[0-5]\d))?", re.ASCII
)  # fmt: skip
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)
_END_OF_INTEGERS: Final = 2**31
"""FHIR's integers have 32 bits."""


def an_object(
    looks: Mapping[str, Look], required: Iterable[str] = (), choices: Iterable[Iterable[str]] = (), one_of: Iterable[str] = ()
) -> Look:
    """The look of a JSON object of these elements: all that are `required`, one of `one_of`, and of each choice (value[x], onset[x] …)
    at most one."""
    needed, wanted, alternatives = frozenset(required), frozenset(one_of), tuple(frozenset(choice) for choice in choices)
    is_free = not (needed or wanted or alternatives)

    def looks_right(value: Any) -> bool:
        if type(value) is not dict or not value:
            return False
        for name, item in value.items():
            look = looks.get(name)
            if look is None or not look(item):
                return False
        if is_free:
            return True
        names = value.keys()
        if not needed <= names or (wanted and len(wanted & names) != 1):
            return False
        for choice in alternatives:  # noqa: SIM110 — as in `a_list_of`
            if len(choice & names) > 1:
                return False
        return True

    return looks_right


def a_list_of(look: Look) -> Look:
    """The look of a JSON list of one thing or more."""

    def looks_right(value: Any) -> bool:
        if type(value) is not list or not value:
            return False
        for item in value:  # noqa: SIM110 — a chart has tens of thousands of short lists, and a generator for each costs more than its items
            if not look(item):
                return False
        return True

    return looks_right


def is_code(text: Any) -> bool:
    """Text that is neither empty nor padded nor broken by anything but single spaces, as every code must be."""
    return type(text) is str and _is_single_spaced(text)


@lru_cache(maxsize=4096)
def _is_single_spaced(text: str) -> bool:
    """A chart says the same few codes and systems again and again."""
    return text != "" and text == " ".join(text.split())


def is_words(text: Any) -> bool:
    """Text in which there is something to read."""
    return type(text) is str and text != "" and not text.isspace()


def is_uri(text: Any) -> bool:
    """A code without a space in it."""
    return is_code(text) and " " not in text


def is_truth(value: Any) -> bool:
    """True or false."""
    return type(value) is bool


def is_day(text: Any) -> bool:
    """A day of the calendar, alone or with a time and its zone."""
    return type(text) is str and _names_a_day(text)


@lru_cache(maxsize=4096)
def _names_a_day(text: str) -> bool:
    match = _DAY.fullmatch(text)
    if match is None:
        return False
    try:
        date.fromisoformat(match["day"])
    except ValueError:
        return False
    return True


def is_date(text: Any) -> bool:
    """A day of the calendar without a time."""
    return is_day(text) and "T" not in text


def is_instant(text: Any) -> bool:
    """A day with its time and zone."""
    return is_day(text) and "T" in text


def is_number(value: Any) -> bool:
    """A whole or decimal number of a sane size."""
    return (type(value) is int or type(value) is Decimal) and is_sane_number(value)


def is_integer(value: Any) -> bool:
    """A whole number of FHIR's size."""
    return type(value) is int and abs(value) < _END_OF_INTEGERS


def is_count(value: Any) -> bool:
    """A whole number above zero."""
    return type(value) is int and 0 < value < _END_OF_INTEGERS


def _is_count_or_none(value: Any) -> bool:
    return type(value) is int and 0 <= value < _END_OF_INTEGERS


def _is_time(text: Any) -> bool:
    return type(text) is str and _TIME.fullmatch(text) is not None


is_coding: Final = an_object({"system": is_uri, "version": is_words, "code": is_code, "display": is_words, "userSelected": is_truth})
is_concept: Final = an_object({"coding": a_list_of(is_coding), "text": is_words})
is_reference: Final = an_object({"reference": is_words, "type": is_uri, "display": is_words})
is_period: Final = an_object({"start": is_day, "end": is_day})
is_human_name: Final = an_object(
    {
        "use": is_code, "text": is_words, "family": is_words, "period": is_period,
        **dict.fromkeys(("given", "prefix", "suffix"), a_list_of(is_words)),
    }
)  # fmt: skip
is_quantity: Final = an_object({"value": is_number, "unit": is_words, "system": is_uri, "code": is_code}, required=["value"])
_is_range: Final = an_object({"low": is_quantity, "high": is_quantity})
_is_ratio: Final = an_object({"numerator": is_quantity, "denominator": is_quantity})

_is_repeat: Final = an_object(
    {
        "boundsDuration": is_quantity, "boundsPeriod": is_period, "boundsRange": _is_range,
        **dict.fromkeys(("frequency", "frequencyMax", "count", "countMax"), is_count),
        **dict.fromkeys(("period", "periodMax", "duration", "durationMax"), is_number),
        "periodUnit": is_code, "durationUnit": is_code, "offset": _is_count_or_none,
        "dayOfWeek": a_list_of(is_code), "when": a_list_of(is_code), "timeOfDay": a_list_of(_is_time),
    },
    choices=[("boundsDuration", "boundsPeriod", "boundsRange")],
)  # fmt: skip
_is_timing: Final = an_object({"event": a_list_of(is_day), "repeat": _is_repeat, "code": is_concept})
_is_dose_and_rate: Final = an_object(
    {
        "type": is_concept, "doseQuantity": is_quantity, "doseRange": _is_range,
        "rateQuantity": is_quantity, "rateRange": _is_range, "rateRatio": _is_ratio,
    },
    choices=[("doseQuantity", "doseRange"), ("rateQuantity", "rateRange", "rateRatio")],
)  # fmt: skip
is_dosage: Final = an_object(
    {
        "sequence": is_integer, "text": is_words, "patientInstruction": is_words, "additionalInstruction": a_list_of(is_concept),
        "timing": _is_timing, "asNeededBoolean": is_truth, "asNeededCodeableConcept": is_concept,
        "site": is_concept, "route": is_concept, "method": is_concept, "doseAndRate": a_list_of(_is_dose_and_rate),
        "maxDosePerPeriod": _is_ratio, "maxDosePerAdministration": is_quantity, "maxDosePerLifetime": is_quantity,
    },
    choices=[("asNeededBoolean", "asNeededCodeableConcept")],
)  # fmt: skip
is_supply: Final = an_object(
    {
        "validityPeriod": is_period, "numberOfRepeatsAllowed": _is_count_or_none, "quantity": is_quantity,
        "expectedSupplyDuration": is_quantity, "dispenseInterval": is_quantity, "performer": is_reference,
    }
)  # fmt: skip
"""MedicationRequest.dispenseRequest."""
