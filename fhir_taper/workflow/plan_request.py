"""From a reading and a person's options to what the engine is asked: which medicine, from which confirmed dose, with which products.

Everything that was not said is either read from the chart, with its source, or becomes a finding; what cannot be known is a typed
`Infeasible`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fhir_taper.errors import WrongUsage
from fhir_taper.mappers.read.prior_tapers import failed_tapers
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.dose import Exact, plain
from fhir_taper.plans.medicines.products import Ingredient, Product
from fhir_taper.plans.medicines.regimen import ItemState, RegimenItem
from fhir_taper.plans.tables.chart_tables import load_chart_tables
from fhir_taper.plans.tapers.companions import brought_by
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.patch_interval import as_changed
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.signs.case import DoseTotals
from fhir_taper.plans.tapers.tier import risk_tier
from fhir_taper.plans.tapers.use import UNKNOWN_COUNTS_AS, use_of
from fhir_taper.workflow.intake import taken_today
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.said import UNKNOWN_ZONE, said_of
from fhir_taper.workflow.shelf import shelf_of

_AWAY_FROM_NIGHT = ("sleep-apnoea", "falls")


@dataclass(frozen=True, slots=True)
class Question:
    """What `propose` is asked, and what every answer to it must say: what a person confirmed, and what was assumed.

    `totals` are the equivalents of the chart with what a person confirmed to be taken.
    """

    request: PlanRequest
    totals: DoseTotals
    said: tuple[Finding, ...] = ()
    minimum_function: str = ""
    """What the patient must still be able to do, in the words of whoever asked."""


def question_of(reading: Reading, options: PlanOptions, of_plan: Mapping[str, int] | None = None) -> Question | Infeasible:
    """What `propose` is asked, or why nothing can be asked. Raises WrongUsage naming the option that cannot be meant.

    `of_plan`: hours at which a plan that runs has its patches changed, by RxNorm code.
    """
    ingredient = ingredient_of(reading, options.drug)
    zone = _zone(reading, options)
    items = tuple(item for item in reading.regimen.items if item.ingredient == ingredient.name and item.state is not ItemState.EXCLUDED)
    _refuse_implausible(reading, ingredient, options.baseline_mg)
    today = _not_a_candidate(ingredient, items, options) or taken_today(reading, options, ingredient.name, items)
    if isinstance(today, Infeasible):
        return today
    products = shelf_of(reading, options, ingredient, today.products)
    if not products:
        says = f"no product of {ingredient.name} is known that could make a taper"
        return Infeasible("no-product", says, today.baseline.mg, ways_out=(WayOut.NAME_PRODUCTS,))
    changed = as_changed(products, items, reading.tables.limits, is_stated=bool(options.taken), of_plan=of_plan)
    if isinstance(changed, Infeasible):
        return replace(changed, at_mg=today.baseline.mg)
    products = changed.products
    _refuse_implausible(reading, ingredient, today.baseline.mg)
    use_in_chart = _use_in_chart(reading, ingredient.name, options.start)
    use = options.use or use_in_chart
    of_ingredient = next((product for product in (*today.products, *products) if product.ingredient == ingredient.name), None)
    totals = reading.totals_with(today.baseline, ingredient, of_ingredient)
    tier, factors = risk_tier(
        reading.case_on(options.start, totals),
        ingredient.name,
        ingredient.drug_class,
        reading.tables.safety,
        use=use,
        failed_tapers=_failed_tapers(reading, options),
        confirmed_mg=today.baseline.mg if today.baseline.confirmed_by else None,
    )
    request = PlanRequest(
        tenant=options.tenant,
        patient=reading.regimen.patient,
        zone=zone or options.site_zone or UNKNOWN_ZONE,
        ingredient=ingredient.name,
        drug=ingredient.name,
        drug_class=ingredient.drug_class,
        start=options.start,
        baseline=today.baseline,
        products=products,
        intakes=today.intakes,
        taken=today.taken,
        at_most=today.at_most,
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
        companions_elsewhere=_beside(reading, options, ingredient, products),
    )
    said = (*today.said, *changed.said, *said_of(reading, options, ingredient.name, zone, use_in_chart))
    return Question(request, totals, said, options.assessed.minimum_function)


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


def _zone(reading: Reading, options: PlanOptions) -> str | None:
    """The patient's zone as asked or as charted, None where nobody says. Raises WrongUsage for a zone that does not exist."""
    zone = options.zone or reading.facts.zone
    if zone is None:
        return None
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongUsage(f"{zone!r} is not an IANA time zone like America/New_York") from None
    return zone


def _refuse_implausible(reading: Reading, ingredient: Ingredient, mg: Decimal | None) -> None:
    """Raise WrongUsage for more a day than an order could hold without being taken for a mistake."""
    solids = (product.mg for product in reading.catalogue.products_of(ingredient.name) if not product.is_liquid)
    strongest, most_units = max(solids, default=None), load_chart_tables().most_units
    if mg is not None and strongest is not None and mg > strongest * most_units:
        says = f"more than {most_units} units of the strongest {ingredient.name} ({plain(strongest)} mg)"
        raise WrongUsage(f"--baseline: {plain(mg)} mg a day would be {says}")


def _use_in_chart(reading: Reading, ingredient: str, day: date) -> str | None:
    """Duration of use by the chart's earliest continuous order, None where it has none."""
    return use_of(dict(reading.facts.first_use).get(ingredient), day)


def _failed_tapers(reading: Reading, options: PlanOptions) -> int | None:
    """Tapers that did not succeed: of ours in the chart, and those that were told; None where neither says anything."""
    told = options.assessed.failed_tapers
    if not reading.own_plans:
        return told
    return failed_tapers(reading.own_plans) + (told or 0)


def _not_a_candidate(ingredient: Ingredient, items: tuple[RegimenItem, ...], options: PlanOptions) -> Infeasible | None:
    """No current order, or orders that are not what a taper is made for."""
    if not items and not options.taken and not (options.baseline_mg is not None and options.products):
        says = (
            f"no current order of {ingredient.name} in this chart; a taper without one needs --taken and --baseline-by,"
            " or --baseline, --baseline-by and --products"
        )
        return Infeasible("not-taken", says, ways_out=(WayOut.CONFIRM_BASELINE, WayOut.NAME_PRODUCTS))
    if items and not any(item.taper_candidate or item.oud_treatment or item.state is ItemState.NOT_COMPUTABLE for item in items):
        return Infeasible("not-a-taper-candidate", "; ".join(f"{item.drug}: {item.why_not_candidate}" for item in items))
    return None


def _beside(reading: Reading, options: PlanOptions, ingredient: Ingredient, products: Iterable[Product]) -> tuple[tuple[str, Exact], ...]:
    """What the other medicines on board may bring of the companions of these products."""
    names = {companion.ingredient for product in products for companion in product.companions}
    items = reading.case_on(options.start).current() if names else ()
    return tuple((name, mg) for name, mg in brought_by(items, but=ingredient.name) if name in names)


def _avoid_night(reading: Reading, drug_class: DrugClass) -> bool:
    """Not the larger intake at night with sleep apnoea, falls, or an opioid beside a sedative (domain §2)."""
    classes = {item.drug_class for item in reading.regimen.items if item.state is not ItemState.EXCLUDED} | {drug_class}
    sedated = DrugClass.OPIOID in classes and bool(classes & {DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG})
    return sedated or any(reading.facts.having(concept) for concept in _AWAY_FROM_NIGHT)
