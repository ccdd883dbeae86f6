"""What the patient really takes today: the plan's baseline, and where it is known, how it divides over products and times of day.

From the orders where they leave no question, else from a person, whose name it carries (domain rule 12). Never the as-needed maximum.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.dose import add, as_exact, brief, multiply, plain, shown
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake, OrderedDose, RegimenItem
from fhir_taper.plans.tapers.baseline import scheduled_baseline, why_unconfirmed
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.ordered_times import MOST_TIMES, LaidOut, lay_out
from fhir_taper.plans.tapers.plan import Baseline
from fhir_taper.plans.tapers.request import AtMost, Taken
from fhir_taper.workflow.assessed import entered_for
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.shelf import product_named


@dataclass(frozen=True, slots=True)
class TakenToday:
    """The baseline, the products behind it, and its times of day: by product (`taken`) where they are known, and in all (`intakes`).

    `at_most` are the times with what the orders allow at each; `said` is what a person must know of how they were found.
    """

    baseline: Baseline
    products: tuple[Product, ...]
    intakes: tuple[Intake, ...] = ()
    taken: tuple[Taken, ...] = ()
    at_most: tuple[AtMost, ...] = ()
    said: tuple[Finding, ...] = ()


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
    today = _by_orders(baseline, orders, ingredient)
    return today if isinstance(today, Infeasible) else replace(today, said=(*_made_daily(baseline, orders), *today.said))


def _by_orders(baseline: Baseline, orders: tuple[RegimenItem, ...], ingredient: str) -> TakenToday | Infeasible:
    """Products and times of the orders, as far as they say how the baseline is taken."""
    orders = _not_twice(orders, baseline)
    products = tuple(order.product for order in orders if order.product is not None)
    ordered = [dose for order in orders for dose in order.ordered] if all(order.ordered for order in orders) else []
    times = lay_out(ordered, baseline.mg)
    if not _fits(baseline, orders):
        return _laid_out(baseline, products, ordered, times, ingredient)
    intakes = tuple(intake for order in orders for intake in order.intakes)
    at_most = times.at_most if times is not None else ()
    if not all(order.product is not None and (order.intakes or order.as_needed) for order in orders):
        return TakenToday(baseline, products, intakes, (), at_most)  # what is taken of each product is not known of all
    taken = tuple(
        Taken(order.product.rxcui, intake.slot, intake.units) for order in orders if order.product is not None for intake in order.intakes
    )
    return TakenToday(baseline, products, intakes, taken, at_most)


def _made_daily(baseline: Baseline, orders: tuple[RegimenItem, ...]) -> tuple[Finding, ...]:
    """What the plan changes from its first day on where the orders are not of the same amount on each day: it gives their mean daily."""
    uneven = [
        order
        for order in orders
        if not (order.product is not None and order.product.is_patch) and (order.every_days > 1 or order.peak_day_mg is not None)
    ]
    if not uneven:
        return ()
    ordered = "; ".join(f"{order.drug}: {_rhythm(order)}" for order in uneven)
    says = f"By its orders it is not taken in the same amount every day ({ordered}). This plan gives {brief(baseline.mg)} mg every day."
    clears = "The same amount on average is taken every day already, and a person says so (--taken)."
    return (Finding(Severity.ACKNOWLEDGE, "made-daily", says, "design: a change of rhythm is said", ordered, clears=clears),)


def _rhythm(order: RegimenItem) -> str:
    most = "" if order.peak_day_mg is None else f"{plain(order.peak_day_mg)} mg "
    return f"{most}{'on some days' if order.every_days == 1 else f'every {order.every_days} days'}"


def _not_twice(orders: tuple[RegimenItem, ...], baseline: Baseline) -> tuple[RegimenItem, ...]:
    """Without orders that may only record another one again, where what is taken a day does not need them."""
    kept: list[RegimenItem] = []
    for order in orders:
        if not {source for one in kept for source in one.sources} & set(order.possible_duplicate_of):
            kept.append(order)
    return tuple(kept) if _fits(baseline, kept) else orders


def _laid_out(
    baseline: Baseline, products: tuple[Product, ...], ordered: list[OrderedDose], times: LaidOut | None, ingredient: str
) -> TakenToday | Infeasible:
    """More is taken than the orders schedule: on the times that its ordered single doses need, which a person must look at."""
    if not ordered:
        return TakenToday(baseline, products)
    single = as_exact(max(Fraction(dose.mg) for dose in ordered))
    dose = f"{plain(baseline.mg)} mg {ingredient} a day"
    if times is None:
        says = f"{dose} at no more than {plain(single)} mg at once, as ordered, are more than {MOST_TIMES} times a day"
        return Infeasible("state-what-is-taken", says, baseline.mg, ways_out=(WayOut.STATE_WHAT_IS_TAKEN,))
    count = len(times.at_most)
    says = f"The orders do not say when {dose} are taken: they are laid on {count} times a day, at most {plain(single)} mg at once."
    if times.is_beyond:
        says = (
            f"{dose} are more than the orders allow: they are laid on {count} times a day, at most {plain(single)} mg at once, as ordered."
        )
    clears = "What is taken, and when (--taken)."
    source = "design: no single dose above the ordered one"
    found = Finding(Severity.ACKNOWLEDGE, "times-not-ordered", says, source, str(count), clears=clears)
    return TakenToday(baseline, products, at_most=times.at_most, said=(found,))


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
    entered = entered_for(options.assessed, (item for item in reading.regimen.items if item.ingredient == ingredient))
    if entered:
        by, how = (", ".join(dict.fromkeys(words)) for words in ((one.by for one in entered), (one.how for one in entered)))
        return Baseline(shown(scheduled), by, max(one.on for one in entered), f"doses entered: {how}")
    return Baseline(shown(scheduled), how="scheduled dose, equal to the maximum, nothing as needed")


def _fits(baseline: Baseline, orders: Iterable[RegimenItem]) -> bool:
    """False where more is taken than the orders schedule: then their times of day do not say when, and one time must not hold it all."""
    scheduled = add(*(order.scheduled_mg for order in orders if order.scheduled_mg is not None))
    return Fraction(baseline.mg) <= Fraction(scheduled)
