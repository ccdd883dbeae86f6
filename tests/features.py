"""Prints the table of capabilities (tests/features.csv) with the tests that show each, from the `feature` markers.

Fails when a capability that a finished milestone claims has no test, or when a marker names an id that does not exist.
"""

import contextlib
import csv
import io
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

TABLE = Path(__file__).with_name("features.csv")
# Milestones that are delivered: what they claim must have a test.
DELIVERED = frozenset({"core", "watch"})


@dataclass(frozen=True, slots=True)
class Feature:
    """One capability: `milestone` is the one that claims it, empty when none does yet."""

    id: str
    group: str
    milestone: str
    title: str


class Collected:
    """A pytest plugin that notes which test is marked with which ids."""

    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note the ids of each collected test; the cases of one parametrized test count once."""
        for item in items:
            for marker in item.iter_markers("feature"):
                for feature in marker.args:
                    found = self.tests.setdefault(str(feature), [])
                    test = item.nodeid.split("[", maxsplit=1)[0]
                    if test not in found:
                        found.append(test)


def read_features(table: Path = TABLE) -> list[Feature]:
    """Return the rows of the table in its order."""
    with table.open(newline="") as lines:
        return [Feature(**row) for row in csv.DictReader(line for line in lines if not line.startswith("#"))]


def problems(features: Iterable[Feature], tests: Mapping[str, list[str]]) -> list[str]:
    """Return one line per claimed capability without a test and per marker without a capability."""
    rows = list(features)
    known = {row.id for row in rows}
    untested = [
        f"{row.id} is claimed by {row.milestone} and has no test" for row in rows if row.milestone in DELIVERED and not tests.get(row.id)
    ]
    return untested + [f"{name} is no capability: {', '.join(found)}" for name, found in tests.items() if name not in known]


def main() -> int:
    """Collect, print the table, and return 1 when something is wrong."""
    collected = Collected()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = pytest.main(["--collect-only", "-qq", "-p", "no:randomly"], plugins=[collected])
    if status:
        print("the tests cannot be collected", said.getvalue()[said.getvalue().find("= ERRORS =") :], sep="\n", file=sys.stderr)
        return 1
    features = read_features()
    for row in features:
        found = sorted(collected.tests.get(row.id, []))
        print(f"{row.id:<5}{row.group}  {row.milestone:<8}{row.title}")
        for test in found:
            print(f"{'':16}{test}")
    wrong = problems(features, collected.tests)
    claimed = [row for row in features if row.milestone in DELIVERED]
    shown = sum(1 for row in claimed if collected.tests.get(row.id))
    print(f"\n{shown} of {len(claimed)} capabilities claimed so far are shown by tests")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
