"""How many of the check-ins that were due came, in the last four weeks and in the four before."""

from datetime import timedelta

import pytest

from fhir_taper.plans.monitoring.outcomes import watched_from
from fhir_taper.plans.monitoring.reading import Raw
from fhir_taper.plans.monitoring.retention import Retention, Share, came_over_time, retention
from fhir_taper.plans.monitoring.timeline import CheckInSchedule, Record, Unread
from tests.plans.monitoring.watched import NOW, plan, raw, timeline

DAY = timedelta(days=1)
WEEKLY = CheckInSchedule(NOW.date() - 70 * DAY, 7, chosen_by="the patient")


def came(*days_ago: int) -> tuple[Raw, ...]:
    return tuple(raw("check-in", ago=days * DAY) for days in days_ago)


def found(*raws: Raw, **rest: object) -> Retention:
    return retention(watched_from(plan(), timeline(raws, **({"check_ins": WEEKLY} | rest)), NOW))


@pytest.mark.feature("F98")
def test_those_that_came_are_counted_of_those_that_were_due_four_weeks_beside_the_four_before() -> None:
    assert found(*came(28, 21, 14, 42)) == Retention(Share(3, 4), Share(1, 4))


def test_one_that_came_before_the_next_was_due_counts_for_its_day_and_two_on_one_day_are_one() -> None:
    assert found(*came(16, 14, 13, 12)).lately == Share(2, 4)


def test_the_day_on_which_one_is_due_is_not_over_and_does_not_count_yet() -> None:
    due_today = CheckInSchedule(NOW.date() - 7 * DAY, 7)
    assert found(check_ins=due_today).lately == Share(0, 1)


def test_a_day_28_days_ago_is_of_the_last_four_weeks_and_the_day_before_it_is_not() -> None:
    assert found(check_ins=CheckInSchedule(NOW.date() - 28 * DAY, 100)) == Retention(Share(0, 1), Share(0, 0))
    assert found(check_ins=CheckInSchedule(NOW.date() - 29 * DAY, 100)) == Retention(Share(0, 0), Share(0, 1))
    assert found(check_ins=CheckInSchedule(NOW.date() - 57 * DAY, 100)) == Retention(Share(0, 0), Share(0, 0))


def test_where_forms_were_not_read_nothing_is_counted_and_it_says_why() -> None:
    unread = found(*came(7), unread=(Unread(Record.FORM, "403"),))
    assert unread == Retention(Share(0, 0), Share(0, 0), "check-ins were not read (403)")
    assert found(read=frozenset()).why != ""
    assert found(check_ins=None).why == "no check-ins are arranged"


@pytest.mark.feature("F98")
def test_beside_what_check_ins_said_stands_when_one_came_last_and_how_many_did() -> None:
    def row(*raws: Raw, **rest: object) -> tuple[str, str, str]:
        seen = timeline(raws, **({"check_ins": WEEKLY} | rest))
        one = came_over_time(watched_from(plan(), seen, NOW))
        return one.latest, one.lately, one.before

    assert row(*came(28, 21, 14)) == ("one came on 2026-03-01", "3 of 4 came", "0 of 4 came")
    assert row(check_ins=CheckInSchedule(NOW.date() - 7 * DAY, 7)) == ("none came", "0 of 1 came", "")
    assert row(unread=(Unread(Record.FORM, "403"),))[1:] == ("not known", "")
