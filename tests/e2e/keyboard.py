"""A person without a mouse: Tab until what is wanted has the focus, then keys. What has the focus is in sight, and not under the strip."""

from dataclasses import dataclass, field
from typing import Final

from playwright.sync_api import Frame, Locator, Page

_MOST_TABS: Final = 150
# The top of what has the focus may touch the strip's lower edge; what is taller than the window shows its start or end.
_IN_SIGHT: Final = """() => {
    const one = document.activeElement, strip = document.querySelector('.strip');
    if (!one || one === document.body) return '';
    const box = one.getBoundingClientRect(), sticks = strip && getComputedStyle(strip).position === 'sticky'
        && !strip.contains(one) && !one.matches('.skip');
    const top = sticks ? strip.getBoundingClientRect().bottom : 0;
    const name = one.tagName.toLowerCase() + ' ' + (one.id || one.name || one.textContent.trim().slice(0, 30));
    if (box.top < top - 1 && box.height < innerHeight - top) return name + ' lies under the strip';
    if (box.bottom <= top || box.top >= innerHeight) return name + ' is out of sight';
    if (getComputedStyle(one).outlineStyle === 'none') return name + ' does not show that it has the focus';
    return '';
}"""


@dataclass
class Keyboard:
    """The keys of a page; `view` is what of it is watched. `unseen` collects what had the focus and could not be seen."""

    page: Page
    view: Page | Frame
    unseen: list[str] = field(default_factory=list)

    def step(self, key: str = "Tab") -> None:
        """One key, and a look at what has the focus then."""
        self.page.keyboard.press(key)
        if trouble := self.view.evaluate(_IN_SIGHT):
            self.unseen.append(f"{self.view.url.rpartition('/')[2]}: {trouble}")

    def reach(self, wanted: Locator) -> None:
        """Tab until it has the focus. It fails where that never comes."""
        # It is found once: finding it by its role and name again at every key takes most of the time.
        found = wanted.element_handle()
        for _ in range(_MOST_TABS):
            if found.evaluate("one => one === document.activeElement"):
                return
            self.step()
        raise AssertionError(f"no key leads to {wanted}")

    def press(self, wanted: Locator) -> None:
        """Reach a button or link, and use it."""
        self.reach(wanted)
        self.page.keyboard.press("Enter")

    def type(self, wanted: Locator, text: str) -> None:
        """Reach a field, and replace what stands in it. In a list of choices, the first that begins with the text."""
        self.reach(wanted)
        if wanted.evaluate("one => one.tagName") == "INPUT":
            self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
