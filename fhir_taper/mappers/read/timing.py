"""FHIR Timing as a rhythm: how often per day, at which times of day, within which bounds.

frequency, period and their maxima give the rate; timeOfDay, when and a code restate it and never multiply it; dayOfWeek filters it
(domain rule 5). Two statements that differ are kept as two readings for whoever knows the dose. Bounds are read here and judged in
`window`. Wrong types raise BadInput.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.read.clause import Refusal, Rhythm, SigReading, amount_says
from fhir_taper.mappers.read.elements import Json, amount, child, whole, word_list, words
from fhir_taper.mappers.read.quantity import HOURS
from fhir_taper.mappers.read.sig import read_sig
from fhir_taper.mappers.read.slots import MEALS, WHEN, slot_at
from fhir_taper.mappers.systems import codings, words_of
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import as_exact, canonical
from fhir_taper.plans.medicines.regimen import Reason

_WEEK: Final = 7
_DAYS: Final = MappingProxyType({"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6})
_ABBREVIATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"AM": "in the morning", "PM": "in the evening", "BED": "at bedtime", "WK": "weekly", "MO": "monthly", "QD": "daily"}
)
"""Codes of v3-GTSAbbreviation that are no directions by themselves; the others (BID, Q4H, QOD) are."""
_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {"h": "hours", "d": "days", "wk": "weeks", "mo": "months", "min": "minutes", "s": "seconds", "a": "years"}
)


@dataclass(frozen=True, slots=True)
class Timing:
    """What one Timing says.

    `other` is a second rhythm that contradicts the first. `as_needed` and `is_bare` come from the words of its code, and so does `besides`:
    what is taken as needed on top ("at bedtime and as needed"). `count` is a number of doses, `count_max` the other end of its range.
    """

    rhythm: Rhythm | None = None
    other: Rhythm | None = None
    refusal: Refusal | None = None
    besides: Rhythm | None = None
    as_needed: bool = False
    is_bare: bool = False
    is_procedural: bool = False
    says: str = ""
    count: int | None = None
    count_max: int | None = None


NO_TIMING: Final = Timing()


def read_timing(timing: Json, path: str) -> Timing:
    """The rhythm of a Timing, absent where it has none."""
    repeat = child(timing, "repeat", path)
    where = f"{path}.repeat"
    count, most = whole(repeat, "count", where), whole(repeat, "countMax", where)
    if most is not None and (count is None or most < count):
        raise BadInput(f"is {most}, {'without a count' if count is None else 'less than the count'}", f"{where}.countMax")
    stated = _stated(repeat, where)
    if isinstance(stated, Refusal):
        return Timing(refusal=stated, count=count, count_max=most)
    coded = replace(_coded(timing), count=count, count_max=most)
    if count == 1 and most in (None, 1):
        return replace(coded, rhythm=Rhythm(Decimal(1), Decimal(1), "a single dose", is_single=True), other=None)
    times = _times_of_day(repeat, where)
    if isinstance(times, Refusal):
        return replace(coded, refusal=times, rhythm=None)
    return _together(stated, times, coded, _weekdays(repeat, where))


def _stated(repeat: Json, path: str) -> Rhythm | Refusal | None:
    """frequency (to frequencyMax) per period (to periodMax)."""
    period = amount(repeat, "period", path)
    frequency = whole(repeat, "frequency", path)
    if period is None:
        return None if frequency is None else Refusal(Reason.NO_TIMING, f"{frequency} times, but not in what time")
    if period == 0:
        return Refusal(Reason.PERIOD_ZERO, "the period is 0")
    unit = words(repeat, "periodUnit", path)
    if unit not in HOURS:
        raise BadInput(f"is {unit!r}, not a unit of time" if unit else "is missing", f"{path}.periodUnit")
    low = 1 if frequency is None else frequency
    high = whole(repeat, "frequencyMax", path) or low
    longest = amount(repeat, "periodMax", path) or period
    if low == 0 or high < low:
        raise BadInput(f"is {low} to {high} times", f"{path}.frequency")
    if longest < period:
        raise BadInput(f"is {longest}, less than the period", f"{path}.periodMax")
    return _rhythm(low, high, period, longest, unit)


@lru_cache(maxsize=1024)
def _rhythm(low: int, high: int, period: Decimal, longest: Decimal, unit: str) -> Rhythm:
    """Equal numbers share one rhythm, so nothing of it may depend on how they were written: 12.0 days are 12 days."""
    rate = Fraction(24) / HOURS[unit]
    return Rhythm(
        as_exact(rate * low / Fraction(longest)),
        as_exact(rate * high / Fraction(period)),
        _says(low, high, (canonical(period), canonical(longest)), unit),
    )


def _says(low: int, high: int, period: tuple[Decimal, Decimal], unit: str) -> str:
    often = amount_says(Decimal(low), Decimal(high))
    if period[0] == period[1] == 1:
        return f"{often} per {_UNITS[unit].removesuffix('s')}"
    every = f"every {amount_says(*period)} {_UNITS[unit]}"
    return every if often == "1" else f"{often} {every}"


def _times_of_day(repeat: Json, path: str) -> tuple[Slot, ...] | Refusal | None:
    """One slot for each time of day that is named; None where none is."""
    clock = word_list(repeat, "timeOfDay", path)
    when = word_list(repeat, "when", path)
    if clock and when:
        return Refusal(Reason.TIMING_CONFLICT, f"both clock times ({', '.join(clock)}) and times of day ({', '.join(when)})")
    if clock:
        hours = [text.partition(":")[0] for text in clock]
        if not all(hour.isdigit() and int(hour) < 24 for hour in hours):  # noqa: PLR2004 - hours of a day
            raise BadInput(f"is {', '.join(clock)}", f"{path}.timeOfDay")
        return tuple(slot_at(int(hour)) for hour in hours)
    known = [code for code in when if code not in MEALS]
    if not known:
        return None
    unknown = [code for code in known if code not in WHEN]
    if unknown:
        return Refusal(Reason.NO_TIMING, f"the time of day {', '.join(unknown)} is not known")
    return tuple(WHEN[code] for code in known)


def _weekdays(repeat: Json, path: str) -> frozenset[int]:
    days = word_list(repeat, "dayOfWeek", path)
    unknown = [day for day in days if day not in _DAYS]
    if unknown:
        raise BadInput(f"is {', '.join(unknown)}", f"{path}.dayOfWeek")
    return frozenset(_DAYS[day] for day in days)


def _coded(timing: Json) -> Timing:
    """The code of a Timing, by its codes, displays and text: they are read as words."""
    code = timing.get("code")
    if code is None:
        return NO_TIMING
    found = [coding.code for coding in codings(code)]
    spoken = [
        _ABBREVIATIONS.get(word.upper(), word) for word in (*found, *(coding.display for coding in codings(code)), words_of(code)) if word
    ]
    readings = [(text, reading) for text in dict.fromkeys(spoken) if isinstance(reading := read_sig(text), SigReading)]
    says = words_of(code)
    said = [(clause, text) for text, reading in readings for clause in reading.clauses]
    rhythms = [(clause.rhythm, text) for clause, text in said if clause.rhythm is not None and not clause.is_extra]
    besides = next((clause.rhythm for clause, _ in said if clause.is_extra), None)
    as_needed = any(clause.as_needed for clause, _ in said if not clause.is_extra)
    is_procedural = any(reading.is_procedural for _, reading in readings)
    if not rhythms:
        return Timing(as_needed=as_needed, is_bare=as_needed, is_procedural=is_procedural, says=says)
    first = _named(*rhythms[0])
    other = next((_named(*pair) for pair in rhythms[1:] if not _same_rate(pair[0], first)), None)
    return Timing(first, other, besides=besides, as_needed=as_needed, is_procedural=is_procedural, says=says)


def _named(rhythm: Rhythm, text: str) -> Rhythm:
    return replace(rhythm, says=text)


def _together(stated: Rhythm | None, slots: tuple[Slot, ...] | None, coded: Timing, weekdays: frozenset[int]) -> Timing:
    """The statements of one Timing held against each other."""
    by_slots = (
        None
        if slots is None
        else Rhythm(Decimal(len(slots)), Decimal(len(slots)), f"{len(slots)} times of day ({', '.join(slots)})", slots)
    )
    if weekdays:
        stated, other = _on_weekdays(stated if stated is not None else by_slots, weekdays)
        if other is not None:
            return replace(coded, rhythm=stated, other=other)
        by_slots = None if by_slots is None else replace(stated, slots=by_slots.slots, says=by_slots.says)
    if stated is not None and by_slots is not None and not _restates(stated, by_slots):
        return replace(coded, rhythm=stated, other=by_slots)
    rhythm = _merged(stated, by_slots)
    if rhythm is None:
        return coded
    if coded.rhythm is not None and not _same_rate(rhythm, coded.rhythm):
        return replace(coded, rhythm=rhythm, other=coded.rhythm)
    if coded.rhythm is not None and not rhythm.slots:
        rhythm = replace(rhythm, slots=coded.rhythm.slots)
    return replace(coded, rhythm=rhythm)


def _merged(stated: Rhythm | None, by_slots: Rhythm | None) -> Rhythm | None:
    if stated is None:
        return by_slots
    return stated if by_slots is None else replace(stated, slots=by_slots.slots)


def _restates(stated: Rhythm, by_slots: Rhythm) -> bool:
    """Whether the times of day are the times of the frequency; of a rhythm slower than daily, the times of one of its days."""
    if stated.weekdays:
        return True
    if stated.high is not None and stated.high < 1:
        return by_slots.high == 1
    if stated.low is None or stated.high is None or by_slots.high is None:
        return False
    return stated.low <= by_slots.high <= stated.high


def _on_weekdays(base: Rhythm | None, weekdays: frozenset[int]) -> tuple[Rhythm, Rhythm | None]:
    """A daily rhythm on some days of the week; a weekly one names its days. What is neither is a second reading."""
    share = Fraction(len(weekdays), _WEEK)
    days = f"on {len(weekdays)} days a week"
    if base is None or base.low is None or base.high is None:
        once = as_exact(share)
        return Rhythm(once, once, f"once {days}", weekdays=weekdays), None
    if base.high < 1:
        by_days = Rhythm(as_exact(share), as_exact(share), days, base.slots, weekdays)
        return by_days if base.low == base.high == share else base, None if base.low == base.high == share else by_days
    low, high = as_exact(Fraction(base.low) * share), as_exact(Fraction(base.high) * share)
    return Rhythm(low, high, f"{base.says} {days}", base.slots, weekdays if len(weekdays) < _WEEK else frozenset()), None


def _same_rate(one: Rhythm, two: Rhythm) -> bool:
    return all(a is None or b is None or Fraction(a) == Fraction(b) for a, b in ((one.low, two.low), (one.high, two.high)))
