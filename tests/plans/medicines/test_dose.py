"""Exact amounts: digits are kept, nothing is rounded in silence, means that do not terminate stay fractions."""

from decimal import Decimal, Inexact
from fractions import Fraction

import pytest

from fhir_taper.plans.medicines.dose import (
    ZERO,
    Exact,
    add,
    canonical,
    divide,
    dose_for_people,
    multiply,
    one_decimal,
    plain,
    shown,
    six_places,
    to_places,
)


@pytest.mark.parametrize(
    ("amounts", "total"),
    [
        ((), "0"),
        (("0.50", "0.50"), "1.00"),
        (("0.1", "0.2"), "0.3"),
        (("1E+1", "0.25"), "10.25"),
    ],
)
def test_a_sum_keeps_the_digits_that_were_read(amounts: tuple[str, ...], total: str) -> None:
    assert str(add(*map(Decimal, amounts))) == total


@pytest.mark.parametrize(("one", "other", "product"), [("0.50", "3", "1.50"), ("2.5", "0.5", "1.25"), ("0", "12.5", "0.0")])
def test_a_product_is_exact(one: str, other: str, product: str) -> None:
    assert str(multiply(Decimal(one), Decimal(other))) == product


def test_what_would_have_to_be_rounded_is_an_error() -> None:
    with pytest.raises(Inexact):
        multiply(Decimal("0." + "1" * 40), Decimal("0." + "3" * 40))
    with pytest.raises(Inexact):
        add(Decimal("1E+50"), Decimal("1E-50"))


@pytest.mark.parametrize(
    ("amount", "is_now"),
    [
        (divide(Decimal(1), Decimal(3)), Fraction(1, 3)),
        (divide(Decimal(1), Decimal(4)), Decimal("0.25")),
        (multiply(Fraction(1, 3), Decimal(3)), Decimal(1)),
        (add(Decimal("0.5"), Fraction(1, 3), Fraction(2, 3)), Decimal("1.5")),
        (add(Fraction(1, 3), Decimal("0.5")), Fraction(5, 6)),
    ],
)
def test_a_mean_is_a_decimal_as_soon_as_it_terminates(amount: Exact, is_now: Exact) -> None:
    assert (type(amount), amount) == (type(is_now), is_now)


def test_numbers_are_shown_in_plain_notation() -> None:
    assert plain(Decimal("1E+1")) == "10"
    assert plain(-ZERO) == "0"
    assert plain(Fraction(1, 3)) == "0.333333"
    assert shown(Decimal("0.50")) == Decimal("0.50")
    assert str(canonical(Decimal("7.500"))) == "7.5"
    assert str(six_places(Fraction(2, 3))) == "0.666667"


@pytest.mark.parametrize(
    ("amount", "is_now"), [("1E+1", "10"), ("1.2E+2", "120"), ("-7.50", "-7.5"), ("100.0", "100"), ("9.90", "9.9"), ("-0.0", "0")]
)
def test_a_number_has_one_plain_form(amount: str, is_now: str) -> None:
    assert str(canonical(Decimal(amount))) == is_now


@pytest.mark.parametrize(
    ("amount", "is_now"),
    [("0.125", "0.12"), ("0.135", "0.14"), ("-0.125", "-0.12"), ("-0.135", "-0.14"), ("-2/3", "-0.67"), ("250", "250")],
)
def test_what_documents_hold_is_rounded_half_even(amount: str, is_now: str) -> None:
    assert str(to_places(Fraction(amount), 2)) == is_now


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0.05", "0.1"), ("6.25", "6.3"), ("12.345", "12.3"), ("10", "10"), ("-6.25", "-6.3"), ("100/3", "33.3")],
)
def test_percents_and_equivalents_are_rounded_half_up_to_one_decimal_everywhere(amount: str, shown: str) -> None:
    assert one_decimal(Fraction(amount)) == shown


@pytest.mark.parametrize(
    ("mg", "shown"),
    [("0.125", "0.125"), ("50.0", "50"), ("5/3", "1.67"), ("1/24", "0.042"), ("-5/6", "-0.83")],
)
def test_a_dose_is_never_rounded_for_people_and_a_mean_that_does_not_end_is(mg: str, shown: str) -> None:
    assert dose_for_people(Fraction(mg) if "/" in mg else Decimal(mg)) == shown
