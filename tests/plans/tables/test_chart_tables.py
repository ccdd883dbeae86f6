"""Tables by which a chart is read."""

from decimal import Decimal

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.tables.chart_tables import load_chart_tables, read_chart_tables
from fhir_taper.plans.tables.reading import text_of

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


def test_everyday_reasons_name_nothing_that_a_finding_looks_for() -> None:
    words = load_chart_tables().everyday_reasons
    assert {"pain", "anxiety", "sleep"} <= words
    assert not words & {"seizure", "seizures", "epilepsy", "cancer", "bone", "spasms", "breath", "withdrawal", "pregnancy", "sickle"}


@pytest.mark.parametrize("words", ["[]", '"pain"', '["back pain"]', '["Pain"]', "[3]"])
def test_everyday_reasons_that_are_no_single_words_are_refused(words: str) -> None:
    own = text_of("chart_reading.toml")
    listed = own[own.index("words = [") : own.index("]\n", own.index("words = ["))]
    with pytest.raises(TableError, match="everyday-reasons"):
        read_chart_tables(chart_reading=own.replace(f"{listed}]", f"words = {words}"))
