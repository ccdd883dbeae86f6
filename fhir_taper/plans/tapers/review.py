"""Passing review gates: no reduction starts before its review is passed, or overridden with a reason (domain I11).

A review speaks of the dose before its step, so it takes place when that dose has begun, and one after the other. A gate that is still open
when its step should start holds the plan by itself: reductions pause and today's dose goes on. It never stops a dose. Which step is really
in force, under gates and holds, is `in_force`. Nothing here knows the clock: the day is an argument.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers.collisions import RUNNING, too_close
from fhir_taper.plans.tapers.gates import gate_of, released_days
from fhir_taper.plans.tapers.new_version import Decision, new_version
from fhir_taper.plans.tapers.plan import GateState, PlanState, TaperPlan
from fhir_taper.plans.tapers.shifting import days_to_shift, shifted_from, why_longer


def pass_gate(plan: TaperPlan, step: int, decision: Decision, rules: LifeRules, others: Iterable[TaperPlan]) -> TaperPlan:
    """The review of a step took place and the reduction may start. Late, it moves that step and all later ones to the day of the review.

    `others` are the patient's other plans. Raises NotAllowed where there is no such open gate, an earlier one is still open, the review
    would speak of a dose that has not begun (`rules.review_early_days` before its first day is the earliest), the reduction that it lets
    go would lie too close to one of `others` (domain I13), or the plan is not running.
    """
    return _close(plan, step, decision, GateState.PASSED, rules, others)


def override_gate(plan: TaperPlan, step: int, decision: Decision, rules: LifeRules, others: Iterable[TaperPlan]) -> TaperPlan:
    """The reduction may start without its review, for a recorded reason. Moves late steps like `pass_gate`. Raises NotAllowed likewise."""
    if not decision.reason.strip():
        raise NotAllowed("a review is overridden only with a reason")
    return _close(plan, step, decision, GateState.OVERRIDDEN, rules, others)


def _close(plan: TaperPlan, step: int, decision: Decision, state: GateState, rules: LifeRules, others: Iterable[TaperPlan]) -> TaperPlan:
    _check_open(plan, step)
    _check_not_early(plan, step, decision, rules)
    asked = 0 if plan.state is PlanState.ON_HOLD else max(0, (decision.on - plan.steps[step].start).days)
    late = days_to_shift(plan, step, asked)
    moved = shifted_from(plan, step, late)
    gates = tuple(
        replace(gate, state=state, by=decision.by, on=decision.on, reason=decision.reason) if gate.step == step else gate
        for gate in moved.gates
    )
    reviewed = replace(moved, gates=gates)
    if plan.state is not PlanState.ON_HOLD:  # on hold nothing starts: resuming looks at the days that are then meant
        refuse_too_close(reviewed, step, rules, others)
    told = f"review of step {step} {state}" + (f"; it and later steps move by {late} days{why_longer(plan, asked, late)}" if late else "")
    return new_version(reviewed, plan, decision, "review", told, days=late)


def refuse_too_close(plan: TaperPlan, first: int, rules: LifeRules, others: Iterable[TaperPlan]) -> None:
    """Raise NotAllowed where a reduction from step `first` on, which no review stops any more, lies too close to one of another plan."""
    reasons = too_close(plan, others, rules, released_days(plan, first))
    if reasons:
        raise NotAllowed(*reasons)


def _check_open(plan: TaperPlan, step: int) -> None:
    gate = gate_of(plan, step)
    if plan.state not in RUNNING:
        raise NotAllowed(f"a plan that is {plan.state} has no reviews to pass")
    if gate is None:
        raise NotAllowed(f"step {step} has no review gate")
    if gate.state is not GateState.OPEN:
        raise NotAllowed(f"the review of step {step} is {gate.state} already")
    earlier = [one.step for one in plan.gates if one.step < step and one.state is GateState.OPEN]
    if earlier:
        raise NotAllowed(f"the review of step {min(earlier)} comes first")


def _check_not_early(plan: TaperPlan, step: int, decision: Decision, rules: LifeRules) -> None:
    begins = plan.steps[step - 1].start
    if begins - decision.on > timedelta(days=rules.review_early_days):
        earliest = begins - timedelta(days=rules.review_early_days)
        raise NotAllowed(
            f"the review of step {step} speaks of the dose of step {step - 1}, which begins on {begins.isoformat()}:"
            f" it takes place on {earliest.isoformat()} or later"
        )
