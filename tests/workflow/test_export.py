"""What is handed out as FHIR JSON: the timeline of this patient alone, the aftercare plan; told in the audit, and never restricted data."""

from typing import Any

import pytest

from fhir_taper.errors import NotAllowed, RestrictedData
from fhir_taper.exact_json import decode
from fhir_taper.mappers.read.aftercare import from_aftercare
from fhir_taper.workflow.aftercare import aftercare_plan
from fhir_taper.workflow.check_ins import followed_named
from fhir_taper.workflow.export import export_aftercare, export_timeline
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.watching import fill_form
from tests.odd_ehr import RESTRICTED, all_of, between, changing, refusing, with_more
from tests.web.ward import TAPERED, Ward
from tests.web.ward import ward as _ward
from tests.workflow.opened import chart_of

ward = _ward
WANTED = {"Patient", "Observation", "Condition", "MedicationRequest", "QuestionnaireResponse", "CarePlan", "RequestGroup", "Goal"}


def observation(name: str, patient: str = TAPERED, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "70274-6"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-01-01",
        **more,
    }


def timeline(ward: Ward, chart: OpenChart) -> dict[str, Any]:
    services = ward.stage.services
    made: dict[str, Any] = decode(export_timeline(services, chart, load_chart(services, chart, afresh=True)))
    return made


def references(bundle: dict[str, Any]) -> set[str]:
    return {f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in bundle["entry"]}


@pytest.mark.feature("F27")
def test_symptoms_doses_forms_and_the_plan_of_one_patient_are_one_bundle_that_the_validator_takes(ward: Ward, validator_gate: Any) -> None:
    chart = chart_of(ward.stage, TAPERED)
    fill_form(ward.stage.services, chart, ward.plan, "daily", {"symptoms": ("4",)})
    bundle = timeline(ward, chart)
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert kinds >= WANTED
    assert "OperationOutcome" not in kinds
    plans = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "CarePlan"]
    assert [one["id"] for one in plans] == [ward.plan.id]
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))
    assert all(url.startswith((chart.tenant.issuer, "urn:uuid:")) for url in urls)
    derived = [one["resource"] for one in bundle["entry"] if one["resource"].get("derivedFrom", [{}])[0].get("reference") in urls]
    assert {one["resourceType"] for one in derived} == {"Observation"}
    assert "symptoms" in str([one["code"] for one in derived]).lower()
    # What the EHR put into its own resources is handed on as it stands there.
    assert [one for one in validator_gate(bundle) if "Patient.extension" not in one] == []


def test_nothing_of_another_patient_is_in_it(ward: Ward) -> None:
    chart = chart_of(ward.stage, TAPERED)
    there = (observation("own-1"), observation("other-1", "lorazepam-elder"))
    with between(ward.stage.demo, all_of(*(changing("Observation", with_more(one)) for one in there))):
        found = references(timeline(ward, chart))
    assert "Observation/own-1" in found
    assert "Observation/other-1" not in found


def test_what_could_not_be_read_is_said_in_it(ward: Ward) -> None:
    chart = chart_of(ward.stage, TAPERED)
    with between(ward.stage.demo, refusing(403, "Encounter")):
        last = timeline(ward, chart)["entry"][-1]["resource"]
    assert last["resourceType"] == "OperationOutcome"
    assert any("Visits could not be read" in one["diagnostics"] for one in last["issue"])


def test_a_chart_with_restricted_data_is_not_handed_out_and_no_export_is_noted(ward: Ward) -> None:
    services, chart = ward.stage.services, chart_of(ward.stage, TAPERED)
    restricted = observation("more-1", meta=RESTRICTED)
    with between(ward.stage.demo, changing("Observation", with_more(restricted))), pytest.raises(RestrictedData):
        timeline(ward, chart)
    assert exports(ward, chart) == []
    ward.complete()
    with between(ward.stage.demo, changing("Observation", with_more(restricted))), pytest.raises(RestrictedData):
        export_aftercare(services, chart, load_chart(services, chart, afresh=True), "")


def exports(ward: Ward, chart: OpenChart) -> list[tuple[str, dict[str, Any]]]:
    lines = (one.entry for one in ward.stage.services.audit.entries("demo", limit=5000))
    return [(one.outcome, dict(one.detail)) for one in lines if one.action == "export" and one.launch_id == chart.launch.id]


def test_an_export_is_told_in_the_audit_with_its_kind_and_how_much_it_held(ward: Ward) -> None:
    chart = chart_of(ward.stage, TAPERED)
    bundle = timeline(ward, chart)
    assert exports(ward, chart) == [
        ("done", {"as": "Bundle", "resources": len(bundle["entry"]), "plans": [ward.version.id]}),
    ]


@pytest.mark.feature("F85")
def test_the_aftercare_plan_is_handed_out_as_the_careplan_that_reads_back_as_it_was(ward: Ward, validator_gate: Any) -> None:
    services = ward.stage.services
    chart = chart_of(ward.stage, TAPERED)
    loaded = load_chart(services, chart)
    with pytest.raises(NotAllowed, match="aftercare begins"):
        export_aftercare(services, chart, loaded, "")
    ward.complete()
    written = decode(export_aftercare(services, chart, loaded, ""))
    assert from_aftercare(written) == aftercare_plan(services, chart, followed_named(services, chart, ""))
    assert validator_gate(written) == []
    says = [one["detail"]["description"] for one in written["activity"]]
    for word in ("Talking therapy", "Peer support", "Social support"):
        assert any(one.startswith(word) for one in says), word
    assert not any("stop" in one.lower() for one in says)
    assert [detail["as"] for _, detail in exports(ward, chart)] == ["CarePlan"]
