import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from fhir_taper.errors import SettingsError
from fhir_taper.records import AuthMethod, Secret, Tenant
from fhir_taper.smart.keys import JWKS_HEADERS, key_that_signs, new_key, published_keys, signing_key

TENANT = Tenant("clinic", "https://ehr.test/fhir", "app", "UTC", auth=AuthMethod.ASYMMETRIC)


@pytest.mark.requirement("22", "225", "290", "291", "293", "294", "298", "299", "300", "301", "302", "303", "304", "313", "314", "315")
@pytest.mark.parametrize(("algorithm", "members"), [("RS384", {"n", "e"}), ("ES384", {"crv", "x", "y"})])
def test_a_published_key_is_the_public_half_and_says_what_it_is(algorithm: str, members: set[str]) -> None:
    pem = new_key(algorithm)
    (published,) = published_keys([replace(TENANT, signing_keys=(pem,))])["keys"]
    assert set(published) == {"kty", "kid", "alg", "use", *members}
    assert (published["alg"], published["use"], published["kid"]) == (algorithm, "sig", signing_key(pem).kid)


@pytest.mark.requirement("322")
def test_during_rotation_two_keys_are_published_once_each_and_the_first_signs() -> None:
    old, new = new_key("RS384"), new_key("ES384")
    rotating = replace(TENANT, signing_keys=(new, old))
    published = published_keys([rotating, replace(rotating, id="another")])["keys"]
    assert [one["kid"] for one in published] == [signing_key(new).kid, signing_key(old).kid]
    assert key_that_signs(rotating).kid == signing_key(new).kid


@pytest.mark.parametrize(
    ("supported", "algorithm"), [((), "RS384"), (("ES384",), "ES384"), (("RS384", "ES384"), "RS384"), (("RS512",), "RS384")]
)
def test_the_key_that_the_ehr_can_check_signs(supported: tuple[str, ...], algorithm: str) -> None:
    tenant = replace(TENANT, signing_keys=(new_key("RS384"), new_key("ES384")))
    assert key_that_signs(tenant, supported).algorithm == algorithm


@pytest.mark.requirement("298", "299", "300", "301", "302", "303", "304")
def test_a_server_may_keep_our_keys_for_an_hour() -> None:
    assert dict(JWKS_HEADERS) == {"Content-Type": "application/json", "Cache-Control": "public, max-age=3600"}


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, word: bytes = b"") -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(word) if word else NoEncryption()).decode()


@pytest.mark.filterwarnings("ignore:Key size")  # the library warns before we refuse
@pytest.mark.parametrize(
    "pem",
    [
        "",
        "no key",
        _pem(ec.generate_private_key(ec.SECP256R1())),
        _pem(ed25519.Ed25519PrivateKey.generate()),
        _pem(rsa.generate_private_key(65537, 1024)),  # noqa: S505 (what is refused)
        _pem(ec.generate_private_key(ec.SECP384R1()), b"word"),
    ],
)
def test_a_key_that_smart_does_not_know_is_refused_without_showing_it(pem: str) -> None:
    with pytest.raises(SettingsError, match="neither an RSA key") as raised:
        signing_key(Secret(pem))
    assert "PRIVATE" not in str(raised.value)


def test_a_tenant_without_keys_cannot_sign_and_odd_algorithms_are_not_made() -> None:
    with pytest.raises(SettingsError, match="no private key"):
        key_that_signs(TENANT)
    with pytest.raises(SettingsError, match="HS256"):
        new_key("HS256")


@pytest.mark.requirement("295")
def test_the_private_half_shows_nowhere() -> None:
    pem = new_key("RS384")
    key = signing_key(pem)
    shown = f"{key!r}{pem!r}{TENANT!r}{json.dumps(published_keys([replace(TENANT, signing_keys=(pem,))]))}"
    assert "PRIVATE" not in shown
    assert '"d"' not in shown
