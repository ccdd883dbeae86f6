"""The browser of the operating system, driven by playwright, and what it met on its way: requests, and breaches of the content policy.

The browser is Debian's package `chromium`. It gets no network but loopback: a request to anywhere else fails, and is listed.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Request, expect, sync_playwright

NAME: Final = "chromium"
MISSING: Final = f"the browser tests need Debian's package {NAME}, which is not installed: apt-get install --no-install-recommends {NAME}"
_SWITCHES: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
)
_MARK: Final = "content policy breached:"
# Put into every page from outside, past its policy: the event names what the console's words may leave out.
_LISTENER: Final = (
    f"document.addEventListener('securitypolicyviolation', e => console.error('{_MARK} ' + e.violatedDirective + ' ' + e.blockedURI))"
)
_PATIENCE_MS: Final = 15_000


class BrowserMissing(Exception):
    """There is no browser on this machine."""


def browser_path() -> str:
    """Where the browser is. Raises BrowserMissing saying what to install."""
    found = shutil.which(NAME)
    if found is None:
        raise BrowserMissing(MISSING)
    return found


@contextmanager
def running_browser() -> Iterator[Browser]:
    """The browser, without a window, for the length of a block."""
    path = browser_path()
    # Its sandbox needs a user of its own, which the superuser of a container is not.
    switches = [*_SWITCHES, *(("--no-sandbox",) if os.geteuid() == 0 else ())]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=switches)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Met:
    """What a context met: addresses that it asked for, and breaches of the content policy."""

    asked: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)

    def strangers(self, *known: str) -> list[str]:
        """The requests that went elsewhere than to these addresses' origins."""
        origins = {origin(one) for one in known}
        return [one for one in self.asked if not one.startswith("data:") and origin(one) not in origins]

    def note_request(self, request: Request) -> None:
        """A request of any page or frame."""
        self.asked.append(request.url)

    def note_console(self, message: ConsoleMessage) -> None:
        """A line of the console: the browser tells breaches there in its own words, our listener in its."""
        if _MARK in message.text or "Content Security Policy" in message.text:
            self.breaches.append(message.text)


@contextmanager
def window(browser: Browser, *, width: int = 1000, height: int = 800, **options: object) -> Iterator[tuple[BrowserContext, Met]]:
    """A context with nothing in it, watched, for the length of a block."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
    met = Met()
    context.on("request", met.note_request)
    context.on("console", met.note_console)
    context.add_init_script(_LISTENER)
    context.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    try:
        yield context, met
    finally:
        context.close()


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
