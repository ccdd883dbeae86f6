"""Who calls the token endpoint: each client proves itself in the one way that it is registered with, and in no other.

public: `client_id` in the body, nothing else. symmetric: HTTP Basic. asymmetric: a signed assertion (RFC 7523; SMART 2.2: RS384 or
ES384, `kid`, typ JWT, issuer and subject the client, audience this token endpoint, at most five minutes ahead, `jti` once).
"""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import unquote_plus

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from fhir_taper.errors import NotJson, SandboxError
from fhir_taper.exact_json import decode
from fhir_taper.records import AuthMethod
from fhir_taper.sandbox.clients import Client
from fhir_taper.sandbox.clock import SandboxClock
from fhir_taper.sandbox.forwarding import send
from fhir_taper.sandbox.grants import Grants
from fhir_taper.sandbox.refusal import UNAUTHORIZED, Refusal

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("RS384", "ES384")
_LONGEST_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Door:
    """What it takes to know a client: who is registered, which assertions came before, and what the time is."""

    clients: Mapping[str, Client]
    grants: Grants
    clock: SandboxClock
    token_url: str


def authenticated(door: Door, form: Mapping[str, str], authorization: str) -> Client:
    """The client that calls. Raises Refusal (invalid_client, 401) naming what is wrong with its proof."""
    if "client_assertion" in form or "client_assertion_type" in form:
        used, client = AuthMethod.ASYMMETRIC, _by_assertion(door, form)
    elif authorization:
        used, client = AuthMethod.SYMMETRIC, _by_secret(door, authorization)
    else:
        used, client = AuthMethod.PUBLIC, _known(door, form.get("client_id", ""))
    if client.auth is not used:
        raise _refused(f"this client is registered as {client.auth}, and came as {used}")
    if form.get("client_id", client.id) != client.id:
        raise _refused("client_id is another client's")
    if "client_secret" in form:
        raise _refused("a client_secret in the body is not taken: HTTP Basic is")
    return client


def _known(door: Door, client_id: str) -> Client:
    client = door.clients.get(client_id)
    if client is None:
        raise _refused("the client is not registered")
    return client


def _by_secret(door: Door, authorization: str) -> Client:
    scheme, _, credentials = authorization.partition(" ")
    try:
        name, _, secret = b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        raise _refused("the Authorization header cannot be read") from None
    if scheme.lower() != "basic":
        raise _refused("the token endpoint takes HTTP Basic")
    client = _known(door, unquote_plus(name))
    if client.secret is None or not hmac.compare_digest(client.secret.reveal().encode(), unquote_plus(secret).encode()):
        raise _refused("the secret is wrong")
    return client


def _by_assertion(door: Door, form: Mapping[str, str]) -> Client:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise _refused(f"client_assertion_type is not {ASSERTION_TYPE}")
    assertion = form.get("client_assertion", "")
    try:
        claimed = decode(jws.extract_compact(assertion.encode()).payload)
        client = _known(door, str(claimed.get("iss")) if isinstance(claimed, dict) else "")
        if client.auth is not AuthMethod.ASYMMETRIC:
            return client  # how it is registered is told by the caller
        token = jwt.decode(assertion, _keys(client), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, NotJson) as error:
        raise _refused(f"the assertion cannot be verified: {type(error).__name__}") from None
    if token.header.get("typ") != "JWT" or not token.header.get("kid"):
        raise _refused("the assertion's header wants typ JWT and a kid")
    _check_claims(door, client, token.claims)
    return client


def _keys(client: Client) -> KeySet:
    if client.jwks is not None:
        return KeySet.import_key_set(cast("KeySetSerialization", client.jwks))
    try:
        return KeySet.import_key_set(send("GET", client.jwks_uri or "").json())
    except (SandboxError, NotJson, JoseError, ValueError, TypeError, KeyError) as error:
        raise _refused(f"the client's keys cannot be had: {error}") from None


def _check_claims(door: Door, client: Client, claims: Mapping[str, object]) -> None:
    now = door.clock.now()
    expires, begins = claims.get("exp"), max((at for name in ("iat", "nbf") if isinstance(at := claims.get(name), int)), default=now)
    audience = claims.get("aud")
    if claims.get("sub") != client.id:
        raise _refused("the assertion's sub is not the client")
    if door.token_url not in (audience if isinstance(audience, list) else [audience]):
        raise _refused(f"the assertion's aud is not {door.token_url}")
    if not isinstance(expires, int) or not now < expires <= now + _LONGEST_SECONDS:
        raise _refused("the assertion's exp is absent, past, or more than five minutes ahead")
    if begins > now:
        raise _refused("the assertion begins in the future")
    identifier = claims.get("jti")
    if not isinstance(identifier, str) or not door.grants.is_first_use(client.id, identifier, expires):
        raise _refused("the assertion's jti is absent or was used")


def _refused(why: str) -> Refusal:
    return Refusal("invalid_client", why, status=UNAUTHORIZED)
