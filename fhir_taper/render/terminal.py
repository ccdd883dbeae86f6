"""Drawing for a terminal: one console into memory, one look of tables, findings and facts. Rich draws; the words come from elsewhere.

Nothing by colour alone; a narrow width wraps, it never cuts a number. Everything is returned as text, so that the command line prints
once, at the end.
"""

import io
import sys
from collections.abc import Callable, Iterable

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fhir_taper.plans.tapers.finding import Finding, Severity, ranked
from fhir_taper.render.printable import printable

WARNING, STRONG, QUIET = "bold red", "bold", "dim"
_PLAIN_WIDTH = 120
_NARROWEST = 10
"""Columns of text are folded down to this many characters, and no further."""
_BESIDE = 3
"""Characters between two columns."""
MARKS = {Severity.STOP: "■", Severity.ACKNOWLEDGE: "▲", Severity.INFORMATION: "·"}
_WORDS = {Severity.STOP: "STOP", Severity.ACKNOWLEDGE: "Acknowledge", Severity.INFORMATION: "Information"}
_STYLES = {Severity.STOP: WARNING, Severity.ACKNOWLEDGE: "bold yellow", Severity.INFORMATION: ""}


def draw(paint: Callable[[Console], None]) -> str:
    """What `paint` puts on a console with the real terminal's width and colours; 120 columns without colour where nobody is looking."""
    terminal = sys.stdout.isatty()
    buffer = io.StringIO()
    paint(Console(file=buffer, force_terminal=terminal, width=None if terminal else _PLAIN_WIDTH, highlight=False))
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def said(words: str, style: str = "") -> Text:
    """Words for a console: no markup, no control characters."""
    return Text(printable(words), style=style)


def table_of(*headings: str, numbers: Iterable[str] = (), fixed: Iterable[str] = ()) -> Table:
    """A light table; the columns in `numbers` are right-aligned. Where the width is short the columns in `fixed` give way last."""
    right, keeps = frozenset(numbers), frozenset((*numbers, *fixed))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for heading in headings:
        table.add_column(Text(heading), justify="right" if heading in right else "left", overflow="fold", no_wrap=heading in keeps)
    return table


def width_of(console: Console, table: Table) -> int:
    """The narrowest width at which the columns in `numbers` and `fixed` stand whole: a dose that is cut off is another dose."""
    needed = 0
    for column in table.columns:
        widest = max(Measurement.get(console, console.options, cell).maximum for cell in column.cells)
        needed += _BESIDE + (widest if column.no_wrap else min(widest, _NARROWEST))
    return needed


def print_table(console: Console, table: Table) -> None:
    """A table as wide as the console, or wider where it must be: the terminal then breaks lines, and nothing is lost."""
    needed = width_of(console, table)
    table.width = needed if needed > console.width else None
    console.print(table, crop=False)


def print_facts(console: Console, facts: Iterable[tuple[str, str]]) -> None:
    """Label and value, a line each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=QUIET)
    grid.add_column()
    for label, value in facts:
        grid.add_row(label, said(value))
    console.print(grid)


def print_findings(console: Console, findings: tuple[Finding, ...]) -> None:
    """Stops first; each with its mark in words, what would clear it, and its source."""
    if not findings:
        return
    console.print(said("Findings", style=STRONG))
    for finding in ranked(findings):
        console.print(
            Padding(
                Text.assemble(
                    (f"{MARKS[finding.severity]} {_WORDS[finding.severity]}", _STYLES[finding.severity]), printable(f"  {finding.message}")
                ),
                (0, 0, 0, 2),
            )
        )
        cleared = f"To clear: {finding.clears}  " if finding.clears else ""
        console.print(Padding(said(f"{cleared}Source: {finding.source}", style=QUIET), (0, 0, 0, 6)))


def indented(console: Console, text: str, by: int = 2, style: str = "") -> None:
    """One paragraph, wrapped under its indent."""
    console.print(Padding(said(text, style=style), (0, 0, 0, by)))
