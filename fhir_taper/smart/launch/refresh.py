"""An access token that counts now: taken from the store, renewed by one of all threads and processes while the others wait and adopt it.

Why so: four threads that refresh at once spend one refresh token four times, and a server that rotates them then ends the session. The
store holds the lock (`Grants.exclusive`); this module re-reads inside it. A refresh token is forgotten only when the server says
`invalid_grant`; a network that fails, or a server in trouble, leaves it for the next try. Tokens that come after the session ended are
taken back and never used; those that come after a sibling's are dropped, and not taken back: that may end the sibling's, too.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from fhir_taper.errors import AccessEnded, EhrError, TokenRefused
from fhir_taper.records import Secret, Tenant, TokenSet
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.launch.token_endpoint import in_short, refresh, take_back
from fhir_taper.smart.scopes import Granted
from fhir_taper.smart.transport import Transport

EARLY: Final = timedelta(seconds=60)
"""A token is renewed this long before its end, so that none ends on its way."""
_ENDED: Final = "the EHR's session has ended: launch again from the chart"


class Grants(Protocol):
    """What the store does for us: tokens by grant, and one lock per grant that holds across threads and processes."""

    def exclusive(self, grant_id: str) -> AbstractContextManager[object]:
        """Hold the grant's lock; others wait."""

    def get(self, grant_id: str) -> TokenSet | None:
        """The tokens held, as last committed."""

    def replace(self, grant_id: str, spent: TokenSet, tokens: TokenSet) -> TokenSet | None:
        """Keep these tokens in place of the spent ones, committed on return; what is held then: None where the session is over."""

    def drop_refresh_token(self, grant_id: str, refused: Secret | None = None) -> None:
        """Forget the refresh token, if it is still the refused one; the access token stays."""


def _nobody(what: str, outcome: str) -> None:
    del what, outcome


@dataclass(frozen=True, slots=True)
class Session:
    """The tokens of one grant. `token` and `renew` are what a FhirClient takes. `configuration` is asked for only when it is needed.

    `tell` hears of what nobody asked for: "take-back" ("done", "failed", "not-offered") of tokens that came too late, and "scope"
    ("narrowed") of tokens that grant less than those before.
    """

    grants: Grants
    grant_id: str
    tenant: Tenant
    transport: Transport
    configuration: Callable[[], SmartConfiguration]
    tell: Callable[[str, str], None] = _nobody

    def token(self) -> Secret:
        """An access token that counts for a minute or more. Raises AccessEnded; EhrError where renewing fails and the old one is over."""
        held = self.grants.get(self.grant_id)
        if held is not None and held.expires - self.transport.local_now() > EARLY:
            return held.access_token
        return self._renewed(None)

    def renew(self, refused: Secret) -> Secret:
        """Another access token than the one the EHR refused: a sibling's newer one, or a new one. Raises AccessEnded, EhrError."""
        return self._renewed(refused)

    def scope(self) -> str | None:
        """What the tokens held grant, as the EHR wrote it; None where the session is over."""
        held = self.grants.get(self.grant_id)
        return held.scope if held is not None else None

    def _renewed(self, refused: Secret | None) -> Secret:
        configuration = self._asked()
        with self.grants.exclusive(self.grant_id):
            held = self.grants.get(self.grant_id)
            if held is None:
                raise AccessEnded(_ENDED)
            remaining = held.expires - self.transport.local_now()
            usable = held.access_token != refused
            if usable and remaining > EARLY:
                return held.access_token  # a sibling renewed it while we waited
            counts = usable and remaining > timedelta(0)
            if held.refresh_token is None or configuration is None:
                if counts:
                    return held.access_token
                raise AccessEnded(_ENDED)
            return self._refreshed(held, configuration, usable=counts)

    def _asked(self) -> SmartConfiguration | EhrError | None:
        """Where tokens are renewed, or why that cannot be known: asked before others wait. None where there is nothing to renew with."""
        held = self.grants.get(self.grant_id)
        if held is None or held.refresh_token is None:
            return None
        try:
            return self.configuration()
        except EhrError as error:
            return error

    def _refreshed(self, held: TokenSet, configuration: SmartConfiguration | EhrError, *, usable: bool) -> Secret:
        """One refresh. Where it fails, the old token serves as long as it lasts."""
        try:
            if isinstance(configuration, EhrError):
                raise configuration
            renewed = refresh(self.tenant, configuration, self.transport, held=held).tokens
        except TokenRefused as refusal:
            if refusal.code == "invalid_grant":
                self.grants.drop_refresh_token(self.grant_id, held.refresh_token)
                if not usable:
                    raise AccessEnded(_ENDED) from None
            elif not usable:
                raise
            return held.access_token
        except EhrError:
            if not usable:
                raise
            return held.access_token
        kept = self.grants.replace(self.grant_id, held, renewed)
        if kept is None:
            self._take_back(configuration, renewed)
            raise AccessEnded(_ENDED)
        if kept is renewed and Granted.parse(renewed.scope).lacks(Granted.parse(held.scope)):
            self.tell("scope", "narrowed")
        return kept.access_token

    def _take_back(self, configuration: SmartConfiguration, tokens: TokenSet) -> None:
        """Nobody holds these tokens: whatever the EHR answers, the session is over."""
        for one in in_short(take_back(self.tenant, configuration, self.transport, tokens)):
            self.tell("take-back", one.outcome)
