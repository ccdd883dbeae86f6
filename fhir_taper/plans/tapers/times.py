"""At which times of day this patient takes doses, and how much at each: what a plan's doses are split over.

Slots are the patient's own. An order that does not say when gets the usual times for its number of intakes, one for each. Where the
amounts per time are not known, only the times are used; the largest of them bounds every intake of the plan.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from fhir_taper.plans.medicines.codes import DrugClass, RxNormCode, Slot
from fhir_taper.plans.medicines.products import Product, ProductCatalogue
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.plan import Units
from fhir_taper.plans.tapers.request import PlanRequest

_DAY = tuple(Slot)


@dataclass(frozen=True, slots=True)
class Times:
    """`slots` in the order of the day, `mg` what is taken at each, or None.

    `pieces` are the most units at one time; `assumed` where no order says when. `units` are today's own, empty where they are not known.
    `most_mg` is the largest intake of today, which no intake of a plan exceeds; None where it is not known.
    """

    slots: tuple[Slot, ...]
    mg: Mapping[Slot, Fraction] | None
    pieces: int
    assumed: bool
    units: tuple[Units, ...] = ()
    most_mg: Fraction | None = None


def times_of(request: PlanRequest, products: tuple[Product, ...], catalogue: ProductCatalogue | None = None) -> Times:
    """The patient's times for products of one ingredient and release. Patches are worn together: one time."""
    taken = taken_of(request, products, catalogue)
    slots_units = [(slot, units) for slot, units, *_ in taken] or _at_most(request) or _intakes(request)
    if products and products[0].is_patch:
        worn = ceil(sum(units for _, units in slots_units))
        units = _units([Slot.MORNING] * len(taken), taken)
        return Times((Slot.MORNING,), {Slot.MORNING: Fraction(request.baseline.mg)}, worn, assumed=False, units=units)
    assumed = not slots_units
    if assumed:
        slots_units = [(None, Decimal(0))] * (1 if request.drug_class is DrugClass.Z_DRUG else 2)
    placed = _placed([slot for slot, _ in slots_units], request, [product.rxcui for *_, product in taken])
    if taken:
        mg: list[Fraction] | None = [Fraction(units * product.mg) for _, units, product in taken]
    elif request.at_most:
        mg = [Fraction(one.mg) for one in request.at_most]
    else:
        mg = _in_mg([units for _, units in slots_units], products, request.baseline.mg)
    by_slot = _by_slot(placed, mg)
    most_mg = max(by_slot.values()) if by_slot and (taken or request.at_most) else None
    slots, units = tuple(slot for slot in _DAY if slot in placed), _units(placed, taken)
    if request.at_most and not taken:  # an order's most is in mg: its pieces are told by the intakes alone
        slots_units = _intakes(request)
        placed = _placed([slot for slot, _ in slots_units], request, [])
    pieces = 0 if any(product.is_liquid for product in products) else _most_units(placed, slots_units)
    return Times(slots, by_slot, pieces, assumed, units, most_mg)


def too_often(request: PlanRequest, products: tuple[Product, ...], catalogue: ProductCatalogue | None = None) -> Infeasible | None:
    """The no to a medicine of which one product is taken more often than there are times of day: two doses would become one."""
    taken = Counter(product.rxcui for *_, product in taken_of(request, products, catalogue))
    count = max(taken.values(), default=len(request.at_most or request.intakes))
    if count <= len(_DAY) or (products and products[0].is_patch):
        return None
    says = f"{request.ingredient} is taken {count} times a day by its orders, and a plan keeps {len(_DAY)}: say what is taken, and when"
    return Infeasible("state-what-is-taken", says, request.baseline.mg, ways_out=(WayOut.STATE_WHAT_IS_TAKEN,))


def _at_most(request: PlanRequest) -> list[tuple[Slot | None, Decimal]]:
    return [(one.slot, Decimal(0)) for one in request.at_most]


def _intakes(request: PlanRequest) -> list[tuple[Slot | None, Decimal]]:
    return [(intake.slot, intake.units) for intake in request.intakes]


def taken_of(
    request: PlanRequest, products: tuple[Product, ...], catalogue: ProductCatalogue | None = None
) -> list[tuple[Slot | None, Decimal, Product]]:
    """(slot, units, product) of what is taken of the ingredient and release of these products, whether the plan may use it or not."""
    kinds = {(product.ingredient, product.release) for product in products}
    own = {product.rxcui: product for product in request.products}
    found: list[tuple[Slot | None, Decimal, Product]] = []
    for entry in request.taken:
        product = own.get(RxNormCode(entry.rxcui)) or (catalogue.product(entry.rxcui) if catalogue else None)
        if product is not None and (product.ingredient, product.release) in kinds:
            found.append((entry.slot, entry.units, product))
    return found


def _units(placed: list[Slot], taken: list[tuple[Slot | None, Decimal, Product]]) -> tuple[Units, ...]:
    """What is taken as units by product, weakest first, each over its times in the order of the day."""
    found: dict[Product, dict[Slot, Decimal]] = {}
    for at, (_, units, product) in zip(placed, taken, strict=False):
        by_slot = found.setdefault(product, {})
        by_slot[at] = by_slot.get(at, Decimal(0)) + units
    products = sorted(found, key=lambda product: (product.mg, product.rxcui))
    return tuple(
        Units(product.rxcui, product.mg, tuple((slot, found[product][slot]) for slot in _DAY if slot in found[product]))
        for product in products
    )


def _most_units(placed: list[Slot], slots_units: list[tuple[Slot | None, Decimal]]) -> int:
    """The most units at one time, the last one counted as a whole; 0 where none are known."""
    units_at: dict[Slot, Decimal] = {}
    for slot, (_, units) in zip(placed, slots_units, strict=True):
        units_at[slot] = units_at.get(slot, Decimal(0)) + units
    return max(map(ceil, units_at.values()), default=0)


def _placed(slots: list[Slot | None], request: PlanRequest, products: list[RxNormCode]) -> list[Slot]:
    """Every intake with a time: the stated ones, and the usual free times for the others.

    Several products with more intakes than the day has times are taken together: each gets times of its own.
    """
    if len(slots) > len(_DAY) and products:
        own = {one: iter(_placed([slot for slot, by in zip(slots, products, strict=True) if by == one], request, [])) for one in products}
        return [next(own[one]) for one in products]
    at_night = Slot.MORNING if request.drug_class is DrugClass.OPIOID or request.avoid_night else Slot.NIGHT
    usual: dict[int, Iterable[Slot]] = {
        1: (at_night,),
        2: (Slot.MORNING, Slot.NIGHT),
        3: (Slot.MORNING, Slot.NOON, Slot.NIGHT),
        4: (Slot.MORNING, Slot.NOON, Slot.EVENING, Slot.NIGHT),
        5: (Slot.MORNING, Slot.NOON, Slot.AFTERNOON, Slot.EVENING, Slot.NIGHT),
    }
    free = [slot for slot in usual.get(len(slots), _DAY) if slot not in slots] + [slot for slot in _DAY if slot not in slots]
    placed: list[Slot] = []
    for slot in slots:
        if slot is not None:
            placed.append(slot)
        else:
            unused = [one for one in free if one not in placed]
            placed.append(unused[0] if unused else _DAY[len(placed) % len(_DAY)])
    return placed


def _in_mg(units: list[Decimal], products: tuple[Product, ...], baseline: Decimal) -> list[Fraction] | None:
    """mg of each intake, by the first product of which these units make the baseline; None where there is none."""
    total = sum(units, Decimal(0))
    for product in products:
        if total > 0 and total * product.mg == baseline:
            return [Fraction(product.mg * unit) for unit in units]
    return None


def _by_slot(slots: list[Slot], mg: list[Fraction] | None) -> Mapping[Slot, Fraction] | None:
    if mg is None:
        return None
    by_slot: dict[Slot, Fraction] = {}
    for slot, amount in zip(slots, mg, strict=True):
        by_slot[slot] = by_slot.get(slot, Fraction(0)) + amount
    return by_slot
