"""What the patient takes today under a plan: the step that is really in force, under holds and reviews that did not happen.

On hold, and at a review that is overdue, the schedule's dates go on but reductions do not: today's dose stays, and stays supplied. "Hold"
never means stop giving. The words for screens are made here, so that every surface says "pause reductions, keep taking X mg".
"""

from dataclasses import dataclass
from datetime import date

from fhir_taper.plans.medicines.dose import Exact, canonical, plain, shown
from fhir_taper.plans.tapers.gates import overdue_gate
from fhir_taper.plans.tapers.plan import PlanState, RevisionNote, Step, TaperPlan

_ENDS_A_HOLD = frozenset({"approve", "resume", "step-back"})


@dataclass(frozen=True, slots=True)
class InForce:
    """The step in force on a day, and why it is not the scheduled one (empty where it is). `is_held`: no reduction may start."""

    step: Step
    is_held: bool
    why: str = ""


def in_force(plan: TaperPlan, day: date) -> InForce:
    """The step in force on a day. Plans on hold stay at the step of the day on which the hold began; an overdue review stays before it.

    A hold that was set elsewhere has no note of its first day: then no reduction is proposed, and the dose of the day stays the dose.
    """
    scheduled = plan.step_on(day)
    limit = scheduled.number
    why: list[str] = []
    since = held_since(plan)
    if since is not None:
        limit = min(limit, _step_at(plan, since).number)
        why.append(f"on hold since {since.isoformat()}")
    elif plan.state is PlanState.ON_HOLD:
        why.append("on hold, and since when is not recorded")
    gate = overdue_gate(plan, day)
    if gate is not None:
        limit = min(limit, gate.step - 1)
        why.append(f"the review of step {gate.step} was due on {gate.due.isoformat()}")
    return InForce(plan.steps[limit], bool(why), "; ".join(why))


def step_in_force(plan: TaperPlan, day: date) -> Step:
    """The step that is really in force on a day."""
    return in_force(plan, day).step


def held_since(plan: TaperPlan) -> date | None:
    """The day on which the hold that lasts began, or None where the plan is not on hold or nobody noted the day."""
    notes = hold_notes(plan)
    return notes[0].on if notes else None


def hold_notes(plan: TaperPlan) -> tuple[RevisionNote, ...]:
    """The notes of the hold that lasts, oldest first: it may have been lengthened. Empty where the plan is not on hold."""
    if plan.state is not PlanState.ON_HOLD:
        return ()
    since_resume = len(plan.revisions)
    for index in range(len(plan.revisions) - 1, -1, -1):
        if plan.revisions[index].kind in _ENDS_A_HOLD:
            break
        since_resume = index
    return tuple(note for note in plan.revisions[since_resume:] if note.kind == "hold")


def keep_taking(plan: TaperPlan, day: date) -> str:
    """What a screen says of a plan that is held: "pause reductions, keep taking 7.5 mg a day"; empty where nothing holds it."""
    now = in_force(plan, day)
    if not now.is_held:
        return ""
    doses = {dose.ingredient: now.step.mg_per_day(dose.ingredient) for dose in now.step.doses if dose.units}
    if not doses:
        return "pause reductions; nothing is taken any more"
    one = len(doses) == 1
    said = " and ".join(f"{'' if one else ingredient + ' '}{_mg(amount)} mg a day" for ingredient, amount in doses.items())
    return f"pause reductions, keep taking {said}"


def _step_at(plan: TaperPlan, day: date) -> Step:
    """The scheduled step of a day, not beyond an overdue review."""
    gate = overdue_gate(plan, day)
    scheduled = plan.step_on(day)
    return plan.steps[min(scheduled.number, gate.step - 1)] if gate else scheduled


def _mg(amount: Exact) -> str:
    return plain(canonical(shown(amount)))
