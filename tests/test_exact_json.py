"""JSON keeps every decimal exact, and refuses what is no JSON with one line that names the place."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import NotJson
from fhir_taper.exact_json import decode, encode


def test_a_decimal_keeps_its_digits_from_input_to_output() -> None:
    assert encode(decode(b'{"value":0.50}')) == b'{"value":0.50}'


def test_a_decimal_is_read_as_decimal_and_a_whole_number_as_int() -> None:
    assert decode(b"[0.50, 2]") == [Decimal("0.50"), 2]
    assert [type(value) for value in decode(b"[0.50, 2]")] == [Decimal, int]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1E+2", b"100"),
        ("-0.0", b"0.0"),
        ("-0", b"0"),
        ("0E-8", b"0.00000000"),
        ("1E-7", b"0.0000001"),
        ("12.5", b"12.5"),
        ("-0.5", b"-0.5"),
        ("-0.05", b"-0.05"),
        ("-10", b"-10"),
    ],
)
def test_a_number_is_written_without_exponent_and_without_negative_zero(value: str, written: bytes) -> None:
    assert encode(Decimal(value)) == written
    assert encode([Decimal(value)]) == b"[" + written + b"]"
    assert encode({"a": [1, Decimal(value)], "b": Decimal(value)}) == b'{"a":[1,' + written + b'],"b":' + written + b"}"


@pytest.mark.parametrize("text", ["1E+2", "3E-7", ":-0", "[-0", ",-0.5", "-0"])
def test_a_text_that_looks_like_such_a_number_stays_as_it_is(text: str) -> None:
    assert decode(encode({"text": text, "value": Decimal("0.50")})) == {"text": text, "value": Decimal("0.50")}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6))
def test_any_dose_survives_writing_and_reading(value: Decimal) -> None:
    assert decode(encode([value, 1])) == [value, 1]


@pytest.mark.parametrize("data", [b"", b" \n", b"{", b"[NaN]", b"[Infinity]", b"[01]", b"{'a': 1}", b"\xff\xfe", b"[1] [2]"])
def test_what_is_not_json_is_refused_and_the_place_is_named(data: bytes) -> None:
    with pytest.raises(NotJson, match=r"^chart\.json: "):
        decode(data, "chart.json")


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(NotJson):
        decode(b"[" * 100_000 + b"]" * 100_000)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode(b"\xef\xbb\xbf{}") == {}


def test_indented_output_says_the_same() -> None:
    value = {"a": [Decimal("0.50"), {"b": "c"}]}
    assert decode(encode(value, indent=2)) == value
