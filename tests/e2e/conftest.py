"""One browser for the tests of a file, and one demo (EHR and app, two sites to a browser) for all browser tests of a process.

The driver of the browser runs an event loop in the thread of the tests: it must be gone when another file's tests run one of their own.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from fhir_taper.cli.demo import running_demo
from tests.e2e.browser import BrowserMissing, running_browser
from tests.e2e.refusals import Stage
from tests.postgresql import Server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser. A machine without one fails these tests, and says what to install; it does not skip them."""
    try:
        with running_browser() as found:
            yield found
    except BrowserMissing as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """A running demo; each test has patients of its own to write for."""
    with running_demo(named_hosts=True) as (demo, services):
        yield Stage(demo, services)


@pytest.fixture(scope="module")
def on_postgresql(postgresql_server: Server) -> Iterator[Stage]:
    """The same demo with what is kept in PostgreSQL."""
    with running_demo(named_hosts=True, database_url=postgresql_server.database()) as (demo, services):
        yield Stage(demo, services)
