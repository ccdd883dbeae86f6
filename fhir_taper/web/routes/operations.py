"""What machines ask: our public keys, whether the process lives, whether it can serve; and the style sheet."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from fhir_taper.web.dependencies import In
from fhir_taper.web.rendering import STYLE, STYLE_PATH

router = APIRouter()
_HOUR = "public, max-age=3600"
_YEAR = "public, max-age=31536000, immutable"


@router.get("/.well-known/jwks.json")
def jwks(services: In) -> JSONResponse:
    """Our public keys; an EHR may keep them for an hour."""
    return JSONResponse(services.public_keys(), headers={"Cache-Control": _HOUR})


@router.get("/healthz")
def healthz() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def readyz(services: In) -> JSONResponse:
    """Whether this process can serve, and what it lacks."""
    found = services.readiness()
    is_ready = all(found.values())
    return JSONResponse({"status": "ok" if is_ready else "not ready", **found}, 200 if is_ready else 503)


@router.get(STYLE_PATH)
def style() -> Response:
    """The one style sheet, under a name that changes with it."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": _YEAR})
