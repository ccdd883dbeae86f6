"""What a route is handed: the services, an open chart that the browser proved to be its own, a posted form with its CSRF token.

A patient is handed the few pages that are for patients, and nothing else, whatever a route forgets to ask (privacy S4).
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from fhir_taper.errors import LaunchRefused, WrongUsage
from fhir_taper.records import Role
from fhir_taper.web.rendering import page
from fhir_taper.web.security import LONGEST_BODY, brought, is_csrf_token, launch_cookie, session_secret, tenant_of_cookie
from fhir_taper.web.strip import session_of, strip_of
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.open_alerts import open_alerts
from fhir_taper.workflow.open_chart import OpenChart, open_chart, tenant_of_launch
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.services import Services

SEE_OTHER: Final = 303
_MOST_FIELDS: Final = 200
_MOST_DIGITS: Final = 9
_MALFORMED: Final = 400
_TOO_LARGE: Final = 413
_LAUNCH: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ENDED: Final = frozenset({"idle", "session-over"})
_FORM: Final = "application/x-www-form-urlencoded"
FOR_PATIENTS: Final = frozenset(
    f"/app/{{launch}}/{page}"
    for page in ("opening", "today", "check-in", "check-in/{form}", "pause", "rhythm", "come-back", "hard-days", "end")
)
"""The pages and actions of a patient: the approved plan, forms, wishes."""


def services_of(request: Request) -> Services:
    """The services of this process."""
    services: Services = request.app.state.services
    return services


def whole_number(text: str, most_digits: int) -> int | None:
    """The number that decimal digits of ASCII say, no more of them than so many; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= most_digits else None


@dataclass(frozen=True, slots=True)
class Form:
    """A posted form: names and values in their order."""

    pairs: Sequence[tuple[str, str]]

    def one(self, name: str, default: str = "") -> str:
        """A value that stands once. Raises WrongUsage where it stands twice."""
        values = [value for key, value in self.pairs if key == name]
        if len(values) > 1:
            raise WrongUsage(f"the form says {name} twice")
        return values[0].strip() if values else default

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a name."""
        return tuple(value.strip() for key, value in self.pairs if key == name)

    def number(self, name: str) -> int:
        """A whole number of the form's own (a revision, a place in a list). Raises WrongUsage."""
        number = whole_number(self.one(name), _MOST_DIGITS)
        if number is None:
            raise WrongUsage("the form is damaged: open the page again")
        return number


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of one person to one open chart."""

    services: Services
    chart: OpenChart

    def loaded(self, *, afresh: bool = False) -> Loaded:
        """The patient's chart."""
        return load_chart(self.services, self.chart, afresh=afresh)

    def today(self, zone: str | None = None) -> date:
        """Today, in the zone of a plan, or where none is given in the tenant's."""
        return self.chart.day(self.services.clock(), zone)

    def reading(self) -> Reading:
        """The patient's chart as it stands today."""
        return self.loaded().reading(self.today())

    def page(self, template: str, tab: str, *, status: int = 200, **words: Any) -> HTMLResponse:
        """A screen under the strip and the tabs."""
        loaded = self.loaded()
        return page(
            template,
            tenant=self.chart.tenant,
            status=status,
            strip=strip_of(self.chart, loaded, self.services.clock()),
            session=session_of(self.chart),
            unread=loaded.unread,
            here=f"/app/{self.chart.launch.id}",
            csrf=self.chart.launch.csrf.reveal(),
            tab=tab,
            alerts=open_alerts(self.services, self.chart),
            role=self.chart.launch.role.value,
            **words,
        )

    def part(self, template: str, *, status: int = 200, **words: Any) -> HTMLResponse:
        """A part of a screen, for a page that is open."""
        here, csrf = f"/app/{self.chart.launch.id}", self.chart.launch.csrf.reveal()
        return page(template, tenant=self.chart.tenant, status=status, here=here, csrf=csrf, **words)

    def to(self, screen: str) -> RedirectResponse:
        """On to a screen, by GET."""
        return RedirectResponse(f"/app/{self.chart.launch.id}/{screen}", SEE_OTHER)


@dataclass(frozen=True, slots=True)
class Posted:
    """A visit that brought a form."""

    visit: Visit
    form: Form


async def body_of(request: Request) -> bytes:
    """The body, at most 64 kB: one that announces more, or nonsense, is refused before it arrives."""
    announced = whole_number(request.headers.get("content-length", "0"), _MOST_DIGITS)
    if announced is None or announced > LONGEST_BODY:
        raise _too_large(request)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LONGEST_BODY:
            raise _too_large(request)
        parts.append(part)
    return b"".join(parts)


def _too_large(request: Request) -> HTTPException:
    services_of(request).metrics.turned_away("body")
    _note_whose(request, request.path_params.get("launch", ""))
    return HTTPException(_TOO_LARGE, "What was sent is too large.")


def form_of(body: bytes, headers: Mapping[str, str]) -> Form:
    """A form in a body. Raises HTTPException (400) for anything else."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HTTPException(_MALFORMED)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, encoding="utf-8", errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise HTTPException(_MALFORMED) from None
    return Form(pairs)


def visit_of(request: Request, launch: str) -> Visit:
    """The chart of the launch in the path. Raises LaunchRefused, with the tenant noted for the page that says so."""
    services = services_of(request)
    launch, cookie = _note_whose(request, launch)
    chart = open_chart(services, launch, session_secret(cookie))
    request.state.tenant, request.state.launch = chart.tenant, chart.launch
    if chart.may(Role.PATIENT) and getattr(request.scope.get("route"), "path", "") not in FOR_PATIENTS:
        raise LaunchRefused("role", "This page is for your care team.")
    return Visit(services, chart)


def _note_whose(request: Request, launch: str) -> tuple[str, str]:
    """Note whose frame a page of refusal is for; the launch ("" for what cannot be one of ours) and its cookie."""
    services = services_of(request)
    launch = launch if _LAUNCH.fullmatch(launch) else ""  # what cannot be one of ours reaches no cookie and no database
    cookie = brought(request.cookies, launch_cookie(launch))
    # A browser that lost the cookie shows the page that says so in the EHR's frame, or it shows nothing.
    request.state.tenant = tenant_of_cookie(services.settings, cookie) or tenant_of_launch(services, launch)
    return launch, cookie


def posted_of(request: Request, launch: str, body: Annotated[bytes, Depends(body_of)]) -> Posted:
    """The same with a form. Raises LaunchRefused ("csrf") where the form is not one of this launch's own pages."""
    try:
        visit = visit_of(request, launch)
    except LaunchRefused as refusal:
        # A session that ended takes no form, and gives back what was typed: only to a page of ours, which no other site can pretend to be.
        if refusal.reason in _ENDED and request.headers.get("sec-fetch-site") == "same-origin":
            with suppress(HTTPException):
                request.state.typed = form_of(body, request.headers)
        raise
    form = form_of(body, request.headers)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") or not is_csrf_token(
        visit.chart.launch, form.one("csrf")
    ):
        raise LaunchRefused("csrf", "This form did not come from a page of this session. Open the page again.")
    request.state.typed = form
    return Posted(visit, form)


Opened = Annotated[Visit, Depends(visit_of)]
Form_ = Annotated[Posted, Depends(posted_of)]
Body = Annotated[bytes, Depends(body_of)]
In = Annotated[Services, Depends(services_of)]
