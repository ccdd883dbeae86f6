"""Writing what was previewed, once: one transaction, or single requests in order until one is not taken.

Nothing new leaves while an earlier write for the patient is unresolved, while the EHR asked for a pause, where a card has a conflict, or
where somebody else writes for the patient or saved a newer version meanwhile (`store.turns`).
After a conflict the caller reads again and shows a new preview; nothing is merged behind a person's back and nothing is tried again.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from uuid import uuid4

from fhir_taper.errors import NotInTurn, StoreConflict, WriteRefused
from fhir_taper.records import LedgerRow, WriteReceipt, WriteState, WrittenResource
from fhir_taper.smart.permitted import Permitted
from fhir_taper.writeback import receipt
from fhir_taper.writeback.changes import Change, Doing
from fhir_taper.writeback.guard import WriteGuard
from fhir_taper.writeback.judging import Outcome
from fhir_taper.writeback.ladder import TRANSACTION
from fhir_taper.writeback.pauses import Pauses
from fhir_taper.writeback.ports import Clock, Ehr, Ledger
from fhir_taper.writeback.preflight import preflight
from fhir_taper.writeback.prepare import Prepared
from fhir_taper.writeback.receipt_kept import errand_told
from fhir_taper.writeback.sending import Errand, Sender
from fhir_taper.writeback.shape import single, transaction

_NOT_SENT = "not sent: the write ended before it"
_TWICE = "this very write is in the ledger already: nothing was sent"


def execute(
    prepared: Prepared,
    errand: Errand,
    *,
    guard: WriteGuard,
    ehr: Ehr,
    ledger: Ledger,
    pauses: Pauses,
    clock: Clock,
    accepted: Collection[str] = (),
) -> WriteReceipt:
    """Write, and say what came of it. `accepted` names what a person accepted of what the preview asked (`Ask.name`).

    Raises WriteRefused where guard, conflict or overlay are against it, or something is not accepted: then nothing was sent. What is only
    known when something was sent (a reference that came back and may not leave) ends the write, and the receipt says it.
    """
    refuse_conflicts(prepared)
    refuse_unaccepted(prepared, accepted)
    moving = tuple(change for change in prepared.changes if change.doing is not Doing.NONE)
    still = tuple(_nothing(change) for change in prepared.changes if change.doing is Doing.NONE)
    empty = WriteReceipt(
        prepared.plan.output,
        prepared.plan.rung.name,
        WriteState.REJECTED,
        still,
        receipt.skipped(prepared.plan, prepared.proposals),
        plan_id=guard.plan.id,
    )
    if prepared.is_by_hand:
        return replace(empty, says="; ".join(prepared.notes))
    if not moving:
        return replace(empty, state=WriteState.WRITTEN, says="nothing to write: the EHR holds this already")
    until = pauses.until(errand.base, clock())
    if until is not None:
        return replace(empty, not_before=until, says="nothing was sent: the EHR asked for a pause")
    waiting = unresolved(ledger, errand.tenant_id, guard.patient_id)
    if waiting:
        ids = tuple(row.id for row in waiting)
        return replace(empty, state=WriteState.UNKNOWN, ledger_ids=ids, says="nothing was sent: an earlier write is not resolved yet")
    is_one_request = prepared.plan.rung is TRANSACTION
    # One by one, each is judged before the first one leaves, as far as it can be: a refusal half-way would leave half a plan.
    permitted = _judged(prepared, moving, guard, errand) if prepared.allowed.validates or not is_one_request else ()
    noted = preflight(permitted, ehr) if prepared.allowed.validates else ""
    planned = tuple(_told(change, WriteState.REJECTED, _NOT_SENT) for change in moving)
    told = errand_told(str(uuid4()), still, planned, empty.skipped, noted)
    rung = prepared.plan.rung.name
    sender = Sender(errand, guard, ehr, ledger, pauses, clock, prepared.allowed.searchable, prepared.plan.output, rung, told)
    try:
        sent = list(_one_request(prepared, sender) if is_one_request else _one_by_one(prepared, moving, sender))
    except NotInTurn as overtaken:
        return replace(empty, says=str(overtaken))
    except StoreConflict:
        return replace(empty, state=WriteState.UNKNOWN, says=_TWICE)
    made = _receipt(empty, planned, sent)
    return replace(made, says=f"{made.says}; {noted}") if noted else made


def unresolved(ledger: Ledger, tenant_id: str, patient_id: str) -> tuple[LedgerRow, ...]:
    """Writes for a patient of which nobody knows yet whether they were done."""
    return tuple(row for row in ledger.of_patient(tenant_id, patient_id) if row.state in (WriteState.PENDING, WriteState.UNKNOWN))


def refuse_conflicts(prepared: Prepared) -> None:
    """Raises WriteRefused for what a person must resolve, and for what this EHR does not take."""
    reasons = [
        f"{change.reference}: {conflict.element} was changed in the EHR by somebody else"
        for change in prepared.changes
        for conflict in change.conflicts
    ]
    reasons += [f"{change.resource_type}: {why}" for change in prepared.changes for why in change.refused if change.doing is not Doing.NONE]
    if reasons:
        raise WriteRefused(*reasons)


def refuse_unaccepted(prepared: Prepared, accepted: Collection[str]) -> None:
    """Raises WriteRefused for what a person must accept and did not."""
    open_ = [ask.says for ask in prepared.asks if ask.name not in accepted]
    if open_:
        raise WriteRefused(*(f"not accepted: {says}" for says in open_))


Sent = tuple[str, Outcome]


def _one_request(prepared: Prepared, sender: Sender) -> Iterator[Sent]:
    draft = transaction(
        [change for change in prepared.changes if change.doing is not Doing.NONE],
        prepared.known or {},
        prepared.allowed,
        sender.errand.base,
    )
    yield sender.send(draft, prepared.changes, prepared.known)


def _one_by_one(prepared: Prepared, moving: tuple[Change, ...], sender: Sender) -> Iterator[Sent]:
    known = dict(prepared.known or {})
    for change in moving:
        draft = single(change, prepared.changes, known, prepared.allowed, sender.errand.base)
        try:
            row, outcome = sender.send(draft, [change], known, goes_on=change is not moving[0])
        except NotInTurn as overtaken:
            if change is moving[0]:
                raise
            yield "", Outcome((_told(change, WriteState.REJECTED, str(overtaken)),))
            return
        except StoreConflict:
            yield "", Outcome((_told(change, WriteState.UNKNOWN, _TWICE),))
            return
        yield row, outcome
        written = outcome.resources[0]
        if written.state is not WriteState.WRITTEN:
            return
        known[change.urn] = written.reference


def _judged(prepared: Prepared, moving: tuple[Change, ...], guard: WriteGuard, errand: Errand) -> tuple[Permitted, ...]:
    """Each change as a request of its own, as the guard would let it out. Raises WriteRefused."""
    known = prepared.known or {}
    return tuple(guard.permit(single(change, prepared.changes, known, prepared.allowed, errand.base)) for change in moving)


def _receipt(empty: WriteReceipt, planned: tuple[WrittenResource, ...], sent: list[Sent]) -> WriteReceipt:
    written = [one for _, outcome in sent for one in outcome.resources]
    done = {one.write_identifier for one in written}
    left = tuple(one for one in planned if one.write_identifier not in done)
    resources = (*written, *left)
    return replace(
        empty,
        state=receipt.overall(one.state for one in resources),
        resources=(*resources, *empty.resources),
        ledger_ids=tuple(row for row, _ in sent if row),
        is_conflict=any(outcome.is_conflict for _, outcome in sent),
        not_before=max((outcome.not_before for _, outcome in sent if outcome.not_before), default=None),
        says=receipt.says(resources),
        is_sent=any(row for row, _ in sent),
    )


def _nothing(change: Change) -> WrittenResource:
    return replace(_told(change, WriteState.WRITTEN, "unchanged"), etag=change.standing.etag if change.standing else None)


def _told(change: Change, state: WriteState, says: str) -> WrittenResource:
    return WrittenResource(
        change.resource_type,
        str(change.doing),
        state,
        change.write_identifier,
        change.reference,
        degraded=change.degraded,
        says=says,
    )
