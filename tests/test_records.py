"""What is secret shows itself to nobody by accident."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fhir_taper.records import Secret, Tenant, TokenSet

TOKEN = TokenSet(Secret("eyJ-access"), datetime(2026, 1, 5, tzinfo=UTC), "openid", Secret("refresh-1"))


@pytest.mark.parametrize("words", [repr(TOKEN), str(TOKEN), f"{TOKEN.access_token}", f"{TOKEN!r}", str([TOKEN]), repr({"t": TOKEN})])
def test_a_secret_is_in_no_text_that_a_log_or_page_could_hold(words: str) -> None:
    assert "eyJ-access" not in words
    assert "refresh-1" not in words


def test_a_secret_is_revealed_where_it_is_asked_for() -> None:
    assert TOKEN.access_token.reveal() == "eyJ-access"


def test_an_empty_secret_is_no_secret() -> None:
    assert not Secret("")
    assert Secret("x")


def test_a_tenant_with_keys_prints_none_of_them() -> None:
    tenant = Tenant("t", "https://ehr.example.org/fhir", "app", "Europe/Berlin", client_secret=Secret("s3cret"))
    keyed = replace(tenant, signing_keys=(Secret("-----BEGIN PRIVATE KEY-----"),))
    assert "s3cret" not in repr(keyed)
    assert "BEGIN" not in repr(keyed)
