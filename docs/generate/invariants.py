"""Writes docs/invariants.md: what is judged on every one of ten thousand random plans, in the words of the checks themselves.

It runs no case; counts are printed by the test run (`pytest tests/invariants`).
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script's folder is on the path, its repository is not

from tests.invariants.cases import CASES, cell_of  # noqa: E402 - after the path
from tests.invariants.life import i13_collisions  # noqa: E402
from tests.invariants.proof import ALL  # noqa: E402
from tests.invariants.refusals import refusal_is_right  # noqa: E402

PAGE = ROOT / "docs" / "invariants.md"
HEAD = """# What holds of every plan

{cases:,} requests are made from their numbers alone, the same everywhere: any ordinary product, one to six times of day, halves and
quarters or not, start doses from a part of the smallest tablet to far too much, doses that no tablet makes, targets above zero, plans that
follow a plan, overrides, every protocol. Every plan that the engine makes of them is judged by the checks below, which share no arithmetic
with it (doses that exist come from a coin-change table, limits are held against the dose of each day); every refusal is worked out again.
At least six in ten must be plans, and at least a hundred of each class by each strategy that it may have; benzodiazepines taken less often
and z-drugs crossed over must be refused every time.

- all of it: `pytest tests/invariants` (prints plans and refusals by class and strategy)
- one case: `python -m tests.invariants.cases 4711`
- the checks see what they are for: `tests/invariants/test_checks.py` spoils a good plan in one place after another

| invariant | says |
|---|---|
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text("".join([HEAD.format(cases=CASES), *_checks(), *_cells()]), encoding="utf-8")


def _checks() -> Iterator[str]:
    further = {i13_collisions.__name__: i13_collisions, "i18 " + refusal_is_right.__name__: refusal_is_right}
    for name, check in {**ALL, **further}.items():
        says = " ".join((check.__doc__ or "").split()).replace("|", "\\|")
        yield f"| {name.replace('_', ' ')} | {says} |\n"


def _cells() -> Iterator[str]:
    yield "\n## How often each way to taper is asked for\n\n| class | way | requests |\n|---|---|---|\n"
    for (drug_class, way), count in sorted(Counter(map(cell_of, range(CASES))).items()):
        yield f"| {drug_class} | {way} | {count} |\n"


if __name__ == "__main__":
    main()
