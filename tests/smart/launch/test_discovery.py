from dataclasses import replace
from typing import Any

import pytest

from fhir_taper.errors import EhrAnswered, EhrError, EhrUnreachable, HostRefused
from fhir_taper.records import Tenant
from fhir_taper.smart.launch.discovery import SmartConfiguration, discover, keys_address
from fhir_taper.smart.transport import Transport
from tests.smart.conftest import MakeTransport
from tests.smart.stub_server import Reply, Stub

PATH = "/fhir/.well-known/smart-configuration"


def document(ehr: Stub, **more: Any) -> dict[str, Any]:
    return {
        "authorization_endpoint": f"{ehr.origin}/auth",
        "token_endpoint": f"{ehr.origin}/token",
        "capabilities": ["launch-ehr", 5],
        "code_challenge_methods_supported": ["S256"],
        **more,
    }


@pytest.mark.requirement("29", "226", "227", "375")
def test_the_configuration_is_read_below_the_fhir_base(ehr: Stub, tenant: Tenant, transport: Transport) -> None:
    ehr.on(PATH, Reply(body=document(ehr)))
    found = discover(tenant, transport)
    assert (ehr.requests[0].path, ehr.requests[0].headers["accept"]) == (PATH, "application/json")
    assert (found.authorization_endpoint, found.token_endpoint) == (f"{ehr.origin}/auth", f"{ehr.origin}/token")
    assert found.offers("launch-ehr")
    assert not found.offers("launch-standalone")


@pytest.mark.requirement("379")
@pytest.mark.parametrize(("written", "meant"), [("token", "/fhir/token"), ("/oauth/token", "/oauth/token"), ("./a/token", "/fhir/a/token")])
def test_relative_endpoints_are_resolved_against_the_fhir_base(
    written: str, meant: str, ehr: Stub, tenant: Tenant, transport: Transport
) -> None:
    ehr.on(PATH, Reply(body=document(ehr, token_endpoint=written)))
    assert discover(tenant, transport).token_endpoint == ehr.origin + meant


def test_an_issuer_with_a_trailing_slash_is_asked_at_the_same_place(ehr: Stub, tenant: Tenant, transport: Transport) -> None:
    ehr.on(PATH, Reply(body=document(ehr)))
    assert discover(replace(tenant, issuer=f"{ehr.base}/"), transport).token_endpoint == f"{ehr.origin}/token"


@pytest.mark.parametrize("key", ["authorization_endpoint", "token_endpoint", "jwks_uri", "introspection_endpoint", "revocation_endpoint"])
def test_an_endpoint_on_a_host_that_the_tenant_does_not_name_stops_the_launch(
    key: str, ehr: Stub, stranger: Stub, tenant: Tenant, transport: Transport
) -> None:
    port = ehr.origin.rpartition(":")[2]
    for url in (
        f"{stranger.origin}/x",
        f"http://127.0.0.1:{port}@evil.test/x",
        f"http://127.0.0.1.:{port}/x",
        "//evil.test/x",
        "http://[",
        "//[",
        "http://169.254.169.254/x",
    ):
        ehr.on(PATH, Reply(body=document(ehr, **{key: url})))
        with pytest.raises(HostRefused):
            discover(tenant, transport)
    assert stranger.requests == []


def test_an_endpoint_on_a_host_that_the_tenant_names_is_taken(ehr: Stub, stranger: Stub, tenant: Tenant, transport: Transport) -> None:
    ehr.on(PATH, Reply(body=document(ehr, token_endpoint=f"{stranger.origin}/token")))
    named = replace(tenant, endpoint_origins=(stranger.origin,))
    assert discover(named, transport).token_endpoint == f"{stranger.origin}/token"


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_of_discovery_is_refused(status: int, ehr: Stub, stranger: Stub, tenant: Tenant, transport: Transport) -> None:
    ehr.on(PATH, Reply(status, headers={"Location": f"{stranger.origin}{PATH}"}))
    stranger.on(PATH, Reply(body=document(ehr)))
    with pytest.raises(EhrAnswered, match="points elsewhere"):
        discover(tenant, transport)
    assert (len(ehr.requests), stranger.requests) == (1, [])


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"token_endpoint":5}', b'{"authorization_endpoint":"/a"}'])
def test_a_configuration_without_endpoints_is_refused(body: bytes, ehr: Stub, tenant: Tenant, transport: Transport) -> None:
    ehr.on(PATH, Reply(body=body))
    with pytest.raises(EhrAnswered):
        discover(tenant, transport)


def test_an_ehr_that_cuts_its_configuration_off_is_unreachable(ehr: Stub, tenant: Tenant, transport: Transport) -> None:
    ehr.on(PATH, Reply(body=document(ehr), cut=9))
    with pytest.raises(EhrUnreachable):
        discover(tenant, transport)


@pytest.mark.parametrize(
    "issuer",
    [
        "http://127.0.0.1:{port}@evil.test/fhir",
        "http://127.0.0.1.:{port}/fhir",
        "http://localhost:{port}/fhir",
        "https://127.0.0.1:{port}\\@evil.test",
        "http://①27.0.0.1:{port}/fhir",
        "http://0x7f000001:{port}/fhir",
        "gopher://127.0.0.1:{port}/",
        "http://ehr.example/fhir",
    ],
)
def test_a_hostile_issuer_reaches_no_socket(issuer: str, ehr: Stub, tenant: Tenant, transport_of: MakeTransport) -> None:
    transport = transport_of(tenant)
    with pytest.raises(EhrError):
        discover(replace(tenant, issuer=issuer.format(port=ehr.origin.rpartition(":")[2])), transport)
    assert ehr.requests == []


@pytest.mark.requirement("201", "218")
def test_the_keys_are_found_by_the_openid_configuration_of_the_issuer(
    ehr: Stub, tenant: Tenant, transport: Transport, configuration: SmartConfiguration
) -> None:
    ehr.on("/.well-known/openid-configuration", Reply(body={"issuer": ehr.origin, "jwks_uri": "/keys"}))
    assert keys_address(tenant, replace(configuration, jwks_uri=""), transport) == f"{ehr.origin}/keys"


@pytest.mark.parametrize("said", [{"issuer": "https://other.test", "jwks_uri": "/keys"}, {"issuer": "{origin}"}, {"jwks_uri": "/keys"}])
def test_an_openid_configuration_of_another_issuer_or_without_keys_is_refused(
    said: dict[str, str], ehr: Stub, tenant: Tenant, transport: Transport, configuration: SmartConfiguration
) -> None:
    ehr.on("/.well-known/openid-configuration", Reply(body={key: value.format(origin=ehr.origin) for key, value in said.items()}))
    with pytest.raises(EhrAnswered):
        keys_address(tenant, replace(configuration, jwks_uri=""), transport)


def test_an_openid_issuer_on_another_host_is_not_asked(
    stranger: Stub, tenant: Tenant, transport: Transport, configuration: SmartConfiguration
) -> None:
    with pytest.raises(HostRefused):
        keys_address(tenant, replace(configuration, jwks_uri="", issuer=stranger.origin), transport)
    with pytest.raises(EhrAnswered):
        keys_address(tenant, replace(configuration, jwks_uri="", issuer=""), transport)
    assert stranger.requests == []
