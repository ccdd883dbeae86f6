from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from fhir_taper import exact_json
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.dispensing import next_window
from fhir_taper.plans.tapers.plan import TaperPlan
from tests.mappers.write.example_plans import EXAMPLES, NOW, written
from tests.plan_strategies import plans

Gate = Callable[[Mapping[str, Any]], list[str]]


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_every_example_passes_the_validator_gate(name: str, validator_gate: Gate) -> None:
    assert validator_gate(written(EXAMPLES[name], addresses=("Condition/c1",))) == []


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans())
def test_every_plan_passes_the_validator_gate(plan: TaperPlan, validator_gate: Gate) -> None:
    day = plan.steps[0].start
    made = next_window(plan, day, load_life_rules()).windows
    assert validator_gate(to_bundle(plan, as_of=day, instant=NOW, windows=made)) == []


def test_the_bundle_is_a_collection_of_what_the_plan_needs() -> None:
    bundle = written(EXAMPLES["diazepam"])
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert bundle["type"] == "collection"
    assert kinds == ["CarePlan", "RequestGroup", "Goal", "Goal", "MedicationRequest", "Device", "Provenance"]


def test_the_same_plan_day_and_instant_give_the_same_bytes() -> None:
    first, second = (exact_json.encode(written(EXAMPLES["weekly"])) for _ in range(2))
    assert first == second


def test_digits_of_a_dose_are_kept_to_the_last_zero() -> None:
    assert b'"fraction","valueDecimal":0.25' in exact_json.encode(written(EXAMPLES["diazepam"]))
    assert b'"smallestMl","valueDecimal":0.05' in exact_json.encode(written(EXAMPLES["liquid"]))
