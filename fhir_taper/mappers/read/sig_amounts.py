"""How much, in words: "1-2 tablets", "two 5 mg tablets", "5 mg tablet", "an extra capsule", "8-2 mg film"; and caps: "max 6 per day".

Each function looks at one place and answers (what it read, next place) or None. Units as in `units`; no clinical numbers.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from fhir_taper.mappers.read.clause import COUNTED_UNITS, Cap, Measure, Unit, amount_says
from fhir_taper.mappers.read.quantity import HOURS
from fhir_taper.mappers.read.sig_numbers import Number, number_at, text_at
from fhir_taper.mappers.read.sig_timing import Phrases
from fhir_taper.mappers.read.sig_tokens import Token
from fhir_taper.mappers.read.sig_words import CAP_PHRASES, DAILY_CAP_PHRASES, EXTRA, TIME_UNITS
from fhir_taper.mappers.read.units import TEASPOONS, unit_of
from fhir_taper.plans.medicines.dose import ZERO, as_exact, multiply

_MASS = frozenset({Unit.MG, Unit.MG_PER_H, Unit.MG_PER_KG})
_CAPS: Final = Phrases([*((phrase, False) for phrase in CAP_PHRASES), *((phrase, True) for phrase in DAILY_CAP_PHRASES)])
_FILLERS: Final = frozenset({"of", "is", ":", "a", "total", "=", "the", "dose", "doses", "up", "to", "-", "more", "than"})
_PER: Final = frozenset({"per", "a", "an", "in", "/", "each", "every", "within", "any", "the", "over", "one"})
_ADJECTIVES: Final = frozenset(
    "oral er xr sr ir cr xl extended immediate release sustained controlled scored whole full coated hour hr".split()
)
_HOURS_OF_A_DAY: Final = Fraction(24)


class Amount(NamedTuple):
    """An amount and the place after it; `is_extra`: said as additional."""

    measure: Measure
    end: int
    is_extra: bool = False


def amount_at(tokens: Sequence[Token], place: int, names: frozenset[str]) -> Amount | None:
    """An amount with its unit; a bare number comes back without one.

    `names` are words of the medicine's own name, which may stand between.
    """
    is_upper = text_at(tokens, place) == "up" and text_at(tokens, place + 1) == "to"
    start = place + 2 if is_upper else place
    is_article = text_at(tokens, start) in {"a", "an"} and text_at(tokens, start + 1) in EXTRA
    if is_article and number_at(tokens, start + 2) is not None:  # "an additional 1/2 tablet"
        start += 1
    is_extra = text_at(tokens, start) in EXTRA
    start += is_extra
    number = number_at(tokens, start) or _article(tokens, start, names)
    if number is None:
        return None
    at = number.end
    if text_at(tokens, at) in EXTRA:
        is_extra, at = True, at + 1
    found = _with_strength(tokens, at, number, names) or _with_unit(tokens, at, number, names)
    measure, end = found or (_measure(number, Unit.UNSTATED, Decimal(1), ""), at)
    if is_upper:
        measure = replace(measure, low=None, says=f"up to {measure.says}")
    return Amount(measure, end, is_extra)


def cap_at(tokens: Sequence[Token], place: int) -> tuple[Cap, int] | None:
    """For example "max 6 per day", "not to exceed 8 tablets in 24 hours", "max daily dose: 40 mg", "max 10 mg at a time"."""
    phrase = _CAPS.at(tokens, place)
    return _cap_amount(tokens, phrase[1], is_daily=phrase[0]) if phrase else None


def upper_cap_at(tokens: Sequence[Token], place: int) -> tuple[Cap, int] | None:
    """For example "up to 6 tablets per day" after a dose and its timing."""
    if text_at(tokens, place) == "up" and text_at(tokens, place + 1) == "to":
        return _cap_amount(tokens, place + 2, is_daily=False)
    return None


def span_at(tokens: Sequence[Token], place: int) -> tuple[Fraction, int] | None:
    """For example "per day", "in 24 hours", "in a 24 hour period", "/day", "daily", "weekly": hours, and the next place."""
    at = place
    while text_at(tokens, at) in _PER and at - place < 3:  # noqa: PLR2004 - "in any one"
        at += 1
    count = number_at(tokens, at)
    at = count.end if count else at
    at += text_at(tokens, at) == "-"
    unit = TIME_UNITS.get(text_at(tokens, at))
    is_adverb = text_at(tokens, at) in {"daily", "weekly", "monthly"}
    if unit is None or (at == place and not is_adverb) or text_at(tokens, at) == "hourly":
        return None
    end = at + 1
    end += text_at(tokens, end) == "period"
    hours = HOURS[unit] * Fraction(count.high if count else 1)
    return (hours, end) if hours else None


def unit_at(tokens: Sequence[Token], place: int) -> tuple[Unit, Decimal, str, int] | None:
    """A unit, its factor, its word, and the next place: "mg", "mcg/hr", "mcg per hour", "oral tablets"."""
    while text_at(tokens, place) in _ADJECTIVES and text_at(tokens, place + 1):
        place += 1
    word = text_at(tokens, place)
    known = unit_of(word) if word and not word[0].isdigit() else None
    if known is None:
        return None
    if known[0] is Unit.MG and text_at(tokens, place + 1) in {"/", "per", "an"}:
        longer = unit_of(f"{word}/{text_at(tokens, place + 2)}")
        if longer is not None:
            return *longer, f"{word}/{text_at(tokens, place + 2)}", place + 3
    return *known, word, place + 1


def _cap_amount(tokens: Sequence[Token], at: int, *, is_daily: bool) -> tuple[Cap, int] | None:
    while text_at(tokens, at) in _FILLERS:
        at += 1
    number = number_at(tokens, at)
    if number is None:
        return None
    at = number.end
    unit = unit_at(tokens, at)
    if text_at(tokens, at) in {"times", "time", "x"}:
        measure, at = _measure(number, Unit.DOSE, Decimal(1), "doses"), at + 1
    elif unit is not None:
        measure, at = _measure(number, unit[0], unit[1], unit[2]), unit[3]
    else:
        measure = _measure(number, Unit.UNSTATED, Decimal(1), "")
    measure, at = _of(tokens, at, measure)
    at += text_at(tokens, at) == "total"
    if (text_at(tokens, at), text_at(tokens, at + 1), text_at(tokens, at + 2)) == ("at", "a", "time"):
        return Cap(measure, ZERO), at + 3
    if (text_at(tokens, at), text_at(tokens, at + 1)) == ("per", "dose"):
        return Cap(measure, ZERO), at + 2
    span = span_at(tokens, at)
    if span is None:
        return (Cap(measure, as_exact(_HOURS_OF_A_DAY)), at) if is_daily else None
    return Cap(measure, as_exact(span[0])), span[1]


def _of(tokens: Sequence[Token], at: int, measure: Measure) -> tuple[Measure, int]:
    """For example "of acetaminophen" or "acetaminophen" after a mass: the ingredient that is meant."""
    if measure.unit is not Unit.MG:
        return measure, at
    after = at + (text_at(tokens, at) == "of")
    word = text_at(tokens, after)
    is_name = word.isalpha() and len(word) > 3 and word not in TIME_UNITS and word not in _PER and word not in {"total", "within"}  # noqa: PLR2004 - "apap"
    return (replace(measure, of=word), after + 1) if is_name else (measure, at)


def _article(tokens: Sequence[Token], place: int, names: frozenset[str]) -> Number | None:
    """For example "a tablet", "an extra tablet"."""
    if text_at(tokens, place) not in {"a", "an"}:
        return None
    at = place + 1 + (text_at(tokens, place + 1) in EXTRA)
    unit = unit_at(tokens, _past_names(tokens, at, names))
    return Number(Decimal(1), Decimal(1), place + 1) if unit is not None and unit[0] in COUNTED_UNITS else None


def _with_strength(tokens: Sequence[Token], at: int, count: Number, names: frozenset[str]) -> tuple[Measure, int] | None:
    """For example "two 5 mg tablets", "2 x 5 mg tablets", "one (5 mg) tablet", "one 5-325 mg tablet"."""
    at += text_at(tokens, at) == "x"
    opened = text_at(tokens, at) == "("
    number = number_at(tokens, at + opened)
    mass = unit_at(tokens, number.end) if number else None
    if number is None or mass is None or mass[0] is not Unit.MG:
        return None
    after = mass[3]
    if opened:
        if text_at(tokens, after) != ")":
            return None
        after += 1
    unit = unit_at(tokens, _past_names(tokens, after, names))
    if unit is None or unit[0] not in COUNTED_UNITS:
        return None
    strengths = (
        (multiply(number.low, mass[1]),) if number.low == number.high else (multiply(number.low, mass[1]), multiply(number.high, mass[1]))
    )
    return replace(_measure(count, unit[0], unit[1], unit[2]), each_mg=strengths), unit[3]


def _with_unit(tokens: Sequence[Token], at: int, number: Number, names: frozenset[str]) -> tuple[Measure, int] | None:
    """For example "2 tablets", "5 mg", "5 mg tablet", "2 tablets of 5 mg"."""
    unit = unit_at(tokens, _past_names(tokens, at, names))
    if unit is None:
        return None
    measure, end = _measure(number, unit[0], unit[1], unit[2]), unit[3]
    if unit[0] in _MASS:
        form = unit_at(tokens, _past_names(tokens, end, names))
        return (measure, form[3]) if form is not None and form[0] in COUNTED_UNITS else (measure, end)
    after = _past_names(tokens, end + (text_at(tokens, end) == "of"), names)
    strength = number_at(tokens, after)
    mass = unit_at(tokens, strength.end) if strength else None
    if strength is not None and mass is not None and mass[0] is Unit.MG and after > end:
        return replace(measure, each_mg=(multiply(strength.low, mass[1]),)), mass[3]
    return measure, end


def _past_names(tokens: Sequence[Token], place: int, names: frozenset[str]) -> int:
    while text_at(tokens, place) in names:
        place += 1
    return place


def _measure(number: Number, unit: Unit, factor: Decimal, word: str) -> Measure:
    says = f"{amount_says(number.low, number.high)} {word}".strip()
    notes = (f"a teaspoon is read as {factor} mL",) if word in TEASPOONS else ()
    return Measure(multiply(number.low, factor), multiply(number.high, factor), unit, says, notes=notes)
