"""The draft of a next version: what it changes, what is to be acknowledged, the patient's agreement, and the button of a prescriber."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fhir_taper.plans.tapers.differences import differences
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.records import Role
from fhir_taper.render.contingency_words import contingency_words
from fhir_taper.render.pages import title_of
from fhir_taper.render.version_words import step_rows, what_changed
from fhir_taper.web.course_views import charted
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.look_view import look_view
from fhir_taper.web.not_kept import REFUSED, NotKept, not_kept
from fhir_taper.web.rendering import chart
from fhir_taper.web.review_words import review_words
from fhir_taper.web.view_models import by_severity
from fhir_taper.workflow.next_version import (
    acknowledge_next,
    agree_to_next,
    approve_next,
    discard_next,
    next_rests_on,
    next_version,
    reasons_against_next,
)
from fhir_taper.workflow.own_words import with_crisis_lines
from fhir_taper.workflow.pharmacist import standing_of
from fhir_taper.workflow.versions import version_named

router = APIRouter()


@router.get("/app/{launch}/next")
def next_draft(visit: Opened) -> Response:
    """The draft beside the version that runs."""
    return _page(visit)


def _page(visit: Visit, refusal: NotKept | None = None) -> Response:
    seen = next_rests_on(visit.services, visit.chart)  # first of all: whatever changes after it is refused
    draft = next_version(visit.services, visit.chart)
    if draft is None:
        return visit.page("next_none.html", "plan")
    before = version_named(visit.services, visit.chart, draft.of).plan
    plan = with_crisis_lines(visit.chart.tenant, draft.plan)
    day = visit.today(plan.zone)
    lines = [charted(before, day, f"version {before.version}, now"), charted(plan, day, "as it would be")]
    return visit.page(
        "next.html",
        "plan",
        title=title_of(plan),
        changed=what_changed(plan),
        reason=draft.asked.reason,
        chart=chart(lines, f"{plan.drug}: as it is and as it would be"),
        steps=step_rows(differences(before, plan)),
        groups=by_severity(plan.findings),
        plan=plan,
        words=contingency_words(plan),
        severity=Severity,
        against=reasons_against_next(visit.services, visit.chart, visit.loaded(), draft),
        review=review_words(visit.chart, standing_of(visit.services, visit.chart, plan), plan.zone),
        revision=draft.revision,
        look=look_view(visit, plan),
        seen=str(seen or ""),
        may_edit=visit.chart.may(Role.PRESCRIBER, Role.PHARMACIST),
        may_approve=visit.chart.may(Role.PRESCRIBER),
        who=visit.chart.who,
        status=refusal.status if refusal else 200,
        not_kept=refusal,
    )


@router.post("/app/{launch}/next/acknowledge")
def acknowledge(posted: Form_) -> Response:
    """Accept one finding, for a reason."""
    visit, form = posted.visit, posted.form
    acknowledge_next(visit.services, visit.chart, form.number("finding"), form.one("reason"), form.number("revision"))
    return visit.to("next")


@router.post("/app/{launch}/next/agreement")
def agreement(posted: Form_, request: Request) -> Response:
    """Note the patient's agreement; where it is not taken, the page as it is now with what was typed."""
    visit, form = posted.visit, posted.form
    try:
        agree_to_next(visit.services, visit.chart, form.one("who"), form.one("what"), form.number("revision"))
    except REFUSED as error:
        if next_version(visit.services, visit.chart) is None:
            raise  # nothing is there to agree to
        return _page(visit, not_kept(request, form, error))
    return visit.to("next")


@router.post("/app/{launch}/next/approve")
def approve(posted: Form_) -> Response:
    """Make the draft the version that is followed."""
    approve_next(posted.visit.services, posted.visit.chart, posted.form.one("seen"))
    return posted.visit.to("write-back")


@router.post("/app/{launch}/next/discard")
def discard(posted: Form_) -> Response:
    """Give the draft up."""
    discard_next(posted.visit.services, posted.visit.chart, posted.form.number("revision"))
    return posted.visit.to("course")
