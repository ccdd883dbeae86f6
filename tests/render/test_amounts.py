"""An amount in words can be read in one way only: strength, release, bottle and days stand beside the count."""

from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import Form, Release, Slot
from fhir_taper.plans.tapers.plan import PlanProduct
from fhir_taper.render.amounts import Cell, count_in_words, every_in_words, labels_of, used_products
from fhir_taper.render.plan_rows import rows_of
from tests.render.sample_plan import HALF_MG, er_and_ir, liquids, many_strengths, sample_plan


@pytest.mark.parametrize(
    ("units", "words"), [("0.5", "½"), ("0.25", "¼"), ("1.5", "1½"), ("2.75", "2¾"), ("3", "3"), ("3.0", "3"), ("0.4", "0.4"), ("10", "10")]
)
def test_counts_are_written_as_a_pharmacist_writes_them(units: str, words: str) -> None:
    assert count_in_words(Decimal(units)) == words


def test_releases_are_told_apart_where_a_plan_has_both() -> None:
    assert rows_of(er_and_ir())[0].slots[0].lines == ("1 × 15 mg ER", "+ 1 × 15 mg IR")


def test_a_plain_tablet_alone_needs_no_release() -> None:
    assert labels_of(sample_plan())[HALF_MG.rxcui] == ("0.5 mg",)


def test_a_liquid_is_written_in_ml_and_mg_with_its_bottle() -> None:
    cell = rows_of(liquids())[0].slots[0]
    assert str(cell) == "0.25 mL (0.25 mg) of 1 mg/mL + 0.25 mL (1.25 mg) of 5 mg/mL"
    assert cell.lines == ("0.25 mL (0.25 mg)", "of 1 mg/mL", "+ 0.25 mL (1.25 mg)", "of 5 mg/mL")


def test_a_patch_is_written_by_its_rate_in_micrograms_spelt_mcg() -> None:
    name = "72 HR fentanyl 0.012 MG/HR Transdermal System"
    patch = PlanProduct("577057", name, "fentanyl", Form.PATCH, Release.EXTENDED, Decimal("0.3"), wear_h=72)
    assert labels_of(sample_plan(products=(patch,)))["577057"] == ("12.5 mcg/h patch",)


def test_companions_are_named_where_they_differ() -> None:
    names = ("acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet", "oxycodone hydrochloride 5 MG Oral Tablet")
    products = tuple(
        PlanProduct(str(number), name, "oxycodone", Form.TABLET, Release.IMMEDIATE, Decimal(5)) for number, name in enumerate(names)
    )
    assert labels_of(sample_plan(products=products)) == {"0": ("5 mg", "with acetaminophen 325 mg"), "1": ("5 mg",)}


def test_no_two_products_of_a_plan_look_the_same() -> None:
    twins = tuple(PlanProduct(code, "lorazepam 1 MG Oral Tablet", "lorazepam", Form.TABLET, Release.IMMEDIATE, Decimal(1)) for code in "ab")
    for plan in (sample_plan(products=twins), er_and_ir(), liquids(), many_strengths()):
        labels = labels_of(plan)
        products = {product.rxcui: product.ingredient for product in plan.products}
        assert len({(products[code], label) for code, label in labels.items()}) == len(products)


def test_days_between_doses_are_said_by_the_time_of_day() -> None:
    assert (every_in_words(1, Slot.NIGHT), every_in_words(2, Slot.NIGHT), every_in_words(4, Slot.NOON)) == (
        "",
        "every 2nd night",
        "every 4th day",
    )


def test_a_time_at_which_nothing_is_taken_is_a_dash() -> None:
    assert (str(Cell()), Cell().lines) == ("–", ("–",))


def test_only_products_that_are_taken_are_listed() -> None:
    unused = PlanProduct("1", "lorazepam 2 MG Oral Tablet", "lorazepam", Form.TABLET, Release.IMMEDIATE, Decimal(2))
    plan = sample_plan()
    assert used_products(sample_plan(products=(*plan.products, unused))) == plan.products
