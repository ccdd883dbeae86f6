"""A daily dose in words for a person, in the unit that its product is spoken of: patches by their rate, everything else in mg a day.

Rates are mcg/h, because a patch is prescribed, dispensed and read so; mg a day, which all arithmetic here uses, stands beside it.
"""

from fractions import Fraction

from fhir_taper.plans.medicines.dose import Exact, as_exact, dose_for_people, mcg_per_hour


def daily(mg: Exact | int, *, is_patch: bool) -> str:
    """Of a day: "7.5 mg a day", or "25 mcg/h (0.6 mg a day)"."""
    in_mg = f"{dose_for_people(as_exact(mg))} mg a day"
    return f"{_rate(mg)} ({in_mg})" if is_patch else in_mg


def amount(mg: Exact | int, *, is_patch: bool) -> str:
    """Only "7.5 mg", or "25 mcg/h": for a sentence that has said already that doses are a day's."""
    return _rate(mg) if is_patch else f"{dose_for_people(as_exact(mg))} mg"


def _rate(mg: Exact | int) -> str:
    return f"{dose_for_people(mcg_per_hour(Fraction(mg)))} mcg/h"
