"""Cheap checks by hand: JSON types of what is read, and numbers that exact arithmetic can carry."""

from decimal import Decimal

import pytest

from fhir_taper.mappers.shape import element_error, is_sane_number, json_kind, misleading
from tests.mappers.charts import order, resource


@pytest.mark.parametrize("number", [0, 1, -5, Decimal("0.50"), Decimal("12.5E+3"), 10**15 - 1, Decimal("1E-15")])
def test_a_number_of_a_chart_is_sane(number: int | Decimal) -> None:
    assert is_sane_number(number)


@pytest.mark.parametrize(
    "number", [10**15, -(10**15), Decimal("1E+16"), Decimal("1E-16"), Decimal("NaN"), Decimal("Infinity"), Decimal("1" * 31)]
)
def test_a_number_of_absurd_size_or_length_is_not_sane(number: int | Decimal) -> None:
    assert not is_sane_number(number)


def test_a_type_without_a_table_has_no_wrong_shape() -> None:
    assert element_error({"resourceType": "Encounter", "subject": 5}) == ""


def test_the_first_wrong_type_is_named_and_null_is_absent() -> None:
    assert (
        element_error(resource("Observation", "o", status=None, valueInteger=True)) == "valueInteger is true or false, not a whole number"
    )
    assert element_error(resource("Condition", "c", code={"coding": [5]})) == "code.coding[0] is a whole number, not an object"
    assert element_error(resource("Condition", "c", code={"coding": None, "text": "x"})) == ""


def test_an_identifier_may_hold_a_text_value() -> None:
    assert list(misleading(order(subject={"identifier": {"value": "42"}}, identifier=[{"value": "1"}]))) == []


@pytest.mark.parametrize(
    ("value", "words"), [(None, "null"), (True, "true or false"), (1, "a whole number"), (Decimal(1), "a number"), ([], "a list")]
)
def test_json_types_have_words(value: object, words: str) -> None:
    assert json_kind(value) == words
