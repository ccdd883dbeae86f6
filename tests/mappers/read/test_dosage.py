from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.regimen import Intake, ItemState, Reason
from tests.mappers.read.orders import EVERY_6_HOURS, TABLET, by_text, dosage, item, medicine, read, request

DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
TWICE = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}


def test_digits_that_were_read_are_kept() -> None:
    dose = {"value": 2.50, "unit": "mg", "code": "mg"}
    assert str(item(dosageInstruction=[dosage(timing=DAILY, doseAndRate=[{"doseQuantity": dose}])]).scheduled_mg) == "2.5"


def test_units_per_slot_come_from_the_text_where_the_structure_does_not_say_when() -> None:
    only = by_text("1 tablet in the morning and 1/2 tablet at bedtime")
    assert only.intakes == (Intake(Slot.MORNING, Decimal(1)), Intake(Slot.NIGHT, Decimal("0.5")))


def test_a_text_with_several_clauses_that_makes_the_same_day_agrees_with_its_structure() -> None:
    text = "1 tablet in the morning and 1 tablet at bedtime"
    only = item(dosageInstruction=[dosage(timing=TWICE, text=text)])
    assert (only.scheduled_mg, [intake.slot for intake in only.intakes]) == (Decimal(10), [Slot.MORNING, Slot.NIGHT])


def test_a_text_with_several_clauses_that_makes_another_day_is_a_conflict_with_both_readings() -> None:
    only = item(dosageInstruction=[dosage(timing=TWICE, text="1 tablet in the morning and 2 tablets at bedtime")])
    assert only.reason is Reason.TEXT_CONFLICT
    assert "10 mg" in only.how
    assert "15 mg" in only.how


def test_a_text_resolves_what_the_structure_leaves_open() -> None:
    combination = medicine("1049221", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet")
    dose = [{"doseQuantity": {"value": 10, "unit": "mg", "code": "mg"}}]
    only = item(medicationCodeableConcept=combination, dosageInstruction=[dosage(doseAndRate=dose, text="Two pills every 6 hours")])
    assert only.scheduled_mg == 40


def test_a_bare_number_that_equals_the_strength_is_resolved_by_the_text_alone() -> None:
    bare = [{"doseQuantity": {"value": 5}}]
    assert item(dosageInstruction=[dosage(doseAndRate=bare)]).reason is Reason.UNIT_CONFLICT
    assert item(dosageInstruction=[dosage(doseAndRate=bare, text="Take 1 tablet every 6 hours")]).scheduled_mg == 20


def test_as_needed_in_words_that_are_not_understood_leaves_open_what_is_scheduled_and_the_most() -> None:
    only = item(dosageInstruction=[dosage(text="Take one PRN for spasms only after consulting the chart")])
    assert (only.state, only.scheduled_mg, only.max_mg) == (ItemState.COMPUTED, None, None)
    assert (only.reason, only.max_reason) == (Reason.TEXT_NOT_UNDERSTOOD, Reason.UNKNOWN_MAXIMUM)


DAILY_CAP = {"numerator": TABLET | {"value": 8}, "denominator": {"value": 1, "unit": "d", "code": "d"}}


@pytest.mark.parametrize(
    ("text", "elements", "scheduled", "maximum"),
    [
        ("1 bid sched, may add 3 tabs q4h prn for bad days", {"timing": TWICE}, None, None),
        ("1 bid sched, may add 3 tabs q4h prn for bad days", {"timing": TWICE, "maxDosePerPeriod": DAILY_CAP}, None, 40),
        ("1 q6h prn, may add 3 tabs q4h prn for bad days", {"asNeededBoolean": True}, 0, None),
        ("1 q6h prn, may add 3 tabs q4h for bad days", {"asNeededBoolean": True, "maxDosePerPeriod": DAILY_CAP}, 0, 40),
        ("1 q6h prn as explained to the patient", {"asNeededBoolean": True}, 0, 20),
        ("Take 1 tablet twice daily and 1 tablet every 6 hours as needed", {"timing": TWICE}, 10, 30),
    ],
)
def test_doses_as_needed_that_are_not_understood_are_never_below_the_maximum(
    text: str, elements: dict[str, object], scheduled: int | None, maximum: int | None
) -> None:
    only = item(dosageInstruction=[dosage(text=text, **elements)])
    assert (only.state, only.scheduled_mg, only.max_mg) == (ItemState.COMPUTED, scheduled, maximum)


def test_as_needed_in_a_text_that_is_not_understood_never_makes_a_zero_by_itself() -> None:
    only = by_text("Take 1 tablet twice daily and one more as needed unless drowsy")
    assert (only.state, only.scheduled_mg, only.reason) == (ItemState.NOT_COMPUTABLE, None, Reason.TEXT_NOT_UNDERSTOOD)


def test_a_cap_below_what_is_scheduled_contradicts_it() -> None:
    only = by_text("Take 2 tablets every 4 hours, max 8 per day")
    assert only.reason is Reason.DOSE_CONFLICT
    assert "60 mg" in only.how
    assert "40 mg" in only.how


@pytest.mark.parametrize(("cap", "most"), [("1300", "20"), ("975", "15")])
def test_a_cap_on_the_companion_bounds_the_tablets_that_hold_it(cap: str, most: str) -> None:
    combination = medicine("1049221", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet")
    text = f"Take 1 tablet every 6 hours as needed. Do not exceed {cap} mg acetaminophen per day"
    only = item(medicationCodeableConcept=combination, dosageInstruction=[{"text": text}])
    assert only.max_mg == Decimal(most)
    assert not any("bounds no day" in note for note in only.notes)


def test_as_directed_with_a_supply_is_bounded_by_the_supply() -> None:
    supply = {"quantity": {"value": 60, "unit": "tablet"}, "expectedSupplyDuration": {"value": 30, "unit": "d", "code": "d"}}
    only = by_text("Take as directed", dispenseRequest=supply)
    assert (only.state, only.scheduled_mg, only.max_mg, only.reason) == (ItemState.COMPUTED, None, Decimal(10), Reason.NO_TIMING)


def test_a_supply_does_not_bound_a_text_that_is_not_understood() -> None:
    supply = {"quantity": {"value": 60, "unit": "tablet"}, "expectedSupplyDuration": {"value": 30, "unit": "d", "code": "d"}}
    assert by_text("Take 1 in the morning unless drowsy", dispenseRequest=supply).state is ItemState.NOT_COMPUTABLE


@pytest.mark.parametrize(
    ("text", "scheduled", "maximum"),
    [
        ("1 tablet at bedtime, may repeat in 1 hour if needed", 5, None),
        ("1 tablet at bedtime, may repeat twice", 5, 15),
        ("may take 1 tablet every 6 hours", 0, 20),
        ("1 tablet twice daily; may take 1 additional tablet daily as needed", 10, 15),
        ("1-2 tablets every 4 to 6 hours prn pain", 0, 60),
        ("1 tablet every 6 hours as needed, no more than 3 doses per day", 0, 15),
        ("up to 2 tablets twice daily", None, 20),
    ],
)
def test_scheduled_and_maximum_stay_apart(text: str, scheduled: int | None, maximum: int | None) -> None:
    only = by_text(text)
    assert only.state is ItemState.COMPUTED
    assert (only.scheduled_mg, only.max_mg) == (scheduled, maximum)


@pytest.mark.parametrize(
    ("timing", "reason"),
    [
        ({"repeat": {"frequency": 0, "period": 1, "periodUnit": "d"}}, Reason.UNREADABLE),
        ({"repeat": {"frequency": 3, "frequencyMax": 2, "period": 1, "periodUnit": "d"}}, Reason.UNREADABLE),
        ({"repeat": {"frequency": 1, "period": 6, "periodMax": 4, "periodUnit": "h"}}, Reason.UNREADABLE),
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "fortnight"}}, Reason.UNREADABLE),
        ({"repeat": {"when": ["AC"]}}, Reason.NO_TIMING),
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon", "thu"]}}, Reason.TIMING_CONFLICT),
        ({"repeat": {"timeOfDay": ["25:00:00"]}}, Reason.UNREADABLE),
    ],
)
def test_a_timing_that_makes_no_sense_is_refused(timing: dict[str, object], reason: Reason) -> None:
    assert item(dosageInstruction=[dosage(timing=timing)]).reason is reason


def test_two_strengths_of_the_dose_itself_are_a_conflict() -> None:
    assert by_text("take two 10 mg tablets daily").reason is Reason.TEXT_CONFLICT
    assert by_text("take two 5 mg tablets daily").scheduled_mg == 10


def test_instructions_without_numbers_that_only_have_lengths_are_not_added_blindly() -> None:
    week = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "boundsDuration": {"value": 60, "code": "d"}}}
    two = [{"doseQuantity": TABLET | {"value": 2}}]
    only = item(dosageInstruction=[dosage(timing=week), dosage(timing=week, doseAndRate=two)])
    assert only.reason is Reason.SEQUENCE_WITHOUT_DATES


def test_an_instruction_for_some_days_and_one_for_the_others_make_a_week() -> None:
    some = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon", "wed", "fri"]}}
    others = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["tue", "thu", "sat", "sun"]}}
    two = [{"doseQuantity": TABLET | {"value": 2}}]
    only = item(dosageInstruction=[dosage(timing=some, doseAndRate=two), dosage(timing=others)])
    assert only.scheduled_mg is not None
    assert only.scheduled_mg * 7 == 50
    assert only.peak_day_mg == 10


def test_a_single_dose_beside_a_course_is_left_out_and_said() -> None:
    once = {"repeat": {"count": 1}}
    only = item(dosageInstruction=[dosage(), dosage(timing=once, text="once")])
    assert only.scheduled_mg == 20
    assert any("single dose" in note for note in only.notes)


def test_a_course_of_doses_ends_when_they_are_taken() -> None:
    ten = {"repeat": {**EVERY_6_HOURS["repeat"], "count": 8}}
    assert item(authoredOn="2026-01-04", dosageInstruction=[dosage(timing=ten)]).scheduled_mg == 20
    assert item(authoredOn="2026-01-02", dosageInstruction=[dosage(timing=ten)]).reason is Reason.ENDED


def test_a_conflict_about_a_patch_names_the_intervals_and_multiplies_nothing() -> None:
    patch = medicine("245134", "72 HR fentanyl 0.025 MG/HR Transdermal System")
    every = {"repeat": {"frequency": 1, "period": 72, "periodUnit": "h"}}
    dose = [{"doseQuantity": {"value": 1, "unit": "patch"}}]
    only = item(
        medicationCodeableConcept=patch, dosageInstruction=[dosage(timing=every, doseAndRate=dose, text="Apply 1 patch every 48 hours")]
    )
    assert only.reason is Reason.TEXT_CONFLICT
    assert "mg per day" not in only.how


def test_bounds_that_end_before_they_begin_end_nothing() -> None:
    bounds = {"boundsPeriod": {"start": "2026-03-01", "end": "2025-01-01"}}
    only = item(dosageInstruction=[dosage(timing={"repeat": DAILY["repeat"] | bounds})])
    assert (only.state, only.reason) == (ItemState.NOT_COMPUTABLE, Reason.UNREADABLE)


def test_a_day_without_a_year_in_a_text_is_told_as_not_compared() -> None:
    assert "1 tablet" in by_text("1 tablet twice daily from 1/1 to 1/3").how
    assert any("without a year" in note for note in by_text("1 tablet twice daily from 1/1 to 1/3").notes)


def test_a_course_in_a_text_runs_from_the_day_that_the_text_names() -> None:
    assert by_text("1 tablet twice daily for 7 days starting 1/4/2026", authoredOn="2025-11-01").scheduled_mg == 10


FIVE_MG = {"value": 5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
TWO_TABLETS = [{"doseQuantity": TABLET | {"value": 2}}]
ONE_TO_TWO = [{"doseRange": {"low": TABLET, "high": TABLET | {"value": 2}}}]


@pytest.mark.parametrize(
    "elements",
    [
        {"doseAndRate": TWO_TABLETS, "maxDosePerAdministration": FIVE_MG},
        {"doseAndRate": TWO_TABLETS, "maxDosePerAdministration": FIVE_MG | {"value": 7}},
        {"doseAndRate": TWO_TABLETS, "maxDosePerAdministration": TABLET},
        {"doseAndRate": None, "timing": None, "text": "take 2 tablets every 6 hours", "maxDosePerAdministration": FIVE_MG},
        {"doseAndRate": None, "timing": None, "text": "take 2 tablets every 6 hours, max 5 mg per dose"},
        {"doseAndRate": None, "timing": None, "text": "take 2 tablets every 6 hours. Max 1 tablet at a time"},
    ],
)
def test_a_dose_above_what_is_allowed_at_a_time_is_a_conflict_with_both_in_words(elements: dict[str, object]) -> None:
    found = item(dosageInstruction=[dosage(**elements)])
    assert (found.scheduled_mg, found.reason) == (None, Reason.DOSE_CONFLICT)
    assert "(10 mg), but at most " in found.how
    assert "at a time" in found.how


@pytest.mark.parametrize(
    "elements",
    [
        {"doseAndRate": ONE_TO_TWO, "maxDosePerAdministration": FIVE_MG},
        {"doseAndRate": None, "timing": None, "text": "take 1-2 tablets every 6 hours", "maxDosePerAdministration": TABLET},
        {"doseAndRate": None, "timing": None, "text": "take 1-2 tablets every 6 hours, max 5 mg per dose"},
    ],
)
def test_what_is_allowed_at_a_time_bounds_the_upper_end_of_a_dose(elements: dict[str, object]) -> None:
    found = item(dosageInstruction=[dosage(**elements)])
    assert (found.scheduled_mg, found.max_mg) == (Decimal(20), Decimal(20))


def test_a_limit_at_a_time_that_cannot_be_compared_with_the_dose_is_told() -> None:
    found = item(dosageInstruction=[dosage(maxDosePerAdministration={"value": 5, "unit": "mL"})])
    assert (found.max_mg, found.notes) == (Decimal(20), ("at most 5 mL at a time: not compared with the dose",))


@pytest.mark.parametrize(("first", "second"), [(Decimal("17.0"), 17), (19, Decimal("19.0"))])
def test_the_words_of_a_period_do_not_depend_on_the_chart_that_was_read_before(first: object, second: object) -> None:
    def says(period: object) -> str:
        return item(dosageInstruction=[dosage(timing={"repeat": {"frequency": 1, "period": period, "periodUnit": "d"}})]).how

    assert says(first) == says(second)
    assert says(second).endswith(f"every {int(str(second).partition('.')[0])} days")


def days(low: int, high: int) -> dict[str, object]:
    return {"boundsRange": {"low": {"value": low, "unit": "d"}, "high": {"value": high, "unit": "d"}}}


def lasting(low: int, high: int, **elements: object) -> dict[str, object]:
    return dosage(timing={"repeat": {**EVERY_6_HOURS["repeat"], **days(low, high)}}, **elements)


@pytest.mark.parametrize(("day", "state"), [(7, "computed"), (10, "computed"), (11, "excluded")])
def test_a_course_whose_length_is_a_range_counts_to_its_longer_end_and_says_both(day: int, state: str) -> None:
    found = read(request(authoredOn="2026-01-01", dosageInstruction=[lasting(7, 10)]), as_of=date(2026, 1, day))[0]
    assert found.state == state
    assert state == "excluded" or "it ends between 2026-01-07 and 2026-01-10, and counts until the later day" in " ".join(found.notes)


@pytest.mark.parametrize(("day", "maximum"), [(7, 40), (8, None), (10, None), (11, 20)])
def test_steps_of_which_nobody_knows_which_one_holds_are_not_computable(day: int, maximum: int | None) -> None:
    steps = [lasting(7, 10, sequence=1, doseAndRate=TWO_TABLETS), dosage(sequence=2)]
    found = read(request(authoredOn="2026-01-01", dosageInstruction=steps), as_of=date(2026, 1, day))[0]
    assert found.max_mg == maximum
    assert maximum is not None or (found.reason, "whose length is a range" in found.how) == (Reason.SEQUENCE_WITHOUT_DATES, True)
