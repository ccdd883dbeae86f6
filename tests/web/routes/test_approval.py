"""The screen of approval shows what is approved, and its button approves that and nothing else."""

from collections.abc import Iterator

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.workflow.course import running_plans
from tests.odd_ehr import RESTRICTED, between, changing, each
from tests.web.running import ELDER, Person, Stage
from tests.workflow.ended import end_running
from tests.workflow.opened import chart_of


@pytest.fixture
def person(stage: Stage) -> Iterator[Person]:
    """A prescriber with a draft that has everything that approval asks for."""
    stage.forget(ELDER)
    end_running(stage.services, chart_of(stage, ELDER))
    opened = stage.opened(ELDER)
    opened.draft()
    opened.ready()
    yield opened
    stage.forget(ELDER)
    end_running(stage.services, chart_of(stage, ELDER))


def test_the_words_that_are_approved_stand_on_the_screen_with_who_said_them(person: Person) -> None:
    assert "Whom to call Crisis line 988 In the words of this site" in Page(person.get("approve").text).text
    person.send("contingency", "/contingency", breakthrough="call before you take more", comfort="heat", contacts="clinic 555-0100")
    shown = Page(person.get("approve").text).text
    for words in ("call before you take more", "heat", "clinic 555-0100", "In the words of Demo Prescriber"):
        assert words in shown


def test_what_somebody_else_saved_since_the_screen_was_shown_is_named_and_not_approved(person: Person, stage: Stage) -> None:
    shown = person.form("approve", "/approve")
    other = stage.opened(ELDER, "pharmacist")
    other.send("contingency", "/contingency", breakthrough="take two")
    other.send("intake", "/intake", goals="to sleep")
    refused = person.browser.post(f"{person.here}/approve", shown)
    assert refused.status == 409
    words = Page(refused.text).text
    assert "Somebody else was first" in words
    assert "Nothing was approved. What changed since this was shown: the words for when something happens; the intake" in words
    assert "take two" in Page(person.get("approve").text).text


def test_an_approval_after_which_nothing_can_be_written_is_said_with_the_reason(person: Person, stage: Stage) -> None:
    with between(stage.demo, changing("Condition", each(lambda one: one.update(meta=RESTRICTED)))):
        shown = person.send("approve", "/approve")
    words = Page(shown.text).text
    assert shown.status == 409
    assert "Approved and kept here: lorazepam: taper from 3 mg a day to stop, version 2. It was not written now." in words
    assert "Edna Example" in words
    assert "data labelled R: nothing derived from it is written without a consent" in words.replace("Data", "data")


def test_a_button_without_what_was_shown_is_refused(person: Person) -> None:
    shown = person.form("approve", "/approve")
    assert person.browser.post(f"{person.here}/approve", shown | {"seen": "1"}).status == 422
    assert "What changed since this was shown" in person.browser.post(f"{person.here}/approve", shown | {"seen": "a.b.c.d.e"}).text


def test_a_plan_that_a_pharmacist_gave_back_and_that_was_edited_says_both(person: Person, stage: Stage) -> None:
    person.send("review", "/review/ask", words="please look")
    pharmacist = stage.opened(ELDER, "pharmacist")
    pharmacist.send("review", "/review/answer", verdict="return", words="too fast")
    form = person.form("plan?step=1", "/plan/edit")
    assert person.browser.post(f"{person.here}/plan/edit", form | {"step": "1", "edit": "pause", "days": "14"}).status == 200
    person.ready()
    shown = person.get("approve").text
    words = Page(shown).text
    assert "Given back by Demo Pharmacist" in words
    assert ": too fast. Edited since: ask for a review of what it is now." in words
    assert "Not asked for" not in words
    assert Page(shown).form("/approve") is None
    person.send("plan", "/plan/undo")
    assert "pharmacist has not accepted the plan: too fast" in Page(person.get("approve").text).text
    person.send("review", "/review/ask", words="is it slow enough, by its halves?")
    pharmacist.send("review", "/review/answer", verdict="accept")
    person.ready()
    assert "Accepted by Demo Pharmacist" in Page(person.get("approve").text).text
    person.send("approve", "/approve")
    assert len(running_plans(stage.services, chart_of(stage, ELDER))) == 1
