"""FHIR Quantity, Range and Ratio as a Measure: the number as read, in a unit on which code and text agree.

A code that says mg beside a unit that says tablet is a conflict, with both readings in its words. A unit nobody knows is refused, not
guessed. Wrong types raise BadInput with the path. Source: FHIR R4 datatypes; UCUM 2.1 for the length of a month and a year; domain rule
4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.read.clause import Cap, Measure, Refusal, Unit, amount_says
from fhir_taper.mappers.read.elements import Json, amount, child, words
from fhir_taper.mappers.read.units import PLURALS, TEASPOONS, unit_of
from fhir_taper.mappers.systems import SNOMED, canonical_system
from fhir_taper.plans.medicines.dose import as_exact, plain
from fhir_taper.plans.medicines.regimen import Reason

HOURS: Final[Mapping[str, Fraction]] = MappingProxyType(
    {
        "s": Fraction(1, 3600),
        "min": Fraction(1, 60),
        "h": Fraction(1),
        "d": Fraction(24),
        "wk": Fraction(168),
        "mo": Fraction(1461, 2),  # UCUM: a month is a twelfth of 365.25 days, not 30 days
        "a": Fraction(8766),
    }
)
"""Hours in each FHIR unit of time."""

_TIME_WORDS: Final = {
    "second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d",
    "days": "d", "week": "wk", "weeks": "wk", "month": "mo", "months": "mo", "year": "a", "years": "a",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Written:
    """One Quantity: number and unit as written, and what the unit means."""

    value: Decimal
    unit: Unit
    factor: Decimal
    word: str
    of: str


def read_quantity(quantity: Json, path: str) -> Measure | Refusal:
    """One amount. A quantity without a value is refused as no dose."""
    written = _written(quantity, path)
    return written if isinstance(written, Refusal) else _measure(written, written)


def read_range(low_high: Json, path: str) -> Measure | Refusal:
    """Low to high. A missing end stays unknown ("up to", "or more")."""
    low = child(low_high, "low", path)
    high = child(low_high, "high", path)
    upper = _written(high, f"{path}.high") if high else None
    lower = _written(low, f"{path}.low") if low else None
    if isinstance(upper, Refusal):
        return upper
    if isinstance(lower, Refusal):
        return lower
    if lower is None or upper is None:
        return _measure(lower, upper)
    if (lower.unit, lower.factor) != (upper.unit, upper.factor):
        if lower.unit is Unit.UNSTATED or upper.unit is Unit.UNSTATED:  # one end carries the unit for both
            stated = upper if lower.unit is Unit.UNSTATED else lower
            lower, upper = (_Written(end.value, stated.unit, stated.factor, stated.word, stated.of) for end in (lower, upper))
        else:
            return Refusal(Reason.UNIT_CONFLICT, f"the dose range runs from {_as_written(low)} to {_as_written(high)}")
    return _measure(lower, upper)


def read_cap(ratio: Json, path: str) -> Cap | Refusal:
    """maxDosePerPeriod: an amount in a time."""
    numerator = read_quantity(child(ratio, "numerator", path), f"{path}.numerator")
    if isinstance(numerator, Refusal):
        return numerator
    below = child(ratio, "denominator", path)
    hours = hours_of(below, f"{path}.denominator")
    if hours is None:
        return Refusal(Reason.NO_TIMING, f"at most {numerator.says}, but not in what time")
    return Cap(numerator, as_exact(hours))


def hours_of(duration: Json, path: str) -> Fraction | None:
    """A length of time in hours (UCUM months and years), or None where the unit is not one of time.

    A length of 0 is refused as unreadable.
    """
    value = amount(duration, "value", path)
    code = words(duration, "code", path).strip("{}").lower()
    unit = words(duration, "unit", path).lower()
    key = code if code in HOURS else _TIME_WORDS.get(code) or _TIME_WORDS.get(unit) or (unit if unit in HOURS else "")
    if not key:
        return None
    if value == 0:
        raise BadInput("is a time of 0", f"{path}.value")
    return _length(key, Decimal(1) if value is None else value)


@lru_cache(maxsize=256)
def _length(unit: str, value: Decimal) -> Fraction:
    """A chart says the same few lengths again and again: 28 days, 30 days, 3 months."""
    return HOURS[unit] * Fraction(value)


def _written(quantity: Json, path: str) -> _Written | Refusal:
    value = amount(quantity, "value", path)
    if value is None:
        return Refusal(Reason.NO_DOSE, "the dose has no number")
    comparator = words(quantity, "comparator", path)
    if comparator:
        raise BadInput(f"is {comparator} {value}, not an amount", f"{path}.comparator")
    code, unit, of = words(quantity, "code", path), words(quantity, "unit", path), ""
    by_unit = unit_of(unit) if unit else None
    if unit and by_unit is None:
        mass, _, rest = unit.partition(" ")
        by_unit, of = (unit_of(mass), rest.removeprefix("of ").strip().lower()) if rest else (None, "")
    if code and canonical_system(quantity.get("system")) == SNOMED:
        code = ""  # concept ids of dose forms; the unit beside them is in words
    return _agreed(value, code, unit, by_unit, of)


def _agreed(value: Decimal, code: str, unit: str, by_unit: tuple[Unit, Decimal] | None, of: str) -> _Written | Refusal:
    by_code = unit_of(code) if code else None
    if by_code is not None and by_code[0] is Unit.UNSTATED and by_unit is not None:
        by_code = None  # UCUM "1" only says that something is counted
    if by_code and by_unit and by_code != by_unit and Unit.PIECE not in (by_code[0], by_unit[0]):
        return Refusal(Reason.UNIT_CONFLICT, f"{plain(value)} is coded as {code} and written as {unit}")
    if by_unit and by_unit[0] is Unit.PIECE and by_code:
        by_unit = None
    known = by_unit or by_code
    if known is None and not code and not unit:
        return _Written(value, Unit.UNSTATED, Decimal(1), "", "")
    if known is None:
        return _Written(value, Unit.OTHER, Decimal(1), unit or code, "")
    return _Written(value, known[0], known[1], unit or code, of)


def _measure(low: _Written | None, high: _Written | None) -> Measure | Refusal:
    end = high or low
    if end is None:
        return Refusal(Reason.NO_DOSE, "the dose range is empty")
    said = amount_says(low.value if low else None, high.value if high else None)
    says = f"{said} {end.word}".strip() if end.unit is not Unit.UNSTATED else f"{said} without a unit"
    if end.value == 0:
        return Refusal(Reason.UNREADABLE, f"a dose of {says} is no dose")
    notes = (f"a teaspoon is read as {plain(end.factor)} mL",) if end.word.strip("{}").lower() in TEASPOONS else ()
    return Measure(_scaled(low) if low else None, _scaled(high) if high else None, end.unit, says, end.of, notes=notes)


def _scaled(written: _Written) -> Decimal:
    return written.value if written.factor == 1 else written.value * written.factor


def _as_written(quantity: Json) -> str:
    return " ".join(str(quantity[name]) for name in ("value", "unit") if name in quantity)


def unit_says(unit: Unit, count: Decimal) -> str:
    """The unit's word, "tablet" or "tablets" as the number wants it."""
    return unit.value if count == 1 else PLURALS.get(unit, unit.value)
