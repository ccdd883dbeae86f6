"""Silence and its kin: check-ins that did not come, doses that were not taken, days without a word of any kind."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from itertools import accumulate
from typing import Final

from fhir_taper.plans.medicines.dose import as_exact
from fhir_taper.plans.monitoring.condition import Quantity
from fhir_taper.plans.monitoring.derived import NOTHING, Derived
from fhir_taper.plans.monitoring.moment import Moment, reductions_begun
from fhir_taper.plans.monitoring.reading import DAY, Reading
from fhir_taper.plans.monitoring.timeline import CheckInSchedule, Record, Timeline
from fhir_taper.plans.monitoring.verdict import Evidence
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.worked_out import worked_out

CHECK_IN: Final = "check-in"
DOSE_TAKEN: Final = "dose-taken"
APPOINTMENT: Final = "appointment"
KEPT: Final = "fulfilled"
NONE_TAKEN: Final = "none"
SOME_TAKEN: Final = "some"
_NOT_ARRANGED: Final = "no check-ins are arranged"
_DAYS_SAID: Final = 3
_HEARD_BY: Final = (Record.OBSERVATION, Record.FORM)
"""What most of what is heard comes by: where it was not read, silence is not known."""


def due_days(schedule: CheckInSchedule, reductions: tuple[date, ...], until: date) -> tuple[date, ...]:
    """Days on which a check-in was due, up to and with `until`: every so many days, and daily after a reduction."""
    rhythms = (*schedule.earlier, schedule)
    ends = (*(min(until, after.start - DAY) for after in rhythms[1:]), until)
    days: set[date] = set()
    for rhythm, end in zip(rhythms, ends, strict=True):
        days.update(_regular(rhythm, end))
        daily = (began + n * DAY for began in reductions for n in range(rhythm.daily_days))
        days.update(day for day in daily if rhythm.start <= day <= end)
    return tuple(sorted(days))


def _regular(schedule: CheckInSchedule, until: date) -> Iterator[date]:
    day = schedule.start
    while day <= until:
        yield day
        day += schedule.every_days * DAY


def answered_days(moment: Moment) -> tuple[tuple[date, bool], ...] | str:
    """Days before today on which a check-in was due, oldest first, and whether one came on them or before the next; or why not known."""
    schedule = moment.timeline.check_ins
    if schedule is None:
        return _NOT_ARRANGED
    why = moment.timeline.why_unseen(Record.FORM)
    if why:
        return f"check-ins were not read ({why})"
    due = due_days(schedule, reductions_begun(moment.plan, moment.today), moment.today)
    answered = dict.fromkeys(due, False)
    place = 0
    for came in (one.day for one in moment.readings(CHECK_IN)):
        while place + 1 < len(due) and due[place + 1] <= came:
            place += 1
        if due and due[place] <= came:
            answered[due[place]] = True
    return tuple((day, came) for day, came in answered.items() if day < moment.today)


def _missed_in_a_row(moment: Moment, _condition: Quantity) -> Derived:
    """Check-ins missed in a row, the latest one among them. One that comes late, before the next is due, is none."""
    answered = answered_days(moment)
    if isinstance(answered, str):
        return Derived(why=answered)
    run: list[date] = []
    for day, came in reversed(answered):
        if came:
            break
        run.append(day)
    if run and any(one.day == moment.today for one in moment.readings(CHECK_IN)):
        run = []
    return _counted(moment, tuple(reversed(run)))


def _missed_while_daily(moment: Moment, _condition: Quantity) -> Derived:
    """Check-ins missed among the daily ones after the latest reduction; nothing where today is not one of their days, or the next."""
    answered, schedule = answered_days(moment), moment.timeline.check_ins
    if schedule is None or isinstance(answered, str):
        return Derived(why=str(answered))
    begun = reductions_begun(moment.plan, moment.today)
    if not begun or not schedule.daily_days or (moment.today - begun[-1]).days > schedule.daily_days:
        return NOTHING
    return _counted(moment, tuple(day for day, came in answered if day >= begun[-1] and not came))


def _counted(moment: Moment, days: tuple[date, ...]) -> Derived:
    said = ", ".join(day.isoformat() for day in days[-_DAYS_SAID:])
    says = f"{len(days)} {'check-in' if len(days) == 1 else 'check-ins'} missed" + (f" ({said})" if days else "")
    return Derived(as_exact(len(days)), says, (Evidence(CHECK_IN, says, moment.as_of),))


def _intakes(moment: Moment, day: date) -> int:
    """How many times a day the plan's dose is taken; 0 where nothing is taken on that day."""
    step = step_in_force(moment.plan, day)
    if step.every_days > 1 and (day - step.start).days % step.every_days:
        return 0
    return len({slot for dose in step.doses for units in dose.units for slot, _ in units.slots})


def _answers(moment: Moment) -> tuple[Reading, ...] | Derived:
    """The last answer of each day, oldest first; or why there is none that counts."""
    if not any(dose.units for dose in step_in_force(moment.plan, moment.today).doses):
        return NOTHING
    readings = moment.readings(DOSE_TAKEN)
    if not readings:
        return Derived(why=moment.why_none(DOSE_TAKEN))
    counts_for = moment.rule.stale_after(DOSE_TAKEN)
    if counts_for is not None and moment.as_of - readings[-1].end > counts_for.delta:
        return Derived(why=f"whether doses are taken: stale, last said on {readings[-1].day.isoformat()} and counts for {counts_for}")
    of_days = {one.day: one for one in readings}
    return tuple(one for _, one in sorted(of_days.items()))


def _doses_missed(moment: Moment, condition: Quantity) -> Derived:
    """Doses missed within the last `within`, at least: a day of which some were taken is one, a day without any as many as it has."""
    answers = _answers(moment)
    if isinstance(answers, Derived):
        return answers
    begins = moment.as_of - condition.within.delta if condition.within else None
    within = [one for one in answers if begins is None or one.end >= begins]
    if not within:
        return Derived(why="whether doses are taken was not said of this time")
    lacking = ((one, _intakes(moment, one.day)) for one in within if one.answer in (NONE_TAKEN, SOME_TAKEN))
    missed = [(one, intakes if one.answer == NONE_TAKEN else 1) for one, intakes in lacking if intakes]
    count = sum(many for _, many in missed)
    said = ", ".join(one.day.isoformat() for one, _ in missed[-_DAYS_SAID:])
    says = f"{count} or more on {said}" if missed else "none missed"
    return Derived(as_exact(count), says, tuple(moment.evidence(one) for one, _ in missed))


def _days_without_dose(moment: Moment, _condition: Quantity) -> Derived:
    """Days from the first to the last of the answers in a row that none of the medicine was taken, the latest answer among them."""
    answers = _answers(moment)
    if isinstance(answers, Derived):
        return answers
    run: list[Reading] = []
    for one in reversed(answers):
        is_due = _intakes(moment, one.day) > 0
        if is_due and one.answer != NONE_TAKEN:
            break
        if is_due:
            run.append(one)
    if not run:
        return Derived(as_exact(0), "doses are taken")
    days = (run[0].day - run[-1].day).days + 1
    says = f"none on each answer from {run[-1].day.isoformat()} to {run[0].day.isoformat()}, {days} days"
    return Derived(as_exact(days), says, tuple(moment.evidence(one) for one in reversed(run)))


def _silent_days(moment: Moment, _condition: Quantity) -> Derived:
    """Days since the latest record of any kind: a measure, an answer, a visit, an order, a supply; since the plan began without one.

    An appointment that was booked, cancelled or missed is no word of the patient. Where measures or forms were not read, it may be less.
    """
    timeline, today = moment.timeline, moment.today
    starts, latest = worked_out(timeline, _heard)
    days = latest[: bisect_right(starts, moment.as_of)][-1:]
    days += [one.on for one in timeline.supplies if one.on <= today]
    days += [one.written.date() for one in timeline.orders if one.written is not None and one.written <= moment.as_of]
    last = min(today, max(days, default=moment.plan.steps[0].start))
    unread = [f"{kind} records were not read ({why})" for kind in _HEARD_BY if (why := timeline.why_unread(kind))]
    return Derived(as_exact((today - last).days), f"nothing on record since {last.isoformat()}", why="; ".join(unread))


def _heard(timeline: Timeline) -> tuple[list[datetime], list[date]]:
    """When each reading that is word of the patient began, and the latest day of all up to it."""
    heard = [one for one in timeline.readings if one.signal != APPOINTMENT or one.answer == KEPT]
    return [one.start for one in heard], list(accumulate((one.day for one in heard), max))


CONTACT_QUANTITIES: Final[Mapping[str, Callable[[Moment, Quantity], Derived]]] = {
    "check-ins-missed": _missed_in_a_row,
    "check-ins-missed-daily": _missed_while_daily,
    "doses-missed": _doses_missed,
    "days-without-dose": _days_without_dose,
    "silent-days": _silent_days,
}
