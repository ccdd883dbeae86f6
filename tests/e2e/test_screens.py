"""What holds on every screen: one walk through all of them, looked at from each side; the tests read what it found."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import checks, pictures
from tests.e2e.browser import window
from tests.e2e.refusals import Stage, prescriptions_denied
from tests.e2e.screens import ELDER, course_screens, ehr_screens, headed, opened, other_screens, to_written, watch_screens

Found = dict[str, dict[str, list[str]]]

CHECKS: dict[str, Callable[[Page], list[str]]] = {
    "accessible": checks.accessible,
    "large enough to hit": checks.small_targets,
    "under a low strip": checks.strip_too_high,
    "as wide as the window": checks.wide,
    "readable at 640 pixels": checks.wide_when_narrow,
    "readable at 400 %": checks.wide_when_zoomed,
    "readable in forced colours": checks.lost_in_forced_colours,
    "readable in the dark": checks.unreadable_in_the_dark,
}


PICTURED = "pictured at each width"
EVERY_SCREEN = 51
"""At least so many stops do the walks make."""


def look(page: Page, name: str, found: Found) -> None:
    """Note what is wrong with the screen that is open."""
    for what, check in CHECKS.items():
        if wrong := check(page):
            found.setdefault(what, {})[name] = wrong
    found.setdefault(PICTURED, {})[name] = pictures.taken(page, name)


@pytest.fixture(scope="module")
def walked(browser: Browser, stage: Stage) -> Found:
    """Every screen looked at once; what is wrong, by check and screen. What the browser met is under "policy" and "elsewhere"."""
    found: Found = {}
    demo = stage.demo
    with window(browser) as (context, met):
        page = context.new_page()
        plans = to_written(opened(page, demo, ELDER)), course_screens(page, demo), other_screens(page, demo)
        for walk in (*plans, watch_screens(page, demo), ehr_screens(page, demo)):
            for name in walk:
                look(page, name, found)
        found["policy"] = {"any": met.breaches}
        found["elsewhere"] = {"any": met.strangers(demo.page_url, demo.app_url, demo.issuer)}
    return found


@pytest.mark.parametrize("what", CHECKS)
def test_every_screen_is(walked: Found, what: str) -> None:
    wrong = [f"{name}: {line}" for name, lines in walked.get(what, {}).items() for line in lines]
    assert wrong == [], "\n".join(wrong)


def test_every_screen_has_a_picture_of_this_run_at_each_width_with_its_heading_and_within_its_window(walked: Found) -> None:
    seen = walked[PICTURED]
    assert len(seen) >= EVERY_SCREEN
    assert {name: wrong for name, wrong in seen.items() if wrong} == {}
    assert [(name, width) for name in seen for width in pictures.WIDTHS if not pictures.path_of(name, width).stat().st_size] == []


def test_a_page_or_cell_that_flows_over_sideways_and_a_page_without_heading_are_found(browser: Browser, tmp_path: Path) -> None:
    with window(browser) as (context, _):
        page = context.new_page()
        page.set_content("<h1>Wide</h1><p style='width: 900px'>x</p>")
        assert pictures.taken(page, "wide", tmp_path) == ["at 640 pixels the page is 268 pixels wider than its window"]
        cells = "<td style='max-width: 30px; white-space: nowrap'>2026-11-22 11:27</td><td>PDF</td>"
        page.set_content(f"<h1>Narrow</h1><table><tr>{cells}</tr></table>")
        assert pictures.taken(page, "cells", tmp_path) == [
            f"at {width} pixels '2026-11-22 11:27' flows out of its cell" for width in pictures.WIDTHS
        ]
        page.set_content("<h1 hidden>None</h1>")
        assert pictures.taken(page, "none", tmp_path) == [f"at {width} pixels no heading is to be seen" for width in pictures.WIDTHS]
    assert len(list(tmp_path.glob("*.png"))) == 12


def test_no_screen_breaks_the_content_policy(walked: Found) -> None:
    assert walked["policy"]["any"] == []


def test_no_screen_asks_anybody_else_for_anything(walked: Found) -> None:
    assert walked["elsewhere"]["any"] == []


def test_a_chart_whose_prescriptions_were_denied_is_not_called_empty(browser: Browser, stage: Stage) -> None:
    with window(browser) as (context, _):
        frame = prescriptions_denied(context.new_page(), stage)
        headed(frame, "What is taken")
        text = frame.locator("main").inner_text()
    assert "Not everything could be read" in text
    assert "That does not mean that none is taken" in text
    assert "that is taken now is in this chart" not in text
