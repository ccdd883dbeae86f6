"""What machines ask of the app."""

from fhir_taper.cli.demo_walk import Page
from fhir_taper.exact_json import decode
from tests.web.running import ELDER, Stage


def test_our_public_keys_are_published_and_nothing_private_with_them(stage: Stage) -> None:
    shown = stage.browser().once("GET", f"{stage.demo.app_url}/.well-known/jwks.json")
    keys = decode(shown.text.encode())["keys"]
    assert {key["alg"] for key in keys} == {"RS384", "ES384"}
    assert not any("d" in key for key in keys)
    assert "max-age" in shown.header("cache-control")


def test_the_frameworks_own_pages_are_off(stage: Stage) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert stage.browser().once("GET", stage.demo.app_url + path).status == 404


def test_an_address_with_a_slash_too_many_leads_nowhere_and_least_of_all_to_a_host_of_the_requests_choice(stage: Stage) -> None:
    browser = stage.browser()
    here = stage.opened(ELDER).here
    for path in ("/callback/?code=secret", "/launch/", f"{here}/regimen/"):
        answer = browser.once("GET", stage.demo.app_url + path)
        assert (answer.status, answer.header("location")) == (404, "")


def test_the_style_sheet_is_ours_and_may_be_kept(stage: Stage) -> None:
    html = stage.opened(ELDER).get("regimen").text
    path = html.partition('rel="stylesheet" href="')[2].partition('"')[0]
    shown = stage.browser().once("GET", stage.demo.app_url + path)
    assert shown.status == 200
    assert "immutable" in shown.header("cache-control")
    assert "url(" not in shown.text
    assert "@import" not in shown.text


def test_every_screen_names_the_patient_and_has_one_heading(stage: Stage) -> None:
    person = stage.opened(ELDER)
    for screen in ("regimen", "strategies", "plan", "safety", "approve", "write-back", "receipt"):
        html = person.get(screen).text
        assert html.count("<h1>") == 1, screen
        assert "Edna Example" in Page(html).text
        assert '<html lang="en">' in html
