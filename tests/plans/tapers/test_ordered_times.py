"""On how many times of day a confirmed dose is laid, so that none holds more than one ordered dose."""

from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.regimen import OrderedDose
from fhir_taper.plans.tapers.ordered_times import lay_out
from fhir_taper.plans.tapers.request import AtMost


def ordered(low: str, high: str, times: int | None, *, as_needed: bool = True, slots: tuple[Slot, ...] = ()) -> OrderedDose:
    return OrderedDose(Decimal(low), Decimal(high), times, slots, as_needed)


def laid(mg: str, *orders: OrderedDose) -> tuple[list[str], bool]:
    """mg at each time, and whether that is more often than ordered."""
    found = lay_out(orders, Decimal(mg))
    assert found is not None
    return [f"{one.mg}" for one in found.at_most], found.is_beyond


@pytest.mark.parametrize(
    ("mg", "orders", "times"),
    [
        ("30", (ordered("5", "5", 6),), ["5"] * 6),
        ("20", (ordered("5", "5", 6),), ["5"] * 4),
        ("22.5", (ordered("5", "5", 6),), ["5"] * 5),
        ("20", (ordered("5", "10", 6),), ["10"] * 4),  # the lower dose of the range, more often
        ("50", (ordered("5", "10", 6),), ["10"] * 6),  # too much for the lower one
        ("10", (ordered("5", "5", None),), ["5"] * 2),  # as needed, and nobody says how often
        ("40", (ordered("10", "10", 3, as_needed=False), ordered("5", "5", 4)), ["10"] * 3 + ["5"] * 2),
        ("30", (ordered("10", "10", 3, as_needed=False), ordered("5", "5", 4)), ["10"] * 3),
    ],
)
def test_a_dose_is_laid_on_the_times_that_its_single_doses_need(mg: str, orders: tuple[OrderedDose, ...], times: list[str]) -> None:
    assert laid(mg, *orders) == (times, False)


def test_more_than_the_orders_allow_is_taken_more_often_and_not_more_at_once() -> None:
    assert laid("4", ordered("1", "1", 3, as_needed=False)) == (["1"] * 4, True)
    assert laid("25", ordered("5", "5", 4)) == (["5"] * 5, True)


def test_more_times_than_a_plan_keeps_are_no_answer() -> None:
    assert lay_out([ordered("5", "5", 6)], Decimal(35)) is None
    assert lay_out([], Decimal(5)) is None


def test_stated_times_are_kept() -> None:
    found = lay_out([ordered("10", "10", 1, slots=(Slot.NIGHT,))], Decimal(10))
    assert found is not None
    assert found.at_most == (AtMost(Slot.NIGHT, Decimal(10)),)
