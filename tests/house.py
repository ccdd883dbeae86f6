"""The rules of the house that no linter knows: module sizes and names, tests that mirror the package, a repository without traces.

`python -m tests.house` prints one line per breach and fails when there is one. What it must not do: judge style (ruff) or
layers (import-linter).
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 300
# A test module holds tables of cases too.
LONGEST_TEST = 500
# A name that says what a module is not about.
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"})
# Tests that are not of one module: behaviour as tables, third parties, hostile input, and the tools of the tests.
OTHER_TESTS = frozenset({"spec", "invariants", "interop", "e2e", "faults", "fuzz", "property", "golden", "validators", "benchmarks"})
# What ties the text to one machine or one registry; written in parts so that this file does not break its own rule.
TRACES = tuple(
    "".join(parts) for parts in (("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("registry", ".npmjs"), ("pypi", ".org/simple"))
)


def breaches(root: Path = ROOT) -> list[str]:
    """Return one line per breach, sorted."""
    rules = (long_modules, empty_names, tests_without_module, modules_without_test, traces)
    return sorted(line for rule in rules for line in rule(root))


def long_modules(root: Path) -> Iterator[str]:
    """One idea per module: more than 300 non-empty lines are two ideas."""
    limits = {"fhir_taper": LONGEST, "benchmarks": LONGEST, "docs/generate": LONGEST, "tests": LONGEST_TEST}
    for folder, limit in limits.items():
        for path in _modules(root / folder):
            lines = sum(1 for line in path.read_text().splitlines() if line.strip())
            if lines > limit:
                yield f"{path.relative_to(root)}: {lines} non-empty lines, at most {limit}"


def empty_names(root: Path) -> Iterator[str]:
    """A module is named after its idea."""
    for path in _modules(root / "fhir_taper"):
        if path.stem in EMPTY_NAMES or path.parent.name in EMPTY_NAMES:
            yield f"{path.relative_to(root)}: the name says nothing"


def tests_without_module(root: Path) -> Iterator[str]:
    """A test module stands where its module stands: tests/a/test_b.py or test_b_aspect.py for fhir_taper/a/b.py.

    A behaviour of several modules (a round trip) stands in the mirror of their room and imports from it.
    """
    for path in sorted((root / "tests").rglob("test_*.py")):
        inside = path.relative_to(root / "tests")
        if inside.parts[0] in OTHER_TESTS or inside.name == "test_house.py":
            continue
        room = root / "fhir_taper" / inside.parent
        subject = inside.stem.removeprefix("test_")
        is_of_the_room = room.is_dir() and ".".join(room.relative_to(root).parts) in path.read_text()
        if not is_of_the_room and not any(_is_about(subject, name) for name in _names(room)):
            yield f"{path.relative_to(root)}: no module {inside.parent / subject} in the package"


def modules_without_test(root: Path) -> Iterator[str]:
    """Each room that does something has tests in its mirror folder, or its parent's tests import it; a module at the top has its own."""
    package = root / "fhir_taper"
    for path in _modules(package):
        at_the_top = path.parent == package and not path.stem.startswith("__")
        if at_the_top and _does_something(path) and not list((root / "tests").glob(f"test_{path.stem}*.py")):
            yield f"{path.relative_to(root)}: no tests/test_{path.stem}.py"
    for room in sorted({path.parent for path in _modules(package) if path.parent != package and _does_something(path)}):
        mirror = root / "tests" / room.relative_to(package)
        dotted = ".".join(room.relative_to(root).parts)
        if not list(mirror.rglob("test_*.py")) and not any(dotted in test.read_text() for test in mirror.parent.glob("test_*.py")):
            yield f"{room.relative_to(root)}: no test in {mirror.relative_to(root)}"


def traces(root: Path) -> Iterator[str]:
    """The repository names no machine and no registry host."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False).stdout.decode()
    for name in filter(None, listed.split("\0")):
        path = root / name
        try:
            text = path.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        for trace in TRACES:
            if trace in text:
                yield f"{name}: names {trace}"


def _modules(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "node_modules" not in p.parts)


def _names(room: Path) -> list[str]:
    return [p.stem for p in room.glob("*.py")] + [p.name for p in room.glob("*") if p.is_dir()] if room.is_dir() else []


def _is_about(subject: str, module: str) -> bool:
    return subject == module or subject.startswith(f"{module}_") or module == f"__{subject}__"


def _does_something(path: Path) -> bool:
    """Whether the module has a function of its own (methods of value classes are tested where the values are used)."""
    return any(isinstance(node, ast.FunctionDef) for node in ast.parse(path.read_text()).body)


def main() -> int:
    """Print the breaches and return 1 when there is one."""
    found = breaches()
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
