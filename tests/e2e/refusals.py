"""Every way in which the app says no, as a person meets it.

Each leaves its page open in the EHR's frame, or alone where no EHR is known that may frame it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page, Route, expect

from fhir_taper.cli.demo_walk import Browser, Shown
from fhir_taper.records import AuthMethod
from fhir_taper.sandbox.demo import Demo
from fhir_taper.sandbox.refusal import with_query
from fhir_taper.workflow.services import Services
from tests.e2e.screens import ELDER, MIXED, View, button, framed, opened, tab
from tests.odd_ehr import between, refusing

_DEAD: Final = "http://127.0.0.1:9/fhir"
_OUTCOME: Final = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"forbidden"}]}'


@dataclass(frozen=True)
class Stage:
    """A running demo, and what its app has open."""

    demo: Demo
    services: Services

    def launched(self, page: Page, patient: str | None = ELDER, **beside: Any) -> View:
        """The app in the frame of the EHR, launched with values of a test's own; whatever it shows once it does no longer read."""
        frame = framed(page, self.demo, ELDER)
        launch = self.demo.new_launch(patient, **beside)
        frame.goto(with_query(self.demo.launch_url, {"iss": self.demo.issuer, "launch": launch}))
        expect(frame.get_by_role("heading", level=1)).not_to_contain_text("Reading the chart…")
        return frame

    def launch_id(self, view: View) -> str:
        """The launch in the address of an open screen."""
        found = re.search(r"/app/([^/]+)/", view.url)
        assert found, view.url
        return found[1]

    @contextmanager
    def short_refresh(self) -> Iterator[None]:
        """Refresh tokens that are given meanwhile are worth nothing."""
        before, self.demo.lifetimes.refresh = self.demo.lifetimes.refresh, 0
        try:
            yield
        finally:
            self.demo.lifetimes.refresh = before

    @contextmanager
    def later(self, hours: int) -> Iterator[None]:
        """The app's clock is ahead."""
        clock = self.services.clock
        object.__setattr__(self.services, "clock", lambda: clock() + timedelta(hours=hours))
        try:
            yield
        finally:
            object.__setattr__(self.services, "clock", clock)


def lost_cookie(page: Page, stage: Stage) -> View:
    """The browser forgets its cookies while a chart is open."""
    frame = framed(page, stage.demo, ELDER)
    page.context.clear_cookies()
    tab(frame, "Plan").click()
    return frame


def cookie_never_kept(page: Page, stage: Stage) -> View:
    """The browser takes no cookie in the frame."""

    def without_cookie(route: Route) -> None:
        answer = _asked(route)
        kept = {name: value for name, value in answer.headers if name != "set-cookie"}
        route.fulfill(status=answer.status, headers=kept, body=answer.text)

    page.route(f"{stage.demo.app_url}/launch?*", without_cookie)
    page.goto(f"{stage.demo.page_url}chart?patient={ELDER}")
    frame = page.frames[1]
    frame.wait_for_url(f"{stage.demo.app_url}/callback?*")
    return frame


def expired_token(page: Page, stage: Stage) -> View:
    """The access token expires, and no refresh token helps."""
    with stage.short_refresh():
        frame = framed(page, stage.demo, ELDER)
    stage.demo.grants.expire_access_tokens()
    button(frame, "Refresh").click()
    return frame


def revoked_session(page: Page, stage: Stage) -> View:
    """The EHR ends the grant."""
    frame = framed(page, stage.demo, ELDER)
    held = stage.services.tokens(stage.services.settings.tenants[0]).get(stage.launch_id(frame))
    assert held is not None
    assert held.refresh_token is not None
    stage.demo.grants.revoke(held.refresh_token.reveal(), stage.demo.clients.of(AuthMethod.ASYMMETRIC).id)
    button(frame, "Refresh").click()
    return frame


def no_patient(page: Page, stage: Stage) -> View:
    """The EHR launches the app without an open chart."""
    return stage.launched(page, None)


def denied_scope(page: Page, stage: Stage) -> View:
    """The EHR does not give the app what it asks for: it says so when it sends the browser back."""
    page.goto(f"{stage.demo.app_url}/launch/standalone?tenant=demo")
    asked = dict(parse_qsl(urlsplit(page.url).query))
    page.goto(with_query(asked["redirect_uri"], {"error": "invalid_scope", "state": asked["state"], "iss": stage.demo.issuer}))
    return page


def prescriptions_denied(page: Page, stage: Stage) -> View:
    """The EHR lets the app in, and gives it no prescriptions. No refusal of ours: the regimen says what it lacks."""
    with between(stage.demo, refusing(403, "MedicationRequest*", _OUTCOME)):
        return stage.launched(page, scope="launch openid fhirUser patient/Patient.rs")


def access_refused(page: Page, stage: Stage) -> View:
    """The person says no at the EHR's sign-in."""
    page.goto(f"{stage.demo.app_url}/launch/standalone?tenant=demo")
    button(page, "Cancel").click()
    return page


def ended_by_the_person(page: Page, stage: Stage) -> View:
    """The person ends the session."""
    frame = framed(page, stage.demo, ELDER)
    button(frame, "End session").click()
    return frame


def over(page: Page, stage: Stage) -> View:
    """The session ended elsewhere."""
    frame = framed(page, stage.demo, ELDER)
    stage.services.launches.end(stage.launch_id(frame), stage.services.clock())
    tab(frame, "Plan").click()
    return frame


def left_alone(page: Page, stage: Stage) -> View:
    """Nobody used the session for longer than it stays open."""
    frame = framed(page, stage.demo, ELDER)
    with stage.later(hours=2):
        tab(frame, "Plan").click()
        frame.wait_for_url("**/plan")
    return frame


def another_session(page: Page, stage: Stage) -> View:
    """The cookie in hand is that of another chart."""
    frame = framed(page, stage.demo, ELDER)
    [own] = [one for one in page.context.cookies() if one["name"].endswith(stage.launch_id(frame))]
    first, rest = own["value"][0], own["value"][1:]  # of the shape of a cookie of ours: another one does not come so far
    page.context.add_cookies([{**own, "value": f"{'B' if first == 'A' else 'A'}{rest}"}])  # type: ignore[typeddict-item]
    tab(frame, "Plan").click()
    return frame


def stranger_launches(page: Page, stage: Stage) -> View:
    """A server that is not in the configuration launches the app."""
    page.goto(with_query(stage.demo.launch_url, {"iss": _DEAD, "launch": "x"}))
    return page


def empty_launch(page: Page, stage: Stage) -> View:
    """A launch without parameters."""
    page.goto(stage.demo.launch_url)
    return page


def answered_twice(page: Page, stage: Stage) -> View:
    """The EHR's answer comes a second time."""
    with page.expect_request(f"{stage.demo.app_url}/callback?*") as answer:
        frame = framed(page, stage.demo, ELDER)
    frame.goto(answer.value.url)
    return frame


def foreign_form(page: Page, stage: Stage) -> View:
    """A form without the session's own token."""
    frame = framed(page, stage.demo, ELDER)
    frame.evaluate("() => document.querySelectorAll('[name=csrf]').forEach(one => one.value = 'x')")
    button(frame, "Refresh").click()
    return frame


def somebody_was_first(page: Page, stage: Stage) -> View:
    """Two tabs change one draft."""
    frame = framed(page, stage.demo, MIXED)
    tab(frame, "Strategies").click()
    second = opened(page.context.new_page(), stage.demo, MIXED)
    tab(second, "Strategies").click()
    button(second, "Show the ways").click()
    button(second, "Choose").wait_for()
    second.close()
    button(frame, "Show the ways").click()
    return frame


def unknown_page(page: Page, stage: Stage) -> View:
    """An address that does not exist."""
    page.goto(f"{stage.demo.app_url}/nowhere")
    return page


def _asked(route: Route) -> Shown:
    """What the app answers to a request of the browser, which alone sends names under localhost to loopback."""
    return Browser().once("GET", route.request.url.replace("app.localhost", "127.0.0.1"))


Refusal = Callable[[Page, Stage], View]
REFUSALS: Final[dict[str, tuple[Refusal, str, str]]] = {
    "lost-cookie": (lost_cookie, "Your browser did not bring the cookie back", "Allow cookies"),
    "cookie-never-kept": (cookie_never_kept, "Your browser did not bring the cookie back", "Allow cookies"),
    "expired-token": (expired_token, "The EHR's session has ended", "open it again from the patient's chart"),
    "revoked-session": (revoked_session, "The EHR's session has ended", "open it again from the patient's chart"),
    "no-patient": (no_patient, "No patient is open", "Open a patient's chart"),
    "denied-scope": (denied_scope, "The EHR does not give this app what it needs", "Ask whoever runs the EHR"),
    "access-refused": (access_refused, "Access was not given", "If you did not refuse it yourself"),
    "ended": (ended_by_the_person, "Your session is ended", "Open this app again"),
    "session-over": (over, "Your session is over", "open it again from the patient's chart"),
    "left-alone": (left_alone, "Your session was ended", "A draft that was saved is offered there"),
    "another-session": (another_session, "This is not your session", "open it again from the patient's chart"),
    "unknown-ehr": (stranger_launches, "This EHR is not known here", "Ask whoever runs this app"),
    "empty-launch": (empty_launch, "The launch says nothing", "open it again from the patient's chart"),
    "answered-twice": (answered_twice, "This launch cannot be finished", "open it again from the patient's chart"),
    "foreign-form": (foreign_form, "This form cannot be taken", "open the page again"),
    "somebody-first": (somebody_was_first, "Somebody else was first", "Open the page again"),
    "unknown-page": (unknown_page, "There is no such page", "open it again from the patient's chart"),
}
"""By name: how to get there, the heading of the page, and words of what a person can do."""
