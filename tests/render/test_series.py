"""Lines of a chart: a plan that is held looks different from the day on which it was held."""

from datetime import timedelta

from fhir_taper.render.series import paused_from, series_of
from tests.plans.tapers.made_plans import START, active, diazepam_plan

LINE = series_of(active(diazepam_plan()))


def test_a_line_is_marked_from_the_day_of_the_hold_to_the_next_change() -> None:
    held = paused_from(LINE, START + timedelta(days=10))
    assert [(level.start - START).days for level in held.levels] == [0, 10, 28, 56, 84, 112]
    assert [level.is_pause for level in held.levels] == [False, True, False, False, False, False]
    assert held.mg_on(START + timedelta(days=11)) == LINE.mg_on(START + timedelta(days=11))


def test_a_hold_on_the_first_day_of_a_step_marks_that_step() -> None:
    held = paused_from(LINE, START)
    assert [level.is_pause for level in held.levels] == [True, False, False, False, False]


def test_a_hold_before_the_line_begins_marks_nothing() -> None:
    assert paused_from(LINE, START - timedelta(days=1)) == LINE
