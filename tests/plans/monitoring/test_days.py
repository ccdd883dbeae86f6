"""One value of a night or of a day, whoever told it and in how many pieces."""

from datetime import timedelta
from decimal import Decimal

import pytest

from fhir_taper.plans.monitoring.condition import Compare, Op
from fhir_taper.plans.monitoring.days import one_a_day
from fhir_taper.plans.monitoring.reading import DAY, INSTANT, Reading
from fhir_taper.plans.tables.signal_tables import Worse
from tests.plans.monitoring.watched import HOUR, NOW, moment, raw, rule, timeline

MIDNIGHT = NOW.replace(hour=0)


def slept(minutes: int, begins: timedelta, lasts: timedelta = timedelta(0), source: str = "Observation/1") -> Reading:
    """So many minutes of sleep, from so long after midnight on."""
    start = MIDNIGHT + begins
    return Reading("sleep", start, start + lasts, (source,), Decimal(minutes))


@pytest.mark.parametrize(
    ("readings", "values"),
    [
        ([slept(225, HOUR), slept(230, 6 * HOUR, source="Observation/2")], [455]),
        ([slept(225, -2 * HOUR, 5 * HOUR), slept(100, 3 * HOUR, 2 * HOUR)], [325]),  # one ends where the other begins
        ([slept(225, -2 * HOUR, 5 * HOUR), slept(200, HOUR, 3 * HOUR)], [200]),  # they overlap: one tells of the other
        ([slept(400, timedelta(0), DAY - INSTANT), slept(200, HOUR), slept(150, 5 * HOUR)], [150]),
        ([slept(200, HOUR), slept(190, HOUR, source="Observation/2")], [190]),
        ([slept(200, HOUR), slept(240, 8 * HOUR, source="QuestionnaireResponse/1")], [200]),
        ([slept(200, HOUR), slept(200, 5 * HOUR), slept(240, 8 * HOUR, source="QuestionnaireResponse/1")], [240]),
        ([slept(200, HOUR - DAY), slept(30, 14 * HOUR - DAY), slept(300, HOUR)], [230, 300]),
        ([], []),
    ],
)
def test_each_day_has_one_value(readings: list[Reading], values: list[int]) -> None:
    assert [one.value for one in one_a_day(readings, Worse.LOWER)] == values


def test_what_is_worse_is_the_signals_own() -> None:
    told = [slept(200, HOUR), slept(240, 8 * HOUR, source="QuestionnaireResponse/1")]
    assert [one.value for one in one_a_day(told, Worse.HIGHER)] == [240]


def test_a_night_of_pieces_names_all_its_sources_and_ends_with_the_last() -> None:
    (night,) = one_a_day([slept(225, HOUR, HOUR), slept(230, 6 * HOUR, HOUR, "Observation/2")], Worse.LOWER)
    assert (night.start, night.end) == (MIDNIGHT + 6 * HOUR, MIDNIGHT + 7 * HOUR)
    assert night.sources == ("Observation/1", "Observation/2")


def test_a_moment_has_one_reading_of_a_night_and_all_of_the_heart_rate() -> None:
    seen = timeline([raw(name, value, ago) for name in ("sleep", "heart-rate") for value, ago in ((100, HOUR), (110, 3 * HOUR))])
    at = moment(seen, rule(Compare("sleep", Op.BELOW, Decimal(240))))
    assert [[one.value for one in at.readings(name)] for name in ("sleep", "heart-rate")] == [[210], [110, 100]]
