from decimal import Decimal

import pytest

from fhir_taper.mappers.read.sig_changes import Hint, change_in_note, hint_of
from fhir_taper.plans.medicines.regimen import ItemState, Reason
from tests.mappers.read.orders import dosage, item

CHANGES = [
    "double the dose on bad days",
    "half dose on weekends",
    "skip Sundays",
    "none on Sunday",
    "1 tablet daily except Sunday",
    "see attached schedule",
    "stop after the third week",
    "if no relief double the dose",
    "if not better, take half the dose",
]
ADDS = ["additional doses per day", "1 bid plus whatever is left", "one more unless drowsy", "another at bedtime unless drowsy"]
HARMLESS = [
    "do not double the dose if you forget",
    "never take extra without calling us",
    "no additional doses",
    "do not take more than explained",
    "see additional instructions",
    "skip the missed dose",
    "If you miss one, skip missed doses",
    "Complete the prescribed course unless otherwise directed",
    "Take last dose no later than 3 pm",
    "Do not stop taking this medicine except on your doctor's advice",
    "Half to one hour before food",
]


@pytest.mark.parametrize("text", CHANGES)
def test_words_that_change_a_dose_are_known_as_such(text: str) -> None:
    assert hint_of(text) is Hint.CHANGES


@pytest.mark.parametrize("text", ADDS)
def test_words_that_add_a_dose_are_known_as_such(text: str) -> None:
    assert hint_of(text) is Hint.ADDS


@pytest.mark.parametrize("text", HARMLESS)
def test_advice_is_neither_a_change_nor_an_addition(text: str) -> None:
    assert hint_of(text) is Hint.NONE


@pytest.mark.parametrize("text", [*CHANGES, *ADDS, "reduce by 1 tablet each week", "Take with the 30 mg tablet"])
@pytest.mark.parametrize("place", ["text", "patientInstruction", "additionalInstruction", "entry"])
def test_a_change_in_words_refuses_the_order_wherever_the_words_stand(text: str, place: str) -> None:
    inside = {"additionalInstruction": [{"text": text}]} if place == "additionalInstruction" else {place: text}
    found = item(dosageInstruction=[dosage(), {"text": text}] if place == "entry" else [dosage(**inside)])
    assert (found.state, found.scheduled_mg, found.max_mg) == (ItemState.NOT_COMPUTABLE, None, None)
    assert text in found.how


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("place", ["text", "patientInstruction"])
def test_advice_in_unknown_words_is_shown_beside_a_complete_structure(text: str, place: str) -> None:
    found = item(dosageInstruction=[dosage(**{place: text})])
    assert (found.max_mg, f"text: “{text}”" in found.notes) == (Decimal(20), True)


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("taper: reduce by 1 tablet each week", Reason.TEXT_CHANGES_OVER_TIME),
        ("half dose on weekends", Reason.TEXT_CHANGES_OVER_TIME),
        ("with the 30 mg tablet for a total of 90 mg", Reason.JOINT_TOTAL),
    ],
)
def test_a_note_that_changes_the_dose_refuses_the_order_and_is_quoted(note: str, reason: Reason) -> None:
    found = item(dosageInstruction=[dosage()], note=[{"text": "too drowsy"}, {"text": note}])
    assert (found.state, found.reason, found.max_mg) == (ItemState.NOT_COMPUTABLE, reason, None)
    assert f"“{note}”" in found.how


def test_a_note_may_call_steps_with_dates_a_taper() -> None:
    def step(start: str, end: str) -> dict[str, object]:
        bounds = {"boundsPeriod": {"start": start, "end": end}}
        return dosage(timing={"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", **bounds}})

    steps = [step("2025-12-01", "2025-12-31") | {"sequence": 1}, step("2026-01-01", "2026-01-31") | {"sequence": 2}]
    assert item(dosageInstruction=steps, note=[{"text": "taper"}]).scheduled_mg == 10


def test_a_note_may_name_the_taper_of_which_an_order_with_an_end_is_a_step() -> None:
    bounds = {"boundsPeriod": {"start": "2026-01-01", "end": "2026-01-31"}}
    step = dosage(timing={"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", **bounds}})
    assert item(dosageInstruction=[step], note=[{"text": "Part of a slow taper"}]).scheduled_mg == 10
    assert item(dosageInstruction=[step], note=[{"text": "taper by 1 tablet each week"}]).reason is Reason.TEXT_CHANGES_OVER_TIME
    assert item(dosageInstruction=[dosage()], note=[{"text": "Part of a slow taper"}]).reason is Reason.TEXT_CHANGES_OVER_TIME


@pytest.mark.parametrize(
    "note", ["patient takes half", "Seen on Monday, then referred", "followed by Dr Example", "too drowsy on weekends"]
)
def test_a_note_that_tells_a_story_is_no_change_of_a_dose(note: str) -> None:
    assert change_in_note(note) is None


@pytest.mark.parametrize("note", ["2 daily, then 1 daily", "half the dose on Monday", "slow taper"])
def test_the_same_words_beside_a_dose_are_a_change(note: str) -> None:
    assert change_in_note(note) is not None
