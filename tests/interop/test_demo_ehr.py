"""Our SMART client against the demo EHR: from a launch in the chart to the chart, with every kind of client."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from fhir_taper.errors import EhrAnswered
from fhir_taper.records import AuthMethod, Secret, TokenSet
from fhir_taper.sandbox.demo import Demo
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.launch.authorize import authorization_request, callback_code, new_secret
from fhir_taper.smart.launch.context import context_of
from fhir_taper.smart.launch.discovery import discover
from fhir_taper.smart.launch.id_token import validate
from fhir_taper.smart.launch.token_endpoint import TokenAnswer, exchange_code, refresh
from fhir_taper.smart.patients import Refusal
from fhir_taper.smart.scopes import least_scopes
from fhir_taper.smart.transport import Transport
from tests.sandbox.running import demo, demo_as_it_ships

__all__ = ["demo", "demo_as_it_ships"]

EVERY_WAY = [AuthMethod.PUBLIC, AuthMethod.SYMMETRIC, AuthMethod.ASYMMETRIC]


def transport_to(demo: Demo, method: AuthMethod = AuthMethod.ASYMMETRIC) -> Transport:
    """Our transport to the demo as one of its clients."""
    return Transport(demo.tenant(method), clock=lambda: datetime.now(UTC))


def launched(demo: Demo, transport: Transport, patient: str) -> tuple[TokenAnswer, Secret]:
    """A launch in a patient's chart up to the tokens, and the nonce that was sent."""
    tenant, configuration = transport.tenant, discover(transport.tenant, transport)
    verifier, nonce, launch = new_secret(), new_secret(), Secret(demo.new_launch(patient))
    scope = least_scopes(configuration, tenant, in_chart=True)
    asked = authorization_request(
        tenant,
        configuration,
        launch=launch,
        state=new_secret(),
        verifier=verifier,
        nonce=nonce,
        redirect_uri=demo.redirect_uri,
        scope=scope,
    )
    answer = requests.get(asked.url, allow_redirects=False, timeout=30)
    code = callback_code(tenant, configuration, parse_qsl(urlsplit(answer.headers["Location"]).query))
    redirect_uri = demo.redirect_uri
    answered = exchange_code(
        tenant, configuration, transport, code=code, verifier=verifier, redirect_uri=redirect_uri, requested_scope=scope
    )
    return answered, nonce


def chart_of(demo: Demo, transport: Transport, patient: str, refused: list[Refusal]) -> FhirClient:
    """Our client in a patient's chart."""
    token = Secret(demo.access_token("patient/*.rs", patient))
    return FhirClient(demo.issuer, transport, lambda: token, patient, refused.append)


@pytest.mark.parametrize("method", EVERY_WAY)
def test_a_launch_goes_all_the_way_to_an_identity_a_context_and_a_refresh(demo: Demo, method: AuthMethod) -> None:
    transport = transport_to(demo, method)
    answer, nonce = launched(demo, transport, "lorazepam-elder")
    configuration = discover(transport.tenant, transport)
    held: TokenSet = answer.tokens
    context = context_of(answer)
    assert (context.patient_id, context.encounter_id) == ("lorazepam-elder", "visit-lorazepam-elder")
    assert answer.id_token
    identity = validate(
        answer.id_token,
        tenant=transport.tenant,
        configuration=configuration,
        transport=transport,
        nonce=nonce,
        access_token=held.access_token,
    )
    assert identity.fhir_user == "Practitioner/dr1"
    assert refresh(transport.tenant, configuration, transport, held=held).tokens.refresh_token != held.refresh_token


@pytest.mark.parametrize("patient", ["lorazepam-elder", "mid-taper", "text-sigs"])
def test_a_chart_is_searched_whole_and_is_one_patients(demo: Demo, patient: str) -> None:
    refused: list[Refusal] = []
    client = chart_of(demo, transport_to(demo), patient, refused)
    found = client.search("MedicationRequest", {"patient": patient})
    stored = [one["id"] for one in demo.charts[patient].resources if one["resourceType"] == "MedicationRequest"]
    assert sorted(one.resource["id"] for one in found.resources) == sorted(stored)
    assert (found.complete, refused) == (True, [])


def test_a_chart_that_is_held_back_in_part_is_not_complete(demo: Demo) -> None:
    found = chart_of(demo, transport_to(demo), "incomplete-chart", []).search("MedicationRequest", {"patient": "incomplete-chart"})
    assert not found.complete


def test_a_question_that_the_server_does_not_understand_is_refused_and_not_answered_with_everybody(demo_as_it_ships: Demo) -> None:
    client = chart_of(demo_as_it_ships, transport_to(demo_as_it_ships), "lorazepam-elder", [])
    with pytest.raises(EhrAnswered, match="Unknown search parameter"):
        client.search("Goal", {"patient": "lorazepam-elder"})


def test_other_patients_resources_of_a_server_that_ignores_the_question_are_shown_to_nobody(
    demo_as_it_ships: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[Refusal] = []
    monkeypatch.setattr(demo_as_it_ships.resources, "heeds_prefer", False)
    client = chart_of(demo_as_it_ships, transport_to(demo_as_it_ships), "lorazepam-elder", refused)
    found = client.search("Goal", {"patient": "lorazepam-elder"})
    assert not any(one.resource.get("resourceType") == "Goal" for one in found.resources)
    assert not found.complete
    assert len(refused) == 2
