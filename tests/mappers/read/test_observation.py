"""Observations as facts: numbers with units, coded answers, absent values."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.read.observation import Observed, concepts_of_observation, read_observation
from fhir_taper.mappers.systems import LOINC, SNOMED, UCUM
from fhir_taper.plans.tables.chart_tables import load_chart_tables
from tests.mappers.charts import chart_of, concept, meaning, resource

PHQ9, ITEM9, EGFR, SLEEP, STATUS = "44261-6", "44260-8", "33914-3", "93832-4", "82810-3"
INDEX = ConceptIndex(
    [
        meaning("phq9", LOINC, PHQ9),
        meaning("phq9-item9", LOINC, ITEM9),
        meaning("egfr", LOINC, EGFR),
        meaning("sleep-hours", LOINC, SLEEP),
        meaning("pregnancy-status", LOINC, STATUS),
        meaning("pregnancy", SNOMED, "77386006"),
    ]
)


def observed(code: str, **elements: Any) -> Observed:
    elements = {"status": "final", "effectiveDateTime": "2026-01-02", **elements}
    chart = chart_of(resource("Observation", "o1", code=concept(LOINC, code, "Score"), **elements))
    return read_observation(chart.of("Observation")[0], INDEX, load_chart_tables())


def value(**elements: Any) -> tuple[Decimal | None, str]:
    (fact,) = observed(EGFR, **elements).facts
    return fact.value, fact.unit


def test_a_number_is_a_fact_with_its_unit_its_day_and_its_source() -> None:
    (fact,) = observed(EGFR, valueQuantity={"value": 42, "unit": "ml/min", "system": UCUM, "code": "mL/min/{1.73_m2}"}).facts
    assert (fact.concept, fact.source, fact.says) == ("egfr", "Observation/o1", "Score")
    assert (fact.value, fact.unit, fact.on, fact.is_active) == (Decimal(42), "mL/min/{1.73_m2}", date(2026, 1, 2), True)


@pytest.mark.parametrize(
    ("elements", "number", "unit"),
    [
        ({"valueInteger": 42}, "42", ""),
        ({"valueString": "42"}, "42", ""),
        ({"valueString": " 42.5 mL/min "}, "42.5", "mL/min"),
        ({"valueQuantity": {"value": 42}}, "42", ""),
        ({"valueQuantity": {"value": 42, "unit": "ml/min/1.73m2"}}, "42", "mL/min/1.73m2"),
        ({"valueQuantity": {"value": 42, "unit": "kilograms"}}, "42", "kg"),
        ({"valueQuantity": {"value": 42, "unit": "U", "system": "http://ehr.example.org/units", "code": "99"}}, "42", "U"),
        ({"valueQuantity": {"value": 42, "code": "{score}"}}, "42", "{score}"),
        ({"valueCodeableConcept": {"text": "42"}}, "42", ""),
    ],
    ids=str,
)
def test_a_number_is_read_in_whatever_way_it_is_written(elements: dict[str, Any], number: str, unit: str) -> None:
    assert value(**elements) == (Decimal(number), unit)


@pytest.mark.parametrize("elements", [{"valueQuantity": {"value": 15, "comparator": "<"}}, {"valueString": "<15"}])
def test_a_bound_keeps_its_number_and_says_that_it_is_one(elements: dict[str, Any]) -> None:
    (fact,) = observed(EGFR, **elements).facts
    assert (fact.value, fact.says) == (Decimal(15), "Score <15")


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        (concept(LOINC, "LA6568-5"), 0),
        (concept(LOINC, "LA6571-9"), 3),
        ({"coding": [{"code": "x", "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 2}]}]}, 2),
    ],
    ids=str,
)
def test_a_coded_answer_has_points(answer: dict[str, Any], points: int) -> None:
    (fact,) = observed(ITEM9, valueCodeableConcept=answer).facts
    assert fact.value == points


def test_components_are_read_by_their_own_codes() -> None:
    item = {"code": concept(LOINC, ITEM9, "Item 9"), "valueInteger": 1}
    other = {"code": concept(LOINC, "0-0"), "valueInteger": 9}
    found = observed(PHQ9, valueInteger=17, component=[item, other, 5]).facts
    assert [(fact.concept, fact.value) for fact in found] == [("phq9", Decimal(17)), ("phq9-item9", Decimal(1))]
    assert [fact.concept for fact in observed("44249-1", component=[item]).facts] == ["phq9-item9"]


@pytest.mark.parametrize(
    "elements",
    [
        {"dataAbsentReason": concept("x", "unknown")},
        {"component": []},
        {"hasMember": [{"reference": "Observation/x"}]},
        {"status": "entered-in-error", "valueInteger": 5},
        {"status": "cancelled", "valueInteger": 5},
        {"status": "registered", "valueInteger": 5},
        {"status": "unknown", "valueInteger": 5},
    ],
    ids=str,
)
def test_an_absent_value_is_no_fact_and_never_zero(elements: dict[str, Any]) -> None:
    assert observed(PHQ9, **elements) == Observed()


@pytest.mark.parametrize("status", ["preliminary", "amended", "corrected", ...])
def test_a_value_that_stands_is_a_fact(status: Any) -> None:
    assert len(observed(PHQ9, status=status, valueInteger=5).facts) == 1


@pytest.mark.parametrize("quantity", [{"unit": "x"}, {"value": None}, {"value": True}])
def test_a_value_that_cannot_be_read_is_an_issue_and_no_fact(quantity: dict[str, Any]) -> None:
    found = observed(PHQ9, valueQuantity=quantity)
    assert found.facts == ()
    assert [(issue.severity, issue.code, issue.source) for issue in found.issues] == [("warning", "value-not-read", "Observation/o1")]


def test_something_that_was_seen_without_a_number_is_a_fact_with_its_words() -> None:
    (fact,) = observed(PHQ9, valueString="declined today").facts
    assert (fact.value, fact.says) == (None, "Score: declined today")


def test_minutes_of_sleep_are_hours() -> None:
    (fact,) = observed(SLEEP, valueQuantity={"value": 400, "unit": "minutes"}).facts
    assert (fact.value, fact.unit) == (Decimal("6.666667"), "h")


@pytest.mark.parametrize(
    ("elements", "active"),
    [
        ({"valueCodeableConcept": concept(SNOMED, "77386006", "Pregnant")}, True),
        ({"valueCodeableConcept": concept(SNOMED, "60001007", "Not pregnant")}, False),
        ({"valueCodeableConcept": concept(LOINC, "LA26683-5", "Not pregnant")}, False),
        ({"valueCodeableConcept": concept(LOINC, "LA33-6", "Yes")}, True),
        ({"valueBoolean": True}, True),
        ({"valueBoolean": False}, False),
        ({"valueString": "No"}, False),
    ],
    ids=str,
)
def test_a_status_says_whether_it_is_so(elements: dict[str, Any], active: bool) -> None:
    found = observed(STATUS, **elements)
    assert [(fact.concept, fact.is_active) for fact in found.answers] == [("pregnancy", active)]
    assert (found.facts, found.issues) == ((), ())


def test_a_status_that_is_not_understood_is_an_issue() -> None:
    found = observed(STATUS, valueCodeableConcept={"text": "possible"})
    assert (found.facts, found.answers) == ((), ())
    assert "'possible' is not understood" in found.issues[0].message


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"effectiveDateTime": "2026-01-02T23:30:00-05:00"}, date(2026, 1, 2)),
        ({"effectiveDateTime": ..., "effectivePeriod": {"start": "2026-01-01", "end": "2026-01-03"}}, date(2026, 1, 3)),
        ({"effectiveDateTime": ..., "effectivePeriod": {"start": "2026-01-01"}}, date(2026, 1, 1)),
        ({"effectiveDateTime": ..., "effectiveInstant": "2026-01-04T00:00:00Z"}, date(2026, 1, 4)),
        ({"effectiveDateTime": ..., "issued": "2026-01-05T00:00:00Z"}, date(2026, 1, 5)),
        ({"effectiveDateTime": ...}, None),
        ({"effectiveDateTime": "soon"}, None),
    ],
    ids=str,
)
def test_the_day_is_the_one_that_is_written(elements: dict[str, Any], day: date | None) -> None:
    assert [fact.on for fact in observed(PHQ9, valueInteger=1, **elements).facts] == [day]


def test_an_observation_of_nothing_that_we_ask_for_is_passed_over() -> None:
    assert concepts_of_observation({"code": concept(LOINC, PHQ9)}, INDEX)
    assert concepts_of_observation({"component": [{"code": concept(LOINC, ITEM9)}]}, INDEX)
    assert not concepts_of_observation({"code": concept(LOINC, "0-0"), "component": "x"}, INDEX)


def test_a_code_without_words_is_called_by_our_name_for_it_and_its_digits_are_no_number() -> None:
    chart = chart_of(resource("Observation", "o1", status="final", code={"coding": [{"system": LOINC, "code": PHQ9}]}, valueInteger=17))
    (fact,) = read_observation(chart.of("Observation")[0], INDEX, load_chart_tables()).facts
    assert (fact.says, fact.value) == ("phq9", Decimal(17))  # the name of the row in this test's index
    (answer,) = observed(STATUS, valueCodeableConcept={"coding": [{"system": SNOMED, "code": "77386006"}]}).answers
    assert (answer.says, answer.is_active) == ("pregnancy", True)
    (coded,) = observed(PHQ9, valueCodeableConcept={"coding": [{"system": SNOMED, "code": "17"}]}).facts
    assert coded.value is None


def test_a_bound_on_minutes_of_sleep_is_said_in_hours() -> None:
    (fact,) = observed(SLEEP, valueQuantity={"value": 300, "comparator": "<", "unit": "min", "code": "min", "system": UCUM}).facts
    assert (fact.says, fact.value, fact.unit) == ("Score <5", Decimal(5), "h")
