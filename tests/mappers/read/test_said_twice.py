from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.mappers.read.said_twice import SAID_TWICE
from fhir_taper.plans.medicines.regimen import ItemState, Reason
from tests.mappers.read.orders import by_text

TIMES = ("in the morning", "at noon", "in the evening", "at bedtime")
parts_of_a_day = st.lists(st.integers(1, 4), min_size=2, max_size=4)
joints = st.sampled_from([", ", ". ", "; ", ": ", " - ", " ("])


def said(parts: list[int], join: str = ", ") -> str:
    return join.join(f"{count} {when}" for count, when in zip(parts, TIMES, strict=False))


@given(parts_of_a_day, joints, st.booleans())
def test_a_day_and_the_parts_that_make_it_are_read_as_the_parts_alone(parts: list[int], joint: str, day_comes_last: bool) -> None:
    day, listed = f"{sum(parts)} tablets daily", said(parts).replace(" in", " tablets in", 1)
    alone = by_text(f"Take {listed}")
    both = by_text(f"Take {listed}{joint}{day}" if day_comes_last else f"Take {day}{joint}{said(parts)}")
    assert both.state is ItemState.COMPUTED, both.how
    assert (both.scheduled_mg, both.max_mg, both.intakes) == (alone.scheduled_mg, alone.max_mg, alone.intakes)
    assert SAID_TWICE in both.notes


@given(parts_of_a_day, joints, st.integers(1, 20))
def test_a_day_that_its_parts_do_not_make_is_never_a_number(parts: list[int], joint: str, day: int) -> None:
    if day == sum(parts):
        day += 1
    only = by_text(f"Take {day} tablets daily{joint}{said(parts)}")
    assert (only.state, only.reason, only.scheduled_mg) == (ItemState.NOT_COMPUTABLE, Reason.TEXT_CONFLICT, None)


@given(parts_of_a_day, st.sampled_from([", ", " and ", "; "]))
def test_times_of_day_that_are_apart_always_add(parts: list[int], join: str) -> None:
    listed = said(parts, join).replace(" in", " tablets in", 1)
    only = by_text(f"Take {listed}")
    assert only.scheduled_mg is not None
    assert Fraction(only.scheduled_mg) == 5 * sum(parts)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("Take 1 tablet daily. Take 1 tablet at bedtime.", ("daily", "night", "together 10 mg per day")),
        ("Take 3 tablets daily, 1 in the morning and 1 at night", ("15 mg per day", "together 10 mg per day", "together 25 mg per day")),
        ("1 tablet every 6 hours as needed, 4 tablets daily", ("every 6 hours", "as needed", "4 tablets (20 mg), daily")),
    ],
)
def test_what_is_unclear_is_refused_with_both_readings(text: str, readings: tuple[str, ...]) -> None:
    only = by_text(text)
    assert only.reason is Reason.TEXT_CONFLICT
    assert [reading for reading in readings if reading not in only.how] == []


@pytest.mark.parametrize(
    ("text", "scheduled", "most"),
    [
        ("1 tablet at 8 am and 1 tablet at 10 am", 10, 10),
        ("1 tablet every 12 hours (1 tablet twice daily)", 10, 10),
        ("2 tablets daily. 1 in the morning, 1 at night. May repeat once.", 10, 15),
        ("one tablet three times daily plus two at bedtime as needed", 15, 25),
    ],
)
def test_clock_times_repeats_and_what_is_as_needed_stand_beside_a_day(text: str, scheduled: int, most: int) -> None:
    only = by_text(text)
    assert only.scheduled_mg == Decimal(scheduled)
    assert only.max_mg == Decimal(most)
