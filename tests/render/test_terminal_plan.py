"""The table views: columns a pharmacist would like to read, words beside colours, control characters kept out."""

from dataclasses import replace
from decimal import Decimal

from fhir_taper.plans.tapers.candidates import Candidate, Candidates
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.render.terminal_plan import candidates_text, infeasible_text, plan_text
from tests.render.sample_plan import crossed_over, sample_plan

STUCK = Infeasible("notch-above-unit-max", "From 1 mg the next lower dose is 0.", ways_out=(WayOut.HALF, WayOut.LIQUID))


def test_the_plan_shows_steps_findings_and_sources() -> None:
    text = plan_text(sample_plan())
    assert "lorazepam: taper from 2 mg a day to stop" in text
    assert "½ × 0.5 " in text
    assert "■ STOP  Pregnancy is on record." in text
    assert "To clear: Refer to a specialist.  Source: ASAM 2025" in text


def test_no_plan_says_why_and_what_else_could_be_done() -> None:
    text = infeasible_text(STUCK)
    assert "From 1 mg the next lower dose is 0. (notch-above-unit-max)" in text
    assert "Ways out: half, liquid" in text


def test_what_was_tried_and_what_a_person_must_enter_are_told_apart() -> None:
    text = infeasible_text(replace(STUCK, ways_out=(WayOut.HALF, WayOut.ENTERED_CONVERSION)))
    assert "Ways out: half\n" in text
    assert "For a person to decide or enter: entered-conversion" in text


def test_the_stops_of_the_chart_come_before_the_reason_and_only_once() -> None:
    stop = Finding(Severity.STOP, "opioid-treatment-not-pain", "Buprenorphine may be treatment of opioid use disorder.", "design")
    stopped = replace(STUCK, findings=(stop,))
    text = infeasible_text(stopped)
    assert text.index("■ STOP") < text.index("From 1 mg")

    several = tuple(Candidate(strategy, None, (), replace(stopped, message=strategy)) for strategy in ("linear", "stepped"))
    assert candidates_text(Candidates("buprenorphine", Decimal(8), several, stops=(stop,))).count("■ STOP") == 1
    assert candidates_text(Candidates("buprenorphine", Decimal(8), refused=stopped, stops=(stop,))).count("■ STOP") == 1


def test_candidates_stand_side_by_side_and_those_that_fail_stay() -> None:
    plan = sample_plan()
    made = Candidate("linear", None, plan.params, plan)
    text = candidates_text(Candidates("lorazepam", plan.baseline.mg, (made, Candidate("stepped", None, (), STUCK))))
    assert "linear, 25 %, every 14 d" in text
    assert "■ 1, · 1" in text
    assert "■ Stop, ▲ Acknowledge, · Information" in text
    assert "✗ stepped" in text


def test_markup_and_control_characters_in_a_name_do_nothing() -> None:
    text = plan_text(sample_plan(drug="[red]lorazepam[/b]\x1b[31m\x00"))
    assert "[red]lorazepam[/b]" in text
    assert "\x1b" not in text
    assert "\x00" not in text


def test_a_cross_over_names_each_medicine_above_its_amounts_and_keeps_its_notes() -> None:
    lines = [line.rstrip() for line in plan_text(crossed_over()).splitlines()]
    first = next(index for index, line in enumerate(lines) if line.lstrip().startswith("1   2026-01-19"))
    assert [lines[first + index].split() for index in range(1, 4)] == [
        ["1", "×", "0.5", "1", "×", "1", "1.5"],
        ["diazepam", "diazepam"],
        ["2", "×", "10", "20"],
    ]
    assert lines[first].endswith("cross-over")


def test_candidates_that_fail_at_the_same_dose_for_the_same_reason_are_told_together() -> None:
    at_a_dose = Infeasible("notch-above-unit-max", "From 1 mg the next lower dose is 0.", Decimal(1), Decimal(0), (WayOut.HALF,))
    failed = (Candidate("linear", None, (), at_a_dose), Candidate("hyperbolic", None, (), at_a_dose), Candidate("stepped", None, (), STUCK))
    text = candidates_text(Candidates("lorazepam", Decimal(1), failed))
    assert "✗ linear; hyperbolic" in text
    assert "✗ stepped" in text
