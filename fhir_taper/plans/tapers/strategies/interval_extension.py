"""Interval extension: the same unit, taken less often. Limits use the mean over the repeating interval.

Daily benzodiazepines are blocked unless one sourced number gives a half-life long enough that a missed day loses at most a quarter; a
range blocks. Opioids, at the smallest unit, drop one time of day after another, then lengthen, then stop when they are taken less than
once a day (CDC 2022). Hypnotics at their lowest dose: drug-free nights, which a person acknowledges. Bounds come from
tables/strategies.toml.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.tapers.course import Course, Drafted, DraftStep, infeasible, track_of
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.making import as_decimal
from fhir_taper.plans.tapers.pace import History, Pace
from fhir_taper.plans.tapers.paired import PairedMaker
from fhir_taper.plans.tapers.plan import Dose, StepKind
from fhir_taper.plans.tapers.schedule import Point, Segment, Stuck, walk

PARAMETERS = ("max_days", "interval_days")


@dataclass(frozen=True, slots=True)
class Rung:
    """A mean dose per day: `dose` of the maker's measure on every `every_days`-th day."""

    mean: int
    dose: int
    every_days: int


class Ladder:
    """The mean doses of one interval extension, as the walk's doses: in 1/`times` of the maker's measure."""

    def __init__(self, rungs: list[Rung], times: int) -> None:
        self.times = times
        self.rungs = {rung.mean: rung for rung in rungs}
        self._means = sorted(self.rungs)

    def __contains__(self, amount: object) -> bool:
        return amount in self.rungs

    def nearest(self, amount: int) -> int:
        index = bisect_left(self._means, amount)
        lower, higher = self._means[max(0, index - 1)], self._means[min(index, len(self._means) - 1)]
        return lower if amount - lower < higher - amount else higher

    def at_least(self, amount: int) -> int | None:
        index = bisect_left(self._means, amount)
        return self._means[index] if index < len(self._means) else None

    def below(self, amount: int) -> int | None:
        index = bisect_left(self._means, amount)
        return self._means[index - 1] if index else None

    def falling(self, start: int, target: int) -> list[int]:
        """Means below the start, down to the target."""
        return self._means[bisect_left(self._means, target) : bisect_right(self._means, start) - 1][::-1]


def draft(course: Course) -> Drafted | Infeasible:
    """Longer and longer intervals of the same unit, then none."""
    refused = _refused(course)
    if refused is not None:
        return refused
    default = course.tables.limits.setting(f"interval-{course.request.drug_class}").whole("max_days")
    most = course.tables.limits.setting("interval-bounds").whole("max_days_max")
    max_days = course.params.whole("max_days", default, least=2, most=most)
    days = course.interval_days()
    ladder = _ladder(course, max_days)
    target = course.target * ladder.times
    if target not in ladder:
        says = f"a target of {course.mg(course.target)} mg a day is not reached by taking {course.mg(course.baseline)} mg less often"
        return Infeasible("target-not-on-grid", says, course.mg(course.target), None, (WayOut.OTHER_STRATEGY,))
    start = course.baseline * ladder.times
    points = (Point(mean, days) for mean in ladder.falling(start, target))
    pace = Pace(course.row, course.original * ladder.times, course.per_mg * ladder.times)
    past = course.history
    history = History(list(past.days), [dose * ladder.times for dose in past.doses], past.last_reduction, past.has_cut)
    outcome = walk(points, ladder, pace, history, target)
    if isinstance(outcome, Stuck):
        return infeasible(course, outcome, course.per_mg * ladder.times)
    if course.request.drug_class is DrugClass.Z_DRUG:
        course.notes["drug-free-nights"] = f"up to {max_days - 1} of {max_days} nights"
    steps, rises = _steps(course, ladder, outcome.segments)
    track = track_of(course, outcome.segments, ladder.times)
    return Drafted(tuple(steps), track, course.row, course.maker.products, outcome.waits, tuple(rises), tuple(course.notes.items()))


def _refused(course: Course) -> Infeasible | None:
    """Why this medicine, or this dose of it, may not be taken less often; None where it may."""
    if course.row.step_multiple_days > 1:
        says = "patches are worn all the time: taking them less often is not a taper"
        return Infeasible("not-for-patches", says, course.mg(course.baseline), None, (WayOut.OTHER_STRATEGY,))
    if isinstance(course.maker, PairedMaker):
        says = "both releases are taken: taper one of them to none before the other is taken less often"
        return Infeasible("not-at-smallest-unit", says, course.mg(course.baseline), course.mg(course.smallest), (WayOut.OTHER_STRATEGY,))
    if course.request.drug_class is DrugClass.BENZODIAZEPINE:
        return _half_life_refuses(course)
    if course.request.drug_class is DrugClass.Z_DRUG:
        if course.baseline == course.smallest:
            return None
        says = f"drug-free nights start at the lowest dose, {course.mg(course.smallest)} mg; today's is {course.mg(course.baseline)} mg"
        return Infeasible("not-at-lowest-dose", says, course.mg(course.baseline), course.mg(course.smallest), (WayOut.OTHER_STRATEGY,))
    units = _unit_and_count(course)
    if units is None:
        today, smallest = course.mg(course.baseline), course.mg(course.smallest)
        says = f"times of day are dropped at the smallest unit, {plain(smallest)} mg at each time; today's dose is {plain(today)} mg a day"
        return Infeasible("not-at-smallest-unit", says, today, smallest, (WayOut.OTHER_STRATEGY,))
    return None


def _half_life_refuses(course: Course) -> Infeasible | None:
    setting = course.tables.limits.setting("interval-benzodiazepine")
    bound = setting.number("half_life_min_h")
    found = course.tables.medicines.ingredient_named(course.ingredient)
    half_life = found.half_life_h if found is not None else None
    name, at = course.ingredient, course.mg(course.baseline)
    ways = (WayOut.SUBSTITUTION, WayOut.OTHER_STRATEGY)
    if half_life is None:
        says = f"no half-life of {name} is known; skipping days needs one of at least {plain(bound)} h"
        return Infeasible("half-life-unknown", says, at, None, ways)
    low, high = half_life
    if low != high:
        says = f"the half-life of {name} is a range, {plain(low)} to {plain(high)} h; skipping days needs one number from {plain(bound)} h"
        return Infeasible("half-life-range", says, at, None, ways)
    if low < bound:
        says = f"the half-life of {name} is {plain(low)} h: a missed day loses more than a quarter (bound {plain(bound)} h)"
        return Infeasible("half-life-below-bound", says, at, None, ways)
    return None


def _unit_and_count(course: Course) -> tuple[int, int] | None:
    """The smallest unit and at how many times of day it is taken; None where the day is anything else."""
    unit = course.smallest
    count, rest = divmod(course.baseline, unit)
    return (unit, count) if rest == 0 and count <= len(course.maker.slots) else None


def _ladder(course: Course, max_days: int) -> Ladder:
    times = lcm(*range(1, max_days + 1))
    unit, count = (_unit_and_count(course) if course.request.drug_class is DrugClass.OPIOID else None) or (course.baseline, 1)
    rungs = [Rung(0, 0, 1)]
    rungs += [Rung(unit * number * times, unit * number, 1) for number in range(1, count + 1)]
    rungs += [Rung(unit * times // days, unit, days) for days in range(2, max_days + 1)]
    return Ladder(rungs, times)


def _steps(course: Course, ladder: Ladder, segments: tuple[Segment, ...]) -> tuple[list[DraftStep], list[int]]:
    steps: list[DraftStep] = []
    rises: list[int] = []
    state: tuple[int, ...] | None = None
    for index, segment in enumerate(segments):
        rung = ladder.rungs[segment.dose]
        made = course.maker.next(rung.dose, state) if index else course.first(rung.dose)
        state = made.state
        if made.rises:
            rises.append(index)
        kind = StepKind.INTERVAL if segment.kind is StepKind.REDUCTION and rung.every_days > 1 else segment.kind
        ideal = as_decimal(Fraction(segment.ideal, course.per_mg * ladder.times))
        steps.append(DraftStep(course.day + segment.day, kind, (Dose(course.ingredient, made.units),), ideal, rung.every_days))
    return steps, rises
