"""Writing the approved plan to the EHR of the launch: first seen, then written once, then read back.

What a person saw is what leaves: the button carries a digest of the cards, and a write whose fresh preview differs is not sent.
"""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from fhir_taper.errors import NotAllowed, WriteRefused
from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.records import LedgerRow, Role, WriteReceipt, WriteState
from fhir_taper.store.plans import PlanVersion
from fhir_taper.workflow.audited import NOBODY, note
from fhir_taper.workflow.audited_ledger import AuditedLedger
from fhir_taper.workflow.chosen_plan import newest_version, plan_of
from fhir_taper.workflow.ehr_statement import statement_of
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.plan import plan_bundle
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.writeback.execute import execute
from fhir_taper.writeback.guard import WriteGuard
from fhir_taper.writeback.negotiate import Allowed, allowed
from fhir_taper.writeback.overlay import load_overlay
from fhir_taper.writeback.prepare import Prepared, prepare
from fhir_taper.writeback.preview import Preview
from fhir_taper.writeback.sending import Errand

_DECIDED: Final = frozenset(
    {"approve", "hold", "resume", "review", "step-back", "stop-at", "contingency", "complete", "revoke", "entered-in-error"}
)
"""Kinds of versions that only a prescriber's decision makes; a new schedule is a draft until it is approved."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One write, ready to be seen. `seen` is what the button carries."""

    plan: TaperPlan
    prepared: Prepared
    preview: Preview
    reading: Reading

    @property
    def seen(self) -> str:
        """A digest of what the cards show: resources as they will be, the versions that were read, the rung."""
        cards = [[card.doing, card.resource_type, card.reference, card.version, card.body] for card in self.preview.cards]
        return sha256(encode([self.plan.id, self.prepared.plan.rung.name, cards])).hexdigest()


def preview_plan(services: Services, chart: OpenChart) -> Proposal:
    """What writing the approved plan would do, from a fresh read. Raises NotAllowed (nothing approved), WriteRefused, EhrError."""
    version = newest_version(services, chart)
    if version is None or version.state is PlanState.DRAFT:
        raise NotAllowed("there is no approved plan: approve one first")
    plan = plan_of(version)
    reading = load_chart(services, chart, afresh=True).reading(_day(services, chart, plan))
    may = _allowed(services, chart)
    day = _day(services, chart, plan)
    bundle = plan_bundle(plan, reading, as_of=day, instant=version.at, tenant=chart.tenant.id)
    before = _written_before(services, chart, version)
    base = plan_bundle(plan_of(before), reading, as_of=day, instant=before.at, tenant=chart.tenant.id) if before else None
    rows = services.ledger.of_patient(chart.tenant.id, chart.launch.patient_id)
    prepared = prepare(bundle, plan, patient_id=chart.launch.patient_id, allowed=may, reader=chart.client, as_of=day, base=base, rows=rows)
    note(services, chart.launch, "preview", "done", {"plan": plan.id, "rung": prepared.plan.rung.name})
    return Proposal(plan, prepared, prepared.preview(), reading)


def write_plan(services: Services, chart: OpenChart, seen: str) -> WriteReceipt:
    """Write what was previewed, once. Raises LaunchRefused ("role"), WriteRefused (with every reason; nothing was sent), EhrError."""
    require(services, chart, "write", (Role.PRESCRIBER,))
    proposal = preview_plan(services, chart)
    plan = proposal.plan
    if seen != proposal.seen:
        note(services, chart.launch, "write", "refused", {"plan": plan.id, "why": "changed-since-preview"})
        raise WriteRefused("what stands in the EHR, or the plan, changed since the preview: look at the new one")
    launch = chart.launch
    guard = WriteGuard(
        launch.patient_id, chart.client.base, proposal.prepared.allowed.overlay, proposal.reading.labels, plan, _decision(plan)
    )
    try:
        receipt = execute(
            proposal.prepared,
            Errand(launch.tenant_id, launch.id, chart.client.base),
            guard=guard,
            ehr=chart.client,
            ledger=AuditedLedger(services, launch.user or NOBODY, "settle-write", launch.id),
            pauses=services.pauses,
            clock=services.clock,
        )
    except WriteRefused as refusal:
        note(services, launch, "write", "refused", {"plan": plan.id, "reasons": len(refusal.reasons)})
        raise
    detail = {"plan": plan.id, "version": plan.version, "rung": receipt.rung, "ledger": list(receipt.ledger_ids)}
    note(services, launch, "write", receipt.state.value, detail)
    services.charts.drop(launch.id)
    return receipt


def writes_of(services: Services, chart: OpenChart) -> tuple[LedgerRow, ...]:
    """Every write to this patient's chart, newest first."""
    return tuple(reversed(services.ledger.of_patient(chart.launch.tenant_id, chart.launch.patient_id)))


def _allowed(services: Services, chart: OpenChart) -> Allowed:
    overlay = load_overlay(chart.tenant.vendor)
    return allowed(statement_of(services, chart.tenant, chart.client), chart.granted, overlay, signed_off=True)


def _written_before(services: Services, chart: OpenChart, version: PlanVersion) -> PlanVersion | None:
    """The newest earlier version of this plan that was written to the EHR."""
    written = {
        row.plan_id
        for row in services.ledger.of_patient(chart.launch.tenant_id, chart.launch.patient_id)
        if row.state in (WriteState.WRITTEN, WriteState.MISMATCH)
    }
    earlier = [one for one in services.plans.history(version.plan) if one.version < version.version and one.id in written]
    return earlier[-1] if earlier else None


def _decision(plan: TaperPlan) -> Decision | None:
    """The decision that made this version what it is, as the plan records it."""
    last = plan.revisions[-1] if plan.revisions else None
    return Decision(last.by, last.on, last.reason) if last is not None and last.kind in _DECIDED else None


def _day(services: Services, chart: OpenChart, plan: TaperPlan) -> date:
    """Today in the patient's zone, or the plan's first day where that is later."""
    return max(chart.day(services.clock(), plan.zone), plan.steps[0].start)
