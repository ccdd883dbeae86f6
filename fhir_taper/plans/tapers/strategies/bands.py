"""The one generator behind linear, proportional and stepped tapers: bands of cuts, exactly as domain §3 states them.

While the ideal dose is above a band's edge it falls by the band's cut every `every_days`; a cut never jumps over the lower edge of its
band; `hold_days` is added once, before the first cut of the band. Cuts that are a percent of the current dose never reach zero by
themselves: below the floor the ideal goes to the floor, and from there to the target. The series is made from ideals only, each rounded
to six decimals of a mg when it is made.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.medicines.measure import MICRO
from fhir_taper.plans.medicines.rounding import half_even
from fhir_taper.plans.tables.limit_tables import BandRow
from fhir_taper.plans.tapers.course import Course
from fhir_taper.plans.tapers.schedule import Point

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Band:
    """A band over whole numbers of one measure: a `share` of the current dose is cut, or, where that is zero, the fixed `cut`."""

    above: int
    cut: Fraction
    share: Fraction
    every_days: int
    hold_days: int = 0


def bands_of(course: Course, rows: Iterable[BandRow]) -> tuple[Band, ...]:
    """Bands as stated, over the course's measure, the highest first: edges are compared as doses, whatever unit they were stated in.

    Raises WrongUsage where the lowest band ends above the target, or two bands begin at the same dose.
    """
    found = tuple(sorted((_band(course, row) for row in rows), key=lambda band: -band.above))
    twice = next((upper.above for upper, lower in pairwise(found) if upper.above == lower.above), None)
    if twice is not None:
        raise WrongUsage(f"bands: two of them begin above {brief(course.mg(twice))} mg a day")
    if found[-1].above > course.target:
        raise WrongUsage(f"bands: nothing is said below {course.mg(found[-1].above)} mg, and the target is {course.mg(course.target)} mg")
    return found


def points(course: Course, bands: tuple[Band, ...], floor: int) -> Iterator[Point]:
    """Ideal doses from the baseline to the target."""
    ideal, target, grain = course.baseline, course.target, course.per_mg // MICRO
    for index, band in enumerate(bands):
        hold, is_last = band.hold_days, index == len(bands) - 1
        (share, of), (cut, cut_of) = band.share.as_integer_ratio(), band.cut.as_integer_ratio()
        while ideal > target and (is_last or ideal > band.above):
            if share:
                lower = half_even(ideal * (of - share), of * grain) * grain
                if lower < floor:
                    lower = floor if ideal > floor else target
            else:
                lower = half_even(ideal * cut_of - cut, cut_of * grain) * grain
            ideal = max(min(lower, ideal), band.above, target)
            yield Point(ideal, band.every_days, hold)
            hold = 0


def _band(course: Course, row: BandRow) -> Band:
    hold = 0 if row.hold_days == 0 else _to_multiple(row.hold_days, course.row.step_multiple_days)
    every = course.lengthened(row.every_days)
    if row.of == "mg":
        above = row.above * course.per_mg
        return Band(int(above), row.cut * course.per_mg, Fraction(0), every, hold)
    above = row.above * course.original / _HUNDRED
    if row.of == "baseline":
        return Band(course.rounded(above), row.cut * course.original / _HUNDRED, Fraction(0), every, hold)
    return Band(course.rounded(above), Fraction(0), row.cut / _HUNDRED, every, hold)


def _to_multiple(days: int, multiple: int) -> int:
    return -(-days // multiple) * multiple
