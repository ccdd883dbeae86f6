"""Moving the rest of a plan in time: whole days, later only, nothing shortened and nothing caught up (domain I9, I10).

The step before the first one that moves lasts as much longer; gates and milestones of moved steps move with them. Doses do not change here.
Steps of patches are whole wear times (domain §2): there a shift is lengthened to the next change of patch, and whoever shifts says so.
"""

from dataclasses import replace
from datetime import date, timedelta

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.tapers.plan import Milestone, ReviewGate, Step, TaperPlan


def shifted_from(plan: TaperPlan, number: int, days: int) -> TaperPlan:
    """Step `number` and all later ones start `days` later; the step before lasts `days` longer. `days` is zero or more.

    A `number` after the last step moves nothing. Raises ValueError for negative days or step 0 (a baseline has nothing
    before it) and NotAllowed where no date lies so many days after the last step.
    """
    if days < 0 or number < 1:
        raise ValueError(f"step {number} cannot move by {days} days")
    if days == 0 or number >= len(plan.steps):
        return plan
    check_calendar(plan, days)
    by = timedelta(days=days)
    return replace(
        plan,
        steps=tuple(_moved(step, number, by) for step in plan.steps),
        gates=tuple(_moved_gate(gate, number, by) for gate in plan.gates),
        milestones=tuple(_moved_milestone(milestone, number, by) for milestone in plan.milestones),
    )


def days_to_shift(plan: TaperPlan, number: int, days: int) -> int:
    """`days`, of patches lengthened so that the step before `number` lasts whole wear times; zero days stay zero."""
    if days == 0 or not 1 <= number < len(plan.steps):
        return days
    lasts = (plan.steps[number].start - plan.steps[number - 1].start).days + days
    return days + -lasts % plan.limits.step_multiple_days


def why_longer(plan: TaperPlan, asked: int, days: int) -> str:
    """Why a shift is longer than was asked for, in words to go on with; empty where it is not."""
    return "" if asked == days else f" (not {asked}: patches are changed every {plan.limits.step_multiple_days} days)"


def check_calendar(plan: TaperPlan, days: int) -> None:
    """Raise NotAllowed where no date lies so many days after the plan's last step."""
    if days > (date.max - plan.steps[-1].start).days:
        raise NotAllowed(f"{days} days later there is no date any more")


def _moved(step: Step, number: int, by: timedelta) -> Step:
    if step.number < number - 1:
        return step
    start = step.start + by if step.number >= number else step.start
    return replace(step, start=start, end=_later(step.end, by))


def _moved_gate(gate: ReviewGate, number: int, by: timedelta) -> ReviewGate:
    return replace(gate, due=gate.due + by) if gate.step >= number else gate


def _moved_milestone(milestone: Milestone, number: int, by: timedelta) -> Milestone:
    return replace(milestone, due=milestone.due + by) if milestone.step >= number else milestone


def _later(end: date | None, by: timedelta) -> date | None:
    return None if end is None else end + by
