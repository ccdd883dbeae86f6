"""A step in words is the same on every surface: tablets as fractions, real minus signs, ranges where no table was chosen."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import Form, Release, Slot
from fhir_taper.plans.tapers.plan import PlanProduct
from fhir_taper.render.plan_rows import (
    count_in_words,
    equivalent_heading,
    equivalent_tables,
    one_decimal,
    rows_of,
    units_in_words,
    used_slots,
)
from tests.render.sample_plan import HALF_MG, crossed_over, sample_plan


def test_a_row_names_tablets_dose_change_and_percentages() -> None:
    row = rows_of(sample_plan())[1]
    assert (row.number, row.start, row.end, row.days) == ("1", "2026-01-19", "2026-02-01", "14")
    assert row.slots == ("1 × 0.5 mg", "1 × 1 mg")
    assert (row.dose, row.change, row.of_previous, row.of_baseline) == ("1.5", "−0.5", "−25 %", "−25 %")


def test_two_tables_give_a_range_of_equivalents() -> None:
    assert rows_of(sample_plan())[0].equivalent == "10–20"


def test_a_hold_says_what_to_keep_doing_and_changes_nothing() -> None:
    row = rows_of(sample_plan())[2]
    assert row.is_pause
    assert row.note == "pause: keep taking this dose"
    assert (row.change, row.of_previous) == ("", "")


def test_half_a_tablet_is_written_as_a_fraction() -> None:
    assert rows_of(sample_plan())[3].slots == ("–", "½ × 0.5 mg")


def test_the_stop_takes_nothing_and_has_no_end() -> None:
    row = rows_of(sample_plan())[4]
    assert (row.slots, row.dose, row.end, row.of_previous, row.note) == (("–", "–"), "0", "", "−100 %", "stop")


def test_only_times_of_day_that_are_used_get_a_column() -> None:
    assert used_slots(sample_plan()) == (Slot.MORNING, Slot.NIGHT)


@pytest.mark.parametrize(
    ("units", "words"), [("0.5", "½"), ("0.25", "¼"), ("1.5", "1½"), ("2.75", "2¾"), ("3", "3"), ("3.0", "3"), ("0.4", "0.4"), ("10", "10")]
)
def test_counts_are_written_as_a_pharmacist_writes_them(units: str, words: str) -> None:
    assert count_in_words(Decimal(units)) == words


def test_a_liquid_is_written_in_ml_and_mg() -> None:
    liquid = PlanProduct("1", "diazepam 1 MG/ML Oral Solution", "diazepam", Form.SOLUTION, Release.IMMEDIATE, Decimal(1), 1, Decimal("0.1"))
    assert units_in_words(Decimal("4.50"), liquid) == "4.5 mL (4.5 mg)"


def test_a_patch_is_written_by_its_rate() -> None:
    patch = PlanProduct(
        "577057", "72 HR fentanyl 0.012 MG/HR Transdermal System", "fentanyl", Form.PATCH, Release.EXTENDED, Decimal("0.3"), wear_h=72
    )
    assert units_in_words(Decimal(1), patch) == "1 × 12.5 µg/h patch"


def test_a_step_of_one_dosing_day_in_two_says_so() -> None:
    plan = sample_plan()
    steps = (*plan.steps[:3], replace(plan.steps[3], every_days=2), plan.steps[4])
    row = rows_of(replace(plan, steps=steps))[3]
    assert (row.dose, row.note) == ("0.125", "smallest cut, beyond a limit; one dosing day in 2")


def test_the_heading_names_the_measure_and_a_range_names_its_tables() -> None:
    assert (equivalent_heading(sample_plan().equivalents), equivalent_heading(())) == ("diazepam eq.", "")
    assert equivalent_tables(sample_plan().equivalents) == "range over ashton-2002, va-dod-2021: no table was chosen"


def test_rounding_is_half_up_to_one_decimal() -> None:
    assert [one_decimal(Decimal(value)) for value in ("0.05", "2.25", "12.345", "10")] == ["0.1", "2.3", "12.3", "10"]


def test_a_product_that_the_plan_does_not_name_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(KeyError):
        rows_of(sample_plan(products=(HALF_MG,)))


def test_a_plan_of_two_medicines_names_the_medicine_of_every_amount() -> None:
    rows = rows_of(crossed_over())
    assert rows[1].slots == ("1 × 0.5 mg lorazepam", "1 × 1 mg lorazepam + 2 × 10 mg diazepam")
    assert [row.dose for row in rows] == ["lorazepam 2", "lorazepam 1.5 + diazepam 20", "diazepam 20", "diazepam 20", "0"]
