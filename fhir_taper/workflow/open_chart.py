"""One open chart: a launch that a browser proved to be its own, with the EHR behind it.

Every request names its launch in the path and proves it by that launch's cookie; a page of one patient can so never carry the session of
another. A session ends with its token, after the tenant's time without a sign of life, or when the person ends it; drafts stay.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from hmac import compare_digest
from typing import Final
from zoneinfo import ZoneInfo

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import Launch, Role, Secret, Tenant
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.launch.refresh import Session
from fhir_taper.smart.scopes import Granted
from fhir_taper.store.launches import SEEN_EVERY
from fhir_taper.workflow.audited import NOBODY, note, note_refused
from fhir_taper.workflow.begin_launch import hashed
from fhir_taper.workflow.end_session import end_session
from fhir_taper.workflow.services import Services

_LONGEST_ID: Final = 64


def _none() -> None:
    return None


@dataclass(frozen=True, slots=True)
class OpenChart:
    """A launch, its tenant, and the EHR for this patient and this token."""

    launch: Launch
    tenant: Tenant
    client: FhirClient
    seen: datetime
    """When the person last did something: now."""
    scope_held: Callable[[], str | None] = _none
    """What the token of now grants; None where that is not known."""

    @property
    def until(self) -> datetime:
        """Until when the session stays open where nothing is done: every page says it, and it is never a promise too long."""
        return min(self.launch.ends, self.seen + _idle(self.tenant) - SEEN_EVERY)

    @property
    def granted(self) -> Granted:
        """What the EHR grants now: a token that was renewed may bring less than the launch was given, and never brings more."""
        first, held = self.launch.scope, self.scope_held()
        return Granted.parse(first) if held is None or held == first else Granted.parse(held).within(Granted.parse(first))

    @property
    def who(self) -> str:
        """The person, for what they decide: name and reference."""
        launch = self.launch
        return launch.user_name if launch.user in ("", launch.user_name) else f"{launch.user_name} ({launch.user})"

    @property
    def is_named(self) -> bool:
        """Whether the EHR gave the person's name; else they are called by their reference."""
        return self.launch.user_name not in ("", self.launch.user)

    def may(self, *roles: Role) -> bool:
        """Whether the person has one of these roles."""
        return self.launch.role in roles

    def local(self, instant: datetime, zone: str | None = None) -> datetime:
        """An instant in the patient's zone, or where that is not known in the tenant's."""
        return instant.astimezone(ZoneInfo(zone or self.tenant.timezone))

    def day(self, instant: datetime, zone: str | None = None) -> date:
        """The day that an instant falls on there."""
        return self.local(instant, zone).date()


def tenant_of_launch(services: Services, launch_id: str) -> Tenant | None:
    """Whose launch it is or was: for the page of a refusal, which only the EHR of that tenant may frame."""
    is_id = 0 < len(launch_id) <= _LONGEST_ID and launch_id.isascii() and launch_id.isprintable()  # a database may refuse what is no text
    return services.settings.tenant((services.launches.tenant_of(launch_id) if is_id else None) or "")


def open_chart(services: Services, launch_id: str, cookie: str) -> OpenChart:
    """The chart of a launch. Raises LaunchRefused: "cookie", "session-over", "not-yours", "idle"."""
    if not cookie:
        raise LaunchRefused("cookie", "The cookie of this session is missing, or the session is over.")
    now = services.clock()
    launch = services.launches.get(launch_id, now)
    tenant = services.settings.tenant(launch.tenant_id) if launch else None
    if launch is None or tenant is None:
        raise LaunchRefused("session-over", "It was ended here or in another window, nobody used it for a while, or its time ran out.")
    if not compare_digest(launch.cookie_hash, hashed(Secret(cookie))):
        # Whoever it is: the owner of the session is the one whom it was not.
        note(services, launch, "open", "refused", {"reason": "not-yours"}, NOBODY)
        raise LaunchRefused("not-yours", "This chart was opened by another session.")
    if now - launch.last_seen > _idle(tenant):
        raise _ended_idle(services, launch, tenant)
    services.launches.touch(launch.id, now)
    return chart_of(services, launch, tenant)


def chart_of(services: Services, launch: Launch, tenant: Tenant) -> OpenChart:
    """A launch with the EHR behind it. Whose launch it is was judged before."""
    transport = services.transport(tenant)
    tokens, refused = services.tokens(tenant), partial(note_refused, services, launch)
    session = Session(tokens, launch.id, tenant, transport, partial(services.configuration, tenant), partial(note, services, launch))
    client = FhirClient(tenant.issuer, transport, session.token, launch.patient_id, refused, renew=session.renew)
    return OpenChart(launch, tenant, client, services.clock(), session.scope)


def not_granted(launch: Launch, granted: Granted | None = None) -> dict[str, str]:
    """What was asked for in a launch and is not granted (now, or where that is not given, at first): letters by type."""
    return dict((granted or Granted.parse(launch.scope)).lacks(Granted.parse(launch.asked)))


def only_in_part(launch: Launch, granted: Granted) -> dict[str, tuple[str, ...]]:
    """Types that were asked for and may be read or searched in part only, each with the queries that it is limited to."""
    kinds = dict.fromkeys(right.resource_type for right in Granted.parse(launch.asked).rights)
    limited = {kind: granted.limits(kind, "s") or granted.limits(kind, "r") for kind in kinds}
    return {kind: queries for kind, queries in limited.items() if queries}


def _idle(tenant: Tenant) -> timedelta:
    return timedelta(minutes=tenant.idle_minutes)


def _ended_idle(services: Services, launch: Launch, tenant: Tenant) -> LaunchRefused:
    """End a session that nobody used. Its tokens are gone; the patient's drafts stay, and whoever had it open is told so."""
    end_session(services, tenant, launch, "open", "refused", {"reason": "idle"})
    kept = services.drafts.names(launch.tenant_id, launch.patient_id)
    drafts = "The draft that was saved is kept" if kept else "There was no saved draft"
    return LaunchRefused("idle", f"Nobody used this session for {tenant.idle_minutes} minutes, so it was ended. {drafts}.")
