"""The plan as a document: its words, and plain text to paste into a note. The same rows as every table (`plan_rows`).

Until a plan is active it says "Draft – not approved" on every page. Nothing here computes a dose. For print, see `print_page`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from textwrap import wrap

from fhir_taper.plans.medicines.codes import Form
from fhir_taper.plans.medicines.dose_words import daily
from fhir_taper.plans.tapers.finding import Finding, Severity, ranked
from fhir_taper.plans.tapers.in_force import keep_taking
from fhir_taper.plans.tapers.limits_words import limits_in_words
from fhir_taper.plans.tapers.plan import PlanGoal, PlanState, TaperPlan, Tier
from fhir_taper.plans.tapers.use import IN_WORDS
from fhir_taper.render.amounts import NOTHING, Column, used_products
from fhir_taper.render.contingency_words import ContingencyWords, contingency_words
from fhir_taper.render.cover import MUST_STAY, Cover
from fhir_taper.render.plan_rows import PlanRow, columns_of, equivalent_heading, equivalent_tables, followed_on, rows_of
from fhir_taper.render.printable import printable
from fhir_taper.render.record_words import record_words
from fhir_taper.render.words import parameters_in_words

PAUSE_RULE = "Pausing means: pause reductions and keep taking today's dose. It never means stopping."
NEVER_STOP = "Do not stop suddenly and do not skip ahead: stopping at once can be dangerous."
ASK_FOR_A_PAUSE = "If a step is too hard, ask for a pause. You can stay at a dose for longer."
_LEGEND = "At each time of day: number of tablets (or other units) × strength of one; of a liquid the mL, and in brackets their mg."
EDITED = "protocol-edited"
"""Code of the finding that a protocol's parameters are not as published."""

_WIDTH = 100
_HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Everything that a page of a plan says, in words. `state` is what the head of every page says of it."""

    title: str
    patient: str
    state: str
    banner: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    equivalent: str
    legend: str
    rows: tuple[PlanRow, ...]
    findings: tuple[Finding, ...]
    advice: tuple[str, ...]
    contacts: tuple[str, ...]
    contingency: ContingencyWords
    record: tuple[tuple[str, str], ...]
    footer: str


def page_of(plan: TaperPlan, cover: Cover) -> PlanPage:
    """The words of a plan's page."""
    told = (f"fhir-taper {plan.program_version}", f"plan {plan.id}", f"version {plan.version}", cover.when)
    return PlanPage(
        title=title_of(plan),
        patient=str(cover.patient),
        state=state_of(plan, cover),
        banner=banner_of(plan, cover),
        facts=facts_of(plan, cover),
        columns=columns_of(plan),
        equivalent=equivalent_heading(plan.equivalents),
        legend=legend_of(plan),
        rows=rows_of(plan, cover.followed),
        findings=ranked(plan.findings),
        advice=(NEVER_STOP, PAUSE_RULE, ASK_FOR_A_PAUSE),
        contacts=plan.contingency.emergency_contacts,
        contingency=contingency_words(plan),
        record=record_words(plan),
        footer=" · ".join(part for part in told if part),
    )


def legend_of(plan: TaperPlan) -> str:
    """How the columns of the steps are to be read: amounts at a time of day, and patches, which are not put on anew every day."""
    patches = {product.wear_h or 0 for product in used_products(plan) if product.form is Form.PATCH}
    at_times = _LEGEND if any(column.slot is not None for column in columns_of(plan)) or not patches else ""
    return " ".join(part for part in (at_times, _legend_of_patches(patches)) if part)


def _legend_of_patches(hours: set[int]) -> str:
    if not hours:
        return ""
    worn = "Worn: number of patches × strength of one, all on the skin at the same time, day and night."
    often = " or ".join(f"every {one} hours{_in_days(one)}" for one in sorted(hours) if one)
    return f"{worn} A patch stays on and is changed {often}, as its row says, not every day." if often else worn


def _in_days(hours: int) -> str:
    days, rest = divmod(hours, _HOURS_PER_DAY)
    return f" ({days} days)" if days > 1 and not rest else ""


def state_of(plan: TaperPlan, cover: Cover) -> str:
    """The state of the plan in a few words, on the day of the cover what to go on taking; empty once it is active and nothing holds it."""
    if cover.replaced_by:
        return f"Replaced by version {cover.replaced_by}: not to be followed"
    now = followed_on(plan, cover.followed)
    if now is not None and now.is_held and cover.day is not None:
        why = "On hold" if plan.state is PlanState.ON_HOLD else "Review overdue"
        return f"{why}: {keep_taking(plan, cover.day)}"
    if plan.state is PlanState.DRAFT:
        return "Draft – not approved"
    if plan.state is PlanState.ON_HOLD:
        return "On hold: pause reductions, keep taking today's dose"
    return "" if plan.state is PlanState.ACTIVE else plan.state.value.replace("-", " ").capitalize()


def banner_of(plan: TaperPlan, cover: Cover) -> str:
    """The state of the plan, and of a draft how much stands in the way of its approval; empty once it is active."""
    stops = sum(finding.severity is Severity.STOP for finding in plan.findings)
    if plan.state is not PlanState.DRAFT or not stops:
        return state_of(plan, cover)
    return f"{state_of(plan, cover)} – {stops} finding{'s' if stops > 1 else ''} must be resolved before it can be approved"


def title_of(plan: TaperPlan) -> str:
    """What is tapered, from where, to where."""
    start = daily(plan.baseline.mg, is_patch=is_patch(plan))
    if plan.goal is PlanGoal.DISCONTINUE:
        return f"{plan.drug}: taper from {start} to stop"
    goal = "" if plan.goal is PlanGoal.TARGET else f" ({plan.goal.value})"
    return f"{plan.drug}: taper from {start} to {daily(plan.target_mg, is_patch=is_patch(plan))}{goal}"


def is_patch(plan: TaperPlan) -> bool:
    """Whether the medicine that the plan starts from is worn as patches."""
    return any(product.form is Form.PATCH for product in plan.products if product.ingredient == plan.ingredient)


def facts_of(plan: TaperPlan, cover: Cover) -> tuple[tuple[str, str], ...]:
    """Label and value of what was decided, in reading order; what is empty is left out."""
    confirmed = f", confirmed by {plan.baseline.confirmed_by}" if plan.baseline.confirmed_by else ""
    start, last = plan.steps[0].start, plan.steps[-1].start
    length = f"{(last - start).days} days, {len(plan.steps) - 1} changes"
    facts = (
        ("Patient", str(cover.patient)),
        ("In force", _in_force(plan, cover)),
        ("Way", way_of(plan, cover)),
        ("Baseline", f"{daily(plan.baseline.mg, is_patch=is_patch(plan))}{confirmed}"),
        ("From – to", f"{start.isoformat()} – {last.isoformat()} ({length})"),
        ("Equivalent", equivalent_tables(plan.equivalents) if plan.equivalents else ""),
        ("Products", "; ".join(product.name for product in used_products(plan))),
        ("Limits", limits_in_words(plan.limits)),
        ("Use so far", IN_WORDS.get(plan.use, plan.use)),
        ("Risk tier", tier_in_words(plan)),
        ("Reason", plan.reason),
        ("Author", plan.author),
        *(cover.intake or ((MUST_STAY, plan.minimum_function),)),
    )
    return tuple((label, value) for label, value in facts if value)


def _in_force(plan: TaperPlan, cover: Cover) -> str:
    """The step in force on the day of the cover, its dose, and why it is not the one of the dates; empty where the plan is not followed."""
    now = followed_on(plan, cover.followed)
    if now is None or cover.day is None:
        return ""
    row = rows_of(plan)[now.step.number]
    held = f"; {now.why}: {keep_taking(plan, cover.day)} until a clinician decides" if now.is_held else ""
    return f"on {cover.day.isoformat()}: step {row.number}, {row} a day{held}"


def way_of(plan: TaperPlan, cover: Cover) -> str:
    """The protocol by its title and the name by which it is asked for, or the strategy; with the parameters that are not the protocol's."""
    params = parameters_in_words(plan.params)
    if plan.protocol is None:
        return f"{plan.strategy}: {params}" if params else plan.strategy
    named = f"{cover.protocol} (protocol {plan.protocol})" if cover.protocol else f"protocol {plan.protocol}"
    is_edited = any(finding.code == EDITED for finding in plan.findings)
    return f"{named}, edited: {params}" if is_edited else named


def tier_in_words(plan: TaperPlan) -> str:
    """The tier with the factors that raise it; empty where it was not judged."""
    if plan.tier is None:
        return ""
    raised = [factor.says for factor in plan.tier_factors if factor.tier is not Tier.LOW]
    return f"{plan.tier.value}: {'; '.join(raised) or 'no factor found'}"


def page_text(plan: TaperPlan, cover: Cover) -> str:
    """Plain text, at most about 100 columns: for a note, a letter, a terminal without colour."""
    page = page_of(plan, cover)
    label_width = max(len(label) for label, _ in page.facts) + 2
    lines = [page.title, "=" * len(page.title), ""]
    if page.banner:
        lines += [page.banner.upper(), ""]
    for label, value in page.facts:
        lines += _hanging(f"{label + ':':<{label_width}}{value}", label_width)
    lines += ["", "Steps", "-----", *step_lines(plan, day=cover.followed), *_legend_lines(plan), "", *page.advice]
    lines += [f"Contact: {contact}" for contact in page.contacts]
    lines += _contingency_lines(page.contingency)
    if page.record:
        lines += ["", "Decided", "-------"]
        lines += [line for label, words in page.record for line in _hanging(f"{label}: {words}", 4)]
    if page.findings:
        lines += ["", "Findings", "--------"]
        lines += [line for finding in page.findings for line in _finding_lines(finding)]
    return "".join(f"{printable(line)}\n" for line in [*lines, "", page.footer])


def step_lines(plan: TaperPlan, width: int = _WIDTH, day: date | None = None) -> list[str]:
    """The steps in words, for where there is no room for a table."""
    columns = columns_of(plan)
    return [line for row in rows_of(plan, day) for line in _step_lines(columns, row, width)]


def _step_lines(columns: Iterable[Column], row: PlanRow, width: int) -> list[str]:
    until = f"{row.start} to {row.end}" if row.end else f"from {row.start}"
    taken = [f"{column.heading} {cell}" for column, cell in zip(columns, row.slots, strict=True) if str(cell) != NOTHING]
    change = f" ({row.change} mg, {row.of_previous})" if row.change else ""
    note = f" [{row.note}]" if row.note else ""
    head = f"{row.number:>3}. {until}: {row} a day{change}{note}"
    return [*_hanging(head, 5, width), *(line for one in taken or ["nothing"] for line in _hanging(f"     {one}", 7, width))]


def _legend_lines(plan: TaperPlan) -> list[str]:
    """What a reader of steps in words must know, too: how patches are worn. Amounts at a time of day explain themselves there."""
    is_worn = any(column.slot is None for column in columns_of(plan))
    return ["", *_hanging(legend_of(plan), 0)] if is_worn else []


def _contingency_lines(said: ContingencyWords) -> list[str]:
    lines: list[str] = []
    if said.own:
        lines += ["", f"In the words of {said.by}" if said.by else "In a clinician's words"]
        lines += [line for label, words in said.own for line in _hanging(f"{label}: {words}", 4)]
    for heading, rows in said.groups:
        lines += ["", heading, "-" * len(heading)]
        for one in rows:
            lines += [*_hanging(f"{one.when}: {one.what}", 4), *_hanging(f"    Source: {one.source}", 8)]
    return lines


def _finding_lines(finding: Finding) -> list[str]:
    parts = [f"    To clear: {finding.clears}"] if finding.clears else []
    return [
        *_hanging(f"{finding.severity.value}: {finding.message}", 4),
        *(line for part in (*parts, f"    Source: {finding.source}") for line in _hanging(part, 8)),
    ]


def _hanging(text: str, indent: int, width: int = _WIDTH) -> list[str]:
    """One paragraph, wrapped between words under its first one."""
    start = len(text) - len(text.lstrip())
    broken = wrap(text.lstrip(), width - indent, break_long_words=False, break_on_hyphens=False)
    first, *rest = broken or [""]
    return [" " * start + first, *(" " * indent + line for line in rest)]
