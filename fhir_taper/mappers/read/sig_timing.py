"""How often, in words: "twice daily", "q4-6h", "every other day", "3 times a week", "at bedtime", "Monday and Friday".

Each function looks at one place and answers (what it read, next place) or None. "Up to 3 times daily" has no lower end. The rate is
exact: every 5 hours is 4.8 per day. Sources: common US directions; lengths of weeks and months as in `quantity`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final, Generic, TypeVar

from fhir_taper.mappers.read.clause import Rhythm
from fhir_taper.mappers.read.quantity import HOURS
from fhir_taper.mappers.read.sig_numbers import number_at, text_at
from fhir_taper.mappers.read.sig_tokens import Token, tokens_of
from fhir_taper.mappers.read.sig_words import MAY_REPEAT, SLOT_PHRASES, TIME_UNITS, TIMES, WEEKDAYS
from fhir_taper.mappers.read.slots import slot_at
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import Exact, as_exact

_Value = TypeVar("_Value")
_PER = frozenset({"a", "per", "each", "every", "/", "an", "in"})
_TO: Final = frozenset({"-", "to", "through", "thru"})
_LATIN: Final = frozenset({"qd", "bid", "bd", "tid", "tds", "qid", "qds"})
_ORDINALS: Final = {"other": 2, "second": 2, "third": 3, "fourth": 4}
_DAY_PARTS: Final = {"night": Slot.NIGHT, "bedtime": Slot.NIGHT, "morning": Slot.MORNING, "evening": Slot.EVENING}


class Phrases(Generic[_Value]):
    """Phrases with what they mean, found by their first word, the longest first."""

    def __init__(self, phrases: Iterable[tuple[str, _Value]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], _Value]]] = {}
        for phrase, value in phrases:
            words = tuple(token.text for token in tokens_of(phrase))
            self._by_first.setdefault(words[0], []).append((words, value))
        for listed in self._by_first.values():
            listed.sort(key=lambda pair: -len(pair[0]))

    def at(self, tokens: Sequence[Token], place: int) -> tuple[_Value, int] | None:
        """The longest phrase that stands at this place, and the place after it."""
        for words, value in self._by_first.get(text_at(tokens, place), ()):
            end = place + len(words)
            if all(text_at(tokens, place + offset) == word for offset, word in enumerate(words)):
                return value, end
        return None


_MAY_REPEAT: Final = Phrases((phrase, True) for phrase in MAY_REPEAT)
_SLOTS: Final = Phrases((phrase, slot) for slot, phrases in SLOT_PHRASES.items() for phrase in phrases)


@dataclass(frozen=True, slots=True)
class Times:
    """`low` to `high` times in `hours_low` to `hours_high`; low None is "up to"."""

    low: Exact | None
    high: Exact
    hours_low: Fraction
    hours_high: Fraction
    slot: Slot | None = None

    def rhythm(self, says: str) -> Rhythm:
        """The rate: fewest at the longest interval, most at the shortest."""
        low = None if self.low is None else as_exact(Fraction(self.low) * 24 / self.hours_high)
        return Rhythm(low, as_exact(Fraction(self.high) * 24 / self.hours_low), says, (self.slot,) if self.slot else ())


def frequency_at(tokens: Sequence[Token], place: int) -> tuple[Times, int] | None:
    """A stated frequency or interval."""
    is_upper = text_at(tokens, place) == "up" and text_at(tokens, place + 1) == "to"
    start = place + 2 if is_upper else place
    found = _times(tokens, start) or _interval(tokens, start) or (None if is_upper else _single_word(tokens, start))
    if found is None:
        return None
    times, end = found
    return (Times(None, times.high, times.hours_low, times.hours_high, times.slot) if is_upper else times), end


def slot_at_place(tokens: Sequence[Token], place: int) -> tuple[Slot, int] | None:
    """A time of day: a phrase, or a clock time with am or pm."""
    clock = _clock(tokens, place + (text_at(tokens, place) == "at"))
    return clock or _SLOTS.at(tokens, place)


def weekdays_at(tokens: Sequence[Token], place: int) -> tuple[frozenset[int], int] | None:
    """For example "on Monday, Wednesday and Friday", "every Monday", "Mon/Wed/Fri", "M-W-F", "Mon-Fri"."""
    at = place + (text_at(tokens, place) in {"on", "every", "each"})
    letters = [text_at(tokens, at + offset) for offset in range(5)]
    if letters[::2] == ["m", "w", "f"] and letters[1] == letters[3] and letters[1] in {"-", "/", ","}:
        return frozenset({0, 2, 4}), at + 5
    if text_at(tokens, at) == "mwf":
        return frozenset({0, 2, 4}), at + 1
    days: set[int] = set()
    end = at
    while text_at(tokens, at) in WEEKDAYS:
        first = last = WEEKDAYS[text_at(tokens, at)]
        if text_at(tokens, at + 1) in _TO and text_at(tokens, at + 2) in WEEKDAYS:
            at += 2
            last = WEEKDAYS[text_at(tokens, at)]
        days.update((first + offset) % 7 for offset in range((last - first) % 7 + 1))
        end = at = at + 1
        while text_at(tokens, at) in {",", "and", "&", "/"}:
            at += 1
    return (frozenset(days), end) if days else None


def _times(tokens: Sequence[Token], place: int) -> tuple[Times, int] | None:
    """For example "3 times a day", "2-3 times daily", "3x/day", "twice a week", "once every 3 days"."""
    word = text_at(tokens, place)
    if word in {"once", "twice", "thrice"}:
        low: Exact = Decimal(TIMES[word])
        high, end = low, place + 1
        if text_at(tokens, end) in {"or", "to", "-"} and text_at(tokens, end + 1) in {"twice", "thrice"}:
            high, end = Decimal(TIMES[text_at(tokens, end + 1)]), end + 2
        if low > high:
            return None
    else:
        count = number_at(tokens, place)
        if count is None or text_at(tokens, count.end) not in {"times", "time", "x"}:
            return None
        low, high, end = count.low, count.high, count.end + 1
        if low > high:
            return None
    per = _per(tokens, end)
    if per is None:
        return None
    shortest, longest, slot, after = per
    return Times(low, high, shortest, longest, slot), after


def _per(tokens: Sequence[Token], place: int) -> tuple[Fraction, Fraction, Slot | None, int] | None:
    """The time after "3 times": "daily", "a day", "/day", "per week", "every 3 days"."""
    word = text_at(tokens, place)
    if word in {"daily", "weekly", "monthly", "nightly"}:
        hours = HOURS[TIME_UNITS.get(word, "d")]
        return hours, hours, Slot.NIGHT if word == "nightly" else None, place + 1
    interval = _interval(tokens, place)
    if interval is not None:
        times, end = interval
        return times.hours_low, times.hours_high, times.slot, end
    if word in _PER:
        count = number_at(tokens, place + 1)
        at = count.end if count else place + 1
        unit = TIME_UNITS.get(text_at(tokens, at))
        if unit and (count is None or count.low == count.high):
            hours = HOURS[unit] * Fraction(count.low if count else 1)
            return (hours, hours, None, at + 1) if hours else None
    return None


def _interval(tokens: Sequence[Token], place: int) -> tuple[Times, int] | None:
    """For example "every 4-6 hours", "q 12 h", "every other day", "every third day", "6 hourly", "per day"."""
    word = text_at(tokens, place)
    if word == "qod":
        return _once_in(Fraction(48), Fraction(48), place + 1)
    if word in {"every", "q", "each"}:
        return _every(tokens, place + 1)
    if word in {"a", "per", "/"} and TIME_UNITS.get(text_at(tokens, place + 1)) in {"d", "wk", "mo"}:
        hours = HOURS[TIME_UNITS[text_at(tokens, place + 1)]]
        return _once_in(hours, hours, place + 2)
    count = number_at(tokens, place)
    if count is not None and text_at(tokens, count.end + (text_at(tokens, count.end) == "-")) == "hourly":
        return _bounded(count.low, count.high, "h", count.end + 1 + (text_at(tokens, count.end) == "-"))
    return None


def _every(tokens: Sequence[Token], place: int) -> tuple[Times, int] | None:
    """What follows "every"."""
    word = text_at(tokens, place)
    if word in _ORDINALS:
        return _every_nth(_ORDINALS[word], text_at(tokens, place + 1), place + 2)
    count = number_at(tokens, place)
    at = count.end if count else place
    at += text_at(tokens, at) == "-"
    unit = TIME_UNITS.get(text_at(tokens, at))
    if unit is None or text_at(tokens, at) in {"hourly", "daily", "weekly", "monthly"}:
        return None
    return _bounded(count.low if count else Decimal(1), count.high if count else Decimal(1), unit, at + 1)


def _every_nth(number: int, word: str, end: int) -> tuple[Times, int] | None:
    if word in _DAY_PARTS:
        return _once_in(Fraction(24 * number), Fraction(24 * number), end, _DAY_PARTS[word])
    if TIME_UNITS.get(word) in {"d", "wk"}:
        hours = HOURS[TIME_UNITS[word]] * number
        return _once_in(hours, hours, end)
    return None


def _bounded(low: Exact, high: Exact, unit: str, end: int) -> tuple[Times, int] | None:
    return _once_in(Fraction(low) * HOURS[unit], Fraction(high) * HOURS[unit], end) if 0 < low <= high else None


def _once_in(shortest: Fraction, longest: Fraction, end: int, slot: Slot | None = None) -> tuple[Times, int]:
    return Times(Decimal(1), Decimal(1), shortest, longest, slot), end


def _single_word(tokens: Sequence[Token], place: int) -> tuple[Times, int] | None:
    """For example "daily", "bid", "bid-tid", "weekly"; "nightly" is a time of day and is read as one."""
    word = text_at(tokens, place)
    if word in {"weekly", "monthly"}:
        hours = HOURS[TIME_UNITS[word]]
        return _once_in(hours, hours, place + 1)
    if word in _LATIN and text_at(tokens, place + 1) in {"-", "to", "or"}:
        most = TIMES.get(text_at(tokens, place + 2), 0) if text_at(tokens, place + 2) in _LATIN else 0
        if most > TIMES[word]:
            return Times(Decimal(TIMES[word]), Decimal(most), Fraction(24), Fraction(24)), place + 3
    if word in TIMES and word not in {"once", "twice", "thrice", "nightly"}:
        return Times(Decimal(TIMES[word]), Decimal(TIMES[word]), Fraction(24), Fraction(24)), place + 1
    return None


def _clock(tokens: Sequence[Token], place: int) -> tuple[Slot, int] | None:
    """For example "8 am", "8:30 pm", "9:00"."""
    token = tokens[place] if place < len(tokens) else Token("")
    if token.value is None or token.value != int(token.value):
        return None
    hour, end = int(token.value), place + 1
    has_minutes = text_at(tokens, end) == ":" and len(text_at(tokens, end + 1)) == 2 and text_at(tokens, end + 1).isdigit()  # noqa: PLR2004 - minutes
    end += 2 if has_minutes else 0
    half = text_at(tokens, end)
    if half in {"am", "pm"} and 1 <= hour <= 12:  # noqa: PLR2004 - hours of a clock face
        return slot_at(hour % 12 + (12 if half == "pm" else 0)), end + 1
    if has_minutes and hour < 24 and half not in {"am", "pm"}:  # noqa: PLR2004 - hours of a day
        return slot_at(hour), end
    return None


def duration_at(tokens: Sequence[Token], place: int) -> tuple[int | None, int | None, int] | None:
    """For example "for 7 days", "x 2 weeks", "for up to 3 days", "10 doses": days, or a number of doses, and the next place."""
    at = place + (text_at(tokens, place) in {"for", "x"})
    if at > place and text_at(tokens, at) == "up" and text_at(tokens, at + 1) == "to":
        at += 2
    count = number_at(tokens, at)
    if count is None or count.low > count.high:
        return None
    end = count.end + (text_at(tokens, count.end) == "-")
    unit = text_at(tokens, end)
    if unit in {"dose", "doses"} and count.high == int(count.high):
        return None, int(count.high), end + 1
    if at == place or TIME_UNITS.get(unit) not in {"d", "wk", "mo", "h"} or unit.endswith("ly"):
        return None
    hours = HOURS[TIME_UNITS[unit]] * Fraction(count.high)
    after = end + 1 + (text_at(tokens, end + 1) == "only")
    return (ceil(hours / HOURS["d"]), None, after) if hours >= HOURS["d"] else None


def repeat_at(tokens: Sequence[Token], place: int) -> tuple[Exact | None, int] | None:
    """For example "may repeat once", "may repeat x 2", "may repeat in 1 hour": how many times (None: not said), and the next place."""
    found = _MAY_REPEAT.at(tokens, place)
    if found is None:
        return None
    at = found[1]
    repeats: Exact | None = None
    marked = text_at(tokens, at) == "x"
    count = number_at(tokens, at + marked)
    if text_at(tokens, at) in {"once", "twice"}:
        repeats, at = Decimal(TIMES[text_at(tokens, at)]), at + 1
    elif count is not None and count.low == count.high and (marked or text_at(tokens, count.end) in {"time", "times"}):
        repeats, at = count.low, count.end + (not marked)
    if text_at(tokens, at) in {"in", "after", "every", "within"}:
        wait = number_at(tokens, at + 1)
        unit_place = wait.end if wait else at + 1
        at = unit_place + 1 if text_at(tokens, unit_place) in TIME_UNITS else at
    return repeats, at
