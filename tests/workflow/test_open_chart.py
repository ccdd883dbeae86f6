"""A session is one browser's, ends when nobody uses it, and says so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import Role
from fhir_taper.sandbox.forwarding import Answer
from fhir_taper.workflow.open_chart import IDLE, open_chart
from tests.web.running import ELDER, Stage
from tests.workflow.opened import chart_of, cookie_of


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
    def without_people(_: str, path: str, forward: Callable[[], Answer]) -> Answer:
        return Answer(403, {"content-type": "application/fhir+json"}, b"{}") if path.startswith("Practitioner") else forward()

    stage.demo.resources.intercept = without_people
    try:
        chart = chart_of(stage, ELDER)
    finally:
        stage.demo.resources.intercept = None
    assert not chart.is_named
    assert chart.who == "Practitioner/dr1"
