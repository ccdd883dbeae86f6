"""One request, once: the guard, strict local validation, a ledger row that is PENDING before anything leaves, the request, what it meant.

Whatever stops the program between two of these lines leaves a row that the sweep finds (`recover`). Nothing here sends a request twice.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from fhir_taper import exact_json
from fhir_taper.errors import AccessEnded, EhrAnswered, EhrBusy, EhrError, HostRefused, StoreConflict, TooLate, WriteRefused
from fhir_taper.mappers.fhir import strict_errors
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Fetched, LedgerRow, WriteState, WriteTurn
from fhir_taper.smart.permitted import Leaving, Permitted
from fhir_taper.writeback.changes import KEPT, Change, Doing
from fhir_taper.writeback.following import read_if_there
from fhir_taper.writeback.guard import Draft, WriteGuard
from fhir_taper.writeback.judging import Outcome, Outgoing, judged, refused, still_there, unknown
from fhir_taper.writeback.locate import Sent
from fhir_taper.writeback.pauses import Pauses
from fhir_taper.writeback.ports import Answer, Clock, Ehr, Ledger
from fhir_taper.writeback.readback import meaning_digest
from fhir_taper.writeback.receipt import overall
from fhir_taper.writeback.receipt_kept import as_json
from fhir_taper.writeback.shape import sent_resource

SEND_WITHIN: Final = 20.0
"""Seconds from the instant of a row to its request, judged when nothing is waited for any more, its token neither. With the longest wait of
an answer it stays well below the time after which a sweep calls what it does not find rejected: a process that stood still sends nothing
that was given up meanwhile."""

_CORRECTED: Final[Mapping[WriteState, frozenset[WriteState]]] = {
    WriteState.UNKNOWN: frozenset({WriteState.WRITTEN, WriteState.MISMATCH, WriteState.REJECTED}),
    WriteState.WRITTEN: frozenset({WriteState.MISMATCH}),
    WriteState.REJECTED: frozenset({WriteState.WRITTEN, WriteState.MISMATCH}),
}
"""What a late answer, read back, says against what somebody found meanwhile."""


@dataclass(frozen=True, slots=True)
class Errand:
    """On whose behalf: tenant, launch, and the FHIR base of the launch user's own EHR; and the turn in which."""

    tenant_id: str
    launch_id: str
    base: str
    turn: WriteTurn


@dataclass(frozen=True, slots=True)
class Sender:
    """Everything that one request needs besides itself."""

    errand: Errand
    guard: WriteGuard
    ehr: Ehr
    ledger: Ledger
    pauses: Pauses
    clock: Clock
    searchable: frozenset[str]
    output: str
    rung: str
    errand_told: Json
    """What is kept with each row of this errand, so that the ledger alone gives the whole receipt (`receipt_kept`)."""

    def send(
        self, draft: Draft, changes: Iterable[Change], known: Mapping[str, str] | None = None, *, goes_on: bool = False
    ) -> tuple[str, Outcome]:
        """Send one request. Returns the id of its ledger row and what came of it. `goes_on`: others of this errand left before it.

        Raises WriteRefused before anything is recorded; where others left before, it is recorded that this one did not, and why, so that
        the receipt says it. Raises NotInTurn where somebody else writes for the patient or the plan has a newer version, StoreConflict
        where this very write is in the ledger already.
        """
        everything = tuple(changes)
        stands = any(change.standing is not None and change.resource_type != "Device" for change in everything)
        outgoing = tuple(_outgoing(change, draft, known or {}, stands=stands) for change in _in_order(draft, everything))
        permitted = self._permitted(draft, outgoing)
        if isinstance(permitted, WriteRefused) and not goes_on:
            raise permitted
        began = monotonic()
        row = self._row(draft, outgoing)
        before = self._open(row, outgoing)
        if isinstance(permitted, WriteRefused):
            outcome = refused(outgoing, f"not sent: {permitted}")
        else:
            outcome = before or self._outcome(outgoing, permitted, partial(_refuse_late, began))
        if outcome.not_before is not None:
            self.pauses.note(self.errand.base, outcome.not_before)
        self._settle(row, outcome)
        return row.id, outcome

    def _permitted(self, draft: Draft, outgoing: tuple[Outgoing, ...]) -> Permitted | WriteRefused:
        try:
            permitted = self.guard.permit(draft)
            refuse_invalid(outgoing)
        except WriteRefused as refusal:
            return refusal
        return permitted

    def _open(self, row: LedgerRow, outgoing: tuple[Outgoing, ...]) -> Outcome | None:
        """In this errand's turn only, and not where this very write was made before. Raises NotInTurn, StoreConflict.

        Returns what stands of the one thing that was written before, where that can be told.
        """
        self.ledger.open_row(row, self.errand.turn)
        others = (one for one in self.ledger.of_plan(row.plan_id) if one.id != row.id and one.tenant_id == row.tenant_id)
        same = (one for one in others if one.write_identifier == row.write_identifier and one.state is not WriteState.REJECTED)
        left = [self._left(one) for one in same]
        there = [fetched for found in left for fetched in found or ()]
        if None in left or (there and len(outgoing) > 1):
            self.ledger.settle(row.id, WriteState.REJECTED, at=self.clock(), detail=row.detail | {"says": "written before: not sent"})
            raise StoreConflict("this write was sent before")
        return still_there(outgoing[0], there[-1]) if there else None

    def _left(self, earlier: LedgerRow) -> list[Fetched] | None:
        """What is there still of what a write made: of device and provenance, which are made again without anybody being asked.

        Of all else, where it stood is a part of what its next write is known by: None, as where it cannot be told.
        """
        made = earlier.detail.get("resources", ())
        if not made or any(one["type"] in KEPT or not one.get("reference") for one in made):
            return None
        try:
            return [fetched for one in made if (fetched := read_if_there(self.ehr, one["reference"])) is not None]
        except EhrError:
            return None

    def _settle(self, row: LedgerRow, outcome: Outcome) -> None:
        state, detail = overall(one.state for one in outcome.resources), _detail(row, outcome)
        try:
            self.ledger.settle(row.id, state, at=self.clock(), detail=detail)
        except StoreConflict:  # somebody looked while the answer was on its way
            found = next((one for one in self.ledger.of_plan(row.plan_id) if one.id == row.id), row)
            if state in _CORRECTED.get(found.state, ()):
                with suppress(StoreConflict):
                    self.ledger.resolve(row.id, found.state, state, at=self.clock(), detail=found.detail | detail)

    def _outcome(self, outgoing: tuple[Outgoing, ...], permitted: Permitted, leaving: Leaving) -> Outcome:
        answer: Answer
        try:
            answer = self._request(permitted, leaving)
        except EhrAnswered as refusal:
            answer = _BareAnswer(refusal.status, refusal.words)
        except (HostRefused, AccessEnded, TooLate) as not_done:
            return refused(outgoing, str(not_done))
        except EhrBusy as busy:
            return refused(outgoing, str(busy), until=self.clock() + busy.wait)
        except EhrError as lost:
            return unknown(outgoing, str(lost))
        return judged(
            answer,
            outgoing,
            self.guard.patient_id,
            self.ehr,
            self.searchable,
            self.guard.overlay,
            self.clock(),
            is_transaction=not permitted.path,
        )

    def _request(self, permitted: Permitted, leaving: Leaving) -> Answer:
        if not permitted.path:
            return self.ehr.transaction(permitted, leaving)
        return self.ehr.update(permitted, leaving) if permitted.method == "PUT" else self.ehr.create(permitted, leaving)

    def _row(self, draft: Draft, outgoing: tuple[Outgoing, ...]) -> LedgerRow:
        plan: TaperPlan = self.guard.plan
        return LedgerRow(
            id=str(uuid4()),
            tenant_id=self.errand.tenant_id,
            launch_id=self.errand.launch_id,
            patient_id=self.guard.patient_id,
            plan_id=plan.id,
            plan_version=plan.version,
            output=self.output,
            rung=self.rung,
            write_identifier=write_key(outgoing),
            request_hash=sha256(exact_json.encode([draft.method, draft.path, draft.body])).hexdigest(),
            state=WriteState.PENDING,
            opened=self.ledger.now(),
            detail={
                "errand": self.errand_told,
                "sent": [one.sent.as_json() for one in outgoing],
                # What is merged against when the next version is written: sealed, as everything here.
                "bodies": {
                    one.sent.write_identifier: one.change.ours or one.resource for one in outgoing if one.change.resource_type in KEPT
                },
            },
        )


def write_key(outgoing: tuple[Outgoing, ...]) -> str:
    """What a ledger row is unique by: the care plan's (else the first resource's) write identifier, where nothing of it was there before.

    Where something was, a digest of what is done to which version follows: a second version may be written over the first, once; what
    somebody deleted may be made again, once. A provenance is also what it is about: one that tells of what was made again is another one.
    """
    lead = next((one for one in outgoing if one.change.resource_type == "CarePlan"), outgoing[0])
    is_first = all(one.change.doing is Doing.CREATE and one.change.gone is None and not one.rests_on_what_stands for one in outgoing)
    if is_first and lead.change.resource_type != "Provenance":
        return lead.sent.write_identifier
    done = [[one.sent.write_identifier, one.sent.doing, one.sent.etag or one.change.gone or "", *_about(one)] for one in outgoing]
    return f"{lead.sent.write_identifier}#{sha256(exact_json.encode(done)).hexdigest()[:16]}"


def _about(one: Outgoing) -> list[Json]:
    return list(one.resource.get("target", ())) if one.change.resource_type == "Provenance" else []


def refuse_invalid(outgoing: Iterable[Outgoing]) -> None:
    """Strict out: nothing leaves that its own model is against. Raises WriteRefused with every error."""
    wrong = [f"the {one.change.resource_type} is not valid FHIR: {said}" for one in outgoing for said in strict_errors(one.resource)]
    if wrong:
        raise WriteRefused(*wrong)


def _refuse_late(began: float) -> None:
    """Raise TooLate where the row is too old by now: its record, its token or its turn took too long."""
    if monotonic() - began > SEND_WITHIN:
        raise TooLate("it took too long until this write could leave: nothing was sent")


@dataclass(frozen=True, slots=True)
class _BareAnswer:
    """A refusal that came as an error, seen as an answer."""

    status: int
    words: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return {"resourceType": "OperationOutcome", "issue": [{"diagnostics": self.words}]}


def _in_order(draft: Draft, changes: Iterable[Change]) -> list[Change]:
    """The changes that the request carries, in the order of its entries."""
    moving = [change for change in changes if change.doing is not Doing.NONE]
    if draft.path:
        return moving
    order = [entry["fullUrl"] for entry in draft.body["entry"]]
    return sorted(moving, key=lambda change: order.index(change.urn))


def _outgoing(change: Change, draft: Draft, known: Mapping[str, str], *, stands: bool) -> Outgoing:
    resource: Json = sent_resource(change, draft)
    etag = change.standing.etag if change.standing and change.doing is Doing.UPDATE else None
    about = next((known[one] for one in known if known[one].startswith("CarePlan/")), "") if change.resource_type == "Provenance" else ""
    reference = change.reference if change.doing is Doing.UPDATE else ""
    sent = Sent(change.resource_type, change.doing, change.write_identifier, meaning_digest(resource), reference, etag, about)
    return Outgoing(change, resource, sent, rests_on_what_stands=stands)


def _detail(row: LedgerRow, outcome: Outcome) -> Json:
    return row.detail | {
        "resources": [as_json(one) for one in outcome.resources],
        "is_conflict": outcome.is_conflict,
        "not_before": outcome.not_before.isoformat() if outcome.not_before else None,
    }
