"""From clauses to a day: mg scheduled, mg at most, the fullest day, and what is taken when.

Scheduled takes the lesser dose at the longer interval, the maximum the greater at the shorter; what is as needed or extra adds to the
maximum only; a cap bounds the maximum and, if it lies below what is scheduled, contradicts it (domain rules 6, 7). A patch counts by its
rate whatever the interval (rule 8). Exact throughout; a number that is not known is None with its reason. No clinical numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final

from fhir_taper.mappers.read.clause import Refusal, Rhythm, Unit, amount_says
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.quantity import unit_says
from fhir_taper.mappers.read.strength import Dose
from fhir_taper.plans.medicines.codes import Form, Slot
from fhir_taper.plans.medicines.dose import ZERO, Exact, add, canonical, divide, mcg_per_hour, multiply, plain
from fhir_taper.plans.medicines.regimen import Intake, OrderedDose, Reason

_ONCE_WORN: Final = Rhythm(Decimal(1), Decimal(1), "worn")
_MOST_INTAKES: Final = 24
_UNITS: Final = {
    Form.TABLET: Unit.TABLET,
    Form.ODT: Unit.TABLET,
    Form.CAPSULE: Unit.CAPSULE,
    Form.FILM: Unit.FILM,
    Form.PATCH: Unit.PATCH,
    Form.LOZENGE: Unit.LOZENGE,
    Form.SPRAY: Unit.SPRAY,
    Form.SUPPOSITORY: Unit.SUPPOSITORY,
    Form.SOLUTION: Unit.ML,
    Form.SUSPENSION: Unit.ML,
}


@dataclass(frozen=True, slots=True)
class Taken:
    """One clause with its dose in mg. `missing` says why dose or rhythm are not there; it is allowed for what is as needed only."""

    dose: Dose | None
    rhythm: Rhythm | None
    as_needed: bool = False
    is_extra: bool = False
    missing: Refusal | None = None

    @property
    def is_scheduled(self) -> bool:
        return not self.as_needed and not self.is_extra


@dataclass(frozen=True, slots=True)
class Day:
    """What one instruction means for a day. `scheduled_reason` and `max_reason` are set where that number alone is not known."""

    scheduled: Exact | None
    maximum: Exact | None
    peak: Exact | None = None
    scheduled_reason: Reason | None = None
    max_reason: Reason | None = None
    intakes: tuple[Intake, ...] = ()
    every_days: int = 1
    as_needed: bool = False
    timing: str = ""
    how: str = ""
    rhythms: tuple[Rhythm, ...] = ()
    notes: tuple[str, ...] = field(default=())
    ordered: tuple[OrderedDose, ...] = ()


def day_of(taken: Sequence[Taken], caps: Sequence[tuple[Exact, str]], medicine: Medicine) -> Day | Refusal:
    """The day that these clauses and caps (mg per day, in words) make together."""
    worn = [_worn(clause) for clause in taken] if medicine.is_patch else list(taken)
    scheduled = _sum(_low(clause) for clause in worn if clause.is_scheduled)
    maximum = _sum(_high(clause) for clause in worn)
    lowest = min(caps, key=lambda cap: Fraction(cap[0]), default=None)
    if lowest is not None:
        if scheduled is not None and Fraction(scheduled) > Fraction(lowest[0]):
            said = "; ".join(clause_says(clause, medicine) for clause in taken)
            return Refusal(Reason.DOSE_CONFLICT, f"{said} makes {plain(scheduled)} mg per day, but {lowest[1]} is {plain(lowest[0])} mg")
        maximum = lowest[0] if maximum is None or Fraction(maximum) > Fraction(lowest[0]) else maximum
    how = "; ".join([clause_says(clause, medicine) for clause in taken] + [cap[1] for cap in caps])
    return Day(
        scheduled,
        maximum,
        _peak(worn, scheduled, maximum),
        None if scheduled is not None else _scheduled_reason(worn),
        None if maximum is not None else Reason.UNKNOWN_MAXIMUM,
        _intakes(worn),
        _every_days(worn),
        bool(taken) and all(not clause.is_scheduled for clause in taken),
        _timing_key(taken),
        how,
        tuple(clause.rhythm for clause in taken if clause.rhythm is not None),
        tuple(note for clause in taken if clause.dose for note in clause.dose.notes) + _wear_notes(taken, medicine),
        () if medicine.is_patch else _ordered(taken),
    )


def clause_says(clause: Taken, medicine: Medicine) -> str:
    """For example "5 mg × 2 tablets × 3 per day, as needed"."""
    parts = [_dose_says(clause.dose, medicine) if clause.dose else "an unknown dose"]
    if clause.rhythm is None:
        parts.append("" if medicine.is_patch else "no time stated")
    else:
        parts.append(_rhythm_says(clause.rhythm))
    said = " × ".join(part for part in parts if part)
    said += f" ({clause.dose.reckoned})" if clause.dose is not None and clause.dose.reckoned else ""
    return said + (", extra" if clause.is_extra else ", as needed" if clause.as_needed else "")


def mg_per_day_says(dose: Dose | None, rhythm: Rhythm | None) -> str:
    """For example "10 mg per day", "15–30 mg per day"; "" where it cannot be said."""
    if dose is None or rhythm is None or dose.high_mg is None or rhythm.high is None:
        return ""
    low = multiply(dose.low_mg, rhythm.low) if dose.low_mg is not None and rhythm.low is not None else None
    return f"{amount_says(low, multiply(dose.high_mg, rhythm.high))} mg per day"


def _worn(clause: Taken) -> Taken:
    is_open = clause.is_extra and clause.rhythm is not None and clause.rhythm.high is None
    rhythm = _ONCE_WORN if clause.dose is not None and not is_open else clause.rhythm
    return Taken(clause.dose, rhythm, clause.as_needed, clause.is_extra, clause.missing)


def _low(clause: Taken) -> Exact | None:
    if clause.dose is None or clause.rhythm is None or clause.dose.low_mg is None or clause.rhythm.low is None:
        return None
    return _times(clause.dose.low_mg, clause.rhythm.low)


def _high(clause: Taken) -> Exact | None:
    if clause.dose is None or clause.rhythm is None or clause.dose.high_mg is None or clause.rhythm.high is None:
        return None
    return _times(clause.dose.high_mg, clause.rhythm.high)


def _times(mg: Exact, rate: Exact) -> Exact:
    return mg if rate == 1 else multiply(mg, rate)


def _sum(amounts: Iterable[Exact | None]) -> Exact | None:
    """The exact sum; None where one of them is not known."""
    known: list[Exact] = []
    for amount in amounts:
        if amount is None:
            return None
        known.append(amount)
    if len(known) == 1:
        return known[0]
    return add(*known) if known else ZERO


def _scheduled_reason(taken: Sequence[Taken]) -> Reason:
    """What is missing for the scheduled number: the lower end of a dose, else of a timing."""
    unknown = [clause for clause in taken if clause.is_scheduled and _low(clause) is None]
    is_dose = any(clause.dose is None or clause.dose.low_mg is None for clause in unknown)
    return Reason.NO_DOSE if is_dose else Reason.NO_TIMING


def _peak(taken: Sequence[Taken], scheduled: Exact | None, maximum: Exact | None) -> Exact | None:
    """mg on the fullest day, where days differ: of what is scheduled, else of the maximum."""
    is_scheduled = any(clause.is_scheduled for clause in taken)
    counted = [clause for clause in taken if clause.is_scheduled or not is_scheduled]
    mean = scheduled if is_scheduled else maximum
    if mean is None or all(_is_even(clause.rhythm, is_scheduled=is_scheduled) for clause in counted):
        return None
    days = [_sum(_on_day(clause, weekday, is_scheduled=is_scheduled) for clause in counted) for weekday in range(7)]
    known = [day for day in days if day is not None]
    peak = max(known, key=_size, default=None)
    return None if peak is None or Fraction(peak) == Fraction(mean) else peak


def _size(amount: Exact) -> Fraction:
    return Fraction(amount)


def _is_even(rhythm: Rhythm | None, *, is_scheduled: bool) -> bool:
    rate = None if rhythm is None else rhythm.low if is_scheduled else rhythm.high
    return rate is not None and rhythm is not None and not rhythm.weekdays and Fraction(rate).denominator == 1


def _on_day(clause: Taken, weekday: int, *, is_scheduled: bool) -> Exact | None:
    rhythm, dose = clause.rhythm, clause.dose
    if rhythm is None or dose is None:
        return None
    if rhythm.weekdays and weekday not in rhythm.weekdays:
        return ZERO
    rate, mg = (rhythm.low, dose.low_mg) if is_scheduled else (rhythm.high, dose.high_mg)
    return None if rate is None or mg is None else multiply(mg, rhythm.most_in_a_day(rate))


def _intakes(taken: Sequence[Taken]) -> tuple[Intake, ...]:
    """What is taken when, of the scheduled clauses; nothing where one of them does not say it evenly."""
    found: list[Intake] = []
    for clause in taken:
        if not clause.is_scheduled:
            continue
        units = clause.dose.low_units if clause.dose is not None else None
        slots = _slots(clause.rhythm)
        if not isinstance(units, Decimal) or slots is None:
            return ()
        found += [Intake(slot, units) for slot in slots]
    return tuple(found)


def _ordered(taken: Sequence[Taken]) -> tuple[OrderedDose, ...]:
    """What each clause allows at one time, and how often; nothing where one of them does not say how much."""
    found: list[OrderedDose] = []
    for clause in taken:
        dose, rhythm = clause.dose, clause.rhythm
        if dose is None or dose.high_mg is None:
            return ()
        times = None if rhythm is None or rhythm.high is None else ceil(rhythm.most_in_a_day(rhythm.high))
        slots = _apart(rhythm.slots) if rhythm is not None and len(rhythm.slots) == times else ()
        found.append(OrderedDose(dose.high_mg if dose.low_mg is None else dose.low_mg, dose.high_mg, times, slots, not clause.is_scheduled))
    return tuple(found)


def _slots(rhythm: Rhythm | None) -> tuple[Slot | None, ...] | None:
    """One entry for each intake of a dosing day; None where that is not an even number."""
    if rhythm is None or rhythm.weekdays or rhythm.low is None:
        return None
    if rhythm.slots and (rhythm.low == len(rhythm.slots) or rhythm.every_days > 1):
        return _apart(rhythm.slots) or (None,) * len(rhythm.slots)
    if rhythm.every_days > 1:
        return (None,)
    rate = Fraction(rhythm.low)
    return (None,) * int(rate) if rate.denominator == 1 and 0 < rate <= _MOST_INTAKES else None


def _apart(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """Times of day with no two intakes in one: 8 and 10 o'clock are two intakes, not one of both. Empty where the day has no room."""
    if len(set(slots)) == len(slots):
        return slots
    day = tuple(Slot)
    places: list[int] = []
    for place in sorted(day.index(slot) for slot in slots):
        places.append(max(place, places[-1] + 1) if places else place)
    return tuple(day[place] for place in places) if places[-1] < len(day) else ()


def _every_days(taken: Sequence[Taken]) -> int:
    intervals = {clause.rhythm.every_days for clause in taken if clause.rhythm is not None and clause.is_scheduled}
    return intervals.pop() if len(intervals) == 1 else 1


def _timing_key(taken: Sequence[Taken]) -> str:
    """The timing in one comparable word: two orders with the same one are taken at the same times."""
    return " + ".join(sorted(_clause_key(clause) for clause in taken))


def _clause_key(clause: Taken) -> str:
    rhythm = clause.rhythm
    if rhythm is None:
        return "unstated"
    ends = "-".join("?" if end is None else str(end) for end in (rhythm.low, rhythm.high))
    days = "".join(str(day) for day in sorted(rhythm.weekdays))
    return f"{ends}/d {','.join(sorted(rhythm.slots))} {days} {'' if clause.is_scheduled else 'as needed'}".strip()


def _wear_notes(taken: Sequence[Taken], medicine: Medicine) -> tuple[str, ...]:
    """A patch that is not changed when its wear time is over."""
    wear = medicine.product.wear_h if medicine.product is not None else None
    if not medicine.is_patch or wear is None:
        return ()
    hours = [divide(Decimal(24), clause.rhythm.low) for clause in taken if clause.rhythm is not None and clause.rhythm.low]
    return tuple(f"changed every {plain(interval)} h, but this patch is worn for {wear} h" for interval in hours if interval != wear)


def _dose_says(dose: Dose, medicine: Medicine) -> str:
    unit = _UNITS.get(medicine.form) if medicine.form is not None else Unit.PIECE
    if dose.high_units is None or medicine.mg is None or unit is None:
        return f"{amount_says(dose.low_mg, dose.high_mg)} mg" if dose.high_mg is not None or dose.low_mg is not None else dose.says
    low, high = (_count(units) for units in (dose.low_units, dose.high_units))
    count = f"{amount_says(low, high)} {unit_says(unit, Decimal(1) if high == 1 else ZERO)}"
    if medicine.is_patch:
        return f"{plain(mcg_per_hour(medicine.mg))} mcg/h × {count}"
    return f"{plain(medicine.mg)} mg{'/mL' if medicine.is_liquid else ''} × {count}"


def _count(units: Exact | None) -> Exact | None:
    """A number of units for a sentence: 1.0 tablet is 1 tablet."""
    return canonical(units) if isinstance(units, Decimal) else units


def _rhythm_says(rhythm: Rhythm) -> str:
    if rhythm.high is None:
        return rhythm.says
    if rhythm.low == rhythm.high and Fraction(rhythm.high).denominator == 1:
        return f"{plain(rhythm.high)} per day"
    if rhythm.says and rhythm.low == rhythm.high and rhythm.high < 1:
        return rhythm.says
    return (
        f"{rhythm.says} ({amount_says(rhythm.low, rhythm.high)} per day)"
        if rhythm.says
        else f"{amount_says(rhythm.low, rhythm.high)} per day"
    )
