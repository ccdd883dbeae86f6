"""A session is one browser's, ends when nobody uses it, and says so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import IDLE_MINUTES, Role
from fhir_taper.store.drafts import Draft
from fhir_taper.workflow.open_chart import open_chart
from tests.odd_ehr import between, refusing
from tests.web.running import ELDER, Stage
from tests.workflow.opened import chart_of, cookie_of

IDLE = timedelta(minutes=IDLE_MINUTES)


def refusal(stage: Stage, launch: str, cookie: str, after: timedelta = timedelta(0)) -> str:
    later = replace(stage.services, clock=lambda: stage.services.clock() + after)
    with pytest.raises(LaunchRefused) as refused:
        open_chart(later, launch, cookie)
    return refused.value.reason


def test_a_chart_is_opened_by_its_own_cookie_and_by_no_other(stage: Stage) -> None:
    person, other = stage.opened(ELDER), stage.opened(ELDER)
    assert open_chart(stage.services, person.launch, cookie_of(stage, person)).launch.patient_id == ELDER
    assert refusal(stage, person.launch, cookie_of(stage, other)) == "not-yours"
    assert refusal(stage, person.launch, "") == "cookie"
    assert refusal(stage, "unknown", "x") == "session-over"


def test_a_session_that_nobody_used_is_ended_with_its_tokens(stage: Stage) -> None:
    person = stage.opened(ELDER)
    cookie = cookie_of(stage, person)
    assert refusal(stage, person.launch, cookie, IDLE + timedelta(seconds=1)) == "idle"
    assert refusal(stage, person.launch, cookie) == "session-over"
    tenant = stage.services.settings.tenants[0]
    assert stage.services.tokens(tenant).get(person.launch) is None


def test_a_page_never_promises_more_time_than_the_session_has(stage: Stage) -> None:
    person = stage.opened(ELDER)
    cookie = cookie_of(stage, person)
    chart = open_chart(stage.services, person.launch, cookie)
    at_the_end = replace(stage.services, clock=lambda: chart.until)
    assert open_chart(at_the_end, person.launch, cookie).launch.id == person.launch
    assert chart.until > stage.services.clock() + IDLE - timedelta(minutes=1)


def test_a_page_says_the_end_of_the_working_day_where_that_comes_first(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    assert replace(chart, seen=chart.launch.ends - timedelta(minutes=3)).until == chart.launch.ends


def test_a_tenant_may_allow_a_session_less_time(stage: Stage) -> None:
    person = stage.opened(ELDER)
    cookie = cookie_of(stage, person)
    (tenant,) = stage.services.settings.tenants
    hasty = replace(stage.services, settings=replace(stage.services.settings, tenants=(replace(tenant, idle_minutes=5),)))
    later = replace(hasty, clock=lambda: stage.services.clock() + timedelta(minutes=6))
    with pytest.raises(LaunchRefused, match="Nobody used this session for 5 minutes"):
        open_chart(later, person.launch, cookie)


def test_a_session_that_ended_idle_says_whether_a_draft_is_kept(stage: Stage) -> None:
    for has_draft, says in ((True, "The draft that was saved is kept"), (False, "There was no saved draft")):
        stage.forget(ELDER)
        person = stage.opened(ELDER)
        if has_draft:
            stage.services.drafts.save(Draft("demo", ELDER, "plan-of-a-test", 1, b"{}", "dr", stage.services.clock()))
        later = replace(stage.services, clock=lambda: stage.services.clock() + IDLE + timedelta(seconds=1))
        with pytest.raises(LaunchRefused, match=says):
            open_chart(later, person.launch, cookie_of(stage, person))
    assert not stage.services.drafts.names("demo", ELDER)


def test_a_session_ends_at_the_latest_after_a_working_day(stage: Stage) -> None:
    person = stage.opened(ELDER)
    assert refusal(stage, person.launch, cookie_of(stage, person), timedelta(hours=8, seconds=1)) == "session-over"


@pytest.mark.parametrize(("user", "role"), [("prescriber", Role.PRESCRIBER), ("pharmacist", Role.PHARMACIST), ("reader", Role.READER)])
def test_a_person_has_the_role_that_the_tenants_table_gives(stage: Stage, user: str, role: Role) -> None:
    chart = chart_of(stage, ELDER, user)
    assert chart.launch.role is role
    assert chart.launch.user.startswith("Practitioner/")
    assert chart.launch.user in chart.who


@pytest.mark.requirement("202")
def test_a_person_is_known_by_the_name_that_the_ehr_gives_of_its_own_user(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    assert chart.is_named
    assert chart.who == "Demo Prescriber (Practitioner/dr1)"


def test_where_the_ehr_gives_no_name_a_person_is_known_by_the_reference(stage: Stage) -> None:
    with between(stage.demo, refusing(at="Practitioner*")):
        chart = chart_of(stage, ELDER)
    assert not chart.is_named
    assert chart.who == "Practitioner/dr1"
