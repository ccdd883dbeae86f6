"""The patient a year into a taper: ordered as planned, heard of nearly every week, and nothing in the chart that a rule finds."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from fhir_taper.exact_json import encode
from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.timeline import Timeline
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.sandbox.charts import load_charts
from fhir_taper.sandbox.mid_taper import with_own_plan
from fhir_taper.sandbox.year_taper import YEAR
from fhir_taper.workflow.assess import in_zone
from fhir_taper.workflow.read_chart import read_chart_bytes
from fhir_taper.workflow.timeline import timeline_of_chart

TODAY = date(2026, 11, 22)
CHART = next(one for one in load_charts(TODAY) if one.patient_id == YEAR.patient_id)
OURS = frozenset({"CarePlan", "RequestGroup", "Goal", "Device", "Provenance", "QuestionnaireResponse", "Appointment"})


@pytest.fixture(scope="module")
def plan() -> TaperPlan:
    of_today = [one for one in CHART.resources if one["resourceType"] not in OURS]
    begun = [one for one in of_today if "priorPrescription" not in one and one.get("status") != "draft"]
    return with_own_plan(begun, TODAY, YEAR)[1]


@pytest.fixture(scope="module")
def seen(plan: TaperPlan) -> Timeline:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in CHART.resources]}
    return timeline_of_chart(read_chart_bytes(encode(bundle), YEAR.patient_id), plan, _now(plan)).value


def _now(plan: TaperPlan) -> datetime:
    return in_zone(datetime.combine(TODAY, datetime.min.time(), UTC) + timedelta(hours=20), plan.zone)


def test_on_every_day_the_orders_say_what_the_plan_says_and_today_they_say_4_mg(plan: TaperPlan, seen: Timeline) -> None:
    assert plan.state is PlanState.ACTIVE
    of_diazepam = [one for one in seen.doses if one.of == "diazepam"]
    assert of_diazepam[0].start == plan.steps[0].start
    assert [one.amount for one in of_diazepam] == [step.mg_per_day("diazepam") for step in plan.steps if step.start <= TODAY]
    assert step_in_force(plan, TODAY).mg_per_day("diazepam") == of_diazepam[-1].amount == Decimal(4)


def test_a_year_of_check_ins_and_scores_is_read_and_none_is_set_aside(seen: Timeline) -> None:
    assert [one.value for one in seen.of("gad7")] == [7, 7, 8, 8, 11, 14, 10, 8, 7, 7, 6, 6, 6, 5]
    assert len(seen.of("phq9")) == 14
    assert all(one.value == 0 for one in seen.of("phq9-item9"))
    assert len(seen.of("symptoms")) == 51
    assert seen.set_aside == ()


def test_no_rule_of_level_one_or_more_holds_today(plan: TaperPlan, seen: Timeline) -> None:
    found = assess(plan, seen, as_of=_now(plan))
    assert [hit.rule for hit in found.hits if hit.level >= Level.HOLD] == []


def test_the_pause_stands_in_the_plan(plan: TaperPlan) -> None:
    assert [note.kind for note in plan.revisions if note.kind in ("hold", "resume")] == ["hold", "resume"]
