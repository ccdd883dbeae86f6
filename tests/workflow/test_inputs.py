"""What a plan says that it rests on: every input with its version, the diagnoses that it addresses, the order that a proposal follows."""

from decimal import Decimal
from typing import Any

from fhir_taper.exact_json import decode
from fhir_taper.mappers.write.namespace import PROTOCOL_ROOT
from fhir_taper.mappers.write.structure_definitions import definitions
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.workflow.plan import make_plan, plan_output
from fhir_taper.workflow.regimen import Reading
from tests.mappers.charts import concept
from tests.workflow.made_readings import asking, reading_of, tablets

SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
OXYCODONE = tablets("1049621", "oxycodone hydrochloride 5 MG Oral Tablet", 4)
PAIN: dict[str, Any] = {
    "resourceType": "Condition",
    "id": "c1",
    "meta": {"versionId": "7"},
    "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
    "code": concept(SNOMED, "82423001", "Chronic pain"),
    "subject": {"reference": "Patient/p1"},
}
EGFR: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": concept(LOINC, "62238-1", "eGFR"),
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2025-12-01",
    "valueQuantity": {"value": 25, "unit": "mL/min/{1.73_m2}", "system": "http://unitsofmeasure.org", "code": "mL/min/{1.73_m2}"},
}


def written(reading: Reading, kind: str) -> list[dict[str, Any]]:
    """Resources of one type of the plan as FHIR."""
    plan = make_plan(reading, asking("oxycodone", protocol="cdc-2022-slow", use=">=1y", zone="UTC"))
    assert isinstance(plan, TaperPlan)
    bundle = decode(plan_output(plan, "fhir", reading))
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def test_every_input_of_tier_and_findings_is_named_with_its_version() -> None:
    (provenance,) = written(reading_of(OXYCODONE, PAIN, EGFR), "Provenance")
    named = [entity["what"].get("reference") for entity in provenance["entity"]]

    assert named[:3] == ["MedicationRequest/m1049621", "Condition/c1/_history/7", "Observation/o1"]


def test_the_diagnoses_that_are_addressed_stand_on_plan_and_proposal() -> None:
    reading = reading_of(OXYCODONE, PAIN)

    assert [plan["addresses"] for plan in written(reading, "CarePlan")] == [[{"reference": "Condition/c1"}]]
    assert [one["reasonReference"] for one in written(reading, "MedicationRequest")] == [[{"reference": "Condition/c1"}]]


def test_a_proposal_names_the_order_of_its_product_that_it_follows() -> None:
    (proposal,) = written(reading_of(OXYCODONE), "MedicationRequest")

    assert proposal["priorPrescription"] == {"reference": "MedicationRequest/m1049621"}


def test_of_two_orders_of_one_product_none_is_the_one_that_is_followed() -> None:
    other = OXYCODONE | {"id": "again", "requester": {"display": "Dr Other"}, "dosageInstruction": OXYCODONE["dosageInstruction"]}
    reading = reading_of(OXYCODONE, other)
    options = {"baseline_mg": Decimal(20), "baseline_by": "Dr. Example"}
    plan = make_plan(reading, asking("oxycodone", strategy="linear", **options))

    assert isinstance(plan, TaperPlan)
    assert b"priorPrescription" not in plan_output(plan, "fhir", reading)


def test_the_protocol_that_is_named_is_one_that_is_published() -> None:
    (plan,) = written(reading_of(OXYCODONE), "CarePlan")
    (address,) = plan["instantiatesCanonical"]

    assert definitions()[f"PlanDefinition-{address.removeprefix(PROTOCOL_ROOT)}.json"]["url"] == address


def test_tablets_that_take_the_place_of_todays_are_proposed_for_the_first_day_and_follow_todays_order() -> None:
    reading = reading_of(tablets("1049683", "oxycodone hydrochloride 10 MG Oral Tablet", 2))
    asked = asking("oxycodone", protocol="cdc-2022-slow", use=">=1y", zone="UTC", products=("1049621",))
    plan = make_plan(reading, asked)
    assert isinstance(plan, TaperPlan)
    bundle = decode(plan_output(plan, "fhir", reading))
    (proposal,) = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "MedicationRequest"]

    assert [finding.evidence for finding in plan.findings if finding.code == "first-supply"] == [("MedicationRequest/m1049683",)]
    assert proposal["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]["start"] == plan.steps[0].start.isoformat()
    assert proposal["priorPrescription"] == {"reference": "MedicationRequest/m1049683"}
    assert "Replaces today's supply (oxycodone hydrochloride 10 MG Oral Tablet)" in str(proposal["note"])
    assert not [finding for finding in plan.findings if "rise" in finding.code]


def test_the_patients_own_tablets_are_not_proposed_for_the_first_day() -> None:
    reading = reading_of(OXYCODONE)
    plan = make_plan(reading, asking("oxycodone", protocol="cdc-2022-slow", use=">=1y", zone="UTC"))
    assert isinstance(plan, TaperPlan)
    (proposal,) = written(reading, "MedicationRequest")

    assert "first-supply" not in {finding.code for finding in plan.findings}
    assert proposal["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]["start"] > plan.steps[0].start.isoformat()
