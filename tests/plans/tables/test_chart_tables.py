"""Tables by which a chart is read."""

from decimal import Decimal

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.tables.chart_tables import load_chart_tables, read_chart_tables

HEADER = "system,code,display,means,source,edition,year,state\n"


def test_the_tables_of_the_package_are_read_with_their_sources() -> None:
    tables = load_chart_tables()
    assert tables.continuity_days == 90
    assert str(tables.continuity_source.state) == "default"
    assert [edition.table for edition in tables.editions] == ["chart_reading.toml", "answers.csv"]


def test_an_answer_is_points_or_yes_or_no() -> None:
    answers = load_chart_tables().answers
    points, no = answers["http://loinc.org", "LA6571-9"], answers["http://loinc.org", "LA32-8"]
    assert (points.points, points.is_yes) == (Decimal(3), None)
    assert (no.points, no.is_yes) == (None, False)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("http://loinc.org,LA1,x,perhaps,LOINC,1,2024,read\n", "neither yes, no nor a number"),
        ("http://loinc.org,LA1,x,1,,1,2024,read\n", "no source"),
        ("http://loinc.org,,x,1,LOINC,1,2024,read\n", "empty"),
        ("http://loinc.org,LA1,x,1,LOINC,1,2024,read\n" * 2, "twice"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        read_chart_tables(answers=HEADER + row)


def test_a_table_without_continuity_is_refused() -> None:
    with pytest.raises(TableError, match="continuity"):
        read_chart_tables(chart_reading="[other]\ndays = 1\n")
