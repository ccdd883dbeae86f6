"""Wherever a plan shows patches, it says that they are worn together and how often they are changed: never "1 patch" each morning alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.cover import Cover, Patient
from fhir_taper.render.pages import legend_of, page_of, page_text, step_lines
from fhir_taper.render.pdf import pdf_of
from fhir_taper.render.plan_rows import columns_of, rows_of
from fhir_taper.render.print_page import layouts_of
from fhir_taper.render.terminal_plan import plan_text
from tests.render.sample_plan import patch_and_tablets, patches, sample_plan

COVER = Cover(Patient("p1", "Ana Silva", "1950-01-01", "1"))
EVERY = "change every 72 hours"


def test_patches_stand_in_a_column_of_their_own_and_not_at_a_time_of_day() -> None:
    assert [column.heading for column in columns_of(patches())] == ["worn"]
    assert [column.heading for column in columns_of(patch_and_tablets())] == ["worn", "morning", "night"]
    assert [column.slot for column in columns_of(sample_plan())] == [Slot.MORNING, Slot.NIGHT]


def test_each_amount_of_patches_is_followed_by_how_often_they_are_changed() -> None:
    rows = rows_of(patches())
    assert [str(row.slots[0]) for row in rows] == [
        "1 × 12.5 mcg/h patch + 1 × 25 mcg/h patch, change every 72 hours",
        "1 × 25 mcg/h patch, change every 72 hours",
        "–",
    ]
    assert rows[0].slots[0].lines == ("1 × 12.5 mcg/h patch", "+ 1 × 25 mcg/h patch", "change every 72 hours")


def test_tablets_beside_a_patch_are_not_said_to_be_changed() -> None:
    assert [str(cell) for cell in rows_of(patch_and_tablets())[1].slots] == [
        "1 × 25 mcg/h patch fentanyl, change every 72 hours",
        "1 × 15 mg morphine",
        "2 × 15 mg morphine",
    ]


@pytest.mark.parametrize(
    ("wear_h", "said"), [(72, "every 72 hours (3 days)"), (48, "every 48 hours (2 days)"), (168, "every 168 hours (7 days)")]
)
def test_the_legend_says_hours_and_days_and_that_all_are_on_the_skin_together(wear_h: int, said: str) -> None:
    legend = legend_of(patches(wear_h))
    assert said in legend
    assert "at the same time, day and night" in legend
    assert "At each time of day" not in legend


def test_the_legend_of_patches_and_tablets_explains_both_and_of_tablets_only_them() -> None:
    assert "At each time of day" in legend_of(patch_and_tablets())
    assert "Worn:" in legend_of(patch_and_tablets())
    assert "Worn:" not in legend_of(sample_plan())


@pytest.mark.parametrize("plan", [patches, patch_and_tablets])
def test_the_text_says_it_beside_every_patch_and_explains_it(plan: Callable[[], TaperPlan]) -> None:
    text = page_text(plan(), COVER)
    lines = [line for line in text.splitlines() if " × 25 mcg/h patch" in line]
    assert len(lines) == 2
    assert all(line.lstrip().startswith("worn ") and EVERY in line for line in lines)
    assert "every 72 hours (3 days)" in " ".join(text.split())


@pytest.mark.parametrize("columns", ["40", "80", "140"])
def test_a_terminal_of_any_width_says_it(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    text = " ".join(plan_text(patches(), COVER).split())
    assert "every 72 hours (3 days)" in text
    assert "morning" not in text


def test_the_printed_page_says_it_in_every_row_and_under_the_table() -> None:
    page = page_of(patches(), COVER)
    assert EVERY in page.rows[1].slots[0].lines
    assert "every 72 hours (3 days)" in page.legend
    html = next(layouts_of(patches(), COVER))
    assert html.count(EVERY) == 2
    assert ">Worn<" in html
    assert pdf_of(layouts_of(patches(), COVER)).startswith(b"%PDF")


def test_a_patch_without_a_known_wear_time_says_that_it_is_not_known() -> None:
    plan = patches()
    plan = replace(plan, products=tuple(replace(one, wear_h=None) for one in plan.products))
    assert "how often it is changed is not known" in step_lines(plan)[1]
