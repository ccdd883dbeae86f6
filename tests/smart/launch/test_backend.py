import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import SettingsError, TokenRefused
from fhir_taper.records import Tenant
from fhir_taper.smart.launch.backend import BackendTokens
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.transport import Transport
from tests.smart.conftest import Clock
from tests.smart.launch.conftest import TOKEN
from tests.smart.stub_server import Reply, Stub

SCOPE = "system/Patient.r"


@pytest.fixture
def backend(as_client: Callable[[str], Tenant]) -> Tenant:
    return replace(as_client("asymmetric ES384"), backend_client_id="nightly")


@pytest.mark.requirement("229", "236", "235", "239", "242", "263")
def test_a_token_is_asked_for_by_client_credentials_with_our_proof(
    backend: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    assert BackendTokens().token(backend, transport, lambda: configuration, SCOPE).reveal() == "acc3ss"
    (request,) = ehr.requests
    assert set(request.form) == {"grant_type", "scope", "client_assertion", "client_assertion_type"}
    assert (request.form["grant_type"], request.form["scope"]) == ("client_credentials", SCOPE)


@pytest.mark.requirement("229", "236", "235", "239", "242", "263")
def test_a_token_serves_until_its_end_is_near_for_its_tenant_and_scope(
    backend: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport, clock: Clock
) -> None:
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    tokens = BackendTokens()

    def asked(tenant: Tenant = backend, scope: str = SCOPE) -> int:
        tokens.token(tenant, transport, lambda: configuration, scope)
        return len(ehr.requests)

    assert [asked(), asked(), asked(scope="system/Goal.r"), asked(replace(backend, id="other")), asked()] == [1, 1, 2, 3, 3]
    clock.instant += timedelta(seconds=241)
    assert asked() == 4
    tokens.forget(backend, SCOPE)
    assert asked() == 5


def test_threads_that_need_the_same_token_ask_once(
    backend: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/token", Reply(body=TOKEN, seconds=0.1), method="POST")
    tokens = BackendTokens()
    threads = [threading.Thread(target=tokens.token, args=(backend, transport, lambda: configuration, SCOPE)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ehr.requests) == 1


@pytest.mark.parametrize("scope", ["", "patient/Goal.r", "system/Goal.r user/Goal.r", "openid"])
def test_other_than_system_scopes_are_not_asked_for(
    scope: str, backend: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    with pytest.raises(SettingsError, match="system/"):
        BackendTokens().token(backend, transport, lambda: configuration, scope)
    assert ehr.requests == []


def test_a_tenant_without_backend_client_has_no_such_token(tenant: Tenant, configuration: SmartConfiguration, transport: Transport) -> None:
    with pytest.raises(SettingsError, match=r"tenants\.backend"):
        BackendTokens().token(tenant, transport, lambda: configuration, SCOPE)


def test_a_refusal_is_told_and_nothing_is_kept(backend: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport) -> None:
    ehr.on("/token", Reply(400, {"error": "invalid_scope"}), Reply(body=TOKEN), method="POST")
    tokens = BackendTokens()
    with pytest.raises(TokenRefused) as raised:
        tokens.token(backend, transport, lambda: configuration, SCOPE)
    assert raised.value.code == "invalid_scope"
    assert tokens.token(backend, transport, lambda: configuration, SCOPE).reveal() == "acc3ss"
