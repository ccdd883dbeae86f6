"""Dispenses as supplies: what was handed over to take home on which day, and for how many days it lasts.

The days are those that the dispense states; where it states none, its quantity over the dose of the dispense or of its order, where that
is a whole number of days exactly. Of a range, and of what is taken as needed beside a scheduled dose, the most counts: the supply runs out
sooner. Otherwise nobody knows. FHIR R4, medicationdispense.html.
"""

from collections.abc import Iterator
from datetime import date
from math import floor
from typing import Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.item import Reader, item_of
from fhir_taper.mappers.read.medication import Identifier
from fhir_taper.mappers.read.medicine_names import medicine_concept, medicine_ingredients
from fhir_taper.mappers.read.order import DISPENSE, REQUEST, Order, setting_of
from fhir_taper.mappers.read.signals.gathered import Gathered
from fhir_taper.mappers.read.supply import days_at
from fhir_taper.mappers.references import resolve
from fhir_taper.mappers.systems import words_of
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.medicines.regimen import Issue, RegimenItem, Setting
from fhir_taper.plans.monitoring.timeline import Supplied

_HANDED_OVER: Final = frozenset({"completed", "in-progress"})
Read = tuple[tuple[Supplied, ...], tuple[Issue, ...]]


def read_supplies(gathered: Gathered, catalogue: ProductCatalogue) -> Read:
    """What was handed over, and what of it could not be dated. Medicines that the catalogue does not know are passed over."""
    supplies: list[Supplied] = []
    issues: list[Issue] = []
    identifier = Identifier(gathered.chart, catalogue)
    for entry in gathered.chart.of(DISPENSE):
        day = _day(entry, gathered)
        if day is None or _is_of_a_stay(entry):
            continue
        if isinstance(day, str):
            issues.append(Issue("warning", "supply-not-dated", f"{entry.reference}: {day}", entry.reference))
            continue
        supplies.extend(_supplied(entry, day, Reader(gathered.chart, identifier, day), catalogue))
    return tuple(supplies), tuple(issues)


def _is_of_a_stay(entry: Entry) -> bool:
    """Whether it was given out in a hospital for its own day, as its category says: nobody took it home."""
    return setting_of({"category": [entry.resource.get("category") or {}]}) is Setting.INPATIENT


def _supplied(entry: Entry, day: date, reader: Reader, catalogue: ProductCatalogue) -> Iterator[Supplied]:
    concept = medicine_concept(reader.chart, entry)
    ingredients = medicine_ingredients(concept, catalogue)
    if not ingredients:
        return
    item, order = item_of(entry, reader)
    days = _days(entry, order, item, reader)
    product = reader.identifier.of(entry).product
    rxcui = product.rxcui if product is not None else ""
    for one in ingredients:
        yield Supplied(one.name, day, days, entry.reference, words_of(concept) or one.name, item.oud_treatment, rxcui)


def _days(entry: Entry, order: Order | None, item: RegimenItem, reader: Reader) -> int | None:
    if order is None:
        return None
    if order.supply_days is not None:
        return floor(order.supply_days) or None
    medicine = reader.identifier.of(entry)
    dosed = item if item.scheduled_mg else _ordered(entry, reader)
    return None if dosed is None else days_at(order, medicine, dosed.scheduled_mg, dosed.max_mg)


def _ordered(entry: Entry, reader: Reader) -> RegimenItem | None:
    """The order that was dispensed, as it is on the day of the dispense."""
    listed = entry.resource.get("authorizingPrescription")
    for reference in listed if isinstance(listed, list) else ():
        found = resolve(reader.chart, entry, reference)
        if found is not None and found.resource_type == REQUEST:
            return item_of(found, reader)[0]
    return None


def _day(entry: Entry, gathered: Gathered) -> date | str | None:
    """The patient's own day on which it was handed over; why that is not known; None where nothing was handed over."""
    resource = entry.resource
    status, handed_over = resource.get("status"), resource.get("whenHandedOver")
    if status not in _HANDED_OVER or (status != "completed" and handed_over is None):
        return None
    when = gathered.clock.read(handed_over if handed_over is not None else resource.get("whenPrepared"))
    return when if isinstance(when, str) else when[0].date()
