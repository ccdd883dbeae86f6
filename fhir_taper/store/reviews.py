"""Reviews by a pharmacist before a plan is activated: asked for, of one dispensing plan, and answered once. Rows stay.

A review counts for the plan that was looked at (`digest`) and for no other. Whoever answers second is told. The words are sealed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, select, update

from fhir_taper import exact_json
from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.records import Json
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.schema import pharmacist_review


class ReviewState(StrEnum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class PlanReview:
    """One review. `plan_id`: the draft it is of; `digest`: what of it was to be looked at; `detail`: the words and names of both sides."""

    id: str
    tenant_id: str
    patient_id: str
    plan_id: str
    digest: str
    state: ReviewState
    asked_by: str
    asked_at: datetime
    answered_by: str | None = None
    answered_at: datetime | None = None
    detail: Json = field(default_factory=dict)


_CLEAR: Final = ("id", "tenant_id", "patient_id", "plan_id", "digest", "asked_by", "asked_at", "answered_by", "answered_at")


class ReviewStore:
    """Ask, answer, read."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def ask(self, review: PlanReview) -> None:
        """Keep a request. Raises StoreConflict where one for this plan is open, StoreError for a review that is answered already."""
        if review.state is not ReviewState.REQUESTED or review.answered_at is not None:
            raise StoreError(f"a review is asked for as requested, not {review.state}")
        clear = {name: getattr(review, name) for name in _CLEAR}
        with self._database.begin() as connection:
            connection.execute(insert(pharmacist_review).values(clear | {"state": review.state.value} | self._sealed(review)))

    def answer(self, review_id: str, tenant_id: str, state: ReviewState, *, by: str, at: datetime, detail: Json) -> PlanReview:
        """Keep the answer; `detail` is added to the words of the request. Raises StoreConflict where it is answered already."""
        if state is ReviewState.REQUESTED:
            raise StoreError("an answer is not a request")
        with self._database.begin() as connection:
            asked = self.review(tenant_id, review_id)
            if asked is None:
                raise StoreError(f"there is no review {review_id}")
            answered = replace(asked, state=state, answered_by=by, answered_at=at, detail=asked.detail | detail)
            values = {"state": state.value, "answered_by": by, "answered_at": at} | self._sealed(answered)
            is_open = pharmacist_review.c.state == ReviewState.REQUESTED.value
            if not connection.execute(
                update(pharmacist_review).where(pharmacist_review.c.id == review_id, is_open).values(values)
            ).rowcount:
                raise StoreConflict(f"the review is {asked.state} already")
        return answered

    def review(self, tenant_id: str, review_id: str) -> PlanReview | None:
        """One review; None where the tenant has none such."""
        found = self._find(pharmacist_review.c.tenant_id == tenant_id, pharmacist_review.c.id == review_id)
        return found[0] if found else None

    def of_patient(self, tenant_id: str, patient_id: str) -> tuple[PlanReview, ...]:
        """Every review of a patient's plans, newest first."""
        return self._find(pharmacist_review.c.tenant_id == tenant_id, pharmacist_review.c.patient_id == patient_id)

    def _sealed(self, review: PlanReview) -> dict[str, Any]:
        sealed = self._keys.seal(exact_json.encode(review.detail), review.tenant_id, pharmacist_review.name, review.id)
        return {"sealed": sealed, "key_id": self._keys.current}

    def _find(self, *where: ColumnElement[bool]) -> tuple[PlanReview, ...]:
        newest_first = pharmacist_review.c.asked_at.desc(), pharmacist_review.c.id
        with self._database.read() as connection:
            rows = connection.execute(select(pharmacist_review).where(*where).order_by(*newest_first)).mappings().all()
        return tuple(self._review(row) for row in rows)

    def _review(self, row: Mapping[Any, Any]) -> PlanReview:
        detail = exact_json.decode(self._keys.unseal(row["sealed"], row["tenant_id"], pharmacist_review.name, row["id"]))
        return PlanReview(**{name: row[name] for name in _CLEAR}, state=ReviewState(row["state"]), detail=detail)
