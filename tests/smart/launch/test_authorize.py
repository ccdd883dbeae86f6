import base64
import hashlib
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import Secret, Tenant
from fhir_taper.smart.launch.authorize import AuthorizationRequest, authorization_request, callback_code, callback_state, new_secret
from fhir_taper.smart.launch.discovery import SmartConfiguration

CONFIGURATION = SmartConfiguration("https://ehr.test/auth", "https://ehr.test/token", issuer="https://ehr.test")
TENANT = Tenant("clinic", "https://ehr.test/fhir/", "the app", "UTC")
VERIFIER = Secret("v" * 43)
LAUNCH = Secret("opaque %/+&=?€")


def request(
    tenant: Tenant = TENANT,
    configuration: SmartConfiguration = CONFIGURATION,
    launch: Secret | None = LAUNCH,
    scope: str = "launch openid fhirUser",
) -> AuthorizationRequest:
    return authorization_request(
        tenant,
        configuration,
        launch=launch,
        state=Secret("st4te"),
        verifier=VERIFIER,
        nonce=Secret("n0nce"),
        redirect_uri="https://taper.test/callback",
        scope=scope,
    )


def query(made: AuthorizationRequest) -> dict[str, str]:
    parts = urlsplit(made.url)
    return {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}


@pytest.mark.requirement("2", "40")
def test_a_state_has_256_bits_and_is_never_the_same() -> None:
    made = {new_secret().reveal() for _ in range(200)}
    assert len(made) == 200
    assert {len(base64.urlsafe_b64decode(f"{one}=")) for one in made} == {32}


@pytest.mark.requirement("3", "32", "33", "34", "37", "41", "42", "43", "50", "51")
def test_the_request_says_who_asks_for_what_and_where_to_answer() -> None:
    asked = query(request())
    assert {key: asked[key] for key in ("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "nonce")} == {
        "response_type": "code",
        "client_id": "the app",
        "redirect_uri": "https://taper.test/callback",
        "scope": "launch openid fhirUser",
        "state": "st4te",
        "aud": "https://ehr.test/fhir/",
        "nonce": "n0nce",
    }


@pytest.mark.requirement("41", "42", "43")
@pytest.mark.parametrize("issuer", ["https://ehr.test/fhir", "https://ehr.test/fhir/", "https://EHR.test/FHIR//"])
def test_the_audience_is_the_issuer_byte_for_byte(issuer: str) -> None:
    assert query(request(replace(TENANT, issuer=issuer)))["aud"] == issuer
    assert query(request(replace(TENANT, issuer=issuer, audience="urn:other")))["aud"] == "urn:other"


@pytest.mark.requirement("13", "44", "45")
def test_pkce_is_always_sent_and_always_s256() -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
    for methods in ((), ("S256",), ("plain",)):
        made = request(configuration=replace(CONFIGURATION, challenge_methods=methods))
        assert (query(made)["code_challenge"], query(made)["code_challenge_method"]) == (challenge, "S256")
        assert ("PKCE" in " ".join(made.warnings)) == (methods == ("plain",))


def test_pkce_is_switched_off_only_with_a_warning() -> None:
    made = request(replace(TENANT, pkce=False))
    assert not {"code_challenge", "code_challenge_method"} & set(query(made))
    assert "PKCE is switched off" in made.warnings[0]


@pytest.mark.requirement("35", "161")
def test_the_launch_value_is_passed_on_unchanged() -> None:
    assert query(request())["launch"] == LAUNCH.reveal()
    assert dict(request().form)["launch"] == LAUNCH.reveal()


@pytest.mark.requirement("36")
def test_a_standalone_request_has_no_launch_value() -> None:
    assert "launch" not in query(request(launch=None, scope="launch/patient openid"))
    with pytest.raises(LaunchRefused):
        request(launch=None, scope="launch openid")


@pytest.mark.requirement("52", "133")
def test_a_long_request_goes_by_form_where_the_ehr_offers_it() -> None:
    posting = replace(CONFIGURATION, capabilities=("authorize-post",))
    long = " ".join(f"patient/Type{number}.rs" for number in range(100))
    assert [request(configuration=one, scope=scope).by_form for one in (CONFIGURATION, posting) for scope in ("openid", long)] == [
        False,
        False,
        False,
        True,
    ]
    made = request(configuration=posting, scope=long)
    assert (made.action, dict(made.form)) == ("https://ehr.test/auth", query(made))


@pytest.mark.requirement("211")
def test_it_never_asks_for_a_maximum_age() -> None:
    assert not {"max_age", "auth_time", "claims"} & set(query(request()))


def test_a_query_of_the_endpoint_itself_stays() -> None:
    assert query(request(configuration=replace(CONFIGURATION, authorization_endpoint="https://ehr.test/auth?site=5")))["site"] == "5"


def test_neither_state_nor_nonce_nor_launch_shows_in_a_repr() -> None:
    shown = repr(request())
    assert not any(secret in shown for secret in ("st4te", "n0nce", "opaque", "vvv"))


@pytest.mark.requirement("4", "60")
@pytest.mark.parametrize("given", [[], [("state", "")], [("state", "a"), ("state", "b")], [("code", "x")]])
def test_an_answer_without_exactly_one_state_is_refused(given: list[tuple[str, str]]) -> None:
    with pytest.raises(LaunchRefused) as raised:
        callback_state(given)
    assert raised.value.reason == "state"


def test_the_state_and_the_code_are_taken_from_the_answer() -> None:
    given = [("code", "c0de"), ("state", "st4te"), ("iss", "https://ehr.test"), ("unknown", "x")]
    assert callback_state(given).reveal() == "st4te"
    assert callback_code(TENANT, CONFIGURATION, given).reveal() == "c0de"


@pytest.mark.parametrize(
    "issuer", ["https://evil.test", "https://ehr.test/", "https://ehr.test/fhir/", "http://ehr.test", " https://ehr.test"]
)
def test_an_answer_of_another_issuer_is_refused(issuer: str) -> None:
    with pytest.raises(LaunchRefused) as raised:
        callback_code(TENANT, CONFIGURATION, [("code", "c"), ("iss", issuer)])
    assert raised.value.reason == "issuer"


def test_an_issuer_that_promises_to_name_itself_must() -> None:
    with pytest.raises(LaunchRefused) as raised:
        callback_code(TENANT, replace(CONFIGURATION, names_itself_in_callbacks=True), [("code", "c")])
    assert raised.value.reason == "issuer"


def test_without_an_openid_issuer_the_answer_may_only_name_the_fhir_base() -> None:
    nameless = replace(CONFIGURATION, issuer="")
    assert callback_code(TENANT, nameless, [("code", "c"), ("iss", TENANT.issuer)]).reveal() == "c"
    with pytest.raises(LaunchRefused):
        callback_code(TENANT, nameless, [("code", "c"), ("iss", "https://ehr.test")])


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        ("access_denied", "access_denied", "did not allow"),
        ("invalid_scope", "invalid_scope", "registration"),
        ("temporarily_unavailable", "temporarily_unavailable", "refused the launch"),
        ("<script>alert(1)</script>", "error", "(error)"),
        ("x" * 99, "error", "(error)"),
    ],
)
def test_an_error_of_the_ehr_is_told_in_our_own_words(error: str, reason: str, words: str) -> None:
    with pytest.raises(LaunchRefused, match=words.replace("(", r"\(").replace(")", r"\)")) as raised:
        callback_code(TENANT, CONFIGURATION, [("error", error), ("error_description", "<b>x</b>"), ("state", "s")])
    assert (raised.value.reason, "<" in str(raised.value)) == (reason, False)


@pytest.mark.parametrize(
    "given", [[], [("code", "")], [("code", "a"), ("code", "b")], [("code", "a"), ("iss", "x"), ("iss", "https://ehr.test")]]
)
def test_an_answer_without_exactly_one_code_is_refused(given: list[tuple[str, str]]) -> None:
    with pytest.raises(LaunchRefused):
        callback_code(TENANT, CONFIGURATION, given)
