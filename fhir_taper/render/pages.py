"""The plan as a document: its words, and plain text to paste into a note. The same rows as every table (`plan_rows`).

Until a plan is active it says "Draft – not approved" on every page. Nothing here computes a dose. For print, see `print_page`.
"""

from dataclasses import dataclass

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.tapers.finding import Finding, Severity, ranked
from fhir_taper.plans.tapers.plan import PlanGoal, PlanState, TaperPlan, Tier
from fhir_taper.render.plan_rows import PlanRow, equivalent_heading, equivalent_tables, rows_of, used_slots
from fhir_taper.render.printable import printable

PAUSE_RULE = "Pausing means: pause reductions and keep taking today's dose. It never means stopping."
NEVER_STOP = "Do not stop suddenly and do not skip ahead: stopping at once can be dangerous."
ASK_FOR_A_PAUSE = "If a step is too hard, ask for a pause. You can stay at a dose for longer."

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Everything that a page of a plan says, in words."""

    title: str
    banner: str
    facts: tuple[tuple[str, str], ...]
    slots: tuple[Slot, ...]
    equivalent: str
    rows: tuple[PlanRow, ...]
    findings: tuple[Finding, ...]
    advice: tuple[str, ...]
    contacts: tuple[str, ...]
    footer: str


def page_of(plan: TaperPlan) -> PlanPage:
    """The words of a plan's page."""
    return PlanPage(
        title=f"{plan.drug}: {goal_in_words(plan)}",
        banner=banner_of(plan),
        facts=facts_of(plan),
        slots=used_slots(plan),
        equivalent=equivalent_heading(plan.equivalents),
        rows=rows_of(plan),
        findings=ranked(plan.findings),
        advice=(NEVER_STOP, PAUSE_RULE, ASK_FOR_A_PAUSE),
        contacts=plan.contingency.emergency_contacts,
        footer=f"fhir-taper {plan.program_version} · plan {plan.id} · version {plan.version} · made {plan.created.isoformat()}",
    )


def banner_of(plan: TaperPlan) -> str:
    """What state the page is in; empty once the plan is active."""
    if plan.state is PlanState.DRAFT:
        stops = sum(finding.severity is Severity.STOP for finding in plan.findings)
        blocked = f" – {stops} finding{'s' if stops > 1 else ''} must be resolved before it can be approved" if stops else ""
        return f"Draft – not approved{blocked}"
    if plan.state is PlanState.ON_HOLD:
        return "On hold: pause reductions, keep taking today's dose"
    return "" if plan.state is PlanState.ACTIVE else plan.state.value.capitalize()


def goal_in_words(plan: TaperPlan) -> str:
    """Where the plan begins and where it ends, in mg a day."""
    if plan.goal is PlanGoal.DISCONTINUE:
        return f"taper from {plain(plan.baseline.mg)} mg a day to stop"
    return f"taper from {plain(plan.baseline.mg)} to {plain(plan.target_mg)} mg a day ({plan.goal.value})"


def facts_of(plan: TaperPlan) -> tuple[tuple[str, str], ...]:
    """Label and value of what was decided, in reading order; what is empty is left out."""
    parameters = ", ".join(f"{name} {value}" for name, value in plan.params)
    confirmed = f", confirmed by {plan.baseline.confirmed_by}" if plan.baseline.confirmed_by else ""
    start, last = plan.steps[0].start, plan.steps[-1].start
    length = f"{(last - start).days} days, {len(plan.steps) - 1} changes"
    by_protocol = f" by protocol {plan.protocol}" if plan.protocol else ""
    facts = (
        ("Patient", plan.patient),
        ("Way", f"{plan.strategy}{by_protocol}{f' ({parameters})' if parameters else ''}"),
        ("Baseline", f"{plain(plan.baseline.mg)} mg a day{confirmed}"),
        ("From – to", f"{start.isoformat()} – {last.isoformat()} ({length})"),
        ("Equivalent", equivalent_tables(plan.equivalents) if plan.equivalents else ""),
        ("Products", "; ".join(product.name for product in plan.products)),
        ("Limits", f"{plan.limits.row}; duration of use {plan.use}"),
        ("Risk tier", tier_in_words(plan)),
        ("Reason", plan.reason),
        ("Author", plan.author),
    )
    return tuple((label, value) for label, value in facts if value)


def tier_in_words(plan: TaperPlan) -> str:
    """The tier with the factors that raise it; empty where it was not judged."""
    if plan.tier is None:
        return ""
    raised = [factor.says for factor in plan.tier_factors if factor.tier is not Tier.LOW]
    return f"{plan.tier.value}: {'; '.join(raised) or 'no factor found'}"


def page_text(plan: TaperPlan) -> str:
    """Plain text, at most about 100 columns: for a note, a letter, a terminal without colour."""
    page = page_of(plan)
    label_width = max(len(label) for label, _ in page.facts) + 2
    lines = [page.title, "=" * len(page.title), ""]
    if page.banner:
        lines += [page.banner.upper(), ""]
    lines += [f"{label + ':':<{label_width}}{value}" for label, value in page.facts]
    lines += ["", "Steps", "-----"]
    lines += step_lines(plan)
    lines += ["", *page.advice]
    lines += [f"Contact: {contact}" for contact in page.contacts]
    if page.findings:
        lines += ["", "Findings", "--------"]
        lines += [line for finding in page.findings for line in _finding_lines(finding)]
    return "".join(f"{printable(line)}\n" for line in [*lines, "", page.footer])


def step_lines(plan: TaperPlan) -> list[str]:
    """The steps in words, two lines each, for where there is no room for a table."""
    slots = used_slots(plan)
    return [line for row in rows_of(plan) for line in _step_lines(slots, row)]


def _step_lines(slots: tuple[Slot, ...], row: PlanRow) -> list[str]:
    until = f"{row.start} to {row.end}" if row.end else f"from {row.start}"
    taken = ", ".join(f"{slot.value} {cell}" for slot, cell in zip(slots, row.slots, strict=True) if cell != "–") or "nothing"
    change = f" ({row.change} mg, {row.of_previous})" if row.change else ""
    note = f" [{row.note}]" if row.note else ""
    return [f"{row.number:>3}. {until}: {row.dose} mg a day{change}{note}", f"     {taken}"]


def _finding_lines(finding: Finding) -> list[str]:
    cleared = [f"    To clear: {finding.clears}"] if finding.clears else []
    return [f"{finding.severity.value}: {finding.message}", *cleared, f"    Source: {finding.source}"]
