from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.duplicates import MOST_NAMED, flag_duplicates
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem, Setting
from fhir_taper.plans.tables.medicine_tables import load_medicines

PRODUCTS = load_medicines().products
IR_5, IR_10, ER_10 = PRODUCTS["1049621"], PRODUCTS["1049683"], PRODUCTS["1049502"]
BRAND_5 = next(product for product in PRODUCTS.of_ingredient("oxycodone") if product.brand == "Roxicodone" and product.mg == 5)
ORDER = RegimenItem(
    IR_5.name, "oxycodone", DrugClass.OPIOID, ItemState.COMPUTED, ("MedicationRequest/m1",), rxcui=IR_5.rxcui, product=IR_5,
    scheduled_mg=Decimal(10), max_mg=Decimal(10), prescriber="Practitioner/dr1", timing="2-2/d",
)  # fmt: skip
REPORT = replace(ORDER, sources=("MedicationStatement/s1",), setting=Setting.REPORTED)
DISPENSE = replace(ORDER, sources=("MedicationDispense/d1",), setting=Setting.DISPENSED)


def flags(*items: RegimenItem) -> list[tuple[str, ...]]:
    return [item.possible_duplicate_of for item in flag_duplicates(items)]


def test_an_order_its_report_and_its_dispense_are_one_item_with_all_sources() -> None:
    (one,) = flag_duplicates([REPORT, ORDER, DISPENSE])
    assert set(one.sources) == {"MedicationRequest/m1", "MedicationStatement/s1", "MedicationDispense/d1"}
    assert one.setting is Setting.COMMUNITY
    assert one.possible_duplicate_of == ()


def test_brand_and_generic_of_one_product_are_one() -> None:
    assert len(flag_duplicates([ORDER, replace(REPORT, product=BRAND_5, rxcui=BRAND_5.rxcui, drug=BRAND_5.name)])) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"prescriber": "Practitioner/dr2"},
        {"prescriber": None},
        {"scheduled_mg": Decimal(20), "max_mg": Decimal(20)},
        {"timing": "4-4/d"},
        {"product": IR_10, "rxcui": IR_10.rxcui},
    ],
)
def test_a_report_that_differs_in_anything_stays_and_is_flagged(changed: dict[str, object]) -> None:
    assert flags(ORDER, replace(REPORT, **changed)) == [("MedicationStatement/s1",), ("MedicationRequest/m1",)]  # type: ignore[arg-type]


def test_absent_prescribers_do_not_agree() -> None:
    assert len(flag_duplicates([replace(ORDER, prescriber=None), replace(REPORT, prescriber=None)])) == 2


def test_two_orders_of_one_kind_are_never_made_one() -> None:
    assert flags(ORDER, replace(ORDER, sources=("MedicationRequest/m2",))) == [("MedicationRequest/m2",), ("MedicationRequest/m1",)]


def test_strengths_and_releases_that_were_ordered_together_add() -> None:
    other_strength = replace(ORDER, sources=("MedicationRequest/m2",), product=IR_10)
    other_release = replace(ORDER, sources=("MedicationRequest/m3",), product=ER_10)
    assert flags(ORDER, other_strength, other_release) == [(), (), ()]


def test_a_report_of_another_release_is_another_medicine() -> None:
    assert flags(ORDER, replace(REPORT, product=ER_10)) == [(), ()]


def test_a_report_whose_product_is_not_known_may_be_any_of_them() -> None:
    unknown = replace(
        REPORT, product=None, rxcui=None, state=ItemState.NOT_COMPUTABLE, reason=Reason.NO_STRENGTH, scheduled_mg=None, max_mg=None
    )
    assert flags(ORDER, unknown) == [("MedicationStatement/s1",), ("MedicationRequest/m1",)]


def test_what_is_excluded_duplicates_nothing() -> None:
    stopped = replace(REPORT, state=ItemState.EXCLUDED, reason=Reason.NOT_ACTIVE, scheduled_mg=None, max_mg=None)
    assert flags(ORDER, stopped) == [(), ()]


def test_medicines_that_nobody_knows_are_not_compared() -> None:
    unknown = replace(ORDER, ingredient="", drug_class=DrugClass.UNKNOWN, product=None, state=ItemState.NOT_COMPUTABLE)
    assert flags(unknown, replace(unknown, sources=("MedicationRequest/m2",), setting=Setting.REPORTED)) == [(), ()]


def may_be_one(one: RegimenItem, other: RegimenItem) -> bool:
    """The rule as it is written, for two current records of one ingredient."""
    second_hand = {Setting.REPORTED, Setting.DISCHARGE, Setting.DISPENSED}
    if one.product is not None and other.product is not None and one.product.release is not other.product.release:
        return False
    if one.setting in second_hand or other.setting in second_hand:
        return True
    return one.product is other.product and one.drug == other.drug and one.timing == other.timing


def many_records(count: int, seed: int) -> list[RegimenItem]:
    """Records of one ingredient in every combination of product, timing and setting; none agrees with another in everything."""
    chance = Random(seed)
    settings = [Setting.COMMUNITY] * 6 + [Setting.INPATIENT, Setting.REPORTED, Setting.DISCHARGE, Setting.DISPENSED]
    return [
        replace(
            ORDER, sources=(f"MedicationRequest/{number}",), prescriber=None, product=chance.choice([IR_5, IR_10, ER_10, None]),
            timing=f"{chance.randint(1, 4)}/d", setting=chance.choice(settings),
        )
        for number in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_by_what_records_have_in_common_is_what_pairs_would_find(seed: int) -> None:
    items = many_records(60, seed)
    pairs = [[other.sources[0] for other in items if other is not one and may_be_one(one, other)] for one in items]
    assert flags(*items) == [tuple(found[:MOST_NAMED]) for found in pairs]
    assert ["more than 10" in " ".join(item.notes) for item in flag_duplicates(items)] == [len(found) > MOST_NAMED for found in pairs]


class Counted(str):
    """A timing that counts how often it is compared with another."""

    __slots__ = ()
    comparisons = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return str.__eq__(self, other)


@pytest.mark.parametrize("setting", [Setting.COMMUNITY, Setting.REPORTED])
@pytest.mark.parametrize("prescriber", ["Practitioner/dr1", None])
@pytest.mark.parametrize("timings", [3, 10_000])
def test_twice_the_records_are_about_twice_the_comparisons(setting: Setting, prescriber: str | None, timings: int) -> None:
    def comparisons(count: int) -> int:
        items = [
            replace(ORDER, sources=(f"MedicationRequest/{n}",), timing=Counted(n % timings), prescriber=prescriber, setting=setting)
            for n in range(count)
        ]
        Counted.comparisons = 0
        flag_duplicates(items)
        return Counted.comparisons

    assert comparisons(400) <= 6 * 400
    assert comparisons(800) <= 6 * 800
