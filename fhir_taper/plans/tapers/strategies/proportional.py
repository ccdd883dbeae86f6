"""Proportional: the same share of the current ideal dose every time, down to a floor, then the target. By itself it never reaches zero."""

from fractions import Fraction

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.course import Course, Drafted, drafted, walked
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.strategies.bands import Band, points

PARAMETERS = ("percent", "interval_days", "floor_mg")


def draft(course: Course) -> Drafted | Infeasible:
    """d(n) = d(n-1) x (1 - percent), on the ideal curve; below the floor: the floor, then the target."""
    share, days = course.percent(), course.interval_days()
    floor = course.rounded(course.params.mg("floor_mg", course.mg(course.smallest)) * course.per_mg)
    if floor > course.baseline:
        raise WrongUsage(f"floor_mg: {course.mg(floor)} mg is above the baseline of {course.mg(course.baseline)} mg")
    band = Band(course.target, Fraction(0), share, days)
    return drafted(course, walked(course, points(course, (band,), floor)))
