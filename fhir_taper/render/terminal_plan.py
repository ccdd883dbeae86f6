"""The plan in a terminal: what was decided, the steps as a table that a pharmacist would like to read, the findings with their sources."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.tapers.candidates import Candidate, Candidates, figures_of
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.pages import banner_of, facts_of, goal_in_words, step_lines
from fhir_taper.render.plan_rows import equivalent_heading, medicines_of, rows_of, used_slots
from fhir_taper.render.printable import printable
from fhir_taper.render.series import series_of
from fhir_taper.render.terminal import (
    MARKS,
    QUIET,
    STRONG,
    WARNING,
    draw,
    indented,
    print_facts,
    print_findings,
    print_table,
    said,
    table_of,
    width_of,
)
from fhir_taper.render.terminal_chart import terminal_chart

_CHARTED = 5
"""More lines than this on one chart cannot be told apart."""


def plan_text(plan: TaperPlan) -> str:
    """The plan's table view."""

    def paint(console: Console) -> None:
        console.print(said(f"{plan.drug}: {goal_in_words(plan)}", style=STRONG))
        if banner_of(plan):
            console.print(said(banner_of(plan), style=WARNING))
        print_facts(console, facts_of(plan))
        _print_steps(console, plan)
        print_findings(console, plan.findings)

    return draw(paint)


def infeasible_text(no: Infeasible) -> str:
    """Why there is no plan, and what could be done instead."""

    def paint(console: Console) -> None:
        console.print(said("No plan", style=WARNING))
        print_findings(console, no.findings)  # the chart's Stops first: no way out leads round them
        _why_not(console, no)

    return draw(paint)


def candidates_text(found: Candidates) -> str:
    """Candidates side by side: a chart, a table, and under it why some cannot be made."""

    def paint(console: Console) -> None:
        if found.refused is not None:
            console.print(said(f"No candidate for {found.drug}", style=WARNING))
            print_findings(console, found.refused.findings)
            _why_not(console, found.refused)
            return
        console.print(
            said(f"{found.drug} from {plain(found.baseline_mg)} mg a day: ways to taper" if found.baseline_mg else found.drug, style=STRONG)
        )
        if found.stops:
            print_findings(console, found.stops)
        feasible = [(one, one.outcome) for one in found.candidates if isinstance(one.outcome, TaperPlan)]
        if feasible:
            console.print(Text(terminal_chart([series_of(plan, one.label) for one, plan in feasible[:_CHARTED]])))
            _print_not_drawn(console, feasible)
            print_table(console, _comparison(feasible))
            indented(console, ", ".join(f"{mark} {severity.value}" for severity, mark in MARKS.items()), by=1, style=QUIET)
        for labels, no in _by_reason(found.candidates):
            console.print(Text.assemble(("✗ ", WARNING), printable("; ".join(labels))))
            _why_not(console, no)

    return draw(paint)


def _by_reason(candidates: tuple[Candidate, ...]) -> list[tuple[list[str], Infeasible]]:
    """What cannot be made, with those that fail at the same dose for the same reason told together."""
    grouped: dict[tuple[object, ...], tuple[list[str], Infeasible]] = {}
    for one in candidates:
        if isinstance(one.outcome, Infeasible):
            no = one.outcome
            alike = (no.reason, no.at_mg, no.next_mg, no.ways_out) if no.at_mg is not None else (no.reason, no.message)
            grouped.setdefault(alike, ([], no))[0].append(one.label)
    return list(grouped.values())


def _print_steps(console: Console, plan: TaperPlan) -> None:
    """The steps as a table, or in words where the table is wider than the console."""
    table = _steps(plan)
    if width_of(console, table) > console.width:
        for line in ("", *step_lines(plan), ""):
            console.print(said(line))
        return
    print_table(console, table)
    indented(console, "morning, noon, evening, night: number of units × strength in mg", by=1, style=QUIET)


def _print_not_drawn(console: Console, feasible: list[tuple[Candidate, TaperPlan]]) -> None:
    """What stands in the table and not on the chart."""
    if feasible[_CHARTED:]:
        indented(console, f"Not drawn: {', '.join(one.label for one, _ in feasible[_CHARTED:])}", by=4, style=QUIET)


def _steps(plan: TaperPlan) -> Table:
    """The steps. A cell is tablets × strength in mg; two strengths of one time of day stand under each other, as they lie in the box."""
    equivalent = [heading.replace(" ", "\n") for heading in (equivalent_heading(plan.equivalents),) if heading]
    slots = [slot.value for slot in used_slots(plan)]
    days = [] if len(medicines_of(plan)) > 1 else ["days"]  # names of medicines need the room, and the dates say it too
    numbers = ("#", *days, "mg/day", *equivalent, "change", "%")
    headings = ("#", "from", "to", *days, *slots, "mg/day", *equivalent, "change", "%", "note")
    table = table_of(*headings, numbers=numbers, fixed=("from", "to", *slots))
    for row in rows_of(plan):
        before = [said(cell) for cell in (row.number, row.start, row.end or "…", *([row.days] if days else []))]
        amounts = [*([row.equivalent] if equivalent else []), row.change, row.of_previous.removesuffix(" %"), row.note]
        table.add_row(*before, *(_stacked(cell) for cell in (*row.slots, row.dose)), *(said(cell) for cell in amounts))
    return table


def _stacked(cell: str) -> Text:
    """Amounts under each other, mg left out; names of medicines once, above their amounts, to keep the table narrow."""
    lines: list[str] = []
    for part in cell.split(" + "):
        amount, _, name = part.partition(" mg ")
        if not name and part[:1].isalpha():  # a dose of the day: "diazepam 20"
            name, _, amount = part.rpartition(" ")
        if name and name not in lines:
            lines.append(name)
        lines.append(amount.removesuffix(" mg"))
    return Text("\n").join(said(line) for line in lines)


def _comparison(feasible: list[tuple[Candidate, TaperPlan]]) -> Table:
    numbers = ("first\ncut", "steps", "weeks", "smallest\nmg", "units")
    table = table_of("way", "first\ncut", "steps", "weeks", "end", "smallest\nmg", "units", "findings", numbers=numbers, fixed=("end",))
    for one, plan in feasible:
        figures = figures_of(plan)
        numbers_of = (
            f"{plain(figures.first_cut_pct)} %",
            str(figures.steps),
            str(figures.weeks),
            figures.end,
            plain(figures.smallest_mg),
            plain(figures.tablets),
        )
        table.add_row(*(said(cell) for cell in (one.label, *numbers_of, _weighed(plan))))
    return table


def _weighed(plan: TaperPlan) -> str:
    """How many findings of each weight."""
    counts = {severity: sum(finding.severity is severity for finding in plan.findings) for severity in Severity}
    return ", ".join(f"{MARKS[severity]} {count}" for severity, count in counts.items() if count) or "none"


def _why_not(console: Console, no: Infeasible) -> None:
    """The reason, and the ways out that there are: tried ones, and what a person must enter."""
    indented(console, f"{no.message} ({no.reason})")
    tried = [way.value for way in no.ways_out if way.is_tried]
    entered = [way.value for way in no.ways_out if not way.is_tried]
    if tried:
        indented(console, f"Ways out: {', '.join(tried)}", style=QUIET)
    if entered:
        indented(console, f"For a person to decide or enter: {', '.join(entered)}", style=QUIET)
