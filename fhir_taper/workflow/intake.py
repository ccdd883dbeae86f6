"""What the patient really takes today: the plan's baseline, and where it is known, how it divides over products and times of day.

From the orders where they leave no question, else from a person, whose name it carries (domain rule 12). Never the as-needed maximum.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.dose import add, multiply, plain, shown
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake, RegimenItem
from fhir_taper.plans.tapers.baseline import scheduled_baseline, why_unconfirmed
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.plan import Baseline
from fhir_taper.plans.tapers.request import Taken
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.shelf import product_named


@dataclass(frozen=True, slots=True)
class TakenToday:
    """The baseline, the products behind it, and its times of day: by product (`taken`) where they are known, and in all (`intakes`)."""

    baseline: Baseline
    products: tuple[Product, ...]
    intakes: tuple[Intake, ...] = ()
    taken: tuple[Taken, ...] = ()


def taken_today(reading: Reading, options: PlanOptions, ingredient: str, items: Iterable[RegimenItem]) -> TakenToday | Infeasible:
    """What is taken of an ingredient by these orders and by what a person said.

    Raises WrongUsage for what cannot be meant; Infeasible where a person must say more.
    """
    if options.taken:
        return _as_said(reading, options, ingredient)
    orders = tuple(items)
    baseline = _baseline(reading, options, ingredient)
    if isinstance(baseline, Infeasible):
        return baseline
    products = tuple(order.product for order in orders if order.product is not None)
    if not _fits(baseline, orders):
        return TakenToday(baseline, products)
    taken = tuple(
        Taken(order.product.rxcui, intake.slot, intake.units) for order in orders if order.product is not None for intake in order.intakes
    )
    return TakenToday(baseline, products, tuple(intake for order in orders for intake in order.intakes), taken)


def _as_said(reading: Reading, options: PlanOptions, ingredient: str) -> TakenToday:
    """The intake that a person stated product by product: its sum is the baseline."""
    if not options.baseline_by:
        raise WrongUsage("--taken needs --baseline-by: who says what is taken, and how it is known")
    places = [(one.rxcui, one.slot) for one in options.taken]
    if len(set(places)) < len(places):
        raise WrongUsage("--taken gives one product twice for one time of day: say the times, as in 854235=1@morning")
    products = [_own_product(reading, one.rxcui, ingredient) for one in options.taken]
    mg = add(*(multiply(one.units, product.mg) for one, product in zip(options.taken, products, strict=True)))
    if options.baseline_mg is not None and Fraction(options.baseline_mg) != Fraction(mg):
        raise WrongUsage(f"--baseline {plain(options.baseline_mg)} is not what --taken adds up to: {plain(mg)} mg a day")
    return TakenToday(
        Baseline(shown(mg), options.baseline_by, options.start, f"confirmed intake: {_in_words(options.taken, products)}"),
        tuple({product.rxcui: product for product in products}.values()),
        tuple(Intake(one.slot, one.units) for one in options.taken),
        options.taken,
    )


def _own_product(reading: Reading, rxcui: str, ingredient: str) -> Product:
    product = product_named(reading, "--taken", rxcui)
    if product.ingredient != ingredient:
        raise WrongUsage(f"--taken {rxcui} is {product.name}: not a product of {ingredient}")
    return product


def _in_words(taken: Iterable[Taken], products: Iterable[Product]) -> str:
    said = (
        f"{plain(one.units)} × {product.name}" + (f" ({one.slot.value})" if one.slot else "")
        for one, product in zip(taken, products, strict=True)
    )
    return ", ".join(said)


def _baseline(reading: Reading, options: PlanOptions, ingredient: str) -> Baseline | Infeasible:
    """Confirmed average intake; never the as-needed maximum (domain rule 12)."""
    if options.baseline_mg is not None:
        if not options.baseline_by:
            raise WrongUsage("--baseline needs --baseline-by: who confirmed the average intake, and how")
        if options.baseline_mg == 0:
            raise WrongUsage("--baseline 0 is nothing to taper from")
        return Baseline(options.baseline_mg, options.baseline_by, options.start, "confirmed average intake")
    if options.baseline_by:
        raise WrongUsage("--baseline-by without --baseline or --taken")
    scheduled = scheduled_baseline(reading.regimen, ingredient)
    question = why_unconfirmed(reading.regimen, ingredient)
    if scheduled is None or question:
        says = f"the average intake must be confirmed (--baseline MG --baseline-by WHO): {question}"
        at_mg = shown(scheduled) if scheduled is not None else None
        return Infeasible("baseline-not-confirmed", says, at_mg, ways_out=(WayOut.CONFIRM_BASELINE,))
    return Baseline(shown(scheduled), how="scheduled dose, equal to the maximum, nothing as needed")


def _fits(baseline: Baseline, orders: Iterable[RegimenItem]) -> bool:
    """False where more is taken than the orders schedule: then their times of day do not say when, and one time must not hold it all."""
    scheduled = add(*(order.scheduled_mg for order in orders if order.scheduled_mg is not None))
    return Fraction(baseline.mg) <= Fraction(scheduled)
