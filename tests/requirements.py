"""Lists what a SMART client must do (tests/requirements.csv) with the tests that name it: `python -m tests.requirements`.

Fails when a row of `smart` has an id that no test names, when a row of another room gives no reason, or when a test names an unknown id.
"""

import ast
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent
TABLE = TESTS / "requirements.csv"
OURS = "smart"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row: the ids that say one thing, and who does it."""

    ids: tuple[str, ...]
    level: str
    owner: str
    what: str
    reason: str


def read_requirements(table: Path = TABLE) -> list[Requirement]:
    """Return the rows in their order."""
    with table.open(newline="") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return [Requirement(tuple(row["ids"].split()), row["level"], row["owner"], row["what"], row["reason"] or "") for row in rows]


def named(tests: Path = TESTS) -> dict[str, list[str]]:
    """Return the tests that name each id."""
    found: dict[str, list[str]] = {}
    for path in sorted(tests.rglob("test_*.py")):
        if "node_modules" not in path.parts:
            for test, identifier in _marks(ast.parse(path.read_text())):
                found.setdefault(identifier, []).append(f"{path.relative_to(tests)}::{test}")
    return found


def problems(rows: Iterable[Requirement], tests: Mapping[str, list[str]]) -> list[str]:
    """Return one line per breach."""
    listed = list(rows)
    known = [identifier for row in listed for identifier in row.ids]
    untested = [f"{one} ({row.what}) is named by no test" for row in listed if row.owner == OURS for one in row.ids if one not in tests]
    unreasoned = [
        f"{' '.join(row.ids)}: {row.owner} does it, and no reason says where" for row in listed if row.owner != OURS and not row.reason
    ]
    twice = [f"{one} stands twice" for one in sorted({one for one in known if known.count(one) > 1})]
    return (
        untested + unreasoned + twice + [f"{one} is no requirement: {', '.join(found)}" for one, found in tests.items() if one not in known]
    )


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)):
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.requirement":
                yield from ((node.name, str(ast.literal_eval(argument))) for argument in decorator.args)


def main() -> int:
    """Print the rows with their tests or reasons, and return 1 when something is wrong."""
    rows, tests = read_requirements(), named()
    for row in rows:
        print(f"{' '.join(row.ids)}  {row.level}  [{row.owner}] {row.what}")
        for line in dict.fromkeys(test for one in row.ids for test in tests.get(one, [])):
            print(f"    {line}")
        if row.reason:
            print(f"    {row.reason}")
    wrong = problems(rows, tests)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
