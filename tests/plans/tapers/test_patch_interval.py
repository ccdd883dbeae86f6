"""How often patches are changed, by orders, by the label, and by a plan that runs."""

from decimal import Decimal

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import ItemState, RegimenItem
from fhir_taper.plans.tapers.patch_interval import Changed, as_changed
from tests.plans.tapers.made_requests import patch, tables, tablets

WEAK, STRONG = patch("fentanyl", "0.3"), patch("fentanyl", "0.6")


def ordered(product: Product, *hours: int) -> RegimenItem:
    state, code = ItemState.COMPUTED, product.rxcui
    every = tuple(Decimal(one) for one in hours)
    return RegimenItem(
        product.name, product.ingredient, DrugClass.OPIOID, state, (f"MedicationRequest/{code}",), code, product, changed_every_h=every
    )


def changed(*orders: RegimenItem, of_plan: dict[str, int] | None = None) -> Changed:
    found = as_changed((WEAK, STRONG, *tablets("morphine", "15")), orders, tables().limits, is_stated=False, of_plan=of_plan)
    assert isinstance(found, Changed)
    return found


def test_only_patches_of_the_ordered_medicine_get_its_interval() -> None:
    products = (STRONG, patch("buprenorphine", "0.24", 168), *tablets("morphine", "15"))
    found = as_changed(products, [ordered(STRONG, 48)], tables().limits, is_stated=False)
    assert isinstance(found, Changed)
    assert [one.wear_h for one in found.products] == [48, 168, None]


def test_the_finding_has_the_source_of_the_row_that_allows_it_and_the_orders_as_evidence() -> None:
    (said,) = changed(ordered(STRONG, 48)).said
    assert "US label" in said.source
    assert said.evidence == (f"MedicationRequest/{STRONG.rxcui}",)


def test_a_plan_that_runs_keeps_its_interval_whatever_is_ordered_now_and_says_where_they_differ() -> None:
    of_plan: dict[str, int] = {WEAK.rxcui: 48, STRONG.rxcui: 48}
    same, other, none = (changed(*orders, of_plan=of_plan) for orders in ([ordered(STRONG, 48)], [ordered(STRONG, 72)], []))
    for one in (same, other, none):
        assert [product.wear_h for product in one.products] == [48, 48, None]
    assert (same.said, none.said) == ((), ())
    assert "every 72 h" in other.said[0].message
    assert "keeps 48 h" in other.said[0].message
    assert "every 60 h" in changed(ordered(STRONG, 60), of_plan=of_plan).said[0].message


def test_orders_that_do_not_say_how_often_leave_the_label() -> None:
    assert [one.wear_h for one in changed(ordered(STRONG)).products] == [72, 72, None]
    assert changed(ordered(STRONG)).said == ()
