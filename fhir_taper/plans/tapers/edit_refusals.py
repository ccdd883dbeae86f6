"""Why an edited plan is not made: which step breaks what, and what the limits would allow in its place.

The judge says that a plan is broken and where; the words for the person, the lowest dose that day and the day from which the dose would be
allowed are asked of the same limits that the engine walks by (`pace`).
"""

from collections.abc import Sequence
from datetime import timedelta

from fhir_taper.plans.medicines.dose import shown
from fhir_taper.plans.tapers.edit_desk import Desk
from fhir_taper.plans.tapers.edit_rows import rows_of
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.judgement import Violation
from fhir_taper.plans.tapers.limits_words import limit_in_words, limits_in_words
from fhir_taper.plans.tapers.pace import Pace
from fhir_taper.plans.tapers.plan import TaperPlan

_PACE = frozenset({"limit", "unit-rule"})
_SAYS = {
    "duration": "the taper would be longer than the {max_days} days that its limits allow",
    "step-length": "step {step} would be too short, or no whole number of wear times",
    "slot-rises": "in step {step} one time of day would take more than before",
    "dose-rises": "in step {step} the dose would rise: a taper never raises a dose",
}


def refusal_of(plan: TaperPlan, desk: Desk, broken: Sequence[Violation]) -> Infeasible:
    """The no to an edited plan that breaks its rules, for the first step that does."""
    first = min(broken, key=lambda one: one.step)
    at = plan.steps[first.step]
    if first.rule in _PACE:
        return _too_fast(plan, desk, first)
    says = _SAYS.get(first.rule, "step {step}: " + first.says)
    return Infeasible(f"edit-{first.rule}", says.format(step=first.step, max_days=plan.limits.max_days), shown(at.mg_per_day(desk.agent)))


def _too_fast(plan: TaperPlan, desk: Desk, one: Violation) -> Infeasible:
    before, now = (plan.steps[number].mg_per_day(desk.agent) for number in (one.step - 1, one.step))
    step = f"Step {one.step}, from {desk.words(before)} to {desk.words(now)} on {plan.steps[one.step].start.isoformat()}"
    at_mg = shown(now)
    if desk.crossing or desk.has_own_doses or desk.request.past is not None:
        return Infeasible("edit-too-fast", f"{step}, is faster than the limits allow ({limits_in_words(plan.limits)}).", at_mg)
    history = desk.history(rows_of(plan, desk.agent)[: one.step])
    pace = Pace(plan.limits, history.doses[0], desk.maker.measure.per_mg)
    day = (plan.steps[one.step].start - plan.steps[0].start).days
    amount = desk.maker.measure.of(now) or 0
    says = [f"{step}, is {limit_in_words(pace.refuses(amount, day, history))} ({limits_in_words(plan.limits)})."]
    lowest = desk.maker.doses.at_least(pace.lowest(day, history))
    if lowest is not None and lowest < history.doses[-1]:
        says.append(f"The lowest dose that exists within them on that day is {desk.words(desk.mg(lowest))}.")
    else:
        says.append("No lower dose that exists is within them on that day.")
    later = next((more for more in range(1, 2 * pace.window + 1) if pace.lowest(day + more, history) <= amount), None)
    if later is not None:
        until = (plan.steps[one.step].start + timedelta(days=later)).isoformat()
        says.append(f"From {until} on it is within them: make step {one.step - 1} {desk.allowed_days(later)} days longer.")
    ways = (WayOut.LONGER_INTERVAL,) if later is not None else ()
    return Infeasible("edit-too-fast", " ".join(says), at_mg, None if lowest is None else desk.mg(lowest), ways)
