"""The whole way inside the EHR's frame, from another site: by mouse, and by keys alone; and what keeps two patients apart."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import origin, window
from tests.e2e.keyboard import Keyboard
from tests.e2e.refusals import Stage
from tests.e2e.screens import ELDER, MIXED, TEXT, app_of, button, framed, headed, tab, to_written

CONTROL = "control"


@pytest.mark.parametrize("kept_in", ["stage", "on_postgresql"])
def test_a_plan_is_written_back_by_mouse_in_the_frame_of_the_ehr(browser: Browser, kept_in: str, request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(kept_in)
    with window(browser) as (context, met):
        page = context.new_page()
        page.goto(stage.demo.page_url)
        page.get_by_role("row", name="Sample, Sam").get_by_role("button").click()
        frame = app_of(page, stage.demo)
        stops = list(to_written(frame))
        assert stops[-1] == "receipt"
        assert frame.get_by_role("row", name="CarePlan").get_by_text("same meaning").is_visible()
        assert met.breaches == []
        assert met.strangers(stage.demo.page_url, stage.demo.app_url, stage.demo.issuer) == []


def test_a_plan_is_written_back_by_keys_alone_and_what_has_the_focus_is_always_seen(browser: Browser, stage: Stage) -> None:
    with window(browser, height=600) as (context, met):
        page = context.new_page()
        page.goto(stage.demo.page_url)
        Keyboard(page, page).press(page.get_by_role("row", name="Textonly, Terry").get_by_role("button"))
        keys = Keyboard(page, app_of(page, stage.demo))
        stops = list(to_written(keys.view, keys.press, keys.type))
        assert stops[-1] == "receipt"
        assert keys.unseen == [], "\n".join(keys.unseen)
        assert met.breaches == []


def test_going_back_by_keys_nothing_with_the_focus_lies_under_the_strip(browser: Browser, stage: Stage) -> None:
    with window(browser, width=640, height=420) as (context, _):
        page = context.new_page()
        keys = Keyboard(page, framed(page, stage.demo, ELDER))
        keys.press(tab(keys.view, "Strategies"))
        button(keys.view, "Show the ways").click()
        button(keys.view, "Choose").wait_for()
        button(keys.view, "Show the ways").focus()
        for _ in range(40):
            keys.step("Shift+Tab")
        assert keys.unseen == []


def test_the_frame_is_another_site_a_lax_cookie_is_lost_in_it_and_ours_comes_back(browser: Browser, stage: Stage) -> None:
    with window(browser) as (context, _):
        page = context.new_page()
        frame = framed(page, stage.demo, ELDER)
        url = frame.url
        frame.evaluate(f"() => {{ document.cookie = '{CONTROL}=1; path=/; SameSite=Lax'; }}")
        assert CONTROL not in frame.evaluate("() => document.cookie")
        with page.expect_request(re.compile(r"/plan$")) as sent:
            tab(frame, "Plan").click()
        cookies = sent.value.all_headers().get("cookie", "")
        assert "__Host-taper-" in cookies
        assert CONTROL not in cookies
        assert origin(url) == stage.demo.app_url

        alone = context.new_page()
        alone.goto(f"{stage.demo.app_url}/healthz")
        alone.evaluate(f"() => {{ document.cookie = '{CONTROL}=1; path=/; SameSite=Lax'; }}")
        with alone.expect_request(re.compile("healthz")) as beside:
            alone.reload()
        # The same cookie comes back where the app is the page: that it is lost in the frame is the frame's doing.
        assert CONTROL in beside.value.all_headers().get("cookie", "")
        assert "__Host-taper-" not in beside.value.all_headers().get("cookie", "")


def test_two_tabs_with_two_patients_never_mix(browser: Browser, stage: Stage) -> None:
    with window(browser) as (context, _):
        one, other = context.new_page(), context.new_page()
        frames = {"Edna Example": framed(one, stage.demo, ELDER), "Sam Sample": framed(other, stage.demo, MIXED)}
        for name in ("Strategies", "Plan", "Regimen"):
            for person, frame in frames.items():
                frame.page.bring_to_front()  # a person looks at the tab that is clicked; one behind it may not act
                tab(frame, name).click()
                frame.wait_for_url(re.compile(rf"/{name.lower()}$"))
                expect(frame.get_by_role("banner")).to_contain_text(person)
                assert not any(stranger in frame.content() for stranger in frames if stranger != person)
        one.bring_to_front()
        button(frames["Edna Example"], "End session").click()
        headed(frames["Edna Example"], "Your session is ended")
        other.bring_to_front()
        tab(frames["Sam Sample"], "Plan").click()
        expect(frames["Sam Sample"].get_by_role("banner")).to_contain_text("Sam Sample")


def test_the_page_of_one_tab_cannot_change_the_patient_of_the_other(browser: Browser, stage: Stage) -> None:
    with window(browser) as (context, _):
        one, other = context.new_page(), context.new_page()
        mine, theirs = framed(one, stage.demo, TEXT), framed(other, stage.demo, MIXED)
        one.bring_to_front()
        tab(mine, "Strategies").click()
        headed(mine, "Ways to taper")
        target, drafts = theirs.url.rpartition("/")[0], stage.services.drafts
        kept = [drafts.get("demo", patient, "plan") for patient in (TEXT, MIXED)]
        button(mine, "Show the ways").evaluate("(one, to) => { one.form.action = to + '/strategies'; }", target)
        button(mine, "Show the ways").click()
        headed(mine, "This form cannot be taken")
        assert [drafts.get("demo", patient, "plan") for patient in (TEXT, MIXED)] == kept
        other.bring_to_front()
        tab(theirs, "Strategies").click()
        expect(theirs.get_by_role("banner")).to_contain_text("Sam Sample")
        assert "Terry Textonly" not in theirs.content()
