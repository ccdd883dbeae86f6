"""On which days an instruction holds: courses of days and of doses, and orders that are valid only later."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from tests.mappers.read.orders import TABLET, dosage, read, request

WRITTEN = "2025-11-10"


def lasting(days: int, tablets: int, **elements: Any) -> dict[str, Any]:
    timing = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "boundsDuration": {"value": days, "unit": "d", "code": "d"}}}
    return dosage(timing=timing, doseAndRate=[{"doseQuantity": TABLET | {"value": tablets}}], **elements)


def on(day: date, *dosages: dict[str, Any], **elements: Any) -> RegimenItem:
    return read(request(authoredOn=WRITTEN, dosageInstruction=list(dosages), **elements), as_of=day)[0]


def valid_from(day: str) -> dict[str, Any]:
    return {"dispenseRequest": {"validityPeriod": {"start": day}}}


# An order that is valid only later


@pytest.mark.parametrize(("day", "scheduled"), [(20, 20), (24, 20), (25, 10), (29, 10)])
def test_courses_that_follow_each_other_begin_when_the_order_becomes_valid(day: int, scheduled: int) -> None:
    steps = [lasting(5, 2, sequence=1), lasting(5, 1, sequence=2)]
    assert on(date(2025, 11, day), *steps, **valid_from("2025-11-20")).scheduled_mg == scheduled


def test_a_course_of_an_order_that_is_valid_later_ends_as_many_days_later() -> None:
    found = [on(date(2025, 11, day), lasting(5, 1), **valid_from("2025-11-20")).state for day in (24, 25)]
    assert found == [ItemState.COMPUTED, ItemState.EXCLUDED]


def test_a_course_of_an_order_that_was_valid_before_runs_from_the_day_it_was_written() -> None:
    found = [on(date(2025, 11, day), lasting(5, 1), **valid_from("2025-11-01")).state for day in (14, 15)]
    assert found == [ItemState.COMPUTED, ItemState.EXCLUDED]


# A number of doses


def counted(count: int, **elements: Any) -> dict[str, Any]:
    repeat = {"frequency": 1, "period": 6, "periodUnit": "h", "count": count}
    most = elements.pop("countMax", None)
    return dosage(timing={"repeat": repeat | ({"countMax": most} if most else {})}, **elements)


@pytest.mark.parametrize("as_needed", [{"asNeededBoolean": True}, {"text": "Take 1 tablet every 6 hours as needed"}])
def test_a_number_of_doses_as_needed_ends_on_no_day(as_needed: dict[str, Any]) -> None:
    only = on(date(2025, 12, 20), counted(60, **as_needed))
    assert (only.state, only.scheduled_mg, only.max_mg, only.end) == (ItemState.COMPUTED, Decimal(0), Decimal(20), None)
    assert any("60 doses as needed" in note for note in only.notes)


def test_a_number_of_doses_as_needed_in_words_ends_on_no_day() -> None:
    only = on(date(2025, 12, 20), dosage(text="Take 1 tablet every 6 hours as needed for 12 doses", timing=None, doseAndRate=None))
    assert (only.state, only.max_mg) == (ItemState.COMPUTED, Decimal(20))


def test_a_number_of_doses_that_are_not_as_needed_ends_when_they_are_taken() -> None:
    found = [on(date(2025, 11, day), counted(20)) for day in (14, 15)]
    assert [one.state for one in found] == [ItemState.COMPUTED, ItemState.EXCLUDED]
    assert found[1].reason is Reason.ENDED


def test_of_a_range_of_doses_the_later_end_counts_and_both_are_said() -> None:
    found = [on(date(2025, 11, day), counted(20, countMax=40)) for day in (14, 19, 20)]
    assert [one.state for one in found] == [ItemState.COMPUTED, ItemState.COMPUTED, ItemState.EXCLUDED]
    assert any("between 2025-11-14 and 2025-11-19" in note for note in found[0].notes)


@pytest.mark.parametrize("most", [10, "many"])
def test_a_range_of_doses_that_makes_no_sense_is_not_counted(most: Any) -> None:
    only = on(date(2025, 11, 12), counted(20, countMax=most))
    assert (only.state, only.reason) == (ItemState.NOT_COMPUTABLE, Reason.UNREADABLE)
