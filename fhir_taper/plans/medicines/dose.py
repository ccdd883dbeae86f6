"""Exact amounts: Decimal where a number terminates, Fraction where a mean over days does not.

Nothing here is a float, and nothing here rounds in silence. A number that was read keeps its digits (0.50 stays 0.50);
a mean such as "1 mg every third day" is a Fraction until it is shown. `shown` and `plain` are the only ways out, and for people
`one_decimal` (percents and equivalents, everywhere by this one rule) and `dose_for_people`.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact
from fractions import Fraction
from functools import lru_cache
from math import prod

Exact = Decimal | Fraction
"""An exact amount. Arithmetic goes through `add`, `multiply`, `divide`: Python does not mix the two types."""

ZERO = Decimal(0)
MCG_PER_MG, HOURS_PER_DAY = Decimal(1000), Decimal(24)
SIX_PLACES = Decimal("0.000001")
_ONE, _TEN = Decimal(1), Decimal(10)
_MEAN_PLACES = 2
_MOST_WORDS = 4096
"""Numbers whose words are kept: one plan says the same number at many steps, and a number has the same words for ever. By type too: a
Fraction is rounded where the Decimal that is equal to it is not."""
_EXACT = Context(prec=60, traps=[Inexact])
"""Asked directly (`_EXACT.add`): entering it as the local context for every sum cost three times the sum."""


def as_exact(value: Exact | int) -> Exact:
    """A Fraction that terminates becomes a Decimal; everything else is returned as it is."""
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Fraction):
        return _terminating(value) or value if value else ZERO
    return value


def add(*amounts: Exact) -> Exact:
    """Exact sum; keeps Decimal digits (0.50 + 0.50 is 1.00)."""
    total = ZERO
    for amount in amounts:
        if not isinstance(amount, Decimal):
            return as_exact(sum((Fraction(one) for one in amounts), Fraction(0)))
        total = _EXACT.add(total, amount)
    return total


def larger(first: Exact, *others: Exact) -> Exact:
    """The largest amount, compared exactly."""
    found = first
    for amount in others:
        found = amount if _is_above(amount, found) else found
    return found


def _is_above(amount: Exact, other: Exact) -> bool:
    if isinstance(amount, Decimal) and isinstance(other, Decimal):
        return amount > other
    return Fraction(amount) > Fraction(other)


def multiply(*amounts: Exact) -> Exact:
    """Exact product."""
    product = _ONE
    for amount in amounts:
        if not isinstance(amount, Decimal):
            return as_exact(prod((Fraction(one) for one in amounts), start=Fraction(1)))
        product = _EXACT.multiply(product, amount)
    return product


def divide(amount: Exact, by: Exact) -> Exact:
    """Exact quotient. Raises ZeroDivisionError for a divisor of zero."""
    if isinstance(amount, Decimal) and by == 1:
        return amount
    return as_exact(Fraction(amount) / Fraction(by))


def mcg_per_hour(mg_per_day: Exact) -> Exact:
    """The rate of patches, from the mg that 24 hours of wear deliver."""
    return divide(multiply(mg_per_day, MCG_PER_MG), HOURS_PER_DAY)


def shown(amount: Exact) -> Decimal:
    """The amount as it is shown or sent: itself where it terminates, else rounded half-even to 6 decimals."""
    if isinstance(amount, Decimal):
        return amount
    scaled = round(amount * 10**6)
    return Decimal(scaled).scaleb(-6).quantize(SIX_PLACES, rounding=ROUND_HALF_EVEN)


def six_places(amount: Exact) -> Decimal:
    """An ideal dose as plans keep it: at most 6 decimals, no trailing zeros."""
    return to_places(amount, 6)


def to_places(amount: Exact, places: int) -> Decimal:
    """Rounded half-even to so many decimals, without trailing zeros."""
    above, below = amount.as_integer_ratio()
    whole, left = divmod(above * 10**places, below)
    if 2 * left > below or (2 * left == below and whole % 2):
        whole += 1
    return canonical(Decimal(whole).scaleb(-places))


def canonical(amount: Decimal) -> Decimal:
    """The same number in plain notation with no trailing zeros, no exponent and no negative zero (7.50 -> 7.5, 1E+1 -> 10)."""
    if amount == 0:
        return ZERO
    normal = amount.normalize()
    if -_TEN < normal < _TEN:
        return normal  # one digit before the point has no exponent to take out
    exponent = normal.as_tuple().exponent
    return normal.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else normal


def plain(amount: Exact) -> str:
    """Plain notation for people and files: no exponent, no -0, digits as read."""
    value = shown(amount)
    return format(abs(value) if value == 0 else value, "f")


@lru_cache(maxsize=_MOST_WORDS, typed=True)
def brief(amount: Exact) -> str:
    """Plain notation without trailing zeros: for numbers that we computed, where `plain` keeps the digits of those that were read."""
    return plain(canonical(shown(amount)))


@lru_cache(maxsize=_MOST_WORDS, typed=True)
def one_decimal(amount: Exact) -> str:
    """A percent or an equivalent as people read it: one decimal, half up, no trailing zero. Never of a rounded number."""
    return brief(_half_up(amount, 1))


def dose_for_people(mg: Exact) -> str:
    """mg as people read it: a dose is never rounded; a mean over days that does not terminate is, half up, to two digits behind the point
    or to its second digit that is not zero."""
    if isinstance(mg, Decimal):
        return brief(mg)
    places = _MEAN_PLACES
    while 0 < abs(mg) * 10 ** (places - 1) < 1:
        places += 1
    return brief(_half_up(mg, places))


def _half_up(amount: Exact, places: int) -> Decimal:
    above, below = amount.as_integer_ratio()
    nearest = (2 * abs(above) * 10**places + below) // (2 * below)
    return Decimal(nearest if above >= 0 else -nearest).scaleb(-places)


def _terminating(value: Fraction) -> Decimal | None:
    """The Decimal equal to the fraction, or None where it does not terminate."""
    denominator = value.denominator
    twos = fives = 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    if denominator != 1:
        return None
    places = max(twos, fives)
    return canonical(Decimal(value.numerator * 10**places // value.denominator).scaleb(-places))
