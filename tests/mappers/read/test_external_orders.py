"""Every order of the external charts is computed or its conflict is named; nothing is zero because it could not be read."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from fhir_taper.errors import TaperError
from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.order import KINDS
from fhir_taper.mappers.read.regimen import read_items
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from fhir_taper.plans.tables.medicine_tables import load_medicines
from fhir_taper.workflow.read_chart import read_chart_bytes

pytestmark = pytest.mark.shared

TO_BE_NAMED = {
    Reason.UNREADABLE,  # a record that does not know its own status
    Reason.DOSE_CONFLICT,
    Reason.UNIT_CONFLICT,
    Reason.TIMING_CONFLICT,
    Reason.TEXT_CONFLICT,
    Reason.TEXT_CHANGES_OVER_TIME,
    Reason.JOINT_TOTAL,
    Reason.SEQUENCE_WITHOUT_DATES,
    Reason.ENTRIES_CONTRADICT,
    Reason.PRODUCT_CANNOT_MAKE_DOSE,
    Reason.PRODUCT_CONFLICT,
    Reason.NO_STRENGTH,
    Reason.UNKNOWN_MEDICATION,
    Reason.UNKNOWN_UNIT,
    Reason.AMBIGUOUS_INGREDIENT,
    Reason.DROPS_NEED_FACTOR,
    Reason.WEIGHT_MISSING,
}


def charts(folder: Path) -> Iterator[Chart]:
    for path in sorted((folder / "data").rglob("*.json")):
        try:
            yield read_chart_bytes(path.read_bytes(), path.name)
        except TaperError:
            continue


def items(folder: Path) -> Iterator[tuple[Entry, RegimenItem]]:
    for chart in charts(folder):
        found = read_items(chart, load_medicines(), date(2020, 1, 5)).value
        yield from zip(chart.of(*KINDS), found, strict=False)


def has_timing_and_dose(entry: Entry) -> bool:
    listed = entry.resource.get("dosageInstruction") or entry.resource.get("dosage") or []
    return bool(listed) and all("timing" in one and any("doseQuantity" in dose for dose in one.get("doseAndRate", [])) for one in listed)


def test_what_has_timing_and_dose_is_computed_or_its_conflict_is_named(shared_data: Path) -> None:
    read = [(entry, item) for entry, item in items(shared_data) if has_timing_and_dose(entry) and item.state is not ItemState.EXCLUDED]
    wrong = [(entry.place, item.how) for entry, item in read if item.state is ItemState.NOT_COMPUTABLE and item.reason not in TO_BE_NAMED]
    assert read
    assert wrong == []


def test_nothing_is_zero_because_it_could_not_be_read(shared_data: Path) -> None:
    wrong = [item for _, item in items(shared_data) if item.scheduled_mg == 0 and not item.as_needed]
    wrong += [
        item for _, item in items(shared_data) if item.state is not ItemState.COMPUTED and (item.scheduled_mg, item.max_mg) != (None, None)
    ]
    assert wrong == []


def test_every_item_that_is_no_number_says_why(shared_data: Path) -> None:
    wrong = [item for _, item in items(shared_data) if item.state is not ItemState.COMPUTED and not (item.reason and item.how)]
    wrong += [
        item for _, item in items(shared_data) if item.state is ItemState.COMPUTED and item.scheduled_mg is None and item.reason is None
    ]
    assert wrong == []


def test_nothing_of_another_class_is_taken_for_one_of_ours(shared_data: Path) -> None:
    ours = {item.ingredient for _, item in items(shared_data) if item.drug_class not in (DrugClass.OTHER, DrugClass.UNKNOWN)}
    known = load_medicines()
    assert {name for name in ours if not (found := known.ingredient_named(name)) or found.drug_class is DrugClass.OTHER} == set()
    assert "lisinopril" not in ours
