"""What a person types is read one way; what is offered is what the tables and rooms below hold."""

from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.use import FROM_1_YEAR, UNDER_1_MONTH, UNDER_1_YEAR
from fhir_taper.workflow.typed import (
    BenzoTable,
    DurationOfUse,
    PermittedParts,
    taken_as_typed,
    typed_codes,
    typed_day,
    typed_mg,
    typed_params,
    typed_taken,
)


def test_every_benzodiazepine_table_can_be_chosen_and_no_other() -> None:
    assert {one.value for one in BenzoTable} == {row.table for row in load().medicines.benzo_table(None)}


def test_durations_of_use_are_those_that_limits_go_by() -> None:
    assert [one.value for one in DurationOfUse] == [UNDER_1_MONTH, UNDER_1_YEAR, FROM_1_YEAR]


def test_a_permitted_part_says_how_many_make_a_unit() -> None:
    assert [(one.value, one.per_unit) for one in PermittedParts] == [("half", 2), ("quarter", 4)]


def test_a_day_is_year_month_and_day() -> None:
    assert typed_day("2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize(
    "text", ["", "20260105", "2026-W05-6", "2026-02-29", "2026-1-5", " 2026-01-05", "٢٠٢٦-٠١-٠٥", "1899-12-31", "2200-01-01"]
)
def test_a_day_that_could_be_meant_otherwise_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"date like|between"):
        typed_day(text)


def test_an_amount_keeps_its_digits() -> None:
    assert str(typed_mg("0.50")) == "0.50"
    assert typed_mg("1000000") == Decimal(1_000_000)


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1_0", "NaN", "1000001", "1,5"])
def test_an_amount_that_could_be_meant_otherwise_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="not an amount"):
        typed_mg(text)


@pytest.mark.parametrize("text", ["854235=1@morning", "854235=0.5", "197591=2@night"])
def test_what_is_taken_is_read_and_shown_as_it_was_typed(text: str) -> None:
    assert taken_as_typed(typed_taken(text)) == text


@pytest.mark.parametrize("text", ["854235", "=1", "854235=", "854235=0", "854235=1e3", "854235=1@dawn", "854235=1@", "854235=20000"])
def test_an_intake_that_could_be_meant_otherwise_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage):
        typed_taken(text)


def test_parameters_are_names_with_values_each_once() -> None:
    assert typed_params(["percent = 10", "to=diazepam"]) == (("percent", "10"), ("to", "diazepam"))
    for texts in (["percent"], ["percent="], ["=1"], ["percent=5", "percent=6"]):
        with pytest.raises(WrongUsage):
            typed_params(texts)


def test_codes_stand_with_commas_or_blanks_between_them_each_once() -> None:
    assert typed_codes("1, 2 3,,1") == ("1", "2", "3")
    assert typed_codes("  ") == ()
