"""A pharmacist's review before a plan is activated: asked for by a prescriber, answered by a pharmacist, awaited by the approval.

A review is of what is dispensed: products, doses and days. Where these change, it does not count any more and is asked for anew. A tenant
may require a review of every plan (`needs_pharmacist_review`); elsewhere a plan waits only where somebody asked. Nothing goes to the EHR.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import uuid4

from fhir_taper.errors import NotAllowed, StoreConflict, WrongUsage
from fhir_taper.exact_json import encode
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers import lifecycle
from fhir_taper.plans.tapers.lifecycle import ACCEPTED, ApprovalRules
from fhir_taper.plans.tapers.plan import PharmacistReview, PlanState, TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.plans.tapers.windows import Window, windows_from
from fhir_taper.records import Role
from fhir_taper.store.reviews import PlanReview, ReviewState, ReviewStore
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services

_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the review of a draft stands. `review` None: nobody asked for one of what the draft is now."""

    review: PlanReview | None
    is_required: bool

    @property
    def is_open(self) -> bool:
        """Whether a pharmacist is asked and has not answered."""
        return self.review is not None and self.review.state is ReviewState.REQUESTED

    @property
    def is_accepted(self) -> bool:
        """Whether a pharmacist accepted what the draft is now."""
        return self.review is not None and self.review.state is ReviewState.ACCEPTED

    @property
    def is_returned(self) -> bool:
        """Whether a pharmacist gave it back with a reason."""
        return self.review is not None and self.review.state is ReviewState.RETURNED

    @property
    def rules(self) -> ApprovalRules:
        """What the approval of this draft asks for."""
        return ApprovalRules(needs_agreement=True, needs_pharmacist=self.is_required or self.review is not None)


def standing_of(services: Services, chart: OpenChart, draft: TaperPlan) -> Standing:
    """Where the review of a draft stands, as the draft is now."""
    seen = supply_digest(draft)
    of_patient = _store(services).of_patient(chart.launch.tenant_id, chart.launch.patient_id)
    own = (one for one in of_patient if (one.plan_id, one.digest) == (draft.id, seen) and one.state is not ReviewState.WITHDRAWN)
    return Standing(next(own, None), chart.tenant.needs_pharmacist_review)


def reviewed(services: Services, chart: OpenChart, draft: TaperPlan) -> tuple[TaperPlan, ApprovalRules]:
    """The draft with its pharmacist's answer, if there is one, and what its approval asks for."""
    standing = standing_of(services, chart, draft)
    review = standing.review
    if review is None or review.answered_at is None or draft.state is not PlanState.DRAFT:
        return draft, standing.rules
    verdict = ACCEPTED if standing.is_accepted else str(review.detail["answer"])
    answer = PharmacistReview(str(review.detail["answered_by"]), chart.day(review.answered_at, draft.zone), verdict)
    return lifecycle.review_by_pharmacist(draft, answer), standing.rules


def ask_for_review(services: Services, chart: OpenChart, draft: TaperPlan, words: str) -> None:
    """Ask a pharmacist to look at a draft; an open request for what it was before is withdrawn.

    Raises LaunchRefused ("role"), NotAllowed where the same draft is being looked at, or was accepted.
    """
    require(services, chart, "ask for a review", (Role.PRESCRIBER,))
    standing, launch, now = standing_of(services, chart, draft), chart.launch, services.clock()
    if standing.is_open or standing.is_accepted:
        raise NotAllowed("a pharmacist is asked already" if standing.is_open else "a pharmacist accepted this plan already")
    request = PlanReview(
        str(uuid4()),
        launch.tenant_id,
        launch.patient_id,
        draft.id,
        supply_digest(draft),
        ReviewState.REQUESTED,
        launch.user,
        now,
        detail={"asked": words.strip()[:_LONGEST], "asked_by": chart.who},
    )
    store = _store(services)
    with services.database.begin():
        for one in store.of_patient(launch.tenant_id, launch.patient_id):
            if one.plan_id == draft.id and one.state is ReviewState.REQUESTED:
                store.answer(
                    one.id, launch.tenant_id, ReviewState.WITHDRAWN, by=launch.user, at=now, detail={"answer": "the draft changed"}
                )
        store.ask(request)
        note(services, launch, "review-ask", "done", {"review": request.id, "plan": draft.id})


def answer_review(services: Services, chart: OpenChart, draft: TaperPlan, review_id: str, *, accepts: bool, words: str) -> None:
    """A pharmacist accepts what was looked at, or gives it back with a reason.

    Raises LaunchRefused ("role"), NotAllowed without a reason, StoreConflict where the draft changed or somebody answered already.
    """
    require(services, chart, "review", (Role.PHARMACIST,))
    review = standing_of(services, chart, draft).review
    if review is None or review.id != review_id:
        raise StoreConflict("the draft changed, or the request was withdrawn, since this was shown: look at it again")
    said = words.strip()[:_LONGEST]
    if not accepts and not said:
        raise NotAllowed("a plan is given back only with a reason")
    state = ReviewState.ACCEPTED if accepts else ReviewState.RETURNED
    detail = {"answer": said, "answered_by": chart.who}
    with services.database.begin():
        _store(services).answer(review.id, review.tenant_id, state, by=chart.launch.user, at=services.clock(), detail=detail)
        note(services, chart.launch, "review-answer", state.value, {"review": review.id, "plan": draft.id})


def withdraw_review(services: Services, chart: OpenChart, draft: TaperPlan, review_id: str) -> None:
    """Take a request back that nobody answered. Raises LaunchRefused ("role"), WrongUsage, StoreConflict."""
    require(services, chart, "withdraw a review", (Role.PRESCRIBER,))
    review = standing_of(services, chart, draft).review
    if review is None or review.id != review_id:
        raise WrongUsage("this review is not of the draft as it is now")
    with services.database.begin():
        by, at = chart.launch.user, services.clock()
        _store(services).answer(review.id, review.tenant_id, ReviewState.WITHDRAWN, by=by, at=at, detail={})
        note(services, chart.launch, "review-withdraw", "done", {"review": review.id, "plan": draft.id})


def reviews_of(services: Services, chart: OpenChart) -> tuple[PlanReview, ...]:
    """Every review of the patient's plans, newest first."""
    return _store(services).of_patient(chart.launch.tenant_id, chart.launch.patient_id)


def dispensing_plan(services: Services, chart: OpenChart, draft: TaperPlan) -> tuple[Window, ...]:
    """What would be dispensed from today, or from the first day on: every window, those of one period together."""
    first = max(chart.day(services.clock(), draft.zone), draft.steps[0].start)
    return tuple(window for period in windows_from(draft, load().safety.life, first) for window in period)


def supply_digest(plan: TaperPlan) -> str:
    """A digest of what is dispensed: products and how they may be cut, doses, days and reviews. Not of words, findings or agreements."""
    document = to_document(plan)
    return sha256(encode([document["product_details"], document["steps"], document["gates"]])).hexdigest()


def _store(services: Services) -> ReviewStore:
    return ReviewStore(services.database, services.keys)
