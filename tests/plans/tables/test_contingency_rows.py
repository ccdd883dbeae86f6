"""Advice for patients: every row with its source, none that is odd."""

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.contingency_rows import AdvicePart, load_advice
from fhir_taper.plans.tables.safety_tables import TIER_WORDS

ROW = """[a]
part = "when"
when = "it rains"
what = "Stay inside."
source = "s"
edition = "1"
year = "2025"
state = "default"
"""


def test_the_tables_hold_advice_for_every_class_that_is_tapered() -> None:
    rows = load().safety.advice
    assert {row.part for row in rows} == set(AdvicePart)
    assert {str(name) for row in rows for name in row.classes} == {"opioid", "benzodiazepine", "z-drug"}
    assert {"missed-dose", "illness", "hospital", "pregnancy", "withdrawal-symptoms", "overdose-opioid"} <= {row.id for row in rows}


def test_rows_that_await_sign_off_are_among_the_listed_ones() -> None:
    named = {place for place, _ in load().safety.sources()}
    assert "contingency.toml[missed-dose]" in named


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('source = "s"\n', "", "no source"),
        ('state = "default"', 'state = "sure"', "is not one of"),
        ('part = "when"', 'part = "never"', "never"),
        ('part = "when"\n', "", "no part"),
        ('what = "Stay inside."\n', "", "no what"),
        ('year = "2025"', 'year = "2025"\ntiers = ["huge"]', "huge is no tier"),
        ('year = "2025"', 'year = "2025"\nclasses = ["sweets"]', "sweets"),
        ('year = "2025"', 'year = "2025"\ncolour = "red"', "unknown colour"),
    ],
)
def test_a_row_that_is_odd_is_refused_with_its_place(old: str, new: str, says: str) -> None:
    with pytest.raises(TableError, match=rf"contingency.toml\[a\].*{says}"):
        load_advice(TIER_WORDS, ROW.replace(old, new))


def test_a_row_as_it_should_be_is_read() -> None:
    (row,) = load_advice(TIER_WORDS, ROW)
    assert (row.id, row.part, row.when, row.source.state) == ("a", AdvicePart.WHEN, "it rains", "default")
