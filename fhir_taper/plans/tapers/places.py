"""What in a plan points at a step of the plan: steps by number, review gates, milestones. A plan from outside may point at nothing.

`in_force`, `review` and `revision` look steps up by these numbers, so a reader checks them before anything is done with the plan.
"""

from fhir_taper.plans.tapers.plan import TaperPlan


def misplaced(plan: TaperPlan) -> tuple[str, str] | None:
    """The first thing that points at no step, as (path in the plan, sentence); None where everything has its place."""
    if not plan.steps:
        return "steps", "a plan has steps"
    for index, step in enumerate(plan.steps):
        if step.number != index:
            return f"steps[{index}].number", f"step {index} is numbered {step.number}"
    last = len(plan.steps) - 1
    for index, gate in enumerate(plan.gates):
        if not 1 <= gate.step <= last:
            return f"gates[{index}].step", f"a review before step {gate.step}, and the steps that have one before them are 1 to {last}"
        if any(other.step == gate.step for other in plan.gates[:index]):
            return f"gates[{index}].step", f"a second review before step {gate.step}"
    for index, milestone in enumerate(plan.milestones):
        if not 0 <= milestone.step <= last:
            return f"milestones[{index}].step", f"a milestone of step {milestone.step}, and the last step is {last}"
    return None
