"""The authorization endpoint: what it lets through, and how it says no."""

import re

import pytest
import requests

from fhir_taper.sandbox.clients import Client
from fhir_taper.sandbox.demo import Demo
from tests.sandbox.plain_app import SECONDS, STANDALONE_SCOPE, PlainApp, redirected


@pytest.fixture
def app(demo: Demo) -> PlainApp:
    """The public client."""
    return PlainApp(demo, demo.clients.public)


@pytest.mark.parametrize("by_post", [False, True])
def test_a_launch_from_the_ehr_brings_a_code_without_a_page(app: PlainApp, by_post: bool) -> None:
    ask = app.authorize_by_form if by_post else app.authorize
    told = redirected(ask(launch=app.demo.new_launch("lorazepam-elder")))
    assert (told["state"], told["iss"]) == (app.state, app.demo.issuer)
    assert len(told["code"]) >= 43


def test_a_launch_value_opens_one_launch(app: PlainApp) -> None:
    launch = app.demo.new_launch("lorazepam-elder")
    assert "code" in redirected(app.authorize(launch=launch))
    assert redirected(app.authorize(launch=launch))["error"] == "invalid_request"


def test_a_launch_value_expires(app: PlainApp, monkeypatch: pytest.MonkeyPatch) -> None:
    launch = app.demo.new_launch("lorazepam-elder")
    monkeypatch.setattr(app.demo.clock, "ahead", app.demo.lifetimes.launch + 1)
    assert redirected(app.authorize(launch=launch))["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"aud": "http://127.0.0.1:1/fhir"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"launch": "made-up"}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_told_to_the_app(app: PlainApp, changed: dict[str, str | None], error: str) -> None:
    told = redirected(app.authorize(**({"launch": app.demo.new_launch("lorazepam-elder")} | changed)))
    assert (told["error"], "code" in told) == (error, False)
    assert told.get("state") == (None if "state" in changed else app.state)


def test_an_audience_is_compared_byte_for_byte(app: PlainApp) -> None:
    told = redirected(app.authorize(launch=app.demo.new_launch("lorazepam-elder"), aud=f"{app.demo.issuer}/"))
    assert told["error"] == "invalid_request"


@pytest.mark.parametrize("suffix", ["/", "?x=1", ".example.org", "/../evil"])
def test_a_redirect_uri_is_exact_or_nobody_is_redirected(app: PlainApp, suffix: str) -> None:
    answer = app.authorize(launch=app.demo.new_launch("lorazepam-elder"), redirect_uri=f"{app.demo.redirect_uri}{suffix}")
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize("client_id", ["unheard-of", "fhir-taper-backend"])
def test_an_app_that_is_no_app_here_is_redirected_nowhere(app: PlainApp, client_id: str) -> None:
    answer = app.authorize(client_id=client_id)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_a_parameter_that_stands_twice_is_refused(app: PlainApp) -> None:
    url = app.configuration["authorization_endpoint"]
    assert requests.get(f"{url}?state=a&state=b", timeout=SECONDS).status_code == 400


def sign_in(app: PlainApp, page: str, **said: str) -> requests.Response:
    """Fill in the sign-in page."""
    waiting = re.search(r'name="request" value="([^"]+)"', page)
    assert waiting
    url = app.configuration["authorization_endpoint"].replace("authorize", "sign-in")
    return requests.post(url, data={"request": waiting[1], "answer": "allow", **said}, allow_redirects=False, timeout=SECONDS)


def test_a_standalone_launch_asks_who_you_are_and_whose_chart_to_open(app: PlainApp) -> None:
    page = app.authorize(scope=STANDALONE_SCOPE).text
    assert "Demo Pharmacist" in page
    assert "Midway, Mia" in page
    code = redirected(sign_in(app, page, user="pharmacist", patient="mid-taper"))["code"]
    answer = app.exchange(code).json()
    assert (answer["patient"], "encounter" in answer) == ("mid-taper", False)


def test_a_standalone_launch_without_patient_scopes_asks_for_no_patient(app: PlainApp) -> None:
    page = app.authorize(scope="openid fhirUser user/Patient.rs").text
    assert "Midway, Mia" not in page
    answer = app.exchange(redirected(sign_in(app, page, user="reader"))["code"]).json()
    assert ("patient" in answer, answer["need_patient_banner"]) == (False, False)


def test_a_person_may_say_no(app: PlainApp) -> None:
    page = app.authorize(scope=STANDALONE_SCOPE).text
    told = redirected(sign_in(app, page, user="prescriber", patient="mid-taper", answer="deny"))
    assert (told["error"], told["state"]) == ("access_denied", app.state)


def test_a_sign_in_page_is_good_once_and_wants_a_known_patient(app: PlainApp) -> None:
    page = app.authorize(scope=STANDALONE_SCOPE).text
    assert sign_in(app, page, user="prescriber", patient="nobody").status_code == 400
    assert sign_in(app, page, user="prescriber", patient="mid-taper").status_code == 400


def test_pages_say_no_word_of_an_app_as_html(app: PlainApp) -> None:
    app.demo.register(Client("loud", app.client.auth, (app.demo.redirect_uri,), name="<script>alert(1)</script>"))
    page = app.authorize(client_id="loud", scope=STANDALONE_SCOPE)
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_discovery_names_endpoints_of_the_same_origin_and_what_is_offered(app: PlainApp) -> None:
    said = app.configuration
    origin = app.demo.issuer.removesuffix("/fhir")
    assert said["issuer"] == app.demo.issuer
    assert all(value.startswith(f"{origin}/auth/") for name, value in said.items() if name.endswith("_endpoint"))
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "launch-standalone", "authorize-post", "sso-openid-connect"} <= set(said["capabilities"])
    openid = requests.get(f"{app.demo.issuer}/.well-known/openid-configuration", timeout=SECONDS).json()
    assert (openid["issuer"], openid["jwks_uri"]) == (said["issuer"], said["jwks_uri"])
