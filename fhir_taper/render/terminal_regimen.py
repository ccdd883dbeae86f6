"""The regimen in a terminal: what could not be computed comes first, scheduled and as-needed maximum apart, every equivalent with its
factor and source."""

from rich.console import Console
from rich.table import Table

from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.medicines.totals import Total
from fhir_taper.render.regimen_rows import (
    RegimenRow,
    issues_of,
    left_out_of,
    not_counted,
    others_of,
    remarks_of,
    rows_of,
)
from fhir_taper.render.terminal import QUIET, STRONG, WARNING, draw, indented, print_first_that_fits, said, stacked, table_of
from fhir_taper.render.total_words import companions_in_words, total_in_words

_NUMBERS = ("scheduled\nmg/d", "maximum\nmg/d", "equivalent/d")


def regimen_text(regimen: Regimen, mme: Total, diazepam: Total) -> str:
    """The regimen's table view."""

    def paint(console: Console) -> None:
        console.print(said(f"Regimen of {regimen.patient or 'an unnamed patient'} on {regimen.as_of.isoformat()}", style=STRONG))
        if not regimen.complete:
            console.print(said("The chart is incomplete: totals are “at least”, and nothing is planned unattended.", style=WARNING))
        rows = rows_of(regimen, mme, diazepam)
        if rows:
            print_first_that_fits(console, _wide(rows), _narrow(rows))
        else:
            console.print(said("No opioid, benzodiazepine or z-drug that is taken now in this chart."))
        for remark in remarks_of(regimen):
            indented(console, remark, style=QUIET)
        for line in not_counted(regimen):
            indented(console, f"Not counted, {line}", by=0, style=QUIET)
        if others_of(regimen):
            indented(console, f"Other medicines: {', '.join(others_of(regimen))}", by=0, style=QUIET)
        for total in (mme, diazepam):
            _total(console, total)
        for line in companions_in_words(regimen):
            console.print(said(line, style=STRONG))
        for severity, sentence in issues_of(regimen):
            indented(console, sentence, by=0, style=WARNING if severity == "error" else "")

    return draw(paint)


def _wide(rows: tuple[RegimenRow, ...]) -> Table:
    table = table_of("medicine", *_NUMBERS, "how", "until", numbers=_NUMBERS, flowing=("medicine", "how"), readable=26)
    for row in rows:
        table.add_row(*(said(cell) for cell in (row.medicine, row.scheduled, row.maximum, row.equivalent, row.how, row.until)))
    return table


def _narrow(rows: tuple[RegimenRow, ...]) -> Table:
    """The same with how it was computed, and until when, under the medicine."""
    table = table_of("medicine", *_NUMBERS, numbers=_NUMBERS, flowing=("medicine",), is_tight=True, leading=1)
    for row in rows:
        under = (f"  {row.how}" if row.how else "", f"  until {row.until}" if row.until else "")
        medicine = stacked((row.medicine, *(line for line in under if line)))
        table.add_row(medicine, *(said(cell) for cell in (row.scheduled, row.maximum, row.equivalent)))
    return table


def _total(console: Console, total: Total) -> None:
    words = total_in_words(total)
    if not words:
        return
    console.print(said(words, style=STRONG))
    for line in total.lines:
        indented(console, str(line), style=QUIET)
    for left in left_out_of(total):
        indented(console, f"left out: {left}", style=QUIET)
