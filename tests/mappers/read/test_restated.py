"""Two instructions of one order: what repeats is counted once, what only comes to the same mg per day is not the same."""

from datetime import date

import pytest

from fhir_taper.plans.medicines.regimen import Reason
from tests.mappers.read.orders import EVERY_6_HOURS, TABLET, dosage, item, medicine, read, request

DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
TWICE = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}
MORNINGS = {"repeat": {**DAILY["repeat"], "when": ["MORN"]}}
MONDAYS = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}}
TWO = [{"doseQuantity": TABLET | {"value": 2}}]
ONCE_SAID = "an instruction that says another one again in words is counted once"


def beside(text: str, **elements: object):  # type: ignore[no-untyped-def] # the item of a structure and a text of its own
    return item(dosageInstruction=[dosage(**elements), {"text": text}])


@pytest.mark.parametrize(
    ("text", "elements", "maximum"),
    [
        ("Take 1 tablet twice daily", {"timing": TWICE}, 10),
        ("Take 5 mg every 12 hours", {"timing": TWICE}, 10),
        ("Take 1 tablet in the morning and 1 tablet at bedtime", {"timing": TWICE}, 10),
        ("Take 2 tablets daily", {"timing": DAILY, "doseAndRate": TWO}, 10),
        ("Take 1 tablet at bedtime", {"timing": DAILY}, 5),
        ("Take 1 tablet every 6 hours as needed", {"timing": EVERY_6_HOURS, "asNeededBoolean": True}, 20),
    ],
)
def test_a_text_that_says_the_same_dose_as_often_is_counted_once(text: str, elements: dict[str, object], maximum: int) -> None:
    found = beside(text, **elements)
    assert (found.max_mg, ONCE_SAID in found.notes) == (maximum, True)


@pytest.mark.parametrize(
    ("text", "elements", "scheduled", "maximum"),
    [
        ("Take 2 tablets at bedtime", {"timing": TWICE}, 20, 20),
        ("and 10 mg at bedtime", {"timing": TWICE}, 20, 20),
        ("Take 1 tablet at bedtime", {"timing": MORNINGS}, 10, 10),
        ("2 tablets twice daily as needed", {"asNeededBoolean": True}, 0, 40),
        ("Take 1 tablet every 12 hours as needed", {"timing": TWICE}, 10, 20),
    ],
)
def test_a_text_of_another_dose_is_added_though_it_comes_to_the_same_in_a_day(
    text: str, elements: dict[str, object], scheduled: int, maximum: int
) -> None:
    found = beside(text, **elements)
    assert (found.scheduled_mg, found.max_mg, ONCE_SAID in found.notes) == (scheduled, maximum, False)


def test_a_bedtime_dose_in_words_beside_an_extended_release_order_is_added() -> None:
    extended = medicine("891888", "morphine sulfate 30 MG Extended Release Oral Tablet")
    found = item(medicationCodeableConcept=extended, dosageInstruction=[dosage(timing=TWICE), {"text": "Take 2 tablets at bedtime"}])
    assert found.scheduled_mg == 120


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("Take 2 tablets once daily", {"timing": TWICE}),
        ("Take 1 tablet daily", {"timing": DAILY, "doseAndRate": TWO}),
        ("Take 2 tablets at bedtime", {"timing": DAILY}),
        ("Take 2 tablets in the morning and 2 tablets at bedtime", {"timing": TWICE}),
        ("Take 1 tablet three times daily", {"timing": TWICE}),
    ],
)
def test_a_text_that_may_be_meant_for_the_same_doses_is_a_conflict(text: str, elements: dict[str, object]) -> None:
    found = beside(text, **elements)
    assert (found.max_mg, found.reason) == (None, Reason.ENTRIES_CONTRADICT)


def test_the_same_dose_on_another_day_of_the_week_is_another_dose() -> None:
    found = beside("Take 1 tablet on Thursday", timing=MONDAYS)
    assert found.max_mg is not None
    assert found.max_mg * 7 == 10


def test_a_text_of_a_later_time_does_not_repeat_what_has_ended() -> None:
    def lasting(start: str, end: str) -> dict[str, object]:
        return {"repeat": {"boundsPeriod": {"start": start, "end": end}}}

    before = dosage(timing={"repeat": {**TWICE["repeat"], **lasting("2025-11-01", "2025-11-30")["repeat"]}})  # type: ignore[dict-item]
    now = {"text": "Take 1 tablet twice daily", "timing": lasting("2025-12-01", "2026-01-31")}
    assert item(dosageInstruction=[before, now]).scheduled_mg == 10


@pytest.mark.parametrize("words", ["last dose 1/4/2026", "Take 1 tablet every 6 hours. Last dose 1/4/2026"])
@pytest.mark.parametrize("is_own", [True, False])
def test_a_last_day_in_words_is_a_conflict_wherever_the_words_stand(words: str, is_own: bool) -> None:
    found = beside(words) if is_own else item(dosageInstruction=[dosage(text=words)])
    assert found.reason is Reason.TEXT_CONFLICT
    assert f"the text ended on 2026-01-04: “{words}”" in found.how


@pytest.mark.parametrize("words", ["for 3 days only", "for 3 days", "Take 1 tablet every 6 hours for 3 days only"])
@pytest.mark.parametrize("is_own", [True, False])
@pytest.mark.parametrize(("day", "state"), [(3, "computed"), (4, "excluded")])
def test_a_length_in_words_holds_wherever_the_words_stand(words: str, is_own: bool, day: int, state: str) -> None:
    dosages = [dosage(), {"text": words}] if is_own else [dosage(text=words)]
    assert read(request(authoredOn="2026-01-01", dosageInstruction=dosages), as_of=date(2026, 1, day))[0].state == state
