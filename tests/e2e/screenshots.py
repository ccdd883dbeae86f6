"""Pictures of every screen and every refusal, for a person to look at: `python -m tests.e2e.screenshots FOLDER [NAME ...]`.

Each at 640, 1000 and 1280 pixels in the light scheme, and at 1000 in the dark; names restrict it to screens whose name begins so.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from fhir_taper.cli.demo import running_demo
from tests.e2e.browser import running_browser, window
from tests.e2e.refusals import REFUSALS, Stage
from tests.e2e.screens import ELDER, course_screens, ehr_screens, headed, opened, other_screens, to_written

WIDTHS: Final = (640, 1000, 1280)
_HEIGHT: Final = 800


def take(page: Page, folder: Path, name: str) -> None:
    """One screen in every width, and in the dark."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1000, "height": _HEIGHT})
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=folder / f"{name}-dark.png", full_page=True)
    page.emulate_media(color_scheme="light")


def every_screen(browser: Browser, stage: Stage) -> Iterator[tuple[str, Page]]:
    """Every screen, and the page that shows it while it is the one that is open."""
    with window(browser) as (context, _):
        page = context.new_page()
        for name in ehr_screens(page, stage.demo):
            yield name, page
        for name in to_written(opened(page, stage.demo, ELDER)):
            yield name, page
        for name in course_screens(page, stage.demo):
            yield name, page
        for name in other_screens(page, stage.demo):
            yield name, page
    for name, (refused, title, _) in REFUSALS.items():
        with window(browser) as (context, _):
            page = context.new_page()
            headed(refused(page, stage), title)
            yield f"refusal-{name}", page


def main(arguments: Iterable[str]) -> None:
    """Take them all, or those that are named."""
    folder, *wanted = arguments
    Path(folder).mkdir(parents=True, exist_ok=True)
    with running_browser() as browser, running_demo(named_hosts=True) as (demo, services):
        for name, page in every_screen(browser, Stage(demo, services)):
            if not wanted or name.startswith(tuple(wanted)):
                take(page, Path(folder), name)
                print(name, flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tests.e2e.screenshots FOLDER [NAME ...]")
    main(sys.argv[1:])
