"""The patient's own screens and the check-ins, in a browser: at a telephone's width too, and without scripts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from fhir_taper.cli.demo import running_demo
from fhir_taper.cli.demo_walk import Browser as Walker
from fhir_taper.sandbox.demo import Demo
from tests.e2e import checks, pictures
from tests.e2e.browser import window
from tests.e2e.refusals import Stage
from tests.e2e.screens import MIDWAY, button, headed
from tests.web.running import Person
from tests.web.running import Stage as WebStage
from tests.web.ward import Ward

TELEPHONE = 360
FOLDED = "source-attributes"
"""Unfolded, as the checks leave a page, it is as long as forty windows: its picture shows the first part unfolded."""
CHECKS = {
    "accessible": checks.accessible,
    "large enough to hit": checks.small_targets,
    "as wide as the window": checks.wide,
    "readable at 640 pixels": checks.wide_when_narrow,
    "readable at 400 %": checks.wide_when_zoomed,
    "readable in forced colours": checks.lost_in_forced_colours,
    "readable in the dark": checks.unreadable_in_the_dark,
}


@pytest.fixture(scope="module")
def followed() -> Iterator[Stage]:
    """A demo of its own: what is asked and filled in here stands in it."""
    with running_demo(named_hosts=True) as (demo, services):
        yield Stage(demo, services)


def opened(page: Page, demo: Demo, user: str) -> str:
    """The address of the session of somebody who opened the chart in a window of its own."""
    page.goto(demo.launch_address(MIDWAY, user))
    page.wait_for_url("**/today" if user == "patient" else "**/regimen")
    return page.url.rpartition("/")[0]


def adopted(page: Page, demo: Demo) -> str:
    """The session of a prescriber who took the patient's plan over, now or before."""
    here = opened(page, demo, "prescriber")
    page.goto(f"{here}/versions")
    if page.get_by_role("button", name="Take").count():
        button(page, "Take").click()
    headed(page, "Versions")
    return here


def of_the_team(page: Page, here: str) -> Iterator[str]:
    page.goto(f"{here}/check-in")
    headed(page, "Check-in")
    yield "check-in-team"
    page.goto(f"{here}/check-in/phq9")
    page.get_by_label("Several days").last.check()
    button(page, "Send").click()
    headed(page, "Act now")
    yield "check-in-call-now-team"
    page.goto(f"{here}/check-in/cows")
    yield "check-in-not-of-this-plan"
    page.goto(f"{here}/today")
    yield "patient-today-team"
    page.goto(f"{here}/../../dsi/source-attributes")
    headed(page, "Source attributes")
    yield "source-attributes"


def of_the_patient(page: Page, here: str) -> Iterator[str]:
    headed(page, "Today")
    yield "patient-today"
    page.goto(f"{here}/check-in")
    yield "patient-check-in"
    page.goto(f"{here}/check-in/daily")
    yield "patient-daily"
    page.get_by_label("Hours:").fill("6")
    page.get_by_label("How bad was your worst symptom").fill("4")
    page.get_by_label("None of these").check()
    page.get_by_label("Is there more").fill("I sleep better")
    button(page, "Send").click()
    headed(page, "Thank you")
    yield "patient-daily-said"
    page.goto(f"{here}/check-in/gad7")
    page.get_by_label("Not at all").first.check()
    button(page, "Send").click()
    expect(page.get_by_role("alert")).to_contain_text("to correct")
    yield "patient-form-part"
    page.goto(f"{here}/check-in/phq9")
    page.get_by_label("Several days").last.check()
    button(page, "Send").click()
    headed(page, "Please call now")
    yield "patient-call-now"
    page.goto(f"{here}/today")
    button(page, "Please pause").click()
    headed(page, "Your wish to pause is noted")
    yield "patient-pause"
    page.goto(f"{here}/hard-days")
    yield "patient-hard-days"
    page.goto(f"{here}/regimen")
    yield "patient-refused"


def after_the_taper(page: Page, here: str) -> Iterator[str]:
    headed(page, "Today")
    yield "patient-today-done"
    page.goto(f"{here}/check-in/aftercare")
    page.get_by_label("No, and I could not work").check()
    page.get_by_label("How strong was your craving").fill("3")
    button(page, "Send").click()
    if page.get_by_role("button", name="Send as it is").count():
        button(page, "Send as it is").click()
    headed(page, "Thank you")
    page.goto(f"{here}/hard-days")
    yield "patient-hard-days-done"


def after_the_taper_by_the_team(page: Page, here: str) -> Iterator[str]:
    page.goto(f"{here}/hard-days")
    headed(page, "My plan for hard days")
    yield "hard-days-done-team"
    page.goto(f"{here}/monitoring")
    yield "monitoring-done"


def look(page: Page, name: str, wrong: dict[str, list[str]]) -> None:
    for what, check in CHECKS.items():
        wrong.setdefault(what, []).extend(f"{name}: {line}" for line in check(page))
    if name == FOLDED:
        page.evaluate("() => document.querySelectorAll('details').forEach((one, place) => one.open = place === 0)")
    wrong.setdefault("pictured at each width", []).extend(f"{name}: {line}" for line in pictures.taken(page, name))
    before = page.viewport_size
    page.set_viewport_size({"width": TELEPHONE, "height": 740})
    wrong.setdefault("readable on a telephone", []).extend(f"{name}: {line}" for line in checks.wide(page))
    page.screenshot(path=pictures.path_of(name, TELEPHONE), full_page=True)
    if before:
        page.set_viewport_size(before)


@pytest.fixture(scope="module")
def walked(browser: Browser, followed: Stage) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    demo = followed.demo
    with window(browser) as (context, met):
        page = context.new_page()
        for name in of_the_team(page, adopted(page, demo)):
            look(page, name, wrong)
        wrong["within the content policy"] = list(met.breaches)
        wrong["from nobody else"] = list(met.strangers(demo.page_url, demo.app_url, demo.issuer))
    with window(browser) as (context, met):
        page = context.new_page()
        for name in of_the_patient(page, opened(page, demo, "patient")):
            look(page, name, wrong)
        wrong["within the content policy"] += met.breaches
        wrong["from nobody else"] += met.strangers(demo.page_url, demo.app_url, demo.issuer)
    walk_aftercare(browser, wrong)
    return wrong


def walk_aftercare(browser: Browser, wrong: dict[str, list[str]]) -> None:
    """The same patient when the taper is done, in a demo where nobody else expects it to run."""
    with running_demo(named_hosts=True) as (demo, services), window(browser) as (context, met):
        page = context.new_page()
        adopted(page, demo)
        Ward(WebStage(demo, services), Person(Walker(), "")).complete()
        for user, walk in (("patient", after_the_taper), ("prescriber", after_the_taper_by_the_team)):
            for name in walk(page, opened(page, demo, user)):
                look(page, name, wrong)
        wrong["within the content policy"] += met.breaches
        wrong["from nobody else"] += met.strangers(demo.page_url, demo.app_url, demo.issuer)


@pytest.mark.parametrize(
    "what", [*CHECKS, "pictured at each width", "readable on a telephone", "within the content policy", "from nobody else"]
)
def test_every_screen_of_check_ins_and_of_the_patient_is(walked: dict[str, list[str]], what: str) -> None:
    assert walked[what] == [], "\n".join(walked[what])


def test_a_patient_signs_in_outside_the_ehr_fills_a_form_in_and_asks_for_a_pause_without_scripts(browser: Browser, followed: Stage) -> None:
    demo = followed.demo
    with window(browser) as (context, _):
        adopted(context.new_page(), demo)
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{demo.app_url}/launch/standalone?tenant=demo")
        page.locator("input[name=user][value=patient]").check()
        page.locator(f"input[name=patient][value={MIDWAY}]").check()
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/today")
        page.get_by_role("link", name="Check-in").first.click()
        page.get_by_role("link", name="AUDIT-C").click()
        page.get_by_label("Never").first.check()
        page.get_by_role("button", name="Send", exact=True).click()
        if page.get_by_role("button", name="Send as it is").count():
            page.get_by_role("button", name="Send as it is").click()
        assert "What was understood" in page.content()
        page.get_by_role("link", name="Today", exact=True).first.click()
        page.get_by_role("button", name="Please pause").click()
        assert "Keep taking today" in page.content()
    finally:
        context.close()
