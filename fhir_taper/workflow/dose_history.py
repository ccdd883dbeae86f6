"""A year of ordered doses as equivalents a day, from the orders of a chart (`ordered_days`).

An order whose first or last day the chart does not say is not drawn, and is named.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.read.medicine_spans import medicine_spans
from fhir_taper.plans.medicines.codes import DrugClass, SourceState
from fhir_taper.plans.medicines.dose_history import DoseHistory, Stretch, merged
from fhir_taper.plans.medicines.equivalence import diazepam_equivalent, mme
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.medicines.totals import Total
from fhir_taper.plans.tables.chart_tables import load_chart_tables
from fhir_taper.plans.tables.history_rules import load_history_rules
from fhir_taper.plans.tables.medicine_tables import MedicineTables
from fhir_taper.plans.tables.safety_tables import SafetyTables, TierRow
from fhir_taper.workflow.ordered_days import DAY, ORDER, KnownOrder, UnknownOrder, orders_between, stretches

_CLASSES: Final = frozenset({DrugClass.OPIOID, DrugClass.BENZODIAZEPINE})


def dose_history(
    chart: Chart, catalogue: ProductCatalogue, medicines: MedicineTables, today: date, *, may_lack_orders: bool = False
) -> tuple[DoseHistory, DoseHistory]:
    """Opioids by the CDC table, then benzodiazepines by the cautious end of all tables. `may_lack_orders`: not all may have been read."""
    first = today - (load_history_rules().days - 1) * DAY
    spans = medicine_spans(chart, catalogue, load_chart_tables().continuity_days)
    known, unknown = orders_between(spans, _CLASSES, first, today)
    unknown += [UnknownOrder(says, _CLASSES) for says in _unread(chart, may_lack_orders=may_lack_orders)]
    opioids: list[Stretch] = []
    sedatives: list[Stretch] = []
    for day, last, taken in stretches(chart, catalogue, known, first, today):
        opioids.append(_stretch(mme(taken, medicines), day, last))
        sedatives.append(_stretch(diazepam_equivalent(taken, medicines, None), day, last))
    return _history("mme", DrugClass.OPIOID, opioids, known, unknown), _history(
        "diazepam_mg", DrugClass.BENZODIAZEPINE, sedatives, known, unknown
    )


def _history(measure: str, of: DrugClass, drawn: list[Stretch], known: tuple[KnownOrder, ...], unknown: list[UnknownOrder]) -> DoseHistory:
    counted: dict[str, int] = {}
    for one in unknown:
        if of in one.classes:
            counted[one.says] = counted.get(one.says, 0) + 1
    not_drawn = tuple(f"{says} ({count} orders)" if count > 1 else says for says, count in counted.items())
    return DoseHistory(measure, merged(drawn), sum(of in one.classes for one in known), not_drawn)


def _unread(chart: Chart, *, may_lack_orders: bool) -> Iterator[str]:
    """What may have been ordered and could not be read: nobody knows of which class."""
    if may_lack_orders:
        yield "orders that the EHR did not give"
    for one in chart.set_aside:
        if one.resource_type in (ORDER, ""):
            yield f"{one.medicine or 'an order'}: it could not be read"


def _stretch(total: Total, first: date, last: date) -> Stretch:
    return Stretch(first, last, total.scheduled.cautious, total.max.cautious, total.at_least, total.up_to)


def thresholds(tables: SafetyTables, measure: str) -> tuple[tuple[Decimal, str], ...]:
    """Levels of a measure that a source names, each with its source: rows of tiers.csv, but for choices of ours, which are not drawn."""
    sign = {"mme": "mme", "diazepam_mg": "diazepam-mg"}[measure]
    rows = (row for row in tables.tier_rows if row.factor == "dose" and row.condition.sign == sign)
    sourced = ((level, row) for row in rows if row.source.state is not SourceState.DEFAULT and (level := _level(row)) is not None)
    return tuple((level, f"{row.says} ({row.source})") for level, row in sourced)


def _level(row: TierRow) -> Decimal | None:
    return row.condition.at_least if row.condition.at_least is not None else row.condition.above
