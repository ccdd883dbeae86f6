"""The walk: from the ideal doses of a strategy to steps that can be dispensed and that keep to the limits.

Each dose is the nearest dose that exists (ties up). Limits apply after snapping, as the lowest dose that the day allows: where one binds,
the walk takes that dose and meets the same ideal again one interval later; where nothing lower is allowed while a reduction lies in the
window, it waits an interval. It never catches up, and says how often it waited. Equal doses merge (domain §3). The ideal series is never
computed from snapped doses: that stalls.

Days count from the start of the plan; doses are whole numbers of one measure. Points and segments are named tuples because a plan makes
hundreds of them. This module contains no numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from fhir_taper.plans.medicines.rounding import Doses
from fhir_taper.plans.tables.rows import Limit
from fhir_taper.plans.tapers.pace import History, Pace
from fhir_taper.plans.tapers.plan import StepKind


class Point(NamedTuple):
    """One ideal dose, `hold_days` and then `every_days` after the one before.

    `hold_days` is waited once, `every_days` again whenever the point is met again.
    """

    ideal: int
    every_days: int
    hold_days: int = 0


class Segment(NamedTuple):
    """A dose in force from `day` on, until the next segment."""

    day: int
    dose: int
    kind: StepKind
    ideal: int


@dataclass(frozen=True, slots=True)
class Walked:
    """A finished walk: its segments, and on which days it waited at a limit."""

    segments: tuple[Segment, ...]
    waits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Stuck:
    """A walk that cannot go on: at `dose` on `day` the next lower dose is `below` (None: there is none), and it may not be taken.

    `limit` is what does not allow it, where a limit does not.
    """

    reason: str
    day: int
    dose: int
    below: int | None
    limit: Limit | None = None


def walk(points: Iterable[Point], doses: Doses, pace: Pace, history: History, target: int = 0, *, strict: bool = False) -> Walked | Stuck:
    """Walk the points from the last dose of `history`, which is in force on day 0, the day on which step 0 starts, to the target.

    `strict` refuses, as Stuck("waits-at-limit"), whatever a limit changes, but for unit-limited steps: the search for a number of steps
    asks that.
    """
    start = history.doses[-1]
    segments = [Segment(0, start, StepKind.BASELINE, start)]
    waits: list[int] = []
    current, day = start, 0
    for point in points:
        day += point.hold_days
        goal = doses.nearest(point.ideal)
        if goal >= current:
            day += point.every_days
            if day > pace.max_days:
                return Stuck("duration", day, current, goal)
            continue
        waited = False
        while current > goal:
            day += point.every_days
            if day > pace.max_days:
                return Stuck("duration", day, current, goal)
            taken = _take(goal, current, day, doses, pace, history)
            if isinstance(taken, Stuck):
                return taken
            if taken is None:
                waits.append(day)
                waited = True
                continue
            dose, kind = taken
            if strict and kind is not StepKind.UNIT_LIMITED and (waited or kind is StepKind.LIMITED):
                return Stuck("waits-at-limit", day, current, dose)
            history.take(day, dose)
            segments.append(Segment(day, dose, kind, point.ideal))
            current, waited = dose, False
        if current <= target:
            break
    return Walked(tuple(segments), tuple(waits))


def _take(goal: int, current: int, day: int, doses: Doses, pace: Pace, history: History) -> tuple[int, StepKind] | Stuck | None:
    """The dose for a day and why it is that one; None to wait; Stuck where waiting would not help."""
    floor = pace.lowest(day, history)
    if goal >= floor:
        return goal, StepKind.REDUCTION if goal else StepKind.STOP
    lowest = doses.at_least(floor)
    if lowest is not None and lowest < current:
        return lowest, StepKind.LIMITED
    if not pace.is_quiet(day, history):
        return None
    below = doses.below(current)
    if below is not None and pace.is_unit(current - below):
        return below, StepKind.UNIT_LIMITED
    refusing = None if below is None else pace.refuses(below, day, history)
    return Stuck("notch-above-unit-max", day, current, below, refusing)
