"""When something was, in the patient's own zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fhir_taper.mappers.read.signals.when import Clock


def read(zone: str, written: object) -> str:
    found = Clock(ZoneInfo(zone)).read(written)
    return found if isinstance(found, str) else " / ".join(one.isoformat() for one in dict.fromkeys(found))


@pytest.mark.parametrize(
    ("zone", "written", "read_as"),
    [
        ("Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00+01:00"),
        ("Europe/Berlin", "2026-03-29T01:30:00Z", "2026-03-29T03:30:00+02:00"),
        ("Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"),
        ("Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00"),
        ("Pacific/Kiritimati", "2026-01-01T11:00:00Z", "2026-01-02T01:00:00+14:00"),
        ("Etc/GMT+12", "2026-01-01T11:00:00Z", "2025-12-31T23:00:00-12:00"),
        ("Asia/Kathmandu", "2026-01-01T11:00:00+14:00", "2026-01-01T02:45:00+05:45"),
        ("UTC", "2024-02-29T23:59:59.9999999Z", "2024-02-29T23:59:59.999999+00:00"),
        ("UTC", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("UTC", "2026-01-01T08:15Z", "2026-01-01T08:15:00+00:00"),
    ],
)
def test_an_instant_is_the_same_instant_in_the_patients_zone_with_a_fixed_offset(zone: str, written: str, read_as: str) -> None:
    assert read(zone, written) == read_as


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("Pacific/Kiritimati", date(2024, 2, 29), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ],
)
def test_a_day_is_covered_from_its_first_instant_to_its_last_however_many_hours_it_has(zone: str, day: date, hours: float) -> None:
    found = Clock(ZoneInfo(zone)).read(day.isoformat())
    assert not isinstance(found, str)
    start, end = found
    assert end - start + timedelta(microseconds=1) == timedelta(hours=hours)
    assert start.date() == end.date() == day


def test_where_clocks_go_forward_at_midnight_the_day_begins_an_hour_later() -> None:
    assert read("America/Sao_Paulo", "2018-11-04").startswith("2018-11-04T01:00:00-02:00")


def test_a_time_without_a_zone_counts_as_its_day() -> None:
    assert read("UTC", "2026-01-01T08:00:00") == read("UTC", "2026-01-01")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("2026", "2026 is not dated to the day"),
        ("2026-03", "2026-03 is not dated to the day"),
        ("2026-13", "'2026-13' is not a date"),
        ("2026-02-29", "'2026-02-29' is not a date"),
        ("2026-01-01T25:00:00Z", "'2026-01-01T25:00:00Z' is not a date"),
        ("yesterday", "'yesterday' is not a date"),
        ("", "it has no date"),
        (None, "it has no date"),
        (20260101, "it has no date"),
        ("9999-12-31", "9999-12-31 is not a day that can be counted with"),
        ("0001-01-01T00:00:00+14:00", "'0001-01-01T00:00:00+14:00' is not a date"),
    ],
)
def test_what_is_no_day_says_why(written: object, why: str) -> None:
    assert read("UTC", written) == why


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2024", "2024-01-01T00:00:00", "2024-12-31T23:59:59.999999"),
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59.999999"),
        ("2024-02-29", "2024-02-29T00:00:00", "2024-02-29T23:59:59.999999"),
        ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00", "2024-02-29T12:00:00"),
    ],
)
def test_a_date_of_any_precision_has_a_first_and_a_last_instant(written: str, first: str, last: str) -> None:
    clock = Clock(UTC)
    assert (clock.earliest(written), clock.latest(written)) == tuple(datetime.fromisoformat(one + "+00:00") for one in (first, last))


def test_what_is_no_date_has_neither() -> None:
    clock = Clock(UTC)
    assert (clock.earliest("soon"), clock.latest(None)) == (None, None)


def test_a_period_goes_from_the_start_of_its_first_day_to_the_end_of_its_last() -> None:
    assert Clock(UTC).period({"start": "2026-01-01", "end": "2026-01-02"}) == (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 2, 23, 59, 59, 999999, tzinfo=UTC),
    )


@pytest.mark.parametrize("period", [{}, {"start": "2026-01-01"}, {"end": "2026-01-01"}])
def test_an_open_period_is_not_dated(period: dict[str, str]) -> None:
    assert Clock(UTC).period(period) == "its period is open"


def test_a_period_with_a_year_alone_says_so() -> None:
    assert Clock(UTC).period({"start": "2026", "end": "2026-01-01"}) == "2026 is not dated to the day"
