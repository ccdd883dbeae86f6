"""What a terminal shows: regimen, candidates and plan as tables that a pharmacist would like to read.

Rich draws; the words come from `plan_rows`. Nothing by colour alone; a narrow width wraps, it never cuts a number. Returned as text, so
that the command line prints once, at the end.
"""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.pages import banner_of, by_severity, facts_of, goal_in_words
from fhir_taper.render.plan_rows import equivalent_heading, rows_of, used_slots

_PLAIN_WIDTH = 120
_MARKS = {Severity.STOP: "■ STOP", Severity.ACKNOWLEDGE: "▲ Acknowledge", Severity.INFORMATION: "· Information"}
_STYLES = {Severity.STOP: "bold red", Severity.ACKNOWLEDGE: "bold yellow", Severity.INFORMATION: ""}


@contextmanager
def drawing() -> Iterator[tuple[Console, io.StringIO]]:
    """A console that draws into memory with the real terminal's width and colours."""
    terminal = sys.stdout.isatty()
    buffer = io.StringIO()
    width = None if terminal else _PLAIN_WIDTH
    yield Console(file=buffer, force_terminal=terminal, width=width, highlight=False, legacy_windows=False), buffer


def plan_text(plan: TaperPlan) -> str:
    """The plan's table view: what was decided, the steps, the findings with their sources."""
    with drawing() as (console, buffer):
        console.print(Text(f"{plan.drug}: {goal_in_words(plan)}", style="bold"))
        if banner_of(plan):
            console.print(Text(banner_of(plan), style="bold red"))
        _facts(console, facts_of(plan))
        console.print()
        console.print(_steps(plan))
        _findings(console, plan.findings)
        return buffer.getvalue()


def _facts(console: Console, facts: Iterable[tuple[str, str]]) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    for label, value in facts:
        grid.add_row(label, Text(value))
    console.print(grid)


def _steps(plan: TaperPlan) -> Table:
    slots = used_slots(plan)
    equivalent = equivalent_heading(plan.equivalents)
    table = table_of(
        "#",
        "from",
        "to",
        "days",
        *(slot.value for slot in slots),
        "mg/day",
        *([equivalent] if equivalent else []),
        "change",
        "% prev",
        "% start",
        "",
    )
    for row in rows_of(plan):
        cells = (
            row.number,
            row.start,
            row.end or "…",
            row.days,
            *row.slots,
            row.dose,
            *([row.equivalent] if equivalent else []),
            row.change,
            row.of_previous,
            row.of_baseline,
            row.note,
        )
        table.add_row(*(Text(cell) for cell in cells), style="on grey15" if row.is_pause else None)
    return table


_NUMBERS = frozenset(
    {"#", "days", "mg/day", "change", "% prev", "% start", "scheduled", "maximum", "steps", "weeks", "first cut", "smallest", "units"}
)


def table_of(*headings: str) -> Table:
    """A light table; columns of numbers are right-aligned."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for heading in headings:
        table.add_column(
            Text(heading), justify="right" if heading in _NUMBERS or "eq." in heading or "MME" in heading else "left", overflow="fold"
        )
    return table


def _findings(console: Console, findings: tuple[Finding, ...]) -> None:
    if not findings:
        return
    console.print(Text("Findings", style="bold"))
    for finding in by_severity(findings):
        console.print(Padding(Text.assemble((_MARKS[finding.severity], _STYLES[finding.severity]), f"  {finding.message}"), (0, 0, 0, 2)))
        detail = f"To clear: {finding.clears}  " if finding.clears else ""
        console.print(Padding(Text(f"{detail}Source: {finding.source}", style="dim"), (0, 0, 0, 6)))


@contextmanager
def load_progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar per file on standard error, where somebody is looking; silent otherwise."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        tasks: dict[str, int] = {}

        def on_progress(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = int(bar.add_task(file, total=total))
            bar.update(tasks[file], completed=done)  # type: ignore[arg-type]

        yield on_progress
