"""Charts with anything anywhere: read, set aside or refused with a typed error, never a crash."""

import copy
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_taper.errors import BadInput
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.read.facts import read_facts
from fhir_taper.plans.tables.medicine_tables import load_medicines
from tests.mappers.charts import OXYCODONE, PATIENT, TWICE_DAILY, bundle, concept, order, resource

LOINC = "http://loinc.org"
SOUND = bundle(
    PATIENT | {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/tz-code", "valueCode": "UTC"}], "meta": {"versionId": "1"}},
    order("m1", authoredOn="2025-01-01", dosageInstruction=[{**TWICE_DAILY, "text": "one tablet twice daily", "asNeededBoolean": False}]),
    order(
        "m2", medicationCodeableConcept=..., medicationReference={"reference": "#x"}, contained=[{"resourceType": "Medication", "id": "x"}]
    ),
    resource("MedicationStatement", "s1", status="active", medicationCodeableConcept=OXYCODONE, effectivePeriod={"start": "2025"}),
    resource("MedicationDispense", "d1", status="completed", medicationCodeableConcept=OXYCODONE, daysSupply={"value": 30}),
    resource("Condition", "c1", code=concept("http://snomed.info/sct", "77386006"), onsetDateTime="2025-01-01"),
    resource("Observation", "o1", status="final", code=concept(LOINC, "44261-6"), valueQuantity={"value": 17, "unit": "{score}"}),
    resource(
        "Observation",
        "o2",
        status="final",
        code=concept(LOINC, "44249-1"),
        component=[{"code": concept(LOINC, "44260-8"), "valueInteger": 1}],
    ),
    resource("AllergyIntolerance", "a1", code={"text": "diazepam"}, clinicalStatus=concept("x", "active")),
    {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "x", "details": {"text": "fine"}}]},
    kind="searchset",
    link=[{"relation": "self", "url": "u"}],
    total=10,
)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", " ", "Patient/p2", "#x", "urn:uuid:x", "2025-13-45", "Bundle", "1e5", "http://loinc.org", "\u0000"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "coding", "code", "reference", "resourceType"]), inner)
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of a JSON value below the top."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in children for place in [(*path, key), *places(inner, (*path, key))]]


PLACES = places(SOUND)


def changed(path: tuple[str | int, ...], value: Any) -> Any:
    document: Any = copy.deepcopy(SOUND)
    holder: Any = document
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    return document


def read_whatever(data: bytes) -> None:
    medicines = load_medicines()
    try:
        chart = decode_chart([("chart.json", data)])
    except BadInput as refused:
        assert "\n" not in str(refused)  # noqa: PT017 — either ending is allowed
        return
    read_facts(chart, medicines, medicines.concepts, date(2026, 1, 5))
    for aside in chart.set_aside:
        assert aside.why
        assert not chart.complete


@settings(max_examples=200)
@given(path=st.sampled_from(PLACES), value=anything)
def test_one_wrong_value_anywhere_never_crashes(path: tuple[str | int, ...], value: Any) -> None:
    read_whatever(json.dumps(changed(path, value)).encode())


@settings(max_examples=200)
@given(document=anything | st.builds(lambda inner: {"resourceType": "Bundle", "entry": [{"resource": inner}]}, anything))
def test_any_json_never_crashes(document: Any) -> None:
    read_whatever(json.dumps(document).encode())


@settings(max_examples=200)
@given(data=st.binary(max_size=60) | st.integers(0, 2000).map(lambda end: json.dumps(SOUND).encode()[:end]))
def test_any_bytes_never_crash(data: bytes) -> None:
    read_whatever(data)


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_null_anywhere_never_crashes(path: tuple[str | int, ...]) -> None:
    read_whatever(json.dumps(changed(path, None)).encode())
