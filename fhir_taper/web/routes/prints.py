"""The plan as a file: `window.print()` does nothing in the frame of most EHRs, and a record wants a paper that stays as it is.

The address names what is printed, a version by its id or a draft by its revision: a paper is never of another plan than the page showed.
"""

from dataclasses import replace
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.errors import StoreConflict
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.cover import Cover
from fhir_taper.render.pages import title_of
from fhir_taper.web.dependencies import Opened, Visit, whole_number
from fhir_taper.web.routes.plan import cover_for
from fhir_taper.workflow.chosen_plan import work_of
from fhir_taper.workflow.print_plan import Paper, print_plan
from fhir_taper.workflow.versions import replaced_by, version_named

router = APIRouter()
_KINDS: Final = {Paper.PDF: "application/pdf", Paper.TEXT: "text/plain; charset=utf-8"}
_MOST_DIGITS: Final = 9


@router.get("/app/{launch}/plan.pdf")
def as_pdf(visit: Opened, version: str = "", draft: str = "") -> Response:
    """A version, or the draft of a revision, as a PDF."""
    return _file(visit, Paper.PDF, version, draft)


@router.get("/app/{launch}/plan.txt")
def as_text(visit: Opened, version: str = "", draft: str = "") -> Response:
    """A version, or the draft of a revision, as plain text for a note."""
    return _file(visit, Paper.TEXT, version, draft)


def _file(visit: Visit, paper: Paper, version: str, draft: str) -> Response:
    if not version and not draft:
        return visit.to("plan")  # nothing is named: the page says what there is
    found, cover = _of_version(visit, version) if version else _of_draft(visit, draft)
    made = print_plan(visit.services, visit.chart, found, cover, paper)
    # No patient in the name: a file's name is seen where its content is not.
    name = f"taper-plan-version-{found.version}.{paper.value}"
    return Response(made, media_type=_KINDS[paper], headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _of_version(visit: Visit, version: str) -> tuple[TaperPlan, Cover]:
    kept = version_named(visit.services, visit.chart, version)
    return kept.plan, replace(cover_for(visit, kept.plan, None), replaced_by=replaced_by(visit.services, kept))


def _of_draft(visit: Visit, revision: str) -> tuple[TaperPlan, Cover]:
    """Raises StoreConflict that says what changed where the draft is another one by now."""
    work = work_of(visit.services, visit.chart)
    if work is None or work.plan is None:
        raise StoreConflict("the draft that the page showed was approved or given up meanwhile, and nothing was printed")
    if work.revision != whole_number(revision, _MOST_DIGITS):
        raise StoreConflict(f"the draft was changed after the page was shown, and nothing was printed: it is now “{title_of(work.plan)}”")
    return work.plan, cover_for(visit, work.plan, work)
