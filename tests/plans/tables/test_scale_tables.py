"""The scales of the baseline: a range each, and words only where a source has them."""

from decimal import Decimal

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.reading import text_of
from fhir_taper.plans.tables.scale_tables import SCALES, load_scales, read_scales

TEXT = text_of(SCALES)


@pytest.mark.parametrize(
    ("scale", "score", "words"),
    [
        ("phq9", 0, "minimal"),
        ("phq9", 4, "minimal"),
        ("phq9", 5, "mild"),
        ("phq9", 14, "moderate"),
        ("phq9", 15, "moderately severe"),
        ("phq9", 27, "severe"),
        ("gad7", 9, "mild"),
        ("gad7", 15, "severe"),
    ],
)
def test_a_score_is_called_what_its_source_calls_it(scale: str, score: int, words: str) -> None:
    band = load_scales()[scale].band_of(Decimal(score))
    assert band is not None
    assert band.words == words
    assert band.source.name


def test_what_no_source_has_called_anything_has_no_words() -> None:
    peg = load_scales()["peg"]
    assert peg.bands == ()
    assert [peg.band_of(Decimal(value)) for value in range(11)] == [None] * 11


def test_a_scale_that_findings_ask_for_is_asked_by_the_name_of_its_concept() -> None:
    concepts = {row.concept for row in load().medicines.concepts}
    assert {"phq9", "phq9-item9", "gad7", "peg", "sleep-hours"} <= concepts & set(load_scales())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("band,phq9,,5,9", "band,phq9,,6,9", "overlap or leave a gap"),
        ("band,phq9,,5,9", "band,phq9,,4,9", "overlap or leave a gap"),
        ("band,gad7,,15,21", "band,gad7,,15,22", "not within gad7"),
        ("band,gad7,,0,4", "band,unknown,,0,4", "has no range"),
        ("range,peg,", "scale,peg,", "neither range nor band"),
        ("0,27,yes", "0,27,perhaps", "no range from low to high"),
        ("0,27,yes", "27,0,yes", "no range from low to high"),
    ],
)
def test_a_row_that_cannot_be_meant_is_named(old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(TableError, match=says):
        read_scales(TEXT.replace(old, new))
