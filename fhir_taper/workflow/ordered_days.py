"""What was ordered on each day, from the orders of a chart: read by the same rules as the regimen of today, stretch by stretch.

An order that is over is read as it was while it was in force. What it rests on is what was ordered, not what was taken or handed over; an
order whose first or last day the chart does not say is in no day, and is named.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.medicine_spans import Span
from fhir_taper.mappers.read.regimen import read_items
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.duplicates import flag_duplicates
from fhir_taper.plans.medicines.plausibility import refuse_implausible
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.medicines.regimen import ItemState, Regimen
from fhir_taper.plans.tables.chart_tables import load_chart_tables

DAY: Final = timedelta(days=1)
ORDER: Final = "MedicationRequest"
_OVER: Final = frozenset({"completed"})
_MOST_STRETCHES: Final = 400


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order whose days are known, as it was while it was in force."""

    entry: Entry
    classes: frozenset[DrugClass]
    start: date
    end: date | None

    def holds(self, day: date) -> bool:
        """Whether it was in force on a day."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class UnknownOrder:
    """An order that is in no day, and why. `span` is None where not even the medicine could be read."""

    says: str
    classes: frozenset[DrugClass]
    span: Span | None = None


def orders_between(
    spans: Iterable[Span], classes: frozenset[DrugClass], first: date, last: date
) -> tuple[tuple[KnownOrder, ...], list[UnknownOrder]]:
    """Orders of medicines of these classes that may have been in force in a time: those whose days are known, and the others."""
    known: list[KnownOrder] = []
    unknown: list[UnknownOrder] = []
    for span in spans:
        own = classes & {ingredient.drug_class for ingredient in span.ingredients}
        if not own or span.entry.resource_type != ORDER or _is_outside(span, first, last):
            continue
        why = why_unknown(span)
        if why or span.start is None:
            unknown.append(UnknownOrder(f"{span.says}: {why}", own, span))
        else:
            known.append(KnownOrder(as_in_force(span), own, span.start, span.end))
    return tuple(known), unknown


def stretches(
    chart: Chart, catalogue: ProductCatalogue, known: tuple[KnownOrder, ...], first: date, last: date
) -> Iterator[tuple[date, date, Regimen]]:
    """First day, last day and regimen of each stretch in which nothing begins or ends, without gap, up to `last`."""
    day, points = first, _points(known, first, last)
    for _ in range(_MOST_STRETCHES):
        if day > last:
            return
        taken = _on(chart, catalogue, known, day)
        ends = [item.end + DAY for item in taken.items if item.end is not None and day <= item.end < last]
        after = min((point for point in (*points, *ends, last + DAY) if point > day), default=last + DAY)
        yield day, min(after - DAY, last), taken
        day = after


def why_unknown(span: Span) -> str:
    """Why the days of an order are not known; "" where they are."""
    status = span.entry.resource.get("status")
    if span.start is None:
        return "the day on which it began is not in the chart"
    if status == "stopped":
        return "it was stopped, and the chart does not say on which day"
    if span.end is None and not span.is_open:
        return f"it is {status}, and the chart does not say since when"
    return ""


def as_in_force(span: Span) -> Entry:
    """The order as it was while it was in force. Where it began before it was written (a renewal), the day of writing does not count."""
    resource: dict[str, Any] = dict(span.entry.resource)
    if resource.get("status") in _OVER:
        resource["status"] = "active"
    if span.written is not None and span.start is not None and span.written > span.start:
        resource.pop("authoredOn", None)
    return replace(span.entry, resource=resource)


def _is_outside(span: Span, first: date, last: date) -> bool:
    return (span.end is not None and span.end < first) or (span.start is not None and span.start > last)


def _points(known: Iterable[KnownOrder], first: date, last: date) -> tuple[date, ...]:
    """The days on which something begins, or is over."""
    days = {day for one in known for day in (one.start, one.end + DAY if one.end else None) if day is not None}
    return tuple(sorted(day for day in days if first < day <= last))


def _on(chart: Chart, catalogue: ProductCatalogue, known: tuple[KnownOrder, ...], day: date) -> Regimen:
    """The regimen of a day, of these orders alone."""
    entries = tuple(one.entry for one in known if one.holds(day))
    by_type: Mapping[str, tuple[Entry, ...]] = {ORDER: entries, "Medication": chart.of("Medication")}
    items = read_items(replace(chart, by_type=by_type, set_aside=(), issues=()), catalogue, day).value
    counted = flag_duplicates(refuse_implausible(items, load_chart_tables().most_units))
    return Regimen(chart.patient, day, tuple(item for item in counted if item.state is not ItemState.EXCLUDED))
