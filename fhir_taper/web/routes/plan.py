"""Screen 3: the plan, step by step, and its editor.

Every edit is a form that posts back; where the page is live the answer is the part of the page that changed, else the page. What is refused
is said on the page, above the draft as it is; nothing that was typed is saved then.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fhir_taper.errors import NotAllowed, StoreConflict, TaperError, WrongUsage
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.render.cover import Cover
from fhir_taper.render.pages import page_of, title_of
from fhir_taper.web import forms
from fhir_taper.web.course_views import charted, paused_step
from fhir_taper.web.dependencies import Form_, Opened, Visit, whole_number
from fhir_taper.web.edit_forms import edit_of
from fhir_taper.web.editor_view import Notice, last_edit, open_step, totals_of
from fhir_taper.web.ehr_says_view import ehr_says_view
from fhir_taper.web.errors import note_reason, told
from fhir_taper.web.rendering import chart
from fhir_taper.web.view_models import no_in_words
from fhir_taper.workflow.adopt import standing_in_ehr
from fhir_taper.workflow.chosen_plan import EDITORS, Work, change, newest_version, plan_of, reading_for, work_of
from fhir_taper.workflow.course import stops_of
from fhir_taper.workflow.cover import cover_of
from fhir_taper.workflow.edit_plan import edit, offered_for, redo, undo
from fhir_taper.workflow.keep_assessment import assessment_of
from fhir_taper.workflow.print_plan import cover_of_version
from fhir_taper.workflow.roles import require

router = APIRouter()
_NOT_DONE: Final = "This was not done; the draft is as it was"
_NO_STEP: Final = -1
_MOST_DIGITS: Final = 4
Act = Callable[[int], Work | Infeasible]
"""What is asked of the draft of a revision."""


@router.get("/app/{launch}/plan")
def plan(visit: Opened, request: Request) -> Response:
    """The draft with one step open, or the plan that was approved."""
    return _page(visit, request, step=_step(request.query_params.get("step", "")))


@router.post("/app/{launch}/plan")
def change_plan(posted: Form_, request: Request) -> Response:
    """Make the draft again with other parameters."""
    visit, form = posted.visit, posted.form
    require(visit.services, visit.chart, "edit", EDITORS)
    work = work_of(visit.services, visit.chart)
    if work is None:
        return visit.to("strategies")
    asked = work.options
    return _done(
        posted, request, lambda revision: change(visit.services, visit.chart, visit.loaded(), forms.changed_options(form, asked), revision)
    )


@router.post("/app/{launch}/plan/edit")
def edit_step(posted: Form_, request: Request) -> Response:
    """Edit one step; it is saved at once."""
    visit, form = posted.visit, posted.form
    return _done(
        posted,
        request,
        lambda revision: edit(visit.services, visit.chart, visit.loaded(), edit_of(form), revision),
        _step(form.one("step")),
    )


@router.post("/app/{launch}/plan/undo")
def undo_edit(posted: Form_, request: Request) -> Response:
    """Take the last edit back."""
    visit, form = posted.visit, posted.form
    return _done(posted, request, lambda revision: undo(visit.services, visit.chart, visit.loaded(), revision), _step(form.one("open")))


@router.post("/app/{launch}/plan/redo")
def redo_edit(posted: Form_, request: Request) -> Response:
    """Make the edit again that was taken back."""
    visit, form = posted.visit, posted.form
    return _done(posted, request, lambda revision: redo(visit.services, visit.chart, visit.loaded(), revision), _step(form.one("open")))


def cover_for(visit: Visit, found: TaperPlan, work: Work | None) -> Cover:
    """Patient and protocol of a plan, and what was found out before it: of a draft as it is known now, of a version as it was then."""
    version = None if work and work.plan else visit.services.plans.with_id(visit.chart.launch.tenant_id, found.id)
    if version is not None:
        cover = cover_of_version(version, found, visit.reading())
    else:
        reading = reading_for(visit.loaded(), work.options) if work else visit.reading()
        cover = cover_of(found, reading, assessment_of(visit.services, visit.chart))
    return replace(cover, day=visit.today(found.zone))


def _done(posted: Form_, request: Request, act: Act, step: int = _NO_STEP) -> Response:
    """What came of an act: the page as it is then, or why it was not done above the page as it was."""
    visit = posted.visit
    try:
        made = act(posted.form.number("revision"))
    except (NotAllowed, WrongUsage, StoreConflict) as error:
        note_reason(request, error)
        return _page(visit, request, step=step, notice=_notice(error), status=told(error).status)
    if isinstance(made, Infeasible):
        return _page(visit, request, step=step, notice=Notice(_NOT_DONE, *_no(made)), status=told(NotAllowed("")).status)
    if _is_live(request):
        return _page(visit, request, made, step=step)
    return visit.to("plan" if step == _NO_STEP else f"plan?step={step}#step-{step}")


def _page(
    visit: Visit, request: Request, work: Work | None = None, *, step: int = _NO_STEP, notice: Notice | None = None, status: int = 200
) -> Response:
    work = work or work_of(visit.services, visit.chart)
    found = _shown(visit, work)
    if found is None:
        answer = visit.page("no_plan.html", "plan", standing=standing_in_ehr(visit.services, visit.chart, visit.loaded()))
        answer.headers.update({"HX-Retarget": "body", "HX-Reswap": "innerHTML"})  # no part of a page: the whole one
        return answer
    is_draft = work is not None and work.plan is not None and found.state is PlanState.DRAFT
    may_edit = is_draft and visit.chart.may(*EDITORS)
    day = visit.today(found.zone)
    words = {
        "plan": page_of(found, replace(cover_for(visit, found, work), printed=None)),
        "chart": chart([charted(found, day, found.drug)], title_of(found)),
        "paused": "" if found.state is PlanState.DRAFT else paused_step(found, day),
        "totals": totals_of(found),
        "options": work.options if may_edit and work else None,
        "params": dict(found.params),
        "asked_params": dict(work.options.params) if work else {},
        "parameters": forms.PARAMETERS,
        "revision": work.revision if work else 0,
        "may_edit": may_edit,
        "open": open_step(work, step, offered_for(visit.loaded(), work, step)) if may_edit and work else None,
        "done": last_edit(work.edits) if work else "",
        "undone": last_edit(work.undone) if work else "",
        "edits": len(work.edits) if work else 0,
        "notice": notice,
        "printed": f"draft={work.revision}" if work is not None and work.plan is not None else f"version={found.id}",
    }
    if _is_live(request):
        return visit.part("plan_part.html", status=status, **words)
    stops = stops_of(visit.services, visit.chart, visit.loaded(), found)  # of a draft there are none
    return visit.page("plan.html", "plan", status=status, is_live=True, ehr_says=ehr_says_view(visit), stops=stops, **words)


def _shown(visit: Visit, work: Work | None) -> TaperPlan | None:
    """The draft, else the plan that was approved last."""
    if work is not None and work.plan is not None:
        return work.plan
    version = newest_version(visit.services, visit.chart)
    return plan_of(version) if version else None


def _notice(error: TaperError) -> Notice:
    about = told(error)
    title = about.title if isinstance(error, StoreConflict) else _NOT_DONE
    todo = ("This is the draft as it is now: what you sent was not done.",) if isinstance(error, StoreConflict) else ()
    return Notice(title, (*about.says, *todo))


def _no(no: Infeasible) -> tuple[tuple[str, ...], tuple[str, ...]]:
    says, ways = no_in_words(no)
    return (says,), ways


def _step(text: str) -> int:
    """The number of a step in an address or a form of ours; anything else opens none."""
    number = whole_number(text, _MOST_DIGITS)
    return _NO_STEP if number is None else number


def _is_live(request: Request) -> bool:
    """Whether the page asks for the part of it that changed."""
    return request.headers.get("hx-request") == "true"
