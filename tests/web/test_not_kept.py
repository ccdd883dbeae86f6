"""What was typed is never lost: where a form is not taken, the page holds it again, or the page of the refusal says it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from importlib.resources import files
from urllib.parse import urlencode

import pytest

from fhir_taper.cli.demo_walk import Page, Shown
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.web.app import create_app
from fhir_taper.web.dependencies import Form
from fhir_taper.web.forms import PARAMETERS
from fhir_taper.web.intake_form import ASKED_SCALES
from fhir_taper.web.typed_text import PLACED, label_of, typed_text
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
    assert typed_text(form) == (("Attempt 3, what was hard", "sleep"), ("How that is known", "pill count"))
    assert typed_text(Form([("csrf", "secret"), ("reason", "secret"), ("other", "secret")])) == ()
    assert typed_text(None) == ()


def test_what_was_measured_and_asked_is_given_back_when_the_session_has_ended(person: Person, stage: Stage) -> None:
    intake = person.form("intake", "/intake")
    intake |= {name: str(place) for place, name in enumerate(ASKED_SCALES, 3)}
    intake |= {"measured_on": "2026-01-02", "attempt_ended_0": "failed"}
    asked = person.form("strategies", "/strategies")
    asked |= {"start": "2026-02-03", "target": "0.25", "percent": "7.5", "interval_days": "21", "taken_units_0": "1.5", "floor_mg": "0.125"}
    asked |= {"taken_product_0": "197900", "taken_time_0": "night", "products_more": "197901", "other_drug": "zopiclone", "zone": "Etc/UTC"}
    later = replace(stage.services, clock=lambda: stage.services.clock() + timedelta(hours=3))
    cookie = "; ".join(f"{name}={value}" for jar in person.browser.cookies.values() for name, value in jar.items())
    headers = [("Cookie", cookie), ("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin")]
    for action, form in (("intake", intake), ("strategies", asked)):
        shown = ask(create_app(later), "POST", f"{person.here}/{action}", headers=headers, body=urlencode(form).encode())
        said = unescape(shown.text)
        lacking = [name for name, text in form.items() if text and name not in PLACED and f"<dd>{text}</dd>" not in said]
        assert lacking == []
        assert form["csrf"] not in said


SAID_AS_NAMED = frozenset({"measured_on", "reason", "days", "words", "steps", "step", "way"})
# Controls of every form, as the templates write them: by name, by a macro of `fields.html`, and those that a page numbers or names itself.
TEMPLATES = {one.name: one.read_text("utf-8") for one in (files("fhir_taper.web") / "templates").iterdir()}
BY_NAME = re.compile(r'<(?:input(?! type="hidden")|textarea|select)\b(?:[^>"]|"[^"]*")*? name="([^"]+)"')
BY_MACRO = re.compile(r'form\.(?:field|area|choice|tick)\(f, "(\w+)"( ~)?')
OF_A_COURSE = re.compile(r'choice\(turn\.\w+, one, "(\w+)"')
QUESTIONS = tuple(sorted({f"q-{item.id}" for form in load_forms().forms.values() for item in form.items}))
NUMBERED = {"{{ name }}": (*PARAMETERS, *ASKED_SCALES), "{{ field }}": ("override", "step", "slower", "way"), "{{ one.name }}": QUESTIONS}


def every_control() -> set[str]:
    """The names of all fields that a person fills in, ticks or chooses, on any page that is posted."""
    names: set[str] = set()
    for text in TEMPLATES.values():
        for name in BY_NAME.findall(text):
            names.update(NUMBERED.get(name, (name,)))
        names.update(f"{name}{'0' if is_numbered else ''}" for name, is_numbered in BY_MACRO.findall(text))
        names.update(OF_A_COURSE.findall(text))
    return names - {"before", "after"}  # a form that only asks: its address says it


def test_every_control_of_every_form_is_given_back_with_a_label_and_nothing_that_a_page_put_in_itself() -> None:
    names = every_control()
    assert len(names) > 50
    assert {"measured_on", "phq9-item9", "attempt_ended_0", "percent", "other_drug", "floor_mg", "days", "step", "found"} <= names
    form = Form([(name, f"typed in {name}") for name in sorted(names)])
    assert [text for _, text in typed_text(form)] == [text for _, text in form.pairs]
    assert {name for name in names if label_of(name) == name.replace("_", " ").capitalize()} <= SAID_AS_NAMED
    hidden = set(re.findall(r'type="hidden" name="(\w+)"', "".join(TEMPLATES.values())))
    assert hidden - {"step"} <= PLACED
    assert {"csrf", "revision", "seen", "row", "plan", "version"} <= PLACED
    assert typed_text(Form([(name, "x") for name in sorted(PLACED)])) == ()
