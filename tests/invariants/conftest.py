"""Makes the proof for all tests, and prints what it counted, class by strategy, at the end of every run that made it."""

from collections.abc import Iterator

import pytest

from tests.invariants.proof import Proof, prove

TABLE = "plans per class and strategy"


@pytest.fixture(scope="session")
def proof() -> Proof:
    """Return the proof over all cases; made once in every process that runs tests (one, with `--dist loadfile`)."""
    return prove()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the tables that tests recorded, wherever they ran."""
    for table in _tables(terminalreporter):
        terminalreporter.section(TABLE)
        terminalreporter.write_line(table)


def _tables(reporter: pytest.TerminalReporter) -> Iterator[str]:
    for outcome in ("passed", "failed"):
        for report in reporter.stats.get(outcome, []):
            yield from (str(value) for name, value in getattr(report, "user_properties", ()) if name == TABLE)
