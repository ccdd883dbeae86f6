"""The source attributes of every rule and protocol, for whoever must show or judge them: no patient, no login."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from fhir_taper.web.rendering import page
from fhir_taper.workflow.decision_support import as_document, interventions

router = APIRouter()


@router.get("/dsi/source-attributes")
def source_attributes(request: Request) -> Response:
    """As a page where a browser asks, else as JSON."""
    listed = interventions()
    if "text/html" in request.headers.get("accept", ""):
        return page("source_attributes.html", listed=listed)
    return JSONResponse(as_document(listed))
