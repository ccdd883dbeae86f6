"""Orders that were set aside are items that nobody can compute."""

from typing import Any

import pytest

from fhir_taper.mappers.read.set_aside import items_set_aside
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from tests.mappers.charts import SmallCatalogue, chart_of, order, resource


def items(*documents: Any) -> tuple[RegimenItem, ...]:
    return items_set_aside(chart_of(list(documents)), SmallCatalogue())


def test_an_order_that_was_set_aside_is_an_item_with_its_medicine_and_the_reason() -> None:
    (item,) = items(order("m1", dosageInstruction=5), order("m2"))
    assert (item.ingredient, item.drug_class) == ("oxycodone", DrugClass.OPIOID)
    assert (item.state, item.reason) == (ItemState.NOT_COMPUTABLE, Reason.UNREADABLE)
    assert (item.scheduled_mg, item.max_mg, item.sources) == (None, None, ("MedicationRequest/m1",))
    assert "dosageInstruction" in item.how


def test_a_medicine_that_cannot_be_named_is_unknown_and_never_not_an_opioid() -> None:
    (item,) = items(order("m1", medicationCodeableConcept="oxycodone"))
    assert (item.drug, item.drug_class) == ("a medicine that cannot be named", DrugClass.UNKNOWN)


def test_of_a_combination_the_controlled_ingredient_counts() -> None:
    (item,) = items(order("m1", medicationCodeableConcept={"text": "naloxone with oxycodone"}, dosageInstruction=5))
    assert item.ingredient == "oxycodone"


@pytest.mark.parametrize("status", ["stopped", "completed", "entered-in-error", "on-hold"])
def test_an_order_that_is_over_needs_no_number(status: str) -> None:
    assert items(order("m1", status=status, dosageInstruction=5)) == ()


@pytest.mark.parametrize("status", ["active", ..., 5])
def test_an_order_of_unknown_status_may_be_current(status: Any) -> None:
    assert len(items(order("m1", status=status, dosageInstruction=5))) == 1


def test_a_report_counts_and_a_dispense_or_a_condition_does_not() -> None:
    report = resource("MedicationStatement", "s1", status="active", medicationCodeableConcept={"text": "diazepam"}, dosage=5)
    supply = resource("MedicationDispense", "d1", status="completed", dosageInstruction=5)
    assert [item.ingredient for item in items(report, supply, resource("Condition", "c1", code=5))] == ["diazepam"]
