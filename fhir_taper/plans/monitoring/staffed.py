"""When something is due: by the clock in an emergency, else at a time at which somebody is there ("Mon-Fri 08:00-17:00").

Nobody watches outside staffed hours; a due time in the middle of a night would be a promise that nobody keeps. So it lies at the last
staffed moment before, or, where there is none, at the beginning of the next staffed hours.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.monitoring.rule import SameDay
from fhir_taper.plans.monitoring.span import Span

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORM: Final = re.compile(r"(?P<first>[A-Z][a-z]{2})(-(?P<last>[A-Z][a-z]{2}))? (?P<opens>\d{2}:\d{2})-(?P<closes>\d{2}:\d{2})")
_MOST_DAYS: Final = 14
_WEEK: Final = timedelta(days=7)
_TOO_SHORT: Final = timedelta(hours=1)
"""Nobody can be asked to act in less before the end of a day."""


@dataclass(frozen=True, slots=True)
class StaffedHours:
    """Per day of the week (Monday is 0) when staff is there; empty: by the clock, because nobody said."""

    hours: tuple[tuple[int, time, time], ...] = ()

    def on(self, day: date) -> tuple[tuple[time, time], ...]:
        """Opening and closing times of a day."""
        return tuple((opens, closes) for weekday, opens, closes in self.hours if weekday == day.weekday())


@lru_cache(maxsize=64)
def staffed_hours(text: str) -> StaffedHours:
    """Hours such as "Mon-Fri 08:00-17:00, Sat 09:00-12:00"; "" is by the clock. Raises WrongUsage for a text that is none."""
    found: list[tuple[int, time, time]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _FORM.fullmatch(part)
        if not match or not {match["first"], match["last"] or match["first"]} <= set(_DAYS):
            raise WrongUsage(f"staffed hours {part!r} are not written like 'Mon-Fri 08:00-17:00'")
        first, last = _DAYS.index(match["first"]), _DAYS.index(match["last"] or match["first"])
        try:
            opens, closes = time.fromisoformat(match["opens"]), time.fromisoformat(match["closes"])
        except ValueError as error:
            raise WrongUsage(f"staffed hours {part!r}: {error}") from None
        if opens >= closes:
            raise WrongUsage(f"staffed hours {part!r} end before they begin")
        days = range(first, last + 1) if first <= last else (*range(first, 7), *range(last + 1))
        found.extend((day, opens, closes) for day in days)
    return StaffedHours(tuple(sorted(found)))


def longest_unstaffed(hours: StaffedHours) -> timedelta:
    """The longest time of a week in which nobody is there; none where it is by the clock."""
    spans = sorted((_in_the_week(day, opens), _in_the_week(day, closes)) for day, opens, closes in hours.hours)
    longest, until = timedelta(0), spans[-1][1] - _WEEK if spans else timedelta(0)
    for opens, closes in spans:
        longest, until = max(longest, opens - until), max(until, closes)
    return longest


def _in_the_week(day: int, clock: time) -> timedelta:
    """How long after the beginning of Monday."""
    return timedelta(days=day, hours=clock.hour, minutes=clock.minute)


def due_at(as_of: datetime, due: Span | SameDay | None, hours: StaffedHours, *, by_the_clock: bool = False) -> datetime | None:
    """When something is due that was found at an instant; None where it is not due by a time. What is found just before staff goes home is
    due first thing when they are back."""
    if due is None:
        return None
    if isinstance(due, SameDay):
        return _end_of_staffed_day(as_of, hours)
    latest = as_of + due.delta
    if by_the_clock or not hours.hours:
        return latest
    return _last_staffed(as_of + min(due.delta, _TOO_SHORT), latest, hours) or _next_opening(latest, hours)


def _next_opening(after: datetime, hours: StaffedHours) -> datetime:
    """The first moment after an instant at which somebody comes."""
    return _first_after(after, hours, 0)


def _end_of_staffed_day(as_of: datetime, hours: StaffedHours) -> datetime:
    """The end of the hours that are staffed now, or next."""
    return _first_after(as_of, hours, 1) if hours.hours else _at(as_of, as_of.date(), time(23, 59))


def _first_after(after: datetime, hours: StaffedHours, which: int) -> datetime:
    """The first opening (0) or closing (1) after an instant."""
    for ahead in range(_MOST_DAYS):
        day = after.date() + ahead * DAY
        moments = [moment for times in hours.on(day) if (moment := _at(after, day, times[which])) > after]
        if moments:
            return min(moments)
    raise AssertionError("every staffed hour comes again within a week")


def _last_staffed(as_of: datetime, latest: datetime, hours: StaffedHours) -> datetime | None:
    """The last staffed moment up to `latest`, where one lies after `as_of`."""
    moments = []
    day = as_of.date()
    while day <= latest.date():
        for opens, closes in hours.on(day):
            begins, ends = _at(as_of, day, opens), min(_at(as_of, day, closes), latest)
            if begins < ends and ends > as_of:
                moments.append(ends)
        day += DAY
    return max(moments, default=None)


def _at(as_of: datetime, day: date, clock: time) -> datetime:
    """A time of a day, by the offset of the instant that is asked about."""
    return datetime.combine(day, clock, as_of.tzinfo)
