"""Drawing for a terminal: one console into memory, one look of tables, findings and facts. Rich draws; the words come from elsewhere.

Nothing by colour alone; a narrow width wraps, it never cuts a number. Everything is returned as text, so that the command line prints
once, at the end.
"""

import io
import sys
from collections.abc import Callable, Iterable

from rich import box
from rich.console import Console, JustifyMethod
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fhir_taper.plans.tapers.finding import Finding, Severity, ranked
from fhir_taper.render.printable import printable

WARNING, STRONG, QUIET = "bold red", "bold", "dim"
_READABLE, _UNBOUND, _EDGES = 12, 10_000, 2
MARKS = {Severity.STOP: "■", Severity.ACKNOWLEDGE: "▲", Severity.INFORMATION: "·"}
_WORDS = {Severity.STOP: "STOP", Severity.ACKNOWLEDGE: "Acknowledge", Severity.INFORMATION: "Information"}
_STYLES = {Severity.STOP: WARNING, Severity.ACKNOWLEDGE: "bold yellow", Severity.INFORMATION: ""}


def draw(paint: Callable[[Console], None]) -> str:
    """What `paint` puts on a console as wide as COLUMNS, or the terminal that is there, or 80; with colours where somebody is looking."""
    buffer = io.StringIO()
    paint(Console(file=buffer, force_terminal=sys.stdout.isatty(), highlight=False))
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def said(words: str, style: str = "") -> Text:
    """Words for a console: no markup, no control characters."""
    return Text(printable(words), style=style)


def stacked(lines: Iterable[str]) -> Text:
    """Lines of a cell under each other."""
    return Text("\n").join(said(line) for line in lines)


def table_of(
    *headings: str,
    numbers: Iterable[str] = (),
    flowing: Iterable[str] = (),
    readable: int = _READABLE,
    is_tight: bool = False,
    leading: int = 0,
) -> Table:
    """A light table; the columns in `numbers` are right-aligned, those in `flowing` may be broken between words, and no other is.

    A flowing column that has so much to say is at least `readable` wide. `leading` is how many empty lines stand between rows.
    """
    right, flows = frozenset(numbers), frozenset(flowing)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0) if is_tight else (0, 1), leading=leading)
    for heading in headings:
        flow = heading in flows
        justify: JustifyMethod = "right" if heading in right else "left"
        table.add_column(Text(heading), justify=justify, overflow="fold", no_wrap=not flow, min_width=readable if flow else None)
    return table


def fits(console: Console, table: Table) -> bool:
    """Whether every number stands whole and every word unbroken at the console's width; the columns that flow then share the room.

    A dose that is cut off is another dose, and a word that is broken letter by letter is read by nobody.
    """
    unbound = console.options.update(width=_UNBOUND)
    sizes = [[Measurement.get(console, unbound, cell) for cell in (column.header, *column.cells)] for column in table.columns]
    most = [max(size.maximum for size in cells) for cells in sizes]
    least = [
        widest if column.no_wrap else max(min(widest, column.min_width or 0), *(size.minimum for size in cells))
        for column, widest, cells in zip(table.columns, most, sizes, strict=True)
    ]
    _, after, _, before = table.padding
    spare = console.width - sum(least) - (1 + before + after) * (len(least) - 1) - _EDGES
    wanted = sum(most) - sum(least)
    for column, low, high in zip(table.columns, least, most, strict=True):
        column.min_width = None
        column.width = low + min(high - low, max(spare, 0) * (high - low) // wanted) if wanted else low
    table.width = None if spare >= 0 else console.width - spare
    return spare >= 0


def print_first_that_fits(console: Console, *tables: Table) -> None:
    """The first of these tables that fits, or the last one, wider than the console: the terminal breaks its lines, and nothing is lost."""
    chosen = next((table for table in tables if fits(console, table)), tables[-1])
    console.print(chosen, crop=False)


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
