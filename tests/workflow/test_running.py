"""A regimen says which tapers of ours run, and what is taken under them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.workflow.running import running_tapers
from tests.mappers.write.example_plans import BEFORE, EXAMPLES, NOW
from tests.workflow.made_readings import reading_of

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
