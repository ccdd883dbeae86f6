"""The regimen in a terminal: what could not be computed comes first, scheduled and as-needed maximum apart, every equivalent with its
factor and source."""

from rich.console import Console
from rich.table import Table

from fhir_taper.plans.medicines.dose import Exact, dose_for_people
from fhir_taper.plans.medicines.equivalence import by_ingredient
from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.medicines.totals import IngredientTotal, Span, Total
from fhir_taper.render.regimen_rows import (
    RegimenRow,
    issues_of,
    left_out_of,
    not_counted,
    others_of,
    remarks_of,
    rows_of,
    span_in_words,
)
from fhir_taper.render.terminal import QUIET, STRONG, WARNING, draw, indented, print_first_that_fits, said, stacked, table_of

_AT_LEAST, _UP_TO = "at least: not everything could be counted", "up to: one medicine may be counted twice"
_NAMES = {"mme": "Opioids, MME a day", "diazepam_mg": "Benzodiazepines, diazepam equivalent mg a day"}
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
        _companions(console, regimen)
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
    if not total.lines and not total.left_out:
        return
    tables = total.table or f"range over {', '.join(total.tables) or 'no table'}"
    scheduled = _sum(total.scheduled, [line.scheduled for line in total.lines])
    largest = _sum(total.max, [line.max for line in total.lines])
    if scheduled is None and largest is None:
        none = "unknown (nothing could be counted)" if total.at_least else "nothing that is counted"
        console.print(said(f"{_NAMES[total.measure]}: {none}", style=STRONG))
    else:
        flagged = _flags(at_least=total.at_least, up_to=total.up_to)
        amounts = f"scheduled {scheduled or 'unknown'}, maximum {largest or 'unknown'}"
        console.print(said(f"{_NAMES[total.measure]}: {amounts}{flagged}, by {tables}", style=STRONG))
    for line in total.lines:
        indented(console, str(line), style=QUIET)
    for left in left_out_of(total):
        indented(console, f"left out: {left}", style=QUIET)


def _sum(total: Span, counted: list[Span | None]) -> str | None:
    """The sum in words, None where not one amount of it is known: a sum of nothing is not zero."""
    return None if all(one is None for one in counted) else span_in_words(total)


def _companions(console: Console, regimen: Regimen) -> None:
    """mg a day of what is in the same tablets as a medicine of ours, which has limits of its own."""
    held = {part.ingredient for item in regimen.items if item.product is not None for part in item.product.companions}
    for total in by_ingredient(regimen):
        if total.ingredient in held:
            amounts = [f"{words} {'?' if mg is None else dose_for_people(mg)} mg" for words, mg in _both(total)]
            said_of = f"{total.ingredient}, in combination products and alone: {', '.join(amounts)} a day"
            console.print(said(said_of + _flags(at_least=total.at_least, up_to=total.up_to), style=STRONG))


def _both(total: IngredientTotal) -> tuple[tuple[str, Exact | None], ...]:
    return ("scheduled", total.scheduled_mg), ("maximum", total.max_mg)


def _flags(*, at_least: bool, up_to: bool) -> str:
    """How far a total can be trusted, in brackets."""
    flags = [words for words, is_set in ((_AT_LEAST, at_least), (_UP_TO, up_to)) if is_set]
    return f" ({'; '.join(flags)})" if flags else ""
