"""Tokens for this program itself, without a person: SMART backend services. One per tenant and scope, renewed when its end is near.

Confidential by private key only; there is no refresh token, a new one is asked for. Kept in memory: a restart asks again.
"""

import threading
from collections.abc import Callable
from typing import Final

from fhir_taper.errors import SettingsError
from fhir_taper.records import Secret, Tenant, TokenSet
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.launch.refresh import EARLY
from fhir_taper.smart.launch.token_endpoint import client_credentials
from fhir_taper.smart.transport import Transport

_LEVEL: Final = "system/"


class BackendTokens:
    """The tokens of one process. Threads that need the same one wait for the one that asks."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], TokenSet] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._guard = threading.Lock()

    def token(self, tenant: Tenant, transport: Transport, configuration: Callable[[], SmartConfiguration], scope: str) -> Secret:
        """A token for these system/ scopes, of which the EHR may have granted less (`access`). Raises as that."""
        return self.access(tenant, transport, configuration, scope).access_token

    def access(self, tenant: Tenant, transport: Transport, configuration: Callable[[], SmartConfiguration], scope: str) -> TokenSet:
        """The same with what was granted. Raises SettingsError (no backend client, other scopes), TokenRefused, EhrError."""
        if tenant.backend_client_id is None:
            raise SettingsError(f"tenant {tenant.id}: there is no [tenants.backend]")
        if not scope or not all(one.startswith(_LEVEL) for one in scope.split()):
            raise SettingsError(f"tenant {tenant.id}: the program itself asks for {_LEVEL} scopes only")
        key = (tenant.id, scope)
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            held = self._held.get(key)
            if held is None or held.expires - transport.local_now() <= EARLY:
                answer = client_credentials(tenant, configuration(), transport, client_id=tenant.backend_client_id, scope=scope)
                held = self._held[key] = answer.tokens
            return held

    def forget(self, tenant: Tenant, scope: str) -> None:
        """Drop a token that the EHR refused, so that the next call asks for a new one."""
        self._held.pop((tenant.id, scope), None)
