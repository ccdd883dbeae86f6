"""The shelf: which products a plan may use. As named; else what is taken and its sisters that a pharmacy has.

Knows products, not doses: what can be made of them is the engine's business.
"""

from collections.abc import Iterable
from dataclasses import replace

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import Form, Release, Use
from fhir_taper.plans.medicines.products import Ingredient, Product
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.regimen import Reading

_ORAL = "oral"
_SOLID = frozenset({Form.TABLET, Form.CAPSULE})
_DAILY = "24 HR"
"""How RxNorm names an extended release that is made for one intake a day."""


def shelf_of(reading: Reading, options: PlanOptions, ingredient: Ingredient, taken: Iterable[Product]) -> tuple[Product, ...]:
    """What the plan may use: as named; else what is taken and its sisters (same ingredient, release, form, companions), unbranded.

    Sisters have as much of each companion in a unit as what is taken, and liquids no sisters: a bottle of another concentration is a dose
    some times too high in the wrong hand. Raises WrongUsage for products that cannot be meant.
    """
    if options.products:
        chosen = [product_named(reading, "--products", rxcui) for rxcui in options.products]
    else:
        own = list(taken)
        target = dict(options.params).get("to")
        others = [sister for one in own for sister in _sisters(reading, one)] + (
            _cross_over_products(reading, target, own) if target else []
        )
        chosen = _one_per_strength(own, others)
    unique = {product.rxcui: _with_parts(product, options.parts) for product in chosen}
    if options.products and not any(product.ingredient == ingredient.name for product in unique.values()):
        raise WrongUsage(f"--products names no product of {ingredient.name}")
    return tuple(sorted(unique.values(), key=lambda product: (product.ingredient, product.mg, product.rxcui)))


def offered_products(reading: Reading, ingredients: Iterable[str]) -> tuple[Product, ...]:
    """What a form offers to choose from: the products of the chart, and what a pharmacy has of these medicines. By medicine, then mg."""
    names = tuple(ingredients)
    own = [item.product for item in reading.regimen.items if item.product is not None and item.ingredient in names]
    found = [*own, *(one for name in names for one in reading.catalogue.products_of(name) if _is_on_shelf(reading, one))]
    unique = {product.rxcui: product for product in found}
    return tuple(sorted(unique.values(), key=lambda product: (product.ingredient, product.mg, product.name)))


def product_named(reading: Reading, option: str, rxcui: str) -> Product:
    """The product with this RxNorm code. Raises WrongUsage naming the option that gave an unknown one."""
    product = reading.catalogue.product(rxcui)
    if product is None:
        raise WrongUsage(f"{option} {rxcui}: no product with this RxNorm code is known here")
    return product


def _sisters(reading: Reading, product: Product) -> list[Product]:
    if product.is_liquid:
        return []
    return [
        one
        for one in reading.catalogue.products_of(product.ingredient)
        if _is_on_shelf(reading, one)
        and (one.release, one.form, one.route) == (product.release, product.form, product.route)
        and one.companions == product.companions
    ]


def _cross_over_products(reading: Reading, target: str, taken: list[Product]) -> list[Product]:
    """What a substitution goes to: released as what is taken is where the agent has such products, else its plain tablets."""
    ingredient = reading.catalogue.ingredient_named(target) or reading.catalogue.ingredient(target)
    if ingredient is None:
        raise WrongUsage(f"--param to={target}: not a medicine that is known here")
    oral = [
        one
        for one in reading.catalogue.products_of(ingredient.name)
        if _is_on_shelf(reading, one) and one.route == _ORAL and not one.companions
    ]
    plain = [one for one in oral if one.may_be_split]
    if not taken or not all(one.release is Release.EXTENDED and one.route == _ORAL for one in taken):
        return plain
    is_daily = any(_DAILY in one.name for one in taken)
    return [one for one in oral if one.release is Release.EXTENDED and (_DAILY in one.name) is is_daily and one.form in _SOLID] or plain


def _is_on_shelf(reading: Reading, product: Product) -> bool:
    """Unbranded, for ordinary use, and not known to be off a US pharmacy's shelf."""
    return not product.brand and product.use is Use.ORDINARY and product.rxcui not in reading.tables.off_shelf


def _one_per_strength(taken: list[Product], others: list[Product]) -> list[Product]:
    """What is taken wins; of several codes for one strength (12 HR and abuse-deterrent twins) the plainest name stays."""
    kept: dict[tuple[object, ...], Product] = {}
    for product in [*taken, *sorted(others, key=lambda other: (len(other.name), other.name))]:
        kept.setdefault((product.ingredient, product.form, product.release, product.mg, product.companions), product)
    return list(kept.values())


def _with_parts(product: Product, parts: int | None) -> Product:
    if parts is None or not product.may_be_split or parts <= product.parts:
        return product
    return replace(product, parts=parts, parts_source="permitted for this plan", parts_state=None)
