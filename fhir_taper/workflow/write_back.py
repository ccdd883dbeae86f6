"""Writing the approved plan to the EHR of the launch: first seen, then written once, then read back.

What a person saw is what leaves: the button carries a digest of the cards, and a write whose fresh preview differs is not sent.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Final

from fhir_taper.errors import NotAllowed, NotInTurn, WriteRefused
from fhir_taper.exact_json import encode
from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.labels import refuse_restricted, united
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.first_supply import first_supply
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.records import LedgerRow, Role, WriteReceipt, WriteState, WriteTurn
from fhir_taper.store.plans import PlanVersion
from fhir_taper.store.turns import KEPT_FOR
from fhir_taper.workflow.audited import NOBODY, note
from fhir_taper.workflow.audited_ledger import AuditedLedger
from fhir_taper.workflow.chosen_plan import plan_of
from fhir_taper.workflow.course import stops_of
from fhir_taper.workflow.ehr_statement import statement_of
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.made_from import MadeFrom, made_from_of
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.plan import plan_bundle
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.unread import unread_now, unread_tapers
from fhir_taper.workflow.versions import newest_of_each
from fhir_taper.workflow.write_choice import Writable, chosen, writable_plans
from fhir_taper.writeback.execute import execute
from fhir_taper.writeback.guard import WriteGuard
from fhir_taper.writeback.negotiate import Allowed, allowed
from fhir_taper.writeback.ours import write_ids_of
from fhir_taper.writeback.overlay import load_overlay
from fhir_taper.writeback.prepare import Prepared, prepare
from fhir_taper.writeback.preview import Preview
from fhir_taper.writeback.recorded import PlanIds
from fhir_taper.writeback.sending import Errand

_DECIDED: Final = frozenset(
    {"approve", "hold", "resume", "review", "step-back", "stop-at", "contingency", "complete", "revoke", "entered-in-error"}
)
"""Kinds of versions that only a prescriber's decision makes; a new schedule is a draft until it is approved."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One write, ready to be seen. `seen` is what the button carries; `reading` has the labels of when the plan was made, too."""

    plan: TaperPlan
    prepared: Prepared
    preview: Preview
    reading: Reading
    others: tuple[Writable, ...] = ()
    """The other approved plans of the patient, those that stand unwritten first."""
    stops: tuple[Finding, ...] = ()
    """What today's chart says against any reduction of the plan: said above the cards."""
    labels_were_kept: bool = True
    """False: of this version, or one that it comes from, the labels of then are not known; those of the chart of now count alone."""

    @property
    def seen(self) -> str:
        """A digest of what was shown: resources as they will be, the versions that were read, the rung, today's Stops."""
        cards = [[card.doing, card.resource_type, card.reference, card.version, card.body] for card in self.preview.cards]
        stops, asks = [one.message for one in self.stops], [[one.name, one.says] for one in self.preview.asks]
        return sha256(encode([self.plan.id, self.prepared.plan.rung.name, cards, stops, asks, list(self.preview.notes)])).hexdigest()


def preview_plan(services: Services, chart: OpenChart, plan_id: str = "") -> Proposal:
    """What writing an approved plan would do, from a fresh read. `plan_id` names the plan by any version of it: its newest one is written;
    "" is the one that stands unwritten and was saved last.

    Raises NotAllowed (nothing approved), WrongUsage (no such plan), WriteRefused, EhrError.
    """
    if not any(one.state is not PlanState.DRAFT for one in newest_of_each(services, chart)):
        raise NotAllowed("there is no approved plan: approve one first")
    loaded = load_chart(services, chart, afresh=True)
    found = writable_plans(services, chart, loaded)
    taken = chosen(services, chart, found, plan_id)
    if taken is None:
        raise NotAllowed("this plan is not approved: approve it first")
    version, plan = taken.version, taken.plan
    _refuse_unread(services, chart, loaded, plan)
    day = _day(services, chart, plan)
    kept = made_from_of(version)
    reading = _labelled(loaded.reading(day), version, kept)
    may = _allowed(services, chart)
    bundle = plan_bundle(plan, reading, as_of=day, instant=version.at, tenant=chart.tenant.id)
    before = _written_before(services, chart, version)
    base = plan_bundle(plan_of(before), reading, as_of=day, instant=before.at, tenant=chart.tenant.id) if before else None
    rows = services.ledger.of_patient(chart.tenant.id, chart.launch.patient_id)
    prepared = prepare(
        bundle,
        plan,
        patient_id=chart.launch.patient_id,
        allowed=may,
        reader=chart.client,
        as_of=day,
        base=base,
        rows=rows,
        ids=_plan_ids(services, version, plan),
    )
    note(services, chart.launch, "preview", "done", {"plan": plan.id, "rung": prepared.plan.rung.name})
    others = tuple(one for one in found if one.version.id != version.id)
    is_whole = kept is not None and kept.is_whole
    return Proposal(plan, prepared, prepared.preview(), reading, others, stops_of(services, chart, loaded, plan), is_whole)


def _labelled(reading: Reading, version: PlanVersion, kept: MadeFrom | None) -> Reading:
    """The chart of now with the labels that it had when the version was made, too. Raises RestrictedData by the ones and by the others."""
    refuse_restricted(reading.labels)
    if kept is None:
        return reading
    refuse_restricted(kept.labels, f"version {version.version} of the plan was made from data labelled")
    return replace(reading, labels=united(reading.labels, kept.labels))


def _refuse_unread(services: Services, chart: OpenChart, loaded: Loaded, plan: TaperPlan) -> None:
    """Labels are those of the chart of now, too: what is unread may be restricted, and the plan made of it. And no plan begins to run in
    the EHR beside a taper that cannot be read. Raises WriteRefused, audited."""
    unread = unread_now(loaded, plan)
    tapers = unread_tapers(services, chart, loaded) if plan.state in RUNNING else ()
    if unread or tapers:
        note(services, chart.launch, "preview", "refused", {"plan": plan.id, "unread": sorted(loaded.not_read | loaded.in_part)})
        raise WriteRefused(
            *(f"{says}: how the plan must be labelled is not known, and it is not written: read the chart again" for says in unread),
            *tapers,
        )


def write_plan(services: Services, chart: OpenChart, seen: str, plan_id: str = "", accepted: Collection[str] = ()) -> WriteReceipt:
    """Write what was previewed, once, and nobody else to this patient's chart meanwhile: what stands, and which version is the newest, is
    looked up again in that turn. `accepted` names what the person accepted of what the preview asked.

    Raises LaunchRefused ("role"), NotInTurn (somebody else is writing), WriteRefused (with every reason; nothing was sent), EhrError.
    """
    require(services, chart, "write", (Role.PRESCRIBER,))
    with _turn(services, chart) as turn:
        return _write(services, chart, seen, plan_id, turn, accepted)


@contextmanager
def _turn(services: Services, chart: OpenChart) -> Iterator[WriteTurn]:
    """The turn to write to the patient's chart. Raises NotInTurn, audited."""
    launch, now = chart.launch, services.ledger.now()
    try:
        turn = services.ledger.take_turn(launch.tenant_id, launch.patient_id, at=now, until=now + KEPT_FOR)
    except NotInTurn:
        note(services, launch, "write", "refused", {"why": "another-write"})
        raise
    try:
        yield turn
    finally:
        services.ledger.end_turn(turn)


def _write(services: Services, chart: OpenChart, seen: str, plan_id: str, turn: WriteTurn, accepted: Collection[str]) -> WriteReceipt:
    proposal = preview_plan(services, chart, plan_id)
    plan = proposal.plan
    if seen != proposal.seen:
        note(services, chart.launch, "write", "refused", {"plan": plan.id, "why": "changed-since-preview"})
        raise WriteRefused(
            "what stands in the EHR, or the plan, or what today's chart says against it, changed since the preview: look at the new one"
        )
    launch = chart.launch
    guard = WriteGuard(
        launch.patient_id,
        chart.client.base,
        proposal.prepared.allowed.overlay,
        proposal.reading.labels,
        plan,
        _decision(plan),
        proposal.reading.tables.safety.life,
        tuple(filter(None, (shown(first_supply(plan, proposal.reading.regimen.items).note),))),
        proposal.prepared.ours,
    )
    try:
        receipt = execute(
            proposal.prepared,
            Errand(launch.tenant_id, launch.id, chart.client.base, turn),
            guard=guard,
            ehr=chart.client,
            ledger=AuditedLedger(services, launch.user or NOBODY, "settle-write", launch.id),
            pauses=services.pauses,
            clock=services.clock,
            accepted=accepted,
        )
    except WriteRefused as refusal:
        note(services, launch, "write", "refused", {"plan": plan.id, "reasons": len(refusal.reasons)})
        raise
    detail = {"plan": plan.id, "version": plan.version, "rung": receipt.rung, "ledger": list(receipt.ledger_ids)}
    asked = [ask.name for ask in proposal.preview.asks]
    note(services, launch, "write", receipt.state.value, detail | ({"accepted": asked} if asked else {}))
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


def _plan_ids(services: Services, version: PlanVersion, plan: TaperPlan) -> PlanIds:
    """What is kept here of the plan of a version, and of the patient's other plans."""
    kept = services.plans.of_patient(version.plan.tenant_id, version.plan.patient_id)
    this = frozenset(one.id for one in kept if one.plan == version.plan)
    return PlanIds(this, frozenset(one.id for one in kept) - this, write_ids_of(plan, version.plan.tenant_id))


def _decision(plan: TaperPlan) -> Decision | None:
    """The decision that made this version what it is, as the plan records it."""
    last = plan.revisions[-1] if plan.revisions else None
    return Decision(last.by, last.on, last.reason) if last is not None and last.kind in _DECIDED else None


def _day(services: Services, chart: OpenChart, plan: TaperPlan) -> date:
    """Today in the patient's zone, or the plan's first day where that is later."""
    return max(chart.day(services.clock(), plan.zone), plan.steps[0].start)
