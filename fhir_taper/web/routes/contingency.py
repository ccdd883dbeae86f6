"""When something happens: the advice that a plan carries, with its sources, and a clinician's own words beside it."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Role
from fhir_taper.render.contingency_words import ContingencyWords, contingency_words
from fhir_taper.render.pages import title_of
from fhir_taper.web.dependencies import Form_, Opened
from fhir_taper.workflow.chosen_plan import work_of
from fhir_taper.workflow.course import running_plans
from fhir_taper.workflow.emergency_words import draft_words, save_draft_words, typed_words, with_words, word_running

router = APIRouter()
_DRAFT: Final = "draft"


@router.get("/app/{launch}/contingency")
def contingency(visit: Opened) -> Response:
    """The draft's, and that of every plan that runs."""
    work = work_of(visit.services, visit.chart)
    draft = work.plan if work else None
    shown = [(one.version.id, *_shown(one.plan)) for one in running_plans(visit.services, visit.chart)]
    if draft is not None:
        shown.insert(0, (_DRAFT, *_shown(with_words(visit.services, visit.chart, draft))))
    return visit.page(
        "contingency.html",
        "plan",
        plans=shown,
        draft=_DRAFT,
        revision=draft_words(visit.services, visit.chart).revision,
        may_draft=visit.chart.may(Role.PRESCRIBER, Role.PHARMACIST),
        may_decide=visit.chart.may(Role.PRESCRIBER),
    )


@router.post("/app/{launch}/contingency")
def word(posted: Form_) -> Response:
    """Keep a clinician's words: with the draft, or as the next version of a plan that runs."""
    visit, form = posted.visit, posted.form
    words = typed_words(form.one("breakthrough"), form.one("comfort"), form.one("contacts"))
    if form.one("of") == _DRAFT:
        save_draft_words(visit.services, visit.chart, words, form.number("revision"))
        return visit.to("contingency")
    word_running(visit.services, visit.chart, form.one("of"), words)
    return visit.to("write-back")


def _shown(plan: TaperPlan) -> tuple[str, TaperPlan, ContingencyWords]:
    return title_of(plan), plan, contingency_words(plan)
