"""What a page says when something is refused: what happened, in one sentence, and what the person can do.

Never a token, a patient or a trace.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from fhir_taper.errors import (
    AccessEnded,
    BadInput,
    EhrAnswered,
    EhrError,
    EhrUnreachable,
    HostRefused,
    LaunchRefused,
    MissingSystemLibrary,
    NotAllowed,
    RestrictedData,
    StoreConflict,
    StoreError,
    TaperError,
    WriteRefused,
    WrongPatient,
    WrongUsage,
)
from fhir_taper.logs import log
from fhir_taper.records import Role
from fhir_taper.web.dependencies import FOR_PATIENTS
from fhir_taper.web.rendering import page
from fhir_taper.web.typed_text import typed_text

_AGAIN: Final = "Close this app and open it again from the patient's chart."
_SAVED: Final = "What you saved is kept."
_LAUNCHES: Final = {
    "unknown-issuer": ("This EHR is not known here", "Ask whoever runs this app to add your EHR to its configuration.", 403),
    "unknown-tenant": ("This organisation is not known here", "Ask whoever runs this app to look at its configuration.", 403),
    "launch": ("The launch says nothing", _AGAIN, 400),
    "cookie": (
        "Your browser did not bring the cookie back",
        "Allow cookies for this app, also inside the EHR's frame, or let the EHR open it in a window of its own. Then open it again there.",
        403,
    ),
    "state": ("This launch cannot be finished", _AGAIN, 400),
    "session-over": ("Your session is over", f"{_AGAIN} {_SAVED}", 403),
    "idle": (
        "Your session was ended because nobody used it",
        f"{_AGAIN} A draft that was saved is offered there. What was typed and not sent is gone.",
        403,
    ),
    "not-yours": ("This is not your session", _AGAIN, 403),
    "no-patient": ("No patient is open", "Open a patient's chart in the EHR, then open this app from there.", 400),
    "access_denied": ("Access was not given", "If you did not refuse it yourself, ask whoever runs the EHR.", 403),
    "invalid_scope": ("The EHR does not give this app what it needs", "Ask whoever runs the EHR to look at the app's registration.", 403),
    "id-token": ("The EHR did not prove who you are", _AGAIN, 403),
    "fhir-user": ("You are a user of another server", "Ask whoever runs the EHR to look at the app's registration.", 403),
    "nobody": ("The EHR did not say who you are", "Ask whoever runs the EHR to look at the app's registration.", 403),
    "not-a-clinician": (
        "This chart is not your own",
        "Open your own record. Caring for somebody else? Ask their care team what you may see.",
        403,
    ),
    "csrf": ("This form cannot be taken", "Go back, open the page again, and send it from there.", 403),
    "role": ("Your role does not allow this", "Ask somebody whose role does. What you saw can still be read.", 403),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One error as a page: title, sentences, what to do."""

    status: int
    title: str
    says: tuple[str, ...]
    todo: str


def told(error: Exception) -> Told:
    """What the page of an error says: first what holds all the same (its notes), then what is refused."""
    page = _refused(error)
    return replace(page, says=(*getattr(error, "__notes__", ()), *page.says)) if isinstance(error, TaperError) else page


def _refused(error: Exception) -> Told:
    if isinstance(error, LaunchRefused):
        title, todo, status = _LAUNCHES.get(error.reason, ("The launch was refused", _AGAIN, 403))
        return Told(status, title, (str(error),), todo)
    if isinstance(error, EhrError):
        return _of_the_ehr(error)
    if isinstance(error, (WriteRefused, NotAllowed)):
        title = "Nothing was written" if isinstance(error, WriteRefused) else "This cannot be done now"
        return Told(409, title, error.reasons, "Resolve what is listed, then look at the page again.")
    return next((page_of(str(error)) for kind, page_of in _OTHERS if isinstance(error, kind)), _UNKNOWN)


_OURS: Final = "Try again; if it stays so, tell whoever runs this app."
_TOO_LARGE: Final = Told(413, "What was sent is too large", ("Nothing of it was kept.",), "Shorten what you typed, then send it again.")
_UNKNOWN: Final = Told(500, "Something went wrong here", ("What was asked for was not finished.",), _OURS)
_NO_STORE: Final = "Nothing can be saved now"
_LEAVES_OPEN: Final = frozenset({_UNKNOWN.title, _NO_STORE})
"""What may happen after something was sent. Of every other refusal the write itself says what became of it."""
_OTHERS: Final[tuple[tuple[type[TaperError], Callable[[str], Told]], ...]] = (
    (StoreConflict, lambda says: Told(409, "Somebody else was first", (says,), "Open the page again: it shows what is there now.")),
    (StoreError, lambda _: Told(503, _NO_STORE, ("The database did not take it.",), _OURS)),
    (MissingSystemLibrary, lambda says: Told(503, "No PDF can be made here", (says,), "Take the plain text; tell whoever runs this app.")),
    (WrongUsage, lambda says: Told(422, "Something in the form cannot be meant", (says,), "Go back and correct it.")),
    (
        RestrictedData,  # before the others of its kind: the chart was read, and the reason is its labels
        lambda says: Told(
            409,
            "The plan rests on restricted data",
            (f"Nothing was written: {says.partition(': ')[2]}.",),
            "Print the plan, or hand it over as a PDF; whether it may be passed on is for who labelled the data in the EHR.",
        ),
    ),
    (BadInput, lambda says: Told(502, "The chart cannot be read", (says,), "Tell whoever runs the EHR.")),
)


def _of_the_ehr(error: EhrError) -> Told:
    match error:
        case AccessEnded():
            return Told(403, "The EHR's session has ended", (str(error),), f"{_AGAIN} {_SAVED}")
        case WrongPatient():
            return Told(502, "The EHR answered with another patient", (str(error),), "It was recorded. Tell whoever runs the EHR.")
        case EhrUnreachable():
            return Told(502, "The EHR does not answer", (str(error),), "Wait a moment and try again. What you saved is kept.")
        case HostRefused():
            return Told(502, "The EHR pointed to a strange place", (str(error),), "Nothing was sent there. Tell whoever runs this app.")
        case EhrAnswered():
            todo = "The EHR did not give this app access to it: ask whoever runs the EHR." if error.status == 403 else "Try again later."  # noqa: PLR2004
            return Told(502, "The EHR refused", (str(error),), todo)
    return Told(502, "The EHR cannot be used now", (str(error),), "Try again later.")


_OF_A_CHART: Final = "/app/{launch}/"
_WRITES: Final = ("POST", f"{_OF_A_CHART}write-back")
"""The one route that writes to an EHR."""
_ENDS: Final = ("POST", f"{_OF_A_CHART}end")
"""It gives tokens back, which is sent too."""
_NOT_KNOWN: Final = "Whether it arrived in the EHR is not known."


def error_page(request: Request, error: Told) -> HTMLResponse:
    """The page, for the frame of the tenant that is known by now; with a way back where there is an open chart."""
    tenant = getattr(request.state, "tenant", None)
    launch = request.path_params.get("launch", "")
    # Back only into a session that goes on.
    goes_on = error.status in (409, 422) or error.title == _LAUNCHES["role"][0]
    reference = getattr(request.state, "request_id", "")
    is_failure = error.status >= 500  # noqa: PLR2004
    may_be_sent = error.title in _LEAVES_OPEN and _is(request, _WRITES)
    if may_be_sent:
        error = replace(error, says=(*error.says, _NOT_KNOWN), todo="Look at the write-back page: it looks for it in the EHR.")
    elif error.title == _UNKNOWN.title:
        error = replace(error, says=(*error.says, *_known(request)))
    if is_failure and reference:
        error = replace(error, says=(*error.says, f"Reference for whoever runs this app: {reference}"))
    known = getattr(request.state, "launch", None)
    is_patient = known is not None and known.role is Role.PATIENT
    back = f"/app/{launch}/{'today' if is_patient else 'regimen'}" if goes_on and launch and tenant is not None else ""
    # In a window of its own cookies come back; there the EHR asks for the patient.
    own_window = f"/launch/standalone?{urlencode({'tenant': tenant.id})}" if tenant and error.title == _LAUNCHES["cookie"][0] else ""
    typed = typed_text(getattr(request.state, "typed", None))
    look = f"/app/{launch}/write-back" if may_be_sent and launch else ""
    return page(
        "error.html",
        tenant=tenant,
        status=error.status,
        error=error,
        back=back,
        back_words="Back to my plan" if is_patient else "Back to the regimen",
        look=look,
        own_window=own_window,
        typed=typed,
        is_not_saved=error.title != _UNKNOWN.title,
        is_for_help=any(_is(request, ("POST", one)) for one in FOR_PATIENTS - {_ENDS[1]}),
        to_patient=known is None or is_patient,
        crisis=tenant.crisis_lines if tenant is not None else (),
    )


def _is(request: Request, route: tuple[str, str]) -> bool:
    return (request.method, getattr(request.scope.get("route"), "path", "")) == route


def _known(request: Request) -> Iterator[str]:
    """What is known after an error that nobody foresaw, of a route that writes nothing to an EHR."""
    pattern = getattr(request.scope.get("route"), "path", "")
    if pattern.startswith(_OF_A_CHART) and not _is(request, _ENDS):
        yield "Nothing of this was written to the EHR."
    if request.method == "POST" and pattern.startswith(_OF_A_CHART):
        yield "Whether it was saved here is not known: open the page again, it shows what is there now."


def note_reason(request: Request, error: Exception) -> None:
    """Keep why a request is refused, for its line in the audit: a code, never the sentence."""
    request.state.reason = error.reason if isinstance(error, LaunchRefused) else type(error).__name__


def add_error_pages(app: FastAPI) -> None:
    """Every error as a page of ours."""

    def of_ours(request: Request, error: Exception) -> HTMLResponse:
        note_reason(request, error)
        page = told(error)
        if page.status >= 500:  # noqa: PLR2004
            log("refused", level=logging.ERROR if page.status == 500 else logging.WARNING, error=error)  # noqa: PLR2004
        return error_page(request, page)

    def of_http(request: Request, error: Exception) -> HTMLResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        titles = {
            400: "What was sent cannot be read",
            404: "There is no such page",
            405: "This cannot be done here",
        }
        if status == _TOO_LARGE.status:
            return error_page(request, _TOO_LARGE)
        return error_page(request, Told(status, titles.get(status, "This cannot be answered"), (), _AGAIN))

    def of_request(request: Request, error: Exception) -> HTMLResponse:
        del error  # it repeats what was sent
        return error_page(request, Told(422, "The address is not complete", (), _AGAIN))

    app.add_exception_handler(TaperError, of_ours)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_request)
