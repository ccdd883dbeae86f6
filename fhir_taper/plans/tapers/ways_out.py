"""Ways out of an Infeasible: what would really make a taper possible, tried out, and what is open to a clinician in any case.

Other parts, a liquid and other strengths are named only where the engine finds a plan with them: from the request's own products, and
from the tables. Which ways belong to which reason is said here; no number is.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from fhir_taper.plans.medicines.codes import DrugClass, Release, Use
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.rounding import is_measurable
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.request import PlanRequest

Attempt = Callable[[PlanRequest, Tables], TaperPlan | Infeasible]

MADE_OF_DOSES = frozenset(
    {
        "baseline-not-on-grid", "target-not-on-grid", "notch-above-unit-max", "no-unit-rule", "waits-at-limit", "no-product",
        "companion-above-limit", "crossing-stage-not-made",
    }
)  # fmt: skip
"""Reasons that other products could remove."""

_NEEDS_OTHER_PACE = frozenset({"waits-at-limit", "duration"})
_NOTCH = frozenset({"notch-above-unit-max", "no-unit-rule"})
_BY_REASON = {
    "waits-at-limit": WayOut.LONGER_INTERVAL,
    "baseline-not-on-grid": WayOut.OTHER_BASELINE,
    "target-not-on-grid": WayOut.OTHER_TARGET,
    "releases-not-known-apart": WayOut.STATE_WHAT_IS_TAKEN,
    "patches-with-other-forms": WayOut.ENTERED_CONVERSION,
    "crossing-stage-not-made": WayOut.OTHER_STRATEGY,
    "companion-above-limit": WayOut.OTHER_BASELINE,
    "no-product": WayOut.OTHER_STRENGTHS,
}
_HALF, _QUARTER = 2, 4
_FROM = "diazepam"


def with_ways_out(infeasible: Infeasible, request: PlanRequest, tables: Tables, attempt: Attempt) -> Infeasible:
    """The same no, with every way out that was found, in a fixed order."""
    found = set(infeasible.ways_out)
    if infeasible.reason in MADE_OF_DOSES:
        found |= {way for way, other in _other_products(request, tables) if isinstance(attempt(other, tables), TaperPlan)}
    found |= set(_for_a_clinician(infeasible, request, tables))
    return replace(infeasible, ways_out=tuple(way for way in WayOut if way in found))


def _other_products(request: PlanRequest, tables: Tables) -> Iterator[tuple[WayOut, PlanRequest]]:
    """The request with other products: each way out with one variant that would use it."""
    own = [product for product in request.products if product.ingredient == request.ingredient]
    for way, parts in ((WayOut.HALF, _HALF), (WayOut.QUARTER, _QUARTER)):
        if any(product.may_be_split and product.parts < parts for product in own):
            yield way, replace(request, products=tuple(_cut(product, parts) for product in request.products))
    known = {product.rxcui for product in own}
    shelf = [product for product in tables.medicines.products_of(request.ingredient) if product.rxcui not in known and _is_oral(product)]
    liquids = tuple(product for product in shelf if product.is_liquid)
    if liquids and own and not own[0].is_patch:
        yield WayOut.LIQUID, replace(request, products=(*request.products, *liquids))
    same = tuple(product for product in _shelf(request, tables) if product.rxcui not in known and _is_sister(product, own))
    if same:
        yield WayOut.OTHER_STRENGTHS, replace(request, products=(*request.products, *same))


def _cut(product: Product, parts: int) -> Product:
    return replace(product, parts=max(product.parts, parts)) if product.may_be_split else product


def _shelf(request: PlanRequest, tables: Tables) -> Iterator[Product]:
    return (product for product in tables.medicines.products_of(request.ingredient) if product.use is Use.ORDINARY and not product.brand)


def _is_oral(product: Product) -> bool:
    plain = product.use is Use.ORDINARY and product.route == "oral" and product.release is Release.IMMEDIATE
    return plain and not product.companions and is_measurable(product)


def _is_sister(product: Product, own: list[Product]) -> bool:
    """Of the same form, release and companions as one of the request's own products."""
    kinds = {(one.form, one.release, one.route, tuple(companion.ingredient for companion in one.companions)) for one in own}
    kind = (product.form, product.release, product.route, tuple(companion.ingredient for companion in product.companions))
    return kind in kinds and is_measurable(product)


def _for_a_clinician(infeasible: Infeasible, request: PlanRequest, tables: Tables) -> Iterator[WayOut]:
    """What does not need other products: a decision, an entry, another pace, a lower dose as the goal."""
    reason = infeasible.reason
    if reason in _NOTCH:
        yield WayOut.OVERRIDE
    if reason in _NOTCH | _NEEDS_OTHER_PACE:
        yield WayOut.OTHER_STRATEGY
        if infeasible.at_mg is not None and 0 < infeasible.at_mg < request.baseline.mg:
            yield WayOut.MAINTENANCE
    if reason in _BY_REASON:
        yield _BY_REASON[reason]
    may_cross = reason in MADE_OF_DOSES | {"duration"} and request.strategy != "substitution"
    if may_cross and request.drug_class is DrugClass.BENZODIAZEPINE and request.ingredient != _FROM and _has_equivalent(request, tables):
        yield WayOut.SUBSTITUTION
    if reason in MADE_OF_DOSES and request.drug_class is DrugClass.OPIOID:
        yield WayOut.ENTERED_CONVERSION
        yield WayOut.BUPRENORPHINE_PATHWAY


def _has_equivalent(request: PlanRequest, tables: Tables) -> bool:
    return any(row.ingredient == request.ingredient for row in tables.medicines.benzo_table(request.benzo_table))
