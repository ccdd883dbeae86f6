"""Revisions that keep the schedule: hold, resume, stop at a lower dose. Each makes a new version and says what changed and why.

Hold means: pause reductions, keep taking today's dose. Later steps move by whole days and nothing is caught up (domain I9, I10). Moving
later never breaks a limit of pace, so a hold is never refused for one; new schedules and rises are `replanning`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.dose import Exact, canonical, plain, shown
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.in_force import hold_notes, in_force, step_in_force
from fhir_taper.plans.tapers.new_version import Decision, new_version
from fhir_taper.plans.tapers.plan import Phase, PlanGoal, PlanState, Step, TaperPlan
from fhir_taper.plans.tapers.review import refuse_too_close
from fhir_taper.plans.tapers.rise_findings import with_rises_anew
from fhir_taper.plans.tapers.shifting import days_to_shift, shifted_from, why_longer


def hold(plan: TaperPlan, decision: Decision, days: int) -> TaperPlan:
    """Pause reductions for `days`: every later step moves by exactly as much. A plan on hold is held for as many days more.

    Where a review is overdue, the days that the plan waits already come on top: the next step lies `days` after the decision. Patches are
    held to their next change: see `shifting`.
    Raises NotAllowed where the plan is not running, nothing is left to pause, or days is not positive or beyond the calendar.
    """
    check_running(plan)
    if days < 1:
        raise NotAllowed(f"a hold lasts a day or more, not {days}")
    now = step_in_force(plan, decision.on)
    if now.number == plan.steps[-1].number:
        raise NotAllowed("no later step is left to pause: this dose goes on anyway")
    asked = days + max(0, _behind(plan, now, decision))
    by = days_to_shift(plan, now.number + 1, asked)
    moved = shifted_from(plan, now.number + 1, by)
    end = moved.steps[-1].start.isoformat()
    told = f"reductions paused, {dose_words(now)} goes on; later steps move by {by} days{why_longer(plan, asked, by)}, the last to {end}"
    return new_version(replace(moved, state=PlanState.ON_HOLD), plan, decision, "hold", told, days=by)


def resume(plan: TaperPlan, decision: Decision, rules: LifeRules, others: Iterable[TaperPlan]) -> TaperPlan:
    """Go on as planned: a literal shift by as long as the hold really lasted, never less than the hold was made for.

    `others` are the patient's other plans. Raises NotAllowed where the plan is not on hold, the day is before the hold, or a reduction that
    no review stops any more would now lie too close to one of `others` (domain I13): the hold is then made longer.
    """
    if plan.state is not PlanState.ON_HOLD:
        raise NotAllowed(f"a plan that is {plan.state} is not resumed")
    holds = hold_notes(plan)
    if holds and decision.on < holds[0].on:
        raise NotAllowed(f"the hold began on {holds[0].on.isoformat()}")
    now = in_force(plan, decision.on).step
    asked = _late_days(plan, now, decision)
    late = days_to_shift(plan, now.number + 1, asked)
    moved = replace(shifted_from(plan, now.number + 1, late), state=PlanState.ACTIVE)
    refuse_too_close(moved, now.number + 1, rules, others)
    told = (
        f"resumed; later steps move by {late} days more{why_longer(plan, asked, late)}" if late else "resumed as it was moved by the hold"
    )
    return new_version(moved, plan, decision, "resume", told, days=late)


def stop_at(plan: TaperPlan, decision: Decision, step: int | None = None) -> TaperPlan:
    """End the taper at a lower dose: a valid end, and a success. `step` None is the dose of today, else a later step of the plan.

    Today's dose becomes maintenance at once. Raises NotAllowed for a step that is past, a dose of zero, or one not taken every day.
    """
    check_running(plan)
    now = step_in_force(plan, decision.on)
    end = plan.steps[now.number if step is None else step] if step is None or 0 <= step < len(plan.steps) else None
    if end is None or end.number < now.number:
        raise NotAllowed(f"step {step} is not a step still to come")
    given = {dose.ingredient for dose in end.doses if dose.units}
    if end.every_days != 1 or len(given) != 1:
        raise NotAllowed("a taper stops at one dose of one medicine, taken every day")
    target = end.mg_per_day(*given)  # after a cross-over, of the new agent
    is_now = end.number == now.number
    ended = replace(
        plan,
        steps=(*plan.steps[: end.number], replace(end, end=None)),
        gates=tuple(gate for gate in plan.gates if gate.step <= end.number),
        milestones=tuple(one for one in plan.milestones if one.step <= end.number),
        target_mg=shown(target),
        goal=PlanGoal.MAINTENANCE if is_now else PlanGoal.TARGET,
        phase=Phase.MAINTENANCE if is_now else plan.phase,
        state=PlanState.ACTIVE if is_now else plan.state,
    )
    ended = with_rises_anew(ended, {kept.number: kept.number for kept in ended.steps})
    told = f"the taper ends at {dose_words(end)}: the lower dose is the goal that was reached"
    return new_version(ended, plan, decision, "stop-at", told if is_now else f"the taper will end at {dose_words(end)}")


def check_running(plan: TaperPlan) -> None:
    """Raise NotAllowed unless the plan is active or on hold."""
    if plan.state not in RUNNING:
        raise NotAllowed(f"a plan that is {plan.state} is not revised")


def dose_words(step: Step) -> str:
    """The mean daily dose of a step in words: "7.5 mg a day"; with names where there are several."""
    doses = {dose.ingredient: step.mg_per_day(dose.ingredient) for dose in step.doses if dose.units}
    if len(doses) <= 1:
        return f"{_mg(next(iter(doses.values()), shown(step.ideal_mg * 0)))} mg a day"
    return " and ".join(f"{ingredient} {_mg(amount)} mg a day" for ingredient, amount in doses.items())


def _late_days(plan: TaperPlan, now: Step, decision: Decision) -> int:
    """Days by which the hold lasted longer than it was made for; the next step never lies before the day of resuming."""
    holds = hold_notes(plan)
    made_for = sum(note.days for note in holds)
    lasted = (decision.on - holds[0].on).days if holds else 0
    return max(0, lasted - made_for, _behind(plan, now, decision))


def _behind(plan: TaperPlan, now: Step, decision: Decision) -> int:
    """Days since the step after today's should have started: positive where a review is overdue or a hold outlasted its days."""
    if now.number + 1 >= len(plan.steps):
        return 0
    return (decision.on - plan.steps[now.number + 1].start) // timedelta(days=1)


def _mg(amount: Exact) -> str:
    return plain(canonical(shown(amount)))
