"""How many alerts wait for an answer, by the last look: for the tab of every page."""

from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.workflow.course import Asked, Turn, save_turn, turned
from fhir_taper.workflow.open_alerts import open_alerts
from fhir_taper.workflow.watching import answer_hit
from tests.workflow.followed import Followed


def test_no_number_before_anybody_has_looked_then_those_that_nobody_answered(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    assert open_alerts(services, chart) is None
    seen = followed.watched()
    waiting = [hit for hit in seen.open_hits if hit.level >= Level.HOLD]
    assert open_alerts(services, chart) == len(waiting) > 0
    answer_hit(services, chart, seen, waiting[0].rule, "called", "talked with the patient")
    assert open_alerts(services, chart) == len(waiting) - 1
    followed.answer_alerts()
    assert open_alerts(services, chart) == 0


def test_it_asks_the_ehr_nothing(followed: Followed) -> None:
    followed.watched()
    before = followed.stage.demo.resources.answered
    open_alerts(followed.services, followed.chart)
    assert followed.stage.demo.resources.answered == before


def test_a_plan_that_is_over_has_none(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    followed.watched()
    asked = Asked(Turn.REVOKE, "moved away")
    found = turned(services, chart, followed.loaded, followed.newest().version.id, asked)
    save_turn(services, chart, followed.newest().version.id, asked, found.seen)  # type: ignore[union-attr]
    assert open_alerts(services, chart) is None
