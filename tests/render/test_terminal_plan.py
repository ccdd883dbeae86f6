"""The table views: columns a pharmacist would like to read, words beside colours, control characters kept out."""

from dataclasses import replace

import pytest

from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.render.cover import Cover, Patient
from fhir_taper.render.terminal_plan import infeasible_text, plan_text
from tests.render.sample_plan import crossed_over, sample_plan

COVER = Cover(Patient("p1", "Anna Berg", "1950-03-01", "77"))
STUCK = Infeasible("notch-above-unit-max", "From 1 mg the next lower dose is 0.", ways_out=(WayOut.HALF, WayOut.LIQUID))


def test_the_plan_shows_steps_findings_and_sources() -> None:
    text = plan_text(sample_plan(), COVER)
    assert "lorazepam: taper from 2 mg a day to stop" in text
    assert "Anna Berg · born 1950-03-01 · MRN 77" in text
    assert "½ × 0.5 mg" in text
    assert "■ STOP  Pregnancy is on record." in text
    assert "To clear: Refer to a specialist.  Source: ASAM 2025" in text


def test_no_plan_says_why_and_what_else_could_be_done() -> None:
    text = infeasible_text(STUCK)
    assert "From 1 mg the next lower dose is 0." in text
    assert "notch-above-unit-max" not in text
    assert "Ways out: half tablets (--parts half); a liquid" in text


def test_what_was_not_given_is_named_in_words_with_what_is_typed() -> None:
    text = infeasible_text(replace(STUCK, message="benzo_table: a substitution needs a chosen equivalence table"))
    assert "equivalence table (--benzo-table): a substitution needs a chosen equivalence table" in " ".join(text.split())


def test_what_was_tried_and_what_a_person_must_enter_are_told_apart() -> None:
    text = infeasible_text(replace(STUCK, ways_out=(WayOut.HALF, WayOut.ENTERED_CONVERSION)))
    assert "Ways out: half tablets (--parts half)\n" in text
    assert "For a person to decide or enter: a conversion dose, entered with its source" in text


def test_the_stops_of_the_chart_come_before_the_reason_and_only_once() -> None:
    stop = Finding(Severity.STOP, "opioid-treatment-not-pain", "Buprenorphine may be treatment of opioid use disorder.", "design")
    stopped = replace(STUCK, findings=(stop,))
    text = infeasible_text(stopped)
    assert text.index("■ STOP") < text.index("From 1 mg")


def test_markup_and_control_characters_in_a_name_do_nothing() -> None:
    text = plan_text(sample_plan(drug="[red]lorazepam[/b]\x1b[31m\x00"), COVER)
    assert "[red]lorazepam[/b]" in text
    assert "\x1b" not in text
    assert "\x00" not in text


def test_a_cross_over_names_each_medicine_above_its_amounts_and_keeps_its_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    lines = [line.rstrip() for line in plan_text(crossed_over(), COVER).splitlines()]
    first = next(index for index, line in enumerate(lines) if line.lstrip().startswith("1   2026-01-19"))
    assert [lines[first + index].split() for index in range(1, 4)] == [
        ["1", "×", "0.5", "mg", "1", "×", "1", "mg", "1.5"],
        ["+", "diazepam", "+", "diazepam"],
        ["2", "×", "10", "mg", "20"],
    ]
    assert lines[first].endswith("cross-over")
