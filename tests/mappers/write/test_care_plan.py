from dataclasses import replace

import pytest

from fhir_taper.plans.tapers.plan import PlanState
from tests.mappers.write.example_plans import EXAMPLES, only, written

PLAN = EXAMPLES["diazepam"]
CATEGORY = "https://fhir-taper.org/fhir/CodeSystem/care-plan-category"


@pytest.mark.feature("F01")
def test_the_care_plan_is_a_plan_with_the_us_core_category_a_narrative_and_an_activity_that_is_the_request_group() -> None:
    bundle = written(PLAN)
    care_plan, group = only(bundle, "CarePlan"), only(bundle, "RequestGroup")
    assert (care_plan["intent"], care_plan["text"]["status"]) == ("plan", "generated")
    assert [coding["code"] for concept in care_plan["category"] for coding in concept["coding"]] == ["assess-plan", "taper"]
    assert care_plan["activity"] == [{"reference": {"reference": f"urn:uuid:{group['id']}"}}]


@pytest.mark.parametrize("state", list(PlanState))
def test_the_status_is_the_state_of_the_plan_on_care_plan_and_request_group(state: PlanState) -> None:
    bundle = written(replace(PLAN, state=state))
    assert (only(bundle, "CarePlan")["status"], only(bundle, "RequestGroup")["status"]) == (state, state)


def test_an_opioid_taper_also_carries_the_snomed_code_and_a_benzodiazepine_taper_does_not() -> None:
    snomed = {"system": "http://snomed.info/sct", "code": "874903005"}
    assert snomed in only(written(EXAMPLES["oxycodone"]), "CarePlan")["category"][1]["coding"]
    assert snomed not in only(written(PLAN), "CarePlan")["category"][1]["coding"]


def test_the_previous_version_is_replaced_by_its_identifier() -> None:
    care_plan = only(written(replace(PLAN, replaces="old-id", version=2)), "CarePlan")
    assert care_plan["replaces"] == [{"type": "CarePlan", "identifier": {"system": "https://fhir-taper.org/fhir/plan", "value": "old-id"}}]


def test_a_protocol_is_a_canonical_address() -> None:
    care_plan = only(written(replace(PLAN, protocol="cks-slow")), "CarePlan")
    assert care_plan["instantiatesCanonical"] == ["https://fhir-taper.org/fhir/PlanDefinition/cks-slow"]


def test_the_author_is_a_reference_where_the_plan_names_a_resource_and_absent_where_it_names_nobody() -> None:
    assert only(written(PLAN), "CarePlan")["author"] == {"reference": "Practitioner/dr1"}
    assert only(written(replace(PLAN, author="Dr Amara Osei")), "CarePlan")["author"] == {"display": "Dr Amara Osei"}
    assert "author" not in only(written(replace(PLAN, author="")), "CarePlan")


def test_the_period_ends_with_the_stop_and_stays_open_for_a_dose_that_goes_on() -> None:
    assert only(written(PLAN), "CarePlan")["period"] == {"start": "2026-01-05", "end": "2026-04-27"}
    maintained = replace(PLAN, steps=(*PLAN.steps[:2], replace(PLAN.steps[2], end=None)), gates=PLAN.gates[:2])
    assert only(written(maintained), "CarePlan")["period"] == {"start": "2026-01-05"}


def test_conditions_that_the_plan_addresses_and_what_it_rests_on_are_referenced() -> None:
    care_plan = only(written(replace(PLAN, sources=("MedicationRequest/m1/_history/3",)), addresses=("Condition/c1",)), "CarePlan")
    assert care_plan["addresses"] == [{"reference": "Condition/c1"}]
    assert care_plan["supportingInfo"] == [{"reference": "MedicationRequest/m1/_history/3"}]


@pytest.mark.feature("F05")
def test_strategy_and_parameters_stand_in_an_extension_that_can_be_read_without_us() -> None:
    taper = only(written(PLAN), "CarePlan")["extension"][0]
    assert taper["url"] == "https://fhir-taper.org/fhir/StructureDefinition/taper"
    assert {"url": "strategy", "valueString": "linear"} in taper["extension"]
    param = [{"url": "name", "valueString": "percent"}, {"url": "value", "valueString": "10"}]
    assert {"url": "param", "extension": param} in taper["extension"]
