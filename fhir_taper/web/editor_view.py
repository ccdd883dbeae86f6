"""The plan editor as words: totals, the step that is open, what may be tried there. Nothing is computed here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from fhir_taper.plans.medicines.dose import Exact, brief, dose_for_people, one_decimal
from fhir_taper.plans.medicines.dose_words import daily
from fhir_taper.plans.tapers.candidates import figures_of
from fhir_taper.plans.tapers.edit_steps import Offered
from fhir_taper.plans.tapers.edits import Edited, in_words
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import StepKind, TaperPlan
from fhir_taper.render.pages import is_patch
from fhir_taper.workflow.chosen_plan import Work, is_accepted


@dataclass(frozen=True, slots=True)
class Notice:
    """Why something was not done, and the ways out."""

    title: str
    says: tuple[str, ...]
    ways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenStep:
    """The step that is open: `doses` and `inserts` are (mg, in words). `lasts` are its days, "" for the last step."""

    number: int
    title: str
    dose: str
    mg: str
    lasts: str
    is_pause: bool
    doses: tuple[tuple[str, str], ...] = ()
    inserts: tuple[tuple[str, str], ...] = ()
    may_pause: bool = False
    may_lengthen: bool = False
    may_delete: bool = False


def totals_of(plan: TaperPlan) -> str:
    """What the whole plan comes to, in one line that is read out when it changes."""
    figures = figures_of(plan)
    open_ones = [one for one in plan.findings if one.severity is not Severity.INFORMATION and not is_accepted(plan, one)]
    stops = sum(one.severity is Severity.STOP for one in open_ones)
    findings = f"{stops} to resolve, {len(open_ones) - stops} to acknowledge" if stops else f"{len(open_ones)} to acknowledge"
    return (
        f"{figures.steps} steps in {figures.weeks} weeks, the last from {figures.end} · first cut {one_decimal(figures.first_cut_pct)} % · "
        f"smallest dose {dose_for_people(figures.smallest_mg)} mg · {brief(figures.tablets)} units · findings: {findings}"
    )


def last_edit(edits: tuple[Edited, ...]) -> str:
    """What the last of some edits does; empty where there is none."""
    return in_words(edits[-1].edit) if edits else ""


def open_step(work: Work, number: int, offered: Offered | None) -> OpenStep | None:
    """The words of a step that is open; None where there is no such step."""
    plan = work.plan
    if plan is None or not 0 <= number < len(plan.steps):
        return None
    step, patch = plan.steps[number], is_patch(plan)
    lasts = "" if step.end is None else str((step.end - step.start).days + 1)
    agent = plan.steps[-1].doses[-1].ingredient
    mg = step.mg_per_day(agent)
    days = f"{lasts} days from {step.start.isoformat()}" if lasts else f"from {step.start.isoformat()} on"
    words = daily(mg, is_patch=patch)
    shown = OpenStep(number, f"Step {number}: {words}, {days}", words, dose_for_people(mg), lasts, step.kind is StepKind.HOLD)
    if offered is None:
        return shown
    return replace(
        shown,
        doses=_choices(offered.doses, is_patch=patch),
        inserts=_choices(offered.inserts, is_patch=patch),
        may_pause=offered.may_pause,
        may_lengthen=offered.may_lengthen,
        may_delete=offered.may_delete,
    )


def _choices(doses: Iterable[Exact], *, is_patch: bool) -> tuple[tuple[str, str], ...]:
    return tuple((dose_for_people(mg), daily(mg, is_patch=is_patch)) for mg in doses)
