"""A pharmacist's review before a plan is activated: asked for by a prescriber, answered by a pharmacist, awaited by the approval.

A review is of what is dispensed: products, doses and days. Where these change, it does not count any more and is asked for anew; what was
said of the draft before goes on being said, until a draft of this taper is approved. A tenant may require a review of every plan
(`needs_pharmacist_review`); elsewhere a plan waits for an answer where somebody asked, and for an acceptance where it was given back.
Nothing goes to the EHR.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import uuid4

from fhir_taper.errors import NotAllowed, StoreConflict
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

GIVEN_UP: Final = "the draft was given up"
_LONGEST: Final = 2000
_LINE: Final = "line"
_OUTLASTS_AN_EDIT: Final = frozenset({ReviewState.REQUESTED, ReviewState.RETURNED})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the review of a draft stands. `review` None: nobody asked for one of what the draft is now.

    `earlier` is then the newest one of what the draft was before it was changed, None where there is none either.
    """

    review: PlanReview | None
    is_required: bool
    earlier: PlanReview | None = None

    @property
    def is_open(self) -> bool:
        """Whether a pharmacist is asked about what the draft is now, and has not answered."""
        return self.review is not None and self.review.state is ReviewState.REQUESTED

    @property
    def is_accepted(self) -> bool:
        """Whether a pharmacist accepted what the draft is now."""
        return self.review is not None and self.review.state is ReviewState.ACCEPTED

    @property
    def said(self) -> PlanReview | None:
        """The review that there is something to say of: of what the draft is now, else of what it was before."""
        return self.review or self.earlier

    @property
    def was_accepted(self) -> bool:
        """Whether the answer of `said` is an acceptance."""
        return self.said is not None and self.said.state is ReviewState.ACCEPTED

    @property
    def was_returned(self) -> bool:
        """Whether the answer of `said` is a return, with a reason."""
        return self.said is not None and self.said.state is ReviewState.RETURNED

    @property
    def open_request(self) -> PlanReview | None:
        """The request that nobody has answered, of what the draft is now or was before: what can be withdrawn."""
        return self.said if self.said is not None and self.said.state is ReviewState.REQUESTED else None

    @property
    def rules(self) -> ApprovalRules:
        """What the approval of this draft asks for. An edit answers no request, and takes no return back."""
        waits = self.review is not None or (self.earlier is not None and self.earlier.state in _OUTLASTS_AN_EDIT)
        return ApprovalRules(needs_agreement=True, needs_pharmacist=self.is_required or waits)


def standing_of(services: Services, chart: OpenChart, draft: TaperPlan) -> Standing:
    """Where the review of a draft stands, as the draft is now."""
    seen = supply_digest(draft)
    said = [one for one in _of_line(services, chart, draft) if one.state is not ReviewState.WITHDRAWN]
    own = next((one for one in said if one.digest == seen), None)
    return Standing(own, chart.tenant.needs_pharmacist_review, said[0] if said and own is None else None)


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
    launch, now = chart.launch, services.clock()
    request = PlanReview(
        str(uuid4()),
        launch.tenant_id,
        launch.patient_id,
        draft.id,
        supply_digest(draft),
        ReviewState.REQUESTED,
        launch.user,
        now,
        detail={"asked": words.strip()[:_LONGEST], "asked_by": chart.who, _LINE: _line(services, chart, draft)},
    )
    with _alone(services, chart):
        standing = standing_of(services, chart, draft)
        if standing.is_open or standing.is_accepted:
            raise NotAllowed("a pharmacist is asked already" if standing.is_open else "a pharmacist accepted this plan already")
        withdraw_open(services, chart, draft, "the draft changed")
        _store(services).ask(request)
        note(services, launch, "review-ask", "done", {"review": request.id, "plan": draft.id})


def answer_review(services: Services, chart: OpenChart, draft: TaperPlan, review_id: str, *, accepts: bool, words: str) -> None:
    """A pharmacist accepts what was looked at, or gives it back with a reason.

    Raises LaunchRefused ("role"), NotAllowed without a reason, StoreConflict where the draft changed or somebody answered already.
    """
    require(services, chart, "review", (Role.PHARMACIST,))
    said = words.strip()[:_LONGEST]
    if not accepts and not said:
        raise NotAllowed("a plan is given back only with a reason")
    state = ReviewState.ACCEPTED if accepts else ReviewState.RETURNED
    detail = {"answer": said, "answered_by": chart.who}
    with _alone(services, chart):
        review = standing_of(services, chart, draft).review
        if review is None or review.id != review_id:
            raise StoreConflict("the draft changed, or the request was withdrawn, since this was shown: look at it again")
        _store(services).answer(review.id, review.tenant_id, state, by=chart.launch.user, at=services.clock(), detail=detail)
        note(services, chart.launch, "review-answer", state.value, {"review": review.id, "plan": draft.id})


def withdraw_review(services: Services, chart: OpenChart, draft: TaperPlan, review_id: str) -> None:
    """Take a request back that nobody answered, of the draft as it is now or was before. Raises LaunchRefused ("role"), StoreConflict."""
    require(services, chart, "withdraw a review", (Role.PRESCRIBER,))
    with _alone(services, chart):
        review = standing_of(services, chart, draft).open_request
        if review is None or review.id != review_id:
            raise StoreConflict("this request was answered or withdrawn since it was shown: look at it again")
        by, at = chart.launch.user, services.clock()
        _store(services).answer(review.id, review.tenant_id, ReviewState.WITHDRAWN, by=by, at=at, detail={})
        note(services, chart.launch, "review-withdraw", "done", {"review": review.id, "plan": draft.id})


def withdraw_open(services: Services, chart: OpenChart, draft: TaperPlan, why: str) -> None:
    """Within a transaction: no pharmacist is asked any more about a draft, or what it was before."""
    for one in _of_line(services, chart, draft):
        if one.state is ReviewState.REQUESTED:
            by, at = chart.launch.user, services.clock()
            _store(services).answer(one.id, one.tenant_id, ReviewState.WITHDRAWN, by=by, at=at, detail={"answer": why})


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


@contextmanager
def _alone(services: Services, chart: OpenChart) -> Iterator[None]:
    """A transaction in which no draft of the patient is approved or changed: an approval rests on where the review stands."""
    with services.database.begin():
        services.drafts.hold(chart.launch.tenant_id, chart.launch.patient_id)
        yield


def _of_line(services: Services, chart: OpenChart, draft: TaperPlan) -> tuple[PlanReview, ...]:
    """Every review of a draft, as it is now and as it was before it was changed, newest first."""
    line = _line(services, chart, draft)
    listed = reviews_of(services, chart)
    return tuple(one for one in listed if one.detail.get(_LINE) == line or (one.plan_id == draft.id and _LINE not in one.detail))


def _line(services: Services, chart: OpenChart, draft: TaperPlan) -> str:
    """What stays the same however often a draft is made again, until one is approved.

    Of a first plan its medicine, of a next version the plan's key; with how often a plan of this medicine was approved.
    """
    approved = services.plans.approvals(chart.launch.tenant_id, chart.launch.patient_id, draft.ingredient)
    return f"{draft.key if draft.replaces else draft.ingredient}#{approved}"


def _store(services: Services) -> ReviewStore:
    return ReviewStore(services.database, services.keys)
