"""Screen 5: what is approved, what stands against it, the patient's agreement, and the one button of a prescriber."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.records import Role
from fhir_taper.render.contingency_words import contingency_words
from fhir_taper.render.pages import facts_of, state_of, title_of
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.look_view import look_view
from fhir_taper.web.not_kept import REFUSED, NotKept, not_kept
from fhir_taper.web.review_words import review_words
from fhir_taper.web.routes.plan import cover_for
from fhir_taper.workflow.approve import approve_plan, reasons_against, work_rests_on
from fhir_taper.workflow.chosen_plan import agree, shown_plan, work_of
from fhir_taper.workflow.own_words import with_crisis_lines
from fhir_taper.workflow.pharmacist import standing_of

router = APIRouter()


@router.get("/app/{launch}/approve")
def approval(visit: Opened) -> Response:
    """The summary of the plan, and why it cannot be approved yet."""
    return _page(visit)


def _page(visit: Visit, refusal: NotKept | None = None) -> Response:
    seen = work_rests_on(visit.services, visit.chart)  # first of all: whatever changes after it is refused
    work = work_of(visit.services, visit.chart)
    found = shown_plan(visit.services, visit.chart)
    if found is None:
        return visit.page("no_plan.html", "approve")
    is_draft = found.state is PlanState.DRAFT and work is not None
    shown = with_crisis_lines(visit.chart.tenant, found) if is_draft else found
    cover = cover_for(visit, found, work)
    return visit.page(
        "approve.html",
        "approve",
        title=title_of(found),
        state=state_of(found, cover) or "Active",
        facts=facts_of(found, cover),
        plan=shown,
        words=contingency_words(shown),
        is_draft=is_draft,
        against=reasons_against(visit.services, visit.chart, visit.loaded(), work) if is_draft and work else (),
        review=review_words(visit.chart, standing_of(visit.services, visit.chart, found), found.zone),
        look=look_view(visit, found) if is_draft else None,
        may_approve=visit.chart.may(Role.PRESCRIBER),
        revision=work.revision if work else 0,
        seen=str(seen or ""),
        who=visit.chart.who,
        status=refusal.status if refusal else 200,
        not_kept=refusal,
    )


@router.post("/app/{launch}/agreement")
def agreement(posted: Form_, request: Request) -> Response:
    """Note the patient's agreement; where it is not taken, the page as it is now with what was typed."""
    visit, form = posted.visit, posted.form
    try:
        agree(visit.services, visit.chart, form.one("who"), form.one("what"), form.number("revision"))
    except REFUSED as error:
        work = work_of(visit.services, visit.chart)
        if work is None or work.plan is None:
            raise  # nothing is there to agree to
        return _page(visit, not_kept(request, form, error))
    return visit.to("approve")


@router.post("/app/{launch}/approve")
def approve(posted: Form_) -> Response:
    """Make the draft the plan that is followed."""
    approve_plan(posted.visit.services, posted.visit.chart, posted.form.one("seen"))
    return posted.visit.to("write-back")
