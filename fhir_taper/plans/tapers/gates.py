"""Review gates of a plan: which reductions have one, and which one is open or overdue (domain I11). Passing them is `review`'s.

Nothing here knows the clock: the day is an argument.
"""

from datetime import date

from fhir_taper.plans.tapers.plan import GateState, ReviewGate, TaperPlan
from fhir_taper.plans.tapers.reductions import reduction_numbers


def gates_for(plan: TaperPlan) -> tuple[ReviewGate, ...]:
    """A gate before each reduction, each stage of a cross-over among them, due on the day on which it starts. Gates that exist are kept."""
    existing = {gate.step: gate for gate in plan.gates}
    gated = sorted({*reduction_numbers(plan), *existing})
    return tuple(existing.get(number) or ReviewGate(number, plan.steps[number].start) for number in gated)


def gate_of(plan: TaperPlan, step: int) -> ReviewGate | None:
    """The gate of a step, or None where its reduction needs no review."""
    return next((gate for gate in plan.gates if gate.step == step), None)


def is_waiting(plan: TaperPlan, step: int) -> bool:
    """True where the review of this very step is open."""
    gate = gate_of(plan, step)
    return gate is not None and gate.state is GateState.OPEN


def overdue_gate(plan: TaperPlan, day: date) -> ReviewGate | None:
    """The first gate that is open although its step should have started by this day: it holds the plan."""
    waiting = [gate for gate in plan.gates if gate.state is GateState.OPEN and plan.steps[gate.step].start <= day]
    return min(waiting, key=lambda gate: gate.step, default=None)


def released_days(plan: TaperPlan, first: int) -> tuple[date, ...]:
    """First days of the reductions from step `first` on that no open review stops any more."""
    stopped = min((gate.step for gate in plan.gates if gate.state is GateState.OPEN and gate.step >= first), default=len(plan.steps))
    return tuple(plan.steps[number].start for number in reduction_numbers(plan) if first <= number < stopped)
