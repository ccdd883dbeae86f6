"""What patients' pages say: plain words, praise that names no score, and rows that are refused."""

import re

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.tables.aftercare_rows import AftercareRow, load_aftercare
from fhir_taper.plans.tables.patient_words import load_patient_words, read_patient_words
from fhir_taper.plans.tables.reading import text_of

ROWS = load_patient_words()


@pytest.mark.parametrize("name", ROWS)
def test_sentences_for_patients_are_short(name: str) -> None:
    sentences = [one for one in ROWS[name].words.rstrip(".").split(". ") if one]
    assert all(len(one.split()) <= 20 for one in sentences)


@pytest.mark.feature("F85")
@pytest.mark.parametrize("row", load_aftercare(), ids=lambda row: row.id)
def test_what_goes_on_is_said_to_patients_in_short_sentences_without_the_words_of_the_clinic(row: AftercareRow) -> None:
    sentences = [one for one in re.split(r"[.?] ?", row.patient_says) if one]
    assert all(len(one.split()) <= 15 for one in sentences)
    assert not re.search(r"\b(patient|therapist|use disorder|rhythm|arranged)\b", row.patient_says)


def test_praise_stands_for_parts_of_the_way_and_never_for_a_score() -> None:
    praise = [row for row in ROWS.values() if row.at_percent is not None]
    assert [row.at_percent for row in praise] == [25, 50, 75, 100]
    assert not any("score" in row.words.lower() or "point" in row.words.lower() for row in praise)


@pytest.mark.feature("F85")
def test_nothing_ever_tells_a_patient_to_stop_medication_for_opioid_use_disorder() -> None:
    assert "keep taking it" in ROWS["treatment-goes-on"].words
    says = [one for row in load_aftercare() for one in (row.says, row.patient_says)] + [row.words for row in ROWS.values()]
    assert not any("stop taking" in one.lower() or "stop medication" in one.lower() for one in says)
    assert not any("stop" in one.lower() for row in load_aftercare() for one in (row.says, row.patient_says))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("at_percent = 25", "at_percent = 0", "no part of the way"),
        ("at_percent = 25", 'at_percent = "25"', "no part of the way"),
        ('classes = ["opioid"]', 'classes = ["sugar"]', "sugar"),
        ("at_percent = 25", "percent = 25", "unknown percent"),
        ('state = "default"', 'state = "rumour"', "rumour"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(old: str, new: str, says: str) -> None:
    text = text_of("patient_words.toml")
    assert old in text
    with pytest.raises(TableError, match=says):
        read_patient_words(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('classes = ["opioid"]', 'classes = ["x"]', "'x'"),
        ("snomed =", "code =", "unknown code"),
        ("patient_says =", "says_also =", "says_also"),
    ],
)
def test_a_row_of_aftercare_that_makes_no_sense_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        load_aftercare(text_of("aftercare.toml").replace(old, new, 1))
