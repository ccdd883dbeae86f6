"""The regimen in a terminal: what could not be computed comes first, scheduled and as-needed maximum apart, every equivalent with its
factor and source."""

from rich.console import Console
from rich.table import Table

from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.dose import Exact, plain
from fhir_taper.plans.medicines.equivalence import by_ingredient
from fhir_taper.plans.medicines.regimen import Issue, ItemState, Regimen, RegimenItem, Setting
from fhir_taper.plans.medicines.totals import IngredientTotal, Span, Total
from fhir_taper.render.plan_rows import one_decimal
from fhir_taper.render.terminal import QUIET, STRONG, WARNING, draw, indented, print_table, said, table_of

_ORDER = {ItemState.NOT_COMPUTABLE: 0, ItemState.COMPUTED: 1, ItemState.EXCLUDED: 2}
_AT_LEAST, _UP_TO = "at least: not everything could be counted", "up to: one medicine may be counted twice"
_SETTINGS = {
    Setting.REPORTED: "reported as taken, not ordered here",
    Setting.DISPENSED: "from a dispense",
    Setting.INPATIENT: "ordered in hospital",
    Setting.DISCHARGE: "ordered at discharge",
}
_NAMES = {"mme": "Opioids, MME a day", "diazepam_mg": "Benzodiazepines, diazepam equivalent mg a day"}


def regimen_text(regimen: Regimen, mme: Total, diazepam: Total) -> str:
    """The regimen's table view."""

    def paint(console: Console) -> None:
        console.print(said(f"Regimen of {regimen.patient or 'an unnamed patient'} on {regimen.as_of.isoformat()}", style=STRONG))
        if not regimen.complete:
            console.print(said("The chart is incomplete: totals are “at least”, and nothing is planned unattended.", style=WARNING))
        ours, others = _split(regimen)
        if ours:
            print_table(console, _items(ours, mme, diazepam))
        else:
            console.print(said("No opioid, benzodiazepine or z-drug in this chart."))
        for item in ours:
            _remarks(console, item)
        if others:
            indented(console, f"Other medicines: {', '.join(dict.fromkeys(item.drug for item in others))}", by=0, style=QUIET)
        for total in (mme, diazepam):
            _total(console, total)
        _companions(console, regimen)
        for issue in regimen.issues:
            _issue(console, issue)

    return draw(paint)


def _split(regimen: Regimen) -> tuple[list[RegimenItem], list[RegimenItem]]:
    """Items of the classes that we compute, unreadable ones first, and the rest that is taken."""
    named = TAPERED_CLASSES | {DrugClass.UNKNOWN}
    ours = [item for item in regimen.items if item.drug_class in named]
    others = [item for item in regimen.items if item.drug_class not in named and item.state is not ItemState.EXCLUDED]
    return sorted(ours, key=lambda item: _ORDER[item.state]), others


def _items(items: list[RegimenItem], mme: Total, diazepam: Total) -> Table:
    table = table_of(
        "medicine", "scheduled mg/d", "maximum mg/d", "equivalent", "how", "until", numbers=("scheduled mg/d", "maximum mg/d", "equivalent")
    )
    for item in items:
        line = mme.line_of(item) or diazepam.line_of(item)
        equivalent = _span(line.max or line.scheduled) if line else ""
        until = item.end.isoformat() if item.end else ""
        scheduled, largest = _amount(item.scheduled_mg, item), _amount(item.max_mg, item)
        table.add_row(*(said(cell) for cell in (item.drug, scheduled, largest, equivalent, _state(item), until)))
    return table


def _state(item: RegimenItem) -> str:
    """How it was computed, or why it was not."""
    if item.state is ItemState.COMPUTED:
        return item.how
    mark = "✗ not computable" if item.state is ItemState.NOT_COMPUTABLE else "not counted"
    return f"{mark}: {item.reason.value if item.reason else 'no reason given'}. {item.how}".rstrip(". ")


def _amount(amount: Exact | None, item: RegimenItem) -> str:
    if amount is None:
        return "" if item.state is ItemState.EXCLUDED else "?"
    return plain(amount)


def _remarks(console: Console, item: RegimenItem) -> None:
    duplicates = [f"may be the same as {', '.join(item.possible_duplicate_of)}"] if item.possible_duplicate_of else []
    unknown = [f"the maximum is not known: {item.max_reason.value}"] if item.max_reason else []
    from_where = [_SETTINGS[item.setting]] if item.setting in _SETTINGS and item.state is not ItemState.EXCLUDED else []
    not_tapered = [f"not tapered: {item.why_not_candidate}"] if item.state is ItemState.COMPUTED and item.why_not_candidate else []
    for remark in (*from_where, *item.notes, *unknown, *not_tapered, *duplicates):
        indented(console, f"{item.drug} ({item.sources[0]}): {remark}", style=QUIET)


def _total(console: Console, total: Total) -> None:
    if not total.lines and not total.left_out:
        return
    tables = total.table or f"range over {', '.join(total.tables) or 'no table'}"
    flagged = _flags(at_least=total.at_least, up_to=total.up_to)
    console.print(
        said(f"{_NAMES[total.measure]}: scheduled {_span(total.scheduled)}, maximum {_span(total.max)}{flagged}, by {tables}", style=STRONG)
    )
    for line in total.lines:
        indented(console, str(line), style=QUIET)
    for left in total.left_out:
        indented(console, f"left out: {left.item.drug}: {left.says}", style=QUIET)


def _companions(console: Console, regimen: Regimen) -> None:
    """mg a day of what is in the same tablets as a medicine of ours, which has limits of its own."""
    held = {part.ingredient for item in regimen.items if item.product is not None for part in item.product.companions}
    for total in by_ingredient(regimen):
        if total.ingredient in held:
            amounts = [f"{words} {'?' if mg is None else plain(mg)} mg" for words, mg in _both(total)]
            said_of = f"{total.ingredient}, in combination products and alone: {', '.join(amounts)} a day"
            console.print(said(said_of + _flags(at_least=total.at_least, up_to=total.up_to), style=STRONG))


def _both(total: IngredientTotal) -> tuple[tuple[str, Exact | None], ...]:
    return ("scheduled", total.scheduled_mg), ("maximum", total.max_mg)


def _flags(*, at_least: bool, up_to: bool) -> str:
    """How far a total can be trusted, in brackets."""
    flags = [words for words, is_set in ((_AT_LEAST, at_least), (_UP_TO, up_to)) if is_set]
    return f" ({'; '.join(flags)})" if flags else ""


def _issue(console: Console, issue: Issue) -> None:
    place = f" ({issue.source})" if issue.source else ""
    indented(console, f"{issue.severity}: {issue.message}{place}", by=0, style=WARNING if issue.severity == "error" else "")


def _span(span: Span | None) -> str:
    if span is None:
        return "?"
    return "–".join(dict.fromkeys(one_decimal(end) for end in (span.low, span.high)))
