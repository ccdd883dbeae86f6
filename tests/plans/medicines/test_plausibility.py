"""Milligrams written as tablets are refused; what a person can take is not."""

from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.plausibility import refuse_implausible
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from fhir_taper.plans.tables.medicine_tables import load_medicines

MOST = 60


def item(rxcui: str, scheduled: str | None, largest: str | None) -> RegimenItem:
    product = load_medicines().product(rxcui)
    assert product is not None
    amounts = [None if mg is None else Decimal(mg) for mg in (scheduled, largest)]
    drug_class = product.drug_class
    return RegimenItem(
        product.name, product.ingredient, drug_class, ItemState.COMPUTED, ("m1",), rxcui, product, amounts[0], amounts[1], how="as read"
    )


@pytest.mark.parametrize(("scheduled", "largest"), [("305", "305"), ("0", "305"), ("305", None)])
def test_more_units_a_day_than_the_bound_are_not_computable(scheduled: str | None, largest: str | None) -> None:
    (judged,) = refuse_implausible([item("1049621", scheduled, largest)], MOST)
    assert (judged.state, judged.reason) == (ItemState.NOT_COMPUTABLE, Reason.IMPLAUSIBLE)
    assert (judged.scheduled_mg, judged.max_mg, judged.intakes) == (None, None, ())
    assert "61 of oxycodone hydrochloride 5 MG Oral Tablet a day is more than 60" in judged.how
    assert judged.how.endswith("as read")


def test_the_bound_itself_is_still_counted() -> None:
    order = item("1049621", "300", "300")
    assert refuse_implausible([order], MOST) == (order,)


def test_liquids_and_unknown_amounts_are_left_alone() -> None:
    liquid, unknown = item("309843", "500", "500"), item("1049621", None, None)
    assert refuse_implausible([liquid, unknown], MOST) == (liquid, unknown)
