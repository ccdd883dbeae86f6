"""However narrow the terminal is, no number of a table is cut: a dose that is cut off is another dose."""

from decimal import Decimal

import pytest

from fhir_taper.plans.tapers.candidates import Candidate, Candidates
from fhir_taper.render import terminal
from fhir_taper.render.plan_rows import rows_of
from fhir_taper.render.terminal_plan import candidates_text, plan_text
from tests.render.sample_plan import crossed_over, sample_plan

WIDTHS = [20, 40, 60, 80, 100, 120]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("plan", [sample_plan(), crossed_over()], ids=["one medicine", "two"])
def test_every_dose_and_day_of_a_plan_stands_whole_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int, plan: object) -> None:
    monkeypatch.setattr(terminal, "_PLAIN_WIDTH", width)
    text = plan_text(plan)  # type: ignore[arg-type]
    words = set(text.replace(":", " ").replace(",", " ").split())
    for row in rows_of(plan):  # type: ignore[arg-type]
        amounts = {part.split(" mg")[0] for cell in row.slots if cell != "–" for part in cell.split(" + ")}
        whole = {row.start, row.end or row.start} | {word for amount in amounts for word in amount.split()}
        assert whole <= words


@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_of_a_comparison_stands_whole_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(terminal, "_PLAIN_WIDTH", width)
    plan = sample_plan()
    text = candidates_text(Candidates("lorazepam", plan.baseline.mg, (Candidate("linear", None, plan.params, plan),)))
    assert plan.steps[-1].start.isoformat() in text
    assert {str(len(plan.steps) - 1), "0.5"} <= set(text.split())


def test_candidates_that_are_not_drawn_are_named() -> None:
    plan = sample_plan()
    many = tuple(Candidate("linear", f"way-{number}", (), plan) for number in range(7))
    text = candidates_text(Candidates("lorazepam", Decimal(2), many))
    assert "Not drawn: way-5, way-6" in text
