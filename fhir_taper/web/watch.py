"""Around every request: an id that its answer and its log lines carry, one line of log, figures; and the page of an error nobody foresaw.

Logged and counted is the pattern of a path, never the path: addresses hold session ids, and what people put into them.
"""

import logging
import secrets
import time
from typing import Any, Final

from starlette.requests import Request

from fhir_taper.logs import begin_request, log
from fhir_taper.web.errors import error_page, told
from fhir_taper.web.security import App, Message, Receive, Scope, Send
from fhir_taper.workflow.metrics import Metrics

HEADER: Final = "x-request-id"
_QUIET: Final = frozenset({"/healthz", "/readyz"})


class Watch:
    """Every request is answered, told of and counted. An id that a caller sends is not taken over: it could hold anything."""

    def __init__(self, app: App, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = secrets.token_hex(8)
        begin_request(request_id)
        began, status = time.monotonic(), 0

        async def told_of(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (HEADER.encode(), request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, told_of)
        except Exception as error:  # noqa: BLE001 (whatever it is, a person gets a page and the log its type)
            log("failed", {"route": route_of(scope)}, level=logging.ERROR, error=error)
            if not status:
                await error_page(Request(scope), told(error))(scope, receive, told_of)
        finally:
            self._told(scope, status, time.monotonic() - began)

    def _told(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = route_of(scope), scope["method"]
        self._metrics.answered(route, method, status, seconds)
        tenant = scope["state"].get("tenant")
        level = logging.DEBUG if route in _QUIET and status < 400 else logging.INFO  # noqa: PLR2004
        facts = {"method": method[:10], "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        log("request", {**facts, "tenant": tenant.id if tenant else None}, level=level)


def route_of(scope: Scope) -> str:
    """The pattern of the path, once it is known which route answers."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "unmatched"))
