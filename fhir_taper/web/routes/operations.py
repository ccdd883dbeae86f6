"""What machines ask: our public keys, whether the process lives, whether it can serve; and the style sheet and scripts."""

from functools import partial

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from fhir_taper.web.dependencies import In
from fhir_taper.web.rendering import STATIC, StaticFile

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


def _file(one: StaticFile) -> Response:
    return Response(one.body, media_type=one.media_type, headers={"Cache-Control": _YEAR})


for _one in STATIC:  # the style sheet and the scripts, under names that change with them
    router.add_api_route(_one.path, partial(_file, _one), methods=["GET"], response_class=Response)
