"""Stretches of what was ordered, and their means: exact, and "at least" where anything is missing."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.medicines.dose_history import DoseHistory, Stretch, merged

LAST = date(2026, 1, 30)


def stretch(days_ago: int, days: int, mg: str, *, at_least: bool = False) -> Stretch:
    start = LAST - timedelta(days=days_ago)
    return Stretch(start, start + timedelta(days=days - 1), Decimal(mg), Decimal(mg), at_least)


def test_a_mean_is_over_whole_days_today_included() -> None:
    history = DoseHistory("mme", (stretch(99, 90, "30"), stretch(9, 10, "60")), 2)
    assert history.mean(10).scheduled == 60
    assert history.mean(20).maximum == 45
    assert history.mean(30).scheduled == 40
    assert not history.mean(30).at_least


def test_a_mean_that_does_not_end_stays_exact() -> None:
    history = DoseHistory("mme", (stretch(29, 29, "0"), stretch(0, 1, "1")), 1)
    assert history.mean(30).scheduled == Fraction(1, 30)


def test_a_mean_that_holds_an_uncounted_day_or_begins_before_the_history_is_at_least() -> None:
    history = DoseHistory("mme", (stretch(29, 10, "30", at_least=True), stretch(19, 20, "30")), 2)
    assert not history.mean(20).at_least
    assert history.mean(30).at_least
    assert history.mean(31).at_least
    assert DoseHistory("mme", history.stretches, 2, ("an order",)).mean(20).at_least


def test_neighbours_that_say_the_same_are_one() -> None:
    joined = merged([stretch(29, 10, "30"), stretch(19, 10, "30.0"), stretch(9, 10, "20")])
    assert [(one.days, brief(one.scheduled)) for one in joined] == [(20, "30"), (10, "20")]


def test_a_history_without_an_order_is_empty() -> None:
    assert DoseHistory("mme", (stretch(29, 30, "0"),), 0).is_empty
    assert not DoseHistory("mme", (stretch(29, 30, "0", at_least=True),), 0).is_empty


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 200)), min_size=1, max_size=8))
def test_the_mean_of_all_days_is_the_sum_over_the_days(parts: list[tuple[int, int]]) -> None:
    day, stretches = LAST, []
    for days, mg in reversed(parts):
        stretches.append(Stretch(day - timedelta(days=days - 1), day, Decimal(mg), Decimal(mg)))
        day -= timedelta(days=days)
    total = sum(days for days, _ in parts)
    history = DoseHistory("mme", merged(reversed(stretches)), len(parts))
    assert Fraction(history.mean(total).scheduled) == Fraction(sum(days * mg for days, mg in parts), total)
