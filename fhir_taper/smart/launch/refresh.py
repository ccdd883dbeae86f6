"""An access token that counts now: taken from the store, renewed by one of all threads and processes while the others wait and adopt it.

Why so: four threads that refresh at once spend one refresh token four times, and a server that rotates them then ends the session. The
store holds the lock (`Grants.exclusive`); this module re-reads inside it. A refresh token is forgotten only when the server says
`invalid_grant`; a network that fails, or a server in trouble, leaves it for the next try.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from fhir_taper.errors import AccessEnded, EhrError, TokenRefused
from fhir_taper.records import Secret, Tenant, TokenSet
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.launch.token_endpoint import refresh
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

    def put(self, grant_id: str, tokens: TokenSet) -> None:
        """Keep these tokens, committed on return."""

    def drop_refresh_token(self, grant_id: str, refused: Secret | None = None) -> None:
        """Forget the refresh token, if it is still the refused one; the access token stays."""


@dataclass(frozen=True, slots=True)
class Session:
    """The tokens of one grant. `token` and `renew` are what a FhirClient takes. `configuration` is asked for only when it is needed."""

    grants: Grants
    grant_id: str
    tenant: Tenant
    transport: Transport
    configuration: Callable[[], SmartConfiguration]

    def token(self) -> Secret:
        """An access token that counts for a minute or more. Raises AccessEnded; EhrError where renewing fails and the old one is over."""
        held = self.grants.get(self.grant_id)
        if held is not None and held.expires - self.transport.local_now() > EARLY:
            return held.access_token
        return self._renewed(None)

    def renew(self, refused: Secret) -> Secret:
        """Another access token than the one the EHR refused: a sibling's newer one, or a new one. Raises AccessEnded, EhrError."""
        return self._renewed(refused)

    def _renewed(self, refused: Secret | None) -> Secret:
        with self.grants.exclusive(self.grant_id):
            held = self.grants.get(self.grant_id)
            if held is None:
                raise AccessEnded(_ENDED)
            remaining = held.expires - self.transport.local_now()
            usable = held.access_token != refused
            if usable and remaining > EARLY:
                return held.access_token  # a sibling renewed it while we waited
            if held.refresh_token is None:
                if usable and remaining > timedelta(0):
                    return held.access_token
                raise AccessEnded(_ENDED)
            return self._refreshed(held, usable=usable and remaining > timedelta(0))

    def _refreshed(self, held: TokenSet, *, usable: bool) -> Secret:
        """One refresh. Where it fails, the old token serves as long as it lasts."""
        try:
            renewed = refresh(self.tenant, self.configuration(), self.transport, held=held).tokens
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
        self.grants.put(self.grant_id, renewed)
        return renewed.access_token
