"""The allergies of the strip: what stands now, what is denied, and neither where nothing is listed."""

from typing import Any

import pytest

from fhir_taper.mappers.read.allergy_list import AllergyList, read_allergies
from fhir_taper.plans.tables import load
from tests.mappers.charts import PATIENT, bundle, chart_of, concept, resource

SNOMED = "http://snomed.info/sct"
CONCEPTS = load().medicines.concepts


def allergy(name: str, **elements: Any) -> dict[str, Any]:
    return resource("AllergyIntolerance", name, patient={"reference": "Patient/p1"}, code={"text": name}, **elements)


def listed(*allergies: dict[str, Any]) -> AllergyList:
    return read_allergies(chart_of(bundle(PATIENT, *allergies)), CONCEPTS)


def test_current_allergies_are_named_each_once() -> None:
    again = allergy("penicillin") | {"id": "again"}
    assert listed(allergy("penicillin"), again, allergy("codeine")) == AllergyList(("penicillin", "codeine"))


@pytest.mark.parametrize(
    "over",
    [
        {"verificationStatus": {"coding": [{"code": "refuted"}]}},
        {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
        {"clinicalStatus": {"coding": [{"code": "resolved"}]}},
    ],
)
def test_what_is_refuted_mistaken_or_over_is_not_listed(over: dict[str, Any]) -> None:
    assert listed(allergy("penicillin", **over)) == AllergyList()


def test_a_record_that_none_is_known_is_no_allergy() -> None:
    none_known = allergy("nkda") | {"code": concept(SNOMED, "409137002", "No known drug allergy")}
    assert listed(none_known) == AllergyList((), ("No known drug allergy",))


def test_an_allergy_without_a_name_still_counts() -> None:
    assert listed(allergy("x") | {"code": {}}) == AllergyList(("an allergy without a name",))
