"""Code systems and their spellings; codings of concepts of any shape."""

from typing import Any

import pytest

from fhir_taper.mappers.systems import LOINC, RXNORM, SNOMED, Coding, canonical_system, codes_of, codings, words_of


@pytest.mark.parametrize(
    ("spelling", "system"),
    [
        (RXNORM, RXNORM),
        ("urn:oid:2.16.840.1.113883.6.88", RXNORM),
        ("2.16.840.1.113883.6.88", RXNORM),
        ("https://www.nlm.nih.gov/research/umls/rxnorm/", RXNORM),
        ("HTTP://SNOMED.INFO/SCT", SNOMED),
        ("urn:oid:2.16.840.1.113883.6.1", LOINC),
        ("http://ehr.example.org/Local", "http://ehr.example.org/Local"),
        (None, ""),
        (5, ""),
    ],
)
def test_every_spelling_of_a_system_is_one_system(spelling: object, system: str) -> None:
    assert canonical_system(spelling) == system


@pytest.mark.parametrize(
    "concept",
    [None, 5, "x", [], {}, {"coding": None}, {"coding": {}}, {"coding": [None, 5, {}, {"code": 5}, {"code": " "}]}],
    ids=str,
)
def test_a_concept_of_the_wrong_shape_has_no_codings_and_raises_nothing(concept: Any) -> None:
    assert list(codings(concept)) == []
    assert words_of(concept) == ""


def test_codings_come_in_their_order_and_by_system() -> None:
    rxnorm = {"system": "urn:oid:2.16.840.1.113883.6.88", "code": "2", "display": 5}
    concept = {"coding": [{"system": SNOMED, "code": " 1 "}, rxnorm]}
    assert list(codings(concept)) == [Coding(SNOMED, "1"), Coding(RXNORM, "2")]
    assert codes_of(concept, RXNORM) == ("2",)


def test_a_concept_is_called_by_its_text_then_a_display_then_a_code() -> None:
    coding = [{"code": "1"}, {"code": "2", "display": "two"}]
    assert words_of({"text": " both ", "coding": coding}) == "both"
    assert words_of({"coding": coding}) == "two"
    assert words_of({"coding": coding[:1]}) == "1"
