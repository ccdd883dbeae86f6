"""How long a course lasts that states no bounds: a number of days in the text, or a number of doses at the rate at which they are taken.

A number of doses as needed ends on no day: it bounds what was supplied, and nobody knows when it is used up (domain rules 5 and 6: nothing
is over because it could not be reckoned). Of a range the later end counts, and both are said. FHIR R4 Timing.repeat.count, countMax.
"""

from dataclasses import replace
from fractions import Fraction

from fhir_taper.mappers.read.clause import Rhythm, SigReading
from fhir_taper.mappers.read.dosage_text import Words
from fhir_taper.mappers.read.timing import Timing
from fhir_taper.mappers.read.window import Bounds, Length, length_of_doses


def course(bounds: Bounds, timing: Timing, words: Words, as_needed: bool | None) -> tuple[Bounds, tuple[str, ...]]:
    """The bounds with the length that only the text or a number of doses states, and what must be said of it.

    `as_needed` is what the structure says; the words of the code and of the texts may say it too.
    """
    if bounds.end is not None or bounds.length is not None:
        return bounds, ()
    if not bounds.is_dated and bounds.begins is None:
        bounds = replace(bounds, begins=words.days.start)
    days = next((reading.days for reading in words.readings if reading.days is not None), None)
    if days is not None:
        return replace(bounds, length=Length(days=days)), ()
    fewest = timing.count or next((reading.doses for reading in words.readings if reading.doses is not None), None)
    if fewest is None or fewest <= 1:
        return bounds, ()
    most = max(fewest, timing.count_max or fewest)
    if as_needed is True or timing.as_needed or words.says_as_needed:
        how_many = f"{fewest}" if most == fewest else f"{fewest} to {most}"
        return bounds, (f"{how_many} doses as needed: on which day they are used up is not known, so they end on none",)
    return _lasting(bounds, fewest, most, _rhythm(timing, words.readings)), ()


def _rhythm(timing: Timing, readings: tuple[SigReading, ...]) -> Rhythm | None:
    """The rhythm that says how often the doses are taken."""
    found = [timing.rhythm, *(clause.rhythm for reading in readings for clause in reading.clauses)]
    return next((rhythm for rhythm in found if rhythm is not None and rhythm.low), None)


def _lasting(bounds: Bounds, fewest: int, most: int, rhythm: Rhythm | None) -> Bounds:
    """So many doses as days: at the slowest rate for the end, at the fastest for the day until which they last for certain."""
    if rhythm is None or not rhythm.low:
        return bounds
    longest = length_of_doses(most, Fraction(rhythm.low))
    shortest = length_of_doses(fewest, Fraction(rhythm.high or rhythm.low))
    return replace(bounds, length=longest, shortest=shortest if shortest != longest else None)
