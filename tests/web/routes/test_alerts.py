"""Alerts: what the rules found, what it rests on, who decided what; and that the next reduction waits for it."""

import pytest

from fhir_taper.cli.demo_walk import Page
from tests.odd_ehr import between, refusing
from tests.web.followed import TAPERED, follower, turn
from tests.web.running import Person, Stage


@pytest.fixture
def person(own: Stage) -> Person:
    """A prescriber who follows a plan of which nobody heard anything for two weeks."""
    return follower(own)


def words(person: Person, screen: str = "alerts") -> str:
    shown = person.get(screen)
    assert shown.status == 200, shown.text
    return Page(shown.text).text


@pytest.mark.feature("F26")
def test_an_open_alert_says_what_happened_what_is_proposed_by_which_rule_and_what_would_clear_it(person: Person) -> None:
    text = words(person)
    assert "Urgent review: Missed check-ins" in text
    assert "10 check-ins missed" in text
    assert "open, nobody has answered" in text
    assert "Proposed; a person decides" in text
    assert "Call the patient" in text
    assert "To clear it A check-in." in text
    assert "Rule B19, version 1" in text
    assert "The next reduction waits" in text


@pytest.mark.feature("F92")
def test_every_page_of_alerts_says_that_nobody_watches_all_the_time_and_whom_to_call(person: Person) -> None:
    for screen in ("alerts", "monitoring"):
        assert "This is not a monitoring service outside staffed hours. Crisis line: 988" in words(person, screen)


def test_a_decision_is_noted_with_who_and_why_and_the_tab_counts_what_is_still_open(person: Person) -> None:
    assert "Alerts End session" in words(person, "regimen")  # nobody has looked yet: no number
    before = words(person)
    assert "Alerts (2)" in before
    rule = person.form("alerts", "/alerts")["rule"]
    assert person.send("alerts", "/alerts", decision="called", reason="lost her phone & is well").status == 200
    after = words(person)
    assert "Alerts (1)" in after
    assert "Alerts (1)" in words(person, "regimen")
    assert "Answered, and not over yet" in after
    assert "answered by Demo Prescriber" in after
    assert "The patient was called. lost her phone & is well" in after
    assert person.form("alerts", "/alerts")["rule"] != rule
    person.answer_alerts()
    assert "None. What could not be judged stands on" in words(person)
    assert "Alerts (0)" in words(person, "regimen")


def test_a_decision_without_a_reason_or_of_no_known_kind_is_refused(person: Person) -> None:
    for values in (
        {"decision": "called", "reason": "  "},
        {"decision": "perhaps", "reason": "x"},
        {"decision": "", "reason": "x"},
        {"rule": "X9", "decision": "called", "reason": "x"},
    ):
        assert person.send("alerts", "/alerts", **values).status == 422
    assert "Alerts (2)" in words(person)


def test_an_answer_counts_for_what_was_shown_and_for_nothing_else(person: Person) -> None:
    refused = person.send("alerts", "/alerts", decision="called", reason="x", shown="0" * 64)
    assert refused.status == 409
    assert "look at it again" in refused.text
    assert "Alerts (2)" in words(person)


def test_of_two_windows_the_second_answer_is_refused_and_a_version_that_was_replaced_takes_none(own: Stage, person: Person) -> None:
    first = person.form("alerts", "/alerts")
    other = own.opened(TAPERED, "pharmacist")
    second = other.form("alerts", "/alerts") | {"decision": "dismissed", "reason": "noise"}
    assert person.browser.post(f"{person.here}/alerts", first | {"decision": "called", "reason": "unsafe at home"}).status == 200
    refused = other.browser.post(f"{other.here}/alerts", second)
    assert refused.status == 409
    assert "is not as it was when the page was opened" in refused.text
    assert "unsafe at home" in words(other)
    turn(person, "hold", days="14", reason="unsafe at home")
    late = person.browser.post(
        f"{person.here}/alerts", person.form("alerts", "/alerts") | {"version": first["version"], "decision": "called", "reason": "x"}
    )
    assert late.status == 409
    assert "has another version by now" in late.text


def test_a_review_that_was_passed_before_is_said_not_to_wait_and_how_to_stop_it(own: Stage, person: Person) -> None:
    person.answer_alerts()
    turn(person, "review", reason="slept well")
    assert "does not wait" not in words(person)
    patient = own.opened(TAPERED, "patient")
    assert patient.send("today", "/pause").status == 200
    text = words(person)
    assert "One reduction does not wait: diazepam" in text
    assert "was passed before this was found: it begins by itself. To stop it, hold the plan" in text
    assert "Every reduction whose review is open waits" in text
    turn(person, "hold", days="14", reason="the patient asked")
    assert "does not wait" not in words(person)


def test_what_was_open_when_a_plan_ended_is_not_lost(own: Stage, person: Person) -> None:
    assert own.opened(TAPERED, "patient").send("check-in/phq9", "/check-in/phq9", **{"q-9": "3"}).status == 200
    assert "PHQ-9" in words(person)
    turn(person, "revoke", reason="moved away")
    text = words(person)
    assert "No plan runs for this patient" in text
    assert "Open when a plan ended" in text
    assert "look after them in the chart" in text


def test_a_form_without_the_token_of_this_session_is_refused(person: Person) -> None:
    assert person.send("alerts", "/alerts", decision="called", reason="x", csrf="another").status == 403
    assert "Alerts (2)" in words(person)


def test_a_reader_sees_the_alerts_and_answers_none_and_a_pharmacist_may(own: Stage, person: Person) -> None:
    reader = own.opened(TAPERED, "reader")
    shown = reader.get("alerts")
    assert "A prescriber or a pharmacist answers" in Page(shown.text).text
    assert Page(shown.text).form("/alerts") is None
    fields = person.form("alerts", "/alerts") | {"csrf": reader.form("regimen", "/refresh")["csrf"], "decision": "called", "reason": "x"}
    assert reader.browser.post(f"{reader.here}/alerts", fields).status == 403
    pharmacist = own.opened(TAPERED, "pharmacist")
    assert pharmacist.send("alerts", "/alerts", decision="reviewed", reason="seen").status == 200


def test_the_way_to_a_pause_is_one_link_and_brings_the_reason_along(person: Person) -> None:
    page = person.get("alerts").text
    address = page.partition("/course?alert=")[2].partition('"')[0]
    rule, _, place = address.partition("#")
    course = person.get(f"course?alert={rule}").text
    assert f'id="{place}"' in course
    assert 'value="Missed check-ins: "' in course
    assert 'value="' not in person.get("course?alert=<script>").text.partition('id="reason-hold')[2].partition(">")[0]


def test_a_plan_says_that_its_next_reduction_waits_before_anybody_asks_for_it(person: Person) -> None:
    course = words(person, "course")
    assert "The next reduction waits" in course
    assert "10 check-ins missed" in course
    assert "Review: the next reduction may start, once the alerts are answered" in course
    refused = person.send("course", "/course/review", reason="slept well")
    assert refused.status == 409
    assert "Answer it on the page of alerts." in refused.text
    person.answer_alerts()
    assert "The next reduction waits" not in words(person, "course")
    assert person.send("course", "/course/review", reason="slept well").status == 200


def test_without_a_plan_nothing_is_watched_and_that_is_said(stage: Stage) -> None:
    stage.forget("fentanyl-patch")
    opened = stage.opened("fentanyl-patch")
    for screen in ("alerts", "monitoring"):
        assert "No plan runs for this patient: nothing is watched." in words(opened, screen)


def test_what_the_rules_could_not_see_is_said_beside_an_empty_list(own: Stage, person: Person) -> None:
    person.answer_alerts()
    with between(own.demo, refusing(403, "QuestionnaireResponse")):
        person.send("regimen", "/refresh")
        for screen in ("alerts", "course"):  # before somebody answers, and before a review is noted
            text = words(person, screen)
            assert "Not everything that is watched could be read" in text
            assert "403" in text


def test_what_was_answered_and_cannot_be_judged_any_more_is_not_lost(own: Stage, person: Person) -> None:
    person.answer_alerts()
    with between(own.demo, refusing(403, "QuestionnaireResponse")):
        person.send("regimen", "/refresh")
        text = words(person)
    assert "Missed check-ins Urgent review" in text
    assert "not known: it cannot be judged now The patient was called, Demo Prescriber" in text
