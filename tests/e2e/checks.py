"""What must hold on every screen, each as a list of what is wrong with the one that is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Frame, Page

from tests.interop.node_programs import install

_FOLDER: Final = Path(__file__).parent
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_AXE: Final = """async ([type, values]) => {
    const rules = type === 'tag' ? {'target-size': {enabled: true}} : {};
    const found = await axe.run(document, {runOnly: {type, values}, rules, resultTypes: ['violations']});
    return found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.target.join(' ')).join(', '));
}"""
# A link inside a sentence may be as high as its line (WCAG 2.2, 2.5.8, inline).
_SMALL: Final = """least => {
    const targets = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')];
    return targets.filter(one => {
        // A round or square box is hit by its words too.
        const hit = (['radio', 'checkbox'].includes(one.type) && one.closest('label')) || one;
        const box = hit.getBoundingClientRect(), style = getComputedStyle(one);
        const inline = one.tagName === 'A' && style.display === 'inline' && one.closest('p, li, td, dd');
        return one.checkVisibility() && !one.matches('.skip') && !inline && (box.height < least || box.width < least);
    }).map(one => one.tagName.toLowerCase() + ' ' + (one.id || one.textContent.trim().slice(0, 30)));
}"""
_WIDE: Final = """() => {
    const room = document.documentElement.clientWidth, found = [];
    if (document.documentElement.scrollWidth > room) found.push('the page is ' + document.documentElement.scrollWidth + ' of ' + room);
    for (const one of document.querySelectorAll('body *')) {
        const style = getComputedStyle(one);
        if (one.checkVisibility() && ['auto', 'scroll'].includes(style.overflowX) && one.scrollWidth > one.clientWidth)
            found.push(one.tagName.toLowerCase() + '.' + one.className + ' scrolls sideways');
        if (one.checkVisibility() && one.closest('svg, .unseen, .skip, thead') === null && one.children.length === 0
            && one.getBoundingClientRect().right > room + 1) found.push('cut off: ' + one.textContent.trim().slice(0, 30));
    }
    return [...new Set(found)];
}"""
_STRIP: Final = """most => { const strip = document.querySelector('.strip'); return !strip ? [] :
    [strip.getBoundingClientRect().height > most ? 'the strip is ' + strip.getBoundingClientRect().height + ' high' : '',
     strip.scrollHeight > strip.clientHeight + 1 ? 'the strip cuts words off' : ''].filter(Boolean); }"""
_FORCED: Final = """() => {
    const canvas = document.createElement('i');
    canvas.style.color = 'CanvasText';
    document.body.append(canvas);
    const ink = getComputedStyle(canvas).color, found = new Set();
    canvas.remove();
    const each = (which, wrong, says) => document.querySelectorAll(which).forEach(one => {
        if (one.checkVisibility() && wrong(getComputedStyle(one))) found.add(says + ': ' + which);
    });
    each('.step-chart .line', style => style.stroke !== ink, 'keeps its colour');
    each('.step-chart text', style => style.fill !== ink, 'keeps its colour');
    each('.step-chart svg', style => style.filter !== 'none', 'is inverted');
    const edged = 'button, .button, select, input:not([type=hidden], [type=radio], [type=checkbox])';
    each(edged, style => style.borderTopStyle === 'none', 'has no edge');
    return [...found];
}"""


@cache
def _axe() -> str:
    """The source of axe-core, from npm by a committed lock."""
    install(_FOLDER)
    return (_FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def accessible(view: Page | Frame) -> list[str]:
    """Breaches of WCAG 2.2 AA, and of good practice, that axe finds."""
    return _breaches(view, "tag", *_TAGS)


def _breaches(view: Page | Frame, kind: str, *names: str) -> list[str]:
    """What axe finds by the rules of these tags, or by these rules ("rule"). It looks with every part of the page unfolded.

    And from its top: what a page that was scrolled shows of a button beside its strip says nothing of the button.
    """
    view.evaluate("() => { document.querySelectorAll('details').forEach(one => one.open = true); scrollTo(0, 0); }")
    if not view.evaluate("() => 'axe' in window"):
        view.evaluate(_axe())
    found: list[str] = view.evaluate(_AXE, [kind, list(names)])
    return found


def small_targets(view: Page | Frame) -> list[str]:
    """What a finger does not hit: less than 24 pixels high or wide."""
    return _list(view, _SMALL, 24)


def strip_too_high(view: Page | Frame) -> list[str]:
    """The strip takes at most 48 pixels, with all its words."""
    return _list(view, _STRIP, 48)


def wide(view: Page | Frame) -> list[str]:
    """What makes the page scroll sideways, or leaves it, as wide as it is."""
    return _list(view, _WIDE)


def wide_when_narrow(page: Page) -> list[str]:
    """The same, and the strip, in the narrowest frame that the screens are made for."""
    with _resized(page, 640, 800):
        return wide(page) + strip_too_high(page)


def wide_when_zoomed(page: Page) -> list[str]:
    """The same in a window of 1280 by 1024 pixels at 400 %."""
    with _resized(page, 320, 256):
        return wide(page)


@contextmanager
def _resized(page: Page, width: int, height: int) -> Iterator[None]:
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": height})
    try:
        yield
    finally:
        if before:
            page.set_viewport_size(before)


def lost_in_forced_colours(page: Page) -> list[str]:
    """What a person with colours of their own does not see."""
    page.emulate_media(forced_colors="active")
    try:
        return _list(page, _FORCED)
    finally:
        page.emulate_media(forced_colors="none")


def unreadable_in_the_dark(page: Page) -> list[str]:
    """Breaches of contrast in the dark scheme."""
    page.emulate_media(color_scheme="dark")
    try:
        return _breaches(page, "rule", "color-contrast")
    finally:
        page.emulate_media(color_scheme="light")


def _list(view: Page | Frame, script: str, *given: Any) -> list[str]:
    found = view.evaluate(script, *given)
    assert isinstance(found, list)
    return found
