"""The strip above every screen: who the patient is, how fresh the chart is, and who is at the screen until when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.mappers.read.allergy_list import AllergyList
from fhir_taper.web.strip import Strip, session_of, strip_of
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.open_chart import OpenChart
from tests.odd_ehr import between, changing, refusing
from tests.web.running import ELDER, Stage
from tests.workflow.opened import chart_of


def strip(stage: Stage, chart: OpenChart, after: timedelta = timedelta(0)) -> Strip:
    loaded = load_chart(stage.services, chart, afresh=not after)
    return strip_of(chart, loaded, loaded.read_at + after)


def test_it_names_the_patient_with_birth_age_sex_number_and_allergies(stage: Stage) -> None:
    shown = strip(stage, chart_of(stage, ELDER))
    assert (shown.name, shown.sex) == ("Edna Example", "female")
    assert shown.age.endswith(" years")
    assert (shown.allergies, shown.age_of_chart) == ("recorded: No known allergy", "")


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        (AllergyList(), "no allergy on record"),
        (AllergyList(("penicillin", "codeine")), "2 allergies"),
        (AllergyList((), ("No known drug allergy",)), "recorded: No known drug allergy"),
    ],
)
def test_no_list_is_not_the_same_as_no_allergy(stage: Stage, listed: AllergyList, says: str) -> None:
    chart = chart_of(stage, ELDER)
    loaded = load_chart(stage.services, chart, afresh=True)
    day = chart.day(loaded.read_at)
    loaded._readings[day, None] = replace(loaded.reading(day), allergies=listed)
    assert strip_of(chart, loaded, loaded.read_at).allergies == says


def test_allergies_that_could_not_be_read_are_not_none(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    with between(stage.demo, refusing(at="AllergyIntolerance*")):
        assert strip(stage, chart).allergies == "allergies could not be read"


def test_a_patient_who_died_and_one_who_is_a_test_are_told(stage: Stage) -> None:
    person = stage.opened(ELDER)
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    died = changing(f"Patient/{ELDER}", lambda patient: patient | {"deceasedBoolean": True, "meta": {"security": [label]}})
    with between(stage.demo, died):
        text = Page(person.send("regimen", "/refresh").text).text
    assert "deceased test patient" in text
    assert "records that this patient has died" in text
    assert "This is a test patient" in text


def test_the_banner_is_full_only_where_the_ehr_shows_none(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    assert strip(stage, chart).needs_banner
    browser, back = stage.begun(ELDER, need_patient_banner=False)
    page = browser.get(back).text
    assert 'class="strip"' in page
    assert "Edna Example" in page
    assert "Allergies:" not in page


def test_a_chart_that_cannot_be_read_again_is_shown_as_it_was_and_says_so(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    first = load_chart(stage.services, chart, afresh=True)
    later = replace(stage.services, clock=lambda: first.read_at + timedelta(minutes=6))
    with between(stage.demo, refusing(503)):
        again = load_chart(later, chart)
    assert again is first
    assert strip_of(chart, again, later.clock()).age_of_chart == "6 minutes ago"


def test_a_refresh_leads_back_to_the_screen_and_to_no_other_place(stage: Stage) -> None:
    person = stage.opened(ELDER)
    assert person.send("strategies", "/refresh").status == 200
    assert person.browser.at.endswith("/strategies")
    person.send("strategies", "/refresh", back_to="//evil.example/")
    assert person.browser.at.endswith("/regimen")


def test_every_screen_says_who_is_there_and_until_when(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    session = session_of(chart)
    assert (session.who, session.role, session.unnamed) == ("Demo Prescriber", "prescriber", "")
    assert session.until == f"{chart.local(chart.until):%H:%M}"
    nameless = replace(chart, launch=replace(chart.launch, user_name=chart.launch.user))
    assert "did not give your name" in session_of(nameless).unnamed
    text = Page(stage.opened(ELDER).get("strategies").text).text
    assert "Demo Prescriber, prescriber · open until" in text
