"""JSON with exact decimals in and out: 0.50 read is Decimal("0.50"), and is written as the number 0.50.

A leaf over msgspec. RFC 8259 only: NaN and Infinity are refused, as are empty input and nesting too deep to be a FHIR resource.
"""

import re
from decimal import Decimal
from typing import Any

import msgspec

from fhir_taper.errors import NotJson

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")
_ODD_NUMBERS = tuple(map(re.compile, (*(rb"%s-0(?:\.0*)?(?![0-9.])" % before for before in (rb":", rb",", rb"\[")), rb"E[-+][0-9]")))
"""Negative zeros and exponents in compact JSON: msgspec writes them, we do not. In a text they mean nothing, and cost only time."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def decode(data: bytes, place: str = "") -> Any:
    """The JSON value with every non-integer number as Decimal. Raises NotJson naming `place`."""
    data = data.removeprefix(_BYTE_ORDER_MARK)
    if not data.strip():
        raise NotJson("the input is empty", place)
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotJson(f"not JSON: {error}", place) from error
    except RecursionError:
        raise NotJson("nested too deep to be a FHIR resource", place) from None


def encode(value: Any, *, indent: int | None = None) -> bytes:
    """JSON bytes. Decimal is written as a number in plain notation: digits kept, no exponent, no negative zero."""
    data = _encoder.encode(value)
    if data.startswith(b"-0") or any(odd.search(data) for odd in _ODD_NUMBERS):
        data = _encoder.encode(_plain_numbers(value))
    return msgspec.json.format(data, indent=indent) if indent else data


def _plain_numbers(value: Any) -> Any:
    """The same value with each Decimal as raw JSON text: msgspec alone would write 1E+2 and -0. Texts (most values) are passed by."""
    if isinstance(value, dict):
        return {key: item if type(item) is str else _plain_numbers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [item if type(item) is str else _plain_numbers(item) for item in value]
    if isinstance(value, Decimal):
        return msgspec.Raw(format(abs(value) if value == 0 else value, "f").encode())
    return value
