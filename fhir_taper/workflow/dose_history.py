"""A year of ordered doses, from the orders of a chart: what was in force on each day, read by the same rules as the regimen of today.

An order that is over is read as it was while it was in force. What it rests on is what was ordered, not what was taken or handed over; an
order whose first or last day the chart does not say is not drawn, and is named.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.medicine_spans import Span, medicine_spans
from fhir_taper.mappers.read.regimen import read_items
from fhir_taper.plans.medicines.codes import DrugClass, SourceState
from fhir_taper.plans.medicines.dose_history import DoseHistory, Stretch, merged
from fhir_taper.plans.medicines.duplicates import flag_duplicates
from fhir_taper.plans.medicines.equivalence import diazepam_equivalent, mme
from fhir_taper.plans.medicines.plausibility import refuse_implausible
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.medicines.regimen import ItemState, Regimen
from fhir_taper.plans.medicines.totals import Total
from fhir_taper.plans.tables.chart_tables import load_chart_tables
from fhir_taper.plans.tables.history_rules import load_history_rules
from fhir_taper.plans.tables.medicine_tables import MedicineTables
from fhir_taper.plans.tables.safety_tables import SafetyTables, TierRow

_DAY: Final = timedelta(days=1)
_ORDER: Final = "MedicationRequest"
_CLASSES: Final = frozenset({DrugClass.OPIOID, DrugClass.BENZODIAZEPINE})
_OVER: Final = frozenset({"completed"})
_MOST_POINTS: Final = 400


@dataclass(frozen=True, slots=True)
class _Known:
    """An order whose days are known, as it was while it was in force."""

    entry: Entry
    classes: frozenset[DrugClass]
    start: date
    end: date | None

    def holds(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class _Unknown:
    """An order that cannot be drawn, and why."""

    says: str
    classes: frozenset[DrugClass]


def dose_history(
    chart: Chart, catalogue: ProductCatalogue, medicines: MedicineTables, today: date, *, may_lack_orders: bool = False
) -> tuple[DoseHistory, DoseHistory]:
    """Opioids by the CDC table, then benzodiazepines by the cautious end of all tables. `may_lack_orders`: not all may have been read."""
    first = today - (load_history_rules().days - 1) * _DAY
    known, unknown = _orders(chart, catalogue, first, today)
    unknown += [_Unknown(says, _CLASSES) for says in _unread(chart, may_lack_orders=may_lack_orders)]
    opioids: list[Stretch] = []
    sedatives: list[Stretch] = []
    day, points = first, _points(known, first, today)
    for _ in range(_MOST_POINTS):
        taken = _on(chart, catalogue, known, day)
        ends = [item.end + _DAY for item in taken.items if item.end is not None and item.end >= day]
        after = min((point for point in (*points, *ends, today + _DAY) if point > day), default=today + _DAY)
        last = min(after - _DAY, today)
        opioids.append(_stretch(mme(taken, medicines), day, last))
        sedatives.append(_stretch(diazepam_equivalent(taken, medicines, None), day, last))
        day = last + _DAY
        if day > today:
            break
    return _history("mme", DrugClass.OPIOID, opioids, known, unknown), _history(
        "diazepam_mg", DrugClass.BENZODIAZEPINE, sedatives, known, unknown
    )


def _history(measure: str, of: DrugClass, stretches: list[Stretch], known: tuple[_Known, ...], unknown: list[_Unknown]) -> DoseHistory:
    counted: dict[str, int] = {}
    for one in unknown:
        if of in one.classes:
            counted[one.says] = counted.get(one.says, 0) + 1
    not_drawn = tuple(f"{says} ({count} orders)" if count > 1 else says for says, count in counted.items())
    return DoseHistory(measure, merged(stretches), sum(of in one.classes for one in known), not_drawn)


def _orders(chart: Chart, catalogue: ProductCatalogue, first: date, today: date) -> tuple[tuple[_Known, ...], list[_Unknown]]:
    """Orders of opioids and benzodiazepines that may have been in force in the year: those whose days are known, and the others."""
    known: list[_Known] = []
    unknown: list[_Unknown] = []
    for span in medicine_spans(chart, catalogue, load_chart_tables().continuity_days):
        classes = _CLASSES & {ingredient.drug_class for ingredient in span.ingredients}
        if not classes or span.entry.resource_type != _ORDER or _is_outside(span, first, today):
            continue
        why = _why_unknown(span)
        if why or span.start is None:
            unknown.append(_Unknown(f"{span.says}: {why}", classes))
        else:
            known.append(_Known(_as_in_force(span), classes, span.start, span.end))
    return tuple(known), unknown


def _unread(chart: Chart, *, may_lack_orders: bool) -> Iterator[str]:
    """What may have been ordered and could not be read: nobody knows of which class."""
    if may_lack_orders:
        yield "orders that the EHR did not give"
    for one in chart.set_aside:
        if one.resource_type in (_ORDER, ""):
            yield f"{one.medicine or 'an order'}: it could not be read"


def _is_outside(span: Span, first: date, today: date) -> bool:
    return (span.end is not None and span.end < first) or (span.start is not None and span.start > today)


def _why_unknown(span: Span) -> str:
    """Why an order cannot be drawn; "" where it can."""
    status = span.entry.resource.get("status")
    if span.start is None:
        return "the day on which it began is not in the chart"
    if status == "stopped":
        return "it was stopped, and the chart does not say on which day"
    if span.end is None and not span.is_open:
        return f"it is {status}, and the chart does not say since when"
    return ""


def _as_in_force(span: Span) -> Entry:
    """The order as it was while it was in force. Where it began before it was written (a renewal), the day of writing does not count."""
    resource: dict[str, Any] = dict(span.entry.resource)
    if resource.get("status") in _OVER:
        resource["status"] = "active"
    if span.written is not None and span.start is not None and span.written > span.start:
        resource.pop("authoredOn", None)
    return replace(span.entry, resource=resource)


def _points(known: Iterable[_Known], first: date, today: date) -> tuple[date, ...]:
    """The days on which something begins, or is over."""
    days = {day for one in known for day in (one.start, one.end + _DAY if one.end else None) if day is not None}
    return tuple(sorted(day for day in days if first < day <= today))


def _on(chart: Chart, catalogue: ProductCatalogue, known: tuple[_Known, ...], day: date) -> Regimen:
    """The regimen of a day, of these orders alone."""
    entries = tuple(one.entry for one in known if one.holds(day))
    by_type: Mapping[str, tuple[Entry, ...]] = {_ORDER: entries, "Medication": chart.of("Medication")}
    items = read_items(replace(chart, by_type=by_type, set_aside=(), issues=()), catalogue, day).value
    counted = flag_duplicates(refuse_implausible(items, load_chart_tables().most_units))
    return Regimen(chart.patient, day, tuple(item for item in counted if item.state is not ItemState.EXCLUDED))


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
