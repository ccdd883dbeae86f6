"""Around every request: one line in the audit of what became of it. Privacy S6: who looked at whose chart and when, and every denial.

A use case that did or refused something told so itself; of everything else (a screen that was looked at, a form that was refused before
it came to a use case, an error) the line is appended here, before the answer leaves: what cannot be audited is not shown.

No line: requests that show nothing of a patient and are not refused (keys, health, style sheet, a launch that begins); those that name
nothing of ours, for whom there is no chain; and those beyond the rate limits, which are counted: the audit must not be a way to fill a
disk.
"""

import re
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fhir_taper.errors import StoreError, TaperError
from fhir_taper.logs import log
from fhir_taper.records import Json, Launch, Tenant
from fhir_taper.web.errors import error_page, note_reason, told
from fhir_taper.web.security import App, Message, Receive, Scope, Send
from fhir_taper.web.watch import route_of
from fhir_taper.workflow.audited import Telling, begin_telling, note, note_outside
from fhir_taper.workflow.open_chart import tenant_of_launch
from fhir_taper.workflow.services import Services

_OF_A_CHART: Final = "/app/{launch}/"
_PARAMETER: Final = re.compile(r"/?\{[^}]+\}")
_REFUSED, _FAILED = 400, 500


class Trail:
    """The innermost of what stands around the routes: refusals are pages by then."""

    def __init__(self, app: App, *, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back once it was told of."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        telling, is_replaced = begin_telling(), False

        async def told_first(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and not await self._is_told(scope, telling, message["status"]):
                is_replaced = True
                await error_page(Request(scope), told(StoreError("the audit")))(scope, receive, send)
            if not is_replaced:
                await send(message)

        try:
            await self._app(scope, receive, told_first)
        except Exception as error:
            note_reason(Request(scope), error)
            await self._is_told(scope, telling, _FAILED)
            raise

    async def _is_told(self, scope: Scope, telling: Telling, status: int) -> bool:
        """Whether the audit holds the line of this request, appended now where it is lacking."""
        try:
            await run_in_threadpool(self._tell, scope, telling, status)
        except TaperError as error:
            log("not-audited", {"route": route_of(scope)}, error=error)
            return False
        return True

    def _tell(self, scope: Scope, telling: Telling, status: int) -> None:
        route, is_refused = route_of(scope), status >= _REFUSED
        is_chart = route.startswith(_OF_A_CHART)
        if not telling.lacks(refused=is_refused) or not (is_chart or is_refused):
            return
        state: Json = scope.get("state", {})
        given: dict[str, Any] = dict(scope.get("path_params", {}))
        named = str(given.pop("launch", ""))
        screen = route.removeprefix(_OF_A_CHART) if is_chart else route.strip("/")
        reason = {"reason": state["reason"]} if is_refused and "reason" in state else {}
        detail = {"screen": screen, "status": status, **given, **reason}
        outcome = "done" if not is_refused else "refused" if status < _FAILED else "failed"
        action = self._action(scope["method"], screen, status) if is_chart else "launch"
        launch: Launch | None = state.get("launch")
        if launch is not None:
            note(self._services, launch, action, outcome, detail)
            return
        whose = tenant_of_launch(self._services, named) if named else None
        tenant: Tenant | None = whose or state.get("tenant")
        if tenant is not None:
            note_outside(self._services, tenant.id, named if whose else None, action, outcome, detail)

    @staticmethod
    def _action(method: str, screen: str, status: int) -> str:
        """What was asked for: to see something, which a form that is answered with a page does, too; else the form's own name."""
        shows = method == "GET" or 200 <= status < 300  # noqa: PLR2004
        return "view" if shows else _PARAMETER.sub("", screen).replace("/", "-")
