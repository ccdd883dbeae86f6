"""When something is due: by the clock in an emergency, else when somebody is there."""

from datetime import UTC, datetime, timedelta

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.monitoring.rule import Level, SameDay
from fhir_taper.plans.monitoring.span import Span, span_of
from fhir_taper.plans.monitoring.staffed import due_at, longest_unstaffed, staffed_hours

WEEK = staffed_hours("Mon-Fri 08:00-17:00")


def at(text: str) -> datetime:
    """An instant of March 2026; the 13th is a Friday."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC)


@pytest.mark.feature("F65")
@pytest.mark.parametrize(
    ("found", "due", "level", "expected"),
    [
        ("13T10:00", Span(15, "min"), Level.EMERGENCY, "13T10:15"),
        ("14T03:00", Span(15, "min"), Level.EMERGENCY, "14T03:15"),  # an emergency does not wait for Monday
        ("11T10:00", Span(24, "h"), Level.URGENT, "12T10:00"),
        ("11T20:00", Span(24, "h"), Level.URGENT, "12T17:00"),  # at 20:00 nobody is there: by the end of the hours before
        ("13T10:00", Span(24, "h"), Level.URGENT, "13T17:00"),  # Saturday is not staffed
        ("13T18:00", Span(24, "h"), Level.URGENT, "16T08:00"),  # none before: first thing when somebody is there
        ("13T16:30", Span(24, "h"), Level.URGENT, "16T08:00"),  # half an hour before the weekend nobody can be asked to act
        ("13T10:00", Span(72, "h"), Level.URGENT, "16T10:00"),
        ("13T10:00", SameDay(), Level.URGENT, "13T17:00"),
        ("13T18:00", SameDay(), Level.URGENT, "16T17:00"),
        ("13T06:00", SameDay(), Level.URGENT, "13T17:00"),
    ],
)
def test_due_times_lie_in_staffed_hours(found: str, due: Span | SameDay, level: Level, expected: str) -> None:
    assert due_at(at(found), due, WEEK, by_the_clock=level is Level.EMERGENCY) == at(expected)


def test_without_staffed_hours_it_is_by_the_clock() -> None:
    clock = staffed_hours("")
    assert due_at(at("14T03:00"), Span(24, "h"), clock) == at("15T03:00")
    assert due_at(at("14T03:00"), SameDay(), clock) == at("14T23:59")
    assert due_at(at("14T03:00"), None, clock) is None


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Mon-Fri 08:00-17:00", 63),
        ("Mon-Sun 08:00-17:00", 15),
        ("Mon-Sun 08:00-12:00, Mon-Sun 11:00-17:00", 15),  # hours that overlap
        ("Wed 08:00-17:00", 159),
        ("Fri 08:00-17:00, Mon 08:00-09:00", 95),
    ],
)
def test_the_longest_time_in_which_nobody_is_there(text: str, hours: int) -> None:
    assert longest_unstaffed(staffed_hours(text)) == timedelta(hours=hours)


def test_by_the_clock_somebody_is_always_there() -> None:
    assert longest_unstaffed(staffed_hours("")) == timedelta(0)


@pytest.mark.parametrize("text", ["Mo-Fr 8-17", "Mon-Fri 17:00-08:00", "Mon-Fri 25:00-26:00", "always"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="staffed hours"):
        staffed_hours(text)


@pytest.mark.parametrize("text", ["", "14", "14 days", "d 14", "-1 d", "1.5 d"])
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no span"):
        span_of(text)
