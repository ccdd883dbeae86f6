"""What one process has open: settings, stores, and one transport per EHR. Handed to every use case; nothing here decides anything.

What an EHR says of itself (its smart-configuration, its capabilities) is kept for a while, so that a click does not ask for it anew.
"""

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Final

from fhir_taper.errors import StoreError
from fhir_taper.records import Json, Tenant
from fhir_taper.settings import Settings
from fhir_taper.smart import transport
from fhir_taper.smart.keys import published_keys
from fhir_taper.smart.launch.backend import BackendTokens
from fhir_taper.smart.launch.discovery import SmartConfiguration, discover
from fhir_taper.smart.transport import Transport
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database, upgrade
from fhir_taper.store.drafts import DraftStore
from fhir_taper.store.launches import LaunchStore
from fhir_taper.store.ledger import Ledger
from fhir_taper.store.plans import PlanStore
from fhir_taper.store.rotation import left
from fhir_taper.store.tokens import TokenStore
from fhir_taper.store.watch_log import WatchLog
from fhir_taper.workflow.metrics import Metrics
from fhir_taper.writeback.pauses import Pauses

Clock = Callable[[], datetime]
CALLBACK_PATH: Final = "/callback"
_CONFIGURATION_FOR: Final = timedelta(minutes=10)
_KEYS_FOR: Final = timedelta(minutes=1)
_MOST_KEPT: Final = 256


def utc_now() -> datetime:
    """This instant. Sessions and tokens go by it; it cannot be stopped as the clock of the command line can."""
    return datetime.now(UTC)


class Kept:
    """Values by key, each until its instant; the oldest go when there are too many. Safe to share between threads."""

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._values: dict[Hashable, tuple[datetime, Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, now: datetime) -> Any:
        """The value, or None where there is none that still counts."""
        with self._lock:
            until, value = self._values.get(key, (now, None))
            return value if until > now else None

    def put(self, key: Hashable, value: Any, until: datetime) -> None:
        """Keep a value until an instant."""
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = until, value
            while len(self._values) > self._most:
                self._values.pop(next(iter(self._values)))

    def drop(self, key: Hashable) -> None:
        """Forget a value."""
        with self._lock:
            self._values.pop(key, None)


@dataclass(frozen=True, slots=True)
class Services:
    """Close it when done. `transport_of` makes the transport of a tenant, once per tenant."""

    settings: Settings
    database: Database
    keys: KeyRing
    launches: LaunchStore
    plans: PlanStore
    drafts: DraftStore
    ledger: Ledger
    audit: AuditLog
    watch: WatchLog
    clock: Clock
    transport_of: Callable[[Tenant], Transport]
    pauses: Pauses = field(default_factory=Pauses)
    backend: BackendTokens = field(default_factory=BackendTokens)
    """The program's own access, where a tenant gives it any."""
    metrics: Metrics = field(default_factory=Metrics)
    said_by_ehr: Kept = field(default_factory=Kept)
    charts: Kept = field(default_factory=lambda: Kept(64))
    """Charts that were read, by launch: a page after the first one does not read them again."""
    works: Kept = field(default_factory=lambda: Kept(64))
    """Drafts as they were read or saved last, each with its document: only while the store holds the same bytes."""
    _transports: dict[str, Transport] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def redirect_uri(self) -> str:
        """Where EHRs send a browser back to."""
        return self.settings.public_base_url.rstrip("/") + CALLBACK_PATH

    def tokens(self, tenant: Tenant) -> TokenStore:
        """The tokens of one tenant."""
        return TokenStore(self.database, self.keys, tenant.id)

    def transport(self, tenant: Tenant) -> Transport:
        """The transport of one tenant, shared by all its launches."""
        with self._lock:
            if tenant.id not in self._transports:
                self._transports[tenant.id] = self.transport_of(tenant)
            return self._transports[tenant.id]

    def configuration(self, tenant: Tenant) -> SmartConfiguration:
        """The EHR's smart-configuration, at most ten minutes old. Raises EhrError where it cannot be had."""
        key, now = ("configuration", tenant.id), self.clock()
        kept: SmartConfiguration | None = self.said_by_ehr.get(key, now)
        if kept is None:
            kept = discover(tenant, self.transport(tenant))
            self.said_by_ehr.put(key, kept, now + _CONFIGURATION_FOR)
        return kept

    def ehr_keys(self) -> "KeptKeys":
        """What EHRs published to sign with, at most ten minutes old: a key that is taken back counts so long, a new one at once."""
        return KeptKeys(self)

    def public_keys(self) -> Json:
        """Our JWKS."""
        return published_keys(self.settings.tenants)

    def readiness(self) -> Mapping[str, bool]:
        """What this process needs before it can serve: the database, its revision, and a key for every sealed row."""
        found = dict.fromkeys(("database", "schema", "keys"), False)
        try:
            found["schema"] = self.database.is_current()
            found["database"] = True
            found["keys"] = not self.missing_keys()
        except StoreError:
            pass
        return found

    def missing_keys(self) -> frozenset[str]:
        """Ids of keys that rows are sealed with and that are not configured; looked up at most once a minute."""
        key, now = "missing-keys", self.clock()
        kept: frozenset[str] | None = self.said_by_ehr.get(key, now)
        if kept is None:
            kept = frozenset(one for one in left(self.database) if not self.keys.knows(one))
            self.said_by_ehr.put(key, kept, now + _KEYS_FOR)
        return kept

    def close(self) -> None:
        """Close the database."""
        self.database.close()


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """Keys of EHRs as `smart.launch.id_token` asks for them."""

    services: Services

    def get(self, address: str, /) -> list[Any] | None:
        """What was published there, while it still counts."""
        kept: list[Any] | None = self.services.said_by_ehr.get(("keys", address), self.services.clock())
        return kept

    def put(self, address: str, published: list[Any], /) -> None:
        """Keep it for as long as a configuration."""
        self.services.said_by_ehr.put(("keys", address), published, self.services.clock() + _CONFIGURATION_FOR)


def open_services(settings: Settings, *, clock: Clock = utc_now, transport_of: Callable[[Tenant], Transport] | None = None) -> Services:
    """Everything that one process needs. Raises StoreError where the database is absent or of another revision."""
    keys = KeyRing.of(settings.encryption_keys)
    database = Database.open(settings.database_url)
    metrics = Metrics()
    return Services(
        settings,
        database,
        keys,
        LaunchStore(database, keys),
        PlanStore(database, keys),
        DraftStore(database, keys),
        Ledger(database, keys),
        AuditLog(database, settings.audit_key),
        WatchLog(database, keys),
        clock,
        transport_of or _transports(clock, metrics),
        metrics=metrics,
    )


def _transports(clock: Clock, metrics: Metrics) -> Callable[[Tenant], Transport]:
    """One session for all tenants that the same certificates vouch for."""
    session_of = lru_cache(maxsize=None)(transport.new_session)

    def transport_of(tenant: Tenant) -> Transport:
        return Transport(tenant, clock=clock, session=session_of(tenant.ca_bundle), observe=partial(metrics.asked_ehr, tenant.id))

    return transport_of


def upgrade_database(settings: Settings) -> str:
    """Bring the database to this program's revision; returns the revision. Raises StoreError."""
    return upgrade(settings.database_url)
