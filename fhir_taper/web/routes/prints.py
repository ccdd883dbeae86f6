"""The plan as a file: `window.print()` does nothing in the frame of most EHRs, and a record wants a paper that stays as it is."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.web.dependencies import Opened, Visit
from fhir_taper.web.routes.plan import cover_for
from fhir_taper.workflow.chosen_plan import shown_plan, work_of
from fhir_taper.workflow.print_plan import Paper, print_plan

router = APIRouter()
_KINDS: Final = {Paper.PDF: "application/pdf", Paper.TEXT: "text/plain; charset=utf-8"}


@router.get("/app/{launch}/plan.pdf")
def as_pdf(visit: Opened) -> Response:
    """The plan that is shown, as a PDF."""
    return _file(visit, Paper.PDF)


@router.get("/app/{launch}/plan.txt")
def as_text(visit: Opened) -> Response:
    """The plan that is shown, as plain text for a note."""
    return _file(visit, Paper.TEXT)


def _file(visit: Visit, paper: Paper) -> Response:
    found, work = shown_plan(visit.services, visit.chart), work_of(visit.services, visit.chart)
    if found is None:
        return visit.page("no_plan.html", "plan")
    made = print_plan(visit.services, visit.chart, found, cover_for(visit, found, work), paper)
    # No patient in the name: a file's name is seen where its content is not.
    name = f"taper-plan-version-{found.version}.{paper.value}"
    return Response(made, media_type=_KINDS[paper], headers={"Content-Disposition": f'attachment; filename="{name}"'})
