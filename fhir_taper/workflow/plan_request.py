"""From a reading and a person's options to what the engine is asked: which medicine, from which confirmed dose, with which products.

Everything that was not said is either read from the chart, with its source, or becomes a finding; what cannot be known is a typed
`Infeasible`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fhir_taper.errors import WrongUsage
from fhir_taper.mappers.read.prior_tapers import failed_tapers
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass, Use
from fhir_taper.plans.medicines.dose import add, shown
from fhir_taper.plans.medicines.products import Ingredient, Product
from fhir_taper.plans.medicines.regimen import ItemState, RegimenItem
from fhir_taper.plans.tapers.baseline import scheduled_baseline, why_unconfirmed
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import Baseline
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from fhir_taper.plans.tapers.tier import risk_tier
from fhir_taper.plans.tapers.use import UNKNOWN_COUNTS_AS, use_of
from fhir_taper.workflow.regimen import Reading

LOCAL_TENANT = "local"
ORAL = "oral"
UNKNOWN_ZONE = "UTC"
_AWAY_FROM_NIGHT = ("sleep-apnoea", "falls")


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a person asked for; None and empty mean "not said"."""

    drug: str
    start: date
    target_mg: Decimal = Decimal(0)
    protocol: str | None = None
    strategy: str | None = None
    params: tuple[tuple[str, str], ...] = ()
    baseline_mg: Decimal | None = None
    baseline_by: str = ""
    use: str | None = None
    benzo_table: str | None = None
    products: tuple[str, ...] = ()
    parts: int | None = None
    reason: str = ""
    zone: str | None = None


def request_of(reading: Reading, options: PlanOptions) -> PlanRequest | Infeasible:
    """What `propose` is asked, or why nothing can be asked. Raises WrongUsage naming the option that cannot be meant."""
    ingredient = ingredient_of(reading, options.drug)
    zone = zone_of(reading, options)
    items = tuple(item for item in reading.regimen.items if item.ingredient == ingredient.name and item.state is not ItemState.EXCLUDED)
    no = _not_a_candidate(ingredient, items, options)
    baseline = no or _baseline(reading, options, ingredient.name)
    if isinstance(baseline, Infeasible):
        return baseline
    products = _products(reading, options, ingredient, items)
    if not products:
        return Infeasible("no-product", f"no product of {ingredient.name} is known that could make a taper", baseline.mg)
    known = items if _fits_the_chart(baseline, items) else ()
    use = options.use or use_from_chart(reading, ingredient.name, options.start)
    tier, factors = risk_tier(
        ingredient.name,
        ingredient.drug_class,
        reading.regimen,
        reading.facts,
        reading.tables,
        options.start,
        use=use,
        totals=reading.totals,
        failed_tapers=failed_tapers(reading.own_plans) if reading.own_plans else None,
    )
    return PlanRequest(
        tenant=LOCAL_TENANT,
        patient=reading.regimen.patient,
        zone=zone or UNKNOWN_ZONE,
        ingredient=ingredient.name,
        drug=ingredient.name,
        drug_class=ingredient.drug_class,
        start=options.start,
        baseline=baseline,
        products=products,
        intakes=tuple(intake for item in known for intake in item.intakes),
        taken=_taken(known),
        strategy=options.strategy,
        protocol=options.protocol,
        params=options.params,
        target_mg=options.target_mg,
        use=use or UNKNOWN_COUNTS_AS,
        benzo_table=options.benzo_table,
        reason=options.reason,
        tier=tier,
        tier_factors=factors,
        avoid_night=_avoid_night(reading, ingredient.drug_class),
        sources=tuple(dict.fromkeys(source for item in items for source in item.sources)),
    )


def zone_of(reading: Reading, options: PlanOptions) -> str | None:
    """The patient's zone as asked or as charted, None where nobody says. Raises WrongUsage for a zone that does not exist."""
    zone = options.zone or reading.facts.zone
    if zone is None:
        return None
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongUsage(f"{zone!r} is not an IANA time zone like America/New_York") from None
    return zone


def use_from_chart(reading: Reading, ingredient: str, day: date) -> str | None:
    """Duration of use by the chart's earliest continuous order, None where it has none."""
    return use_of(dict(reading.facts.first_use).get(ingredient), day)


def ingredient_of(reading: Reading, drug: str) -> Ingredient:
    """The medicine that a person named, by ingredient, brand or RxNorm code. Raises WrongUsage for what is not tapered here."""
    product = reading.catalogue.product(drug)
    found = (
        reading.catalogue.ingredient_named(product.ingredient)
        if product
        else reading.catalogue.ingredient(drug) or reading.catalogue.ingredient_named(drug)
    )
    if found is None:
        raise WrongUsage(f"--drug {drug!r} is not a medicine that is known here: give an ingredient, a brand, or an RxNorm code")
    if found.drug_class not in TAPERED_CLASSES:
        raise WrongUsage(f"--drug {found.name} is not an opioid, a benzodiazepine or a z-drug")
    return found


def _not_a_candidate(ingredient: Ingredient, items: tuple[RegimenItem, ...], options: PlanOptions) -> Infeasible | None:
    """No current order, or orders that are not what a taper is made for."""
    if not items and not (options.baseline_mg is not None and options.products):
        says = f"no current order of {ingredient.name} in this chart; a taper without one needs --baseline, --baseline-by and --products"
        return Infeasible("not-taken", says)
    if items and not any(item.taper_candidate or item.oud_treatment or item.state is ItemState.NOT_COMPUTABLE for item in items):
        return Infeasible("not-a-taper-candidate", "; ".join(f"{item.drug}: {item.why_not_candidate}" for item in items))
    return None


def _baseline(reading: Reading, options: PlanOptions, ingredient: str) -> Baseline | Infeasible:
    """Confirmed average intake; never the as-needed maximum (domain rule 12)."""
    if options.baseline_mg is not None:
        if not options.baseline_by:
            raise WrongUsage("--baseline needs --baseline-by: who confirmed the average intake, and how")
        if options.baseline_mg == 0:
            raise WrongUsage("--baseline 0 is nothing to taper from")
        return Baseline(options.baseline_mg, options.baseline_by, options.start, "confirmed average intake")
    if options.baseline_by:
        raise WrongUsage("--baseline-by without --baseline")
    scheduled = scheduled_baseline(reading.regimen, ingredient)
    question = why_unconfirmed(reading.regimen, ingredient)
    if scheduled is None or question:
        says = f"the average intake must be confirmed (--baseline MG --baseline-by WHO): {question}"
        return Infeasible("baseline-not-confirmed", says, shown(scheduled) if scheduled is not None else None)
    return Baseline(shown(scheduled), how="scheduled dose, equal to the maximum, nothing as needed")


def _products(reading: Reading, options: PlanOptions, ingredient: Ingredient, items: tuple[RegimenItem, ...]) -> tuple[Product, ...]:
    """What the plan may use: as named; else what is taken and its sisters (same ingredient, release, form, companions), unbranded."""
    if options.products:
        chosen = [_named_product(reading, rxcui) for rxcui in options.products]
    else:
        taken = [item.product for item in items if item.product is not None]
        target = dict(options.params).get("to")
        others = [sister for one in taken for sister in _sisters(reading, one)] + (_cross_over_products(reading, target) if target else [])
        chosen = _one_per_strength(taken, others)
    unique = {product.rxcui: _with_parts(product, options.parts) for product in chosen}
    if options.products and not any(product.ingredient == ingredient.name for product in unique.values()):
        raise WrongUsage(f"--products names no product of {ingredient.name}")
    return tuple(sorted(unique.values(), key=lambda product: (product.ingredient, product.mg, product.rxcui)))


def _named_product(reading: Reading, rxcui: str) -> Product:
    product = reading.catalogue.product(rxcui)
    if product is None:
        raise WrongUsage(f"--products {rxcui}: no product with this RxNorm code is known here")
    return product


def _sisters(reading: Reading, product: Product) -> list[Product]:
    companions = tuple(companion.ingredient for companion in product.companions)
    return [
        one
        for one in reading.catalogue.products_of(product.ingredient)
        if _is_on_shelf(reading, one)
        and (one.release, one.form, one.route) == (product.release, product.form, product.route)
        and tuple(companion.ingredient for companion in one.companions) == companions
    ]


def _cross_over_products(reading: Reading, target: str) -> list[Product]:
    """Plain immediate-release oral tablets of the agent that a substitution goes to."""
    ingredient = reading.catalogue.ingredient_named(target) or reading.catalogue.ingredient(target)
    if ingredient is None:
        raise WrongUsage(f"--param to={target}: not a medicine that is known here")
    return [
        one
        for one in reading.catalogue.products_of(ingredient.name)
        if _is_on_shelf(reading, one) and one.may_be_split and one.route == ORAL and not one.companions
    ]


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


def _fits_the_chart(baseline: Baseline, items: Iterable[RegimenItem]) -> bool:
    """False where more is taken than the orders schedule: then their times of day do not say when, and one time must not hold it all."""
    scheduled = add(*(item.scheduled_mg for item in items if item.scheduled_mg is not None))
    return Fraction(baseline.mg) <= Fraction(scheduled)


def _taken(items: Iterable[RegimenItem]) -> tuple[Taken, ...]:
    """Today's intakes by product, where the chart says them."""
    known = [item for item in items if item.product is not None]
    return tuple(Taken(item.product.rxcui, intake.slot, intake.units) for item in known for intake in item.intakes if item.product)


def _avoid_night(reading: Reading, drug_class: DrugClass) -> bool:
    """Not the larger intake at night with sleep apnoea, falls, or an opioid beside a sedative (domain §2)."""
    classes = {item.drug_class for item in reading.regimen.items if item.state is not ItemState.EXCLUDED} | {drug_class}
    sedated = DrugClass.OPIOID in classes and bool(classes & {DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG})
    return sedated or any(reading.facts.having(concept) for concept in _AWAY_FROM_NIGHT)
