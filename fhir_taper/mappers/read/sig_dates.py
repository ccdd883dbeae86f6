"""Dates in a direction: "starting January 16, 2015", "First dose on Sun 5/14/23 at 0000", "until 3/2/26", "from 1/5/26 to 1/9/26".

A date says from when or until when the direction holds, so it is never dropped: whoever reads the direction compares it with the day.
Numbers are read as US directions write them, month first, unless that is no date; a date without a year is told as one that was not
compared. Nothing here knows what day it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from fhir_taper.mappers.read.sig_numbers import text_at
from fhir_taper.mappers.read.sig_tokens import Token
from fhir_taper.mappers.read.sig_words import MONTHS, WEEKDAYS

_FIRST: Final = frozenset({"starting", "start", "starts", "beginning", "begin", "from", "effective"})
_LAST: Final = frozenset({"until", "till", "through", "thru"})
_FIRST_DOSE: Final = (("first", "dose", "on"), ("first", "dose"))
_LAST_DOSE: Final = (("last", "dose", "on"), ("last", "dose"))
_MONTH_NUMBERS: Final = {
    name: number
    for number, names in enumerate(
        "jan january; feb february; mar march; apr april; may; jun june; jul july; aug august; sep sept september; oct october;"
        " nov november; dec december".split(";"),
        1,
    )
    for name in names.split()
}
_YEAR_DIGITS: Final = 4
_MONTHS_OF_A_YEAR: Final = 12
_CENTURY: Final = 2000


@dataclass(frozen=True, slots=True)
class TextDates:
    """From when and until when a text says that it holds, as far as it says it. `is_unclear`: a date in it has no year or is none."""

    start: date | None = None
    end: date | None = None
    is_unclear: bool = False


def dates_at(tokens: Sequence[Token], place: int) -> tuple[TextDates, int] | None:
    """The dates that begin here, and the next place; None where no date stands here."""
    found = _opening(tokens, place)
    if found is None:
        return None
    opening, at = found
    if text_at(tokens, at) in {"today", "tonight", "tomorrow", "now"}:
        return TextDates(), at + 1
    first = _one_date(tokens, at)
    if first is None:
        return None
    days, end = list(first[0]), first[1]
    while text_at(tokens, end) in {"-", "to", "through", "until"}:
        another = _one_date(tokens, end + 1)
        if another is None:
            break
        days += another[0]
        end = another[1]
    if text_at(tokens, end) == "at" and text_at(tokens, end + 1).isdigit():
        end += 2
    start = days[0] if opening in {"start", "on"} else None
    last = days[-1] if opening in {"end", "on"} or len(days) > 1 else None
    return TextDates(start, last, is_unclear=None in days), end


def _opening(tokens: Sequence[Token], place: int) -> tuple[str, int] | None:
    """Which end of its time the words before a date name (start, end, or "on": both), and the place of the date."""
    for meaning, phrases in (("start", _FIRST_DOSE), ("end", _LAST_DOSE)):
        for phrase in phrases:
            if all(text_at(tokens, place + offset) == word for offset, word in enumerate(phrase)):
                return meaning, place + len(phrase)
    word = text_at(tokens, place)
    if word == "on":
        return "on", place + 1
    if word in _FIRST or word in _LAST:
        return "start" if word in _FIRST else "end", place + 1 + (text_at(tokens, place + 1) == "on")
    return None


def _one_date(tokens: Sequence[Token], place: int) -> tuple[list[date | None], int] | None:
    """A date, or two ("Jan 15-20, 2015"), and the place after them; None for a date that has no year or does not exist."""
    at = place
    if text_at(tokens, at) in WEEKDAYS:
        at += 1
        at += text_at(tokens, at) in {",", "."}
    if text_at(tokens, at) in MONTHS and text_at(tokens, at + 1).isdigit():
        return _named_month(tokens, at)
    parts = [text_at(tokens, at)]
    if not parts[0].isdigit():
        return None
    while text_at(tokens, at + 1) in {"/", "-"} and text_at(tokens, at + 2).isdigit():
        at += 2
        parts.append(text_at(tokens, at))
    return ([_in_numbers(parts)], at + 1) if len(parts) > 1 else None


def _named_month(tokens: Sequence[Token], place: int) -> tuple[list[date | None], int]:
    month, days, at = _MONTH_NUMBERS[text_at(tokens, place)], [int(text_at(tokens, place + 1))], place + 2
    if text_at(tokens, at) == "-" and text_at(tokens, at + 1).isdigit():
        days.append(int(text_at(tokens, at + 1)))
        at += 2
    year = at + (text_at(tokens, at) == ",")
    if text_at(tokens, year).isdigit() and len(text_at(tokens, year)) == _YEAR_DIGITS:
        return [_day(int(text_at(tokens, year)), month, day) for day in days], year + 1
    return [None for _ in days], at


def _in_numbers(parts: Sequence[str]) -> date | None:
    if len(parts) != 3:  # noqa: PLR2004 - year, month, day
        return None
    first, second, third = (int(part) for part in parts)
    if len(parts[0]) == _YEAR_DIGITS:
        return _day(first, second, third)
    year = third if len(parts[2]) == _YEAR_DIGITS else _CENTURY + third
    return _day(year, second, first) if first > _MONTHS_OF_A_YEAR else _day(year, first, second)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
