"""Drawing for a terminal: one console into memory, one look of tables, findings and facts. Rich draws; the words come from elsewhere.

Nothing by colour alone; a narrow width wraps, it never cuts a number. Everything is returned as text, so that the command line prints
once, at the end.
"""

import io
import sys
from collections.abc import Callable, Iterable

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.render.pages import by_severity
from fhir_taper.render.printable import printable

WARNING, STRONG, QUIET = "bold red", "bold", "dim"
_PLAIN_WIDTH = 120
_MARKS = {Severity.STOP: "■ STOP", Severity.ACKNOWLEDGE: "▲ Acknowledge", Severity.INFORMATION: "· Information"}
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
    for finding in by_severity(findings):
        console.print(
            Padding(Text.assemble((_MARKS[finding.severity], _STYLES[finding.severity]), printable(f"  {finding.message}")), (0, 0, 0, 2))
        )
        cleared = f"To clear: {finding.clears}  " if finding.clears else ""
        console.print(Padding(said(f"{cleared}Source: {finding.source}", style=QUIET), (0, 0, 0, 6)))


def indented(console: Console, text: str, by: int = 2, style: str = "") -> None:
    """One paragraph, wrapped under its indent."""
    console.print(Padding(said(text, style=style), (0, 0, 0, by)))
