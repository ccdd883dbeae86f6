from datetime import timedelta
from typing import Any

import pytest

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import Secret, TokenSet
from fhir_taper.smart.launch.context import LaunchContextValues, context_of, style_of
from fhir_taper.smart.launch.token_endpoint import TokenAnswer
from fhir_taper.smart.transport import Transport
from tests.smart.conftest import NOW
from tests.smart.stub_server import Reply, Stub


def answer(**beside: Any) -> TokenAnswer:
    return TokenAnswer(TokenSet(Secret("a"), NOW + timedelta(hours=1), ""), None, beside)


@pytest.mark.requirement("150", "151", "152", "153", "166")
def test_the_context_beside_the_token_is_read() -> None:
    found = context_of(
        answer(
            patient="p1",
            encounter="e_1",
            intent="taper-review",
            tenant="t1",
            need_patient_banner=False,
            smart_style_url="https://ehr.test/s",
        )
    )
    assert found == LaunchContextValues("p1", "e_1", "taper-review", "t1", need_patient_banner=False, style_url="https://ehr.test/s")


@pytest.mark.parametrize("patient", ["p1", "Patient/p1", "p_1.2-3", 5, "a" * 256])
def test_a_patient_is_told_by_an_id(patient: Any) -> None:
    assert context_of(answer(patient=patient)).patient_id == str(patient).removeprefix("Patient/")


@pytest.mark.parametrize(
    "patient",
    [None, "", "None", "null", "undefined", True, [], {}, "a/b", "..", ".", "p1?x=y", "a b", "a" * 257, "Patient/", "https://x/Patient/1"],
)
def test_a_launch_without_a_patient_is_refused_with_a_sentence_for_the_person(patient: Any) -> None:
    with pytest.raises(LaunchRefused, match="which patient is open") as raised:
        context_of(answer(patient=patient))
    assert raised.value.reason == "no-patient"


def test_what_makes_no_sense_is_left_out() -> None:
    found = context_of(answer(patient="p1", encounter="../x", intent="x" * 999, tenant=5, need_patient_banner="no", smart_style_url=[]))
    assert found == LaunchContextValues("p1", need_patient_banner=True)


@pytest.mark.requirement("193")
@pytest.mark.parametrize("intent", ["something-new", "a\nb", 7, None])
def test_an_intent_that_nobody_knows_stops_no_launch(intent: Any) -> None:
    assert context_of(answer(patient="p1", intent=intent)).intent == ("something-new" if intent == "something-new" else None)


@pytest.mark.requirement("191")
def test_context_entries_without_role_have_the_role_launch() -> None:
    given = [
        "CarePlan/1",
        {"reference": "Task/2"},
        {"reference": "Task/3", "role": "https://x.test/role"},
        {"canonical": "http://q"},
        {"role": "x"},
        5,
    ]
    assert context_of(answer(patient="p1", fhirContext=given)).fhir_context == (
        {"reference": "CarePlan/1", "role": "launch"},
        {"reference": "Task/2", "role": "launch"},
        {"reference": "Task/3", "role": "https://x.test/role"},
        {"canonical": "http://q", "role": "launch"},
    )


@pytest.mark.parametrize("given", [None, 5, "CarePlan/1", {"reference": "x"}])
def test_a_context_that_is_no_list_is_none(given: Any) -> None:
    assert context_of(answer(patient="p1", fhirContext=given)).fhir_context == ()


def style(ehr_url: str | None, transport: Transport) -> dict[str, str]:
    return dict(style_of(LaunchContextValues("p1", style_url=ehr_url), transport))


def test_only_known_colours_are_taken_from_a_style(ehr: Stub, transport: Transport) -> None:
    said = {
        "color_background": "#fff",
        "color_text": "#A0b1C2",
        "color_error": "red;}",
        "color_success": 5,
        "font": "#fff",
        "color_highlight": "#12345",
    }
    ehr.on("/fhir/style.json", Reply(body=said))
    assert style("style.json", transport) == {"color_background": "#fff", "color_text": "#A0b1C2"}
    assert "authorization" not in ehr.requests[0].headers


@pytest.mark.parametrize("reply", [Reply(404), Reply(200, b"<html>"), Reply(200, b"[]"), Reply(302, headers={"Location": "/x"})])
def test_a_style_that_cannot_be_had_changes_nothing(reply: Reply, ehr: Stub, transport: Transport) -> None:
    ehr.on("/style", reply)
    assert style(f"{ehr.origin}/style", transport) == style(None, transport) == {}


def test_a_style_on_another_host_is_not_fetched(stranger: Stub, transport: Transport) -> None:
    assert style(f"{stranger.origin}/style.json", transport) == {}
    assert stranger.requests == []
