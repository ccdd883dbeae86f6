"""Dates of a chart, as days."""

from datetime import date
from typing import Any

import pytest

from fhir_taper.mappers.read.dates import first_day_of, last_day_of


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2024-02-03", date(2024, 2, 3), date(2024, 2, 3)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-02-03T23:59:59-12:00", date(2024, 2, 3), date(2024, 2, 3)),
        ("2024-02-03T00:00:00+14:00", date(2024, 2, 3), date(2024, 2, 3)),
        ("2024-02-30", None, None),
        ("2024-13", None, None),
        ("0000", None, None),
        ("2024-1", None, None),
        ("#x", None, None),
        ("soon", None, None),
        ("", None, None),
        (2024, None, None),
        (None, None, None),
        (["2024"], None, None),
    ],
    ids=str,
)
def test_a_date_is_the_day_that_is_written_and_what_is_no_date_is_none(written: Any, first: date | None, last: date | None) -> None:
    assert first_day_of({"on": written}, "on") == first
    assert last_day_of({"on": written}, "on") == last


def test_the_first_element_that_is_a_date_is_taken_also_inside_a_period() -> None:
    resource = {"a": "soon", "period": {"end": "2024-05-06"}, "b": "2025"}
    assert first_day_of(resource, "missing", "a", "period.end", "b") == date(2024, 5, 6)
    assert first_day_of({"period": "2024"}, "period.end") is None
