"""Everything that a question of a rule is asked of: one plan, one timeline, what was said before, and an instant."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.monitoring.days import OF_A_DAY, one_a_day
from fhir_taper.plans.monitoring.history import History
from fhir_taper.plans.monitoring.reading import Reading
from fhir_taper.plans.monitoring.rule import Rule
from fhir_taper.plans.monitoring.timeline import Record, Timeline
from fhir_taper.plans.monitoring.verdict import Evidence
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tables.signal_tables import Signal, SignalTables
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.reductions import reduction_numbers
from fhir_taper.plans.worked_out import worked_out


@dataclass(frozen=True, slots=True)
class Moment:
    """`as_of` is the instant that is asked about, `now` that of the assessment: a question about an earlier reading is asked now, so that
    a consent counts as it stands now. Both have the patient's offset."""

    plan: TaperPlan
    timeline: Timeline
    history: History
    as_of: datetime
    now: datetime
    rule: Rule
    signals: SignalTables
    tables: Tables

    @property
    def today(self) -> date:
        """The patient's own day."""
        return self.as_of.date()

    def at(self, instant: datetime) -> "Moment":
        """The same at an earlier instant."""
        return replace(self, as_of=instant)

    def signal(self, name: str) -> Signal:
        """The row of a signal."""
        return self.signals.signals[name]

    def readings(self, name: str) -> tuple[Reading, ...]:
        """Readings of a signal that were seen by now and may be looked at, oldest first; of a night or a day there is one."""
        seen = self.timeline.until(name, self.as_of)
        if self._are_withheld(name, seen):
            seen = tuple(one for one in seen if not one.is_remote)
        return one_a_day(seen, self.signal(name).worse) if name in OF_A_DAY else seen

    def _are_withheld(self, name: str, seen: tuple[Reading, ...]) -> bool:
        """Whether those of the readings that are remote may not be looked at."""
        consent = self.signal(name).consent
        return bool(consent) and any(one.is_remote for one in seen) and not is_permitted(self.timeline, consent, self.now)

    def why_doubted(self, name: str, since: datetime, *, is_newer: bool) -> str:
        """Why the readings since an instant may not be all that there was to see, "" where they are: one was withheld or set aside.

        `is_newer`: since then nothing came that counts, so that it is the newest.
        """
        signal = self.signal(name)
        aside = [one for one in self.timeline.put_aside(name) if since <= one.at <= self.as_of]
        if aside:
            return f"{signal.title}: {'the newest' if is_newer else 'a'} value was set aside ({aside[-1].why})"
        if signal.consent and self._are_withheld(name, tuple(one for one in self.timeline.until(name, self.as_of) if one.end >= since)):
            a_reading = "a newer reading" if is_newer else "a reading"
            return f"{signal.title}: {a_reading} from home was not looked at (no consent to {signal.consent} measures)"
        return ""

    def why_none(self, name: str) -> str:
        """Why there is no reading of a signal."""
        signal = self.signal(name)
        if self.timeline.until(name, self.as_of):
            return f"no consent to {signal.consent} measures"
        aside = [one for one in self.timeline.put_aside(name) if one.at <= self.as_of]
        if aside:
            return f"{signal.title}: set aside ({aside[-1].why})"
        unread = [why for kind in signal.records if (why := self.timeline.why_unread(Record(kind)))]
        return f"{signal.title}: not read ({'; '.join(unread)})" if unread else f"{signal.title}: no data"

    def midnight(self, day: date) -> datetime:
        """The first instant of a day, by the offset of the instant that is asked about: the time of a record that has only a day."""
        return datetime.combine(day, time.min, self.as_of.tzinfo)

    def evidence(self, reading: Reading) -> Evidence:
        """A reading as evidence."""
        signal = self.signal(reading.signal)
        words = reading.words or reading.answer or signal.title
        says = words if reading.value is None else signal.with_unit(brief(reading.value))
        return Evidence(reading.signal, says, reading.start, ", ".join(reading.sources), reading.identity)


def is_permitted(timeline: Timeline, measures: str, at: datetime) -> bool:
    """Whether a Consent permits measures of a class at an instant: one permits, and none refuses."""
    standing = [one for one in timeline.permits if one.measures == measures and one.start <= at and (one.end is None or at <= one.end)]
    return bool(standing) and not any(one.is_denial for one in standing)


def first_reduction(plan: TaperPlan) -> date | None:
    """The day on which the plan's first reduction begins; None where it has none."""
    numbers = worked_out(plan, reduction_numbers)
    return plan.steps[numbers[0]].start if numbers else None


def reductions_begun(plan: TaperPlan, day: date) -> tuple[date, ...]:
    """The first days of the reductions that really began by a day: what a hold or an open review keeps back has not."""
    last = step_in_force(plan, day).number
    return tuple(
        plan.steps[number].start for number in worked_out(plan, reduction_numbers) if number <= last and plan.steps[number].start <= day
    )


def reduction_in_force(plan: TaperPlan, day: date) -> date | None:
    """The day on which the latest reduction that really began by a day did so; None before the first."""
    return max(reductions_begun(plan, day), default=None)
