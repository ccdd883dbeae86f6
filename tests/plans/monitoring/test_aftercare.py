"""After the last step: what goes on, and what forms said over time. Silence is never "well"."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.aftercare import OverTime, Told, aftercare_of, over_time
from fhir_taper.plans.monitoring.scoring import Said
from fhir_taper.plans.tables.aftercare_rows import load_aftercare
from fhir_taper.plans.tapers.plan import Phase, PlanState, RevisionNote
from tests.mappers.write.example_plans import EXAMPLES

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOTE = RevisionNote("complete", 2, date(2026, 5, 4), "Dr. A", "", "done")
DONE = replace(EXAMPLES["diazepam"], state=PlanState.COMPLETED, phase=Phase.AFTERCARE, revisions=(NOTE,))
ROWS = load_aftercare()


def told(signal: str, days_ago: int, value: int | None = None, answer: str = "") -> Told:
    return Told(NOW - timedelta(days=days_ago), Said(signal, "", None if value is None else Decimal(value), answer))


def of(found: tuple[OverTime, ...], title: str) -> OverTime:
    return next(one for one in found if one.title.startswith(title))


@pytest.mark.feature("F85")
def test_what_goes_on_is_that_of_the_class_and_follows_the_completed_version() -> None:
    plan = aftercare_of(DONE, ROWS, 7, "r1")
    assert (plan.based_on, plan.replaces, plan.start) == (DONE.id, DONE.id, date(2026, 5, 4))
    assert [one.id for one in plan.activities] == ["check-ins", "hard-days", "lost-tolerance", "talking", "peers", "social", "way-back"]
    opioid = aftercare_of(replace(DONE, drug_class=DrugClass.OPIOID), ROWS, 7)
    assert "Medication for opioid use disorder, where it is taken, goes on." in [one.says for one in opioid.activities]
    assert {"talking", "peers", "treatment-goes-on", "social"} <= {one.id for one in opioid.activities}


def test_the_same_choices_make_the_same_plan_and_others_another_one_that_takes_its_place() -> None:
    first = aftercare_of(DONE, ROWS, 7)
    assert aftercare_of(DONE, ROWS, 7) == first
    later = aftercare_of(DONE, ROWS, 14, before=first)
    assert (later.replaces, later.based_on, later.start) == (first.id, DONE.id, first.start)
    assert later.id != first.id


@pytest.mark.parametrize("plan", [EXAMPLES["diazepam"], replace(DONE, phase=Phase.MAINTENANCE), replace(DONE, state=PlanState.REVOKED)])
def test_before_the_taper_is_completed_nothing_is_after_it(plan: object) -> None:
    with pytest.raises(NotAllowed, match="aftercare begins"):
        aftercare_of(plan, ROWS, 7)  # type: ignore[arg-type]


def test_numbers_are_said_with_mean_and_range_of_four_weeks_beside_the_four_before() -> None:
    found = over_time([told("craving", 1, 2), told("craving", 8, 5), told("craving", 30, 7), told("craving", 80, 9)], NOW)
    assert of(found, "Craving") == OverTime(
        "Craving from 0 to 10",
        "2 of 10 on 2026-05-31",
        "3.5 of 10 on average, from 2 of 10 to 5 of 10 (2 times)",
        "7 of 10 on average (once)",
    )


@pytest.mark.feature("F90")
def test_answers_and_events_are_counted() -> None:
    found = over_time(
        [told("dose-taken", 1, answer="all"), told("dose-taken", 2, answer="all"), told("dose-taken", 3, answer="some"),
         told("attendance", 4, answer="not-planned"), told("substance-use", 5), told("sleep", 6, 390), told("days-since-use", 6, 40)],
        NOW,
    )  # fmt: skip
    assert of(found, "Doses").lately == "all: 2 times; some: once" or of(found, "Doses").lately == "some: once; all: 2 times"
    assert of(found, "Visits").latest == "not planned on 2026-05-28"
    assert of(found, "Use of").lately == "once"
    assert of(found, "Sleep").latest == "6 h 30 min on 2026-05-26"
    assert of(found, "Days since").latest == "40 days on 2026-05-26"


def test_nothing_is_said_of_what_nobody_told_and_of_what_is_told_later() -> None:
    assert over_time([], NOW) == ()
    assert over_time([told("craving", -1, 3)], NOW) == ()
    (one,) = over_time([told("mood", 100, 3)], NOW)
    assert (one.lately, one.before) == ("", "")
