"""Launches against a certified OpenID provider: what fhir_taper.smart sends is judged by somebody else's reading of the standards."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests

from fhir_taper.errors import LaunchRefused, TokenRefused
from fhir_taper.records import AuthMethod, Secret, Tenant, TokenSet
from fhir_taper.smart.keys import new_key, published_keys
from fhir_taper.smart.launch.authorize import authorization_request, callback_code, callback_state, new_secret
from fhir_taper.smart.launch.backend import BackendTokens
from fhir_taper.smart.launch.context import context_of
from fhir_taper.smart.launch.discovery import SmartConfiguration, discover
from fhir_taper.smart.launch.id_token import Identity, validate
from fhir_taper.smart.launch.refresh import Session
from fhir_taper.smart.launch.token_endpoint import TokenAnswer, exchange_code, introspect, refresh, revoke
from fhir_taper.smart.scopes import Granted
from fhir_taper.smart.transport import Transport
from fhir_taper.store.database import Database, upgrade
from fhir_taper.store.tokens import TokenStore
from tests.interop import refreshing_process
from tests.interop.node_programs import running

CALLBACK = "https://taper.test/callback"
SCOPE = "launch openid fhirUser online_access patient/Patient.r patient/MedicationRequest.rs"
CLIENT_SECRET = "a pass:word/with+odd%characters of length"  # noqa: S105 (of the test's own server)
KINDS = ("public", "symmetric", "asymmetric RS384", "asymmetric ES384")


@pytest.fixture(scope="module")
def pems() -> Mapping[str, Secret]:
    return {algorithm: new_key(algorithm) for algorithm in ("RS384", "ES384")}


@pytest.fixture(scope="module")
def issuer(pems: Mapping[str, Secret]) -> Iterator[str]:
    keys = published_keys([Tenant("keys", "https://x.test", "x", "UTC", signing_keys=tuple(pems.values()))])
    folder = Path(__file__).parent / "oidc_provider"
    with running(folder, {"CALLBACK": CALLBACK, "JWKS": json.dumps(keys), "CLIENT_SECRET": CLIENT_SECRET}) as address:
        yield address


def tenant_of(kind: str, issuer: str, pems: Mapping[str, Secret]) -> Tenant:
    name, _, algorithm = kind.partition(" ")
    return Tenant(
        "clinic",
        f"{issuer}/fhir",
        name,
        "UTC",
        auth=AuthMethod(name),
        client_secret=Secret(CLIENT_SECRET) if name == "symmetric" else None,
        signing_keys=(pems[algorithm],) if algorithm else (),
        insecure_loopback=True,
        backend_client_id="backend",
    )


@pytest.fixture(params=KINDS)
def tenant(request: pytest.FixtureRequest, issuer: str, pems: Mapping[str, Secret]) -> Tenant:
    return tenant_of(request.param, issuer, pems)


class Launch:
    """One launch as the product makes it; the browser is played by a plain HTTP session."""

    def __init__(self, tenant: Tenant, launch: str = "L1", skew: timedelta = timedelta(0)) -> None:
        self.tenant = tenant
        self.transport = Transport(tenant, clock=lambda: datetime.now(UTC) + skew)
        self.configuration = discover(tenant, self.transport)
        self.state, self.verifier, self.nonce = new_secret(), new_secret(), new_secret()
        request = authorization_request(
            tenant,
            self.configuration,
            launch=Secret(launch),
            state=self.state,
            verifier=self.verifier,
            nonce=self.nonce,
            redirect_uri=CALLBACK,
            scope=SCOPE,
        )
        self.parameters = answered(request.url)

    def tokens(self) -> TokenAnswer:
        assert callback_state(self.parameters) == self.state
        code = callback_code(self.tenant, self.configuration, self.parameters)
        return exchange_code(
            self.tenant,
            self.configuration,
            self.transport,
            code=code,
            verifier=self.verifier,
            redirect_uri=CALLBACK,
            requested_scope=SCOPE,
        )


def answered(url: str) -> list[tuple[str, str]]:
    """Follow the provider's pages to our callback and return what arrives there."""
    with requests.Session() as browser:
        while not url.startswith(CALLBACK):
            response = browser.get(url, allow_redirects=False, timeout=10)
            assert response.is_redirect, f"{response.status_code} {response.text}"
            url = urljoin(url, response.headers["Location"])
    return parse_qsl(urlsplit(url).query)


def test_a_launch_gives_tokens_the_person_and_the_patient(tenant: Tenant) -> None:
    launch = Launch(tenant)
    answer = launch.tokens()
    assert answer.id_token is not None
    identity = validate(
        answer.id_token,
        tenant=tenant,
        configuration=launch.configuration,
        transport=launch.transport,
        nonce=launch.nonce,
        access_token=answer.tokens.access_token,
    )
    assert identity == Identity("prac-1", "Practitioner/prac-1")
    context = context_of(answer)
    assert (context.patient_id, context.encounter_id, context.need_patient_banner) == ("pat-1", "enc-1", False)
    assert Granted.parse(answer.tokens.scope).letters == {"Patient": "r", "MedicationRequest": "rs"}


def test_a_refresh_rotates_the_token_and_the_old_one_is_spent(tenant: Tenant) -> None:
    launch = Launch(tenant)
    first = launch.tokens().tokens
    second = refresh(tenant, launch.configuration, launch.transport, held=first).tokens
    assert first.refresh_token != second.refresh_token
    assert first.access_token != second.access_token
    with pytest.raises(TokenRefused) as raised:
        refresh(tenant, launch.configuration, launch.transport, held=first)
    assert raised.value.code == "invalid_grant"


def test_a_token_is_known_until_it_is_taken_back(tenant: Tenant) -> None:
    launch = Launch(tenant)
    tokens = launch.tokens().tokens

    def is_active() -> bool:
        known = introspect(tenant, launch.configuration, launch.transport, token=tokens.access_token)
        assert known is not None
        return bool(known["active"])

    assert is_active()
    assert revoke(tenant, launch.configuration, launch.transport, token=tokens.access_token, hint="access_token")
    assert not is_active()


def test_a_code_serves_once(tenant: Tenant) -> None:
    launch = Launch(tenant)
    launch.tokens()
    with pytest.raises(TokenRefused):
        launch.tokens()


@pytest.mark.parametrize("kind", ["asymmetric RS384", "asymmetric ES384"])
@pytest.mark.parametrize("seconds", [-3600, -300, -90, 90, 300, 3600])
def test_a_clock_that_is_off_ends_no_launch(kind: str, seconds: int, issuer: str, pems: Mapping[str, Secret]) -> None:
    launch = Launch(tenant_of(kind, issuer, pems), skew=timedelta(seconds=seconds))
    assert launch.tokens().tokens.access_token


def test_a_launch_without_a_patient_is_refused(issuer: str, pems: Mapping[str, Secret]) -> None:
    with pytest.raises(LaunchRefused) as raised:
        context_of(Launch(tenant_of("public", issuer, pems), launch="L0").tokens())
    assert raised.value.reason == "no-patient"


def test_another_verifier_or_another_secret_gets_no_token(issuer: str, pems: Mapping[str, Secret]) -> None:
    launch = Launch(tenant_of("public", issuer, pems))
    launch.verifier = new_secret()
    with pytest.raises(TokenRefused):
        launch.tokens()
    stranger = Launch(tenant_of("symmetric", issuer, pems))
    stranger.tenant = replace(stranger.tenant, client_secret=Secret("another"))
    with pytest.raises(TokenRefused):
        stranger.tokens()


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_the_program_itself_gets_a_token(algorithm: str, issuer: str, pems: Mapping[str, Secret]) -> None:
    tenant = tenant_of(f"asymmetric {algorithm}", issuer, pems)
    transport = Transport(tenant, clock=lambda: datetime.now(UTC))
    configuration = discover(tenant, transport)
    token = BackendTokens().token(tenant, transport, lambda: configuration, "system/Patient.r")
    known = introspect(tenant, configuration, transport, token=token)
    assert known is not None
    assert (known["active"], known["client_id"]) == (True, "backend")


class Grants:
    """Tokens of one grant in memory."""

    def __init__(self, tokens: TokenSet) -> None:
        self.tokens = tokens
        self.lock = threading.Lock()

    @contextmanager
    def exclusive(self, grant_id: str) -> Iterator[None]:
        del grant_id
        with self.lock:
            yield

    def get(self, grant_id: str) -> TokenSet:
        del grant_id
        return self.tokens

    def replace(self, grant_id: str, spent: TokenSet, tokens: TokenSet) -> TokenSet:
        del grant_id
        assert self.tokens == spent
        self.tokens = tokens
        return tokens

    def drop_refresh_token(self, grant_id: str, refused: Secret | None = None) -> None:
        raise AssertionError(grant_id, refused)


def test_a_provider_that_punishes_a_spent_token_keeps_the_session_of_eight_threads(issuer: str, pems: Mapping[str, Secret]) -> None:
    launch = Launch(tenant_of("public", issuer, pems))
    grants = Grants(replace(launch.tokens().tokens, expires=datetime.now(UTC)))
    configuration: SmartConfiguration = launch.configuration
    session = Session(grants, "g1", launch.tenant, launch.transport, lambda: configuration)
    got: list[Secret] = []
    threads = [threading.Thread(target=lambda: got.append(session.token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len({one.reveal() for one in got})) == (8, 1)
    known = introspect(launch.tenant, configuration, launch.transport, token=got[0])
    assert known is not None
    assert known["active"]


def test_eight_threads_in_two_processes_on_one_database_do_one_refresh(issuer: str, pems: Mapping[str, Secret], tmp_path: Path) -> None:
    """The provider ends the session when a spent refresh token comes back; the last refresh shows that none did."""
    launch = Launch(tenant_of("public", issuer, pems))
    url = f"sqlite:///{tmp_path / 'taper.db'}"
    upgrade(url)
    database = Database.open(url)
    store = TokenStore(database, refreshing_process.KEYS, refreshing_process.TENANT_ID)
    store.put("g1", replace(launch.tokens().tokens, expires=datetime.now(UTC)))
    command = [sys.executable, "-m", "tests.interop.refreshing_process", launch.tenant.issuer, url, "4"]
    root = Path(__file__).parents[2]
    workers = [subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    got = [token for worker in workers for token in worker.communicate(timeout=60)[0].split()]
    held = store.get("g1")
    database.close()
    assert held is not None
    assert got == [held.access_token.reveal()] * 8
    assert refresh(launch.tenant, launch.configuration, launch.transport, held=held).tokens.access_token
