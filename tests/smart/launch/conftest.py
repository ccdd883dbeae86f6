"""An authorization server's side of the launch: its configuration, its keys, its id_tokens."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from fhir_taper.records import AuthMethod, Secret, Tenant
from fhir_taper.smart.keys import new_key
from fhir_taper.smart.launch.discovery import SmartConfiguration
from tests.smart.conftest import NOW
from tests.smart.stub_server import Reply, Stub

TOKEN = {"access_token": "acc3ss", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "patient": "p1"}


@pytest.fixture(scope="session")
def pems() -> Mapping[str, Secret]:
    return {algorithm: new_key(algorithm) for algorithm in ("RS384", "ES384")}


@pytest.fixture
def configuration(ehr: Stub) -> SmartConfiguration:
    return SmartConfiguration(
        f"{ehr.origin}/auth",
        f"{ehr.origin}/token",
        ehr.origin,
        f"{ehr.origin}/jwks",
        f"{ehr.origin}/introspect",
        f"{ehr.origin}/revoke",
    )


@pytest.fixture
def as_client(tenant: Tenant, pems: Mapping[str, Secret]) -> Callable[[str], Tenant]:
    """The tenant with one of the three kinds of client; asymmetric ones as "asymmetric RS384"."""

    def client(kind: str) -> Tenant:
        name, _, algorithm = kind.partition(" ")
        secret = Secret("s3cret:/+") if name == "symmetric" else None
        keys = (pems[algorithm],) if algorithm else ()
        return replace(tenant, client_id="the app", auth=AuthMethod(name), client_secret=secret, signing_keys=keys)

    return client


@dataclass(frozen=True)
class Signer:
    """The EHR's key, and id_tokens made with it."""

    key: RSAKey | ECKey
    algorithm: str

    def public(self, **more: Any) -> dict[str, Any]:
        return {**self.key.as_dict(private=False), **more}

    def token(self, header: Mapping[str, Any] | None = None, **claims: Any) -> Secret:
        head = {"alg": self.algorithm, **({"kid": self.key.kid} if self.key.kid else {}), **(header or {})}
        wanted = {name: value for name, value in claims.items() if value is not None}
        # Written as JSON may be, in ASCII: half of a pair of surrogates, which is no text, can so be sent.
        return Secret(jws.serialize_compact(head, json.dumps(wanted).encode(), self.key, algorithms=[self.algorithm]))


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer(RSAKey.generate_key(2048, {"kid": "k1"}), "RS256")


@pytest.fixture(scope="session")
def other_signer() -> Signer:
    return Signer(RSAKey.generate_key(2048, {"kid": "k1"}), "RS256")


@pytest.fixture
def claims(ehr: Stub) -> dict[str, Any]:
    """What an id_token says when all is well."""
    at = int(NOW.timestamp())
    return {"iss": ehr.origin, "aud": "taper", "sub": "u1", "nonce": "n0nce", "exp": at + 300, "iat": at, "fhirUser": "Practitioner/d1"}


@pytest.fixture
def keys_published(ehr: Stub, signer: Signer) -> None:
    ehr.on("/jwks", Reply(body={"keys": [signer.public()]}))
