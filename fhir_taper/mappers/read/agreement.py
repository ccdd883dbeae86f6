"""Two readings of one instruction, structure and text, made into one or shown as a conflict (domain rule 5).

A statement that says less is completed by the one that says more; where both say something it must be the same dose at the same rate.
Several clauses ("one in the morning and two at bedtime") agree with a plain structure when they make the same day. What a text calls
extra is added, to the maximum only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from fhir_taper.mappers.read.clause import Clause, Refusal, Rhythm, Total, Unit
from fhir_taper.mappers.read.daily import Taken, day_of, mg_per_day_says
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.ordered_dose import Weigh, resolved, same_dose, says
from fhir_taper.mappers.read.strength import Ambiguous, Amounted, Dose, dose_of
from fhir_taper.plans.medicines.dose import as_exact, plain
from fhir_taper.plans.medicines.regimen import Reason


@dataclass(frozen=True, slots=True)
class Half:
    """One clause as one of the two sources says it; either part may be absent."""

    dose: Amounted | None
    rhythm: Rhythm | None
    as_needed: bool = False
    is_extra: bool = False

    @property
    def is_empty(self) -> bool:
        return self.dose is None and self.rhythm is None


def half_of(clause: Clause, medicine: Medicine, weigh: Weigh) -> Half | Refusal:
    """A clause of a text with its dose in mg; what the text states beside it must be the same."""
    dose = dose_of(clause.dose, medicine, weigh) if clause.dose is not None else None
    totals = clause.totals
    for measure in clause.restated:
        if medicine.is_patch and measure.unit is Unit.MG:  # "2 patches (50 mcg)"
            totals = (*totals, Total(measure))
            continue
        again = dose_of(measure, medicine, weigh)
        if isinstance(again, Dose) and isinstance(dose, Dose) and again.high_units == 1 and measure.low != measure.high:
            continue  # a strength pair beside a number of units names the product
        both = same_dose(dose, again)
        if isinstance(both, Refusal) and both.reason is Reason.DOSE_CONFLICT:
            return Refusal(Reason.TEXT_CONFLICT, f"the text says {both.says}")
        dose = both
    for total in totals:
        wrong = _wrong_total(total, dose, clause.rhythm, medicine)
        if wrong is not None:
            return wrong
    return Half(dose, clause.rhythm, clause.as_needed, clause.is_extra)


def together(have: Sequence[Half], said: Sequence[Half], medicine: Medicine) -> list[Half] | Refusal:
    """What two sources say of one instruction, as one list of clauses; a refusal names both readings."""
    known, told = [half for half in have if not half.is_extra], [half for half in said if not half.is_extra]
    extras = [half for half in have if half.is_extra] or [half for half in said if half.is_extra]
    if (
        not told and len(extras) == len(known) == 1 and known[0].as_needed
    ):  # "1 extra tablet daily as needed" restates an as-needed structure
        told, extras = [replace(extras[0], is_extra=False)], []
    if not told or not known:
        return [*(known or told), *extras]
    if len(known) == len(told) == 1:
        one = _one(known[0], told[0], medicine)
        return one if isinstance(one, Refusal) else [one, *extras]
    more, fewer = (told, known) if len(told) >= len(known) else (known, told)
    if len(fewer) == 1 and (fewer[0].dose is None or fewer[0].rhythm is None):
        conflict = _partial_conflict(fewer[0], more)
    else:
        conflict = _day_conflict(more, fewer, medicine)
    return conflict or [*more, *extras]


def _one(known: Half, told: Half, medicine: Medicine) -> Half | Refusal:
    dose = same_dose(known.dose, told.dose)
    if isinstance(dose, Refusal) and not isinstance(known.dose, Refusal):
        return Refusal(Reason.TEXT_CONFLICT, _both(known, told, medicine)) if dose.reason is Reason.DOSE_CONFLICT else dose
    if known.rhythm is not None and told.rhythm is not None and not same_rate(known.rhythm, told.rhythm):
        return Refusal(Reason.TEXT_CONFLICT, _both(known, told, medicine))
    return Half(dose, _fuller(known.rhythm, told.rhythm), known.as_needed or told.as_needed)


def same_rate(one: Rhythm, two: Rhythm) -> bool:
    """Whether two rhythms are one; an end that is not known contradicts nothing."""
    if one.is_single != two.is_single:
        return False
    return all(a is None or b is None or Fraction(a) == Fraction(b) for a, b in ((one.low, two.low), (one.high, two.high)))


def _fuller(known: Rhythm | None, told: Rhythm | None) -> Rhythm | None:
    if known is None or told is None:
        return known if told is None else told
    fuller = known if known.slots or not told.slots else replace(known, slots=told.slots)
    low = known.low if known.low is not None and told.low is not None else None
    high = known.high if told.high is None else told.high if known.high is None else known.high
    return fuller if (low, high) == (fuller.low, fuller.high) else replace(fuller, low=low, high=high)


def _both(known: Half, told: Half, medicine: Medicine) -> str:
    """Both readings with their mg per day."""
    first = (known.dose or told.dose, known.rhythm or told.rhythm)
    second = (told.dose or known.dose, told.rhythm or known.rhythm)
    return f"the structure says {reading_says(*first, medicine)}, the text says {reading_says(*second, medicine)}"


def reading_of(dose: Amounted | None) -> Dose | None:
    """The dose, or the first meaning of an ambiguous one, to compare it with another statement; None where it is not known."""
    if isinstance(dose, Ambiguous):
        return dose.readings[0] if dose.readings else None
    return dose if isinstance(dose, Dose) else None


def reading_says(dose: Amounted | None, rhythm: Rhythm | None, medicine: Medicine | None = None) -> str:
    """One reading in words. What a patch gives in a day does not depend on how often it is changed, so nothing is multiplied."""
    known = reading_of(dose)
    per_day = "" if medicine is not None and medicine.is_patch else mg_per_day_says(known, rhythm)
    parts = [says(known) if known else "", rhythm.says if rhythm else "", per_day]
    return ", ".join(part for part in parts if part) or "nothing that can be read"


def _partial_conflict(part: Half, clauses: Sequence[Half]) -> Refusal | None:
    """A dose alone must be one of the clauses' doses, a timing alone one of theirs or their sum."""
    if part.dose is not None and all(isinstance(same_dose(part.dose, clause.dose), Refusal) for clause in clauses):
        return Refusal(
            Reason.TEXT_CONFLICT,
            f"{reading_says(part.dose, None)}, or {'; '.join(reading_says(clause.dose, clause.rhythm) for clause in clauses)}",
        )
    rates = [clause.rhythm.high for clause in clauses if clause.rhythm is not None and clause.rhythm.high is not None]
    if part.rhythm is not None and part.rhythm.high is not None:
        exact = [Fraction(rate) for rate in rates]
        possible = {*exact, sum(exact, Fraction(0))}
        if Fraction(part.rhythm.high) not in possible:
            return Refusal(
                Reason.TEXT_CONFLICT, f"{part.rhythm.says}, or {'; '.join(reading_says(clause.dose, clause.rhythm) for clause in clauses)}"
            )
    return None


def _day_conflict(more: Sequence[Half], fewer: Sequence[Half], medicine: Medicine) -> Refusal | None:
    """Whether two sets of complete clauses make different days. What one of them has as needed on top is the text's to say."""
    first, second = _day(more, medicine), _day(fewer, medicine)
    if first is None or second is None:
        return None
    fewer_needed = all(half.as_needed for half in fewer)
    same = first[1] == second[1] if fewer_needed else first[0] == second[0]
    if same or first[1] == second[1]:
        return None
    named = ["; ".join(reading_says(half.dose, half.rhythm, medicine) for half in halves) for halves in (fewer, more)]
    return Refusal(Reason.TEXT_CONFLICT, f"{named[0]}, or {named[1]} (together {plain(as_exact(first[1]))} mg per day)")


def _day(halves: Sequence[Half], medicine: Medicine) -> tuple[Fraction, Fraction] | None:
    """Scheduled and maximum mg of a day, where both are known."""
    taken = []
    for half in halves:
        dose = resolved(half.dose)
        if not isinstance(dose, Dose):
            return None
        taken.append(Taken(dose, half.rhythm, half.as_needed))
    day = day_of(taken, (), medicine)
    if isinstance(day, Refusal) or day.scheduled is None or day.maximum is None:
        return None
    return Fraction(day.scheduled), Fraction(day.maximum)


def _wrong_total(total: Total, dose: Amounted | None, rhythm: Rhythm | None, medicine: Medicine) -> Refusal | None:
    """A stated total that is not what the number of units makes. Of patches it may be their rate, said without its hour (rule 8)."""
    stated = total.amount.high
    readings = dose.readings if isinstance(dose, Ambiguous) else (dose,) if isinstance(dose, Dose) else ()
    known = [reading for reading in readings if reading.high_mg is not None]
    if stated is None or not known:
        return None
    for reading in known:
        times = rhythm.high if total.is_daily and rhythm is not None and rhythm.high is not None else 1
        if Fraction(reading.high_mg or 0) * Fraction(times) == Fraction(stated):
            return None
        units = Fraction(reading.high_units or 0)
        if not total.is_daily and any(Fraction(rate) * units == Fraction(stated) for rate in medicine.rates_h):
            return None
    if total.is_daily and rhythm is None:
        return None
    if not total.is_joint:
        return Refusal(Reason.TEXT_CONFLICT, f"{says(known[0])} is stated as a total of {total.amount.says}")
    per_day = mg_per_day_says(known[0], rhythm)
    is_of_day = per_day == f"{plain(stated)} mg per day"
    other = f": the total of a day, which is {per_day}, or of a dose with another product" if is_of_day else ", with another product"
    return Refusal(Reason.JOINT_TOTAL, f"{says(known[0])} stands beside a total of {total.amount.says}{other}")
