"""The plan editor live, in the frame of the EHR: an edit is recomputed at once, the focus stays, the content policy holds."""

import re

from playwright.sync_api import Browser, Frame, expect

from tests.e2e.browser import window
from tests.e2e.checks import accessible, small_targets, wide_when_narrow
from tests.e2e.keyboard import Keyboard
from tests.e2e.refusals import Stage
from tests.e2e.screens import MIXED, button, fill, framed, headed, opened, tab


def drafted(frame: Frame, stage: Stage) -> None:
    """A draft of 19 steps, where there was none: 10, 9.5, 9 … mg diazepam a day, four weeks each."""
    if (kept := stage.services.drafts.get("demo", MIXED, "plan")) is not None:
        stage.services.drafts.drop("demo", MIXED, "plan", kept.revision)
    tab(frame, "Strategies").click()
    headed(frame, "Ways to taper")
    fill(frame.get_by_label("Medicine").first, "diazepam")
    fill(frame.get_by_label("Diazepam equivalents by"), "va-dod-2021")
    fill(frame.get_by_label("Cut, %"), "5")
    button(frame, "Show the ways").click()
    frame.get_by_role("button", name=re.compile("Choose linear")).click()
    headed(frame, "to stop")


def test_an_edit_recomputes_table_totals_and_findings_at_once_and_the_focus_stays_in_its_field(browser: Browser, stage: Stage) -> None:
    with window(browser) as (context, met):
        page = context.new_page()
        frame = framed(page, stage.demo, MIXED)
        drafted(frame, stage)
        before, asked = frame.locator("#totals").inner_text(), len(met.asked)
        frame.get_by_role("link", name="Edit step 3", exact=True).click()
        frame.locator("#mg").fill("8")
        frame.locator("#mg").press("Enter")
        expect(frame.locator("#undo")).to_have_text("Undo: step 3 set to 8 mg a day")
        expect(frame.locator("#mg")).to_be_focused()
        expect(frame.locator("#totals")).to_contain_text("17 steps in")
        assert frame.locator("#totals").inner_text() != before
        expect(frame.locator("#step-3")).to_contain_text("set to 8 mg a day")
        # One request to open the step, one for the edit, though both Enter and the change of the field would send it.
        assert [one.rpartition("/")[2] for one in met.asked[asked:]] == ["plan?step=3", "edit"]
        frame.locator("#lasts").fill("70")
        frame.locator("#lasts").press("Tab")
        expect(frame.locator("#undo")).to_contain_text("made 14 days longer")
        expect(frame.locator("#lasts-later")).to_be_focused()
        assert met.breaches == []
        assert met.strangers(stage.demo.page_url, stage.demo.app_url, stage.demo.issuer) == []


def test_what_is_refused_is_read_out_and_said_beside_the_field_that_keeps_the_focus(browser: Browser, stage: Stage) -> None:
    with window(browser) as (context, met):
        frame = framed(context.new_page(), stage.demo, MIXED)
        drafted(frame, stage)
        frame.get_by_role("link", name="Edit step 3", exact=True).click()
        frame.locator("#mg").fill("7.3")
        frame.locator("#mg").press("Enter")
        expect(frame.locator("#notice")).to_contain_text("next to it 7 mg a day and 7.5 mg a day can")
        expect(frame.locator("#totals")).to_contain_text("This was not done; the draft is as it was")
        expect(frame.locator("#mg")).to_be_focused()
        assert "notice" in (frame.locator("#mg").get_attribute("aria-describedby") or "")
        assert met.breaches == []


def test_a_plan_is_edited_and_an_edit_taken_back_by_keys_alone(browser: Browser, stage: Stage) -> None:
    with window(browser, height=600) as (context, _):
        page = context.new_page()
        frame = framed(page, stage.demo, MIXED)
        drafted(frame, stage)
        keys = Keyboard(page, frame)
        keys.press(frame.get_by_role("link", name="Edit step 1", exact=True))
        frame.locator("#days").wait_for()
        keys.press(frame.locator("#pause"))
        expect(frame.locator("#undo")).to_contain_text("paused for 14 days")
        expect(frame.locator("#pause")).to_be_focused()
        frame.locator("#undo").focus()
        page.keyboard.press("Enter")
        expect(frame.locator("#redo")).to_contain_text("paused for 14 days")
        # The focus is set when the new page has settled, and a moment after its text.
        frame.wait_for_function("() => document.activeElement.id !== ''")
        assert keys.unseen == []


def test_the_open_editor_is_accessible_and_fits_a_narrow_frame(browser: Browser, stage: Stage) -> None:
    with window(browser) as (context, _):
        page = opened(context.new_page(), stage.demo, MIXED)
        drafted(page.main_frame, stage)
        page.get_by_role("link", name="Edit step 3", exact=True).click()
        page.locator("#pause").click()
        expect(page.locator("#undo")).to_contain_text("paused")
        page.locator("#mg").fill("7.3")
        page.locator("#mg").press("Enter")
        page.locator("#notice").wait_for()
        assert accessible(page) == []
        assert small_targets(page) == []
        assert wide_when_narrow(page) == []


def test_another_tab_was_first_a_session_that_ended_and_no_answer_are_each_said_and_nothing_is_lost(browser: Browser, stage: Stage) -> None:
    with window(browser) as (context, met):
        page = context.new_page()
        frame = framed(page, stage.demo, MIXED)
        drafted(frame, stage)
        frame.get_by_role("link", name="Edit step 3", exact=True).click()
        other = framed(context.new_page(), stage.demo, MIXED)
        tab(other, "Plan").click()
        other.get_by_role("link", name="Edit step 1", exact=True).click()
        other.locator("#pause").click()
        expect(other.locator("#undo")).to_contain_text("step 1 paused")
        page.bring_to_front()
        frame.locator("#pause").click()
        expect(frame.locator("#notice")).to_contain_text("Somebody else was first")
        expect(frame.locator("#undo")).to_contain_text("step 1 paused")
        context.set_offline(True)
        frame.locator("#mg").fill("8")
        frame.locator("#mg").press("Enter")
        expect(frame.locator("#totals")).to_contain_text("Not saved: no answer came")
        assert frame.locator("#mg").input_value() == "8"
        context.set_offline(False)
        stage.services.launches.end(stage.launch_id(frame), stage.services.clock())
        frame.locator("#pause").click()
        headed(frame, "Your session is over")
        assert met.breaches == []


def test_without_scripts_the_same_forms_do_the_same(browser: Browser, stage: Stage) -> None:
    with window(browser, java_script_enabled=False) as (context, _):
        page = opened(context.new_page(), stage.demo, MIXED)
        drafted(page.main_frame, stage)
        page.get_by_role("link", name="Edit step 3", exact=True).click()
        page.locator("#mg").fill("8")
        button(page, "Set the dose").click()
        expect(page.locator("#undo")).to_have_text("Undo: step 3 set to 8 mg a day")
        expect(page.locator("#totals")).to_contain_text("17 steps in")
        page.locator("#undo").click()
        expect(page.locator("#totals")).to_contain_text("18 steps in")
