"""What was ordered over time, as a timeline needs it: each order with its days and its dose, and the dose of every day.

Orders given in hospital are no home dose and are not here. What is scheduled counts, not what may be taken as needed; where two orders may
be one, both count, as in every total. A dose that nobody can compute is None with the reason, never zero.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Final

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.medicine_spans import Span, all_spans
from fhir_taper.mappers.read.order import KINDS, setting_of
from fhir_taper.mappers.read.regimen import read_items
from fhir_taper.mappers.read.signals.when import Clock
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.dose import ZERO, Exact
from fhir_taper.plans.medicines.equivalence import by_ingredient, mme
from fhir_taper.plans.medicines.products import Ingredient, ProductCatalogue
from fhir_taper.plans.medicines.regimen import ItemState, Regimen, RegimenItem, Setting
from fhir_taper.plans.monitoring.dose_quantities import MME
from fhir_taper.plans.monitoring.timeline import DoseStretch, Ordered
from fhir_taper.plans.tables.chart_tables import load_chart_tables
from fhir_taper.plans.tables.medicine_tables import MedicineTables
from fhir_taper.workflow.ordered_days import DAY, ORDER, KnownOrder, UnknownOrder, as_in_force, orders_between, stretches, why_unknown

_SUPPLY: Final = "MedicationDispense"


class OrderedOverTime:
    """The orders of one chart from `first` to `today`, both included."""

    def __init__(self, chart: Chart, catalogue: ProductCatalogue, medicines: MedicineTables, first: date, today: date) -> None:
        self._chart, self._catalogue, self._medicines = chart, catalogue, medicines
        self._first, self._today = first, today
        spans = all_spans(chart, catalogue, load_chart_tables().continuity_days)
        self._spans = tuple(span for span in spans if span.entry.resource_type != _SUPPLY and not _is_inpatient(span.entry))

    def orders(self, clock: Clock) -> tuple[Ordered, ...]:
        """Orders and reports of home medication of every medicine that the catalogue knows, one for each of its ingredients."""
        known = [span for span in self._spans if span.ingredients and (span.end is None or span.end >= self._first)]
        items = self._items(known)
        return tuple(one for span in known for one in self._ordered(span, items.get(span.entry.reference), clock))

    def doses(self, ingredients: Iterable[str]) -> tuple[DoseStretch, ...]:
        """The dose of every day: of these ingredients, of every other that is ordered of a tapered class, and MME of all opioids."""
        known, unknown = orders_between(self._spans, TAPERED_CLASSES, self._first, self._today)
        undated = ((one.span, one.classes) for one in unknown if one.span is not None)
        today = tuple(KnownOrder(span.entry, classes, self._today, None) for span, classes in undated if span.is_open and not span.start)
        ordered = (one.name for span in self._spans for one in span.ingredients if one.drug_class in TAPERED_CLASSES)
        names = dict.fromkeys([*ingredients, *ordered])
        found: list[DoseStretch] = []
        for start, end, taken in stretches(self._chart, self._catalogue, (*known, *today), self._first, self._today):
            for first, last, missing in _parts(start, end, unknown, self._today):
                found.extend(_of_ingredient(name, first, last, taken, missing) for name in names)
                found.append(self._of_opioids(first, last, taken, missing))
        return tuple(_joined(found))

    def _of_opioids(self, first: date, last: date, taken: Regimen, missing: tuple[UnknownOrder, ...]) -> DoseStretch:
        total = mme(taken, self._medicines)
        why = [one.says for one in missing if DrugClass.OPIOID in one.classes]
        why += [f"{one.item.drug}: {one.says}" for one in total.left_out if one.makes_at_least]
        why += [f"{line.item.drug}: what is scheduled is not known" for line in total.lines if line.scheduled is None]
        sources = tuple(dict.fromkeys(source for line in total.lines for source in line.item.sources))
        return DoseStretch(MME, first, last, None if why else total.scheduled.cautious, sources, _said(why))

    def _items(self, spans: Iterable[Span]) -> Mapping[str, RegimenItem]:
        """Each order as the regimen reads it: on the last day of the time on which it was in force, as it was then."""
        by_day: dict[date, list[Entry]] = {}
        for span in spans:
            day = min(self._today, span.end or self._today)
            if span.start is not None and why_unknown(span) == "":
                by_day.setdefault(max(day, span.start), []).append(as_in_force(span))
            else:
                by_day.setdefault(day, []).append(span.entry)
        found: dict[str, RegimenItem] = {}
        for day, entries in by_day.items():
            by_type = {kind: tuple(one for one in entries if one.resource_type == kind) for kind in KINDS}
            alone = replace(self._chart, by_type={**by_type, "Medication": self._chart.of("Medication")}, set_aside=(), issues=())
            found.update((item.sources[0], item) for item in read_items(alone, self._catalogue, day).value)
        return found

    def _ordered(self, span: Span, item: RegimenItem | None, clock: Clock) -> Iterator[Ordered]:
        start, end, says = _days(span, self._first)
        for one in span.ingredients:
            mg = item.scheduled_mg if item is not None and item.state is ItemState.COMPUTED and item.ingredient == one.name else None
            yield Ordered(
                one.name, one.drug_class, start, end, span.entry.reference, says or _says(span, one), mg, one.groups, _written(span, clock),
                is_oud_treatment=item is not None and item.oud_treatment, is_report=span.entry.resource_type != ORDER,
                is_as_needed=item is not None and item.as_needed,
            )  # fmt: skip


def _said(why: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(why))


def _of_ingredient(name: str, first: date, last: date, taken: Regimen, missing: tuple[UnknownOrder, ...]) -> DoseStretch:
    why = [one.says for one in missing if one.span is not None and any(part.name == name for part in one.span.ingredients)]
    items = [item for item in taken.items if item.ingredient == name]
    why += [f"{item.drug}: {item.how or item.reason}" for item in items if item.scheduled_mg is None]
    total = next((one for one in by_ingredient(taken) if one.ingredient == name), None)
    amount: Exact = ZERO if total is None or total.scheduled_mg is None else total.scheduled_mg
    sources = tuple(dict.fromkeys(source for item in items for source in item.sources))
    return DoseStretch(name, first, last, None if why else amount, sources, _said(why))


def _parts(start: date, end: date, unknown: Iterable[UnknownOrder], today: date) -> Iterator[tuple[date, date, tuple[UnknownOrder, ...]]]:
    """The stretch, cut where an order begins whose days nobody knows, each part with those orders that may have been in force on it."""
    spans = [(one, one.span.start or start) for one in unknown if one.span is not None]
    cuts = {start, *(begins for _, begins in spans if start < begins <= end), *((today,) if start < today <= end else ())}
    for first, after in pairwise([*sorted(cuts), end + DAY]):
        yield first, after - DAY, tuple(one for one, begins in spans if begins <= first < today)


def _joined(found: Iterable[DoseStretch]) -> Iterator[DoseStretch]:
    """The same with neighbours of one measure joined that say the same."""
    last: dict[str, DoseStretch] = {}
    for one in found:
        before = last.get(one.of)
        if before is not None and before.end + DAY == one.start and _alike(before, one):
            last[one.of] = replace(before, end=one.end)
            continue
        if before is not None:
            yield before
        last[one.of] = one
    yield from last.values()


def _alike(one: DoseStretch, other: DoseStretch) -> bool:
    amounts = [None if amount is None else Fraction(amount) for amount in (one.amount, other.amount)]
    return amounts[0] == amounts[1] and (one.sources, one.why) == (other.sources, other.why)


def _days(span: Span, first: date) -> tuple[date, date | None, str]:
    """First and last day of an order, and words where a day is not said: one that is no longer in force is of its first day."""
    start, end, says = span.start or first, span.end, ""
    if span.start is None:
        says = f"{span.says} (since when is not in the chart)"
    if end is None and not span.is_open:
        end, says = start, f"{span.says} ({span.entry.resource.get('status')}, since when is not in the chart)"
    return start, end if end is None else max(start, end), says


def _says(span: Span, one: Ingredient) -> str:
    return span.says or one.name


def _written(span: Span, clock: Clock) -> datetime | None:
    found = clock.read(span.entry.resource.get("authoredOn"))
    return None if isinstance(found, str) else found[0]


def _is_inpatient(entry: Entry) -> bool:
    return entry.resource_type == ORDER and setting_of(entry.resource) is Setting.INPATIENT
