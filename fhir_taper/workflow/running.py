"""Tapers of ours that run in a chart: whoever looks at what is taken must see that it is about to change, and what is taken under them."""

from collections.abc import Iterable
from datetime import date

from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.write.wording import dose_words
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tapers.in_force import in_force
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan

RUNNING = frozenset({PlanState.ACTIVE, PlanState.ON_HOLD})
"""States in which a patient follows a plan."""


def running_tapers(plans: Iterable[Mapped[TaperPlan]], day: date) -> tuple[Issue, ...]:
    """One line for each plan that is followed: its step, the dose and since when, or when it begins."""
    return tuple(_issue(mapped.value, day, mapped.sources) for mapped in plans if mapped.value.state in RUNNING and mapped.value.steps)


def _issue(plan: TaperPlan, day: date, sources: Iterable[str]) -> Issue:
    says = f"a taper of {plan.ingredient} is {plan.state}: {_today(plan, day)} (plan {plan.id})"
    return Issue("warning", "taper-running", says, next(iter(sources), ""))


def _today(plan: TaperPlan, day: date) -> str:
    first = plan.steps[0]
    if day < first.start:
        return f"it begins on {first.start.isoformat()} with {dose_words(plan, first)}"
    now = in_force(plan, day)
    why = f"; {now.why}" if now.why else ""
    return f"step {now.step.number}, {dose_words(plan, now.step)} since {now.step.start.isoformat()}{why}"
