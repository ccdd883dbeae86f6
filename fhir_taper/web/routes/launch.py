"""The doors: an EHR launches us (GET or form POST), a person starts from outside the chart, the EHR sends the browser back."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import Role, Secret
from fhir_taper.web.dependencies import SEE_OTHER, Body, Form_, In, Opened, form_of
from fhir_taper.web.rendering import page
from fhir_taper.web.security import (
    BROWSER_COOKIE,
    brought,
    browser_cookie,
    drop_cookie,
    launch_cookie,
    pending_cookie,
    session_value,
    set_cookie,
)
from fhir_taper.workflow.begin_launch import PENDING_FOR, Begun, begin_ehr_launch, begin_standalone_launch, new_browser
from fhir_taper.workflow.end_session import end_launch
from fhir_taper.workflow.finish_launch import finish_launch, recall_launch
from fhir_taper.workflow.services import Services

router = APIRouter()


@router.get("/launch")
def launch(request: Request, services: In) -> Response:
    """An EHR opens us in its frame."""
    return _begin(request, services, request.query_params.multi_items())


@router.post("/launch")
def launch_by_form(request: Request, services: In, body: Body) -> Response:
    """The same by form POST."""
    return _begin(request, services, list(form_of(body, request.headers).pairs))


@router.get("/launch/standalone")
def standalone(request: Request, services: In, tenant: str = "") -> Response:
    """A launch from outside the chart."""
    request.state.tenant = services.settings.tenant(tenant)
    return _onward(begin_standalone_launch(services, tenant))


@router.get("/callback")
def callback(request: Request, services: In) -> Response:
    """The EHR's answer."""
    parameters = request.query_params.multi_items()
    # Who may frame the page of an answer that belongs to no launch: the EHR that it names, if that is one of ours (RFC 9207).
    request.state.tenant = services.settings.tenant_of_issuer(request.query_params.get("iss", ""))
    recalled = recall_launch(services, parameters)
    request.state.tenant = recalled.tenant
    known = brought(request.cookies, BROWSER_COOKIE)
    browser = Secret(known) if known else new_browser()
    secret = brought(request.cookies, pending_cookie(recalled.name))
    finished = finish_launch(services, recalled, parameters, secret, browser)
    answer = RedirectResponse(f"/app/{finished.launch.id}/opening", SEE_OTHER)
    seconds = int((finished.launch.ends - finished.launch.begun).total_seconds())
    cookies = [
        set_cookie(launch_cookie(finished.launch.id), session_value(finished.secret, recalled.tenant), seconds),
        browser_cookie(browser),
        drop_cookie(pending_cookie(recalled.name)),
        *(drop_cookie(launch_cookie(one)) for one in finished.ended),
    ]
    for cookie in cookies:
        answer.headers.append("Set-Cookie", cookie)
    return answer


@router.get("/app/{launch}/opening")
def opening(visit: Opened) -> Response:
    """What stands on the screen while the chart is read for the first time: it leads on by itself, and without a script.

    A patient's own pages read no chart: they are there at once.
    """
    if visit.chart.may(Role.PATIENT):
        return visit.to("today")
    return page("opening.html", tenant=visit.chart.tenant, onward=f"/app/{visit.chart.launch.id}/regimen")


@router.post("/app/{launch}/end")
def end(posted: Form_) -> Response:
    """Log out."""
    chart = posted.visit.chart
    end_launch(posted.visit.services, chart.tenant, chart.launch)
    answer = page("ended.html", tenant=chart.tenant)
    answer.headers.append("Set-Cookie", drop_cookie(launch_cookie(chart.launch.id)))
    return answer


def _begin(request: Request, services: Services, parameters: list[tuple[str, str]]) -> Response:
    given = {name: [value for key, value in parameters if key == name] for name in ("iss", "launch")}
    if any(len(values) != 1 for values in given.values()):
        raise LaunchRefused("launch", "The EHR launched this app without saying from where, or said it twice.")
    request.state.tenant = services.settings.tenant_of_issuer(given["iss"][0])
    return _onward(begin_ehr_launch(services, given["iss"][0], given["launch"][0]))


def _onward(begun: Begun) -> Response:
    """To the EHR's authorization endpoint, with the cookie that must come back."""
    answer: Response
    if begun.request.by_form:
        parts = urlsplit(begun.request.action)
        target = (f"{parts.scheme}://{parts.netloc}",)
        answer = page("onward.html", tenant=begun.tenant, form_targets=target, action=begun.request.action, form=begun.request.form)
    else:
        answer = RedirectResponse(begun.request.url, SEE_OTHER)
    seconds = int(PENDING_FOR.total_seconds())
    answer.headers.append("Set-Cookie", set_cookie(pending_cookie(begun.name), begun.secret.reveal(), seconds))
    return answer
