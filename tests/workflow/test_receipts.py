"""The receipt comes from the ledger and names the plan; what a person undid in the EHR is accepted before it is written over."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from fhir_taper.cli.demo import running_demo
from fhir_taper.cli.demo_walk import Page
from fhir_taper.records import Json, WriteState
from fhir_taper.sandbox.forwarding import Answer
from fhir_taper.sandbox.resource_server import Forward, Intercept
from fhir_taper.web.app import create_app
from fhir_taper.workflow.services import open_services
from tests.odd_ehr import FHIR, between, changing
from tests.web.running import DATABASES, ELDER, MIXED, Stage, another_app

TITLE = "lorazepam: taper from"


@pytest.fixture(scope="module")
def written(kept_in: str, request: pytest.FixtureRequest) -> Iterator[tuple[Stage, str]]:
    """The elder's plan stands in an EHR that no other test writes to; and the page that said so."""
    with ExitStack() as running:
        demo, services = running.enter_context(running_demo())
        stage = Stage(demo, services)
        if kept_in != DATABASES[0]:
            stage = running.enter_context(another_app(stage, request.getfixturevalue("postgresql_server").database()))
        person = stage.opened(ELDER)
        person.draft()
        person.ready()
        person.send("approve", "/approve")
        yield stage, person.send("write-back", "/write-back").text


def table_of(text: str) -> str:
    """What a receipt says of each resource."""
    return text[text.index("<caption>lorazepam") : text.index("</table>")]


def without_care_plans(method: str, path: str, forward: Forward) -> Answer:
    """Somebody deleted the care plan in the EHR."""
    answer = forward()
    if method == "GET" and path.startswith("CarePlan/"):
        return Answer(410, FHIR, b"{}")
    return (
        changing("CarePlan", lambda bundle: bundle | {"entry": [], "total": 0})(method, path, lambda: answer)
        if path == "CarePlan"
        else answer
    )


def reworded(answer: Json) -> Json:
    """Somebody changed the narrative of the care plan in the EHR."""
    for one in [entry["resource"] for entry in answer.get("entry", ())] or [answer]:
        if one.get("resourceType") == "CarePlan":
            one["text"]["div"] = one["text"]["div"].replace("Active.", "Active. Take 9 tablets.")
    return answer


def both(pattern: str, *, then: Intercept) -> Intercept:
    """Reads alone: what is written goes to the EHR as it is."""

    def intercept(method: str, path: str, forward: Forward) -> Answer:
        return then(method, path, forward) if method == "GET" and path.startswith(pattern) else forward()

    return intercept


def test_another_process_shows_the_same_receipt_with_the_plan_and_its_version(written: tuple[Stage, str]) -> None:
    stage, shown = written
    assert TITLE in Page(shown).text
    assert "version 2. Written, and read back with the same meaning." in Page(shown).text
    services = open_services(stage.services.settings)
    try:
        another = Stage(stage.demo, services, create_app(services)).opened(ELDER)
        (plan,) = {row.plan_id for row in services.ledger.of_patient("demo", ELDER)}
        assert table_of(another.get(f"receipt?plan={plan}").text) == table_of(shown)
        assert table_of(shown).count("same meaning") > 1
        assert "<caption>lorazepam" not in another.get("receipt").text  # this session wrote nothing
        assert f'/receipt?plan={plan}">{TITLE}' in another.get("receipt").text
    finally:
        services.close()


def test_the_receipt_of_a_version_that_was_not_written_is_none_of_another(written: tuple[Stage, str]) -> None:
    stage, _ = written
    first = stage.services.plans.of_patient("demo", ELDER)[0]
    shown = Page(stage.opened(ELDER).get(f"receipt?plan={first.id}").text).text
    assert "version 1. No write of it is known here." in shown
    assert "by way of" not in shown
    assert stage.opened(ELDER).get("receipt?plan=no-such-plan").status == 422
    assert stage.opened(MIXED).get(f"receipt?plan={first.id}").status == 422


def boxes(text: str) -> list[str]:
    """What the boxes of a preview stand for."""
    return re.findall(r'<input type="checkbox" id="accept-\d+" name="accept" value="([^"]*)" required>', text)


def test_a_care_plan_that_somebody_deleted_is_made_again_only_by_whoever_accepts_it(written: tuple[Stage, str]) -> None:
    stage, _ = written
    person = stage.opened(ELDER)
    with between(stage.demo, without_care_plans):
        shown = person.get("write-back").text
        assert "Create again CarePlan" in Page(shown).text
        assert "and is gone: somebody deleted it in the EHR" in shown
        (box,) = boxes(shown)
        assert box.startswith("gone CarePlan/")
        person.send("regimen", "/refresh")
        for screen in ("course", "plan", "versions", "regimen"):
            assert "and is gone there: somebody deleted it." in Page(person.get(screen).text).text, screen
        refused = person.send("write-back", "/write-back")
        assert refused.status == 409
        assert "ot accepted: Written before, and gone from the EHR: CarePlan/" in Page(refused.text).text


def test_a_narrative_that_somebody_changed_is_shown_and_nothing_sent_is_said_under_the_name_of_the_plan(written: tuple[Stage, str]) -> None:
    stage, _ = written
    person, services = stage.opened(ELDER), stage.services
    with between(stage.demo, both("CarePlan", then=changing("*", reworded))):
        shown = person.get("write-back").text
        assert "Somebody changed the narrative of CarePlan/" in Page(shown).text
        assert "Active. Take 9 tablets." in Page(shown).text
        (box,) = boxes(shown)
        services.pauses.note(stage.demo.issuer, services.clock() + timedelta(seconds=5))
        waits = person.send("write-back", "/write-back", accept=box)
        assert TITLE in Page(waits.text).text
        assert "version 2. Nothing was sent: the EHR asked for a pause" in Page(waits.text).text
    assert [row.state for row in services.ledger.of_patient("demo", ELDER)] == [WriteState.WRITTEN]
