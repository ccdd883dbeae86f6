"""The pharmacist's review: what would be dispensed, window by window; asked for, accepted, or given back with a reason."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Role
from fhir_taper.render.pages import title_of
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.review_words import review_words
from fhir_taper.workflow.chosen_plan import work_of
from fhir_taper.workflow.next_version import next_version
from fhir_taper.workflow.pharmacist import answer_review, ask_for_review, dispensing_plan, reviews_of, standing_of, withdraw_review

router = APIRouter()
_DRAFTS: Final = ("plan", "next")


@router.get("/app/{launch}/review")
def review(visit: Opened) -> Response:
    """The drafts of the patient, each with what would be dispensed and where its review stands; and every review before."""
    drafts = [(which, draft) for which in _DRAFTS if (draft := _draft(visit, which)) is not None]
    shown = []
    for which, draft in drafts:
        windows = dispensing_plan(visit.services, visit.chart, draft)
        totals: dict[tuple[str, str], int] = {}
        for one in windows:
            totals[one.product.name, one.unit] = totals.get((one.product.name, one.unit), 0) + one.quantity
        standing = standing_of(visit.services, visit.chart, draft)
        shown.append((which, title_of(draft), windows, totals, standing, review_words(visit.chart, standing, draft.zone)))
    return visit.page(
        "review.html",
        "plan",
        drafts=shown,
        reviews=[(one, visit.chart.local(one.asked_at)) for one in reviews_of(visit.services, visit.chart)],
        may_ask=visit.chart.may(Role.PRESCRIBER),
        may_answer=visit.chart.may(Role.PHARMACIST),
    )


@router.post("/app/{launch}/review/ask")
def ask(posted: Form_) -> Response:
    """Ask a pharmacist."""
    visit, form = posted.visit, posted.form
    ask_for_review(visit.services, visit.chart, _named(visit, form.one("draft")), form.one("words"))
    return visit.to("review")


@router.post("/app/{launch}/review/answer")
def answer(posted: Form_) -> Response:
    """Accept, or give back with a reason."""
    visit, form = posted.visit, posted.form
    verdict = form.one("verdict")
    if verdict not in ("accept", "return"):
        raise WrongUsage("the form does not say whether the plan is accepted")
    draft = _named(visit, form.one("draft"))
    answer_review(visit.services, visit.chart, draft, form.one("review"), accepts=verdict == "accept", words=form.one("words"))
    return visit.to("review")


@router.post("/app/{launch}/review/withdraw")
def withdraw(posted: Form_) -> Response:
    """Take a request back."""
    visit, form = posted.visit, posted.form
    withdraw_review(visit.services, visit.chart, _named(visit, form.one("draft")), form.one("review"))
    return visit.to("review")


def _named(visit: Visit, which: str) -> TaperPlan:
    draft = _draft(visit, which) if which in _DRAFTS else None
    if draft is None:
        raise WrongUsage("this draft is not there any more")
    return draft


def _draft(visit: Visit, which: str) -> TaperPlan | None:
    if which == "next":
        coming = next_version(visit.services, visit.chart)
        return coming.plan if coming else None
    work = work_of(visit.services, visit.chart)
    return work.plan if work else None
