"""From codes to our concepts."""

import pytest

from fhir_taper.mappers.read.concepts import ConceptIndex, is_history, status_of
from fhir_taper.mappers.systems import ICD_10_CM, LOINC, SNOMED
from tests.mappers.charts import concept, meaning

INDEX = ConceptIndex(
    [
        meaning("pregnancy", SNOMED, "77386006"),
        meaning("substance-use-disorder", ICD_10_CM, "F1", "prefix"),
        meaning("alcohol-use-disorder", ICD_10_CM, "F10.2", "prefix"),
        meaning("phq9", LOINC, "44261-6"),
    ]
)


@pytest.mark.parametrize(
    ("system", "code", "found"),
    [
        (SNOMED, "77386006", ("pregnancy",)),
        ("urn:oid:2.16.840.1.113883.6.96", "77386006", ("pregnancy",)),
        (SNOMED, "773860060", ()),
        (LOINC, "77386006", ()),
        ("", "77386006", ()),
        (ICD_10_CM, "F10.20", ("substance-use-disorder", "alcohol-use-disorder")),
        (ICD_10_CM, "F1020", ("substance-use-disorder", "alcohol-use-disorder")),
        (ICD_10_CM, "f10.2", ("substance-use-disorder", "alcohol-use-disorder")),
        (ICD_10_CM, "F10.1", ("substance-use-disorder",)),
        (ICD_10_CM, "F2", ()),
    ],
)
def test_a_code_means_a_concept_by_its_system_exactly_or_by_prefix(system: str, code: str, found: tuple[str, ...]) -> None:
    assert INDEX.concepts_of(concept(system, code)) == found


def test_several_codings_of_one_concept_are_one_concept() -> None:
    both = {"coding": [*concept(LOINC, "44261-6")["coding"], *concept("urn:oid:2.16.840.1.113883.6.1", "44261-6")["coding"]]}
    assert INDEX.concepts_of(both) == ("phq9",)
    assert INDEX.concepts_of(None) == ()


def test_two_endings_have_a_meaning() -> None:
    assert (is_history("overdose-history"), is_history("pregnancy")) == (True, False)
    assert (status_of("pregnancy-status"), status_of("pregnancy")) == ("pregnancy", "")
