"""Crossing over: the stages of a substitution, in which the outgoing agent falls to none and the incoming one takes its place.

Only the arithmetic of the stages; both grids must make every one of them, and which total is allowed comes from the caller, with its
source.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from fhir_taper.plans.medicines.products import Ingredient
from fhir_taper.plans.medicines.rounding import Grid
from fhir_taper.plans.tapers.paired import PairedDoses

_MOST_CANDIDATES = 400
"""Outgoing doses that are tried for one stage: a liquid has thousands, and the far ones are no even share any more."""


StagedDoses = Grid | PairedDoses


@dataclass(frozen=True, slots=True)
class Crossing:
    """How the incoming agent relates to the outgoing one.

    `full_mg` of it stand for the whole baseline; old and new together are from `least` to `most` of that at every stage.
    `final_mg` is the new dose that a clinician entered, None where the stages find the highest that is allowed.
    """

    to: Ingredient
    full_mg: Fraction
    least: Fraction
    most: Fraction
    final_mg: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """Daily amounts from `day` on, each in the measure of its agent's own grid."""

    day: int
    old: int
    new: int


def stages(
    crossing: Crossing, old_grid: StagedDoses, baseline: int, new_grid: StagedDoses, starts: tuple[int, ...]
) -> tuple[Stage, ...] | int:
    """A stage from each start, or the number of the stage that cannot be made.

    The outgoing dose is the one nearest to its even share for which an incoming dose fits; it falls at every stage and is none at the last.
    The incoming dose is the highest that fits, and never falls.
    """
    made: list[Stage] = []
    old, new = baseline, 0
    for number, day in enumerate(starts, 1):
        left = len(starts) - number
        candidates = _nearest_first(old_grid, baseline * left // len(starts), old) if left else iter((0,))
        fits = ((candidate, _incoming(crossing, new_grid, Fraction(candidate, baseline), new, left == 0)) for candidate in candidates)
        found = next(((candidate, dose) for candidate, dose in fits if dose is not None), None)
        if found is None:
            return number
        old, new = found
        made.append(Stage(day, old, new))
    return tuple(made)


def _incoming(crossing: Crossing, grid: StagedDoses, share_left: Fraction, before: int, is_last: bool) -> int | None:
    """The incoming dose beside a share of the outgoing baseline, or None where none fits."""
    per_mg, full = grid.measure.per_mg, crossing.full_mg
    if is_last and crossing.final_mg is not None:
        final = crossing.final_mg * per_mg
        return int(final) if final.denominator == 1 and int(final) in grid and final >= before else None
    dose = grid.at_most(int((crossing.most - share_left) * full * per_mg))
    is_enough = Fraction(dose, per_mg) >= (crossing.least - share_left) * full
    return dose if is_enough and dose >= max(before, 1) else None


def _nearest_first(grid: StagedDoses, ideal: int, below: int) -> Iterator[int]:
    """Doses of the grid above zero and below the last one, the nearest to the ideal first; of two equally near, the higher."""
    lower, higher = grid.at_most(ideal), grid.at_least(ideal + 1)
    for _ in range(_MOST_CANDIDATES):
        if higher is not None and higher < below and (lower <= 0 or higher - ideal <= ideal - lower):
            yield higher
            higher = grid.at_least(higher + 1)
        elif lower > 0:
            if lower < below:
                yield lower
            lower = grid.at_most(lower - 1)
        else:
            return
