"""All items of a chart's medicines on one day: orders, home medication, dispenses, and what could not be read.

What stands in several records of one step by step order is not counted twice: of orders that follow each other only today's counts.
Whether records of different kinds are one medicine is `plans.medicines.duplicates`. What a person should know about the reading comes as
issues. Domain §1; FHIR R4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.inside import contained_medicines
from fhir_taper.mappers.read.item import Reader, item_of, set_aside_item
from fhir_taper.mappers.read.medication import Identifier
from fhir_taper.mappers.read.order import KINDS, Order
from fhir_taper.mappers.references import address
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.medicines.regimen import Issue, ItemState, Reason, RegimenItem


def read_items(chart: Chart, catalogue: ProductCatalogue, as_of: date) -> Mapped[tuple[RegimenItem, ...]]:
    """Every record of a medicine in the chart as an item, in input order, with what could not be computed and why.

    An issue of the code CONTAINED_ORDER means that something may be taken that is none of them. Never raises for what a chart holds.
    """
    reader = Reader(chart, Identifier(chart, catalogue), as_of)
    read = [item_of(entry, reader) for entry in chart.of(*KINDS)]
    items = _without_superseded(read, as_of)
    items += [set_aside_item(one, reader.identifier) for one in chart.set_aside if one.resource_type in KINDS]
    issues = (*_issues(items), *contained_medicines(chart, reader.identifier))
    return Mapped(tuple(items), issues, tuple(source for item in items for source in item.sources))


def _without_superseded(read: Sequence[tuple[RegimenItem, Order | None]], as_of: date) -> list[RegimenItem]:
    """Items with those excluded that a later order of the same taper has taken the place of."""
    current = [(item, order) for item, order in read if order is not None and item.state is not ItemState.EXCLUDED]
    linked = [(item, order) for item, order in current if order.follows or order.groups]
    out: dict[str, str] = {}
    for item, order in current if linked else ():
        for other, later in linked:
            if other is not item and _follows(later, order, as_of) and _is_same_medicine(item, other):
                out[order.reference] = later.reference
    out = {name: by for name, by in out.items() if not _goes_in_a_circle(name, out)}
    return [_ended(item, out[order.reference]) if order is not None and order.reference in out else item for item, order in read]


def _goes_in_a_circle(name: str, out: Mapping[str, str]) -> bool:
    """Whether nobody can say which of these orders is the last: then all of them stand."""
    seen = {name}
    while (name := out.get(name, "")) and name not in seen:
        seen.add(name)
    return bool(name)


def _follows(later: Order, earlier: Order, as_of: date) -> bool:
    """Whether one order takes the place of another: it says so, or both are steps of one group whose periods do not overlap."""
    own = address(earlier.reference).key
    if own and own in later.follows:
        return True
    if not set(later.groups) & set(earlier.groups) or later.start is None or earlier.start is None:
        return False
    return earlier.start < later.start <= as_of and earlier.supply_end is not None and earlier.supply_end < later.start


def _is_same_medicine(one: RegimenItem, other: RegimenItem) -> bool:
    releases = [item.product.release if item.product is not None else None for item in (one, other)]
    return bool(one.ingredient) and one.ingredient == other.ingredient and (None in releases or releases[0] is releases[1])


def _ended(item: RegimenItem, by: str) -> RegimenItem:
    how = f"its place was taken by {by}"
    return replace(
        item, state=ItemState.EXCLUDED, reason=Reason.ENDED, scheduled_mg=None, max_mg=None, peak_day_mg=None, max_reason=None, intakes=(),
        how=how, taper_candidate=False, why_not_candidate=f"not counted: {how}",
    )  # fmt: skip


def _issues(items: Sequence[RegimenItem]) -> list[Issue]:
    """What a person should know: notes of the reading, and medicines that nobody could identify."""
    found = []
    for item in items:
        if item.reason in (Reason.PRODUCT_CONFLICT, Reason.UNREADABLE):
            found.append(Issue("warning", str(item.reason), f"{item.drug}: {item.how}", item.sources[0]))
        found += [Issue("information", "reading", f"{item.drug}: {note}", item.sources[0]) for note in item.notes]
    return found
