"""Files of FHIR JSON: the timeline of what is watched, and the aftercare plan as it would be written. No patient in their names: a file's
name is seen where its content is not."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.web.dependencies import Opened
from fhir_taper.workflow.export import export_aftercare, export_timeline

router = APIRouter()
_FHIR: Final = "application/fhir+json"


@router.get("/app/{launch}/monitoring/export")
def timeline(visit: Opened) -> Response:
    """Symptoms, doses, reports and plans as one Bundle."""
    return _file(export_timeline(visit.services, visit.chart, visit.loaded()), f"timeline-{visit.today().isoformat()}.json")


@router.get("/app/{launch}/aftercare")
def aftercare(visit: Opened, plan: str = "") -> Response:
    """The CarePlan of what goes on after the last step."""
    return _file(export_aftercare(visit.services, visit.chart, visit.loaded(), plan), f"aftercare-plan-{visit.today().isoformat()}.json")


def _file(made: bytes, name: str) -> Response:
    return Response(made, media_type=_FHIR, headers={"Content-Disposition": f'attachment; filename="{name}"'})
