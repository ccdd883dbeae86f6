"""What a prescriber saw among the care plans in the EHR, where the site lets that stand for what cannot be read here."""

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.web.dependencies import Form_
from fhir_taper.workflow.look import looked, looked_for_next

router = APIRouter()


@router.post("/app/{launch}/look")
def look(posted: Form_) -> Response:
    """With the draft."""
    visit, form = posted.visit, posted.form
    looked(visit.services, visit.chart, form.one("words"), form.number("revision"))
    return visit.to("approve")


@router.post("/app/{launch}/next/look")
def look_for_next(posted: Form_) -> Response:
    """With the draft of a next version."""
    visit, form = posted.visit, posted.form
    looked_for_next(visit.services, visit.chart, form.one("words"), form.number("revision"))
    return visit.to("next")
