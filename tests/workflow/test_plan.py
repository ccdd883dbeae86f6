"""One plan from a chart: findings of chart and schedule together, what nobody said is said, and one taper per ingredient."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from fhir_taper.errors import BrokenPlan
from fhir_taper.exact_json import encode
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.tapers.candidates import figures_of
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import PlanState, StepKind, TaperPlan
from fhir_taper.render.series import is_cross_over, series_of
from fhir_taper.workflow.plan import is_blocked, make_plan, plan_output
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.read_chart import read_chart_bytes
from fhir_taper.workflow.regimen import Reading, read
from fhir_taper.workflow.strategies import candidates, candidates_output
from tests.conftest import ValidatorGate

ELDER = Path(__file__).resolve().parents[2] / "fixtures" / "patients" / "lorazepam-elder.json"
DIAZEPAM_AND_OXYCODONE = ELDER.with_name("diazepam-oxycodone.json")
DAY = date(2026, 1, 5)
ASAM = PlanOptions("lorazepam", DAY, protocol="asam-2025", benzo_table="va-dod-2021")


def reading_of(chart: object) -> Reading:
    return read(read_chart_bytes(encode(chart), name="chart"), DAY, "cdc-2022", "va-dod-2021")


def elder() -> dict[str, list[dict[str, object]]]:
    chart: dict[str, list[dict[str, object]]] = json.loads(ELDER.read_text())
    return chart


def made(chart: object) -> TaperPlan:
    plan = make_plan(reading_of(chart), ASAM)
    assert isinstance(plan, TaperPlan)
    return plan


def with_own_plan(state: PlanState) -> object:
    plan = replace(made(elder()), state=state, author="Practitioner/dr1")
    written = to_bundle(plan, as_of=DAY, instant=datetime(2026, 1, 5, 9, tzinfo=UTC))
    return [
        elder(),
        *(entry["resource"] for entry in written["entry"] if entry["resource"]["resourceType"] in {"CarePlan", "RequestGroup"}),
    ]


def test_a_second_taper_of_one_ingredient_is_stopped() -> None:
    plan = made(with_own_plan(PlanState.ACTIVE))
    assert [(finding.code, finding.severity) for finding in plan.findings if finding.code == "taper-exists"] == [
        ("taper-exists", Severity.STOP)
    ]
    assert is_blocked(plan)


def test_a_plan_whose_cuts_fall_near_those_of_a_taper_in_the_chart_is_stopped_with_how_long_to_wait() -> None:
    chart = read_chart_bytes(DIAZEPAM_AND_OXYCODONE.read_bytes(), name="chart")
    opioid = make_plan(
        read(chart, DAY, "cdc-2022", "va-dod-2021"),
        PlanOptions("oxycodone", DAY, strategy="linear", baseline_mg=Decimal(40), baseline_by="Dr. A"),
    )
    assert isinstance(opioid, TaperPlan)
    for state, expected in ((PlanState.ACTIVE, 1), (PlanState.DRAFT, 0)):
        written = to_bundle(replace(opioid, state=state, author="Practitioner/dr1"), as_of=DAY, instant=datetime(2026, 1, 5, 9, tzinfo=UTC))
        own = [one["resource"] for one in written["entry"] if one["resource"]["resourceType"] in {"CarePlan", "RequestGroup"}]
        reading = reading_of([json.loads(DIAZEPAM_AND_OXYCODONE.read_text()), *own])
        plan = make_plan(reading, PlanOptions("diazepam", DAY, strategy="linear", benzo_table="va-dod-2021"))
        assert isinstance(plan, TaperPlan)
        close = [finding for finding in plan.findings if finding.code == "reductions-too-close"]
        assert [finding.severity for finding in close] == [Severity.STOP] * expected
        assert all("14 days apart" in one.message and "days later would keep them so" in one.message for one in close)


def test_a_taper_that_was_given_up_raises_the_tier_and_stops_nothing() -> None:
    plan = made(with_own_plan(PlanState.REVOKED))
    assert "taper-exists" not in {finding.code for finding in plan.findings}
    assert any("an earlier taper did not succeed" in factor.says for factor in plan.tier_factors)


def test_a_stop_finding_leaves_a_draft_that_is_still_printed() -> None:
    chart = elder()
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "77386006", "display": "Pregnancy"}]}
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    pregnancy = {
        "resourceType": "Condition",
        "id": "preg",
        "clinicalStatus": active,
        "code": code,
        "subject": {"reference": "Patient/lorazepam-elder"},
    }
    chart["entry"].append({"resource": pregnancy})
    reading = reading_of(chart)
    plan = make_plan(reading, ASAM)
    assert is_blocked(plan)
    printed = json.loads(plan_output(plan, "json", reading))
    assert printed["state"] == "draft"
    assert {finding["severity"] for finding in printed["findings"] if finding["code"] == "pregnancy"} == {"Stop"}


def test_a_chart_labelled_restricted_is_not_written_and_says_so() -> None:
    chart = elder()
    order = chart["entry"][1]["resource"]
    assert isinstance(order, dict)
    order["meta"] = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
    reading = reading_of(chart)
    with pytest.raises(Exception, match="without a consent"):
        plan_output(make_plan(reading, ASAM), "fhir", reading)


def test_every_resource_of_the_printed_bundle_passes_the_validators(validator_gate: ValidatorGate) -> None:
    reading = reading_of(elder())
    bundle = json.loads(plan_output(make_plan(reading, ASAM), "fhir", reading))
    errors = {entry["resource"]["resourceType"]: validator_gate(entry["resource"]) for entry in bundle["entry"]}
    assert {kind: found for kind, found in errors.items() if found} == {}
    assert validator_gate(bundle) == []


def pregnant_elder() -> object:
    pregnancy = {
        "resourceType": "Condition",
        "id": "pregnancy",
        "subject": {"reference": "Patient/lorazepam-elder"},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "77386006", "display": "Pregnancy"}]},
    }
    return [elder(), pregnancy]


def test_what_stops_a_taper_is_said_too_where_there_is_no_schedule() -> None:
    reading = reading_of(pregnant_elder())
    outcome = make_plan(reading, PlanOptions("lorazepam", DAY, strategy="proportional", benzo_table="va-dod-2021"))
    assert isinstance(outcome, Infeasible)
    assert [finding.code for finding in outcome.findings] == ["pregnancy"]
    assert b'"code": "pregnancy"' in plan_output(outcome, "json", reading)
    assert "STOP  Pregnancy is on record" in plan_output(outcome, "table", reading).decode()


def test_what_stops_every_candidate_is_said_before_them_and_on_each() -> None:
    found = candidates(reading_of(pregnant_elder()), replace(ASAM, protocol=None))
    assert [stop.code for stop in found.stops] == ["pregnancy"]
    assert all("pregnancy" in {finding.code for finding in candidate.outcome.findings} for candidate in found.candidates)
    said = candidates_output(found, "table").decode()
    assert said.index("STOP  Pregnancy") < said.index("asam-2025")


def test_a_cross_over_is_no_first_cut() -> None:
    crossing = PlanOptions(
        "lorazepam", DAY, strategy="substitution", params=(("to", "diazepam"), ("then", "linear")), benzo_table="va-dod-2021"
    )
    plan = make_plan(reading_of(elder()), crossing)
    assert isinstance(plan, TaperPlan)
    last_stage = [step for step in plan.steps if step.kind is StepKind.SUBSTITUTION][-1]
    before, after = (Fraction(plan.steps[last_stage.number + index].mg_per_day("diazepam")) for index in (0, 1))
    assert figures_of(plan).first_cut_pct == round((before - after) / before * 100, 2)


def test_a_diagnosis_without_a_code_is_named_as_not_looked_at() -> None:
    chart = elder()
    condition = {
        "resourceType": "Condition",
        "id": "text",
        "code": {"text": "Epilepsy"},
        "subject": {"reference": "Patient/lorazepam-elder"},
    }
    chart["entry"].append({"resource": condition})
    (finding,) = [finding for finding in made(chart).findings if finding.code == "chart-incomplete"]
    assert finding.severity is Severity.ACKNOWLEDGE
    assert "a diagnosis without a code was not looked at: Epilepsy" in finding.message


def test_a_cross_over_is_drawn_in_mg_of_the_first_medicine() -> None:
    reading = reading_of(elder())
    plan = make_plan(reading, replace(ASAM, protocol=None, strategy="substitution", params=(("to", "diazepam"),)))
    assert isinstance(plan, TaperPlan)
    drawn = series_of(plan)
    assert is_cross_over(plan)
    crossed = next(step for step in plan.steps if not step.mg_per_day("lorazepam"))
    assert Fraction(drawn.mg_on(crossed.start)) == Fraction(crossed.mg_per_day("diazepam")) / 5
    assert drawn.levels[-1].mg == 0


def test_a_plan_that_breaks_its_own_limits_is_an_error_and_not_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    right = made(elder())
    monkeypatch.setattr("fhir_taper.workflow.plan.propose", lambda *_: replace(right, limits=replace(right.limits, max_days=1)))

    with pytest.raises(BrokenPlan, match="duration"):
        made(elder())
