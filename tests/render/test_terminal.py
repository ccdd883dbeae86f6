"""However narrow the terminal is, no number of a table is cut: a dose that is cut off is another dose."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from fhir_taper.plans.tapers.candidates import Candidate, Candidates
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.cover import Cover
from fhir_taper.render.plan_rows import rows_of
from fhir_taper.render.terminal_candidates import candidates_text
from fhir_taper.render.terminal_plan import plan_text
from tests.render.sample_plan import crossed_over, er_and_ir, every_third_night, liquids, many_strengths, sample_plan

WIDTHS = [30, 40, 60, 80, 100, 120, 140, 200]
PLANS = [sample_plan, crossed_over, er_and_ir, liquids, every_third_night, many_strengths]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("made", PLANS)
def test_every_dose_and_day_of_a_plan_stands_whole_at_any_width(
    monkeypatch: pytest.MonkeyPatch, width: int, made: Callable[[], TaperPlan]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    words = set(plan_text(made(), Cover()).replace(":", " ").split())
    for row in rows_of(made()):
        lines = [line for cell in row.slots for line in cell.lines if line != "–"]
        assert {row.start, row.end or row.start} | {word for line in lines for word in line.split()} <= words


@pytest.mark.parametrize("width", WIDTHS[3:])
@pytest.mark.parametrize("made", PLANS)
def test_nothing_is_wider_than_a_usual_terminal_and_no_word_of_a_note_is_broken(
    monkeypatch: pytest.MonkeyPatch, width: int, made: Callable[[], TaperPlan]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = plan_text(made(), Cover())
    assert max(len(line) for line in text.splitlines()) <= width
    assert {word for row in rows_of(made()) for word in row.note.split()} <= set(text.replace("[", " ").replace("]", " ").split())


def test_a_wide_terminal_is_used_and_a_narrow_one_gets_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert " #   from         to           days   morning" in plan_text(sample_plan(), Cover())
    monkeypatch.setenv("COLUMNS", "80")
    assert " #  from – to" in plan_text(sample_plan(), Cover())
    monkeypatch.setenv("COLUMNS", "40")
    assert "0. 2026-01-05 to 2026-01-18" in plan_text(sample_plan(), Cover())


@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_of_a_comparison_stands_whole_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    plan = sample_plan()
    text = candidates_text(Candidates("lorazepam", plan.baseline.mg, (Candidate("linear", None, plan.params, plan),)), {})
    assert plan.steps[-1].start.isoformat() in text
    assert {str(len(plan.steps) - 1), "0.5"} <= set(text.split())


def test_candidates_that_are_not_drawn_are_named() -> None:
    plan = sample_plan()
    many = tuple(Candidate("linear", f"way-{number}", (), plan) for number in range(7))
    text = candidates_text(Candidates("lorazepam", Decimal(2), many), {})
    assert "Not drawn: way-5, way-6" in text
