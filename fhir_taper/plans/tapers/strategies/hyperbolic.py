"""Hyperbolic: equal steps of d / (d + K), so that cuts shrink as the dose falls. K is a shape parameter, not pharmacology.

The number of steps is the smallest for which the curve itself keeps the cap of the first cut and the walk never waits at a hard limit,
unit-limited steps excepted, up to the table's most (docs/decisions/0009); a number that is given is taken as it is, and limits bind as
everywhere.
"""

from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction

from fhir_taper.plans.medicines.measure import MICRO
from fhir_taper.plans.medicines.rounding import half_even
from fhir_taper.plans.tapers.course import Course, Drafted, drafted, walked
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.schedule import Point, Stuck, Walked

PARAMETERS = ("steps", "interval_days", "k_mg")
_HUNDRED = 100


def draft(course: Course) -> Drafted | Infeasible:
    """O(n) = O(0) - (O(0) - O(target)) x n / N with O(d) = d / (d + K); d(n) = K x O(n) / (1 - O(n))."""
    days = course.interval_days()
    setting = course.tables.limits.setting("hyperbolic")
    default_k = Fraction(course.original, course.per_mg) * Fraction(setting.number("k_percent_of_baseline")) / _HUNDRED
    shape = max(1, course.rounded(course.params.mg("k_mg", default_k) * course.per_mg))
    course.notes["shape-parameter"] = f"K = {course.mg(shape)} mg"
    most = setting.whole("max_steps")
    if course.params.has("steps"):
        return drafted(course, walked(course, points(course, shape, course.params.whole("steps", most=most), days)))
    outcome: Walked | Stuck | None = None
    for steps in range(_fewest(course, shape, most, days), most + 1):
        outcome = walked(course, points(course, shape, steps, days), strict=True)
        if isinstance(outcome, Walked):
            course.params.whole("steps", default=steps)
            return drafted(course, outcome)
        if outcome.reason == "duration":
            break
    return drafted(course, _most_telling(course, outcome, shape, most, days))


def _fewest(course: Course, shape: int, most: int, days: int) -> int:
    """The fewest steps of a curve whose first cut, its largest, is within the cap; never more than the longest plan has time for.

    Coarse doses must not hurry the curve: where every cut is one notch, the walk alone would never ask for more than a few steps.
    """
    cap = course.row.first_cut
    there_is_time_for = max(1, min(most, course.pace.max_days // days))
    if cap is None or not course.tables.limits.setting("hyperbolic").whole("keeps_first_cut"):
        return 1
    lowest = course.baseline - Fraction(cap.fraction) * course.original
    tried = range(1, there_is_time_for)  # the more steps, the smaller the first cut
    return 1 + bisect_left(tried, x=True, key=lambda steps: next(points(course, shape, steps, days)).ideal >= lowest)


def points(course: Course, shape: int, steps: int, days: int) -> Iterator[Point]:
    """Ideal doses of N steps, each rounded when it is made; the last is the target."""
    start, target, grain = course.baseline, course.target, course.per_mg // MICRO
    denominator = steps * (start + shape) * (target + shape)
    for step in range(1, steps + 1):
        numerator = start * (target + shape) * (steps - step) + target * (start + shape) * step
        yield Point(half_even(shape * numerator, (denominator - numerator) * grain) * grain if step < steps else target, days)


def _most_telling(course: Course, outcome: Walked | Stuck | None, shape: int, most: int, days: int) -> Walked | Stuck:
    """Why no number of steps will do: a notch that may never be cut says more than a limit that binds."""
    lenient = walked(course, points(course, shape, most, days))
    if isinstance(lenient, Stuck) or outcome is None:
        return lenient
    return outcome
