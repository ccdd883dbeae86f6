import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.mappers.read.clause import Refusal, SigReading, Unit
from fhir_taper.mappers.read.sig import read_sig
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.regimen import Reason


def clause(text: str, number: int = 0):  # type: ignore[no-untyped-def] # a test reads better with the parts at hand
    reading = read_sig(text)
    assert isinstance(reading, SigReading), reading
    return reading.clauses[number]


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("1 tablet", "1", "1", Unit.TABLET),
        ("take one (1) tab", "1", "1", Unit.TABLET),
        ("1-2 tabs", "1", "2", Unit.TABLET),
        ("one to two capsules", "1", "2", Unit.CAPSULE),
        ("1/2 tablet", "0.5", "0.5", Unit.TABLET),
        ("½ tab", "0.5", "0.5", Unit.TABLET),
        ("1½ tablets", "1.5", "1.5", Unit.TABLET),
        ("1-1/2 tablets", "1.5", "1.5", Unit.TABLET),
        ("1 1/2 tablets", "1.5", "1.5", Unit.TABLET),
        ("two and a half tablets", "2.5", "2.5", Unit.TABLET),
        ("one-half tablet", "0.5", "0.5", Unit.TABLET),
        ("half a tablet", "0.5", "0.5", Unit.TABLET),
        ("a tablet", "1", "1", Unit.TABLET),
        ("1/2 to 1 tablet", "0.5", "1", Unit.TABLET),
        ("5 mg", "5", "5", Unit.MG),
        ("50 mcg", "0.05", "0.05", Unit.MG),
        ("5 ml", "5", "5", Unit.ML),
        ("1 teaspoonful", "5", "5", Unit.ML),
        ("2 sprays", "2", "2", Unit.SPRAY),
        ("25 mcg/hr", "0.025", "0.025", Unit.MG_PER_H),
        ("one film", "1", "1", Unit.FILM),
    ],
)
def test_an_amount_is_read_however_it_is_written(text: str, low: str, high: str, unit: Unit) -> None:
    dose = clause(text).dose
    assert dose is not None
    assert (dose.low, dose.high, dose.unit) == (Decimal(low), Decimal(high), unit)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("daily", "1", "1"),
        ("twice daily", "2", "2"),
        ("BID", "2", "2"),
        ("t.i.d.", "3", "3"),
        ("three times a day", "3", "3"),
        ("2-3 times daily", "2", "3"),
        ("3x/day", "3", "3"),
        ("q4h", "6", "6"),
        ("q4-6h", "4", "6"),
        ("every 4 to 6 hours", "4", "6"),
        ("every six (6) hours", "4", "4"),
        ("6 hourly", "4", "4"),
        ("every other day", "1/2", "1/2"),
        ("every third day", "1/3", "1/3"),
        ("every 72 hours", "1/3", "1/3"),
        ("once a week", "1/7", "1/7"),
        ("three times a week", "3/7", "3/7"),
        ("on Monday, Wednesday and Friday", "3/7", "3/7"),
        ("at bedtime", "1", "1"),
        ("every morning and every evening", "2", "2"),
        ("daily at bedtime", "1", "1"),
        ("twice daily, in the morning and at bedtime", "2", "2"),
        ("30 minutes before bedtime", "1", "1"),
        ("at 8 am and 8 pm", "2", "2"),
        ("at 8 am and 10 am", "2", "2"),
        ("in the morning at 8 am", "1", "1"),
    ],
)
def test_a_timing_is_read_however_it_is_written(text: str, low: str, high: str) -> None:
    rhythm = clause(text).rhythm
    assert rhythm is not None
    assert (Fraction(rhythm.low or 0), Fraction(rhythm.high or 0)) == (Fraction(low), Fraction(high))


def test_up_to_leaves_the_lower_end_open() -> None:
    assert clause("1 tablet up to 3 times daily").rhythm.low is None
    assert clause("up to 2 tablets daily").dose.low is None


def test_each_clause_keeps_its_own_dose_time_and_flag() -> None:
    text = "1 tablet in the morning, 2 tablets at bedtime and 1 extra tablet at noon as needed"
    reading = read_sig(text)
    assert isinstance(reading, SigReading)
    assert [(one.dose.high, one.rhythm.slots, one.as_needed) for one in reading.clauses if one.dose and one.rhythm] == [
        (Decimal(1), (Slot.MORNING,), False),
        (Decimal(2), (Slot.NIGHT,), False),
        (Decimal(1), (Slot.NOON,), True),
    ]


def test_a_number_without_a_unit_takes_the_unit_of_the_clause_before() -> None:
    assert clause("1 tablet three times daily and two at bedtime", 1).dose.unit is Unit.TABLET


@pytest.mark.parametrize(
    ("text", "amount", "unit", "hours"),
    [
        ("max 6 per day", "6", Unit.UNSTATED, 24),
        ("not to exceed 8 tablets in 24 hours", "8", Unit.TABLET, 24),
        ("max 40 mg/day", "40", Unit.MG, 24),
        ("Max Daily Amount: 30 mg", "30", Unit.MG, 24),
        ("MDD 4", "4", Unit.UNSTATED, 24),
        ("no more than 3 doses in a 24 hour period", "3", Unit.DOSE, 24),
        ("do not exceed 10 tablets per week", "10", Unit.TABLET, 168),
    ],
)
def test_a_cap_is_read_with_its_unit_and_time(text: str, amount: str, unit: Unit, hours: int) -> None:
    reading = read_sig(f"1 tablet as needed, {text}")
    assert isinstance(reading, SigReading)
    (cap,) = reading.caps
    assert (cap.amount.high, cap.amount.unit, cap.hours) == (Decimal(amount), unit, Decimal(hours))


@pytest.mark.parametrize(
    "text",
    [
        "Take 2 tablets daily for 7 days, then 1 tablet daily",
        "Take 4 tablets daily, decrease by 1 tablet every week",
        "taper as directed",
        "week 1: 2 tablets daily",
        "1 tablet alternating with 2 tablets every other day",
        "1 tablet daily for the first 3 days",
        "increase to 2 tablets",
    ],
)
def test_a_text_that_changes_the_dose_is_refused_for_that(text: str) -> None:
    reading = read_sig(text)
    assert isinstance(reading, Refusal)
    assert reading.reason is Reason.TEXT_CHANGES_OVER_TIME
    assert text in reading.says


@pytest.mark.parametrize("text", ["Take with the 30 mg tablet for a total of 90 mg", "Take in addition to the 10 mg tablet"])
def test_a_text_that_counts_another_product_in_is_a_joint_total(text: str) -> None:
    reading = read_sig(text)
    assert isinstance(reading, Refusal)
    assert reading.reason is Reason.JOINT_TOTAL


@pytest.mark.parametrize(
    "text",
    [
        "Take 1 tablet twice daily unless drowsy",
        "1 tablet 2 tablets daily",
        "1 tablet three times daily and at bedtime",
        "1 tablet twice daily at bedtime",
        "Take this like I told you",
        "1 gummy daily",
        "2 tablets, 3 tablets twice daily",
        "1 in the morning and 2 at bedtime. As needed",
        "skip a day",
        "1 tablet daily except Sunday",
        "1 tablet twice daily, double on Monday",
        "max 6",
        "1 tablet daily, 2 tablets on Sunday",
        "1 tablet every 6 hours, 2 tablets every 6 hours for severe pain",
    ],
)
def test_a_text_of_which_one_word_is_not_known_is_not_read_at_all(text: str) -> None:
    reading = read_sig(text)
    assert isinstance(reading, Refusal)
    assert reading.reason is Reason.TEXT_NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "tail",
    [
        "with food",
        "by mouth",
        "for severe back pain",
        "for pain (pain score 4-6)",
        "for lower back pain (7-10)",
        ". Swallow whole. Do not crush or chew.",
        ". Hold for RR < 10",
        ", Disp-30 tablet, R-0, Print Prescription",
        "., Historical Med",
        "starting January 16, 2015",
        ", First dose on Sun 5/14/23 at 0000, Until Discontinued",
        "(qualifier value)",
    ],
)
def test_what_means_nothing_for_the_dose_does_not_hinder(tail: str) -> None:
    assert read_sig(f"Take 1 tablet twice daily {tail}").clauses == read_sig("Take 1 tablet twice daily").clauses  # type: ignore[union-attr]


def test_words_after_as_needed_never_swallow_a_second_dose() -> None:
    reading = read_sig("1 tablet every 6 hours as needed for pain 2 tablets at bedtime")
    assert isinstance(reading, Refusal)


@pytest.mark.parametrize("text", ["1 tab po prn pain q6h", "1 po q6h prn pain", "1 tab for pain q6h", "1 tab q6h prn pain mdd 4"])
def test_a_reason_ends_where_a_timing_or_a_cap_begins(text: str) -> None:
    rhythm = clause(text).rhythm
    assert rhythm is not None
    assert rhythm.high == 4


def test_what_an_ehr_prints_after_a_direction_is_dropped_only_where_it_is_known() -> None:
    assert isinstance(read_sig("1 tablet daily, Disp-30 tablet, R-0, eRx, double it on Sunday"), Refusal)


def test_the_names_of_the_medicine_may_stand_in_its_direction_and_no_others() -> None:
    assert isinstance(read_sig("Take oxycodone 5 mg every 6 hours", frozenset({"oxycodone"})), SigReading)
    assert isinstance(read_sig("Take morphine 5 mg every 6 hours", frozenset({"oxycodone"})), Refusal)


@pytest.mark.parametrize("text", ["x" * 10**6, "1-" * 499, "take 1 tablet " * 70, "(" * 999, "one and a half " * 66, "1/2 " * 249])
def test_a_hostile_text_is_answered_quickly(text: str) -> None:
    start = time.perf_counter()
    read_sig(text)
    assert time.perf_counter() - start < 1


_WORDS = st.sampled_from(
    "take 1 2 1/2 ½ tablet tablets mg 5 every 4 - 6 hours as needed prn for pain max per day daily and , . ; ( ) at bedtime in the morning"
    " twice once ml may repeat extra hold if x total of with monday week up to or a one half q h bid 7 days first dose on 5/1/24".split()
)


@given(st.lists(_WORDS, max_size=14))
def test_no_order_of_words_makes_the_grammar_stumble_or_invent_an_amount(words: list[str]) -> None:
    reading = read_sig(" ".join(words))
    if isinstance(reading, Refusal):
        assert reading.says
    elif len(reading.clauses) > 1:
        assert all(one.dose is not None for one in reading.clauses)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("starting January 16, 2026", "2026-01-16", None),
        ("from Jan 15-20, 2026", "2026-01-15", "2026-01-20"),
        ("from 1/5/26 to 1/9/26", "2026-01-05", "2026-01-09"),
        ("until 2026-03-01", None, "2026-03-01"),
        ("on 1/3/26", "2026-01-03", "2026-01-03"),
        ("first dose on Sun 5/14/23 at 0000", "2023-05-14", None),
        ("last dose 25/12/2025", None, "2025-12-25"),
    ],
)
def test_the_days_that_a_text_names_are_kept(words: str, start: str | None, end: str | None) -> None:
    reading = read_sig(f"1 tablet twice daily {words}. Do not exceed 4 tablets per day")
    assert isinstance(reading, SigReading)
    assert [day and day.isoformat() for day in (reading.start, reading.end)] == [start, end]


@pytest.mark.parametrize("words", ["from 1/5 to 1/9", "until 13/13/2026", "starting May 3"])
def test_a_day_that_cannot_be_placed_in_time_is_told_as_such(words: str) -> None:
    reading = read_sig(f"1 tablet twice daily {words}")
    assert isinstance(reading, SigReading)
    assert reading.has_unclear_dates


@pytest.mark.parametrize(("text", "amount"), [("1,5 tablets", "1.5"), ("0,125 mg", "0.125"), ("1,000 mg", "1000"), ("2,5 mg", "2.5")])
def test_a_decimal_comma_is_a_point_and_one_of_thousands_is_not(text: str, amount: str) -> None:
    dose = clause(f"take {text} twice daily").dose
    assert dose is not None
    assert dose.high == Decimal(amount)
