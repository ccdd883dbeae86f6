"""Linear: the same cut every time, a percent of the original dose. The relative cut grows towards the end."""

from fractions import Fraction

from fhir_taper.plans.tapers.course import Course, Drafted, drafted, walked
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.strategies.bands import Band, points

PARAMETERS = ("percent", "interval_days")


def draft(course: Course) -> Drafted | Infeasible:
    """d(n) = max(target, d(n-1) - percent of the original dose)."""
    share, days = course.percent(), course.interval_days()
    band = Band(course.target, share * course.original, Fraction(0), days)
    return drafted(course, walked(course, points(course, (band,), course.smallest)))
