"""What a person types or picks, on the command line or in a form: one grammar for both. What is ambiguous is refused, never guessed.

Choices that tables hold are checked against them by a test, so that offering them needs no table.
"""

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.plain_number import plain_decimal

MOST_MG_A_DAY: Final = 1_000_000
"""More than this is a typing error, whatever the drug."""
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""A day before or after these is a typing error."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)  # the standard library also reads 20260105 and 2026-W01-1
_LONGEST: Final = 40


class BenzoTable(StrEnum):
    ASHTON_2002 = "ashton-2002"
    VA_DOD_2021 = "va-dod-2021"
    WHO_2009 = "who-2009"
    HANDBOOK = "handbook"


class DurationOfUse(StrEnum):
    UNDER_1_MONTH = "<1m"
    UNDER_1_YEAR = "1m-1y"
    FROM_1_YEAR = ">=1y"


class PermittedParts(StrEnum):
    HALF = "half"
    QUARTER = "quarter"

    @property
    def per_unit(self) -> int:
        """How many of these parts make a tablet."""
        return 2 if self is PermittedParts.HALF else 4


def typed_day(text: str) -> date:
    """A day as YYYY-MM-DD, near enough to now that no date after it, to the end of any plan, is out of range. Raises WrongUsage."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise WrongUsage(f"{text[:_LONGEST]!r} is not a date like 2026-01-05")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise WrongUsage(f"{text!r} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return day


def typed_mg(text: str) -> Decimal:
    """An amount in mg a day in plain notation, digits kept. Raises WrongUsage."""
    amount = plain_decimal(text)
    if amount is None or not 0 <= amount <= MOST_MG_A_DAY:
        raise WrongUsage(f"{text[:_LONGEST]!r} is not an amount in mg per day like 7.5")
    return amount
