"""A chart from an EHR: what could not be read is said, what is another patient's is never shown, and each is audited."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from fhir_taper.errors import EhrAnswered
from fhir_taper.exact_json import encode
from fhir_taper.sandbox.forwarding import Answer
from fhir_taper.sandbox.resource_server import Intercept
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.open_chart import OpenChart
from tests.odd_ehr import FHIR, changing, refusing, with_more
from tests.web.running import ELDER, MIXED, Stage
from tests.workflow.opened import chart_of

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden", "diagnostics": "not for this app"}]}


@pytest.fixture
def odd_ehr(stage: Stage) -> Iterator[Callable[..., None]]:
    """Put something between the app and the EHR for the length of a test."""

    def put(intercept: Intercept) -> None:
        stage.demo.resources.confines_searches = False
        stage.demo.resources.intercept = intercept

    yield put
    stage.demo.resources.intercept = None
    stage.demo.resources.confines_searches = True


def loaded(stage: Stage, chart: OpenChart) -> Loaded:
    return load_chart(stage.services, chart, afresh=True)


def last_audit(stage: Stage) -> tuple[str, str, object]:
    entry = stage.services.audit.entries("demo", limit=100_000)[-1].entry
    return entry.action, entry.outcome, entry.detail


def test_a_chart_that_was_read_whole_says_nothing_of_what_could_not_be_read(stage: Stage) -> None:
    found = loaded(stage, chart_of(stage, ELDER))
    assert found.unread == ()
    assert found.chart.patient == ELDER
    assert not found.may_lack("AllergyIntolerance", "MedicationRequest")
    assert last_audit(stage)[:2] == ("read", "done")


def test_a_type_that_is_refused_is_named_with_the_ehrs_words_and_the_rest_is_read(stage: Stage, odd_ehr: Callable[..., None]) -> None:
    chart = chart_of(stage, ELDER)
    odd_ehr(refusing(403, "Observation", encode(OUTCOME)))
    found = loaded(stage, chart)
    assert found.unread == ("Observations could not be read: 403 (not for this app)",)
    assert not found.chart.complete
    assert found.chart.of("MedicationRequest")
    action, outcome, detail = last_audit(stage)
    assert (action, outcome) == ("read", "partly")
    assert isinstance(detail, dict)
    assert detail["failed"] == {"Observation": "403"}


def test_prescriptions_that_cannot_be_read_make_every_total_at_least(stage: Stage, odd_ehr: Callable[..., None]) -> None:
    chart = chart_of(stage, ELDER)
    odd_ehr(refusing(500, "MedicationRequest"))
    found = loaded(stage, chart)
    assert found.unread[0].startswith("Prescriptions could not be read: 500")
    assert not found.reading(found.read_at.date()).regimen.complete


def test_a_patient_that_cannot_be_read_stops_everything(stage: Stage, odd_ehr: Callable[..., None]) -> None:
    chart = chart_of(stage, ELDER)
    odd_ehr(refusing(403, "Patient*", encode(OUTCOME)))
    with pytest.raises(EhrAnswered):
        loaded(stage, chart)
    assert last_audit(stage)[:2] == ("read", "failed")


def test_another_patients_resource_in_an_answer_is_not_in_the_chart_is_told_and_is_audited(
    stage: Stage, odd_ehr: Callable[..., None]
) -> None:
    chart = chart_of(stage, ELDER)
    strange = {"resourceType": "Condition", "id": "strange", "subject": {"reference": f"Patient/{MIXED}"}, "code": {"text": "theirs"}}
    odd_ehr(changing("Condition", with_more(strange)))
    before = len(stage.services.audit.entries("demo", limit=100_000))
    found = loaded(stage, chart)
    assert "strange" not in [entry.id for entry in found.chart.of("Condition")]
    assert any("did not belong here" in line for line in found.unread)
    entries = [one.entry for one in stage.services.audit.entries("demo", after=before)]
    assert {"resource": "Condition/strange", "why": "another-patient"} in [one.detail for one in entries if one.outcome == "refused"]


def test_what_the_ehr_remarks_of_its_list_makes_the_chart_incomplete(stage: Stage) -> None:
    found = loaded(stage, chart_of(stage, "incomplete-chart"))
    assert not found.chart.complete
    assert any(line.startswith("Prescriptions may be incomplete") for line in found.unread)


def test_medications_that_orders_refer_to_are_read_one_by_one(stage: Stage, odd_ehr: Callable[..., None]) -> None:
    chart = chart_of(stage, ELDER)
    asked: list[str] = []

    def by_reference(_: str, path: str, forward: Callable[[], Answer]) -> Answer:
        asked.append(path)
        if path.startswith("Medication/"):
            medication = {"resourceType": "Medication", "id": path.rpartition("/")[2], "code": {"text": "lorazepam 1 MG Oral Tablet"}}
            return Answer(200, FHIR, encode(medication))
        answer = forward()
        if path == "MedicationRequest":
            bundle = answer.json()
            for entry in bundle["entry"]:
                if entry["resource"].pop("medicationCodeableConcept", None):
                    entry["resource"]["medicationReference"] = {"reference": "Medication/m1"}
            return Answer(200, answer.headers, encode(bundle))
        return answer

    odd_ehr(by_reference)
    found = loaded(stage, chart)
    assert [entry.id for entry in found.chart.of("Medication")] == ["m1"]
    assert asked.count("Medication/m1") == 1


def test_a_second_page_does_not_read_the_chart_again(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    first = load_chart(stage.services, chart)
    assert load_chart(stage.services, chart) is first
    assert loaded(stage, chart) is not first


def test_our_own_plan_is_read_with_its_steps(stage: Stage) -> None:
    found = loaded(stage, chart_of(stage, "mid-taper"))
    plans = found.reading(found.read_at.date()).own_plans
    assert [one.value.ingredient for one in plans] == ["diazepam"]
    assert plans[0].value.steps


def test_a_chart_from_memory_is_no_ground_for_what_must_be_read_now_nor_after_an_hour(stage: Stage, odd_ehr: Callable[..., None]) -> None:
    chart = chart_of(stage, ELDER)
    first = loaded(stage, chart)
    odd_ehr(refusing(503))
    with pytest.raises(EhrAnswered):
        loaded(stage, chart)
    for minutes, is_shown in ((6, True), (59, True), (61, False)):
        later = replace(stage.services, clock=partial(first.read_at.__add__, timedelta(minutes=minutes)))
        if is_shown:
            assert load_chart(later, chart) is first
        else:
            with pytest.raises(EhrAnswered):
                load_chart(later, chart)


def test_what_the_ehr_refuses_is_not_shown_from_memory(stage: Stage, odd_ehr: Callable[..., None]) -> None:
    chart = chart_of(stage, ELDER)
    first = loaded(stage, chart)
    odd_ehr(refusing(403, body=encode(OUTCOME)))
    later = replace(stage.services, clock=lambda: first.read_at + timedelta(minutes=6))
    with pytest.raises(EhrAnswered):
        load_chart(later, chart)


def test_while_the_ehr_does_not_answer_it_is_not_asked_for_every_page(stage: Stage, odd_ehr: Callable[..., None]) -> None:
    chart = chart_of(stage, ELDER)
    first = loaded(stage, chart)
    asked: list[str] = []

    def failing(_: str, path: str, __: Callable[[], Answer]) -> Answer:
        asked.append(path)
        return Answer(503, FHIR, b"{}")

    odd_ehr(failing)
    later = replace(stage.services, clock=lambda: first.read_at + timedelta(minutes=6))
    load_chart(later, chart)
    count = len(asked)
    load_chart(later, chart)
    assert count
    assert len(asked) == count
