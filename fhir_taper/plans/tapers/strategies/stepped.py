"""Stepped: bands, each with its own cut and interval, and an optional hold. The published way to taper diazepam.

Without bands, diazepam follows the slow schedule of protocols.toml as far as that applies; every other medicine, and a higher dose, needs
bands of its own.
"""

from fhir_taper.plans.medicines.dose_words import daily
from fhir_taper.plans.tables.limit_tables import BandRow
from fhir_taper.plans.tapers.course import Course, Drafted, drafted, walked
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.strategies.bands import bands_of, points

PARAMETERS = ("bands",)
DEFAULT_PROTOCOL = "cks-slow"


def draft(course: Course) -> Drafted | Infeasible:
    """The bands as given, as the protocol states them, or the default for diazepam."""
    baseline = daily(course.mg(course.baseline), is_patch=course.is_patch)
    rows = course.params.bands(_default(course), f"stepped needs bands for {course.ingredient} from {baseline}")
    return drafted(course, walked(course, points(course, bands_of(course, rows), course.smallest)))


def _default(course: Course) -> tuple[BandRow, ...]:
    row = course.tables.limits.protocols[DEFAULT_PROTOCOL]
    highest = row.applies.baseline_mg_max
    is_meant = course.ingredient in row.applies.ingredients and (highest is None or course.mg(course.baseline) <= highest)
    return row.bands if is_meant else ()
