"""Privacy S5 on every page: the headers, the cookies, the body limit, the CSRF token."""

import re

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.web.security import LONGEST_BODY, drop_cookie, policy, set_cookie
from tests.web.running import ELDER, MIXED, Stage

SCREENS = ("regimen", "strategies", "plan", "safety", "approve", "write-back", "receipt")
ELSEWHERE = (
    "/healthz",
    "/readyz",
    "/.well-known/jwks.json",
    "/launch",
    "/launch/standalone",
    "/callback",
    "/no-such-page",
    "/app/x/regimen",
)
EXPECTED = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def test_a_policy_allows_our_own_style_sheet_pictures_and_forms_and_nothing_else() -> None:
    allowed = dict(part.strip().split(" ", 1) for part in policy(["https://ehr.example.org"]).split(";"))
    assert allowed == {
        "default-src": "'none'", "style-src": "'self'", "img-src": "'self'", "form-action": "'self'", "base-uri": "'none'",
        "frame-ancestors": "https://ehr.example.org",
    }  # fmt: skip


def test_without_a_tenant_nobody_may_frame_a_page() -> None:
    assert policy().endswith("frame-ancestors 'none'")


def test_cookies_are_host_only_secure_unreadable_and_partitioned() -> None:
    cookie = set_cookie("__Host-taper-x", "v", 60)
    assert cookie == "__Host-taper-x=v; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
    assert "Max-Age=0" in drop_cookie("__Host-taper-x")


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_may_be_framed_by_its_ehr_alone_and_is_never_stored(stage: Stage, screen: str) -> None:
    shown = stage.opened(MIXED).get(screen)
    assert shown.status == 200, shown.text
    allowed = shown.header("content-security-policy")
    origin = stage.demo.page_url.rstrip("/")
    assert allowed.startswith("default-src 'none';")
    assert allowed.endswith(f"frame-ancestors {origin}")
    assert "unsafe" not in allowed
    assert shown.header("cache-control") == "no-store"
    assert {name: shown.header(name) for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize("screen", SCREENS)
def test_no_screen_has_a_script_an_inline_style_or_an_address_elsewhere(stage: Stage, screen: str) -> None:
    html = stage.opened(MIXED).get(screen).text
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", html)
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', html)
    assert addresses
    assert all(one.startswith(("/", "#")) and not one.startswith("//") for one in addresses)


@pytest.mark.parametrize("path", ELSEWHERE)
def test_every_other_answer_carries_the_headers_too_and_is_framed_by_nobody(stage: Stage, path: str) -> None:
    shown = stage.browser().once("GET", stage.demo.app_url + path)
    assert shown.status < 500, shown.text
    assert shown.header("content-security-policy").endswith("frame-ancestors 'none'")
    assert {name: shown.header(name) for name in EXPECTED} == EXPECTED


def test_a_form_without_its_token_is_refused_and_changes_nothing(stage: Stage) -> None:
    person = stage.opened(MIXED)
    fields = person.form("strategies", "/strategies")
    for csrf in ("", "wrong", "é"):
        shown = person.browser.post(f"{person.here}/strategies", fields | {"csrf": csrf})
        assert shown.status == 403
        assert "This form cannot be taken" in shown.text
    del fields["csrf"]
    assert person.browser.post(f"{person.here}/strategies", fields).status == 403


def test_the_token_of_another_launch_is_refused(stage: Stage) -> None:
    one, other = stage.opened(MIXED), stage.opened(ELDER)
    fields = one.form("strategies", "/strategies") | {"csrf": other.form("strategies", "/strategies")["csrf"]}
    assert one.browser.post(f"{one.here}/strategies", fields).status == 403


def test_every_form_of_every_screen_carries_the_token(stage: Stage) -> None:
    person = stage.opened(MIXED)
    for screen in SCREENS:
        forms = Page(person.get(screen).text).forms
        assert forms
        assert all(form.fields.get("csrf") for form in forms)


def test_a_body_beyond_the_limit_is_refused_before_it_is_read_whole(stage: Stage) -> None:
    person = stage.opened(MIXED)
    shown = person.browser.post(f"{person.here}/strategies", {"reason": "x" * LONGEST_BODY})
    assert shown.status == 413


@pytest.mark.parametrize("body", [b"\xff\xfe", b"csrf=%ff", b"&".join([b"a=1"] * 500)])
def test_a_body_that_is_no_form_gets_a_page_that_says_so(stage: Stage, body: bytes) -> None:
    person = stage.opened(MIXED)
    shown = person.browser.once("POST", f"{stage.demo.app_url}{person.here}/refresh", body)
    assert shown.status == 400
    assert "What was sent cannot be read" in shown.text


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"=&=&=", b"csrf=%ff", b"&".join([b"a=1"] * 500), b'{"csrf":1}', b"csrf=1&csrf=2"])
def test_no_body_however_odd_breaks_a_page(stage: Stage, body: bytes) -> None:
    person = stage.opened(MIXED)
    for action in ("strategies", "choose", "plan", "safety", "agreement", "approve", "write-back", "refresh"):
        shown = person.browser.once("POST", f"{stage.demo.app_url}{person.here}/{action}", body)
        assert 400 <= shown.status < 500, (action, shown.text)
