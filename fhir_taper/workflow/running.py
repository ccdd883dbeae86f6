"""Tapers that run in a chart, plans of ours or written in orders by others: whoever looks at what is taken must see that it is about to
change, and what is taken under them."""

from collections.abc import Iterable
from datetime import date

from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.taper_forms import TaperForm, TaperFormStep
from fhir_taper.mappers.write.wording import dose_words
from fhir_taper.plans.medicines.dose_words import daily
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tapers.in_force import in_force
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan

RUNNING = frozenset({PlanState.ACTIVE, PlanState.ON_HOLD})
"""States in which a patient follows a plan."""


def running_tapers(plans: Iterable[Mapped[TaperPlan]], day: date) -> tuple[Issue, ...]:
    """One line for each plan that is followed: its step, the dose and since when, or when it begins."""
    return tuple(_issue(mapped.value, day, mapped.sources) for mapped in plans if mapped.value.state in RUNNING and mapped.value.steps)


def ordered_tapers(forms: Iterable[TaperForm], plans: Iterable[Mapped[TaperPlan]], day: date) -> tuple[TaperForm, ...]:
    """Tapers that orders alone hold and that have still to go down; the orders of a running plan of ours are no second taper."""
    ours = {mapped.value.ingredient for mapped in plans if mapped.value.state in RUNNING}
    return tuple(form for form in forms if form.ingredient not in ours and form.goes_on_after(day))


def ordered_issues(forms: Iterable[TaperForm]) -> tuple[Issue, ...]:
    """One line for each taper that orders hold: its steps with their days."""
    return tuple(
        Issue("warning", "taper-ordered", f"a taper of {form.ingredient} is written in the orders: {in_words(form)}", form.sources[0])
        for form in forms
    )


def in_words(form: TaperForm) -> str:
    """The steps that orders hold: `8 mg a day from 2025-12-19 to 2026-01-01, 6 mg a day from 2026-01-02 on`."""
    return ", ".join(_step(step, is_patch=form.is_patch) for step in form.steps)


def _step(step: TaperFormStep, *, is_patch: bool) -> str:
    since = f" from {step.start.isoformat()}" if step.start else ""
    until = f" to {step.end.isoformat()}" if step.end else " on"
    if step.max_mg is None:
        return f"a dose that could not be computed{since}{until}"
    most = "" if step.scheduled_mg == step.max_mg else "up to "
    return f"{most}{daily(step.max_mg, is_patch=is_patch)}{since}{until}"


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
