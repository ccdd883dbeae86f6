"""From the EHR's click to an open chart, and every way in which that is refused."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

from fhir_taper.cli.demo_walk import Browser
from fhir_taper.records import Secret, Tenant
from fhir_taper.smart.transport import Transport
from fhir_taper.store import launches
from fhir_taper.web.app import create_app
from fhir_taper.web.security import BROWSER_COOKIE
from fhir_taper.workflow.begin_launch import hashed
from fhir_taper.workflow.services import Kept
from tests.odd_ehr import between, refusing
from tests.web.asking import ask
from tests.web.running import ELDER, MIXED, Stage, parameters

Pairs = list[tuple[str, str]]


def without(pairs: Pairs, name: str) -> Pairs:
    return [pair for pair in pairs if pair[0] != name]


def replaced(pairs: Pairs, name: str, value: str) -> Pairs:
    return [*without(pairs, name), (name, value)]


def answered(stage: Stage, browser: Browser, pairs: list[tuple[str, str]]) -> tuple[int, str]:
    shown = browser.once("GET", f"{stage.demo.redirect_uri}?{urlencode(pairs)}")
    return shown.status, shown.text


def test_a_launch_opens_the_chart_of_the_patient_that_the_ehr_had_open(stage: Stage) -> None:
    shown = stage.opened(ELDER).get("regimen")
    assert "Edna Example" in shown.text
    assert "lorazepam" in shown.text


def test_while_the_chart_is_read_a_page_says_so_and_leads_on_without_a_script(stage: Stage) -> None:
    browser, back = stage.begun(ELDER)
    sent = browser.once("GET", back)
    opening = browser.once("GET", urljoin(back, sent.header("location")))
    assert "Reading the chart…" in opening.text
    assert "<script" not in opening.text
    onward = re.findall(r'url=([^"]+)"', opening.text)
    assert onward == re.findall(r'class="button" href="([^"]+)"', opening.text)
    assert "What is taken" in browser.once("GET", urljoin(back, onward[0])).text


def test_the_page_before_the_chart_is_refused_like_every_other_without_its_cookie(stage: Stage) -> None:
    browser, back = stage.begun(ELDER)
    opening = urljoin(back, browser.once("GET", back).header("location"))
    assert stage.browser().once("GET", opening).status == 403


def test_an_ehr_may_launch_by_form_post(stage: Stage) -> None:
    browser = stage.browser()
    fields = {"iss": stage.demo.issuer, "launch": stage.demo.new_launch(ELDER)}
    shown = browser.post(stage.demo.launch_url, fields)
    assert "What is taken" in shown.text


def test_a_standalone_launch_goes_on_to_the_ehrs_sign_in(stage: Stage) -> None:
    browser = stage.browser()
    sent = browser.once("GET", f"{stage.demo.app_url}/launch/standalone?tenant=demo")
    asked = dict(parameters(sent.header("location")))
    assert sent.status == 303
    assert "launch/patient" in asked["scope"].split()
    assert "launch" not in asked


def test_an_unknown_issuer_is_refused_and_nothing_is_asked_of_it(stage: Stage) -> None:
    for issuer in ("https://evil.example.org/fhir", stage.demo.issuer + ".evil.example", f"{stage.demo.issuer}@evil.example/fhir", ""):
        shown = stage.browser().once("GET", f"{stage.demo.launch_url}?{urlencode({'iss': issuer, 'launch': 'x'})}")
        assert shown.status in (400, 403)
        assert "This EHR is not known here" in shown.text
        assert shown.header("set-cookie") == ""


HOSTILE = [
    "https://evil.example.org/fhir",
    "{issuer}.evil.example",
    "{issuer}@evil.example/fhir",
    "{issuer}%2F..%2F@evil.example",
    "http://127.0.0.1@evil.example/fhir",
    "{issuer}/../../admin",
    "{issuer}#@evil.example",
    "{issuer}?redirect=https://evil.example",
    "//evil.example/fhir",
    "\\\\evil.example\\fhir",
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:127.0.0.1]/fhir",
    "http://0x7f000001/fhir",
    "http://localhost.:80/fhir",
    "http://127.0.0.1。evil.example/fhir",
    "http://ⓛocalhost/fhir",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "{issuer}\r\nLocation: https://evil.example",
    "{issuer}\x00",
    "{upper}",
]


@pytest.mark.requirement("6")
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_launch_or_callback_is_refused_before_any_request_leaves(stage: Stage, hostile: str) -> None:
    issuer = hostile.replace("{issuer}", stage.demo.issuer).replace("{upper}", stage.demo.issuer.upper())
    asked: list[str] = []

    def transport_of(tenant: Tenant) -> Transport:
        asked.append(tenant.id)
        return stage.services.transport(tenant)

    app = create_app(replace(stage.services, transport_of=transport_of, _transports={}, said_by_ehr=Kept()))
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    query = urlencode({"iss": issuer, "launch": "x", "redirect_uri": issuer, "next": issuer})
    answers = [
        ask(app, "GET", "/launch", query=query),
        ask(app, "POST", "/launch", body=query.encode(), headers=form),
        ask(app, "GET", "/launch/standalone", query=urlencode({"tenant": issuer, "iss": issuer})),
        ask(app, "GET", "/callback", query=urlencode({"iss": issuer, "code": "x", "state": issuer, "redirect_uri": issuer})),
    ]
    for answer in answers:
        assert answer.status in (400, 403)
        assert answer.header("location") == ""
        assert answer.header("set-cookie") == ""
        assert "evil.example" not in answer.text
    assert asked == []


@pytest.mark.requirement("6")
def test_an_answer_of_another_authorization_server_leads_nowhere(stage: Stage) -> None:
    browser, back = stage.begun()
    pairs = [*without(parameters(back), "iss"), ("iss", "https://evil.example"), ("redirect_uri", "https://evil.example")]
    shown = browser.once("GET", f"{stage.demo.redirect_uri}?{urlencode(pairs)}")
    assert shown.status == 403
    assert shown.header("location") == ""
    assert "evil.example" not in shown.text


def test_a_launch_that_says_a_thing_twice_is_refused(stage: Stage) -> None:
    twice = [("iss", stage.demo.issuer), ("iss", "https://evil.example.org"), ("launch", "x")]
    assert stage.browser().once("GET", f"{stage.demo.launch_url}?{urlencode(twice)}").status == 400


def test_an_answer_is_taken_once(stage: Stage) -> None:
    browser, back = stage.begun()
    assert browser.once("GET", back).status == 303
    again = browser.once("GET", back)
    assert again.status == 400
    assert "This launch cannot be finished" in again.text


def test_a_lost_cookie_has_a_page_of_its_own_that_says_what_to_do_and_shows_in_the_frame(stage: Stage) -> None:
    _, back = stage.begun()
    shown = stage.browser().once("GET", back)
    assert shown.status == 403
    assert "did not bring the cookie back" in shown.text
    assert "window of its own" in shown.text
    assert shown.header("content-security-policy").endswith(stage.demo.page_url.rstrip("/"))


def test_the_page_of_a_refusal_may_be_framed_by_the_ehr_that_it_belongs_to_also_without_a_cookie(stage: Stage) -> None:
    ehr, person = stage.demo.page_url.rstrip("/"), stage.opened(ELDER)
    address = f"{stage.demo.app_url}{person.here}/plan"
    browser, back = stage.begun()
    browser.once("GET", back)
    person.send("regimen", "/end")
    for refused in (stage.browser().once("GET", address), browser.once("GET", back)):
        assert refused.status >= 400
        assert refused.header("content-security-policy").endswith(f"frame-ancestors {ehr}")
    stranger = stage.browser().once("GET", back.replace("iss=", "iss=https%3A%2F%2Fevil.test%2F"))
    assert stranger.header("content-security-policy").endswith("frame-ancestors 'none'")


def test_an_answer_in_another_browser_is_refused(stage: Stage) -> None:
    victim, back = stage.begun()
    attacker, _ = stage.begun()
    host = urlsplit(back).netloc
    name = next(one for one in victim.cookies[host] if "begin" in one)
    attacker.cookies[host] = {name: next(iter(attacker.cookies[host].values()))}
    shown = attacker.once("GET", back)
    assert shown.status == 400
    assert not [one for one in attacker.cookies[host] if not one.startswith(("__Host-taper-begin", "__Host-taper-browser"))]


ODD_COOKIES = ['"a\\015\\012Set-Cookie: x=1"', '"a\\012b"', '"\\377"', "é", "a b", '""', "x" * 5000, "a;", "\x7f", '"a\\"b"']


@pytest.mark.parametrize("odd", ODD_COOKIES)
def test_a_cookie_of_a_launch_that_no_page_of_ours_set_is_refused_with_a_page(stage: Stage, odd: str) -> None:
    """A quoted line break in it ended the answer without a page."""
    app = create_app(stage.services)
    browser, back = stage.begun()
    (name,) = [one for one in browser.cookies[urlsplit(back).netloc] if "begin" in one]
    answer = ask(app, "GET", "/callback", query=urlsplit(back).query, headers=[("Cookie", f"{name}={odd}")])
    assert answer.status == 403
    assert "did not bring the cookie back" in answer.text
    assert answer.header("set-cookie") == ""


@pytest.mark.parametrize("odd", ODD_COOKIES)
def test_a_name_of_a_browser_that_no_page_of_ours_gave_is_not_taken_over(stage: Stage, odd: str) -> None:
    app = create_app(stage.services)
    browser, back = stage.begun()
    ((name, value),) = [pair for pair in browser.cookies[urlsplit(back).netloc].items() if "begin" in pair[0]]
    answer = ask(app, "GET", "/callback", query=urlsplit(back).query, headers=[("Cookie", f"{name}={value}; {BROWSER_COOKIE}={odd}")])
    assert answer.status == 303
    named = [one for key, one in answer.headers if key == "set-cookie" and one.startswith(BROWSER_COOKIE)]
    assert [re.fullmatch(rf"{BROWSER_COOKIE}=[A-Za-z0-9_-]{{43}}; .*", one) is not None for one in named] == [True]
    assert all(one.isprintable() for _, one in answer.headers)


@pytest.mark.parametrize("odd", ODD_COOKIES)
def test_a_cookie_of_a_session_that_no_page_of_ours_set_is_refused_with_a_page(stage: Stage, odd: str) -> None:
    app, person = create_app(stage.services), stage.opened(ELDER)
    answer = ask(app, "GET", f"{person.here}/regimen", headers=[("Cookie", f"__Host-taper-{person.launch}={odd}")])
    assert answer.status == 403
    assert "did not bring the cookie back" in answer.text


def test_a_forged_answer_is_refused(stage: Stage) -> None:
    forged: dict[str, Callable[[Pairs], Pairs]] = {
        "a state that nobody made": lambda pairs: replaced(pairs, "state", "x" * 43),
        "no state": lambda pairs: without(pairs, "state"),
        "two states": lambda pairs: [*pairs, ("state", "x")],
        "another authorization server": lambda pairs: replaced(pairs, "iss", "https://evil.example.org"),
        "no authorization server": lambda pairs: without(pairs, "iss"),
        "a code that nobody gave": lambda pairs: replaced(pairs, "code", "x"),
        "two codes": lambda pairs: [*pairs, ("code", "x")],
        "no code": lambda pairs: without(pairs, "code"),
    }
    for what, forge in forged.items():
        browser, back = stage.begun()
        status, text = answered(stage, browser, forge(parameters(back)))
        assert 400 <= status < 504, what
        assert "What you can do" in text, what


def test_a_person_who_said_no_is_told_so(stage: Stage) -> None:
    browser, back = stage.begun()
    pairs = [*without(parameters(back), "code"), ("error", "access_denied")]
    status, text = answered(stage, browser, pairs)
    assert status == 403
    assert "Access was not given" in text


def test_a_launch_without_a_patient_has_a_page_of_its_own(stage: Stage) -> None:
    browser, back = stage.begun(None)
    shown = browser.once("GET", back)
    assert shown.status == 400
    assert "No patient is open" in shown.text


def test_a_lost_session_cookie_a_strange_one_and_an_unknown_launch_are_refused(stage: Stage) -> None:
    person = stage.opened(ELDER)
    address = f"{stage.demo.app_url}{person.here}/regimen"
    assert stage.browser().once("GET", address).status == 403
    person.browser.cookies[urlsplit(address).netloc][f"__Host-taper-{person.launch}"] = f"{'f' * 43}.{'0' * 12}"
    wrong = person.browser.once("GET", address)
    assert wrong.status == 403
    assert "This is not your session" in wrong.text
    assert stage.browser().once("GET", f"{stage.demo.app_url}/app/unknown/regimen").status == 403


def test_the_cookie_of_one_chart_opens_no_other(stage: Stage) -> None:
    browser = stage.browser()
    one, other = stage.opened(ELDER, browser=browser), stage.opened(MIXED, browser=browser)
    jar = browser.cookies[urlsplit(stage.demo.app_url).netloc]
    jar[f"__Host-taper-{one.launch}"] = jar[f"__Host-taper-{other.launch}"]
    shown = one.get("regimen")
    assert shown.status == 403
    assert "Edna" not in shown.text


def test_two_tabs_with_two_patients_never_mix(stage: Stage) -> None:
    browser = stage.browser()
    one, other = stage.opened(ELDER, browser=browser), stage.opened(MIXED, browser=browser)
    for _ in range(2):
        assert "Edna Example" in one.get("regimen").text
        assert "Edna Example" not in other.get("regimen").text


def test_whoever_ends_a_session_has_no_cookie_and_no_chart_any_more(stage: Stage) -> None:
    person = stage.opened(ELDER)
    kept = dict(person.browser.cookies[urlsplit(stage.demo.app_url).netloc])
    assert "Your session is ended" in person.send("regimen", "/end").text
    person.browser.cookies[urlsplit(stage.demo.app_url).netloc] = kept
    over = person.get("regimen")
    assert over.status == 403
    assert "Your session is over" in over.text
    assert over.header("content-security-policy").endswith(stage.demo.page_url.rstrip("/"))


@pytest.mark.parametrize(("status", "words"), [(403, "The EHR refused"), (500, "The EHR refused")])
def test_a_patient_that_cannot_be_read_has_a_page_that_says_so(stage: Stage, status: int, words: str) -> None:
    person = stage.opened(ELDER)
    with between(stage.demo, refusing(status, body=b'{"resourceType":"OperationOutcome","issue":[]}')):
        shown = person.browser.post(f"{person.here}/refresh", {"csrf": _csrf(stage, person.launch)})
    assert shown.status == 502
    assert words in shown.text


def _csrf(stage: Stage, launch: str) -> str:
    found = stage.services.launches.get(launch, stage.services.clock())
    assert found is not None
    return found.csrf.reveal()


def test_a_browser_keeps_its_name_over_launches_and_its_oldest_chart_ends_for_one_too_many(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launches, "LIVE_PER_BROWSER", 2)
    browser = stage.browser()
    first = stage.opened(ELDER, browser=browser)
    jar = browser.cookies[urlsplit(stage.demo.app_url).netloc]
    name = jar["__Host-taper-browser"]
    second, third = stage.opened(ELDER, browser=browser), stage.opened(MIXED, browser=browser)
    assert jar["__Host-taper-browser"] == name
    assert first.get("regimen").status == 403
    assert f"__Host-taper-{first.launch}" not in jar
    assert (second.get("regimen").status, third.get("regimen").status) == (200, 200)
    assert stage.opened(ELDER).get("regimen").status == 200
    assert second.get("regimen").status == 200


def test_a_chart_of_an_ehr_that_is_set_up_no_more_ends_for_one_too_many_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launches, "LIVE_PER_BROWSER", 1)
    browser, now = stage.browser(), stage.services.clock()
    first = stage.services.launches.get(stage.opened(ELDER, browser=browser).launch, now)
    assert first is not None
    name = hashed(Secret(browser.cookies[urlsplit(stage.demo.app_url).netloc]["__Host-taper-browser"]))
    stage.services.launches.save(replace(first, id="of-no-tenant", tenant_id="gone", last_seen=now - timedelta(hours=1)), name)
    stage.opened(ELDER, browser=browser)
    assert stage.services.launches.get("of-no-tenant", now) is None
    assert stage.services.launches.get(first.id, now) is None
