"""Work that a session left behind is offered when the chart is opened again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.errors import LaunchRefused, StoreConflict
from fhir_taper.records import IDLE_MINUTES
from fhir_taper.workflow.kept_work import give_up, kept_work
from fhir_taper.workflow.open_chart import open_chart
from tests.web.running import ELDER, Person, Stage
from tests.workflow.opened import chart_of, cookie_of


@pytest.fixture
def person(stage: Stage) -> Person:
    stage.forget(ELDER)
    return stage.opened(ELDER)


def test_where_nothing_was_left_nothing_is_offered(person: Person, stage: Stage) -> None:
    assert kept_work(stage.services, chart_of(stage, ELDER)) == ()
    assert "Work that is kept" not in person.get("regimen").text


def test_a_session_that_ended_idle_is_gone_on_with_in_the_next(person: Person, stage: Stage) -> None:
    person.draft()
    later = replace(stage.services, clock=lambda: stage.services.clock() + timedelta(minutes=IDLE_MINUTES, seconds=1))
    with pytest.raises(LaunchRefused, match="The draft that was saved is kept"):
        open_chart(later, person.launch, cookie_of(stage, person))
    again = stage.opened(ELDER)
    html = again.get("regimen").text
    assert "A draft to taper lorazepam, saved" in Page(html).text
    assert "by you: go on" in Page(html).text
    assert f'href="{again.here}/plan"' in html
    assert "Draft – not approved" in again.get("plan").text


def test_a_question_without_a_choice_goes_on_at_the_ways(person: Person, stage: Stage) -> None:
    person.send("strategies", "/strategies", benzo_table="va-dod-2021", reason="falls")
    (one,) = kept_work(stage.services, chart_of(stage, ELDER, "pharmacist"))
    assert (one.what, one.screen, one.is_ours, one.by) == (
        "Ways to taper lorazepam, none chosen yet", "strategies", False, "Practitioner/dr1",
    )  # fmt: skip


def test_a_draft_is_given_up_by_whoever_may_edit_and_only_as_it_was_seen(person: Person, stage: Stage) -> None:
    person.draft()
    chart = chart_of(stage, ELDER)
    (one,) = kept_work(stage.services, chart)
    assert one.revision is not None
    with pytest.raises(StoreConflict):
        give_up(stage.services, chart, one.revision - 1)
    with pytest.raises(LaunchRefused):
        give_up(stage.services, chart_of(stage, ELDER, "reader"), one.revision)
    assert "Work that is kept" not in person.send("regimen", "/give-up").text
    assert kept_work(stage.services, chart) == ()
