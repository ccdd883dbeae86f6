"""Review gates: no reduction starts before its review is passed, or overridden with a reason (domain I11).

A gate that is still open when its step should start holds the plan by itself: reductions pause and today's dose goes on. It never stops a
dose. Which step is really in force, under gates and holds, is `in_force`. Nothing here knows the clock: the day is an argument.
"""

from dataclasses import replace
from datetime import date

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.tapers.new_version import Decision, new_version
from fhir_taper.plans.tapers.plan import GateState, PlanState, ReviewGate, StepKind, TaperPlan
from fhir_taper.plans.tapers.reductions import reduction_numbers
from fhir_taper.plans.tapers.shifting import shifted_from

_MAY_BE_REVIEWED = frozenset({PlanState.DRAFT, PlanState.ACTIVE, PlanState.ON_HOLD})


def gates_for(plan: TaperPlan, every: int = 1) -> tuple[ReviewGate, ...]:
    """A gate before each reduction, or before every n-th one, due on the day on which the reduction starts. Gates that exist are kept.

    A cross-over is reviewed once, before its first stage: its stages follow each other within days and are one prescription.
    """
    existing = {gate.step: gate for gate in plan.gates}
    gated = [number for number in reduction_numbers(plan) if not _is_later_stage(plan, number)][::every]
    return tuple(existing.get(number) or ReviewGate(number, plan.steps[number].start) for number in sorted({*gated, *existing}))


def _is_later_stage(plan: TaperPlan, number: int) -> bool:
    return plan.steps[number].kind is StepKind.SUBSTITUTION and plan.steps[number - 1].kind is StepKind.SUBSTITUTION


def with_gates(plan: TaperPlan, every: int = 1) -> TaperPlan:
    """The plan with its gates: what `propose` hands on before anybody has approved it."""
    return replace(plan, gates=gates_for(plan, every))


def gate_of(plan: TaperPlan, step: int) -> ReviewGate | None:
    """The gate of a step, or None where its reduction needs no review."""
    return next((gate for gate in plan.gates if gate.step == step), None)


def overdue_gate(plan: TaperPlan, day: date) -> ReviewGate | None:
    """The first gate that is open although its step should have started by this day: it holds the plan."""
    waiting = [gate for gate in plan.gates if gate.state is GateState.OPEN and plan.steps[gate.step].start <= day]
    return min(waiting, key=lambda gate: gate.step, default=None)


def pass_gate(plan: TaperPlan, step: int, decision: Decision) -> TaperPlan:
    """The review of a step took place and the reduction may start. Late, it moves that step and all later ones to the day of the review.

    Raises NotAllowed where there is no such open gate, an earlier one is still open, or the plan has ended.
    """
    return _close(plan, step, decision, GateState.PASSED, "review of step {step} passed")


def override_gate(plan: TaperPlan, step: int, decision: Decision) -> TaperPlan:
    """The reduction may start without its review, for a recorded reason. Moves late steps like `pass_gate`. Raises NotAllowed likewise."""
    if not decision.reason.strip():
        raise NotAllowed("a review is overridden only with a reason")
    return _close(plan, step, decision, GateState.OVERRIDDEN, "review of step {step} overridden")


def _close(plan: TaperPlan, step: int, decision: Decision, state: GateState, says: str) -> TaperPlan:
    _check_open(plan, step)
    late = 0 if plan.state is PlanState.ON_HOLD else max(0, (decision.on - plan.steps[step].start).days)
    moved = shifted_from(plan, step, late)
    gates = tuple(
        replace(gate, state=state, by=decision.by, on=decision.on, reason=decision.reason) if gate.step == step else gate
        for gate in moved.gates
    )
    told = says.format(step=step) + (f"; it and later steps move by {late} days" if late else "")
    return new_version(replace(moved, gates=gates), plan, decision, "review", told, days=late)


def _check_open(plan: TaperPlan, step: int) -> None:
    gate = gate_of(plan, step)
    if plan.state not in _MAY_BE_REVIEWED:
        raise NotAllowed(f"a plan that is {plan.state} has no reviews")
    if gate is None:
        raise NotAllowed(f"step {step} has no review gate")
    if gate.state is not GateState.OPEN:
        raise NotAllowed(f"the review of step {step} is {gate.state} already")
    earlier = [one.step for one in plan.gates if one.step < step and one.state is GateState.OPEN]
    if earlier:
        raise NotAllowed(f"the review of step {min(earlier)} comes first")
