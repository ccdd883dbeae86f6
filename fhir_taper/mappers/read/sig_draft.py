"""What the grammar has understood so far: clauses in the making, caps, totals, durations.

Mutable on purpose, and private to the reading of one text.

`finished` turns it into a SigReading, or says why the pieces do not make one direction: two timings of one dose, a dose without a timing
among several.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from fhir_taper.errors import BadInput
from fhir_taper.mappers.read.clause import Cap, Clause, Measure, Rhythm, SigReading, Total, Unit
from fhir_taper.mappers.read.sig_dates import TextDates
from fhir_taper.mappers.read.sig_timing import Times
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import Exact, as_exact, plain

_DAY = Fraction(24)
_WEEK = 7


class DoseChanges(BadInput):
    """The text says one dose for a time and another one for another time."""


@dataclass(slots=True)
class Draft:
    """One clause in the making."""

    dose: Measure | None = None
    times: Times | None = None
    times_says: str = ""
    slots: list[Slot] = field(default_factory=list)
    clocks: list[Slot] = field(default_factory=list)
    weekdays: frozenset[int] = frozenset()
    as_needed: bool = False
    is_extra: bool = False
    repeats: Exact | None = None
    is_single: bool = False
    says_meals: bool = False
    is_own_sentence: bool = False
    is_joined: bool = False
    is_besides: bool = False
    restated: list[Measure] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return self.dose is not None and self.has_timing

    @property
    def may_have_more(self) -> bool:
        """Whether what is as needed may stand beside it: it is scheduled and has its time, or it may be repeated so often."""
        return (self.has_timing and not self.as_needed) or self.repeats is not None

    @property
    def has_timing(self) -> bool:
        return self.times is not None or bool(self.slots) or bool(self.weekdays) or self.is_single

    @property
    def is_empty(self) -> bool:
        return self.dose is None and not self.has_timing and not self.as_needed and not self.totals

    def add_times(self, times: Times, says: str, *, after_and: bool = False) -> None:
        """A frequency; a second one must say the same."""
        self._refuse_after_as_needed(says, after_and=after_and)
        if self.times is not None and times.rhythm("") != self.times.rhythm(""):
            raise BadInput(f"says both {self.times_says} and {says}")
        self.times, self.times_says = times, self.times_says or says

    def add_slot(self, slot: Slot, *, after_and: bool, is_clock: bool = False) -> None:
        """A time of day; two clock times are two, also within one part of the day.

        What "three times daily and at bedtime" means, three or four, nobody can say: it is not read.
        """
        self._refuse_after_as_needed("a time of day", after_and=after_and)
        if after_and and self.times is not None and not self.slots:
            raise BadInput(f"says {self.times_says} and one more time of day")
        if is_clock:
            self.clocks.append(slot)
        if slot not in self.slots:
            self.slots.append(slot)

    def _refuse_after_as_needed(self, says: str, *, after_and: bool) -> None:
        """Of "as needed and at bedtime" nobody knows which is as needed; an extra that is, is so at all its times."""
        if after_and and self.as_needed and not self.is_extra:
            raise BadInput(f"says as needed and {says}")

    def rhythm(self) -> Rhythm | None:
        """How often, from all that was said about it."""
        if self.is_single and not self.times and not self.slots:
            return Rhythm(Decimal(1), Decimal(1), "once", is_single=True)
        spoken = [slot for slot in self.slots if slot not in self.clocks]
        slots = (*self.clocks, *spoken) or ((self.times.slot,) if self.times and self.times.slot else ())
        if self.times is None:
            return self._by_slots(slots)
        base = self.times.rhythm(self.times_says)
        self._check_slots(base, slots)
        if not self.weekdays:
            return replace(base, slots=slots)
        return self._on_weekdays(base, slots)

    def _by_slots(self, slots: tuple[Slot, ...]) -> Rhythm | None:
        if not slots and not self.weekdays:
            return None
        if self.says_meals and slots:  # "with meals and at bedtime" is four times a day, "with meals, at bedtime" nobody knows
            raise BadInput("says with meals and a time of day, but not how often")
        per_day = Fraction(len(slots) or 1)
        says = ", ".join(slots)
        if self.weekdays:
            rate = as_exact(per_day * len(self.weekdays) / _WEEK)
            return Rhythm(rate, rate, f"{says} on {len(self.weekdays)} days a week".strip(), slots, self.weekdays)
        rate = as_exact(per_day)
        return Rhythm(rate, rate, says, slots)

    def _check_slots(self, base: Rhythm, slots: tuple[Slot, ...]) -> None:
        """Times of day restate a frequency; another number of them contradicts it."""
        if not slots or base.high is None:
            return
        fits = len(slots) == base.high if base.high >= 1 else len(slots) == 1
        if not fits and not (base.low != base.high and base.low is not None and base.low <= len(slots) <= base.high):
            raise BadInput(f"says {self.times_says} and {len(slots)} times of day ({', '.join(slots)})")

    def _on_weekdays(self, base: Rhythm, slots: tuple[Slot, ...]) -> Rhythm:
        share = Fraction(len(self.weekdays), _WEEK)
        if base.high is not None and base.low == base.high and Fraction(base.high) == share:  # "3 times a week, Monday, Wednesday, Friday"
            return replace(base, slots=slots, weekdays=self.weekdays)
        if self.times is None or self.times.hours_low != _DAY or self.times.hours_high != _DAY:
            raise BadInput(f"says {self.times_says} and {len(self.weekdays)} days of the week")
        low = None if base.low is None else as_exact(Fraction(base.low) * share)
        high = None if base.high is None else as_exact(Fraction(base.high) * share)
        return Rhythm(low, high, f"{base.says} on {len(self.weekdays)} days a week", slots, self.weekdays)

    def clause(self, before: Clause | None) -> Clause:
        """The finished clause. A repeat takes dose and occasions from the clause before it."""
        if self.repeats is not None or (self.is_extra and self.dose is None):
            return self._repeat_of(before)
        return Clause(
            self.dose,
            self.rhythm(),
            self.as_needed,
            self.is_extra,
            tuple(self.restated),
            tuple(self.totals),
            self.is_joined,
            is_by_clock=bool(self.clocks) and len(self.slots) == len(set(self.clocks)),
        )

    def _repeat_of(self, before: Clause | None) -> Clause:
        if self.is_besides:
            rhythm = self.rhythm() or Rhythm(None, None, "as often as it is needed")
            return Clause(before.dose if before is not None else None, rhythm, as_needed=True, is_extra=True)
        if before is None or before.dose is None:
            raise BadInput("says that something may be repeated, but not what")
        high = None
        if self.repeats is not None and before.rhythm and before.rhythm.high is not None:
            high = as_exact(Fraction(before.rhythm.high) * Fraction(self.repeats))
        says = f"may be repeated {plain(self.repeats)} times" if self.repeats is not None else "may be repeated"
        return Clause(before.dose, Rhythm(None, high, says), as_needed=True, is_extra=True)


@dataclass(slots=True)
class Direction:
    """The whole text in the making."""

    drafts: list[Draft] = field(default_factory=lambda: [Draft()])
    caps: list[Cap] = field(default_factory=list)
    days: int | None = None
    doses: int | None = None
    is_procedural: bool = False
    dates: TextDates | None = None
    is_timed: bool = False

    @property
    def current(self) -> Draft:
        return self.drafts[-1]

    def start(self, *, is_own_sentence: bool = False, is_joined: bool = False) -> Draft:
        """A new clause."""
        self.drafts.append(Draft(is_own_sentence=is_own_sentence, is_joined=is_joined))
        return self.current

    def start_dose(self, *, is_own_sentence: bool, is_joined: bool) -> Draft:
        """A clause with a dose of its own. After a time that was stated for the dose before it, it is the dose of another time."""
        if self.is_timed:
            raise DoseChanges("one dose for a time, then another")
        return self.start(is_own_sentence=is_own_sentence, is_joined=is_joined)

    def start_besides(self) -> None:
        """What is taken as needed on top of the scheduled dose before it: the same amount, at times of its own if any are said."""
        draft = self.start()
        draft.is_besides = draft.is_extra = draft.as_needed = True

    def last(self, days: int | None, doses: int | None) -> None:
        """A duration. It holds for the whole text, unless the clause in which it stands is apart from the others."""
        current = self.current
        is_apart = current.is_own_sentence or current.is_extra or current.as_needed != self.drafts[0].as_needed
        if len(self.drafts) > 1 and current.dose is not None and is_apart:
            raise DoseChanges("a time for one of several doses")
        if (days and self.days and days != self.days) or (doses and self.doses and doses != self.doses):
            raise BadInput("says two durations")
        self.days, self.doses = days or self.days, doses or self.doses
        self._time_stated()

    def hold_on(self, dates: TextDates) -> None:
        """Dates. Two first days or two last days are of two doses."""
        known = self.dates or TextDates()
        if (dates.start and known.start and dates.start != known.start) or (dates.end and known.end and dates.end != known.end):
            raise DoseChanges("two dates")
        self.dates = TextDates(dates.start or known.start, dates.end or known.end, dates.is_unclear or known.is_unclear)
        self._time_stated()

    def _time_stated(self) -> None:
        """A time that stands after a dose is of that dose; one that stands before all doses is of all."""
        self.is_timed = self.is_timed or any(draft.dose is not None for draft in self.drafts)

    def finished(self) -> SigReading:
        """The reading. Raises BadInput where the pieces do not fit."""
        clauses: list[Clause] = []
        unit: Measure | None = None
        for draft in self.drafts:
            if draft.is_empty and draft.repeats is None and not draft.is_extra:
                continue
            if draft.dose is not None and draft.dose.unit is Unit.UNSTATED and unit is not None and len(self.drafts) > 1:
                draft.dose = replace(draft.dose, unit=unit.unit, says=f"{draft.dose.says.split(' ')[0]} {unit.unit}")
            clauses.append(draft.clause(clauses[-1] if clauses else None))
            unit = draft.dose if draft.dose is not None and draft.dose.unit is not Unit.UNSTATED else unit
        if len(clauses) > 1:
            self._check_all_complete(clauses)
        dates = self.dates or TextDates()
        return SigReading(
            tuple(clauses), tuple(self.caps), self.days, self.doses, self.is_procedural, dates.start, dates.end, dates.is_unclear
        )

    @staticmethod
    def _check_all_complete(clauses: list[Clause]) -> None:
        if len([clause for clause in clauses if not clause.is_extra]) == 1 and all(clause.dose is None for clause in clauses):
            return  # "at bedtime and as needed", of a dose that stands elsewhere
        for clause in clauses:
            if clause.dose is None or (clause.rhythm is None and clause.is_scheduled):
                raise BadInput("names several doses, one of them without an amount or a time")
        rhythms = [clause.rhythm for clause in clauses if clause.rhythm is not None and not clause.is_extra]
        whole_days = [clause for clause in clauses if not clause.is_extra and _fills_the_day(clause.rhythm)]
        if 0 < sum(bool(rhythm.weekdays) for rhythm in rhythms) < len(rhythms):
            raise BadInput("names days of the week for one of several doses: instead of the others, or beside them?")
        if any(_contradict(one, other) for index, one in enumerate(whole_days) for other in whole_days[index + 1 :]):
            raise BadInput("names several doses for the whole day")


def _contradict(one: Clause, other: Clause) -> bool:
    """Whether two doses for the whole day are not one said twice; one that is scheduled and one as needed stand side by side."""
    return one.as_needed == other.as_needed and _said(one) != _said(other)


def _said(clause: Clause) -> tuple[object, ...]:
    dose, rhythm = clause.dose, clause.rhythm
    return (dose and (dose.low, dose.high, dose.unit), rhythm and (rhythm.low, rhythm.high))


def _fills_the_day(rhythm: Rhythm | None) -> bool:
    """Several times a day without saying when."""
    return rhythm is not None and rhythm.high is not None and rhythm.high > 1 and not rhythm.slots
