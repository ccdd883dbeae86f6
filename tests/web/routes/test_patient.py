"""The patient's own pages: the approved plan and nothing else, words and wishes that reach the team."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.exact_json import decode
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.records import Role
from fhir_taper.store.watch_log import NoteKind
from fhir_taper.web.app import create_app
from fhir_taper.web.dependencies import FOR_PATIENTS
from tests.web.running import Person, Stage
from tests.web.test_trail import operations
from tests.web.ward import TAPERED, Ward, ward

__all__ = ["ward"]
LARGEST = 40_000


def text(person: Person, screen: str) -> str:
    shown = person.get(screen)
    assert shown.status == 200, shown.text
    return Page(shown.text).text


def forms(ward: Ward) -> list[str]:
    return [decode(one.document)["form"] for one in ward.stage.services.watch.of_patient("demo", TAPERED, NoteKind.FORM)]


def test_a_patient_who_opens_their_own_chart_sees_todays_dose_of_the_approved_plan_in_words(ward: Ward) -> None:
    patient = ward.patient
    assert patient.browser.at.endswith("/today")
    said = text(patient, "today")
    assert "diazepam 2 mg Oral Tablet Take 2 tablets in the morning" in said
    assert "diazepam 5 mg Oral Tablet Take 1 tablet at night" in said
    assert re.search(r"What changes next On \w+, \w+ \d+ \(in \d+ (weeks|days)\), if your visit before it goes well", said)
    assert "10 % of the way. 2 of 18 steps down are done." in said


@pytest.mark.feature("F92")
def test_the_crisis_line_stands_on_top_of_every_page_of_a_patient_and_nobody_is_said_to_watch(ward: Ward) -> None:
    patient = ward.patient
    for screen in ("today", "check-in", "check-in/daily", "check-in/phq9"):
        said = text(patient, screen)
        assert said.index("call or text 988") < said.index("Log out"), screen
        assert "at once" in said


@pytest.mark.feature("F92")
def test_after_the_last_step_the_crisis_line_stands_there_as_before_for_the_patient_and_the_team(ward: Ward) -> None:
    ward.complete()
    patient = ward.patient
    for screen in ("today", "hard-days", "check-in", "check-in/aftercare"):
        said = text(patient, screen)
        assert said.index("call or text 988") < said.index("Log out"), screen
        assert re.search(r"call the emergency number \( ?911 in the US\)", said), screen
    assert "Crisis line: 988" in text(ward.prescriber, "alerts")


@pytest.mark.parametrize("screen", ["today", "check-in", "check-in/daily", "check-in/phq9"])
def test_a_page_of_a_patient_is_small_has_a_language_and_no_script(ward: Ward, screen: str) -> None:
    shown = ward.patient.get(screen)
    assert len(shown.text.encode()) < LARGEST
    assert '<html lang="en">' in shown.text
    assert "<script" not in shown.text
    assert shown.header("content-security-policy").startswith("default-src 'none';")
    assert shown.header("cache-control") == "no-store"


def refused_to_patients(stage: Stage) -> Iterator[tuple[str, str]]:
    for method, path in operations(create_app(stage.services)):
        if path.startswith("/app/{launch}/") and path not in FOR_PATIENTS:
            yield method, path


def test_a_patient_reaches_no_page_and_no_action_of_the_clinic(ward: Ward) -> None:
    patient = ward.patient
    csrf = patient.form("today", "/pause")["csrf"]
    versions = ward.version.version
    tried = list(refused_to_patients(ward.stage))
    assert len(tried) > 40
    for method, path in tried:
        address = re.sub(r"\{[^}]+\}", "x", path.removeprefix("/app/{launch}"))
        shown = (
            patient.browser.get(patient.here + address)
            if method == "GET"
            else patient.browser.post(patient.here + address, {"csrf": csrf, "plan": "", "score": "1", "words": "x"})
        )
        assert shown.status == 403, (method, path, shown.status)
        assert "for your care team" in shown.text or "Your role does not allow this" in shown.text, path
        assert "Back to my plan" in shown.text
    assert ward.version.version == versions
    assert forms(ward) == []


def test_a_draft_is_never_shown_to_its_patient(ward: Ward) -> None:
    ward.prescriber.send("course", "/course/slow", reason="secret-reason-of-a-draft")
    preview = ward.prescriber.send("course", "/course/slow", reason="secret-reason-of-a-draft")
    form = Page(preview.text).form("/course/slow")
    assert form is not None
    assert ward.prescriber.browser.post(form.action, form.fields).status == 200
    assert "secret-reason-of-a-draft" in ward.prescriber.get("next").text
    before = ward.plan
    patient = ward.patient
    said = text(patient, "today")
    assert "secret-reason-of-a-draft" not in said
    assert patient.get("next").status == 403
    assert f"2 of {sum(1 for one in before.gates)} steps down" in said or "2 of 18 steps down" in said


def test_a_patient_without_a_plan_is_told_not_to_stop(stage: Stage) -> None:
    stage.forget("fentanyl-patch")
    said = text(stage.opened("fentanyl-patch", "patient"), "today")
    assert "No plan is running here now." in said
    assert "Do not stop on your own." in said


def test_the_patient_of_another_chart_is_not_let_in(stage: Stage) -> None:
    browser = stage.browser()
    launch = stage.demo.new_launch(TAPERED, "patient")
    context = stage.demo.grants.take_launch(launch)
    assert context is not None
    other = stage.demo.grants.new_launch(replace(context, patient_id="lorazepam-elder"))
    shown = browser.get(f"{stage.demo.launch_url}?iss={stage.demo.issuer}&launch={other}")
    assert shown.status == 403
    assert "This chart is not your own" in shown.text


def test_one_tap_asks_for_a_pause_thanks_and_reaches_the_rule_that_calls_for_a_person(ward: Ward) -> None:
    before = ward.version.id
    shown = ward.patient.send("today", "/pause")
    said = Page(shown.text).text
    assert "Thank you. Keep taking today's dose. Your team calls within 2 working days." in said
    assert "You asked for a pause on" in text(ward.patient, "today")
    assert forms(ward) == ["pause"]
    assert ward.version.id == before
    assert "The patient asks for a pause." in Page(ward.prescriber.get("alerts").text).text


def test_until_somebody_answers_a_wish_to_pause_no_next_cut_is_named(ward: Ward) -> None:
    ward.patient.send("today", "/pause")
    said = text(ward.patient, "today")
    assert "Keep taking the dose above until your team has talked with you." in said
    assert "What changes next" not in said
    assert "Paused: later steps wait" in said
    ward.prescriber.answer_alerts()
    said = text(ward.patient, "today")
    assert "You asked for a pause" not in said
    assert "What changes next" in said


def test_a_pause_that_is_asked_for_in_a_check_in_is_one_too(ward: Ward) -> None:
    ward.patient.send("check-in/daily", "/check-in/daily", **{"q-pause": "yes"})
    assert "You asked for a pause on" in text(ward.patient, "today")


def test_a_pause_that_is_asked_for_right_after_the_check_in_is_not_lost(ward: Ward) -> None:
    patient = ward.patient
    patient.send("check-in/daily", "/check-in/daily", **{"q-symptoms": "3"})
    patient.send("today", "/pause")
    assert sorted(forms(ward)) == ["daily", "pause"]
    assert "Daily check-in" not in Page(patient.get("today").text).text.partition("How far")[0].partition("Check-in")[2]


def test_where_the_plan_is_held_no_next_cut_is_named_and_the_dose_goes_on(ward: Ward) -> None:
    preview = ward.prescriber.send("course", "/course/hold", days="14", reason="sleeps badly")
    form = Page(preview.text).form("/course/hold")
    assert form is not None
    ward.prescriber.browser.post(form.action, form.fields)
    said = text(ward.patient, "today")
    assert "Your cuts are paused. This is not a step back. Keep taking the dose below." in said
    assert "Take 2 tablets in the morning" in said
    assert "What changes next" not in said
    assert "Paused: later steps wait" in said


def test_the_patient_chooses_how_often_to_be_asked_but_not_more_rarely_than_the_tier(ward: Ward) -> None:
    patient = ward.patient
    assert patient.send("today", "/rhythm", every_days="2").status == 200
    assert "every 2 days" in text(patient, "today")
    assert '<option value="30"' not in patient.get("today").text
    for wrong in ("x", "0", "30", "999"):
        assert patient.send("today", "/rhythm", every_days=wrong).status == 422, wrong
    assert "every 2 days" in text(patient, "today")


@pytest.mark.feature("F79")
def test_praise_is_read_only_after_a_clinician_approved_its_words(ward: Ward) -> None:
    ward.complete()
    words = "You have reached the goal of your plan."
    assert words not in ward.patient.get("today").text
    listed = ward.prescriber.get("check-in")
    offered = {one.fields["praise"]: one for one in Page(listed.text).forms if one.action.endswith("/check-in-words")}
    for approved, one in offered.items():
        if "quarter" in approved.lower():  # what was passed is not said any more
            ward.prescriber.browser.post(one.action, one.fields)
    assert "quarter" not in ward.patient.get("today").text.lower()
    form = next(one for approved, one in offered.items() if words in approved)
    assert ward.prescriber.browser.post(form.action, form.fields).status == 200
    assert words in ward.patient.get("today").text


def test_a_coach_cannot_approve_praise_and_nobody_can_approve_other_words(ward: Ward) -> None:
    form = next(one for one in Page(ward.prescriber.get("check-in").text).forms if one.action.endswith("/check-in-words"))
    assert ward.prescriber.browser.post(form.action, form.fields | {"praise": "You are cured."}).status == 422
    coach = ward.coach
    fields = {"csrf": coach.form("check-in", "/refresh")["csrf"], "plan": "", "praise": form.fields["praise"]}
    assert coach.browser.post(f"{coach.here}/check-in-words", fields).status == 403


@pytest.mark.feature("F46", "F47", "F86")
def test_after_the_last_step_lost_tolerance_is_said_the_way_back_is_open_and_the_plan_for_hard_days_keeps_its_versions(ward: Ward) -> None:
    ward.complete()
    patient = ward.patient
    said = text(patient, "today")
    assert "Your taper is done." in said
    assert "Your old dose may now kill you." in said
    assert "Please pause" not in said
    assert "We will call you" in patient.send("today", "/come-back").text
    assert "The patient asks to come back." in Page(ward.prescriber.get("alerts").text).text
    fields = {"q-triggers": "bad nights", "q-warnings": "I stay alone", "q-coping": "I walk", "q-people": "my sister, 555-0100"}
    patient.send("hard-days", "/hard-days", **fields)
    second = patient.form("hard-days", "/hard-days")
    assert second["q-triggers"] == "bad nights"
    seen_by_the_team = text(ward.prescriber, "hard-days")
    assert all(words in seen_by_the_team for words in fields.values())
    assert forms(ward).count("hard-days") == 1


def test_the_team_sees_the_page_as_the_patient_does_and_a_reader_notes_nothing(ward: Ward) -> None:
    assert "This is the patient’s own page" in text(ward.prescriber, "today")
    reader = ward.stage.opened(TAPERED, "reader")
    assert reader.send("today", "/pause").status == 403
    assert forms(ward) == []


def test_a_plan_that_was_revoked_is_not_the_patients_plan_any_more(ward: Ward) -> None:
    ward.keep(replace(ward.plan, state=PlanState.REVOKED))
    assert "No plan is running here now." in text(ward.patient, "today")


def test_the_role_of_a_patient_stands_in_the_audit(ward: Ward) -> None:
    person = ward.patient
    launch = ward.stage.services.launches.get(person.launch, ward.stage.services.clock())
    assert launch is not None
    assert (launch.role, launch.user) == (Role.PATIENT, f"Patient/{TAPERED}")


@pytest.mark.feature("F85")
def test_when_the_taper_is_done_therapy_peers_and_support_stand_in_plain_words_for_the_patient_and_in_the_clinics_for_the_team(
    ward: Ward,
) -> None:
    assert "What goes on" not in text(ward.patient, "today")
    ward.complete()
    patient = ward.patient
    for screen in ("today", "hard-days"):
        said = text(patient, screen).partition("What goes on")[2]
        for words in (
            "Go on with talking therapy.",
            "people who have been through the same",
            "help with your home",
            "You can always come back.",
        ):
            assert words in said, (screen, words)
        assert "Social support is asked about" not in said
        assert "aftercare?plan" not in patient.get(screen).text
    assert text(patient, "today").count("Your old dose may now kill you.") == 1
    assert text(patient, "hard-days").count("Your old dose may now kill you.") == 1
    for_the_team = text(ward.prescriber, "hard-days").partition("What goes on after the last step")[2]
    for words in ("Talking therapy goes on", "Peer support is offered.", "Social support is asked about"):
        assert words in for_the_team


@pytest.mark.feature("F98")
def test_after_the_last_step_function_and_use_are_asked_and_how_many_check_ins_came_is_seen_by_patient_and_team(ward: Ward) -> None:
    ward.complete()
    patient = ward.patient
    assert "Could you do what you said you must be able to do?" in text(patient, "check-in/aftercare")
    patient.send("check-in/aftercare", "/check-in/aftercare", **{"q-function": "not-met", "q-use": "yes", "q-days-since-use": "1"})
    for person in (patient, ward.prescriber):
        said = text(person, "hard-days").partition("Over time")[2]
        assert re.search(r"Check-ins that were due one came on \S+ \d of 4 came", said), said
        assert "Minimum function that was agreed not met on" in said
    watched = text(ward.prescriber, "monitoring")
    assert re.search(r"Check-ins that came \d of 4 in the last 4 weeks \d of 4 in the 4 weeks before", watched), watched
    assert "met on 0 of 1 check-ins" in watched
