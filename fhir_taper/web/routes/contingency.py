"""When something happens: the advice that a plan carries, with its sources, and a clinician's own words beside it."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Role
from fhir_taper.render.contingency_words import ContingencyWords, contingency_words
from fhir_taper.render.pages import title_of
from fhir_taper.web.dependencies import Form, Form_, Opened, Visit
from fhir_taper.web.fields import Shown
from fhir_taper.web.not_kept import REFUSED, NotKept, not_kept
from fhir_taper.workflow.chosen_plan import work_of
from fhir_taper.workflow.course import running_plans
from fhir_taper.workflow.emergency_words import word_draft, word_next, word_running
from fhir_taper.workflow.next_version import next_version
from fhir_taper.workflow.own_words import typed_words, with_crisis_lines

router = APIRouter()
_DRAFT: Final = "draft"
_NEXT: Final = "next"


@router.get("/app/{launch}/contingency")
def contingency(visit: Opened) -> Response:
    """The draft's, that of a next version, and that of every plan that runs."""
    return _page(visit)


def _page(visit: Visit, refusal: NotKept | None = None, of: str = "") -> Response:
    """`of`: the plan whose form holds what was typed and not kept."""
    work, coming = work_of(visit.services, visit.chart), next_version(visit.services, visit.chart)
    drafts = [_draft(visit, _DRAFT, work.plan, work.revision)] if work and work.plan else []
    if coming is not None:
        drafts.append(_draft(visit, _NEXT, coming.plan, coming.revision))
    running = [(one.version.id, "", 0, *_shown(one.plan)) for one in running_plans(visit.services, visit.chart)]
    return visit.page(
        "contingency.html",
        "plan",
        status=refusal.status if refusal else 200,
        not_kept=refusal,
        of=of,
        line_end=Shown.line_end,
        plans=[*drafts, *running],
        may_draft=visit.chart.may(Role.PRESCRIBER, Role.PHARMACIST),
        may_decide=visit.chart.may(Role.PRESCRIBER),
    )


@router.post("/app/{launch}/contingency")
def word(posted: Form_, request: Request) -> Response:
    """Keep a clinician's words: with a draft, or as the next version of a plan that runs. Where they are not taken, the page as it is now
    with what was typed."""
    visit, form = posted.visit, posted.form
    try:
        return visit.to(_worded(visit, form))
    except REFUSED as error:
        of = _now(visit, form.one("of"))
        if not of:
            raise  # no plan is there whose words these could be
        return _page(visit, not_kept(request, form, error), of)


def _worded(visit: Visit, form: Form) -> str:
    """Keep the words of a form; the screen to go on to."""
    words = typed_words(form.one("breakthrough"), form.one("comfort"), form.one("contacts"))
    keep = {_DRAFT: word_draft, _NEXT: word_next}.get(form.one("of"))
    if keep is not None:
        keep(visit.services, visit.chart, words, form.number("revision"))
        return "contingency"
    word_running(visit.services, visit.chart, form.one("of"), words)
    return "write-back"


def _now(visit: Visit, of: str) -> str:
    """What a form was of, as the page names it now: a plan that runs by its newest version; "" where it is not there any more."""
    if of in (_DRAFT, _NEXT):
        work = work_of(visit.services, visit.chart)
        is_there = work is not None and work.plan is not None if of == _DRAFT else next_version(visit.services, visit.chart) is not None
        return of if is_there else ""
    running = {one.version.plan: one.version.id for one in running_plans(visit.services, visit.chart)}
    named = visit.services.plans.with_id(visit.chart.launch.tenant_id, of) if of.isprintable() else None
    return running.get(named.plan, "") if named else ""


def _draft(visit: Visit, name: str, plan: TaperPlan, revision: int) -> tuple[str, str, int, str, TaperPlan, ContingencyWords]:
    what = "draft" if name == _DRAFT else "draft of the next version"
    return name, what, revision, *_shown(with_crisis_lines(visit.chart.tenant, plan))


def _shown(plan: TaperPlan) -> tuple[str, TaperPlan, ContingencyWords]:
    return title_of(plan), plan, contingency_words(plan)
