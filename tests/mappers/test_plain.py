"""What is sound by its look, the FHIR model accepts; what is odd is left for the model."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_taper.mappers.fhir import model_of
from fhir_taper.mappers.plain import is_plain, without_plain_concepts
from tests.mappers.charts import concept, order

SCORE = {"status": "final", "code": concept("http://loinc.org", "44261-6", "PHQ-9"), "effectiveDateTime": "2026-01-05"}
FALLS = {"code": {"text": "Falls"}, "clinicalStatus": concept("x", "active", "Active"), "onsetDateTime": "2026-01-05T10:00:00Z"}

texts = st.sampled_from(["", " ", "a", "a b", "a  b", " a", "a\n", "a\u00a0b", "\u3000", "2026-01-05", "9", "é"]) | st.text(max_size=4)
days = st.sampled_from(
    [
        "2026-01-05",
        "2026-01-05T10:00:00Z",
        "2026-01-05T23:59:59.123456-13:59",
        "2026-01-05T10:00:00+14:00",
        "2026-02-30",
        "2026",
        "0000-01-01",
    ]
)
coding = st.dictionaries(st.sampled_from(["system", "version", "code", "display", "userSelected"]), texts, max_size=4)
concepts = st.fixed_dictionaries({}, optional={"text": texts, "coding": st.lists(coding, max_size=2)})
numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.booleans()
quantities = st.fixed_dictionaries({}, optional={"value": numbers, "unit": texts, "system": texts, "code": texts, "comparator": texts})
values = st.fixed_dictionaries(
    {},
    optional={
        "valueQuantity": quantities,
        "valueCodeableConcept": concepts,
        "valueString": texts,
        "valueBoolean": st.booleans(),
        "valueInteger": st.integers(-(2**40), 2**40),
        "dataAbsentReason": concepts,
    },
)
components = st.lists(st.builds(lambda code, value: {"code": code, **value}, concepts, values), max_size=2)
observations = st.builds(lambda fixed, value: {**fixed, **value}, st.fixed_dictionaries(
    {"status": texts, "code": concepts}, optional={"effectiveDateTime": days, "component": components}
), values)  # fmt: skip
conditions = st.fixed_dictionaries(
    {}, optional={"code": concepts, "clinicalStatus": concepts, "verificationStatus": concepts, "onsetDateTime": days, "recordedDate": days}
)


def accepts(kind: str, elements: dict[str, Any]) -> None:
    whose: dict[str, Any] = {"patient": {}} if kind == "AllergyIntolerance" else {"subject": {}}
    model_of(kind).model_validate({"resourceType": kind, **whose, **copy.deepcopy(elements)})


@pytest.mark.parametrize(("kind", "elements"), [("Observation", SCORE), ("Condition", FALLS), ("AllergyIntolerance", FALLS)])
def test_a_usual_resource_is_plain(kind: str, elements: dict[str, Any]) -> None:
    assert is_plain(kind, elements)
    accepts(kind, elements)


@settings(max_examples=300)
@given(
    elements=observations
    | st.builds(lambda value: {**SCORE, **value}, values)
    | st.builds(lambda parts: {**SCORE, "component": parts}, components)
)
def test_an_observation_that_is_plain_is_one_that_the_model_accepts(elements: dict[str, Any]) -> None:
    if is_plain("Observation", elements):
        accepts("Observation", elements)
    assert not is_plain("Observation", {**elements, "madeUp": 1})


@settings(max_examples=200)
@given(elements=conditions | st.builds(lambda day: {**FALLS, "onsetDateTime": day}, days))
def test_a_condition_or_allergy_that_is_plain_is_one_that_the_model_accepts(elements: dict[str, Any]) -> None:
    for kind in ("Condition", "AllergyIntolerance"):
        if is_plain(kind, elements):
            accepts(kind, elements)
    assert not is_plain("Observation", elements)


@settings(max_examples=200)
@given(found=concepts)
def test_a_concept_that_is_left_out_is_one_that_the_model_accepts(found: dict[str, Any]) -> None:
    if without_plain_concepts({"type": found}) == {}:
        accepts("Observation", {**SCORE, "code": found})


@pytest.mark.parametrize(
    "odd",
    [
        {"status": 5},
        {"code": {}},
        {"code": {"coding": []}},
        {"code": {"coding": [{"code": "x", "userSelected": True}]}},
        {"code": {"coding": [{"code": 5}]}},
        {"effectiveDateTime": "2026-02-30"},
        {"effectiveDateTime": "2026-01-05T10:00:00"},
        {"effectiveDateTime": 2026},
        {"valueQuantity": {"unit": "x"}},
        {"valueQuantity": {"value": True}},
        {"valueQuantity": {"value": Decimal("1E+99")}},
        {"valueQuantity": {"value": 1, "comparator": "<"}},
        {"valueInteger": 1, "valueString": "x"},
        {"valueInteger": 2**31},
        {"component": [{"valueInteger": 1}]},
        {"component": [5]},
        {"_status": {"extension": []}},
    ],
    ids=str,
)
def test_what_is_odd_in_any_way_is_left_for_the_model(odd: dict[str, Any]) -> None:
    assert not is_plain("Observation", SCORE | odd)


def test_an_order_is_never_plain_but_its_concepts_may_be() -> None:
    assert not is_plain("MedicationRequest", order())
    dosage = {
        "text": "one  tablet",
        "route": concept("http://snomed.info/sct", "26643006", "Oral"),
        "asNeededCodeableConcept": {"text": "pain"},
    }
    odd = {"coding": [{"code": 5}]}
    assert without_plain_concepts({"dosageInstruction": [dosage | {"method": odd}]}) == {
        "dosageInstruction": [{"text": "one  tablet", "asNeededCodeableConcept": {"text": "plain"}, "method": odd}]
    }
