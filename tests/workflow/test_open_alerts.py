"""How many alerts wait for an answer, by the last look: for the tab of every page."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import LaunchRefused, StoreConflict
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.workflow.course import Asked, Turn, save_turn, turned
from fhir_taper.workflow.open_alerts import OpenAlerts, answer_left_open, left_open, open_alerts
from fhir_taper.workflow.watching import answer_hit, fill_form, name_of, shown_of
from tests.workflow.followed import Followed


def test_no_number_before_anybody_has_looked_then_those_that_nobody_answered(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    assert open_alerts(services, chart) is None
    seen = followed.watched()
    waiting = [hit for hit in seen.open_hits if hit.level >= Level.HOLD]
    assert open_alerts(services, chart) == OpenAlerts(len(waiting), has_news=False)
    assert waiting
    answer_hit(services, chart, seen, waiting[0].rule, "called", "talked with the patient", shown_of(waiting[0]))
    assert open_alerts(services, chart) == OpenAlerts(len(waiting) - 1, has_news=False)
    followed.answer_alerts()
    assert open_alerts(services, chart) == OpenAlerts(0, has_news=False)


def test_a_form_that_no_rule_saw_yet_is_said_until_somebody_looks(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    followed.watched()
    fill_form(services, chart, followed.plan, "phq9", {"9": ("3",)})
    told = open_alerts(services, chart)
    assert told is not None
    assert told.has_news
    followed.watched()
    after = open_alerts(services, chart)
    assert after is not None
    assert not after.has_news
    assert after.waiting > 0


def revoked(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    asked = Asked(Turn.REVOKE, "moved away")
    found = turned(services, chart, followed.loaded, followed.newest().version.id, asked)
    save_turn(services, chart, followed.newest().version.id, asked, found.seen)  # type: ignore[union-attr]


def test_a_red_flag_of_a_plan_that_ended_stands_until_somebody_says_what_was_done(followed: Followed) -> None:
    services, chart, name = followed.services, followed.chart, name_of(followed.plan)
    fill_form(services, chart, followed.plan, "daily", {"events": ("seizure",)})
    followed.watched()
    fill_form(services, chart, followed.plan, "daily", {"events": ("fall-head",)})  # nobody looks before the end
    revoked(followed)
    found = [one for one in left_open(services, chart) if one.plan == name]
    assert {one.title for one in found} >= {"Seizure", "Daily check-in"}
    assert "Missed check-ins" not in {one.title for one in found}
    with pytest.raises(LaunchRefused):
        answer_left_open(services, followed.as_user("reader"), name, found[0].key, "seen in hospital")
    for one in found:
        answer_left_open(services, chart, name, one.key, "seen in hospital")
    assert [one for one in left_open(services, chart) if one.plan == name] == []
    with pytest.raises(StoreConflict):
        answer_left_open(services, chart, name, found[0].key, "twice")


def test_a_form_that_came_while_somebody_looked_is_news(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    early = replace(services, clock=lambda: services.clock() - timedelta(minutes=1))
    followed.watched()
    fill_form(early, chart, followed.plan, "gad7", {"1": ("3",), "2": ("2",)})
    told = open_alerts(services, chart)
    assert told is not None
    assert told.has_news


def test_it_asks_the_ehr_nothing(followed: Followed) -> None:
    followed.watched()
    before = followed.stage.demo.resources.answered
    open_alerts(followed.services, followed.chart)
    assert followed.stage.demo.resources.answered == before


def test_a_plan_that_is_over_has_none(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    followed.watched()
    revoked(followed)
    assert open_alerts(services, chart) is None
