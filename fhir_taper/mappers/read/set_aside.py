"""Medication orders that were set aside, as items of the regimen: not computable, never absent.

An order that cannot be trusted is still an order: somebody may be taking it. Its medicine is identified as far as its codes and words
can be read; where they cannot, its class is unknown, which is never "not an opioid". An order whose readable status says that it is
over is left out.
"""

from collections.abc import Iterator
from typing import Final

from fhir_taper.mappers.chart import Chart, Entry, SetAside
from fhir_taper.mappers.read.medicine_names import medicine_concept, medicine_ingredients
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.products import Ingredient, ProductCatalogue
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem

_ORDERS: Final = frozenset({"MedicationRequest", "MedicationStatement"})
_OVER: Final = frozenset({"stopped", "completed", "cancelled", "entered-in-error", "draft", "not-taken", "on-hold"})


def items_set_aside(chart: Chart, catalogue: ProductCatalogue) -> tuple[RegimenItem, ...]:
    """One item per order that was set aside and may be current, in the order of the input."""
    return tuple(_item(aside, entry, chart, catalogue) for aside, entry in _orders(chart))


def _orders(chart: Chart) -> Iterator[tuple[SetAside, Entry]]:
    for aside in chart.set_aside:
        entry = aside.entry
        if entry is not None and aside.resource_type in _ORDERS and not _is_over(entry):
            yield aside, entry


def _is_over(entry: Entry) -> bool:
    status = entry.resource.get("status")
    return isinstance(status, str) and status in _OVER


def _item(aside: SetAside, entry: Entry, chart: Chart, catalogue: ProductCatalogue) -> RegimenItem:
    ingredient = _counted_first(medicine_ingredients(medicine_concept(chart, entry), catalogue))
    return RegimenItem(
        drug=aside.medicine,
        ingredient=ingredient.name if ingredient else "",
        drug_class=ingredient.drug_class if ingredient else DrugClass.UNKNOWN,
        state=ItemState.NOT_COMPUTABLE,
        sources=(entry.reference,),
        reason=Reason.UNREADABLE,
        how=f"set aside: {aside.why}",
    )


def _counted_first(ingredients: tuple[Ingredient, ...]) -> Ingredient | None:
    """Of a combination, the ingredient that a taper is about."""
    return next((one for one in ingredients if one.drug_class in TAPERED_CLASSES), next(iter(ingredients), None))
