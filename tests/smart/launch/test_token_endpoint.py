import base64
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote_plus

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from fhir_taper.errors import EhrAnswered, EhrUnreachable, HostRefused, TokenRefused
from fhir_taper.records import Secret, Tenant, TokenSet
from fhir_taper.smart.keys import published_keys
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.launch.token_endpoint import TokenAnswer, exchange_code, introspect, refresh, revoke
from fhir_taper.smart.transport import Transport
from tests.smart.conftest import NOW
from tests.smart.launch.conftest import TOKEN
from tests.smart.stub_server import Received, Reply, Stub

KINDS = ("public", "symmetric", "asymmetric RS384", "asymmetric ES384")
AsClient = Callable[[str], Tenant]
ASKED = "openid patient/Patient.r"


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, as_client: AsClient) -> Tenant:
    return as_client(request.param)


def exchange(tenant: Tenant, configuration: SmartConfiguration, transport: Transport) -> TokenAnswer:
    return exchange_code(
        tenant,
        configuration,
        transport,
        code=Secret("c0de"),
        verifier=Secret("ver1fier"),
        redirect_uri="https://taper.test/callback",
        requested_scope=ASKED,
    )


def held() -> TokenSet:
    return TokenSet(Secret("old"), NOW, "patient/*.rs", Secret("r1"))


def proofs(request: Received) -> set[str]:
    return {name for name in request.form if name.startswith("client_")} | ({"basic"} if "authorization" in request.headers else set())


def claims(request: Received, tenant: Tenant) -> dict[str, Any]:
    keys = KeySet.import_key_set(published_keys([tenant]))  # type: ignore[arg-type]
    return jwt.decode(request.form["client_assertion"], keys, algorithms=["RS384", "ES384"]).claims


@pytest.mark.requirement("62", "234", "67", "68", "69", "70")
def test_a_code_is_exchanged_by_a_form_post(client: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport) -> None:
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    answer = exchange(client, configuration, transport)
    (request,) = ehr.requests
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert {name: value for name, value in request.form.items() if not name.startswith("client_")} == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "redirect_uri": "https://taper.test/callback",
        "code_verifier": "ver1fier",
    }
    assert answer.tokens == TokenSet(Secret("acc3ss"), NOW + timedelta(seconds=300), "patient/*.rs", None)
    assert answer.beside["patient"] == "p1"


@pytest.mark.requirement("105", "106", "107", "108")
def test_a_refresh_is_a_form_post_without_scope_or_with_a_part_of_it(
    client: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    refresh(client, configuration, transport, held=held())
    refresh(client, configuration, transport, held=held(), scope="patient/Patient.r")
    forms = [{name: value for name, value in one.form.items() if not name.startswith("client_")} for one in ehr.requests]
    assert forms == [
        {"grant_type": "refresh_token", "refresh_token": "r1"},
        {"grant_type": "refresh_token", "refresh_token": "r1", "scope": "patient/Patient.r"},
    ]


@pytest.mark.requirement("63", "71", "317")
def test_a_public_client_only_says_its_name(
    as_client: AsClient, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    exchange(as_client("public"), configuration, transport)
    refresh(as_client("public"), configuration, transport, held=held())
    assert [(proofs(one), one.form["client_id"]) for one in ehr.requests] == [({"client_id"}, "the app")] * 2


@pytest.mark.requirement("23", "64", "72", "345", "11", "12", "65", "66", "343")
def test_a_symmetric_client_proves_itself_by_basic_and_not_in_the_body(
    as_client: AsClient, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    exchange(as_client("symmetric"), configuration, transport)
    refresh(as_client("symmetric"), configuration, transport, held=held())
    for request in ehr.requests:
        assert proofs(request) == {"basic"}
        name, _, secret = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        assert (unquote_plus(name), unquote_plus(secret)) == ("the app", "s3cret:/+")


@pytest.mark.requirement("64", "72", "333", "334", "237", "238", "319", "233", "332")
@pytest.mark.parametrize("kind", KINDS[2:])
def test_an_asymmetric_client_proves_itself_anew_each_time_also_on_refresh(
    kind: str, as_client: AsClient, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    tenant = as_client(kind)
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    exchange(tenant, configuration, transport)
    refresh(tenant, configuration, transport, held=held())
    first, second = ehr.requests
    assert proofs(first) == proofs(second) == {"client_assertion", "client_assertion_type"}
    assert first.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert claims(first, tenant)["aud"] == f"{ehr.origin}/token"
    assert claims(first, tenant)["jti"] != claims(second, tenant)["jti"]


@pytest.mark.parametrize("seconds", [-90, 90, 3600])
@pytest.mark.parametrize("status", [400, 401])
def test_a_clock_that_is_off_is_survived_with_one_more_try(
    seconds: int, status: int, as_client: AsClient, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    tenant = as_client("asymmetric ES384")
    ehr.date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    ehr.on("/token", Reply(status, {"error": "invalid_client"}), Reply(body=TOKEN), method="POST")
    assert exchange(tenant, configuration, transport).tokens.expires == NOW + timedelta(seconds=300)
    first, second = (claims(one, tenant) for one in ehr.requests)
    assert (second["exp"] - first["exp"], second["iat"] - first["iat"]) == (seconds, seconds)
    exchange(tenant, configuration, transport)
    assert claims(ehr.requests[2], tenant)["exp"] == second["exp"]


@pytest.mark.parametrize(("seconds", "error"), [(0, "invalid_client"), (90, "invalid_grant")])
def test_a_refusal_that_is_not_about_the_clock_is_not_tried_again(
    seconds: int, error: str, as_client: AsClient, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    ehr.on("/token", Reply(400, {"error": error}), method="POST")
    with pytest.raises(TokenRefused) as raised:
        exchange(as_client("asymmetric ES384"), configuration, transport)
    assert (raised.value.code, len(ehr.requests)) == (error, 1)


@pytest.mark.requirement("117")
@pytest.mark.parametrize(("sent", "kept"), [({"refresh_token": "r2"}, "r2"), ({}, "r1"), ({"refresh_token": ""}, "r1")])
def test_a_new_refresh_token_replaces_the_old_one(
    sent: dict[str, str], kept: str, tenant: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/token", Reply(body={**TOKEN, **sent}), method="POST")
    assert refresh(tenant, configuration, transport, held=held()).tokens.refresh_token == Secret(kept)


UNSAID = object()


@pytest.mark.parametrize(
    ("said", "granted", "is_said"),
    [
        (UNSAID, ASKED, False),
        (None, ASKED, False),
        ("patient/Patient.r", "patient/Patient.r", True),
        ("", "", True),
        (["openid", "patient/Goal.r"], "openid patient/Goal.r", True),
        ([], "", True),
        ([7], "", True),
        (7, "", True),
        ({"scope": "openid"}, "", True),
    ],
)
def test_only_an_answer_that_says_no_scope_grants_what_was_asked(
    said: Any, granted: str, is_said: bool, tenant: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    """RFC 6749, section 5.1; what is said and makes no sense grants nothing."""
    body = {name: value for name, value in {**TOKEN, "scope": said}.items() if value is not UNSAID}
    ehr.on("/token", Reply(body=body), method="POST")
    answer = exchange(tenant, configuration, transport)
    assert (answer.tokens.scope, answer.says_scope) == (granted, is_said)


def test_a_refresh_takes_a_narrower_scope_over_and_keeps_the_one_held_where_none_is_said(
    tenant: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    unsaid = {name: value for name, value in TOKEN.items() if name != "scope"}
    ehr.on("/token", Reply(body={**TOKEN, "scope": "patient/Patient.r"}), Reply(body=unsaid), method="POST")
    assert refresh(tenant, configuration, transport, held=held()).tokens.scope == "patient/Patient.r"
    assert refresh(tenant, configuration, transport, held=held()).tokens.scope == "patient/*.rs"


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(60, 60), ("60", 60), (None, 3600), (-5, 3600), (1.5, 3600), ("soon", 3600), (True, 3600), (10**12, 3600), (999_999_999, 86_400)],
)
def test_how_long_a_token_counts(
    expires_in: Any, seconds: int, tenant: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/token", Reply(body={**TOKEN, "expires_in": expires_in}), method="POST")
    assert exchange(tenant, configuration, transport).tokens.expires == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "wrong",
    [
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": None},
        {"access_token": "a\r\nX: y"},
        {"access_token": "a b"},
        {"access_token": "a€"},
        {"token_type": "mac"},
        {"token_type": None},
    ],
)
def test_an_answer_without_a_usable_token_is_refused(
    wrong: dict[str, Any], tenant: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/token", Reply(body={**TOKEN, **wrong}), method="POST")
    with pytest.raises(EhrAnswered, match="token"):
        exchange(tenant, configuration, transport)


@pytest.mark.parametrize(
    "reply", [Reply(200, b"<html>"), Reply(200, b"[]"), Reply(500, b"oops"), Reply(302, headers={"Location": "/x"}), Reply(400, b"{}")]
)
def test_a_token_endpoint_that_makes_no_sense_is_an_answer(
    reply: Reply, tenant: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/token", reply, method="POST")
    with pytest.raises(EhrAnswered):
        exchange(tenant, configuration, transport)
    assert len(ehr.requests) == 1


def test_a_lost_answer_is_not_asked_for_again(tenant: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport) -> None:
    ehr.on("/token", Reply(body=TOKEN, cut=5), method="POST")
    with pytest.raises(EhrUnreachable):
        exchange(tenant, configuration, transport)
    assert len(ehr.requests) == 1


def test_a_token_endpoint_on_another_host_gets_nothing(stranger: Stub, tenant: Tenant, transport: Transport) -> None:
    with pytest.raises(HostRefused):
        exchange(tenant, SmartConfiguration("", f"{stranger.origin}/token"), transport)
    assert stranger.requests == []


@pytest.mark.requirement("295")
def test_no_secret_shows_in_an_error_or_a_repr(client: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport) -> None:
    said = {"error": "invalid_grant", "error_description": "c0de ver1fier s3cret"}
    ehr.on("/token", Reply(400, said), Reply(body={**TOKEN, "refresh_token": "r3fresh", "id_token": "1dtoken"}), method="POST")
    with pytest.raises(TokenRefused) as raised:
        exchange(client, configuration, transport)
    answer = exchange(client, configuration, transport)
    shown = f"{raised.value!r}{raised.value}{answer!r}{answer.tokens}{client!r}"
    assert not any(secret in shown for secret in ("c0de", "ver1fier", "s3cret", "acc3ss", "r3fresh", "1dtoken", "PRIVATE"))
    assert not {"access_token", "refresh_token", "id_token"} & set(answer.beside)


@pytest.mark.requirement("270")
def test_introspection_asks_with_our_proof_and_reads_active(
    client: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/introspect", Reply(body={"active": True, "scope": "x"}), method="POST")
    assert introspect(client, configuration, transport, token=Secret("acc3ss")) == {"active": True, "scope": "x"}
    (request,) = ehr.requests
    assert {"token": "acc3ss"}.items() <= request.form.items()
    assert proofs(request)


@pytest.mark.parametrize("reply", [Reply(401), Reply(200, b"[]"), Reply(200, b'{"active":"yes"}')])
def test_introspection_that_is_refused_or_unclear_says_so(
    reply: Reply, tenant: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/introspect", reply, method="POST")
    with pytest.raises(EhrAnswered):
        introspect(tenant, configuration, transport, token=Secret("x"))


def test_revocation_takes_the_refresh_token_back(
    client: Tenant, ehr: Stub, configuration: SmartConfiguration, transport: Transport
) -> None:
    ehr.on("/revoke", Reply(200), Reply(503), method="POST")
    assert revoke(client, configuration, transport, token=Secret("r1"))
    assert (ehr.requests[0].form["token"], ehr.requests[0].form["token_type_hint"]) == ("r1", "refresh_token")
    with pytest.raises(EhrAnswered):
        revoke(client, configuration, transport, token=Secret("r1"))


def test_what_an_ehr_does_not_offer_is_not_asked_of_it(ehr: Stub, tenant: Tenant, transport: Transport) -> None:
    bare = SmartConfiguration(f"{ehr.origin}/auth", f"{ehr.origin}/token")
    assert introspect(tenant, bare, transport, token=Secret("x")) is None
    assert not revoke(tenant, bare, transport, token=Secret("x"))
    assert ehr.requests == []
