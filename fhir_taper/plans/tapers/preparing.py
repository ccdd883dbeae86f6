"""Making a course ready: products that can be measured off, the patient's times, the doses that exist, and the two ends of the plan.

What cannot be prepared is a typed Infeasible, still without ways out. Bounds of dose making come from tables/strategies.toml.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from fhir_taper.plans.medicines.codes import Release
from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.medicines.dose_words import amount, daily
from fhir_taper.plans.medicines.measure import is_measurable
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.sparing import SparingGrid
from fhir_taper.plans.medicines.split import preference
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tables.rows import LimitsRow
from fhir_taper.plans.tapers.companions import shares
from fhir_taper.plans.tapers.course import Course
from fhir_taper.plans.tapers.envelope import resolve
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.making import Maker, as_decimal, maker_for, roomy
from fhir_taper.plans.tapers.pace import History
from fhir_taper.plans.tapers.paired import PairedMaker
from fhir_taper.plans.tapers.parameters import Parameters
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.times import Times, taken_of, times_of, too_often


@dataclass(frozen=True, slots=True)
class Bench:
    """The maker of one ingredient's doses at the patient's times, and the row that limits them here."""

    ingredient: str
    maker: Maker | PairedMaker
    times: Times
    row: LimitsRow


def bench(request: PlanRequest, tables: Tables, ingredient: str, top_mg: Decimal, row: LimitsRow, even: bool) -> Bench | Infeasible:
    """The bench for doses of an ingredient up to at least `top_mg` a day under a row of limits.csv, or why there is none."""
    products = usable(request.products, ingredient)
    if not products:
        return Infeasible("no-product", f"no product of {ingredient} was given whose doses can be counted or measured off")
    if any(product.is_patch for product in products) and not all(product.is_patch for product in products):
        says = f"patches and other forms of {ingredient} need plans of their own: how one becomes the other is a clinician's entry"
        return Infeasible("patches-with-other-forms", says)
    crowded = too_often(request, products, tables.medicines)
    if crowded is not None:
        return crowded
    try:
        if len({product.release for product in products}) > 1:
            return _paired(request, tables, ingredient, products, row, even)
        maker, times, pieces = _single(request, tables, products, top_mg, even)
    except OverflowError:
        says = f"the strengths of these products of {ingredient} have no common measure that doses could be counted in: name fewer of them"
        return Infeasible("doses-too-fine", says, request.baseline.mg)
    return Bench(ingredient, maker, times, resolve(row, request, tables, ingredient, products, pieces))


def _single(
    request: PlanRequest, tables: Tables, products: tuple[Product, ...], top_mg: Decimal | Fraction, even: bool
) -> tuple[Maker, Times, int]:
    """The maker of products of one release, the times that they are taken at, and the pieces per intake that it may use."""
    times = times_of(request, products, tables.medicines)
    grid = tables.limits.setting("grid")
    pieces = max(times.pieces, grid.whole("max_patches" if products[0].is_patch else "max_pieces"))
    spread = Fraction(tables.limits.setting("split").number("spread_percent")) / 100
    slots = preference(times.slots, request.avoid_night)
    limits = tuple((share.name, share.most_mg) for share in shares(request, products, tables))
    return maker_for(products, slots, pieces, roomy(top_mg), spread, even, limits, times.most_mg), times, pieces


def _paired(
    request: PlanRequest, tables: Tables, ingredient: str, products: tuple[Product, ...], row: LimitsRow, even: bool
) -> Bench | Infeasible:
    """The bench over both releases: possible only where it is known how much of each is taken today."""
    falls_first = Release.IMMEDIATE if tables.limits.setting("mixed-release").whole("immediate_first") else Release.EXTENDED
    groups = [tuple(product for product in products if (product.release is falls_first) is first) for first in (True, False)]
    taken = [times_of(request, group, tables.medicines) if taken_of(request, group, tables.medicines) else None for group in groups]
    if taken[0] is None or taken[1] is None:
        says = f"a plan over extended-release and immediate-release {ingredient} needs to know how much of each is taken today"
        return Infeasible("releases-not-known-apart", says, request.baseline.mg)
    mg = (taken[0].mg or {}, taken[1].mg or {})
    makers, pieces = [], 0
    for group, by_slot in zip(groups, mg, strict=True):
        maker, times, most = _single(request, tables, group, max(sum(by_slot.values(), Fraction(0)), Fraction(1)), even)
        makers.append(maker)
        pieces = max(pieces, most)
    paired = PairedMaker(makers[0], makers[1], mg)
    together = {slot: mg[0].get(slot, Fraction(0)) + mg[1].get(slot, Fraction(0)) for slot in paired.slots}
    units = tuple(unit for one in taken if one is not None for unit in one.units)
    times = Times(paired.slots, together, pieces, assumed=False, units=units)
    return Bench(ingredient, paired, times, resolve(row, request, tables, ingredient, products, pieces))


def prepare(request: PlanRequest, tables: Tables, on: Bench, params: Parameters, target_mg: Decimal) -> Course | Infeasible:
    """The course from the request's baseline to the target, or which of the two cannot be made."""
    maker = on.maker
    baseline, target = maker.measure.of(request.baseline.mg), maker.measure.of(target_mg)
    if baseline is None or baseline not in maker.doses:
        return _barred(request, tables, maker, baseline) or not_on_grid("baseline-not-on-grid", "baseline", maker, request.baseline.mg)
    if target is None or target not in maker.doses:
        return _barred(request, tables, maker, target) or not_on_grid("target-not-on-grid", "target", maker, target_mg)
    history = History([0], [baseline])
    course = Course(request, tables, on.ingredient, maker, on.row, params, baseline, target, baseline, history, on.times.mg, on.times.units)
    if on.times.assumed:
        course.notes["times-assumed"] = ", ".join(on.times.slots)
    return _with_past(course)


def usable(products: tuple[Product, ...], ingredient: str) -> tuple[Product, ...]:
    """Products of an ingredient whose doses a person can count or measure off."""
    return tuple(product for product in products if product.ingredient == ingredient and is_measurable(product))


def not_on_grid(reason: str, what: str, maker: Maker | PairedMaker, mg: Decimal) -> Infeasible:
    """A dose that the products cannot make, and the next lower one that they can."""
    next_mg = as_decimal(maker.measure.mg(maker.doses.at_most(int(Fraction(mg) * maker.measure.per_mg))))
    is_patch = any(product.is_patch for product in maker.products)
    dose, lower = daily(mg, is_patch=is_patch), amount(next_mg, is_patch=is_patch)
    says = f"the {what} of {dose} cannot be made exactly with these products at these times; the next lower dose is {lower}"
    return Infeasible(reason, says, mg, next_mg)


def _barred(request: PlanRequest, tables: Tables, maker: Maker | PairedMaker, dose: int | None) -> Infeasible | None:
    """The no to a dose that could be made, but not without more of a companion ingredient than is allowed; None where that is not why."""
    found = maker.doses.barred(dose) if dose is not None and isinstance(maker.doses, SparingGrid) else None
    if dose is None or found is None:
        return None
    (name, least), mg = found, as_decimal(maker.measure.mg(dose))
    lower = as_decimal(maker.measure.mg(maker.doses.at_most(dose)))
    share = next(one for one in shares(request, maker.products, tables) if one.name == name)
    return Infeasible("companion-above-limit", share.refusal(f"{brief(mg)} mg {request.ingredient}", least), mg, lower)


def _with_past(course: Course) -> Course:
    """The doses before the start of a re-plan, and the original that its limits refer to."""
    past = course.request.past
    if past is None:
        return course
    per_mg, start = course.per_mg, course.request.start
    course.original = int(past.original_mg * per_mg)
    days, doses = [min(0, (past.doses[0][0] - start).days) - 1 if past.doses else -1], [course.original]
    history = History(days, doses)
    for day, mg in past.doses:
        history.take((day - start).days, -(-Fraction(mg) * per_mg).__floor__())
    history.take(0, course.baseline)
    history.has_cut = past.has_cut
    course.history = history
    return course
