"""A plan goes to FHIR and comes back the same, whatever it holds: `from_bundle(to_bundle(plan)) == plan`."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from fhir_taper import exact_json
from fhir_taper.errors import BadInput
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.read.care_plan import from_bundle, read_bundle, read_care_plans, unreadable_care_plans
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.dispensing import next_window
from fhir_taper.plans.tapers.finding import Acknowledgement
from fhir_taper.plans.tapers.plan import TaperPlan
from tests.mappers.write.example_plans import EXAMPLES
from tests.plan_strategies import plans

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
TODAY = date(2020, 1, 1)


def sent(plan: TaperPlan) -> dict[str, Any]:
    """Write a plan with its next window and decode what goes over the wire."""
    day = plan.steps[0].start
    made = next_window(plan, day, load_life_rules()).windows
    decoded: dict[str, Any] = exact_json.decode(exact_json.encode(to_bundle(plan, as_of=TODAY, instant=NOW, windows=made)))
    return decoded


@settings(max_examples=200)
@given(plans())
def test_every_plan_survives_the_way_to_fhir_and_back_through_bytes(plan: TaperPlan) -> None:
    """To the last digit, and by CarePlan and RequestGroup alone."""
    bundle = sent(plan)
    mapped = read_bundle(bundle)
    assert mapped.value == plan
    assert mapped.issues == ()
    assert [str(step.ideal_mg) for step in mapped.value.steps] == [str(step.ideal_mg) for step in plan.steps]
    assert [str(product.mg) for product in mapped.value.products] == [str(product.mg) for product in plan.products]
    bundle["entry"] = [entry for entry in bundle["entry"] if entry["resource"]["resourceType"] in {"CarePlan", "RequestGroup"}]
    assert from_bundle(bundle) == plan


def test_acknowledgements_of_two_findings_of_one_code_come_back_apart_and_none_comes_back_of_a_code_alone() -> None:
    accepted = tuple(
        Acknowledgement("companion-limit", f"findings.toml[{name}]", f"Too much {name}.", "Practitioner/dr1", TODAY, "as needed only")
        for name in ("acetaminophen", "ibuprofen")
    )
    bundle = sent(replace(EXAMPLES["diazepam"], acknowledgements=accepted))
    assert from_bundle(bundle).acknowledgements == accepted
    extensions = bundle["entry"][0]["resource"]["extension"]
    first = next(one for one in extensions if one["url"].endswith("taper-acknowledgement"))
    first["extension"] = [one for one in first["extension"] if one["url"] not in {"rule", "message"}]
    with pytest.raises(BadInput, match=r"taper-acknowledgement.*rule: is missing"):
        from_bundle(bundle)


def test_a_review_before_a_step_that_does_not_exist_is_refused() -> None:
    bundle = sent(EXAMPLES["diazepam"])
    gate = next(one for one in bundle["entry"][0]["resource"]["extension"] if one["url"].endswith("taper-review-gate"))
    next(one for one in gate["extension"] if one["url"] == "step")["valueInteger"] = 99
    with pytest.raises(BadInput, match="a review before step 99"):
        from_bundle(bundle)


def test_a_server_may_give_its_own_ids_and_references() -> None:
    plan = EXAMPLES["diazepam"]
    care_plan, group = (entry["resource"] for entry in sent(plan)["entry"][:2])
    care_plan |= {"id": "17", "activity": [{"reference": {"reference": "RequestGroup/4711"}}]}
    group |= {"id": "4711", "meta": {"versionId": "2"}}
    searchset = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": group}, {"resource": care_plan}]}
    assert from_bundle(searchset) == plan


def test_a_server_may_take_the_narrative_away() -> None:
    bundle = sent(EXAMPLES["diazepam"])
    del bundle["entry"][0]["resource"]["text"]
    assert from_bundle(bundle) == EXAMPLES["diazepam"]


def test_plans_are_found_in_a_chart_beside_everything_else() -> None:
    plan = EXAMPLES["diazepam"]
    bundle = sent(plan)
    bundle["entry"].append({"resource": {"resourceType": "Patient", "id": "p1"}})
    chart = decode_chart([("chart.json", exact_json.encode(bundle))])
    (mapped,) = read_care_plans(chart)
    assert mapped.value == plan
    assert mapped.sources[0].startswith("CarePlan/")
    assert unreadable_care_plans(chart) == ()
