"""What the tests of the store keep: one of everything, synthetic."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.records import AuditEntry, Launch, LedgerRow, PendingLaunch, Role, Secret, TokenSet, WriteState
from fhir_taper.store.drafts import Draft
from fhir_taper.store.ledger import Ledger
from fhir_taper.store.plans import PlanName, PlanVersion
from fhir_taper.store.reviews import PlanReview, ReviewState
from fhir_taper.store.watch_log import NoteKind, WatchNote

OLD_KEY = bytes(range(32))
NEW_KEY = bytes(range(32, 64))
AUDIT_KEY = Secret("an audit key that only the tests use")
NOW = datetime(2026, 1, 5, 9, 30, 0, 123456, tzinfo=UTC)
PLAN = PlanName("hospital", "p1", "6470", "linear-0123456789ab")


def pending(state_hash: str = "s1", **changes: Any) -> PendingLaunch:
    """Return an authorization request that waits for its answer."""
    made = PendingLaunch(
        state_hash, "hospital", "browser-1", Secret("verifier-1"), Secret("nonce-1"), Secret("xyz"), NOW + timedelta(minutes=5)
    )
    return replace(made, **changes)


def launch(launch_id: str = "l1", **changes: Any) -> Launch:
    """Return an open chart."""
    made = Launch(
        id=launch_id,
        tenant_id="hospital",
        patient_id="p1",
        user="Practitioner/pr1",
        user_name="Dr. Ana Example",
        role=Role.PRESCRIBER,
        scope="launch patient/*.rs",
        cookie_hash="c1",
        csrf=Secret("csrf-1"),
        begun=NOW,
        last_seen=NOW,
        ends=NOW + timedelta(hours=1),
        encounter_id="e1",
        fhir_context=({"reference": "ServiceRequest/1", "role": "x"},),
    )
    return replace(made, **changes)


def tokens(number: int = 1) -> TokenSet:
    """Return a set of tokens, told apart by a number."""
    return TokenSet(Secret(f"access-{number}"), NOW + timedelta(minutes=number), "openid", Secret(f"refresh-{number}"))


def plan_version(version: int = 1, plan: PlanName = PLAN, state: PlanState = PlanState.DRAFT, **changes: Any) -> PlanVersion:
    """Return a version of a plan; its id follows from the plan and the number."""
    made = PlanVersion(
        f"{plan.tenant_id}-{plan.patient_id}-{plan.ingredient}-{plan.key}-{version}",
        plan,
        version,
        state,
        b'{"dose": 0.50}',
        "Practitioner/pr1",
        NOW,
        b'{"labels": ["N"]}',
    )
    return replace(made, **changes)


def draft(revision: int = 1, **changes: Any) -> Draft:
    """Return work in progress."""
    return replace(Draft("hospital", "p1", "intake", revision, b"half a form", "Practitioner/pr1", NOW), **changes)


def review(review_id: str = "v1", **changes: Any) -> PlanReview:
    """Return a review that a pharmacist was asked for."""
    made = PlanReview(
        review_id,
        "hospital",
        "p1",
        "plan-1",
        "ab" * 32,
        ReviewState.REQUESTED,
        "Practitioner/pr1",
        NOW,
        detail={"asked": "is it on the shelf?"},
    )
    return replace(made, **changes)


def watch_note(note_id: str = "n1", **changes: Any) -> WatchNote:
    """Return a note of what a patient answered."""
    made = WatchNote(note_id, "hospital", "p1", "lorazepam/", NoteKind.FORM, NOW, "Patient/p1", b'{"sleep": 420}')
    return replace(made, **changes)


def write(row_id: str = "w1", **changes: Any) -> LedgerRow:
    """Return a write whose request has not left yet."""
    made = LedgerRow(
        id=row_id,
        tenant_id="hospital",
        launch_id="l1",
        patient_id="p1",
        plan_id="plan-1",
        plan_version=2,
        output="plan",
        rung="transaction",
        write_identifier=f"id-{row_id}",
        request_hash="abc",
        state=WriteState.PENDING,
        opened=NOW,
        detail={"resources": ["CarePlan"]},
    )
    return replace(made, **changes)


def open_write(ledger: Ledger, row: LedgerRow) -> None:
    """Open a write in a turn of its own."""
    turn = ledger.take_turn(row.tenant_id, row.patient_id, at=row.opened, until=row.opened)
    try:
        ledger.open_row(row, turn)
    finally:
        ledger.end_turn(turn)


def entry(number: int = 1, **changes: Any) -> AuditEntry:
    """Return something that happened."""
    made = AuditEntry(
        "hospital", NOW + timedelta(seconds=number), "Practitioner/pr1", "read", "done", "p1", "l1", {"resource": f"Observation/{number}"}
    )
    return replace(made, **changes)
