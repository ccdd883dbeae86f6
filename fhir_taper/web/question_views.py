"""What the form of a question offers and shows back: medicines, products, times, tables, facts. Words only."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.medicines.products import Product
from fhir_taper.render.words import named
from fhir_taper.web.forms import NEW_ROWS, further_params
from fhir_taper.web.view_models import tapered
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.said import confirmable
from fhir_taper.workflow.shelf import offered_products
from fhir_taper.workflow.strategies import CROSS_OVER_TO
from fhir_taper.workflow.typed import BenzoTable, DurationOfUse, PermittedParts, taken_as_typed

Choices = tuple[tuple[str, str], ...]
_SAID: Final = {
    "pain-indication-confirmed": "This opioid is given for pain, not as treatment of opioid use disorder",
}
"""What confirming a fact says; a fact without words here is shown by its name."""


def question_words(chart: OpenChart, reading: Reading, asked: PlanOptions | None, today: date) -> dict[str, Any]:
    """Everything that the form needs beside what was typed."""
    names = tapered(reading.regimen.items)
    if asked and asked.drug not in names:
        names = (*names, asked.drug)
    products = offered_products(reading, dict.fromkeys((*names, CROSS_OVER_TO)))
    known = {product.rxcui for product in products}
    params = dict(asked.params) if asked else {}
    return {
        "medicines": _alike(names),
        "asked": asked,
        "params": params,
        "params_more": further_params(params),
        "start": today.isoformat(),
        "uses": _alike(DurationOfUse),
        "parts": _alike(PermittedParts),
        "part": next((one.value for one in PermittedParts if asked and one.per_unit == asked.parts), ""),
        "benzo_tables": _alike(BenzoTable),
        "times": _alike(Slot),
        "new_rows": range(NEW_ROWS),
        "products": tuple((product.rxcui, product.name) for product in products),
        "shelf": _by_ingredient(products),
        "products_more": ", ".join(one for one in (asked.products if asked else ()) if one not in known),
        "taken": _taken(asked, {product.rxcui: product for product in products}),
        "facts": tuple((fact, _SAID.get(fact, named(fact))) for fact in sorted(confirmable(reading.tables))),
        "site_zone": chart.tenant.timezone,
    }


def _taken(asked: PlanOptions | None, products: dict[str, Product]) -> Choices:
    found = []
    for one in asked.taken if asked else ():
        name = products[one.rxcui].name if one.rxcui in products else f"RxNorm {one.rxcui}"
        at = f", {one.slot.value}" if one.slot else ""
        found.append((taken_as_typed(one), f"{plain(one.units)} × {name}{at}"))
    return tuple(found)


def _by_ingredient(products: Iterable[Product]) -> tuple[tuple[str, Choices], ...]:
    found: dict[str, list[tuple[str, str]]] = {}
    for product in products:
        found.setdefault(product.ingredient, []).append((product.rxcui, product.name))
    return tuple((name, tuple(offered)) for name, offered in found.items())


def _alike(values: Iterable[str]) -> Choices:
    """Choices whose words are what they say."""
    return tuple((str(value), str(value)) for value in values)
