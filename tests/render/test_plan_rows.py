"""A step in words is the same on every surface: tablets as fractions, real minus signs, ranges where no table was chosen."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.cuts import shown_percent
from fhir_taper.plans.tapers.plan import Dose, Units
from fhir_taper.render.plan_rows import (
    columns_of,
    equivalent_heading,
    equivalent_tables,
    rows_of,
)
from tests.render.sample_plan import HALF_MG, crossed_over, every_third_night, sample_plan


def test_a_row_names_tablets_dose_change_and_percentages() -> None:
    row = rows_of(sample_plan())[1]
    assert (row.number, row.start, row.end, row.days) == ("1", "2026-01-19", "2026-02-01", "14")
    assert [str(cell) for cell in row.slots] == ["1 × 0.5 mg", "1 × 1 mg"]
    assert (str(row), row.change, row.of_previous, row.of_baseline) == ("1.5 mg", "−0.5", "−25 %", "−25 %")


def test_two_tables_give_a_range_of_equivalents() -> None:
    assert rows_of(sample_plan())[0].equivalent == "10–20"


def test_a_hold_says_what_to_keep_doing_and_changes_nothing() -> None:
    row = rows_of(sample_plan())[2]
    assert row.is_pause
    assert row.note == "pause: keep taking this dose"
    assert (row.change, row.of_previous) == ("", "")


def test_half_a_tablet_is_written_as_a_fraction() -> None:
    assert [str(cell) for cell in rows_of(sample_plan())[3].slots] == ["–", "½ × 0.5 mg"]


def test_the_stop_takes_nothing_and_has_no_end() -> None:
    row = rows_of(sample_plan())[4]
    assert [str(cell) for cell in row.slots] == ["–", "–"]
    assert (row.dose_lines, row.end, row.of_previous, row.note) == (("0",), "", "−100 %", "stop")


def test_only_times_of_day_that_are_used_get_a_column() -> None:
    assert [column.slot for column in columns_of(sample_plan())] == [Slot.MORNING, Slot.NIGHT]


def test_a_step_of_one_dosing_day_in_two_says_so_beside_the_dose_and_that_mg_a_day_is_a_mean() -> None:
    plan = sample_plan()
    steps = (*plan.steps[:3], replace(plan.steps[3], every_days=2), plan.steps[4])
    row = rows_of(replace(plan, steps=steps))[3]
    assert str(row.slots[1]) == "½ × 0.5 mg every 2nd night"
    assert row.dose_lines == ("0.125",)
    assert row.note.endswith("taken every 2nd day; mg/day is the mean")


def test_a_mean_that_does_not_terminate_and_its_change_are_rounded_once() -> None:
    rows = rows_of(every_third_night())
    assert [row.dose_lines for row in rows] == [("5",), ("2.5",), ("1.67",), ("0",)]
    assert [row.change for row in rows] == ["", "−2.5", "−0.83", "−1.67"]


def test_the_heading_names_the_measure_and_a_range_names_its_tables() -> None:
    assert (equivalent_heading(sample_plan().equivalents), equivalent_heading(())) == ("diazepam eq. mg/day", "")
    assert equivalent_tables(sample_plan().equivalents) == "range over ashton-2002, va-dod-2021: no table was chosen"


def test_a_product_that_the_plan_does_not_name_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(KeyError):
        rows_of(sample_plan(products=(HALF_MG,)))


def test_a_plan_of_two_medicines_names_the_medicine_of_every_amount() -> None:
    rows = rows_of(crossed_over())
    assert [str(cell) for cell in rows[1].slots] == ["1 × 0.5 mg lorazepam", "1 × 1 mg lorazepam + 2 × 10 mg diazepam"]
    assert rows[1].slots[1].lines == ("lorazepam", "1 × 1 mg", "+ diazepam", "2 × 10 mg")
    assert [str(row) for row in rows] == ["lorazepam 2 mg", "lorazepam 1.5 mg + diazepam 20 mg", "diazepam 20 mg", "diazepam 20 mg", "0 mg"]


def test_a_percent_is_the_same_in_a_row_and_in_a_finding() -> None:
    plan = sample_plan()
    before = replace(plan.steps[0], doses=(Dose("lorazepam", (Units(HALF_MG.rxcui, HALF_MG.mg, ((Slot.NIGHT, Decimal(8)),)),)),))
    after = replace(plan.steps[1], doses=(Dose("lorazepam", (Units(HALF_MG.rxcui, HALF_MG.mg, ((Slot.NIGHT, Decimal("7.5")),)),)),))
    row = rows_of(replace(plan, steps=(before, after, *plan.steps[2:])))[1]
    assert row.of_previous == f"−{shown_percent(1, 16)} %" == "−6.3 %"
