"""The token endpoint: each client's own way in, what comes beside a token, and what spends or ends one."""

import secrets
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest
import requests
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, RSAKey

from fhir_taper.records import AuthMethod
from fhir_taper.sandbox.clients import Client
from fhir_taper.sandbox.demo import Demo
from tests.sandbox.plain_app import SECONDS, PlainApp, bearer, redirected

EVERY_WAY = [AuthMethod.PUBLIC, AuthMethod.SYMMETRIC, AuthMethod.ASYMMETRIC]


def reads(demo: Demo, token: str) -> int:
    """Status of a read with a token."""
    return requests.get(f"{demo.issuer}/Patient/lorazepam-elder", headers=bearer(token), timeout=SECONDS).status_code


@pytest.fixture
def app(demo: Demo) -> PlainApp:
    """The public client."""
    return PlainApp(demo, demo.clients.public)


@pytest.fixture
def confidential(demo: Demo) -> PlainApp:
    """The asymmetric client."""
    return PlainApp(demo, demo.clients.asymmetric)


@pytest.mark.parametrize("method", EVERY_WAY)
def test_every_kind_of_client_gets_from_a_launch_to_the_chart_and_refreshes(demo: Demo, method: AuthMethod) -> None:
    app = PlainApp(demo, demo.clients.of(method))
    answer = app.exchange(app.code())
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert (told["token_type"], told["patient"], told["encounter"]) == ("Bearer", "lorazepam-elder", "visit-lorazepam-elder")
    assert told["need_patient_banner"] is True
    assert reads(demo, told["access_token"]) == 200
    renewed = app.refresh(told["refresh_token"]).json()
    assert renewed["refresh_token"] != told["refresh_token"]
    assert (renewed["patient"], reads(demo, renewed["access_token"])) == ("lorazepam-elder", 200)


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_assertions_are_taken_in_both_algorithms(confidential: PlainApp, algorithm: str) -> None:
    confidential.algorithm = algorithm
    assert confidential.exchange(confidential.code()).status_code == 200


def test_the_identity_is_signed_for_this_client_and_this_request(app: PlainApp) -> None:
    told = app.exchange(app.code(user="pharmacist")).json()
    keys = KeySet.import_key_set(requests.get(app.configuration["jwks_uri"], timeout=SECONDS).json())
    token = jwt.decode(told["id_token"], keys, algorithms=["RS256"])
    assert token.header["kid"]
    assert token.claims["iss"] == app.demo.issuer
    assert (token.claims["aud"], token.claims["nonce"]) == (app.client.id, app.nonce)
    assert token.claims["fhirUser"] == f"{app.demo.issuer}/Practitioner/ph1"
    assert token.claims["exp"] > time.time()
    with pytest.raises(BadSignatureError):
        jwt.decode(told["id_token"], RSAKey.generate_key(2048), algorithms=["RS256"])


def test_no_identity_and_no_refresh_token_without_their_scopes(app: PlainApp) -> None:
    told = app.exchange(app.code(scope="launch patient/*.rs")).json()
    assert ("id_token" in told, "refresh_token" in told) == (False, False)


def test_a_reader_is_granted_nothing_that_writes(app: PlainApp) -> None:
    told = app.exchange(app.code(user="reader", scope="launch patient/CarePlan.cruds patient/Goal.write patient/Patient.*")).json()
    assert told["scope"].split() == ["launch", "patient/CarePlan.rs", "patient/Patient.read"]


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": None},
        {"redirect_uri": "http://127.0.0.1:1/callback"},
        {"redirect_uri": None},
    ],
)
def test_a_code_wants_its_verifier_and_its_redirect_uri(app: PlainApp, changed: dict[str, str | None]) -> None:
    answer = app.exchange(app.code(), **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_that_comes_twice_ends_what_it_brought(app: PlainApp) -> None:
    code = app.code()
    told = app.exchange(code).json()
    assert app.exchange(code).json()["error"] == "invalid_grant"
    assert reads(app.demo, told["access_token"]) == 401
    assert app.refresh(told["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_code_that_was_never_given_is_refused(app: PlainApp) -> None:
    assert app.exchange("made-up").json()["error"] == "invalid_grant"


def test_a_code_expires(app: PlainApp, monkeypatch: pytest.MonkeyPatch) -> None:
    code = app.code()
    monkeypatch.setattr(app.demo.clock, "ahead", app.demo.lifetimes.code + 1)
    assert app.exchange(code).json()["error"] == "invalid_grant"


def test_a_code_is_one_clients(demo: Demo, app: PlainApp) -> None:
    other = PlainApp(demo, demo.clients.symmetric, verifier=app.verifier)
    assert other.exchange(app.code()).json()["error"] == "invalid_grant"


def test_a_refresh_token_that_comes_twice_ends_the_grant(app: PlainApp) -> None:
    first = app.exchange(app.code()).json()
    second = app.refresh(first["refresh_token"]).json()
    assert app.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert reads(app.demo, second["access_token"]) == 401


def test_a_refresh_may_bring_less_but_never_more(app: PlainApp) -> None:
    told = app.exchange(app.code(scope="launch patient/Patient.rs patient/Goal.rs offline_access")).json()
    more = app.refresh(told["refresh_token"], scope="patient/Patient.rs patient/CarePlan.rs")
    assert more.json()["error"] == "invalid_scope"
    less = app.refresh(told["refresh_token"], scope="patient/Goal.rs").json()
    assert (less["scope"], reads(app.demo, less["access_token"])) == ("patient/Goal.rs", 403)


def test_a_refresh_token_is_one_clients_and_is_not_spent_by_another(demo: Demo, app: PlainApp) -> None:
    token = app.exchange(app.code()).json()["refresh_token"]
    assert PlainApp(demo, demo.clients.symmetric).refresh(token).json()["error"] == "invalid_grant"
    assert app.refresh(token).status_code == 200


WRONG_FORMS: dict[str, dict[str, str | None]] = {
    "none": {"client_assertion": None, "client_assertion_type": None},
    "no token": {"client_assertion": "x.y.z"},
    "type": {"client_assertion_type": "urn:other"},
    "other client_id": {"client_id": "fhir-taper-public"},
}
WRONG_PROOFS: dict[str, Callable[[PlainApp], str]] = {
    "audience": lambda app: app.assertion(aud=app.demo.issuer),
    "too long": lambda app: app.assertion(exp=int(time.time()) + 3600),
    "past": lambda app: app.assertion(exp=int(time.time()) - 1),
    "from the future": lambda app: app.assertion(iat=int(time.time()) + 60),
    "subject": lambda app: app.assertion(sub="somebody"),
    "issuer": lambda app: app.assertion(iss="somebody"),
    "no jti": lambda app: app.assertion(jti=None),
    "no typ": lambda app: app.assertion({"typ": "JOSE"}),
    "other key": lambda app: app.assertion({"kid": "other"}),
}


@pytest.mark.parametrize("wrong", WRONG_PROOFS)
def test_an_assertion_with_anything_wrong_is_no_proof(confidential: PlainApp, wrong: str) -> None:
    answer = confidential.exchange(confidential.code(), client_assertion=WRONG_PROOFS[wrong](confidential))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("wrong", WRONG_FORMS)
def test_a_form_with_a_wrong_proof_is_refused(confidential: PlainApp, wrong: str) -> None:
    answer = confidential.exchange(confidential.code(), **WRONG_FORMS[wrong])
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_assertion_is_good_once(confidential: PlainApp) -> None:
    proof = confidential.assertion()
    assert confidential.exchange(confidential.code(), client_assertion=proof).status_code == 200
    assert confidential.exchange(confidential.code(), client_assertion=proof).json()["error"] == "invalid_client"


def test_a_clock_that_is_off_refuses_and_says_its_time(confidential: PlainApp, monkeypatch: pytest.MonkeyPatch) -> None:
    code = confidential.code()
    monkeypatch.setattr(confidential.demo.clock, "ahead", 300.0)
    monkeypatch.setattr(confidential.demo.lifetimes, "code", 900.0)
    answer = confidential.exchange(code)
    assert answer.json()["error"] == "invalid_client"
    assert parsedate_to_datetime(answer.headers["Date"]).timestamp() > time.time() + 200


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_wrong_secret_is_refused_with_a_challenge(demo: Demo, secret: str) -> None:
    url = PlainApp(demo, demo.clients.symmetric).configuration["token_endpoint"]
    answer = requests.post(url, data={"grant_type": "refresh_token"}, auth=(demo.clients.symmetric.id, secret), timeout=SECONDS)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Basic")


@pytest.mark.parametrize("method", [AuthMethod.SYMMETRIC, AuthMethod.ASYMMETRIC])
def test_a_confidential_client_is_not_let_in_as_a_public_one(demo: Demo, method: AuthMethod) -> None:
    real = demo.clients.of(method)
    pretends = PlainApp(demo, Client(real.id, AuthMethod.PUBLIC, real.redirect_uris))
    assert pretends.exchange(pretends.code()).json()["error"] == "invalid_client"


def test_a_backend_gets_system_scopes_and_nothing_of_a_person(demo: Demo) -> None:
    backend = PlainApp(demo, demo.clients.backend)
    told = backend.token(grant_type="client_credentials", scope="system/Patient.rs patient/*.rs openid").json()
    assert (told["scope"], "patient" in told, "refresh_token" in told) == ("system/Patient.rs", False, False)
    assert reads(demo, told["access_token"]) == 200
    assert backend.token(grant_type="client_credentials", scope="openid").json()["error"] == "invalid_scope"
    assert backend.refresh("any").json()["error"] == "unauthorized_client"


def test_an_app_gets_no_system_scopes(confidential: PlainApp) -> None:
    assert confidential.token(grant_type="client_credentials", scope="system/*.rs").json()["error"] == "unauthorized_client"
    assert "system/" not in confidential.exchange(confidential.code(scope="launch system/*.rs patient/*.rs")).json()["scope"]
    assert confidential.token(grant_type="password").json()["error"] == "unsupported_grant_type"


def test_a_token_is_told_what_it_is_worth_to_its_owner_alone(app: PlainApp, confidential: PlainApp) -> None:
    told = app.exchange(app.code()).json()
    said = app.post("introspection", token=told["access_token"]).json()
    assert (said["active"], said["patient"], said["client_id"]) == (True, "lorazepam-elder", app.client.id)
    assert app.post("introspection", token=told["refresh_token"]).json()["active"] is True
    assert confidential.post("introspection", token=told["access_token"]).json() == {"active": False}
    assert app.post("introspection", token=secrets.token_urlsafe(8)).json() == {"active": False}


def test_a_revoked_refresh_token_takes_its_access_tokens_along(app: PlainApp) -> None:
    told = app.exchange(app.code()).json()
    assert app.post("revocation", token=told["refresh_token"]).status_code == 200
    assert reads(app.demo, told["access_token"]) == 401
    assert app.refresh(told["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_revoked_access_token_leaves_the_grant(app: PlainApp) -> None:
    told = app.exchange(app.code()).json()
    app.post("revocation", token=told["access_token"])
    assert reads(app.demo, told["access_token"]) == 401
    assert app.refresh(told["refresh_token"]).status_code == 200


def test_what_an_odd_server_says_can_be_made(app: PlainApp) -> None:
    launch = app.demo.new_launch(None, intent="reconcile", tenant="north", need_patient_banner=False)
    told = app.exchange(redirected(app.authorize(launch=launch))["code"]).json()
    assert (told["intent"], told["tenant"], told["need_patient_banner"], "patient" in told) == ("reconcile", "north", False, False)


def test_keys_may_stand_at_an_address_of_this_machine_alone(demo: Demo) -> None:
    demo.register(Client("by-address", AuthMethod.ASYMMETRIC, (demo.redirect_uri,), jwks_uri="http://192.0.2.1/jwks.json"))
    app = PlainApp(demo, Client("by-address", AuthMethod.ASYMMETRIC))
    answer = app.token(grant_type="refresh_token")
    assert (answer.status_code, "this machine" in answer.json()["error_description"]) == (401, True)
