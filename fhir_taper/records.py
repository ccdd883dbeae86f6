"""Frozen values that cross layers: who an EHR is to us, what a launch is, what was asked of it, what came of it.

A leaf: values and their invariants, no I/O. What is secret is a `Secret`, which shows itself to nobody by accident.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

Json = dict[str, Any]

IDLE_MINUTES: Final = 30
"""How long a session may be left alone where a tenant says nothing else."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A token, key or verifier. Its text is had by `reveal()` alone: never in a repr, a log line, a page or an error."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The secret itself, for the one place that must send or seal it."""
        return self._text

    def __str__(self) -> str:
        return "(secret)"

    def __bool__(self) -> bool:
        return bool(self._text)


class AuthMethod(StrEnum):
    """How this app proves itself to the token endpoint of a tenant (SMART 2.2, client authentication)."""

    PUBLIC = "public"
    SYMMETRIC = "symmetric"
    ASYMMETRIC = "asymmetric"


class Role(StrEnum):
    """What a person may do here (privacy S4): decided by the tenant's table of users, never by what a browser says."""

    PRESCRIBER = "prescriber"
    PHARMACIST = "pharmacist"
    COACH = "coach"
    AUDITOR = "auditor"
    PATIENT = "patient"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One EHR that this app may be launched from. The only source of issuers, hosts and origins (privacy S2)."""

    id: str
    issuer: str
    """The FHIR base URL, byte for byte as the EHR launches with it; the `aud` of every authorization request."""
    client_id: str
    timezone: str
    vendor: str = "generic"
    auth: AuthMethod = AuthMethod.PUBLIC
    client_secret: Secret | None = None
    signing_keys: tuple[Secret, ...] = ()
    """Private keys (PEM), the one that signs first; the second stays published while it is rotated out."""
    scopes: str | None = None
    audience: str | None = None
    """Where an EHR wants another `aud` than its issuer (a trailing slash)."""
    ca_bundle: str | None = None
    """A file of the certificates that vouch for this EHR, in place of the public ones (a private authority)."""
    endpoint_origins: tuple[str, ...] = ()
    """Origins besides the issuer's own on which its authorization, token and key endpoints may be."""
    frame_ancestors: tuple[str, ...] = ()
    locale: str = "en-US"
    crisis_lines: tuple[str, ...] = ()
    staffed_hours: str = ""
    pkce: bool = True
    idle_minutes: int = IDLE_MINUTES
    """A session that nobody used for so long is ended; what was saved is kept."""
    requests_per_minute: int | None = None
    """How often this EHR may be asked; None: as often as people need. The EHR's own Retry-After counts always."""
    insecure_loopback: bool = False
    roles: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    """Users by role: fhirUser reference ("Practitioner/p1"), NPI or PractitionerRole code. Everybody else reads only."""
    needs_pharmacist_review: bool = False
    """Whether no plan becomes active before a pharmacist accepted it; otherwise a plan waits only where a prescriber asked for a review."""
    approve_with_care_plans_unread: bool = False
    """Whether a prescriber who looked at the care plans in the EHR may approve a plan that nobody here can compare with them: two tapers of
    one medicine may then run, and no program notices."""
    backend_client_id: str | None = None
    signal_codes: Mapping[str, str] = field(default_factory=dict)
    """Codes of this site's own for what is watched: "system|code" to a signal, with its answer or variant behind a colon."""
    escalation_policy: str | None = None
    """A file of what this site changes about the rules of escalation."""


@dataclass(frozen=True, slots=True)
class PendingLaunch:
    """An authorization request that the EHR has not answered yet. Single use; bound to the browser that began it."""

    state_hash: str
    tenant_id: str
    browser_hash: str
    verifier: Secret
    nonce: Secret
    launch: Secret | None
    """The EHR's opaque launch value; None for a standalone launch."""
    expires: datetime
    scope: str = ""
    """What was asked for: what an answer grants that does not say it."""


@dataclass(frozen=True, slots=True)
class TokenSet:
    """What the token endpoint gave, and until when it counts."""

    access_token: Secret
    expires: datetime
    scope: str
    refresh_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """One open chart: one tenant, one patient, one user, one browser. Its id is in every URL, its cookie in one browser only."""

    id: str
    tenant_id: str
    patient_id: str
    user: str
    """fhirUser, relative to the issuer ("Practitioner/p1"); empty where the EHR did not say."""
    user_name: str
    role: Role
    scope: str
    """What was granted at first, as the EHR wrote it, or where it did not say, what was asked for."""
    cookie_hash: str
    csrf: Secret
    begun: datetime
    last_seen: datetime
    ends: datetime
    encounter_id: str | None = None
    intent: str | None = None
    need_patient_banner: bool = True
    style_url: str | None = None
    fhir_context: tuple[Json, ...] = ()
    asked: str = ""
    """What was asked for, so that what was not granted can be said."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A resource as the EHR gave it: raw with exact decimals, its version (opaque) and where it came from."""

    resource: Json
    url: str
    etag: str | None = None


class WriteState(StrEnum):
    """What is known of one write. UNKNOWN is looked at by a person; nothing retries it."""

    PENDING = "pending"
    WRITTEN = "written"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class WriteTurn:
    """One errand's turn to write to one patient's chart. `number` only grows: an errand with an older one opens no row any more."""

    tenant_id: str
    patient_id: str
    number: int


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One write, recorded before its request leaves and settled by its answer."""

    id: str
    tenant_id: str
    launch_id: str
    patient_id: str
    plan_id: str
    plan_version: int
    output: str
    """What it is for: "plan", "dose-proposal", "documentation" …"""
    rung: str
    write_identifier: str
    """The identifier the resource carries, so that it can be found after a lost answer."""
    request_hash: str
    state: WriteState
    opened: datetime
    settled: datetime | None = None
    detail: Json = field(default_factory=dict)
    """Per resource: type, id, version, status, differences; the reason of a refusal."""


@dataclass(frozen=True, slots=True)
class WrittenResource:
    """What became of one resource of a write. `reference` is "Type/id" where the EHR's id is known, `etag` its version there (opaque)."""

    resource_type: str
    doing: str
    """ "create", "update" or "none"."""
    state: WriteState
    write_identifier: str
    reference: str = ""
    etag: str | None = None
    is_read_back: bool = False
    differences: tuple[str, ...] = ()
    """What the EHR holds otherwise than we wrote it, each a sentence."""
    degraded: tuple[str, ...] = ()
    """What was written in a lesser form for this EHR, each a sentence."""
    says: str = ""
    narrative: str = ""
    """A digest of the words of its narrative as the EHR showed it after the write; "" where it was not read back."""


@dataclass(frozen=True, slots=True)
class WriteReceipt:
    """What came of one write: by which rung and why not by a better one, resource by resource."""

    output: str
    rung: str
    state: WriteState
    resources: tuple[WrittenResource, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    """(rung, why it was not taken), best first."""
    ledger_ids: tuple[str, ...] = ()
    is_conflict: bool = False
    """Somebody else changed what was to be changed: read again, and show a new preview."""
    not_before: datetime | None = None
    """The EHR asked for a pause: nothing new is sent before this instant."""
    says: str = ""
    is_sent: bool = False
    """Whether a request left: then the ledger keeps all of this."""
    plan_id: str = ""
    """The version of the plan that it is about."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that happened, for the chain. `detail` holds ids and versions, never clinical text."""

    tenant_id: str
    at: datetime
    actor: str
    action: str
    outcome: str
    patient_id: str | None = None
    launch_id: str | None = None
    detail: Json = field(default_factory=dict)
