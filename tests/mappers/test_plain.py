"""What is sound by its look, the FHIR model accepts; what is odd is left for the model."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_taper.mappers.fhir import model_of
from fhir_taper.mappers.plain import is_plain, without_plain_concepts
from fhir_taper.mappers.shape import misleading
from tests.mappers.charts import concept

SCORE = {"status": "final", "code": concept("http://loinc.org", "44261-6", "PHQ-9"), "effectiveDateTime": "2026-01-05"}
FALLS = {"code": {"text": "Falls"}, "clinicalStatus": concept("x", "active", "Active"), "onsetDateTime": "2026-01-05T10:00:00Z"}
ONE_TABLET = {"value": 1, "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{tbl}"}
A_WEEK = {"start": "2026-01-05", "end": "2026-01-11T23:59:59Z"}
DOSAGE: dict[str, Any] = {
    "sequence": 1,
    "text": "1 tablet  by mouth\ntwice daily",
    "patientInstruction": "with food",
    "additionalInstruction": [{"text": "with food"}],
    "timing": {
        "event": ["2026-01-05"],
        "repeat": {
            "boundsPeriod": A_WEEK, "frequency": 2, "frequencyMax": 3, "period": 1, "periodMax": Decimal("1.5"), "periodUnit": "d",
            "count": 3, "countMax": 4, "duration": 1, "durationUnit": "h", "offset": 0,
            "dayOfWeek": ["mon"], "when": ["AC"], "timeOfDay": ["08:00:00"],
        },
        "code": {"text": "BID"},
    },
    "asNeededBoolean": True,
    "site": {"text": "mouth"},
    "route": concept("http://snomed.info/sct", "26643006", "Oral"),
    "method": {"text": "swallow"},
    "doseAndRate": [
        {"type": {"text": "ordered"}, "doseRange": {"low": ONE_TABLET, "high": ONE_TABLET}, "rateQuantity": ONE_TABLET},
        {"doseQuantity": ONE_TABLET, "rateRatio": {"numerator": ONE_TABLET, "denominator": ONE_TABLET}},
    ],
    "maxDosePerPeriod": {"numerator": ONE_TABLET, "denominator": {"value": 1, "unit": "d"}},
    "maxDosePerAdministration": ONE_TABLET,
    "maxDosePerLifetime": ONE_TABLET,
}  # fmt: skip
DRUG = {"code": {"text": "oxycodone"}, "status": "active", "form": {"text": "tablet"}}
ORDERS: dict[str, dict[str, Any]] = {
    "MedicationRequest": {
        "status": "active",
        "intent": "order",
        "doNotPerform": False,
        "reportedBoolean": False,
        "medicationCodeableConcept": {"coding": [{"code": "7804", "display": "oxycodone", "userSelected": True}], "text": "oxycodone"},
        "authoredOn": "2026-01-05T10:00:00+01:00",
        "dosageInstruction": [DOSAGE],
        "dispenseRequest": {
            "validityPeriod": A_WEEK,
            "numberOfRepeatsAllowed": 0,
            "quantity": ONE_TABLET,
            "expectedSupplyDuration": {"value": 30, "unit": "d"},
            "dispenseInterval": {"value": 7, "unit": "d"},
            "performer": {"reference": "Organization/o1", "type": "Organization", "display": "A pharmacy"},
        },
    },
    "MedicationStatement": {
        "status": "active",
        "medicationReference": {"reference": "#m"},
        "contained": [{"resourceType": "Medication", **DRUG}],
        "effectivePeriod": A_WEEK,
        "dosage": [DOSAGE],
    },
    "MedicationDispense": {
        "status": "completed",
        "medicationReference": {"reference": "Medication/m1", "display": "oxycodone"},
        "quantity": ONE_TABLET,
        "daysSupply": {"value": 30, "unit": "d"},
        "whenPrepared": "2026-01-05",
        "whenHandedOver": "2026-01-05T10:00:00Z",
        "dosageInstruction": [DOSAGE],
    },
    "Medication": DRUG,
    "Patient": {
        "name": [
            {"use": "official", "text": "Ada B", "family": "B", "given": ["Ada"], "prefix": ["Dr"], "suffix": ["Jr"], "period": A_WEEK}
        ],
        "gender": "female",
        "birthDate": "1970-03-01",
        "deceasedDateTime": "2026-01-05T10:00:00Z",
    },
}

OF_NOBODY = ("Medication", "Patient")
"""Types without a reference to the patient."""

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


EVERY_NAME = sorted(
    {name for record in ORDERS.values() for name in record} | set(DOSAGE) | set(DOSAGE["timing"]["repeat"]) | set(ONE_TABLET)
)
odd = (
    texts
    | days
    | numbers
    | quantities
    | concepts
    | st.none()
    | st.just([])
    | st.just({})
    | st.sampled_from([-1, 0, 2**31, "1970-03", "24:00:00", "08:00", "9999-12-31T23:59:60Z", [None], [{}]])
)


@st.composite
def changed(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A full record of this type in which one element, however deep, is something else, is left out, or has a neighbour."""
    made = copy.deepcopy(ORDERS[kind])
    holder: Any = made
    while True:
        key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
        if not isinstance(holder[key], (dict, list)) or not holder[key] or draw(st.integers(0, 3)) == 0:
            break
        holder = holder[key]
    match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
        case "replace":
            holder[key] = draw(odd)
        case "remove":
            del holder[key]
        case _ if isinstance(holder, dict):
            holder[draw(st.sampled_from(EVERY_NAME))] = draw(odd)
        case _:
            holder.append(draw(odd))
    return made


def accepts(kind: str, elements: dict[str, Any]) -> None:
    assert list(misleading(elements)) == []
    whose: dict[str, Any] = {"patient": {}} if kind == "AllergyIntolerance" else {"subject": {}} if kind not in OF_NOBODY else {}
    model_of(kind).model_validate({"resourceType": kind, **whose, **copy.deepcopy(elements)})


@pytest.mark.parametrize(
    ("kind", "elements"), [("Observation", SCORE), ("Condition", FALLS), ("AllergyIntolerance", FALLS), *ORDERS.items()]
)
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
        {"code": {"coding": [{"code": "x", "userSelected": "true"}]}},
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


@pytest.mark.parametrize("kind", sorted(ORDERS))
@settings(max_examples=200)
@given(data=st.data())
def test_a_record_of_a_medicine_that_is_plain_is_one_that_the_model_accepts(kind: str, data: st.DataObject) -> None:
    elements = data.draw(changed(kind))
    if is_plain(kind, elements):
        accepts(kind, elements)


@pytest.mark.parametrize(
    "odd",
    [
        {"status": None},
        {"intent": ""},
        {"medicationReference": {"reference": "Medication/m1"}},
        {"modifierExtension": [{"url": "x"}]},
        {"dosageInstruction": []},
        {"dosageInstruction": [{}]},
        {"dosageInstruction": [{"asNeededBoolean": True, "asNeededCodeableConcept": {"text": "pain"}}]},
        {"dosageInstruction": [{"timing": {"repeat": {"frequency": 0}}}]},
        {"dosageInstruction": [{"timing": {"repeat": {"frequency": Decimal(1)}}}]},
        {"dosageInstruction": [{"timing": {"repeat": {"period": "1"}}}]},
        {"dosageInstruction": [{"timing": {"repeat": {"timeOfDay": ["8:00"]}}}]},
        {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": ONE_TABLET, "doseRange": {"low": ONE_TABLET}}]}]},
        {"dosageInstruction": [{"extension": [{"url": "x"}]}]},
        {"dispenseRequest": {"numberOfRepeatsAllowed": -1}},
        {"dispenseRequest": {"quantity": {"value": "30"}}},
        {"contained": [{"resourceType": "Organization"}]},
    ],
    ids=str,
)
def test_an_order_that_is_odd_in_any_way_is_left_for_the_model(odd: dict[str, Any]) -> None:
    assert not is_plain("MedicationRequest", ORDERS["MedicationRequest"] | odd)


@pytest.mark.parametrize(
    "odd",
    [
        {"birthDate": "1970-03"},
        {"birthDate": "1970-03-01T10:00:00Z"},
        {"birthDate": 1970},
        {"deceasedBoolean": False},
        {"name": {"text": "Ada"}},
        {"name": [{"given": "Ada"}]},
        {"name": ["Ada"]},
        {"_birthDate": {"extension": []}},
    ],
    ids=str,
)
def test_a_person_who_is_odd_in_any_way_is_left_for_the_model(odd: dict[str, Any]) -> None:
    assert not is_plain("Patient", ORDERS["Patient"] | odd)


def test_plain_concepts_of_an_odd_order_are_not_shown_to_the_model() -> None:
    dosage = {
        "text": "one  tablet",
        "route": concept("http://snomed.info/sct", "26643006", "Oral"),
        "asNeededCodeableConcept": {"text": "pain"},
    }
    odd = {"coding": [{"code": 5}]}
    assert without_plain_concepts({"dosageInstruction": [dosage | {"method": odd}]}) == {
        "dosageInstruction": [{"text": "one  tablet", "asNeededCodeableConcept": {"text": "plain"}, "method": odd}]
    }
