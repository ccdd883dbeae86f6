"""The plan that stands, as a person meets it: taken over, held, compared, written back, slowed, reviewed, approved."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.records import WriteState
from tests.web.followed import TAPERED, follower, turn
from tests.web.running import ELDER, Person, Stage

SCREENS = ("course", "next", "versions", "review", "contingency")


@pytest.fixture
def person(own: Stage) -> Person:
    """A prescriber who took the plan over that stood in the EHR."""
    opened = own.opened(TAPERED)
    assert "A taper of diazepam stands in the EHR, version 4, active." in Page(opened.get("plan").text).text
    assert "It is not kept here: it was written from elsewhere." in Page(opened.get("versions").text).text
    return follower(own)


def test_without_a_plan_every_screen_says_so_and_what_to_do(stage: Stage) -> None:
    stage.forget("fentanyl-patch")
    opened = stage.opened("fentanyl-patch")
    said = ("No plan runs", "No next version is drafted", "No version of a plan is kept", "no draft to look at", "no plan yet")
    for screen, words in zip(SCREENS, said, strict=True):
        shown = opened.get(screen)
        assert shown.status == 200
        assert words.lower() in shown.text.lower(), screen


def test_a_hold_is_previewed_saved_looks_different_and_is_written_back_as_an_update(written_to: Stage) -> None:
    person = follower(written_to)
    preview = person.send("course", "/course/hold", days="10", reason="a cold")
    words = Page(preview.text).text
    assert "not saved yet" in words
    assert "Pause reductions, keep taking 9 mg a day." in words
    assert "10 days later" in words
    assert 'role="img"' in preview.text
    assert "as it would be" in words
    assert "What will be written" in turn(person, "hold", days="10", reason="a cold")
    standing = person.get("course").text
    assert 'class="state held"' in standing
    assert "Pause reductions, keep taking 9 mg a day" in standing
    written = person.send("write-back", "/write-back")
    assert "read back with the same meaning" in written.text
    rows = written_to.services.ledger.of_patient("demo", TAPERED)
    assert [row.state for row in rows] == [WriteState.WRITTEN]
    care_plan = next(one for one in rows[0].detail["resources"] if one["reference"].startswith("CarePlan/"))
    assert care_plan["doing"] == "update"
    assert "Stands in the EHR, version 5, on-hold" in Page(person.get("versions").text).text


def test_versions_are_listed_shown_and_compared(person: Person) -> None:
    turn(person, "hold", days="10", reason="a cold")
    page = person.get("versions")
    words = Page(page.text).text
    assert "reductions paused, 9 mg a day goes on" in words
    assert "a cold" in words
    form = Page(page.text).form("/compare")
    assert form is not None
    compared = Page(person.browser.get(f"{form.action}?{urlencode(form.fields)}").text).text
    assert "version 4 and version 5" in compared
    assert "10 days longer" in compared
    assert "on-hold" in compared
    one = person.get(f"versions/{form.fields['after']}")
    assert "Version 5, on-hold" in Page(one.text).text
    assert "pause: keep taking this dose" in one.text
    assert '<form method="post" action="' + person.here + "/course" not in one.text


@pytest.mark.feature("F29")
def test_every_version_is_printed_as_itself_and_an_old_one_says_that_it_is_replaced(person: Person) -> None:
    on_screen = re.search(r"plan\.txt\?version=[^\"]+", person.get("plan").text)
    assert on_screen is not None
    turn(person, "hold", days="10", reason="a cold")
    papers = re.findall(r"plan\.txt\?version=[^\"]+", person.get("versions").text)
    assert len(papers) == 2
    newest, old = (person.get(address).text for address in papers)
    assert "ON HOLD: PAUSE REDUCTIONS, KEEP TAKING 9 MG A DAY" in newest
    assert "REPLACED BY VERSION 5: NOT TO BE FOLLOWED" in old
    assert "in force on" not in old
    assert person.get(on_screen[0]).text == old


def test_the_step_in_force_is_marked_on_screen_and_on_paper_and_step_0_is_the_baseline(person: Person) -> None:
    shown = person.get("plan").text
    assert shown.count('aria-current="step"') == 1
    row = next(one for one in shown.split("<tr ") if 'aria-current="step"' in one)
    assert "in force on" in row
    assert 'mg/day">9<' in row
    paper = re.search(r"plan\.txt\?version=[^\"]+", shown)
    assert paper is not None
    text = " ".join(person.get(paper[0]).text.split())
    assert re.search(r": 10 mg a day \[baseline\]", text)
    assert re.search(r": 9 mg a day [^\[]*\[[^\]]*in force on 20", text)


def test_after_a_plan_was_revoked_the_same_question_makes_a_plan_of_its_own(own: Stage) -> None:
    person = own.opened("lorazepam-elder")
    for number in (1, 2):
        person.send("strategies", "/strategies", benzo_table="va-dod-2021", reason="falls")
        person.send("strategies", "/choose", way="strategy linear")
        person.ready()
        assert "make the revision again" not in person.get("approve").text, number
        person.send("approve", "/approve")
        assert "Active" in person.get("approve").text, number
        turn(person, "revoke", reason="moved away")
    kept = own.services.plans.of_patient("demo", "lorazepam-elder")
    assert [one.state.value for one in kept] == ["draft", "active", "revoked"] * 2
    assert len({one.id for one in kept}) == 6
    assert len({one.plan.key for one in kept}) == 2


def test_a_turn_that_the_plan_does_not_allow_is_refused_with_the_rule_and_a_way_back(person: Person) -> None:
    fields = person.form("course", "/course/hold") | {"reason": "x", "days": "0"}
    shown = person.browser.post(f"{person.here}/course/hold", fields)
    assert shown.status == 409
    assert " hold lasts a day or more" in shown.text
    for odd, status in (("double-it", 422), ("step-back", 422)):
        assert person.browser.post(f"{person.here}/course/{odd}", fields).status == status
    assert person.get("versions/no-such-version").status == 422
    assert person.browser.get(f"{person.here}/compare?before=x&after=y").status == 422


def test_a_reader_looks_and_turns_nothing(own: Stage, person: Person) -> None:
    turn(person, "hold", days="10", reason="a cold")
    reader = own.opened(TAPERED, "reader")
    for screen in SCREENS:
        assert reader.get(screen).status == 200
    assert Page(reader.get("course").text).form("/course/hold") is None
    csrf = {"csrf": reader.form("regimen", "/refresh")["csrf"], "reason": "x", "days": "7", "revision": "1", "draft": "next", "of": "draft"}
    version = person.form("course", "/course/resume")["version"]
    posts = ("course/hold", "course/slow", "next/approve", "next/agreement", "adopt", "contingency")
    for action in posts:
        shown = reader.browser.post(f"{reader.here}/{action}", csrf | {"version": version, "reference": "x", "seen": ""})
        assert shown.status == 403, action


def test_a_slower_schedule_is_drafted_reviewed_by_a_pharmacist_and_approved(own: Stage, person: Person) -> None:
    turn(person, "hold", days="10", reason="a cold")
    person.answer_alerts()
    turn(person, "resume", reason="well again")
    assert "Next version" in turn(person, "slow", reason="too fast")
    assert "is drafted and waits for approval" in person.get("course").text
    person.send("review", "/review/ask", words="is 2 mg at hand?")
    assert "review is missing" in person.get("next").text
    pharmacist = own.opened(TAPERED, "pharmacist")
    shown = pharmacist.get("review").text
    assert "tablets" in shown
    assert "is 2 mg at hand?" in shown
    without = pharmacist.send("review", "/review/answer", verdict="return", words="")
    assert without.status == 409
    assert pharmacist.send("review", "/review/answer", verdict="perhaps").status == 422
    assert "Accepted by Demo Pharmacist" in pharmacist.send("review", "/review/answer", verdict="accept", words="yes").text
    while (form := Page(person.get("next").text).form("/next/acknowledge")) is not None:
        person.browser.post(form.action, form.fields | {"reason": "discussed"})
    person.send("next", "/next/agreement", what="slower")
    assert "What will be written" in person.send("next", "/next/approve").text
    assert "approved; slower: twice the interval" in Page(person.get("versions").text).text


def test_a_draft_is_given_up_and_a_request_withdrawn(person: Person) -> None:
    turn(person, "change-strategy", reason="another", way="strategy linear", percent="5", interval_days="28")
    person.send("review", "/review/ask")
    assert "withdrawn" in person.send("review", "/review/withdraw").text
    assert "The plan that stands" in person.send("next", "/next/discard").text
    assert "No next version is drafted" in person.get("next").text


@pytest.mark.feature("F20")
def test_what_to_do_when_something_happens_stands_on_its_screen_and_goes_out_with_a_clinicians_words(written_to: Stage) -> None:
    person = follower(written_to)
    words = Page(person.get("contingency").text).text
    assert "A dose was missed" in words
    assert "Bad nights" in words
    assert "default" in words
    preview = person.send("contingency", "/contingency", breakthrough="call before you take more", contacts="clinic 555-0100")
    pages = [unescape(one) for one in re.findall(r'href="([^"]*/write-back/resource[^"]*)"', preview.text)]
    assert any("call before you take more" in person.browser.get(one).text for one in pages)
    assert "read back with the same meaning" in person.send("write-back", "/write-back").text
    assert "In the words of Demo Prescriber" in Page(person.get("contingency").text).text


def test_a_way_that_cannot_be_made_is_said_and_the_plan_goes_on(person: Person) -> None:
    shown = person.send("course", "/course/change-strategy", reason="x", way="strategy interval-extension")
    assert shown.status == 409
    assert "That cannot be made; the plan goes on as it stands" in shown.text


def test_who_takes_less_than_the_plan_before_its_first_cut_is_shown_another_way(own: Stage) -> None:
    person = own.opened(ELDER)
    person.draft()
    person.ready()
    assert person.send("approve", "/approve").status == 200
    for taken in ("2.5", "1"):
        shown = person.send("course", "/course/change-strategy", reason="takes less", way="strategy linear", actual_mg=taken)
        assert shown.status == 200, Page(shown.text).text
        assert "What would become of it" in shown.text


def test_a_refusal_of_a_running_plan_names_no_option_of_the_command_line(person: Person) -> None:
    shown = person.send("course", "/course/change-strategy", reason="x", way="strategy linear", percent="0.1", interval_days="300")
    words = Page(shown.text).text
    assert shown.status == 409, words
    assert "--" not in words


def test_a_step_back_says_before_it_is_saved_that_the_dose_rises_and_keeps_that_it_was_acknowledged(person: Person) -> None:
    shown = person.send("course", "/course/step-back", reason="hard to bear", step="1", days="28")
    said = Page(shown.text).text
    assert "Acknowledge: From " in said
    assert "the dose rises: diazepam 9 mg a day to 9.5 mg a day, for 28 days." in said
    assert "Whoever saves this acknowledges it, for the reason that was given: hard to bear" in said
    form = Page(shown.text).form("/course/step-back")
    assert form is not None
    assert person.browser.post(form.action, form.fields).status == 200
    kept = Page(person.get("plan").text).text
    assert "Acknowledge: From " in kept
    assert "A step back is a clinician's decision." in kept


def test_a_stepped_way_has_a_field_for_its_bands(person: Person) -> None:
    shown = person.send("course", "/course/change-strategy", reason="x", way="strategy stepped", bands="6:1:28,0:0.5:28")
    assert shown.status == 200, Page(shown.text).text
    assert "not saved yet" in Page(shown.text).text
    form = Page(shown.text).form("/course/change-strategy")
    assert form is not None
    assert form.fields["bands"] == "6:1:28,0:0.5:28"
