"""Monitoring: where a plan that is watched stands, in words; what was measured, what was not, and why something could not be judged."""

import re
from datetime import timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.records import Json
from tests.odd_ehr import all_of, between, changing, refusing, with_more
from tests.web.followed import TAPERED, follower
from tests.web.running import Person, Stage


@pytest.fixture
def person(own: Stage) -> Person:
    """A prescriber who follows a plan with three scores of anxiety and one of depression in the chart."""
    return follower(own)


def words(person: Person, screen: str = "monitoring") -> str:
    shown = person.get(screen)
    assert shown.status == 200, shown.text
    return Page(shown.text).text


def observation(own: Stage, code: str, value: Json, days: int, number: int = 1) -> Json:
    """A measure of the EHR, so many days old."""
    day = own.services.clock() - timedelta(days=days)
    return {
        "resourceType": "Observation",
        "id": f"more-{number}",
        "status": "final",
        "subject": {"reference": f"Patient/{TAPERED}"},
        "effectiveDateTime": f"{day:%Y-%m-%dT%H:%M:%SZ}",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": value,
    }


def permitted(*codes: str) -> Json:
    """The patient's consent to measures of these codes."""
    return {
        "resourceType": "Consent",
        "id": "more-1",
        "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"text": "remote measures"}],
        "patient": {"reference": f"Patient/{TAPERED}"},
        "provision": {"type": "permit", "code": [{"coding": [{"system": "http://loinc.org", "code": one}]} for one in codes]},
    }


def test_it_says_the_level_in_words_what_goes_on_being_taken_and_that_the_reduction_waits(person: Person) -> None:
    text = words(person)
    assert "Urgent review, due" in text
    assert "the next reduction waits. Pause reductions, keep taking 9 mg diazepam a day, and keep it supplied." in text
    assert "2 alerts wait for an answer" in text


@pytest.mark.feature("F42")
def test_a_score_stands_with_the_word_of_its_source_beside_its_change_its_day_and_where_it_comes_from(person: Person) -> None:
    text = words(person)
    assert "GAD-7 mild anxiety (9 of 21) 1 more, worse mild anxiety (8 of 21)" in text
    assert "(14 days ago) Observation/gad7-3-mid-taper" in text
    assert "PHQ-9 mild depression (6 of 27) no baseline" in text


def test_the_chart_is_an_image_with_two_panels_and_the_other_score_comes_by_a_link_without_a_script(person: Person) -> None:
    page = person.get("monitoring").text
    svg = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + len("</svg>")])  # noqa: S314 (our own output)
    assert svg.get("role") == "img"
    assert "GAD-7: 3 values" in (svg.findtext("{http://www.w3.org/2000/svg}desc") or "")
    other = person.get("monitoring?score=phq9")
    assert "PHQ-9: 1 value" in other.text
    assert '<option value="phq9" selected>' in other.text
    assert "GAD-7: 3 values" in person.get("monitoring?score=nonsense").text


def test_the_table_beside_the_chart_holds_what_is_drawn(person: Person) -> None:
    text = words(person)
    assert "The same as a table" in text
    assert "Reduction reduction to 9 mg a day" in text
    assert "Missed check-in no check-in came" in text


@pytest.mark.feature("F41", "F80")
def test_outcomes_say_the_load_now_against_the_first_dose_and_what_is_not_known(person: Person) -> None:
    text = words(person)
    assert "Diazepam ordered 10 mg a day 9 mg a day 10 % less" in text
    assert "Reductions were paused on 0 days of 70." in text
    assert "Last 28 days 5 % not known" in text
    assert "Not known: Pain from 0 to 10 (no data); PEG, mean of its three answers (no data); Sleep in a night (no data)" in text


def test_what_could_not_be_judged_stands_by_its_reason_without_rules_for_another_class(person: Person) -> None:
    text = words(person).partition("What could not be judged")[2]
    assert "Oversedation" in text
    assert "Respiratory rate: no data" in text
    assert "COWS" not in text


def test_check_ins_say_their_rhythm_what_is_due_and_what_did_not_come(person: Person) -> None:
    text = words(person)
    assert "Every 7 days, as chosen by the risk tier." in text
    assert "10 of 10 did not come" in text
    assert "None is booked that could be read." in text


def test_a_value_that_no_rule_may_use_is_shown_with_why(own: Stage, person: Person) -> None:
    wrong = observation(own, "70274-6", {"value": 99, "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"}, 1)
    with between(own.demo, changing("Observation", with_more(wrong))):
        person.send("regimen", "/refresh")
        text = words(person)
    assert "Set aside" in text
    assert "GAD-7 99" in text
    assert "Observation/more-1" in text


def test_what_was_measured_at_home_without_consent_is_not_looked_at_and_that_is_said(own: Stage, person: Person) -> None:
    asleep = observation(own, "93832-4", {"value": 6.5, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"}, 1)
    asleep["device"] = {"reference": "Device/watch"}
    with between(own.demo, changing("Observation", with_more(asleep))):
        person.send("regimen", "/refresh")
        text = words(person)
    assert "no consent to sleep measures: 1 value is not looked at" in text


@pytest.mark.feature("F17", "F18", "F71")
def test_what_was_measured_at_home_under_a_consent_is_shown_with_its_day_and_its_source(own: Stage, person: Person) -> None:
    units = {"system": "http://unitsofmeasure.org"}
    pulse = observation(own, "8867-4", {"value": 76, "unit": "beats/minute"}, 1, 1)
    asleep = observation(own, "93832-4", {"value": 6.5, "unit": "h", "code": "h", **units}, 1, 2)
    walked = observation(own, "55423-8", {"value": 4200, "unit": "{steps}", "code": "{steps}", **units}, 2, 3)
    day = walked.pop("effectiveDateTime")[:10]  # a count of steps is of a whole day
    walked["effectivePeriod"] = {"start": day, "end": day}
    consent = permitted("8867-4", "93832-4", "55423-8")
    there = (("Observation", pulse), ("Observation", asleep), ("Observation", walked), ("Consent", consent))
    with between(own.demo, all_of(*(changing(kind, with_more(one)) for kind, one in there))):
        person.send("regimen", "/refresh")
        text = words(person).partition("Latest of each signal")[2].partition("Outcomes of this plan")[0]
    assert re.search(r"Resting heart rate 76 a minute no baseline \S+ \(yesterday\) Observation/more-1", text)
    assert re.search(r"Sleep in a night 6 h 30 min no baseline \S+ \(yesterday\) Observation/more-2", text)
    assert re.search(rf"Steps in a day 4200 steps no baseline {day} \([^)]+\) Observation/more-3", text)
    assert "not looked at" not in text


@pytest.mark.parametrize("kind", ["QuestionnaireResponse", "Appointment", "Encounter", "MedicationAdministration", "Consent"])
def test_a_list_that_the_ehr_refuses_is_named_and_the_page_stands(own: Stage, person: Person, kind: str) -> None:
    with between(own.demo, refusing(403, kind)):
        person.send("regimen", "/refresh")
        text = words(person)
    assert "Not everything that is watched could be read" in text
    assert "could not be read: 403" in text


def test_a_booked_visit_stands_under_appointments(own: Stage, person: Person) -> None:
    at = (own.services.clock() + timedelta(days=9)).replace(hour=15, minute=0, second=0, microsecond=0)
    booked = {
        "resourceType": "Appointment",
        "id": "more-1",
        "status": "booked",
        "description": "Taper review",
        "start": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "participant": [{"actor": {"reference": f"Patient/{TAPERED}"}, "status": "accepted"}],
    }
    with between(own.demo, changing("Appointment", with_more(booked))):
        person.send("regimen", "/refresh")
        text = words(person)
    assert f"{at.astimezone(ZoneInfo('America/Denver')):%H:%M} : Taper review" in text  # where the patient lives


def test_a_refresh_leads_back_to_the_page(person: Person) -> None:
    assert "Latest of each signal" in Page(person.send("monitoring", "/refresh").text).text


def test_a_reader_may_look(own: Stage, person: Person) -> None:
    assert "Outcomes of this plan" in words(own.opened(TAPERED, "reader"))
    assert person.get("monitoring").status == 200
