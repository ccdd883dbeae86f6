"""Who launched us: the id_token judged by OpenID Connect Core 3.1.3.7, and the FHIR user that it names. SMART 2.2.

Nothing of the token counts before its signature, issuer, audience, nonce and time did. Only asymmetric algorithms are taken: a token
"signed" with none, or with a shared secret, proves nothing about the EHR.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import Secret, Tenant
from fhir_taper.smart.launch.discovery import SmartConfiguration, keys_address
from fhir_taper.smart.origins import under
from fhir_taper.smart.transport import Transport

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LEEWAY: Final = timedelta(seconds=60)
# How far ahead of us a server's clock may be: a token that counts soon is no danger.
_AHEAD: Final = timedelta(minutes=5)
_BACK_OFF: Final = (1.0, 3.0, 6.0)
_LONGEST_SUBJECT: Final = 255
_USER: Final = re.compile(r"(?:Practitioner|PractitionerRole|Patient|RelatedPerson|Person)/[A-Za-z0-9._~-]{1,256}")


class KeptKeys(Protocol):
    """Published keys that were fetched a while ago, by their address."""

    def get(self, address: str, /) -> list[Any] | None:
        """What was published there; None where that is not known any more."""

    def put(self, address: str, published: list[Any], /) -> None:
        """Keep what is published there now."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A judged id_token: `subject` within its issuer, and the FHIR user as in "Practitioner/p1", "" where not said."""

    subject: str
    fhir_user: str


def validate(
    id_token: Secret,
    *,
    tenant: Tenant,
    configuration: SmartConfiguration,
    transport: Transport,
    nonce: Secret,
    access_token: Secret,
    kept: KeptKeys | None = None,
) -> Identity:
    """The identity in an id_token. Raises LaunchRefused ("id-token"; "fhir-user": one of another server), EhrError (no keys).

    Keys that were `kept` are tried first; where none of them signed, those that are published now are fetched.
    """
    algorithm, kid = _kind_of(id_token)
    address = keys_address(tenant, configuration, transport)
    claims = _claims(id_token, algorithm, _fitting((kept and kept.get(address)) or [], algorithm, kid))
    if claims is None:
        published = _fetched(transport, address, algorithm, kid)
        claims = _claims(id_token, algorithm, _fitting(published, algorithm, kid))
        if kept is not None and claims is not None:
            kept.put(address, published)
    if claims is None:
        raise _refused("none of the EHR's keys signed it")
    trouble = _trouble(claims, algorithm, tenant, configuration, nonce, access_token, transport.now())
    if trouble:
        raise _refused(trouble)
    return Identity(claims["sub"], _fhir_user(tenant, claims))


def _kind_of(id_token: Secret) -> tuple[str, object]:
    """Algorithm and key id that the token's header states. Raises LaunchRefused for what proves nothing, before any key is asked for."""
    try:
        header = jws.extract_compact(id_token.reveal().encode()).headers()
    except (JoseError, ValueError, TypeError):
        header = {}
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS or "crit" in header:
        raise _refused("its signature is of a kind that proves nothing")
    return algorithm, header.get("kid")


def _claims(id_token: Secret, algorithm: str, keys: list[Any]) -> Mapping[str, Any] | None:
    """What the token says, where one of these keys signed it."""
    for key in keys:
        try:
            return jwt.decode(id_token.reveal(), key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
    return None


def _fetched(transport: Transport, address: str, algorithm: str, kid: object) -> list[Any]:
    """What is published now; a key that was just rotated in, and is not published everywhere yet, is waited for."""
    published = _published(transport, address)
    for wait in _BACK_OFF:
        if _fitting(published, algorithm, kid):
            break
        transport.sleep(wait)
        published = _published(transport, address)
    return published


def _published(transport: Transport, address: str) -> list[Any]:
    answer = transport.send("GET", address, headers={"Accept": "application/json"}, timeout=10)
    document = answer.json() if answer.is_success else None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise answer.refusal()
    return listed


def _fitting(published: list[Any], algorithm: str, kid: object) -> list[Any]:
    """The keys that may have signed: the one with this id; without an id, those that fit the algorithm."""
    kind = "EC" if algorithm.startswith("ES") else "RSA"
    keys: list[Any] = []
    for stated in published:
        # A member that is null says nothing; some servers write out what they have not set.
        one = {name: value for name, value in stated.items() if value is not None} if isinstance(stated, dict) else {}
        if one.get("kty") != kind or one.get("use", "sig") != "sig" or one.get("alg", algorithm) != algorithm:
            continue
        if kid is not None and one.get("kid") != kid:
            continue
        try:
            keys.extend(KeySet.import_key_set({"keys": [one]}).keys)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return keys


def _trouble(
    claims: Mapping[str, Any],
    algorithm: str,
    tenant: Tenant,
    configuration: SmartConfiguration,
    nonce: Secret,
    access_token: Secret,
    now: datetime,
) -> str:
    """What is wrong with the claims; "" where nothing is."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    subject = claims.get("sub")
    checks = (
        (claims.get("iss") != (configuration.issuer or tenant.issuer), "another issuer made it"),
        (tenant.client_id not in audiences, "it is meant for another app"),
        (len(audiences) > 1 and party is None, "it is meant for several apps and does not say for whom"),
        (party is not None and party != tenant.client_id, "it was made for another app"),
        (not _same(claims.get("nonce"), nonce.reveal()), "it does not answer this launch"),
        (not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT, "it names nobody"),
        (not _is_after(claims.get("exp"), now - LEEWAY), "it has expired"),
        ("iat" in claims and _is_after(claims["iat"], now + _AHEAD), "it is from the future"),
        ("nbf" in claims and _is_after(claims["nbf"], now + _AHEAD), "it does not count yet"),
        ("at_hash" in claims and not _same(claims["at_hash"], _half_hash(access_token, algorithm)), "it came with another access token"),
    )
    return next((words for is_wrong, words in checks if is_wrong), "")


def _fhir_user(tenant: Tenant, claims: Mapping[str, Any]) -> str:
    """The `fhirUser` (older servers: `profile`) relative to the FHIR base. One on another server is nobody whom we may look up."""
    stated = claims.get("fhirUser") or claims.get("profile")
    if not isinstance(stated, str) or not stated:
        return ""
    path = stated
    if "://" in stated:
        if not under(tenant.issuer, stated):
            raise LaunchRefused(
                "fhir-user", "The EHR says that you are a user of another server. Its registration of this app must be looked at."
            )
        path = stated[len(tenant.issuer.rstrip("/")) :]
    path = path.strip("/").partition("/_history/")[0]
    return path if _USER.fullmatch(path) else ""


def _same(value: object, expected: str) -> bool:
    # JSON can hold half of a pair of surrogates, which is no text: other bytes than any text has, and no error.
    return isinstance(value, str) and hmac.compare_digest(value.encode(errors="surrogatepass"), expected.encode())


def _is_after(value: object, instant: datetime) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > instant.timestamp()


def _half_hash(access_token: Secret, algorithm: str) -> str:
    digest = hashlib.new(f"sha{algorithm[-3:]}", access_token.reveal().encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _refused(why: str) -> LaunchRefused:
    return LaunchRefused("id-token", f"The EHR's statement of who you are was not accepted: {why}.")
