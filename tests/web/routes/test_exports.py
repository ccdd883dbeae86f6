"""Files of FHIR JSON: offered where they belong, named without the patient, told in the audit, never given to the patient's own session."""

import json
import re

import pytest

from fhir_taper.cli.demo_walk import Page
from tests.odd_ehr import RESTRICTED, between, changing, each
from tests.web.followed import follower
from tests.web.running import Stage
from tests.web.ward import TAPERED, Ward, ward

__all__ = ["ward"]


@pytest.mark.feature("F27")
def test_what_a_patient_filled_in_stands_in_the_timeline_that_monitoring_offers_without_the_patient_in_its_name(own: Stage) -> None:
    person, patient = follower(own), own.opened(TAPERED, "patient")
    patient.send("check-in/daily", "/check-in/daily", **{"q-symptoms": "3", "q-sleep-hours": "6"})
    assert re.search(r'<a href="/app/[^"]+/monitoring/export">Export the timeline</a>', person.get("monitoring").text)
    file = person.get("monitoring/export")
    assert file.header("content-type") == "application/fhir+json"
    assert re.fullmatch(r'attachment; filename="timeline-\d{4}-\d\d-\d\d\.json"', file.header("content-disposition"))
    assert file.header("cache-control") == "no-store"
    bundle = json.loads(file.text)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds[0] == "Patient"
    assert {"Observation", "MedicationRequest", "QuestionnaireResponse", "CarePlan"} <= set(kinds)
    (filled,) = (
        entry["resource"] for entry in bundle["entry"] if entry["fullUrl"].startswith("urn") and "questionnaire" in entry["resource"]
    )
    said = {item["linkId"]: item["answer"][0] for item in filled["item"]}
    assert (said["symptoms"], said["sleep-hours"]) == ({"valueInteger": 3}, {"valueInteger": 6})


@pytest.mark.feature("F27")
def test_a_reader_may_export_what_a_reader_may_look_at_and_the_patient_may_not(ward: Ward) -> None:
    assert ward.stage.opened(TAPERED, "reader").get("monitoring/export").status == 200
    for address in ("monitoring/export", "aftercare"):
        shown = ward.patient.get(address)
        assert shown.status == 403
        assert "for your care team" in shown.text


def test_of_a_chart_with_restricted_data_there_is_a_page_that_says_why_and_no_file(ward: Ward) -> None:
    with between(ward.stage.demo, changing("Observation", each(lambda one: one.update(meta=RESTRICTED)))):
        ward.prescriber.send("regimen", "/refresh")
        shown = ward.prescriber.get("monitoring/export")
    assert shown.status == 409
    assert "attachment" not in dict(shown.headers).get("content-disposition", "")
    assert "holds data labelled R" in Page(shown.text).text


def test_where_no_plan_is_watched_nothing_is_offered(ward: Ward) -> None:
    ward.stage.forget("fentanyl-patch")
    assert "monitoring/export" not in ward.stage.opened("fentanyl-patch").get("monitoring").text


@pytest.mark.feature("F85")
def test_the_aftercare_plan_of_a_completed_taper_is_a_file_and_it_is_said_that_nothing_writes_it(ward: Ward) -> None:
    assert ward.prescriber.get("aftercare").status == 409
    ward.complete()
    page = ward.prescriber.get("hard-days")
    text = Page(page.text).text
    assert "What goes on after the last step" in text
    assert "This program does not write it to the EHR yet." in text
    link = re.search(r'href="/app/[^/]+/(aftercare\?plan=[^"]+)"', page.text)
    assert link is not None
    file = ward.prescriber.get(link[1])
    assert re.fullmatch(r'attachment; filename="aftercare-plan-\d{4}-\d\d-\d\d\.json"', file.header("content-disposition"))
    written = json.loads(file.text)
    assert (written["resourceType"], written["intent"], written["status"]) == ("CarePlan", "plan", "active")
    assert any("Social support" in one["detail"]["description"] for one in written["activity"])
