from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from fhir_taper import exact_json
from fhir_taper.errors import WrongUsage
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.read.regimen import read_items
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.medicines.dose import add
from fhir_taper.plans.medicines.regimen import ItemState, RegimenItem
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tables.medicine_tables import load_medicines
from fhir_taper.plans.tapers.dispensing import next_window, windows
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.revision import hold
from tests.mappers.write.example_plans import BEFORE, EXAMPLES, NOW, STOP_FINDING, only, resources, written
from tests.plan_strategies import plans
from tests.plans.tapers.made_plans import active, decided

PLAN = EXAMPLES["diazepam"]
IN_FIRST_WINDOW = date(2026, 1, 20)


def requests(name: str, as_of: date = BEFORE, **options: Any) -> list[dict[str, Any]]:
    return resources(written(EXAMPLES[name], as_of, **options), "MedicationRequest")


def read_as_orders(orders: list[dict[str, Any]], day: date) -> tuple[RegimenItem, ...]:
    patient = {"resourceType": "Patient", "id": "p1"}
    entries = [{"resource": patient}, *({"fullUrl": f"urn:uuid:{order['id']}", "resource": order} for order in orders)]
    chart = decode_chart([("chart.json", exact_json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries}))])
    return read_items(chart, load_medicines(), day).value


@settings(max_examples=60)
@given(plans())
def test_every_prescription_of_every_plan_is_a_draft_proposal(plan: TaperPlan) -> None:
    day = plan.steps[0].start
    made = next_window(plan, day, load_life_rules()).windows
    found = resources(to_bundle(plan, as_of=day, instant=NOW, windows=made), "MedicationRequest")
    assert {(request["status"], request["intent"]) for request in found} <= {("draft", "proposal")}
    assert all(request["dispenseRequest"]["numberOfRepeatsAllowed"] == 0 for request in found)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_signed_as_it_is_a_prescription_reads_back_as_the_dose_of_its_step_on_every_day_of_its_window(name: str) -> None:
    plan = EXAMPLES[name]
    orders = [request | {"status": "active", "intent": "order"} for request in requests(name)]
    starts = [step.start for step in plan.steps if step.start <= date.fromisoformat(orders[0]["dispenseRequest"]["validityPeriod"]["end"])]
    for day in (start for start in starts if plan.step_on(start).mg_per_day(plan.ingredient)):
        items = read_as_orders(orders, day)
        assert {item.state for item in items} == {ItemState.COMPUTED}
        assert add(*(item.scheduled_mg for item in items if item.scheduled_mg is not None)) == plan.step_on(day).mg_per_day(plan.ingredient)


def test_as_proposed_a_prescription_is_not_counted_as_something_that_the_patient_takes() -> None:
    assert {item.state for item in read_as_orders(requests("diazepam"), date(2026, 1, 10))} == {ItemState.EXCLUDED}


def test_the_next_window_has_its_days_quantity_and_earliest_fill() -> None:
    (request,) = requests("diazepam", IN_FIRST_WINDOW)
    dispense = request["dispenseRequest"]
    assert dispense["validityPeriod"] == {"start": "2026-01-31", "end": "2026-03-01"}
    assert dispense["quantity"] == {"value": Decimal(42), "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{tbl}"}
    assert dispense["expectedSupplyDuration"]["value"] == 28
    assert request["medicationCodeableConcept"]["coding"][0]["code"] == "197590"


def test_different_amounts_at_different_times_are_dosages_at_the_same_place_in_the_sequence() -> None:
    (request,) = requests("diazepam", IN_FIRST_WINDOW)
    bounds = {"start": "2026-02-02", "end": "2026-03-01"}
    assert [dosage["sequence"] for dosage in request["dosageInstruction"]] == [1, 1]
    assert [dosage["doseAndRate"][0]["doseQuantity"]["value"] for dosage in request["dosageInstruction"]] == [Decimal("0.5"), Decimal(1)]
    assert [dosage["timing"]["repeat"] for dosage in request["dosageInstruction"]] == [
        {"boundsPeriod": bounds, "frequency": 1, "period": 1, "periodUnit": "d", "when": [when]} for when in ("MORN", "NIGHT")
    ]
    assert [dosage["text"] for dosage in request["dosageInstruction"]] == ["Take 1/2 tablet in the morning", "Take 1 tablet at night"]


def test_a_window_with_several_doses_numbers_them_and_says_their_days() -> None:
    (request,) = requests("weekly")
    assert [dosage["sequence"] for dosage in request["dosageInstruction"]] == [1, 2, 2, 3, 4]
    assert request["dosageInstruction"][1]["text"] == "From 2026-01-12 to 2026-01-18: Take 1/2 tablet in the morning"
    assert request["dosageInstruction"][1]["patientInstruction"] == "From 2026-01-12 to 2026-01-18: Take 1/2 tablet in the morning."


def test_a_liquid_is_dosed_in_ml_and_says_the_mg() -> None:
    (dosage,) = requests("liquid")[0]["dosageInstruction"]
    assert dosage["doseAndRate"] == [
        {"doseQuantity": {"value": Decimal("0.4"), "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL"}}
    ]
    assert dosage["text"] == "Take 0.4 mL (2 mg) in the morning and 0.4 mL (2 mg) at night"


def test_patches_are_applied_once_per_wear_time() -> None:
    (dosage,) = requests("patch")[0]["dosageInstruction"]
    repeat = dosage["timing"]["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (1, 72, "h")
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == 2
    assert dosage["doseAndRate"][0]["doseQuantity"]["code"] == "{patch}"


def test_every_other_day_is_a_period_of_two_days_from_the_first_dosing_day() -> None:
    dosage = requests("alternate-day")[0]["dosageInstruction"][1]
    assert dosage["timing"]["repeat"] == {
        "boundsPeriod": {"start": "2026-01-19", "end": "2026-02-01"}, "frequency": 1, "period": 2, "periodUnit": "d", "when": ["NIGHT"],
    }  # fmt: skip


def test_a_window_that_starts_between_two_dosing_days_starts_its_timing_on_the_next_one() -> None:
    plan = EXAMPLES["alternate-day"]
    made = next_window(plan, date(2026, 1, 19), load_life_rules(), supplied_until=date(2026, 1, 19)).windows
    (request,) = resources(to_bundle(plan, as_of=BEFORE, instant=NOW, windows=made), "MedicationRequest")
    assert made[0].start == date(2026, 1, 20)
    assert request["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]["start"] == "2026-01-21"
    assert request["dosageInstruction"][0]["text"].startswith("From 2026-01-21 to 2026-02-01: ")


def test_two_strengths_are_two_requests_under_one_group_identifier() -> None:
    found = requests("two-strengths", IN_FIRST_WINDOW)
    assert [request["medicationCodeableConcept"]["coding"][0]["code"] for request in found] == ["1049611", "1049621"]
    assert found[0]["groupIdentifier"] == found[1]["groupIdentifier"]
    assert found[0]["identifier"] != found[1]["identifier"]


def test_a_request_is_based_on_its_care_plan_and_follows_the_prescription_before_it() -> None:
    bundle = written(PLAN, prior_prescriptions={"197590": "MedicationRequest/m1"}, addresses=("Condition/c1",))
    request = only(bundle, "MedicationRequest")
    assert request["basedOn"] == [{"reference": f"urn:uuid:{only(bundle, 'CarePlan')['id']}"}]
    assert request["priorPrescription"] == {"reference": "MedicationRequest/m1"}
    assert request["reasonReference"] == [{"reference": "Condition/c1"}]


def test_the_program_asks_until_a_clinician_signed_the_plan_off() -> None:
    draft, signed = written(PLAN), written(replace(PLAN, state=PlanState.ACTIVE))
    assert only(draft, "MedicationRequest")["requester"] == {"reference": f"urn:uuid:{only(draft, 'Device')['id']}"}
    assert only(signed, "MedicationRequest")["requester"] == {"reference": "Practitioner/dr1"}


def test_another_dose_for_the_same_days_is_another_proposal() -> None:
    made = next_window(PLAN, BEFORE, load_life_rules()).windows
    other = replace(made[0], quantity=made[0].quantity + 1)
    ids = [only(to_bundle(PLAN, as_of=BEFORE, instant=NOW, windows=[window]), "MedicationRequest")["id"] for window in (made[0], other)]
    assert ids[0] != ids[1]


def test_a_plan_on_hold_proposes_to_go_on_with_the_same_dose() -> None:
    held = hold(active(PLAN), decided(IN_FIRST_WINDOW), 14)
    (request,) = resources(written(held, IN_FIRST_WINDOW), "MedicationRequest")
    assert [dosage["text"] for dosage in request["dosageInstruction"]] == ["Take 1 tablet in the morning and 1 tablet at night"]
    assert request["status"] == "draft"


@pytest.mark.parametrize("change", [{"findings": (STOP_FINDING,)}, {"state": PlanState.REVOKED}, {"state": PlanState.COMPLETED}])
def test_a_plan_under_a_stop_finding_or_no_longer_followed_proposes_nothing(change: dict[str, Any]) -> None:
    made = next_window(PLAN, BEFORE, load_life_rules()).windows
    bundle = to_bundle(replace(PLAN, **change), as_of=BEFORE, instant=NOW, windows=made)
    assert made
    assert resources(bundle, "MedicationRequest") == []


def test_windows_of_several_periods_or_of_the_past_are_refused() -> None:
    made = windows(PLAN, load_life_rules())
    with pytest.raises(WrongUsage, match="only the next window"):
        to_bundle(PLAN, as_of=BEFORE, instant=NOW, windows=made)
    with pytest.raises(WrongUsage, match="2026-01-05 to 2026-02-01 is over on 2026-02-02"):
        to_bundle(PLAN, as_of=date(2026, 2, 2), instant=NOW, windows=made[:1])
