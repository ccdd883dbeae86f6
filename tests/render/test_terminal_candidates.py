"""Candidates side by side: figures that are not rounded away, findings by name, what all share said once, and those that fail stay."""

from dataclasses import replace
from decimal import Decimal

from fhir_taper.plans.tapers.candidates import Candidate, Candidates
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.terminal_candidates import candidates_text
from tests.render.sample_plan import sample_plan

STUCK = Infeasible("notch-above-unit-max", "From 1 mg the next lower dose is 0.", ways_out=(WayOut.HALF, WayOut.LIQUID))
NALOXONE = Finding(Severity.ACKNOWLEDGE, "naloxone-not-on-record", "No naloxone on record.", "design")
FAST = Finding(Severity.ACKNOWLEDGE, "pace-advised", "Faster than advised.", "design")


def _side_by_side(*plans: TaperPlan) -> str:
    made = tuple(Candidate("linear", None, plan.params, plan) for plan in plans)
    text = candidates_text(Candidates("lorazepam", Decimal(2), (*made, Candidate("stepped", None, (), STUCK))), {})
    return " ".join(text.split())


def test_candidates_stand_side_by_side_and_those_that_fail_stay() -> None:
    text = _side_by_side(sample_plan())
    assert "linear, 25 %, every 14" in text
    assert "■ pregnancy" in text
    assert "■ Stop, ▲ Acknowledge, · Information" in text
    assert "✗ stepped" in text


def test_what_every_candidate_brings_is_said_once_and_the_rest_by_name() -> None:
    text = _side_by_side(sample_plan(findings=(NALOXONE, FAST)), sample_plan(findings=(NALOXONE,)))
    assert "Every way: ▲ no naloxone on record" in text
    assert text.count("no naloxone on record") == 1
    assert text.count("▲ faster than advised") == 1


def test_the_smallest_dose_is_not_rounded() -> None:
    plan = sample_plan()
    small = replace(plan.steps[3], every_days=2)
    assert " 0.125 " in _side_by_side(replace(plan, steps=(*plan.steps[:3], small, plan.steps[4])))


def test_a_protocol_is_named_as_it_is_typed_with_its_title() -> None:
    plan = sample_plan(protocol="asam-2025")
    found = Candidates("lorazepam", Decimal(2), (Candidate("proportional", "asam-2025", (), plan),))
    text = " ".join(candidates_text(found, {"asam-2025": "ASAM 2025: a title"}).split())
    assert "asam-2025" in text
    assert "ASAM 2025: a" in text


def test_the_stops_of_the_chart_are_said_only_once() -> None:
    stop = Finding(Severity.STOP, "opioid-treatment-not-pain", "Buprenorphine may be treatment of opioid use disorder.", "design")
    stopped = replace(STUCK, findings=(stop,))
    several = tuple(Candidate(strategy, None, (), replace(stopped, message=strategy)) for strategy in ("linear", "stepped"))
    assert candidates_text(Candidates("buprenorphine", Decimal(8), several, stops=(stop,)), {}).count("■ STOP") == 1
    assert candidates_text(Candidates("buprenorphine", Decimal(8), refused=stopped, stops=(stop,)), {}).count("■ STOP") == 1


def test_candidates_that_fail_at_the_same_dose_for_the_same_reason_are_told_together() -> None:
    at_a_dose = Infeasible("notch-above-unit-max", "From 1 mg the next lower dose is 0.", Decimal(1), Decimal(0), (WayOut.HALF,))
    failed = (Candidate("linear", None, (), at_a_dose), Candidate("hyperbolic", None, (), at_a_dose), Candidate("stepped", None, (), STUCK))
    text = candidates_text(Candidates("lorazepam", Decimal(1), failed), {})
    assert "✗ linear; hyperbolic" in text
    assert "✗ stepped" in text


def test_a_way_that_is_drawn_has_the_letter_of_its_line_in_the_table_too() -> None:
    text = _side_by_side(sample_plan(), sample_plan(params=(("percent", "10"),)))
    assert text.count("a linear, 25 %") == 2
    assert text.count("b linear, 10 %") == 2
