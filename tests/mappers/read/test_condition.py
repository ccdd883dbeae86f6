"""Conditions as facts."""

from datetime import date
from typing import Any

import pytest

from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.read.condition import condition_facts
from fhir_taper.mappers.systems import CONDITION_CLINICAL, CONDITION_VERIFICATION, SNOMED
from fhir_taper.plans.tapers.chart_facts import Fact
from tests.mappers.charts import chart_of, concept, meaning, resource

AS_OF = date(2026, 1, 5)
INDEX = ConceptIndex([meaning("falls", SNOMED, "1"), meaning("overdose-history", SNOMED, "2")])


def facts(code: str = "1", **elements: Any) -> list[Fact]:
    chart = chart_of(resource("Condition", "c1", code=concept(SNOMED, code, "Falls"), **elements))
    return list(condition_facts(chart.of("Condition")[0], INDEX, AS_OF))


def clinical(code: str) -> dict[str, Any]:
    return {"clinicalStatus": concept(CONDITION_CLINICAL, code)}


def verified(code: str) -> dict[str, Any]:
    return {"verificationStatus": concept(CONDITION_VERIFICATION, code)}


def test_an_active_condition_is_a_fact_with_its_words_its_day_and_its_source() -> None:
    assert facts(onsetDateTime="2024-05", **clinical("active")) == [Fact("falls", "Condition/c1", "Falls", on=date(2024, 5, 1))]


def test_a_condition_that_means_none_of_our_concepts_is_no_fact() -> None:
    assert facts("9") == []


@pytest.mark.parametrize(
    ("elements", "active"),
    [
        (clinical("active"), True),
        (clinical("recurrence"), True),
        (clinical("relapse"), True),
        (clinical("inactive"), False),
        (clinical("remission"), False),
        (clinical("resolved"), False),
        ({"clinicalStatus": {"text": "Resolved"}}, False),
        ({}, True),
        ({"abatementDateTime": "2025-12"}, False),
        ({"abatementDateTime": "2027"}, True),
        ({"abatementBoolean": True}, False),
        (clinical("active") | {"abatementDateTime": "2025"}, True),
    ],
    ids=str,
)
def test_what_is_over_is_history_and_no_status_is_not_over(elements: dict[str, Any], active: bool) -> None:
    assert [fact.is_active for fact in facts(**elements)] == [active]


def test_a_history_stays_true_when_the_condition_is_over() -> None:
    assert [fact.is_active for fact in facts("2", **clinical("resolved"))] == [True]


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_what_is_refuted_or_an_error_is_no_fact(status: str) -> None:
    assert facts(**clinical("active"), **verified(status)) == []
    assert facts("2", **verified(status)) == []


@pytest.mark.parametrize("status", ["unconfirmed", "provisional", "differential"])
def test_what_is_not_confirmed_is_a_fact_that_says_so(status: str) -> None:
    assert [fact.says for fact in facts(**verified(status))] == [f"Falls ({status})"]


def test_the_day_is_the_onset_else_the_day_of_recording_else_unknown() -> None:
    assert [fact.on for fact in facts(onsetPeriod={"start": "2024"}, recordedDate="2025-01-01")] == [date(2024, 1, 1)]
    assert [fact.on for fact in facts(recordedDate="2025-01-01T23:00:00-08:00")] == [date(2025, 1, 1)]
    assert [fact.on for fact in facts(onsetString="as a child")] == [None]
