"""Looks into a raw resource of unknown shape: every look says what type it expects, and a wrong one is named with its path.

What it must not do: guess. A number that arrives as text, a list where an object belongs, a negative amount are refused (BadInput with
the path), and the reader of the order turns that into an item that is not computable. Absent elements are None, "" or an empty list. FHIR
R4, json.html, datatypes.html.
"""

import calendar
import re
from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from fhir_taper.errors import BadInput

Json = Mapping[str, Any]

_WRITTEN: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T.*)?)?)?", re.ASCII | re.DOTALL)
"""A year, a month or a day, whatever time stands behind the day."""
_MONTHS: Final = 12

LARGEST_AMOUNT: Final = Decimal(10**6)
MOST_DIGITS: Final = 12
"""Beyond these no dose, count, rate or duration of a person's medicine makes sense: engineering bounds, not clinical ones."""


def child(parent: Json, name: str, path: str = "") -> Json:
    """The object under this name; an empty one where it is absent."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(path, name, value, "an object")
    return value


def children(parent: Json, name: str, path: str = "") -> list[Json]:
    """The list of objects under this name; an empty one where it is absent."""
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(path, name, value, "a list")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise _wrong(path, f"{name}[{index}]", item, "an object")
    return value


def words(parent: Json, name: str, path: str = "") -> str:
    """The text under this name, stripped; "" where it is absent."""
    value = parent.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(path, name, value, "text")
    return value.strip()


def word_list(parent: Json, name: str, path: str = "") -> list[str]:
    """The list of texts under this name; an empty one where it is absent."""
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(path, name, value, "a list of texts")
    return value


def truth(parent: Json, name: str, path: str = "") -> bool | None:
    """True, False, or None where it is absent."""
    value = parent.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise _wrong(path, name, value, "true or false")


def amount(parent: Json, name: str, path: str = "") -> Decimal | None:
    """A number as it was written, never negative and of a sensible size, or None where it is absent."""
    value = parent.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, float)):
        raise _wrong(path, name, value, "a number")
    try:
        number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation:
        raise _wrong(path, name, value, "a number") from None
    if not number.is_finite() or number < 0:
        raise BadInput(f"is {number}, which is no amount", _place(path, name))
    if number > LARGEST_AMOUNT or len(number.as_tuple().digits) > MOST_DIGITS or number.adjusted() < -MOST_DIGITS:
        raise BadInput("is a number beyond any sensible size", _place(path, name))
    return number


def whole(parent: Json, name: str, path: str = "") -> int | None:
    """A whole number, or None where it is absent."""
    number = amount(parent, name, path)
    if number is None:
        return None
    if number != int(number):
        raise BadInput(f"is {number}, not a whole number", _place(path, name))
    return int(number)


def first_day(parent: Json, name: str, path: str = "") -> date | None:
    """The day of a date or dateTime as written there (its own offset); of a year or month, the first day."""
    return _day(words(parent, name, path), _place(path, name), is_end=False)


def last_day(parent: Json, name: str, path: str = "") -> date | None:
    """The day of a date or dateTime as written there; of a year or month, the last day."""
    return _day(words(parent, name, path), _place(path, name), is_end=True)


def refuse_modifiers(parent: Json, path: str) -> None:
    """A modifier extension changes what its element means; one that is not known here must not be read past (FHIR R4, extensibility)."""
    modifiers = children(parent, "modifierExtension", path)
    if modifiers:
        raise BadInput(f"{modifiers[0].get('url')} changes the meaning in a way not known here", _place(path, "modifierExtension"))


@lru_cache(maxsize=4096)
def day_in(text: str, *, is_end: bool) -> date | None:
    """The first or last day that a stripped date or dateTime names; None where it is none. A chart repeats its days."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return None
    year, month, day = (None if part is None else int(part) for part in written.groups())
    if year is None or not MINYEAR <= year <= MAXYEAR or (month is not None and not 1 <= month <= _MONTHS):
        return None
    last_month = month or (_MONTHS if is_end else 1)
    longest = calendar.monthrange(year, last_month)[1]
    if day is not None and not 1 <= day <= longest:
        return None
    return date(year, last_month, day or (longest if is_end else 1))


def _day(text: str, place: str, *, is_end: bool) -> date | None:
    found = day_in(text, is_end=is_end) if text else None
    if found is None and text:
        raise BadInput(f"{text[:40]!r} is not a date", place)
    return found


def _wrong(path: str, name: str, value: object, expected: str) -> BadInput:
    kinds = {bool: "true or false", str: "text", list: "a list", dict: "an object"}
    return BadInput(f"is {kinds.get(type(value), 'a number')}, not {expected}", _place(path, name))


def _place(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
