"""A regimen says which tapers of ours run, and what is taken under them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.workflow.plan import make_plan
from fhir_taper.workflow.running import running_tapers
from tests.mappers.read.orders import DIAZEPAM_2, TABLET, medicine, request
from tests.mappers.write.example_plans import BEFORE, EXAMPLES, NOW
from tests.workflow.made_readings import asking, reading_of, tablets

PLAN = EXAMPLES["diazepam"]


def said(plan: TaperPlan, day: date) -> list[Issue]:
    """What the regimen of a chart with this plan says of it."""
    bundle = to_bundle(plan, as_of=BEFORE, instant=NOW)
    resources: list[dict[str, Any]] = [entry["resource"] for entry in bundle["entry"]]
    reading = reading_of(*(one for one in resources if one["resourceType"] in {"CarePlan", "RequestGroup"}))
    return list(running_tapers(reading.own_plans, day))


def test_a_running_taper_is_said_with_its_step_its_dose_and_since_when() -> None:
    start = PLAN.steps[0].start
    (issue,) = said(replace(PLAN, state=PlanState.ACTIVE), start)

    assert (issue.severity, issue.code) == ("warning", "taper-running")
    assert issue.message.startswith(f"a taper of diazepam is active: step 0, diazepam 4 mg a day since {start.isoformat()}")
    assert PLAN.id in issue.message


def test_a_taper_that_has_not_begun_says_when_it_does() -> None:
    start = PLAN.steps[0].start
    (issue,) = said(replace(PLAN, state=PlanState.ACTIVE), start - timedelta(days=3))

    assert f"it begins on {start.isoformat()} with diazepam 4 mg a day" in issue.message


def test_drafts_and_ended_tapers_are_not_running() -> None:
    for state in (PlanState.DRAFT, PlanState.COMPLETED, PlanState.REVOKED):
        assert not said(replace(PLAN, state=state), PLAN.steps[0].start)


def step_of(sequence: int, start: str, end: str, tablets: int, **dosage: Any) -> dict[str, Any]:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": start, "end": end}}
    return {"sequence": sequence, "timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": TABLET | {"value": tablets}}], **dosage}


ORDERED = request(
    medicationCodeableConcept=medicine(*DIAZEPAM_2),
    dosageInstruction=[
        step_of(1, "2025-12-19", "2026-01-08", 4),
        step_of(2, "2026-01-09", "2026-01-22", 3),
        step_of(3, "2026-01-23", "2026-02-05", 2, asNeededBoolean=True),
    ],
)
SAYS = "8 mg a day from 2025-12-19 to 2026-01-08, 6 mg a day from 2026-01-09 to 2026-01-22, up to 4 mg a day from 2026-01-23 to 2026-02-05"


def test_a_taper_that_stands_in_the_orders_alone_is_said_with_its_steps() -> None:
    reading = reading_of(ORDERED)
    (issue,) = [one for one in reading.regimen.issues if one.code == "taper-ordered"]

    assert (issue.severity, issue.source) == ("warning", "MedicationRequest/m1")
    assert issue.message == f"a taper of diazepam is written in the orders: {SAYS}"
    assert [item.scheduled_mg for item in reading.regimen.items] == [8]


def test_one_order_for_each_step_is_the_same_taper() -> None:
    parts = ORDERED["dosageInstruction"]
    orders = [
        ORDERED
        | {"id": f"m{number}", "dosageInstruction": [one], "groupIdentifier": {"value": "taper-1"}}
        | {"dispenseRequest": {"validityPeriod": one["timing"]["repeat"]["boundsPeriod"]}}
        for number, one in enumerate(parts, 1)
    ]
    reading = reading_of(*orders)

    assert [one.message for one in reading.regimen.issues if one.code == "taper-ordered"] == [
        f"a taper of diazepam is written in the orders: {SAYS}"
    ]
    assert [(item.state, item.scheduled_mg) for item in reading.regimen.items] == [("computed", 8), ("excluded", None), ("excluded", None)]


def test_a_plan_beside_a_taper_in_the_orders_is_a_finding_that_a_person_accepts_with_a_reason() -> None:
    plan = make_plan(reading_of(ORDERED), asking("diazepam", strategy="linear", benzo_table="va-dod-2021", parts=2))

    assert isinstance(plan, TaperPlan)
    (finding,) = [one for one in plan.findings if one.code == "taper-ordered"]
    assert (finding.severity, finding.evidence) == (Severity.ACKNOWLEDGE, ("MedicationRequest/m1",))
    assert SAYS in finding.message


def test_a_plan_of_another_medicine_does_not_speak_of_it() -> None:
    reading = reading_of(ORDERED, tablets("1049621", "oxycodone hydrochloride 5 MG Oral Tablet", 2))
    plan = make_plan(reading, asking("oxycodone", strategy="linear"))

    assert isinstance(plan, TaperPlan)
    assert not [one for one in plan.findings if one.code == "taper-ordered"]


def test_the_orders_of_a_running_plan_of_ours_are_no_second_taper() -> None:
    bundle = to_bundle(replace(PLAN, state=PlanState.ACTIVE), as_of=BEFORE, instant=NOW)
    ours = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] in {"CarePlan", "RequestGroup"}]

    assert [one.code for one in reading_of(*ours, ORDERED).regimen.issues if one.code.startswith("taper-")] == ["taper-running"]
