"""Duration of use: how long a medicine has been taken, in the three classes that limits and tiers go by.

Calendar months, no clinical number. Unknown is never short: it counts as a year or longer, and the caller says so.
"""

from datetime import date

UNDER_1_MONTH, UNDER_1_YEAR, FROM_1_YEAR = "<1m", "1m-1y", ">=1y"
UNKNOWN_COUNTS_AS = FROM_1_YEAR
IN_WORDS = {UNDER_1_MONTH: "less than a month", UNDER_1_YEAR: "a month to a year", FROM_1_YEAR: "a year or longer"}
_MONTHS_PER_YEAR = 12


def is_shorter(use: str, than: str | None) -> bool:
    """True where a class of duration is shorter than another one that is known."""
    classes = tuple(IN_WORDS)  # rising
    return than is not None and classes.index(use) < classes.index(than)


def use_of(first_use: date | None, day: date) -> str | None:
    """The class of duration on a day, None where the first use is unknown or lies after that day."""
    if first_use is None or first_use > day:
        return None
    months = (day.year - first_use.year) * _MONTHS_PER_YEAR + day.month - first_use.month - (day.day < first_use.day)
    if months < 1:
        return UNDER_1_MONTH
    return UNDER_1_YEAR if months < _MONTHS_PER_YEAR else FROM_1_YEAR
