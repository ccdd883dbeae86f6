"""Check-ins on the screen: what is due and why, each form without scripts, what was understood, and whom to call."""

from dataclasses import replace

import pytest

from fhir_taper.cli.demo_walk import Page, Shown
from fhir_taper.exact_json import decode
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.store.watch_log import NoteKind, WatchNote
from tests.odd_ehr import between, refusing
from tests.web.running import Person, Stage
from tests.web.ward import TAPERED, Ward, ward

__all__ = ["ward"]
ALL_OF_PHQ9 = {f"q-{number}": "1" for number in range(1, 9)} | {"q-9": "0"}


def notes(ward: Ward) -> tuple[WatchNote, ...]:
    return ward.stage.services.watch.of_patient("demo", TAPERED, NoteKind.FORM)


def send(person: Person, form: str, **values: str) -> Shown:
    return person.send(f"check-in/{form}", f"/check-in/{form}", **{f"q-{name}": said for name, said in values.items()})


def words(shown: Shown) -> str:
    return Page(shown.text).text


def test_without_a_plan_nothing_is_asked(stage: Stage) -> None:
    stage.forget("fentanyl-patch")
    assert "No plan is followed for this patient" in words(stage.opened("fentanyl-patch").get("check-in"))


@pytest.mark.feature("F15")
def test_what_is_due_today_says_why_and_what_only_a_link_may_be_shown_of_says_whose_it_is(ward: Ward) -> None:
    said = words(ward.prescriber.get("check-in"))
    assert "Daily check-in asked every 7 days, as chosen by the risk tier" in said
    assert "PHQ-9 asked every 7 days" in said
    assert "C-SSRS screener, recent from the site’s own copy" in said
    assert "Copyright Charles M. Morin" in said
    assert ward.prescriber.get("check-in/isi").status == 422
    assert ward.prescriber.get("check-in/no-such-form").status == 422


def test_what_calls_for_help_is_answered_also_where_no_plan_is_followed_any_more(ward: Ward) -> None:
    patient = ward.patient
    fields = patient.form("check-in/daily", "/check-in/daily")
    ward.keep(replace(ward.plan, state=PlanState.REVOKED))
    shown = patient.browser.post(f"{patient.here}/check-in/daily", fields | {"q-events": "seizure"})
    said = words(shown)
    assert (shown.status, notes(ward)) == (422, ())
    assert said.index("Call the emergency number (911 in the US) now") < said.index("This was not kept")
    assert "Tell your clinic yourself, now." in said
    mild = patient.browser.post(f"{patient.here}/check-in/daily", fields | {"q-symptoms": "3"})
    assert mild.status == 422
    assert "No plan is followed now" in words(mild)


def test_what_was_kept_is_said_to_be_kept_also_where_the_ehr_does_not_answer(ward: Ward) -> None:
    coach = ward.coach
    fields = coach.form("check-in/phq9", "/check-in/phq9")
    ward.stage.services.charts.drop(coach.launch)
    with between(ward.stage.demo, refusing(403, "Patient")):
        shown = coach.browser.post(f"{coach.here}/check-in/phq9", fields | {"q-9": "3"})
    assert shown.status == 200
    said = words(shown)
    assert len(notes(ward)) == 1
    assert said.index("Act now") < said.index("What was understood")
    assert "not saved" not in said


def test_a_refused_form_of_a_patient_says_whom_to_call_all_the_same(ward: Ward) -> None:
    patient = ward.patient
    fields = patient.form("check-in/phq9", "/check-in/phq9") | {"q-9": "3", "csrf": "another"}
    shown = patient.browser.post(f"{patient.here}/check-in/phq9", fields)
    assert shown.status == 403
    said = words(shown)
    assert "call or text 988" in said.partition("What you can do")[0]
    assert "988" not in words(patient.get("check-in/no-such-form"))


def test_what_a_clinician_asked_is_not_in_the_patients_own_list(ward: Ward) -> None:
    asked = {"1": "yes", "2": "yes", "3": "no", "4": "no", "5": "no", "6": "no"}
    send(ward.prescriber, "cssrs", **asked)
    send(ward.patient, "gad7", **{str(number): "0" for number in range(1, 8)})
    assert "C-SSRS" in words(ward.prescriber.get("check-in")).partition("Filled in lately")[2]
    own = words(ward.patient.get("check-in")).partition("Filled in lately")[2]
    assert "GAD-7" in own
    assert "C-SSRS" not in own


def test_what_a_patient_writes_stands_on_the_teams_page(ward: Ward) -> None:
    written = "my hands shake & I am afraid of <the next> step"
    ward.patient.send("check-in/daily", "/check-in/daily", **{"q-symptoms": "3", "q-words": written})
    said = words(ward.prescriber.get("monitoring"))
    assert f"“{written}”" in said.partition("In the patient’s own words")[2]
    assert f"“{written}”" in words(ward.prescriber.get("check-in"))


def test_a_patient_is_not_shown_forms_that_a_person_of_the_clinic_must_ask(ward: Ward) -> None:
    patient = ward.patient
    said = words(patient.get("check-in"))
    assert "C-SSRS" not in said
    assert "CIWA-B" not in said
    assert patient.get("check-in/cssrs").status == 422


def test_a_form_is_native_fields_with_their_ranges_and_its_notice(ward: Ward) -> None:
    daily = ward.patient.get("check-in/daily").text
    assert 'type="number" inputmode="numeric" min="0" max="10"' in daily
    assert '<input type="radio" name="q-doses" value="all">' in daily
    assert '<input type="checkbox" name="q-events" value="seizure">' in daily
    assert "q-pain" not in daily  # asked where an opioid is tapered
    assert "No permission required to reproduce" in ward.patient.get("check-in/phq9").text


def test_a_question_that_hangs_on_another_one_says_on_which(ward: Ward) -> None:
    said = words(ward.prescriber.get("check-in/cssrs"))
    assert "Answer this only after “Yes” to question 2." in said
    said = words(ward.prescriber.get("check-in/audit-c"))
    assert "Answer this only after “" in said


@pytest.mark.feature("F16")
def test_a_form_of_a_patient_is_kept_and_what_was_understood_is_said_in_words(ward: Ward) -> None:
    said = words(ward.patient.send("check-in/phq9", "/check-in/phq9", **ALL_OF_PHQ9))
    assert "mild depression (8 of 27)" in said
    assert "A score is not a diagnosis." in said
    (kept,) = notes(ward)
    response = decode(kept.document)["resources"][0]
    assert response["author"] == response["source"] == {"reference": f"Patient/{TAPERED}"}
    assert kept.plan == f"diazepam/{ward.plan.key}"


def test_a_coach_who_enters_by_phone_stands_on_the_form_and_the_patient_stays_the_source(ward: Ward) -> None:
    send(ward.coach, "daily", symptoms="4", doses="all")
    (kept,) = notes(ward)
    response = decode(kept.document)["resources"][0]
    assert response["source"] == {"reference": f"Patient/{TAPERED}"}
    assert response["author"] == {"reference": "Practitioner/co1"}
    assert "Practitioner/co1" in words(ward.coach.get("check-in"))


def test_a_reader_sees_forms_and_keeps_none(ward: Ward) -> None:
    reader = ward.stage.opened(TAPERED, "reader")
    assert "Only the patient, a coach" in words(reader.get("check-in/daily"))
    assert send(reader, "daily", symptoms="4").status == 403
    assert notes(ward) == ()


def test_what_is_wrong_stands_beside_its_question_and_what_was_typed_is_kept(ward: Ward) -> None:
    shown = send(ward.patient, "daily", symptoms="11", words="I am fine", doses="some")
    assert shown.status == 422
    assert '<small class="stop" id="q-symptoms-error">Takes a whole number from 0 to 10</small>' in shown.text
    form = Page(shown.text).form("/check-in/daily")
    assert form is not None
    assert (form.fields["q-symptoms"], form.fields["q-words"], form.fields["q-doses"]) == ("11", "I am fine", "some")
    assert notes(ward) == ()


def test_a_part_of_a_scale_is_asked_about_once_and_then_kept_as_it_is(ward: Ward) -> None:
    patient = ward.patient
    shown = send(patient, "gad7", **{"1": "2"})
    assert shown.status == 422
    assert "has no answer yet" in shown.text
    form = Page(shown.text).form("/check-in/gad7")
    assert form is not None
    assert form.buttons == [("as_it_is", "yes")]
    said = words(patient.browser.post(f"{patient.here}/check-in/gad7", form.fields | {"as_it_is": "yes"}))
    assert "has no score: no answer to question" in said
    assert len(notes(ward)) == 1


def test_an_empty_form_is_not_kept_as_it_is_either(ward: Ward) -> None:
    patient = ward.patient
    shown = patient.send("check-in/daily", "/check-in/daily", as_it_is="yes")
    assert shown.status == 422
    assert "Nothing was answered." in words(shown)
    assert notes(ward) == ()


@pytest.mark.feature("F23")
def test_after_a_thought_of_suicide_call_now_stands_first_and_the_screener_follows_at_once(ward: Ward) -> None:
    shown = send(ward.coach, "phq9", **{"9": "1"})
    assert shown.status == 200
    said = words(shown).partition("End session")[2]
    assert said.index("Act now") < said.index("988") < said.index("What was understood")
    assert "Next: C-SSRS screener, recent" in said
    assert Page(shown.text).form("/check-in/cssrs") is not None
    assert len(notes(ward)) == 1  # what calls for help is kept at once, whatever lacks


def test_a_patient_with_such_a_thought_is_told_to_call_and_that_the_team_asks_more(ward: Ward) -> None:
    shown = send(ward.patient, "phq9", **{"9": "1"})
    said = words(shown)
    assert "Please call now" in said
    assert "Your team will ask you some more questions." in said
    assert Page(shown.text).form("/check-in/cssrs") is None


def test_a_positive_screener_and_a_seizure_say_to_call_the_emergency_number(ward: Ward) -> None:
    asked = {"1": "yes", "2": "yes", "3": "yes", "4": "yes", "5": "no", "6": "no"}
    assert "Call the emergency number (911 in the US) now" in words(send(ward.prescriber, "cssrs", **asked))
    assert "Call the emergency number (911 in the US) now" in words(send(ward.patient, "daily", events="seizure"))
    assert "Thank you" in words(send(ward.patient, "gad7", **{str(number): "0" for number in range(1, 8)}))


def test_free_words_are_kept_escaped_and_no_program_judges_them(ward: Ward) -> None:
    shown = send(ward.patient, "daily", words="<b>I want to stop</b>")
    assert "no program judges them" in shown.text
    assert "<b>I want" not in ward.prescriber.get("check-in").text


def test_a_clinician_states_the_score_of_an_original_of_the_right_form_alone(ward: Ward) -> None:
    person = ward.prescriber
    for odd in ("1_0", "1e1", "\u0661\u0660", "-1", "NaN"):
        assert person.send("check-in", "/check-in/isi/stated", score=odd).status == 422, odd
    said = words(person.send("check-in", "/check-in/isi/stated", score="12"))
    assert "subthreshold insomnia (12 of 28)" in said
    for score, variant, why in (("99", "22-item", "cannot be"), ("x", "22-item", "is not a number"), ("20", "", "only the 22-item form")):
        shown = person.send("check-in", "/check-in/ciwa-b/stated", score=score, variant=variant)
        assert shown.status == 422
        assert why in words(shown)
    (kept,) = notes(ward)
    (observation,) = decode(kept.document)["resources"]
    assert (observation["resourceType"], observation["valueQuantity"]["value"]) == ("Observation", 12)
    assert observation["performer"][-1] == {"reference": "Practitioner/dr1"}


def test_a_coach_states_no_score(ward: Ward) -> None:
    coach = ward.coach
    csrf = coach.form("check-in", "/refresh")["csrf"]
    shown = coach.browser.post(f"{coach.here}/check-in/isi/stated", {"csrf": csrf, "plan": "", "score": "3", "variant": ""})
    assert shown.status == 403
    assert notes(ward) == ()


def test_a_form_of_another_page_is_not_taken(ward: Ward) -> None:
    patient = ward.patient
    assert patient.browser.post(f"{patient.here}/check-in/daily", {"csrf": "x", "q-symptoms": "1"}).status == 403
    assert patient.browser.post(f"{patient.here}/pause", {"csrf": "x"}).status == 403
    assert notes(ward) == ()


def test_what_was_filled_in_is_seen_by_the_rules(ward: Ward) -> None:
    send(ward.patient, "daily", events="seizure")
    assert "Seizure" in words(ward.prescriber.get("alerts"))
