"""Privacy S1: an installation that serves patients has keys of its own; one machine for trying may have any."""

from base64 import b64encode
from dataclasses import replace
from secrets import token_bytes, token_urlsafe

import pytest

from fhir_taper.errors import SettingsError
from fhir_taper.records import Secret, Tenant
from fhir_taper.settings import Settings
from fhir_taper.workflow.safe_start import refuse_unsafe

RANDOM = bytes.fromhex("8f1d0c3b6e2a9754d1c0be3f48a7651299e3c4f07b5d2816aa34f6c98d70e15b")
GOOD = Settings(
    "https://taper.hospital.test",
    "sqlite:///taper.db",
    (Tenant("hospital", "https://ehr.hospital.test/fhir", "app", "UTC"),),
    (("k2026", Secret(b64encode(RANDOM).decode())),),
    Secret("kJ9vQ2xR7mW4pZ8sT1yB6nC3hF5gD0aLuEoI"),
)


def said(settings: Settings) -> str:
    """Why these settings are refused; nothing where they are taken."""
    try:
        refuse_unsafe(settings)
    except SettingsError as error:
        return str(error)
    return ""


def with_key(key: bytes, key_id: str = "k2026") -> Settings:
    return replace(GOOD, encryption_keys=((key_id, Secret(b64encode(key).decode())),))


def test_keys_that_somebody_made_are_taken() -> None:
    assert said(GOOD) == ""
    made = [replace(with_key(token_bytes(32)), audit_key=Secret(token_urlsafe(48))) for _ in range(300)]
    assert {said(one) for one in made} == {""}
    assert all("allow_insecure_loopback" in said(replace(one, allow_insecure_loopback=True)) for one in made[:3])


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (with_key(bytes(range(32))), "encryption key k2026 is not random"),
        (with_key(bytes(range(64, 0, -2))), "encryption key k2026 is not random"),
        (with_key(b"0123456789abcdef0123456789abcdef"), "encryption key k2026 is not random"),
        (with_key(b"a-very-long-pass-phrase-of-mine!"), "encryption key k2026 is not random"),
        (with_key(b"\x00\x01" * 16), "encryption key k2026 is not random"),
        (with_key(RANDOM, "demo"), "encryption key demo is named as one for trying"),
        (replace(GOOD, audit_key=Secret("too short")), "audit_key"),
        (replace(GOOD, audit_key=Secret("a" * 60)), "audit_key"),
        (replace(GOOD, audit_key=Secret("please-change-me-0123456789-abcdefghij")), "audit_key"),
        (replace(GOOD, audit_key=GOOD.encryption_keys[0][1]), "audit_key is an encryption key too"),
        (replace(GOOD, allow_insecure_loopback=True), "allow_insecure_loopback"),
    ],
)
def test_what_could_stand_in_an_example_is_refused_where_patients_are(settings: Settings, named: str) -> None:
    with pytest.raises(SettingsError) as refused:
        refuse_unsafe(settings)
    assert named in str(refused.value)
    assert not any(key.reveal() in str(refused.value) for _, key in settings.encryption_keys)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"not random.*audit_key"):
        refuse_unsafe(replace(with_key(bytes(range(32))), audit_key=Secret("x")))


@pytest.mark.parametrize("base", ["http://127.0.0.1:8000", "http://localhost:8000", "http://app.localhost:8000"])
def test_on_one_machine_any_key_will_do_for_trying(base: str) -> None:
    trying = replace(with_key(bytes(range(32)), "demo"), public_base_url=base, allow_insecure_loopback=True, audit_key=Secret("x"))
    assert said(trying) == ""
    elsewhere = said(replace(trying, public_base_url=GOOD.public_base_url))
    assert all(wrong in elsewhere for wrong in ("allow_insecure_loopback", "named as one for trying", "not random", "audit_key is short"))
    assert "not random" in said(replace(trying, allow_insecure_loopback=False))
