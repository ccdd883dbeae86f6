"""Numbers as people type them: read exactly, or not at all."""

from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.medicines.plain_number import plain_decimal, plain_fraction

NO_NUMBERS = ["", " 1", "1e-9", "1E+1", "1_0", "١٠", "１０", "NaN", "Infinity", "1,5", "1.", "0x10", "1e-999999", "1" * 10, "0." + "1" * 13]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_not_in_plain_notation_is_no_number(text: str) -> None:
    assert plain_decimal(text) is None
    assert plain_fraction(text) is None


@pytest.mark.parametrize(("text", "value"), [("10", "10"), ("0.50", "0.50"), (".5", "0.5"), ("-1", "-1"), ("+2.25", "2.25")])
def test_plain_notation_is_read_with_its_digits(text: str, value: str) -> None:
    assert str(plain_decimal(text)) == value
    assert plain_fraction(text) == Fraction(Decimal(value))


def test_only_a_fraction_may_be_a_quotient() -> None:
    assert plain_fraction("50/9") == Fraction(50, 9)
    assert plain_decimal("50/9") is None
    with pytest.raises(ZeroDivisionError):
        plain_fraction("1/0")
