"""What every test may use: the validator gate, the folder of external test data, and the markers' meaning.

A test marked `shared` needs third-party charts that lie beside the checkout and are no part of it; it is skipped, with that
reason, on a machine without them. Where they are, a skip for their sake fails the run: a broken path must not pass silently.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from tests.postgresql import Server

SHARED = Path(__file__).resolve().parents[2] / "shared"
ABSENT = "external test data (the folder `shared` beside the checkout) is absent"

ValidatorGate = Callable[[Mapping[str, Any]], list[str]]

# One seedless run everywhere that must be repeatable; a developer's machine explores.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("developer", deadline=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")


@pytest.fixture(scope="session")
def validator_gate() -> ValidatorGate:
    """Return the function that lists every error of an outgoing resource; an empty list is a pass.

    The first call of a session reads the FHIR definitions (seconds); then a resource takes about 10 ms.
    """
    from tests.validators.gate import validate

    return validate


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of external test data; for tests marked `shared`."""
    return SHARED


@pytest.fixture(scope="session")
def postgresql_server() -> "Iterator[Server]":
    """Start a PostgreSQL server of this run's own; `.database()` gives the URL of a new database."""
    from tests.postgresql import running_server

    with running_server() as server:
        yield server


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked `shared` where there is nothing to read."""
    if item.get_closest_marker("shared") and not SHARED.is_dir():
        pytest.skip(ABSENT)


class SkippedInVain:
    """Collects skips that name the external data although they are there, and fails the run for them."""

    def __init__(self) -> None:
        self.tests: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skip whose reason names the folder."""
        if report.skipped and "shared" in str(report.longrepr):
            self.tests.append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn such skips into a failure."""
        if self.tests:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which they were."""
        for test in self.tests:
            terminalreporter.write_line(f"SKIPPED IN VAIN (the external test data are there): {test}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Watch for skips in vain on machines that have the external data."""
    if SHARED.is_dir():
        config.pluginmanager.register(SkippedInVain())
