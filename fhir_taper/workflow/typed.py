"""What a person types or picks, on the command line or in a form: one grammar for both. What is ambiguous is refused, never guessed.

Choices that tables hold are checked against them by a test, so that offering them needs no table.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.plain_number import plain_decimal

if TYPE_CHECKING:  # the command line offers these choices before it knows what it is asked: the engine is imported when it is used
    from fhir_taper.plans.tapers.request import Taken

MOST_MG_A_DAY: Final = 1_000_000
"""More than this is a typing error, whatever the drug."""
MOST_UNITS: Final = 10_000
"""More than this of a product at one time is a typing error."""
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""A day before or after these is a typing error."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)  # the standard library also reads 20260105 and 2026-W01-1
_CLOCK: Final = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
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


class KeyKind(StrEnum):
    """What a new key is for: to seal the database, to chain the audit, or to sign for this app (es384, rs384)."""

    ENCRYPTION = "encryption"
    AUDIT = "audit"
    ES384 = "es384"
    RS384 = "rs384"


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


def typed_instant(text: str) -> datetime:
    """An instant as YYYY-MM-DDThh:mm with its offset or Z; without one it is meant where the patient is, and a day alone is its last
    minute. Raises WrongUsage."""
    if _DAY.fullmatch(text):
        return datetime.combine(typed_day(text), time(23, 59))
    day, _, clock = text.partition("T")
    if not _DAY.fullmatch(day) or not _CLOCK.fullmatch(clock):
        raise WrongUsage(f"{text[:_LONGEST]!r} is not an instant like 2026-01-05T12:00Z")
    typed_day(day)
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUsage(f"{text!r} is not an instant: {error}") from None


def typed_mg(text: str) -> Decimal:
    """An amount in mg a day in plain notation, digits kept. Raises WrongUsage."""
    amount = plain_decimal(text)
    if amount is None or not 0 <= amount <= MOST_MG_A_DAY:
        raise WrongUsage(f"{text[:_LONGEST]!r} is not an amount in mg per day like 7.5")
    return amount


def typed_taken(text: str) -> "Taken":
    """RXCUI=UNITS or RXCUI=UNITS@TIME: so much of one product, at one time. Raises WrongUsage."""
    from fhir_taper.plans.tapers.request import Taken

    rxcui, _, amount = text.partition("=")
    units, at, time = amount.partition("@")
    number = plain_decimal(units.strip())
    try:
        slot = Slot(time.strip()) if at else None
    except ValueError:
        raise WrongUsage(f"{text[:_LONGEST]!r}: {time.strip()[:_LONGEST]!r} is none of {', '.join(Slot)}") from None
    if not rxcui.strip() or number is None or not 0 < number <= MOST_UNITS:
        raise WrongUsage(f"{text[:_LONGEST]!r} is not of the form RXCUI=UNITS or RXCUI=UNITS@TIME, such as 854235=1@morning")
    return Taken(rxcui.strip(), slot, number)


def taken_as_typed(taken: "Taken") -> str:
    """The same as it would be typed."""
    return f"{taken.rxcui}={taken.units}{f'@{taken.slot.value}' if taken.slot else ''}"


def typed_params(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """NAME=VALUE, each name once. Raises WrongUsage."""
    pairs = [text.partition("=") for text in texts]
    for name, equals, value in pairs:
        if not equals or not name.strip() or not value.strip():
            raise WrongUsage(f"{(name + equals + value)[:_LONGEST]!r} is not of the form name=value")
    names = [name.strip() for name, _, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongUsage(f"{', '.join(twice)} is given more than once")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def typed_codes(text: str) -> tuple[str, ...]:
    """RxNorm codes with commas or blanks between them, each once."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))
