"""Writes docs/feasibility.md: for each medicine, start dose and strategy the taper that exists, or why there is none and the ways out.

It renders; it knows no dose. What is asked stands in tests/invariants/feasibility.py, the answers are the engine's.
"""

import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script's folder is on the path, its repository is not

from fhir_taper.plans.medicines.dose import canonical, plain, shown  # noqa: E402 - after the path
from fhir_taper.plans.medicines.products import Product  # noqa: E402
from fhir_taper.plans.tables import Tables, load  # noqa: E402
from fhir_taper.plans.tapers.infeasible import Infeasible  # noqa: E402
from fhir_taper.plans.tapers.plan import StepKind, TaperPlan  # noqa: E402
from tests.invariants.feasibility import BANDS, BENZO_TABLE, OTHER_BANDS, SHELVES, TIER, USE, Row, Shelf, rows  # noqa: E402

PAGE = ROOT / "docs" / "feasibility.md"
HEAD = """# Which tapers exist

A taper exists where every dose can be made exactly from products on the shelf and no limit is broken. This page asks the engine for every
medicine below, from several start doses, by each strategy with its defaults (tier {tier}, use {use}), down to nothing. Nothing here is a
recommendation. Where there is no taper, the reason and the ways out are the program's own answer.

- *weeks*: from the first day of the plan to the last step; *steps*: changes of dose.
- *first cut*: of the start dose, in percent (after a crossing: of the dose that was crossed over to). *last dose*: the smallest dose before
  nothing, mg a day.
- *one notch*: cuts beyond a limit that are allowed only because nothing smaller can be made, each two to four weeks after the cut before
  (the unit rule; a person must acknowledge them). *limited*: doses that a limit set and not the strategy.
- *hyperbolic* takes the fewest steps with which its curve keeps the cap of the first cut and no limit makes it wait
  (docs/decisions/0009). All curves keep a dose until they are nearer to the next one that exists.
- *stepped* needs bands of its own for everything but diazepam; here: `{bands}`, opioids `{opioid_bands}`.
- *substitution* crosses over to diazepam tablets by table {benzo_table}, then proportional.
- Parts: how a tablet may be cut here. *Permitted* is a clinician's permission for one plan; all others are rows of products.csv with their
  state: rows in state knowledge or default await sign-off.

"""
_HEADINGS = (
    *("start, mg a day", "strategy", "weeks", "steps", "first cut, %", "last dose, mg"),
    *("one notch", "limited", "to know, or why there is none"),
)
_PARTS = {1: "whole", 2: "halves", 4: "quarters"}


def main() -> None:
    """Write the page."""
    tables = load()
    answers = [(shelf, tuple(rows(shelf, tables))) for shelf in SHELVES]
    head = HEAD.format(tier=TIER, use=USE, bands=OTHER_BANDS, opioid_bands=next(iter(BANDS.values())), benzo_table=BENZO_TABLE)
    parts = [head, *_summary(answers)]
    for drug, of_drug in groupby(answers, key=lambda answer: answer[0].ingredient):
        parts.append(f"\n## {drug}\n")
        for shelf, made in of_drug:
            parts += _section(shelf, made, tables)
    PAGE.write_text("".join(parts), encoding="utf-8")


def _summary(answers: list[tuple[Shelf, tuple[Row, ...]]]) -> Iterator[str]:
    ways = ("linear", "proportional", "hyperbolic", "stepped", "substitution")
    yield f"Start doses with a taper, of those asked:\n\n| medicine | {' | '.join(ways)} |\n|---|{'---|' * len(ways)}\n"
    for shelf, made in answers:
        cells = []
        for way in ways:
            asked = [row for row in made if row.strategy == way]
            cells.append(f"{sum(row.plan is not None for row in asked)} of {len(asked)}" if asked else "")
        yield f"| {shelf.name}{_permission(shelf)} | {' | '.join(cells)} |\n"


def _section(shelf: Shelf, made: tuple[Row, ...], tables: Tables) -> Iterator[str]:
    yield f"\n### {shelf.name}{_permission(shelf)}\n\n"
    yield f"Products: {'; '.join(_product(product) for product in shelf.products(tables))}. Taken: {', '.join(shelf.slots)}.\n\n"
    yield f"| {' | '.join(_HEADINGS)} |\n|{'---|' * len(_HEADINGS)}\n"
    for row in made:
        start = f"| {plain(row.start_mg)} | {row.strategy} "
        yield start + (_none(row.made) if isinstance(row.made, Infeasible) else _plan(row, row.made)) + "|\n"


def _plan(row: Row, plan: TaperPlan) -> str:
    doses = _doses(plan)
    first = next(after for before, after in pairwise(doses) if after != before)
    cells = [
        str(-(-row.days // 7)),
        str(len(plan.steps) - 1),
        _shown((doses[0] - first) / doses[0] * 100, 10),
        _shown(min(dose for dose in doses if dose), 10**4),
        str(row.count(StepKind.UNIT_LIMITED)),
        str(row.count(StepKind.LIMITED)),
        _to_know(plan),
    ]
    return f"| {' | '.join(cells)} "


def _doses(plan: TaperPlan) -> list[Fraction]:
    """mg a day of the agent that is tapered in the end, from the end of a crossing on."""
    agent = plan.steps[-1].doses[-1].ingredient
    stages = [step.number for step in plan.steps if step.kind is StepKind.SUBSTITUTION]
    return [Fraction(step.mg_per_day(agent)) for step in plan.steps[stages[-1] if stages else 0 :]]


def _to_know(plan: TaperPlan) -> str:
    says = {"slot-rise": "one time of day rises once or more", "tail-excess": "tail beyond a quarter"}
    return "; ".join(says[finding.code] for finding in plan.findings if finding.code in says)


def _none(no: Infeasible) -> str:
    ways = ", ".join(way.value for way in no.ways_out)
    return f"| | | | | | | **none**: {no.message}. Ways out: {ways} "


def _product(product: Product) -> str:
    parts = product.parts if product.may_be_split else 1
    if product.is_liquid:
        return f"{plain(product.mg)} mg/mL, from {plain(product.smallest_ml or product.mg)} mL"
    state = product.parts_source if product.parts_source == "permitted" else product.parts_state
    said = f", {state}" if parts > 1 and state else ""
    what = f"{plain(product.mg)} mg a day worn" if product.is_patch else f"{plain(product.mg)} mg ({_PARTS[parts]}{said})"
    return f"{what}" + (f" changed every {product.wear_h} h" if product.is_patch else "")


def _permission(shelf: Shelf) -> str:
    return f", {_PARTS[shelf.parts]} permitted" if shelf.parts else ""


def _shown(amount: Fraction, places: int) -> str:
    return plain(canonical(shown(Fraction(round(amount * places), places))))


if __name__ == "__main__":
    main()
