"""The one way in which a person writes a number here: digits, a point, a sign. No exponent, no underscore, no digits of other scripts.

What is read so is short enough to be computed with, and is printed as it was written.
"""

import re
from decimal import Decimal
from fractions import Fraction

_UNSIGNED = r"(?:\d{1,9}(?:\.\d{1,12})?|\.\d{1,12})"
_DECIMAL = re.compile(rf"[+-]?{_UNSIGNED}", re.ASCII)
_DECIMAL_OR_QUOTIENT = re.compile(rf"[+-]?(?:{_UNSIGNED}|\d{{1,9}}/\d{{1,9}})", re.ASCII)


def plain_decimal(text: str) -> Decimal | None:
    """A decimal in plain notation, digits kept (0.50); None for anything else."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def plain_fraction(text: str) -> Fraction | None:
    """A decimal or a quotient of whole numbers (50/9); None for anything else. Raises ZeroDivisionError for a quotient by zero."""
    return Fraction(text) if _DECIMAL_OR_QUOTIENT.fullmatch(text) else None
