"""What was typed is never lost: where a form is not taken, the page holds it again, or the page of the refusal says it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from fhir_taper.cli.demo_walk import Page, Shown
from fhir_taper.web.app import create_app
from fhir_taper.web.dependencies import Form
from fhir_taper.web.typed_text import typed_text
from tests.odd_ehr import between, refusing
from tests.web.asking import ask
from tests.web.running import ELDER, Person, Stage


@pytest.fixture
def person(stage: Stage) -> Iterator[Person]:
    """Somebody with a draft of their own."""
    stage.forget(ELDER)
    made = stage.opened(ELDER)
    made.draft()
    yield made
    stage.forget(ELDER)


def fields(shown: Shown, action: str) -> dict[str, str]:
    form = Page(shown.text).form(action)
    assert form is not None
    return form.fields


def area(shown: Shown, name: str) -> str:
    """What stands in an area of a page."""
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>(.*?)</textarea>', shown.text, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def test_an_intake_that_somebody_else_saved_meanwhile_comes_back_with_both_and_is_sent_again_by_one_click(
    person: Person, stage: Stage
) -> None:
    stale = person.form("intake", "/intake")
    stage.opened(ELDER, "pharmacist").send("intake", "/intake", goals="to sleep", attempt_drug_0="diazepam", attempt_ended_0="failed")
    typed = {"goals": "to garden\nand to cook", "agreed_who": "the patient", "attempt_drug_1": "alprazolam", "attempt_ended_1": "failed"}
    shown = person.browser.post(f"{person.here}/intake", stale | typed)
    assert shown.status == 409
    words = Page(shown.text).text
    assert "Somebody else was first: what you typed was not saved" in words
    assert "Demo Pharmacist" in words
    assert "after this page was opened" in words
    assert "Goals, in the patient's words to sleep to garden and to cook" in words
    assert area(shown, "goals") == "to garden\nand to cook"
    again = fields(shown, "/intake")
    assert (again["agreed_who"], again["attempt_drug_1"]) == ("the patient", "alprazolam")
    saved = person.browser.post(f"{person.here}/intake", again | {"goals": area(shown, "goals"), "attempt_ended_1": "failed"})
    assert saved.status == 200
    assert area(saved, "goals") == "to garden\nand to cook"


def test_words_for_a_draft_that_changed_meanwhile_stand_in_its_form_and_are_sent_again_by_one_click(person: Person, stage: Stage) -> None:
    stale = person.form("contingency", "/contingency")
    stage.opened(ELDER, "pharmacist").send("contingency", "/contingency", breakthrough="call first")
    typed = {"breakthrough": "one more\nafter a call", "contacts": "clinic 555-0100\nward 555-0199"}
    shown = person.browser.post(f"{person.here}/contingency", stale | typed)
    assert shown.status == 409
    assert "call first" in Page(shown.text).text
    assert area(shown, "breakthrough") == typed["breakthrough"]
    sent = fields(shown, "/contingency") | {name: area(shown, name) for name in typed}
    assert person.browser.post(f"{person.here}/contingency", sent).status == 200
    assert area(person.get("contingency"), "contacts") == typed["contacts"], "several lines stay several lines"


def test_words_that_are_too_long_stand_in_the_form(person: Person) -> None:
    shown = person.send("contingency", "/contingency", comfort="x" * 3000)
    assert shown.status == 422
    assert area(shown, "comfort") == "x" * 3000


def test_an_agreement_to_a_draft_that_changed_meanwhile_stands_in_the_form_beside_the_draft_of_now(person: Person, stage: Stage) -> None:
    stale = person.form("approve", "/agreement")
    other = stage.opened(ELDER, "pharmacist")
    other.send("contingency", "/contingency", breakthrough="call first")
    shown = person.browser.post(f"{person.here}/agreement", stale | {"who": "her daughter", "what": "as slowly as this"})
    assert shown.status == 409
    assert "call first" in Page(shown.text).text
    again = fields(shown, "/agreement")
    assert (again["who"], again["what"]) == ("her daughter", "as slowly as this")
    assert "her daughter" in Page(person.browser.post(f"{person.here}/agreement", again).text).text
    nobody = person.send("approve", "/agreement", who=" ", what="as slowly")
    assert nobody.status == 409
    assert fields(nobody, "/agreement")["what"] == "as slowly"


def test_where_nothing_is_there_to_type_it_into_again_the_page_of_the_refusal_says_what_was_typed(person: Person, stage: Stage) -> None:
    agreement, words = person.form("approve", "/agreement"), person.form("contingency", "/contingency")
    reason = person.form("safety", "/safety") | {"reason": "discussed at length"}
    stage.forget(ELDER)
    for action, form, typed in (
        ("agreement", agreement, {"who": "her daughter"}),
        ("contingency", words, {"comfort": "heat, and rest"}),
        ("safety", reason, {"reason": "discussed at length"}),
    ):
        shown = person.browser.post(f"{person.here}/{action}", form | typed)
        assert shown.status == 409
        assert next(iter(typed.values())) in Page(shown.text).text
        assert form["csrf"] not in shown.text


def test_an_ehr_that_does_not_answer_does_not_take_what_was_typed(person: Person, stage: Stage) -> None:
    form = person.form("intake", "/intake") | {"goals": "to garden"}
    stage.services.charts.drop(person.launch)
    with between(stage.demo, refusing(503)):
        shown = person.browser.post(f"{person.here}/intake", form)
    assert shown.status == 502
    assert "What you typed It was not saved." in Page(shown.text).text
    assert "to garden" in shown.text


@pytest.mark.parametrize(("site", "is_said"), [("same-origin", True), ("cross-site", False), ("", False)])
def test_a_session_that_ended_gives_back_what_was_typed_to_its_own_page_and_to_no_other(
    person: Person, stage: Stage, site: str, is_said: bool
) -> None:
    later = replace(stage.services, clock=lambda: stage.services.clock() + timedelta(hours=3))
    cookie = "; ".join(f"{name}={value}" for jar in person.browser.cookies.values() for name, value in jar.items())
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    headers = [("Cookie", cookie), kind, *([("Sec-Fetch-Site", site)] if site else [])]
    answer = ask(create_app(later), "POST", f"{person.here}/intake", headers=headers, body=b"goals=to+garden&csrf=x")
    assert answer.status == 403
    assert "Your session was ended because nobody used it" in answer.text
    assert ("to garden" in answer.text) is is_said


def test_only_what_a_person_wrote_is_said() -> None:
    form = Form(
        [("csrf", "secret"), ("revision", "3"), ("attempt_says_2", "sleep"), ("how_ab12", "pill count"), ("words", " "), ("seen", "a.b")]
    )
    assert typed_text(form) == (("Attempt: what was hard", "sleep"), ("How that is known", "pill count"))
    assert typed_text(None) == ()
