from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.duplicates import flag_duplicates
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
