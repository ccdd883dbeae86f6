"""Pictures of a screen for a person to look at, in `build/screens`: at 640, 1000 and 1280 pixels, and at 1000 in the dark.

The tests make one of every screen and every refusal at each run; what a program sees at once is judged while the width is set.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import Frame, Page, expect

WIDTHS: Final = (640, 1000, 1280)
FOLDER: Final = Path(__file__).parents[2] / "build" / "screens"
_HEIGHT: Final = 800
_IN_THE_DARK: Final = 1000
_OVER: Final = "() => document.documentElement.scrollWidth - innerWidth"
_CELLS: Final = """() => [...document.querySelectorAll('td, th')]
    .filter(one => one.scrollWidth > one.clientWidth + 1 && !(one.closest('thead')?.offsetWidth <= 1))
    .map(one => one.innerText.trim().slice(0, 40))"""
"""What flows out of its cell lies over the next one. The head of a table that became cards is there for assistive technology alone."""


def taken(view: Page | Frame, name: str, folder: Path = FOLDER) -> list[str]:
    """Take the pictures of the screen that is open; what is wrong at a width: it or a cell of a table flows
    over sideways, or its heading is not there."""
    page = view.page if isinstance(view, Frame) else view
    before, wrong = page.viewport_size, list[str]()
    folder.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        wrong += [f"at {width} pixels {line}" for line in _wrong(page, view)]
        page.screenshot(path=path_of(name, width, folder), full_page=True)
    page.set_viewport_size({"width": _IN_THE_DARK, "height": _HEIGHT})
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=path_of(name, "dark", folder), full_page=True)
    page.emulate_media(color_scheme="light")
    if before:
        page.set_viewport_size(before)
    return wrong


def path_of(name: str, width: int | str, folder: Path = FOLDER) -> Path:
    """Where the picture of a screen at a width is."""
    return folder / f"{name}-{width}.png"


def _wrong(page: Page, view: Page | Frame) -> Iterator[str]:
    if (over := page.evaluate(_OVER)) > 0:
        yield f"the page is {over} pixels wider than its window"
    if view is not page and (over := view.evaluate(_OVER)) > 0:
        yield f"the frame is {over} pixels wider than its window"
    yield from (f"{words!r} flows out of its cell" for words in view.evaluate(_CELLS))
    try:
        expect(view.get_by_role("heading", level=1).first).to_be_visible(timeout=1000)
    except AssertionError:
        yield "no heading is to be seen"
