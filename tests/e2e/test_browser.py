"""A machine without the browser says what to install; nothing is skipped."""

import shutil

import pytest

from tests.e2e.browser import BrowserMissing, browser_path


def test_a_machine_without_the_browser_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(BrowserMissing, match="apt-get install --no-install-recommends chromium"):
        browser_path()
