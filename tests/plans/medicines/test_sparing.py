"""Doses under the limits of companion ingredients, compared with every way to make them, tried out by brute force."""

from decimal import Decimal
from fractions import Fraction
from itertools import combinations_with_replacement, product
from typing import Any

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.products import Companion, Product
from fhir_taper.plans.medicines.sparing import SparingGrid
from fhir_taper.plans.tapers.making import Maker
from fhir_taper.plans.tapers.plan import Units
from tests.plans.tapers.made_requests import combination, liquid
from tests.plans.tapers.made_requests import product as made_product

SPREAD = Fraction(1, 5)
TWICE = (Slot.NIGHT, Slot.MORNING)
APAP = "acetaminophen"


def halved(ingredient: str, mg: str, companion_mg: str, parts: int = 2) -> Product:
    return made_product(ingredient, mg, parts, companions=(Companion(APAP, Decimal(companion_mg)),))


SHELVES: dict[str, tuple[Product, ...]] = {
    "weak tablets bring as much as strong ones": (combination("codeine", "15", APAP, "300"), combination("codeine", "60", APAP, "300")),
    "coprime strengths": (
        combination("codeine", "7", APAP, "500"),
        combination("codeine", "11", APAP, "300"),
        combination("codeine", "13", APAP, "650"),
    ),
    "a half of one is as large as the other": (halved("codeine", "30", "300"), combination("codeine", "15", APAP, "300")),
    "one product without a companion": (made_product("codeine", "15"), combination("codeine", "30", APAP, "500")),
}
TWO_COMPANIONS = (combination("codeine", "10", APAP, "500"), combination("codeine", "15", "aspirin", "500"))
LIMITS = ((APAP, Decimal(1500)), ("aspirin", Decimal(1000)))


def maker(products: tuple[Product, ...], pieces: int = 3, **limits: Any) -> Maker:
    return Maker(products, TWICE, pieces, 128, SPREAD, even=False, **limits)


def brought(units: tuple[Units, ...], products: tuple[Product, ...]) -> dict[str, Decimal]:
    """mg a day of each companion, by hand."""
    by_code = {str(one.rxcui): one for one in products}
    totals = {name: Decimal(0) for name, _ in LIMITS}
    for unit in units:
        for companion in by_code[unit.rxcui].companions:
            totals[companion.ingredient] += companion.mg * sum(amount for _, amount in unit.slots)
    return totals


def is_within(totals: dict[str, Decimal]) -> bool:
    return all(totals[name] <= most for name, most in LIMITS)


def doses_within(products: tuple[Product, ...], pieces: int) -> set[Fraction]:
    """Every daily dose over two intakes that some pieces make within the limits."""
    whole = [(one, Fraction(1, parts)) for one in products for parts in range(1, one.parts + 1)]
    found: set[Fraction] = set()
    intakes = [chosen for count in range(pieces + 1) for chosen in combinations_with_replacement(whole, count)]
    for first, second in product(intakes, repeat=2):
        totals = {name: Decimal(0) for name, _ in LIMITS}
        for one, part in (*first, *second):
            for companion in one.companions:
                totals[companion.ingredient] += companion.mg / (1 / part).numerator
        if is_within(totals):
            found.add(sum((Fraction(one.mg) * part for one, part in (*first, *second)), Fraction(0)))
    return found


@pytest.mark.parametrize("shelf", SHELVES)
def test_the_doses_that_exist_are_those_that_some_pieces_make_within_the_limits(shelf: str) -> None:
    products = SHELVES[shelf]
    made = maker(products, limits=LIMITS)

    assert set(made.doses.doses()) == {dose for dose in doses_within(products, 3) if dose <= 128}
    for dose in made.doses.doses():
        assert is_within(brought(made.next(int(dose * made.measure.per_mg), None).units, products)), dose


def test_a_notch_is_never_two_because_the_dose_between_brings_too_much() -> None:
    products = SHELVES["weak tablets bring as much as strong ones"]
    made = maker(products, limits=((APAP, Decimal(600)),))
    per_mg = made.measure.per_mg

    assert 45 * per_mg not in made.doses
    assert made.doses.below(60 * per_mg) == 45 * per_mg
    assert isinstance(made.doses, SparingGrid)
    assert made.doses.barred(45 * per_mg) == (APAP, Fraction(900))
    assert made.doses.barred(60 * per_mg) is None


@pytest.mark.parametrize("shelf", SHELVES)
def test_other_pieces_add_up_to_the_same_dose_and_no_time_has_too_many(shelf: str) -> None:
    products = SHELVES[shelf]
    made = maker(products, limits=LIMITS)

    for dose in made.doses.doses():
        units = made.next(int(dose * made.measure.per_mg), None).units
        assert sum((Fraction(one.strength_mg) * Fraction(one.per_day) for one in units), Fraction(0)) == dose
        assert all(sum(amount for one in units for at, amount in one.slots if at is slot) <= 3 for slot in TWICE)


def test_a_dose_that_is_within_the_limits_already_is_split_as_ever() -> None:
    products = SHELVES["coprime strengths"]
    usual, limited = maker(products), maker(products, limits=LIMITS)

    for dose in usual.doses.doses():
        units = usual.next(int(dose * usual.measure.per_mg), None).units
        if is_within(brought(units, products)):
            assert limited.next(int(dose * limited.measure.per_mg), None).units == units


def test_no_time_of_day_rises_where_the_limits_can_be_kept_without() -> None:
    products = SHELVES["weak tablets bring as much as strong ones"]
    made = maker(products, pieces=4, limits=((APAP, Decimal(600)),))
    before = made.next(120 * made.measure.per_mg, None)
    after = made.next(60 * made.measure.per_mg, before.state)

    assert not after.rises
    assert brought(after.units, products)[APAP] <= 600


def test_a_liquid_with_a_companion_gives_way_to_tablets_without_one() -> None:
    drops = made_product(
        "codeine", "2.4", form=liquid("codeine", "1", "1").form, smallest_ml=Decimal("0.5"), companions=(Companion(APAP, Decimal(24)),)
    )
    products = (made_product("codeine", "15"), drops)
    made = maker(products, limits=((APAP, Decimal(100)),))
    units = made.next(int(Fraction("34.8") * made.measure.per_mg), None).units

    assert brought(units, products)[APAP] <= 100
    assert sum(one.strength_mg * one.per_day for one in units) == Decimal("34.8")


def test_with_two_companions_what_is_found_is_within_both_limits_or_visibly_above_one() -> None:
    made, within = maker(TWO_COMPANIONS, limits=LIMITS), doses_within(TWO_COMPANIONS, 3)
    kept = {
        dose for dose in made.doses.doses() if is_within(brought(made.next(int(dose * made.measure.per_mg), None).units, TWO_COMPANIONS))
    }

    assert kept <= within
    assert len(kept) >= len(within) - 2
    assert all(made.next(int(dose * made.measure.per_mg), None).units for dose in made.doses.doses() if dose)
