import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from fhir_taper.errors import EhrError, LaunchRefused
from fhir_taper.records import Secret, Tenant
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.launch.id_token import Identity, validate
from fhir_taper.smart.transport import Transport
from tests.smart.conftest import NOW, Clock
from tests.smart.launch.conftest import Signer
from tests.smart.stub_server import Reply, Stub

AT = int(NOW.timestamp())
Claims = dict[str, Any]


@pytest.fixture
def judge(tenant: Tenant, configuration: SmartConfiguration, transport: Transport) -> "Judge":
    return Judge(tenant, configuration, transport)


class Held(dict[str, list[Any]]):
    """Keys that were fetched before."""

    def put(self, address: str, published: list[Any], /) -> None:
        self[address] = published


class Judge:
    def __init__(self, tenant: Tenant, configuration: SmartConfiguration, transport: Transport) -> None:
        self.tenant, self.configuration, self.transport = tenant, configuration, transport
        self.kept: Held | None = None

    def __call__(self, token: Secret) -> Identity:
        return validate(
            token,
            tenant=self.tenant,
            configuration=self.configuration,
            transport=self.transport,
            nonce=Secret("n0nce"),
            access_token=Secret("acc3ss"),
            kept=self.kept,
        )

    def refused(self, token: Secret) -> str:
        with pytest.raises(LaunchRefused) as raised:
            self(token)
        assert raised.value.reason == "id-token"
        assert not token or token.reveal() not in str(raised.value)
        return str(raised.value)


@pytest.mark.requirement("201", "218", "202", "47", "195", "196")
@pytest.mark.usefixtures("keys_published")
def test_a_good_token_names_the_person(judge: Judge, signer: Signer, claims: Claims) -> None:
    assert judge(signer.token(**claims)) == Identity("u1", "Practitioner/d1")


@pytest.mark.requirement("201", "218")
@pytest.mark.usefixtures("keys_published")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"iss": "https://evil.test"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "other"}, "another app"),
        ({"aud": ["other"]}, "another app"),
        ({"aud": None}, "another app"),
        ({"aud": ["taper", "other"]}, "several apps"),
        ({"aud": ["taper", "other"], "azp": "other"}, "made for another app"),
        ({"azp": "other"}, "made for another app"),
        ({"nonce": "other"}, "does not answer this launch"),
        ({"nonce": None}, "does not answer this launch"),
        ({"nonce": 5}, "does not answer this launch"),
        ({"nonce": "\ud800"}, "does not answer this launch"),
        ({"sub": None}, "names nobody"),
        ({"sub": ""}, "names nobody"),
        ({"sub": "x" * 256}, "names nobody"),
        ({"exp": AT - 61}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"exp": True}, "expired"),
        ({"iat": AT + 301}, "from the future"),
        ({"nbf": AT + 301}, "does not count yet"),
        ({"at_hash": "x"}, "another access token"),
        ({"at_hash": 5}, "another access token"),
        ({"at_hash": "\ud800"}, "another access token"),
    ],
)
def test_a_claim_that_is_wrong_refuses_the_launch(wrong: Claims, words: str, judge: Judge, signer: Signer, claims: Claims) -> None:
    assert words in judge.refused(signer.token(**{**claims, **wrong}))


@pytest.mark.usefixtures("keys_published")
@pytest.mark.parametrize(
    "fine",
    [{"aud": ["taper"]}, {"aud": ["taper", "other"], "azp": "taper"}, {"exp": AT - 59}, {"iat": AT + 90, "nbf": AT + 90}, {"iat": None}],
)
def test_a_claim_within_what_the_standard_allows_is_taken(fine: Claims, judge: Judge, signer: Signer, claims: Claims) -> None:
    assert judge(signer.token(**{**claims, **fine})).subject == "u1"


@pytest.mark.usefixtures("keys_published")
def test_the_hash_of_the_access_token_is_compared_where_it_is_sent(judge: Judge, signer: Signer, claims: Claims) -> None:
    half = base64.urlsafe_b64encode(hashlib.sha256(b"acc3ss").digest()[:16]).rstrip(b"=").decode()
    assert judge(signer.token(**claims, at_hash=half)).subject == "u1"


@pytest.mark.usefixtures("keys_published")
@pytest.mark.parametrize("seconds", [-90, 90])
def test_ninety_seconds_of_clock_skew_are_survived(seconds: int, judge: Judge, signer: Signer, claims: Claims, clock: Clock) -> None:
    """The token counts for a minute of the EHR's clock, the shortest that is usual: only what is allowed beyond its ends saves it."""
    clock.instant += timedelta(seconds=seconds)
    assert judge(signer.token(**{**claims, "iat": AT, "nbf": AT, "exp": AT + 60})).subject == "u1"


@pytest.mark.usefixtures("keys_published")
def test_content_that_is_nested_too_deep_refuses_the_launch(judge: Judge, signer: Signer) -> None:
    head = {"alg": signer.algorithm, "kid": "k1"}
    deep = Secret(jws.serialize_compact(head, b"[" * 50_000, signer.key, algorithms=[signer.algorithm]))
    assert "none of the EHR's keys" in judge.refused(deep)


@pytest.mark.parametrize("unsaid", [{"use": None}, {"alg": None}, {"use": None, "alg": None, "key_ops": None, "x5c": None}])
def test_a_member_of_a_key_that_is_null_says_nothing(unsaid: Claims, judge: Judge, ehr: Stub, signer: Signer, claims: Claims) -> None:
    ehr.on("/jwks", Reply(body={"keys": [signer.public(**unsaid)]}))
    assert judge(signer.token(**claims)).subject == "u1"


@pytest.mark.usefixtures("keys_published")
def test_a_token_signed_by_another_key_with_the_same_id_is_refused(judge: Judge, other_signer: Signer, claims: Claims) -> None:
    assert "none of the EHR's keys" in judge.refused(other_signer.token(**claims))


@pytest.mark.usefixtures("keys_published")
def test_a_token_whose_content_was_changed_is_refused(judge: Judge, signer: Signer, claims: Claims) -> None:
    head, _, signature = signer.token(**claims).reveal().split(".")
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "fhirUser": "Practitioner/admin"}).encode()).rstrip(b"=").decode()
    assert "none of the EHR's keys" in judge.refused(Secret(f"{head}.{forged}.{signature}"))


def _unsigned(algorithm: str, claims: Claims) -> Secret:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": algorithm, "kid": "k1"}, claims)
    ]
    return Secret(".".join([*parts, ""]))


@pytest.mark.usefixtures("keys_published")
def test_a_token_that_proves_nothing_is_refused_before_any_key_is_asked_for(
    judge: Judge, ehr: Stub, signer: Signer, claims: Claims
) -> None:
    unsigned = _unsigned("HS256", claims).reveal().rstrip(".")
    public_key_as_secret = hmac.digest(signer.key.as_pem(private=False), unsigned.encode(), "sha256")
    confused = Secret(f"{unsigned}.{base64.urlsafe_b64encode(public_key_as_secret).rstrip(b'=').decode()}")
    odd = [
        _unsigned("none", claims),
        _unsigned("None", claims),
        _unsigned("RS1", claims),
        confused,
        Secret(""),
        Secret("a.b.c"),
        Secret("a.b"),
    ]
    for token in odd:
        judge.refused(token)
    assert ehr.requests == []


def test_a_key_that_is_published_a_moment_later_is_waited_for(
    judge: Judge, ehr: Stub, signer: Signer, claims: Claims, clock: Clock
) -> None:
    ehr.on("/jwks", Reply(body={"keys": []}), Reply(body={"keys": []}), Reply(body={"keys": [signer.public()]}))
    assert judge(signer.token(**claims)).subject == "u1"
    assert clock.slept == [1.0, 3.0]


def test_a_key_that_is_never_published_refuses_the_launch_after_ten_seconds(
    judge: Judge, ehr: Stub, signer: Signer, claims: Claims, clock: Clock
) -> None:
    ehr.on("/jwks", Reply(body={"keys": [signer.public(kid="another")]}))
    assert "none of the EHR's keys" in judge.refused(signer.token(**claims))
    assert (clock.slept, len(ehr.requests)) == ([1.0, 3.0, 6.0], 4)


def test_without_a_key_id_the_keys_that_fit_the_algorithm_are_tried(judge: Judge, ehr: Stub, other_signer: Signer, claims: Claims) -> None:
    nameless = Signer(RSAKey.generate_key(2048), "RS256")
    keys = [
        ECKey.generate_key("P-256").as_dict(private=False),
        {"kty": "RSA", "n": 5},
        5,
        nameless.public(use="enc"),
        nameless.public(alg="RS512"),
        other_signer.public(),
        nameless.public(),
    ]
    ehr.on("/jwks", Reply(body={"keys": keys}))
    assert judge(nameless.token(**claims)).subject == "u1"


@pytest.mark.parametrize(("algorithm", "curve"), [("ES256", "P-256"), ("ES384", "P-384")])
def test_elliptic_keys_are_taken_too(algorithm: str, curve: str, judge: Judge, ehr: Stub, claims: Claims) -> None:
    signer = Signer(ECKey.generate_key(curve, {"kid": "e1"}), algorithm)
    ehr.on("/jwks", Reply(body={"keys": [signer.public()]}))
    assert judge(signer.token(**claims)).subject == "u1"


@pytest.mark.parametrize(
    "reply", [Reply(404), Reply(200, b"[]"), Reply(200, b"<html>"), Reply(302, headers={"Location": "https://evil.test/jwks"})]
)
def test_keys_that_cannot_be_had_stop_the_launch(reply: Reply, judge: Judge, ehr: Stub, signer: Signer, claims: Claims) -> None:
    ehr.on("/jwks", reply)
    with pytest.raises(EhrError):
        judge(signer.token(**claims))


@pytest.mark.requirement("202")
@pytest.mark.usefixtures("keys_published")
@pytest.mark.parametrize(
    ("stated", "user"),
    [
        ("Practitioner/d1", "Practitioner/d1"),
        ("{base}/Practitioner/d1", "Practitioner/d1"),
        ("{base}/PractitionerRole/r_1/_history/2", "PractitionerRole/r_1"),
        ("/Patient/p1", "Patient/p1"),
        ("Organization/o1", ""),
        ("Practitioner/../Patient/p1", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
        (None, ""),
        (5, ""),
    ],
)
def test_the_fhir_user_is_told_relative_to_the_fhir_base(
    stated: Any, user: str, judge: Judge, ehr: Stub, signer: Signer, claims: Claims
) -> None:
    said = stated.format(base=ehr.base) if isinstance(stated, str) else stated
    assert judge(signer.token(**{**claims, "fhirUser": said})).fhir_user == user


@pytest.mark.usefixtures("keys_published")
def test_an_older_servers_profile_names_the_person_too(judge: Judge, signer: Signer, claims: Claims) -> None:
    assert judge(signer.token(**{**claims, "fhirUser": None}, profile="Practitioner/d2")).fhir_user == "Practitioner/d2"


@pytest.mark.requirement("202")
@pytest.mark.usefixtures("keys_published")
@pytest.mark.parametrize(
    "stated", ["https://evil.test/fhir/Practitioner/d1", "{origin}/other/Practitioner/d1", "http://u@{host}/fhir/Practitioner/d1"]
)
def test_a_person_of_another_server_is_refused(stated: str, judge: Judge, ehr: Stub, signer: Signer, claims: Claims) -> None:
    said = stated.format(origin=ehr.origin, host=ehr.origin.partition("//")[2])
    with pytest.raises(LaunchRefused) as raised:
        judge(signer.token(**{**claims, "fhirUser": said}))
    assert raised.value.reason == "fhir-user"


@pytest.mark.usefixtures("keys_published")
def test_without_an_openid_issuer_the_fhir_base_must_have_made_the_token(judge: Judge, signer: Signer, claims: Claims) -> None:
    judge.configuration = replace(judge.configuration, issuer="")
    assert judge(signer.token(**{**claims, "iss": judge.tenant.issuer})).subject == "u1"
    assert "another issuer" in judge.refused(signer.token(**claims))


@pytest.mark.usefixtures("keys_published")
def test_keys_that_were_kept_are_not_asked_for_again(judge: Judge, ehr: Stub, signer: Signer, claims: Claims) -> None:
    judge.kept = Held()
    for _ in range(3):
        assert judge(signer.token(**claims)).subject == "u1"
    assert len(ehr.requests) == 1


@pytest.mark.usefixtures("keys_published")
def test_a_key_that_was_not_kept_is_asked_for_at_once_and_then_kept(
    judge: Judge, ehr: Stub, signer: Signer, other_signer: Signer, claims: Claims, clock: Clock
) -> None:
    judge.kept = Held()
    judge.kept.put(judge.configuration.jwks_uri, [other_signer.public()])
    assert judge(signer.token(**claims)).subject == "u1"
    assert judge(signer.token(**claims)).subject == "u1"
    assert (len(ehr.requests), clock.slept) == (1, [])


@pytest.mark.usefixtures("keys_published")
def test_what_signed_nothing_is_not_kept(judge: Judge, other_signer: Signer, claims: Claims) -> None:
    judge.kept = Held()
    judge.refused(other_signer.token(**claims))
    assert judge.kept == {}
