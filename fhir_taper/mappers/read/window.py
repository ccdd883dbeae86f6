"""The days on which each instruction of an order holds: bounds, durations, and sequences that run one after the other (domain rule 3).

Both ends are inclusive. A month is a calendar month, never 30 days. Durations of a rising sequence run from the timing's start, else from
the day the order was written, or became valid where that is later. What cannot be placed in time is said, not guessed.
FHIR R4 Timing.repeat.bounds[x].
"""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil

from fhir_taper.errors import BadInput
from fhir_taper.mappers.read.elements import Json, amount, child, first_day, last_day, word_list, words
from fhir_taper.mappers.read.quantity import HOURS, hours_of


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time as it is added to a day: calendar months, and days beside them."""

    months: int = 0
    days: int = 0

    def end(self, start: date) -> date:
        """The last day of a course of this length that begins on `start`."""
        year, month = divmod(start.year * 12 + start.month - 1 + self.months, 12)
        if not date.min.year <= year <= date.max.year:
            return date.max
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        try:
            return date(year, month + 1, day) + timedelta(days=self.days - 1)
        except OverflowError:
            return date.max


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one Timing says of its days. `begins` is a day that the timing names as its start without being a bound.

    `shortest` is set where the length is a range: then `length` is its longer end.
    """

    start: date | None = None
    end: date | None = None
    length: Length | None = None
    begins: date | None = None
    shortest: Length | None = None

    @property
    def is_dated(self) -> bool:
        return self.start is not None or self.end is not None

    @property
    def is_empty(self) -> bool:
        return not self.is_dated and self.length is None


@dataclass(frozen=True, slots=True)
class Window:
    """The days of one instruction, inclusive; None is open. `is_vague`: nobody knows its end although another one follows.

    `sure_end` is set where the end is a range: in force until then for certain, and perhaps until `end`.
    """

    start: date | None
    end: date | None
    is_vague: bool = False
    sure_end: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the instruction is in force on this day."""
        return not self.is_before(day) and not self.is_after(day)

    def is_before(self, day: date) -> bool:
        """Whether it ended before this day."""
        return self.end is not None and self.end < day

    def is_after(self, day: date) -> bool:
        """Whether it begins after this day."""
        return self.start is not None and self.start > day


@dataclass(frozen=True, slots=True)
class Part:
    """One instruction as far as its place in time goes."""

    sequence: int | None
    bounds: Bounds


def read_bounds(timing: Json, path: str) -> Bounds:
    """Bounds of a Timing. Raises BadInput for dates that are none."""
    repeat = child(timing, "repeat", path)
    where = f"{path}.repeat"
    period = child(repeat, "boundsPeriod", where)
    events = word_list(timing, "event", path)
    begins = first_day({"event": min(events)}, "event", path) if events else None
    length = _length(child(repeat, "boundsDuration", where), f"{where}.boundsDuration")
    shortest: Length | None = None
    if length is None:
        between = child(repeat, "boundsRange", where)
        shortest, length = (_length(child(between, end, f"{where}.boundsRange"), f"{where}.boundsRange.{end}") for end in ("low", "high"))
    place = f"{where}.boundsPeriod"
    start, end = first_day(period, "start", place), last_day(period, "end", place)
    if start is not None and end is not None and end < start:
        raise BadInput(f"ends on {end.isoformat()}, before it begins on {start.isoformat()}", place)
    return Bounds(start, end, length, begins, shortest if shortest != length else None)


def _length(duration: Json, path: str) -> Length | None:
    if not duration:
        return None
    value = amount(duration, "value", path) or Decimal(1)
    unit = words(duration, "code", path) or words(duration, "unit", path)
    if unit in {"mo", "month", "months"} and value == int(value):
        return Length(months=int(value))
    if unit in {"a", "year", "years"} and value == int(value):
        return Length(months=12 * int(value))
    hours = hours_of(duration, path)
    return None if hours is None else Length(days=ceil(hours / HOURS["d"]))


def length_of_doses(doses: int, rate: Fraction) -> Length | None:
    """How long a number of doses lasts at so many per day."""
    return Length(days=ceil(doses / rate)) if rate > 0 else None


def is_rising(parts: Sequence[Part]) -> bool:
    """Whether the instructions carry different sequence numbers."""
    return len({part.sequence for part in parts if part.sequence is not None}) > 1


def windows(parts: Sequence[Part], written: date | None) -> list[Window] | None:
    """The days of each instruction, in the order given; None where a rising sequence cannot be placed in time.

    `written` is the day from which the order runs.
    """
    return _in_sequence(parts, written) if is_rising(parts) else [_alone(part.bounds, written) for part in parts]


def _alone(bounds: Bounds, written: date | None) -> Window:
    start = bounds.start or (bounds.begins or written if bounds.length else None)
    if bounds.end is None and bounds.length is not None and start is not None:
        return Window(start, bounds.length.end(start), sure_end=bounds.shortest.end(start) if bounds.shortest else None)
    return Window(bounds.start, bounds.end)


def _in_sequence(parts: Sequence[Part], written: date | None) -> list[Window] | None:
    if all(part.bounds.is_empty for part in parts):
        return None
    numbers = sorted({part.sequence or 0 for part in parts})
    begins = next((part.bounds.begins for part in parts if part.bounds.begins and (part.sequence or 0) == numbers[0]), None)
    earliest = latest = begins or written
    found: dict[int, Window] = {}
    for number in numbers:
        group = [index for index, part in enumerate(parts) if (part.sequence or 0) == number]
        for index in group:
            window = _placed(parts[index].bounds, earliest, latest, is_last=number == numbers[-1])
            if window is None:
                return None
            found[index] = window
        latest = _day_after(found[index].end for index in group)
        earliest = _day_after(found[index].sure_end or found[index].end for index in group)
    return [found[index] for index in range(len(parts))]


def _day_after(ends: Iterable[date | None]) -> date | None:
    """The day after the last of these, None where there is none."""
    last = max((end for end in ends if end is not None), default=None)
    return last + timedelta(days=1) if last is not None and last < date.max else None


def _placed(bounds: Bounds, earliest: date | None, latest: date | None, *, is_last: bool) -> Window | None:
    """One part of a sequence: by its own dates, else by its length from where the part before ended.

    Where that is a range of days, so is its own end, and two parts may both be in force.
    """
    if bounds.start is not None or bounds.end is not None:
        end = bounds.end or (bounds.length.end(bounds.start) if bounds.length and bounds.start else None)
        sure_end = bounds.shortest.end(bounds.start) if bounds.shortest and bounds.start and bounds.end is None else None
        return Window(bounds.start, end, end is None and not is_last, sure_end)
    if earliest is None or latest is None:
        return None
    if bounds.length is None:
        return Window(earliest, None, is_vague=earliest != latest) if is_last else None
    end, sure_end = bounds.length.end(latest), (bounds.shortest or bounds.length).end(earliest)
    is_range = end != sure_end
    return Window(earliest, end, is_range, sure_end if is_range else None)
