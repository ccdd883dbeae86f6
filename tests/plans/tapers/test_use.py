"""Duration of use goes by calendar months; what is not known is not short."""

from datetime import date

import pytest

from fhir_taper.plans.tapers.use import use_of


@pytest.mark.parametrize(
    ("first", "day", "expected"),
    [
        ("2026-01-05", "2026-01-05", "<1m"),
        ("2025-12-06", "2026-01-05", "<1m"),
        ("2025-12-05", "2026-01-05", "1m-1y"),
        ("2025-01-06", "2026-01-05", "1m-1y"),
        ("2025-01-05", "2026-01-05", ">=1y"),
        ("2024-02-29", "2025-02-28", "1m-1y"),
        ("2024-02-29", "2025-03-01", ">=1y"),
        ("2001-01-01", "2026-01-05", ">=1y"),
    ],
)
def test_duration_of_use_is_counted_in_calendar_months(first: str, day: str, expected: str) -> None:
    assert use_of(date.fromisoformat(first), date.fromisoformat(day)) == expected


def test_an_unknown_or_future_first_use_is_not_known() -> None:
    assert use_of(None, date(2026, 1, 5)) is None
    assert use_of(date(2026, 1, 6), date(2026, 1, 5)) is None
