"""The plan in a terminal: what was decided, the steps as a table that a pharmacist would like to read, the findings with their sources."""

from datetime import date

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.cover import Cover
from fhir_taper.render.pages import banner_of, facts_of, legend_of, step_lines, title_of
from fhir_taper.render.plan_rows import PlanRow, columns_of, equivalent_heading, rows_of
from fhir_taper.render.terminal import QUIET, STRONG, WARNING, draw, fits, indented, print_facts, print_findings, said, stacked, table_of
from fhir_taper.render.words import refusal_in_words, way_out_in_words


def plan_text(plan: TaperPlan, cover: Cover) -> str:
    """The plan's table view."""

    def paint(console: Console) -> None:
        console.print(said(title_of(plan), style=STRONG))
        if banner_of(plan, cover):
            console.print(said(banner_of(plan, cover), style=WARNING))
        print_facts(console, facts_of(plan, cover))
        _print_steps(console, plan, cover.followed)
        print_findings(console, plan.findings)

    return draw(paint)


def infeasible_text(no: Infeasible) -> str:
    """Why there is no plan, and what could be done instead."""

    def paint(console: Console) -> None:
        console.print(said("No plan", style=WARNING))
        print_findings(console, no.findings)  # the chart's Stops first: no way out leads round them
        print_refusal(console, no)

    return draw(paint)


def print_refusal(console: Console, no: Infeasible) -> None:
    """The reason, and the ways out that there are: tried ones, and what a person must enter."""
    indented(console, refusal_in_words(no.message))
    tried = [way_out_in_words(way) for way in no.ways_out if way.is_tried]
    entered = [way_out_in_words(way) for way in no.ways_out if not way.is_tried]
    if tried:
        indented(console, f"Ways out: {'; '.join(tried)}", style=QUIET)
    if entered:
        indented(console, f"For a person to decide or enter: {'; '.join(entered)}", style=QUIET)


def _print_steps(console: Console, plan: TaperPlan, day: date | None) -> None:
    """The steps as the widest table that fits, or in words where none does."""
    for table in (_wide(plan, day), _narrow(plan, day)):
        if fits(console, table):
            console.print(table)
            indented(console, legend_of(plan), by=1, style=QUIET)
            return
    for line in ("", *step_lines(plan, console.width, day), ""):
        console.print(said(line), no_wrap=True, crop=False)
    if any(column.slot is None for column in columns_of(plan)):  # amounts explain themselves in words; how patches are worn does not
        indented(console, legend_of(plan), by=1, style=QUIET)


def _wide(plan: TaperPlan, day: date | None) -> Table:
    """The steps; amounts of one time of day stand under each other, joined by "+", as they lie in the box."""
    taken, equivalent = [column.heading for column in columns_of(plan)], _stacked_heading(plan)
    headings = ("#", "from", "to", "days", *taken, "mg/day", *equivalent, "change\nmg", "%", "note")
    table = table_of(*headings, numbers=("#", "days", "mg/day", *equivalent, "change\nmg", "%"), flowing=("note",))
    for row in rows_of(plan, day):
        table.add_row(
            *(said(cell) for cell in (row.number, row.start, row.end or "…", row.days)),
            *(stacked(cell.lines) for cell in row.slots),
            stacked(row.dose_lines),
            *_equivalent(row, equivalent),
            *(said(cell) for cell in (row.change, row.of_previous.removesuffix(" %"), row.note)),
        )
    return table


def _narrow(plan: TaperPlan, day: date | None) -> Table:
    """The same with both dates, and both changes, under each other."""
    taken, equivalent = [column.heading for column in columns_of(plan)], _stacked_heading(plan)
    headings = ("#", "from – to", *taken, "mg/day", *equivalent, "change\nmg", "note")
    table = table_of(*headings, numbers=("#", "mg/day", *equivalent, "change\nmg"), flowing=("note",), is_tight=True)
    for row in rows_of(plan, day):
        table.add_row(
            said(row.number),
            stacked((row.start, row.end or "…")),
            *(stacked(cell.lines) for cell in row.slots),
            stacked(row.dose_lines),
            *_equivalent(row, equivalent),
            stacked((row.change, row.of_previous) if row.of_previous else ()),
            said(row.note),
        )
    return table


def _stacked_heading(plan: TaperPlan) -> list[str]:
    heading = equivalent_heading(plan.equivalents)
    return [heading.replace(" ", "\n")] if heading else []


def _equivalent(row: PlanRow, heading: list[str]) -> list[Text]:
    return [said(row.equivalent)] if heading else []
