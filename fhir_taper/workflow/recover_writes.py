"""Writes of which nobody knows whether they were done: looked for in the EHR, and shown to a person where it cannot be told.

After a crash, a lost answer or a restart. Three come by: the sweep with the program's own access (where the tenant has any), the next
launch in the same chart with its user's access, and a person who looked in the EHR. None of them sends a write.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from fhir_taper.errors import EhrError, SettingsError, WriteRefused, WrongUsage
from fhir_taper.logs import log
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.records import AuditEntry, LedgerRow, Role, Secret, Tenant, WriteState
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.granted_reads import GrantedReads
from fhir_taper.smart.patients import Refusal
from fhir_taper.smart.scopes import Granted, system_scopes
from fhir_taper.workflow.audited import word
from fhir_taper.workflow.audited_ledger import AuditedLedger, audit_line
from fhir_taper.workflow.ehr_statement import found_by_identifier
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.writeback.changes import ORDER
from fhir_taper.writeback.execute import unresolved
from fhir_taper.writeback.locate import sent_of
from fhir_taper.writeback.recover import FOUND_BY_PERSON, LATEST_COMMIT, by_person, resolve

PROGRAM: Final = "fhir-taper"
"""The actor of what the program does without a person."""
_ACTION: Final = "recover-write"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: the state of each ledger row that was looked for; and the rows that could not be, each with why (a code)."""

    states: Mapping[str, WriteState] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)

    @property
    def unresolved(self) -> int:
        """How many writes wait for a launch in their chart, or for a person."""
        open_still = sum(state in (WriteState.PENDING, WriteState.UNKNOWN) for state in self.states.values())
        return open_still + len(self.waiting)


def sweep(services: Services) -> Swept:
    """Look for every write that was never settled, of all tenants, with the program's own access; each finding is audited.

    A write younger than two minutes is left alone: its answer may be on its way. Never raises for what an EHR does; raises StoreError.
    """
    states: dict[str, WriteState] = {}
    waiting: dict[str, str] = {}
    told: set[str] = set()
    for row in services.ledger.unfinished(services.ledger.now() - LATEST_COMMIT):
        tenant = services.settings.tenant(row.tenant_id)
        if tenant is None or tenant.backend_client_id is None:
            waiting[row.id] = "no-access"
            continue
        try:
            client, granted, lacking = _own_access(services, tenant, row)
            if lacking and tenant.id not in told:
                _tell_lacking(services, tenant, lacking)
                told.add(tenant.id)
            if not any(granted.covers(one.resource_type, letter) for one in sent_of(row.detail) for letter in "rs"):
                waiting[row.id] = "not-granted"
                continue
            states[row.id] = _look(services, row, client, granted, found_by_identifier(services, tenant, client, granted), PROGRAM, None)
        except SettingsError:
            waiting[row.id] = "no-access"
        except EhrError:
            waiting[row.id] = "no-answer"
    return Swept(states, waiting)


def sweep_chart(services: Services, chart: OpenChart) -> Swept:
    """The same for the patient of an open chart, with the access of its launch. Never raises for what the EHR does; raises StoreError."""
    rows = unresolved_writes(services, chart)
    if not rows:
        return Swept()
    try:
        granted = chart.granted
        searchable = found_by_identifier(services, chart.tenant, chart.client, granted)
    except EhrError:
        return Swept(waiting={row.id: "no-answer" for row in rows})
    actor = chart.launch.user or PROGRAM
    return Swept({row.id: _look(services, row, chart.client, granted, searchable, actor, chart.launch.id) for row in rows})


def unresolved_writes(services: Services, chart: OpenChart) -> tuple[LedgerRow, ...]:
    """Writes to this patient's chart of which nobody knows yet whether they were done, oldest first."""
    return unresolved(services.ledger, chart.launch.tenant_id, chart.launch.patient_id)


def is_young(row: LedgerRow, now: datetime) -> bool:
    """Whether a write may still arrive, by the ledger's clock: before that, a person who does not see it has learned nothing."""
    return now - row.opened < LATEST_COMMIT


def found_in_words(word: str) -> WriteState:
    """What a person may say that they found ("written", "mismatch", "rejected"). Raises WrongUsage for any other word."""
    if word not in FOUND_BY_PERSON:
        raise WrongUsage("say what is in the EHR: all of it, a part of it, or nothing")
    return WriteState(word)


def told_by_person(services: Services, chart: OpenChart, row_id: str, found: WriteState, reason: str) -> WriteState:
    """What a prescriber found in the EHR ends a write: WRITTEN (all of it), MISMATCH (a part, or otherwise), REJECTED (nothing).

    Raises LaunchRefused ("role"), WriteRefused (not open, too young, no reason).
    """
    require(services, chart, _ACTION, (Role.PRESCRIBER,))
    row = next((one for one in unresolved_writes(services, chart) if one.id == row_id), None)
    if row is None:
        raise WriteRefused("this write is settled already: look at the list again")
    now = services.clock()
    if is_young(row, services.ledger.now()):
        raise WriteRefused("this write is younger than two minutes and may still arrive: look again then")
    ledger = AuditedLedger(services, chart.launch.user or PROGRAM, _ACTION, chart.launch.id)
    return by_person(row, Decision(chart.who, chart.day(now), reason), ledger, services.clock, found)


def _look(
    services: Services, row: LedgerRow, client: FhirClient, granted: Granted, searchable: Iterable[str], actor: str, launch_id: str | None
) -> WriteState:
    state = resolve(row, GrantedReads(client, granted), AuditedLedger(services, actor, _ACTION, launch_id), services.clock, searchable)
    if state is row.state:  # nothing was settled: that somebody looked is told all the same
        services.audit.append(audit_line(row, state, services.clock(), row.detail, actor, _ACTION, launch_id))
    return state


def _own_access(services: Services, tenant: Tenant, row: LedgerRow) -> tuple[FhirClient, Granted, Mapping[str, str]]:
    """The EHR for the patient of a row, with the program's own token; what that may do, and what it was asked for and may not.

    Raises SettingsError, EhrError.
    """
    transport, configuration = services.transport(tenant), partial(services.configuration, tenant)
    scope = system_scopes(configuration(), (*ORDER, "Patient"), "rs")
    token = partial(services.backend.token, tenant, transport, configuration, scope)

    def renewed(refused: Secret) -> Secret:
        del refused
        services.backend.forget(tenant, scope)
        return token()

    def note_refused(refused: Refusal) -> None:
        detail = {"resource": word(f"{refused.resource_type}/{refused.id}"), "why": "not-usable", "ledger": row.id}
        services.audit.append(AuditEntry(row.tenant_id, services.clock(), PROGRAM, "read", "refused", row.patient_id, None, detail))

    # No token, no look: told apart from an EHR that does not find it.
    granted = Granted.parse(services.backend.access(tenant, transport, configuration, scope).scope)
    client = FhirClient(tenant.issuer, transport, token, row.patient_id, note_refused, renew=renewed)
    return client, granted, granted.lacks(Granted.parse(scope))


def _tell_lacking(services: Services, tenant: Tenant, lacking: Mapping[str, str]) -> None:
    """The EHR gave the program less than it asked for: said once a sweep, to whoever audits and to whoever runs it."""
    entry = AuditEntry(tenant.id, services.clock(), PROGRAM, _ACTION, "partly", detail={"not-granted": dict(lacking)})
    services.audit.append(entry)
    log("sweep", {"tenant": tenant.id, "not_granted": len(lacking)}, level=logging.WARNING)
