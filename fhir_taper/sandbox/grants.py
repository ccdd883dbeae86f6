"""What the authorization server remembers, in memory: launches, requests at the sign-in page, codes, grants and their tokens.

Everything is opaque, random and used as often as its kind allows: a launch, a code and a sign-in once; a refresh token until it is
exchanged for the next. A code or refresh token that comes a second time was stolen or lost: its whole grant ends (RFC 9700).
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from fhir_taper.records import Json
from fhir_taper.sandbox.clients import Client
from fhir_taper.sandbox.clock import SandboxClock
from fhir_taper.sandbox.refusal import Refusal
from fhir_taper.sandbox.users import User

_Kept = TypeVar("_Kept")


@dataclass(slots=True)
class Lifetimes:
    """How long things count, in seconds. Tests shorten them."""

    launch: float = 300
    sign_in: float = 600
    code: float = 60
    access: float = 900
    refresh: float = 8 * 3600


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """What the EHR had open when it launched the app; for a standalone launch, what the person picked."""

    user: User
    patient_id: str | None = None
    encounter_id: str | None = None
    intent: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    """More that goes beside the access token, or instead of what this server says by itself (tests of odd servers)."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What an app asked for, checked."""

    client: Client
    redirect_uri: str
    state: str
    scope: str
    challenge: str
    nonce: str | None
    launched: LaunchContext | None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person (or, without a context, the system) allowed a client."""

    id: str
    client_id: str
    scopes: tuple[str, ...]
    context: LaunchContext | None = None
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """What a code may be exchanged for, and with what."""

    grant: Grant
    redirect_uri: str
    challenge: str


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token stands for."""

    grant: Grant
    scopes: tuple[str, ...]
    expires: float


class Grants:
    """All of it, behind one lock."""

    def __init__(self, clock: SandboxClock, lifetimes: Lifetimes) -> None:
        self.lifetimes: Final = lifetimes
        self._clock = clock
        self._lock = threading.Lock()
        self._launches: dict[str, tuple[LaunchContext, float]] = {}
        self._sign_ins: dict[str, tuple[AuthorizationRequest, float]] = {}
        self._codes: dict[str, tuple[Code, float]] = {}
        self._refresh: dict[str, tuple[Grant, float]] = {}
        self._access: dict[str, AccessToken] = {}
        self._spent: dict[str, str] = {}
        self._ended: set[str] = set()
        self._assertions: dict[tuple[str, str], float] = {}

    def new_launch(self, context: LaunchContext) -> str:
        """An opaque launch value for one launch."""
        return self._keep(self._launches, context, self.lifetimes.launch)

    def take_launch(self, launch: str) -> LaunchContext | None:
        """What was open for a launch value; the value is spent by it."""
        return self._take(self._launches, launch)

    def new_sign_in(self, request: AuthorizationRequest) -> str:
        """A name for a request that waits for a person to sign in."""
        return self._keep(self._sign_ins, request, self.lifetimes.sign_in)

    def take_sign_in(self, name: str) -> AuthorizationRequest | None:
        """The request that waited, once."""
        return self._take(self._sign_ins, name)

    def new_code(self, code: Code) -> str:
        """An authorization code."""
        return self._keep(self._codes, code, self.lifetimes.code)

    def take_code(self, text: str) -> Code:
        """What a code stands for, once. Raises Refusal for one that is unknown, expired or spent; a spent one ends its grant."""
        code = self._take(self._codes, text, spent_by=lambda kept: kept.grant)
        if code is None:
            raise Refusal("invalid_grant", "the code is unknown, expired or used")
        return code

    def new_access(self, grant: Grant, scopes: tuple[str, ...]) -> str:
        """An access token of a grant."""
        with self._lock:
            text = _opaque()
            self._access[text] = AccessToken(grant, scopes, self._clock.now() + self.lifetimes.access)
            return text

    def new_refresh(self, grant: Grant) -> str:
        """A refresh token of a grant."""
        return self._keep(self._refresh, grant, self.lifetimes.refresh)

    def take_refresh(self, text: str, client_id: str) -> Grant:
        """The grant of a refresh token, which is spent by it. Raises Refusal; a spent one ends its grant."""
        with self._lock:
            held = self._refresh.get(text)
        if held is not None and held[0].client_id != client_id:
            raise Refusal("invalid_grant", "the refresh token is another client's")
        grant = self._take(self._refresh, text, spent_by=lambda kept: kept)
        if grant is None or self.is_ended(grant):
            raise Refusal("invalid_grant", "the refresh token is unknown, expired, used or revoked")
        return grant

    def access(self, text: str) -> AccessToken | None:
        """What an access token stands for; None when it is unknown, expired, or its grant has ended."""
        with self._lock:
            token = self._access.get(text)
            if token is None or token.expires <= self._clock.now() or token.grant.id in self._ended:
                return None
            return token

    def refresh(self, text: str) -> Grant | None:
        """The grant of a refresh token that still counts."""
        with self._lock:
            held = self._refresh.get(text)
            return held[0] if held and held[1] > self._clock.now() and held[0].id not in self._ended else None

    def revoke(self, text: str, client_id: str) -> None:
        """End what a token of this client belongs to: an access token alone, or with a refresh token the whole grant (RFC 7009)."""
        with self._lock:
            if (token := self._access.get(text)) and token.grant.client_id == client_id:
                del self._access[text]
            if (held := self._refresh.get(text)) and held[0].client_id == client_id:
                self._ended.add(held[0].id)

    def expire_access_tokens(self) -> None:
        """Let every access token that was given so far expire now."""
        with self._lock:
            self._access = {text: AccessToken(one.grant, one.scopes, 0) for text, one in self._access.items()}

    def is_ended(self, grant: Grant) -> bool:
        """Whether a grant was revoked or ended by misuse."""
        with self._lock:
            return grant.id in self._ended

    def is_first_use(self, client_id: str, assertion_id: str, expires: float) -> bool:
        """Whether a client's assertion comes for the first time."""
        with self._lock:
            now = self._clock.now()
            self._assertions = {key: until for key, until in self._assertions.items() if until > now}
            is_new = (client_id, assertion_id) not in self._assertions
            self._assertions[client_id, assertion_id] = expires
            return is_new

    def _keep(self, kept: dict[str, tuple[_Kept, float]], value: _Kept, seconds: float) -> str:
        with self._lock:
            text = _opaque()
            kept[text] = value, self._clock.now() + seconds
            return text

    def _take(self, kept: dict[str, tuple[_Kept, float]], text: str, spent_by: Callable[[_Kept], Grant] | None = None) -> _Kept | None:
        with self._lock:
            if text in self._spent:
                self._ended.add(self._spent[text])
            value, expires = kept.pop(text, (None, 0))
            if value is not None and spent_by:
                self._spent[text] = spent_by(value).id
            return value if expires > self._clock.now() else None


def new_grant(client: Client, scopes: tuple[str, ...], context: LaunchContext | None = None, nonce: str | None = None) -> Grant:
    """A grant with a name of its own."""
    return Grant(_opaque(), client.id, scopes, context, nonce)


def token_answer_of(context: LaunchContext) -> Json:
    """The launch context as it stands beside an access token (SMART 2.2, launch context)."""
    said: Json = {"need_patient_banner": context.patient_id is not None}
    said |= {"patient": context.patient_id} if context.patient_id else {}
    said |= {"encounter": context.encounter_id} if context.encounter_id else {}
    said |= {"intent": context.intent} if context.intent else {}
    return said | dict(context.extra)


def _opaque() -> str:
    return secrets.token_urlsafe(32)
