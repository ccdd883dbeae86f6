"""The web server in front of the FHIR server: routes, and nothing but routes.

    /fhir/…      the FHIR base, which is the issuer; discovery stands under it
    /auth/…      authorize, sign-in, token, introspect, revoke, keys
    /  /chart    the EHR's own page, and a chart that frames the app

What is asked is decided in the parts that the routes lead to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhir_taper.records import Json
from fhir_taper.sandbox import pages
from fhir_taper.sandbox.authorization import AuthorizationEndpoint, wants_patient
from fhir_taper.sandbox.clock import SandboxClock
from fhir_taper.sandbox.discovery import openid_configuration, smart_configuration
from fhir_taper.sandbox.frame import Frame
from fhir_taper.sandbox.grants import LaunchContext
from fhir_taper.sandbox.interactions import form_of
from fhir_taper.sandbox.refusal import BAD_REQUEST, Refusal, origin_of
from fhir_taper.sandbox.resource_server import ResourceServer
from fhir_taper.sandbox.token_endpoint import TokenEndpoint
from fhir_taper.sandbox.users import signed_in

FHIR_PATH: Final = "/fhir"
STYLE_PATH: Final = "/smart-style.json"
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_SEE_OTHER: Final = 303
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_SMART_STYLE: Final = {"color_background": "#f4f6f8", "color_error": "#9b2226", "color_highlight": "#1f5c85", "dim_border_radius": "6px"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes lead to."""

    issuer: str
    endpoints: Mapping[str, str]
    authorization: AuthorizationEndpoint
    tokens: TokenEndpoint
    resources: ResourceServer
    frame: Frame
    clock: SandboxClock


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


class Dated:
    """Gives every answer the Date of the sandbox's own clock."""

    def __init__(self, app: ASGIApp, clock: SandboxClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"date", self._clock.http_date().encode())]
            await send(message)

        await self._app(scope, receive, dated)


def front(parts: Parts) -> FastAPI:
    """The ASGI app of the demo EHR."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    app.add_middleware(Dated, clock=parts.clock)
    _add_discovery(app, parts)
    _add_authorization(app, parts)
    _add_sign_in(app, parts)
    _add_tokens(app, parts)
    _add_fhir(app, parts)
    _add_pages(app, parts)
    return app


def _add_discovery(app: FastAPI, parts: Parts) -> None:
    @app.get(f"{FHIR_PATH}/.well-known/smart-configuration")
    def smart() -> JSONResponse:
        return JSONResponse(smart_configuration(parts.issuer, parts.endpoints))

    @app.get(f"{FHIR_PATH}/.well-known/openid-configuration")
    def openid() -> JSONResponse:
        return JSONResponse(openid_configuration(parts.issuer, parts.endpoints))

    @app.get("/auth/jwks.json")
    def jwks() -> JSONResponse:
        return JSONResponse(parts.tokens.key.jwks(), headers={"Cache-Control": "public, max-age=300"})

    @app.get(STYLE_PATH)
    def style() -> JSONResponse:
        return JSONResponse(_SMART_STYLE)


def _add_authorization(app: FastAPI, parts: Parts) -> None:
    def answer(asked: Mapping[str, str] | None) -> Response:
        if asked is None:
            return _page(pages.refusal("A parameter of the request stands twice."), status=BAD_REQUEST)
        try:
            request = parts.authorization.request(asked)
        except Refusal as refused:
            if refused.redirect_uri is None:
                return _page(pages.refusal(refused.description), status=refused.status)
            return RedirectResponse(refused.location(parts.issuer), _SEE_OTHER)
        if request.launched:
            return RedirectResponse(parts.authorization.grant(request, request.launched), _SEE_OTHER)
        name = parts.authorization.grants.new_sign_in(request)
        patients = parts.frame.patients.values() if wants_patient(request) else ()
        shown = pages.sign_in(request.client.name or request.client.id, name, patients)
        return _page(shown, form_action=origin_of(request.redirect_uri))

    @app.get("/auth/authorize")
    def authorize(request: Request) -> Response:
        return answer(form_of(request.url.query.encode()))

    @app.post("/auth/authorize")
    def authorize_by_form(body: Body) -> Response:
        return answer(form_of(body))


def _add_sign_in(app: FastAPI, parts: Parts) -> None:
    @app.post("/auth/sign-in")
    def sign_in(body: Body) -> Response:
        said = form_of(body) or {}
        request = parts.authorization.grants.take_sign_in(said.get("request", ""))
        patient = said.get("patient")
        user = signed_in(said.get("user", ""), patient if request and wants_patient(request) else None)
        if request is None or user is None or (wants_patient(request) and patient not in parts.frame.patients):
            return _page(pages.refusal("This sign-in is over, or was not filled in. Start again from the app."), status=BAD_REQUEST)
        if said.get("answer") != "allow":
            return RedirectResponse(parts.authorization.deny(request), _SEE_OTHER)
        context = LaunchContext(user, patient if wants_patient(request) else None)
        return RedirectResponse(parts.authorization.grant(request, context), _SEE_OTHER)


def _add_tokens(app: FastAPI, parts: Parts) -> None:
    def answered(body: bytes, request: Request, kind: str) -> Response:
        form = form_of(body)
        authorization = request.headers.get("authorization", "")
        try:
            if form is None:
                raise Refusal("invalid_request", "a parameter stands twice")  # noqa: TRY301 told like every other
            told = _token_answer(parts.tokens, kind, form, authorization)
        except Refusal as refused:
            told, status = refused.json(), refused.status
        else:
            status = 200
        parts.resources.answered[f"{kind} {(form or {}).get('grant_type', '')} {status}".replace("  ", " ")] += 1
        challenge = {"WWW-Authenticate": "Basic"} if status == 401 and authorization else {}  # noqa: PLR2004 RFC 6749, 5.2
        return JSONResponse(told, status, headers={**_NO_STORE, **challenge})

    @app.post("/auth/token")
    def token(body: Body, request: Request) -> Response:
        return answered(body, request, "token")

    @app.post("/auth/introspect")
    def introspect(body: Body, request: Request) -> Response:
        return answered(body, request, "introspect")

    @app.post("/auth/revoke")
    def revoke(body: Body, request: Request) -> Response:
        return answered(body, request, "revoke")


def _token_answer(tokens: TokenEndpoint, kind: str, form: Mapping[str, str], authorization: str) -> Json:
    match kind:
        case "token":
            return tokens.token(form, authorization)
        case "introspect":
            return tokens.introspect(form, authorization)
    tokens.revoke(form, authorization)
    return {}


def _add_fhir(app: FastAPI, parts: Parts) -> None:
    @app.api_route(FHIR_PATH, methods=_METHODS)
    @app.api_route(f"{FHIR_PATH}/{{path:path}}", methods=_METHODS)
    def fhir(body: Body, request: Request) -> Response:
        path = request.scope["raw_path"].decode("ascii").partition("?")[0].removeprefix(FHIR_PATH).strip("/")
        found = parts.resources.answer(request.method, path, request.url.query, dict(request.headers), body)
        return Response(found.body, found.status, dict(found.headers))


def _add_pages(app: FastAPI, parts: Parts) -> None:
    css = files(__package__).joinpath("style.css").read_bytes()

    @app.get(pages.STYLE_PATH)
    def style_sheet() -> Response:
        return Response(css, media_type="text/css")

    @app.get("/")
    def home(user: str = "") -> Response:
        return _page(parts.frame.home(user))

    @app.get("/chart")
    def chart(patient: str = "", user: str = "") -> Response:
        shown = parts.frame.chart(patient, user)
        if shown is None:
            return _page(pages.refusal("There is no such patient."), status=404)
        return _page(shown, frame=parts.frame.framed_origins)


def _page(html: str, *, status: int = 200, form_action: str = "", frame: str = "'none'") -> Response:
    policy = (
        f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self' {form_action}; "
        f"frame-src {frame}; frame-ancestors 'self'; base-uri 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", **_NO_STORE}
    return HTMLResponse(html, status, headers)
