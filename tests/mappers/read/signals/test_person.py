"""That the patient died."""

from typing import Any

import pytest

from fhir_taper.mappers.read.signals.person import read_death
from tests.mappers.charts import PATIENT
from tests.mappers.read.signals.gathering import gather


@pytest.mark.parametrize(
    ("element", "start", "end"),
    [
        ({"deceasedDateTime": "2026-03-01T10:00:00Z"}, "2026-03-01T11:00:00+01:00", "2026-03-01T11:00:00+01:00"),
        ({"deceasedDateTime": "2026-03-01"}, "2026-03-01T00:00:00+01:00", "2026-03-01T23:59:59.999999+01:00"),
        ({"deceasedDateTime": "2025"}, "2025-01-01T00:00:00+01:00", "2025-12-31T23:59:59.999999+01:00"),
        ({"deceasedDateTime": "2026"}, "2026-01-01T00:00:00+01:00", "2026-03-15T13:00:00+01:00"),
        ({"deceasedDateTime": "2026-03-16"}, "2026-03-15T13:00:00+01:00", "2026-03-15T13:00:00+01:00"),
        ({"deceasedDateTime": "2026-03-15T23:00:00Z"}, "2026-03-15T13:00:00+01:00", "2026-03-15T13:00:00+01:00"),
        ({"deceasedDateTime": "2062"}, "2026-03-15T13:00:00+01:00", "2026-03-15T13:00:00+01:00"),
        ({"deceasedBoolean": True}, "2026-03-15T13:00:00+01:00", "2026-03-15T13:00:00+01:00"),
        ({"deceasedDateTime": "unknown"}, "2026-03-15T13:00:00+01:00", "2026-03-15T13:00:00+01:00"),
    ],
)
def test_a_death_is_never_lost_for_want_of_a_date(element: dict[str, Any], start: str, end: str) -> None:
    (reading,), aside = gather(read_death, {**PATIENT, **element})
    assert (reading.signal, reading.start.isoformat(), reading.end.isoformat(), aside) == ("death", start, end, ())


@pytest.mark.parametrize("element", [{}, {"deceasedBoolean": False}])
def test_who_lives_has_no_death(element: dict[str, Any]) -> None:
    assert gather(read_death, {**PATIENT, **element}) == ((), ())
