from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings

from fhir_taper import exact_json
from fhir_taper.mappers.read.care_plan import from_bundle
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.mappers.write.degraded import to_degraded
from fhir_taper.mappers.write.vocabularies import DegradedForm
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from tests.mappers.write.example_plans import BEFORE, EXAMPLES, NOW, only, resources, written
from tests.mappers.write.extension_check import problems
from tests.plan_strategies import plans

Gate = Callable[[Mapping[str, Any]], list[str]]
PLAN = EXAMPLES["diazepam"]


@settings(max_examples=40)
@given(plans())
def test_both_forms_still_carry_the_whole_plan(plan: TaperPlan) -> None:
    bundle = to_bundle(plan, as_of=BEFORE, instant=NOW)
    for form in DegradedForm:
        degraded = exact_json.decode(exact_json.encode(to_degraded(bundle, plan, form, BEFORE)))
        assert from_bundle(degraded) == plan
        assert [problem for entry in degraded["entry"] for problem in problems(entry["resource"])] == []


@pytest.mark.parametrize("form", list(DegradedForm))
@pytest.mark.parametrize("name", ["diazepam", "two-strengths", "alternate-day"])
def test_both_forms_pass_the_validator_gate(name: str, form: DegradedForm, validator_gate: Gate) -> None:
    plan = EXAMPLES[name]
    degraded = to_degraded(to_bundle(plan, as_of=BEFORE, instant=NOW), plan, form, BEFORE)
    assert [problem for entry in degraded["entry"] for problem in validator_gate(entry["resource"])] == []


@pytest.mark.parametrize("form", list(DegradedForm))
def test_the_care_plan_says_that_it_is_a_lesser_form_and_no_request_group_is_left(form: DegradedForm) -> None:
    bundle = written(PLAN)
    group = only(bundle, "RequestGroup")
    degraded = to_degraded(bundle, PLAN, form, BEFORE)
    mark = {"url": "https://fhir-taper.org/fhir/StructureDefinition/taper-degraded-form", "extension": [{"url": "form", "valueCode": form}]}
    assert mark in only(degraded, "CarePlan")["extension"]
    assert resources(degraded, "RequestGroup") == []
    assert f"urn:uuid:{group['id']}".encode() not in exact_json.encode(degraded)
    assert mark not in only(bundle, "CarePlan")["extension"]


def details(state: PlanState, as_of: date) -> list[dict[str, Any]]:
    plan = replace(PLAN, state=state, gates=())
    degraded = to_degraded(to_bundle(plan, as_of=as_of, instant=NOW), plan, DegradedForm.DETAIL, as_of)
    return [activity["detail"] for activity in only(degraded, "CarePlan")["activity"]]


@pytest.mark.parametrize(
    ("state", "as_of", "statuses"),
    [
        (PlanState.DRAFT, date(2026, 2, 10), ["not-started"] * 5),
        (PlanState.ACTIVE, date(2026, 1, 4), ["scheduled"] * 5),
        (PlanState.ACTIVE, date(2026, 2, 10), ["completed", "in-progress", "scheduled", "scheduled", "scheduled"]),
        (PlanState.REVOKED, date(2026, 2, 10), ["cancelled"] * 5),
        (PlanState.COMPLETED, date(2026, 2, 10), ["completed"] * 5),
        (PlanState.ENTERED_IN_ERROR, date(2026, 2, 10), ["entered-in-error"] * 5),
    ],
)
def test_a_detail_says_where_its_step_stands(state: PlanState, as_of: date, statuses: list[str]) -> None:
    assert [detail["status"] for detail in details(state, as_of)] == statuses


def test_a_detail_of_a_stop_is_a_task_without_any_amount() -> None:
    *doses, stop = details(PlanState.ACTIVE, date(2026, 1, 4))
    assert {detail["kind"] for detail in doses} == {"MedicationRequest"}
    assert [detail["dailyAmount"]["value"] for detail in doses] == [4, 3, 2, 1]
    assert (stop["kind"], "dailyAmount" in stop, "productCodeableConcept" in stop) == ("Task", False, False)
