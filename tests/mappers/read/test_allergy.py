"""Allergies as facts."""

from datetime import date
from typing import Any

import pytest

from fhir_taper.mappers.read.allergy import allergy_facts
from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.systems import ALLERGY_CLINICAL, ALLERGY_VERIFICATION, SNOMED
from fhir_taper.plans.tapers.chart_facts import Fact
from tests.mappers.charts import SmallCatalogue, chart_of, concept, meaning, resource

INDEX = ConceptIndex([meaning("opioid-allergy", SNOMED, "1")])


def facts(code: dict[str, Any], **elements: Any) -> list[Fact]:
    chart = chart_of(resource("AllergyIntolerance", "a1", code=code, **elements))
    return list(allergy_facts(chart.of("AllergyIntolerance")[0], INDEX, SmallCatalogue()))


def test_an_allergy_names_its_ingredient_and_its_concept() -> None:
    found = facts(concept(SNOMED, "1", "Allergy to Percocet"), recordedDate="2020-02-03")
    assert found == [
        Fact("allergy:oxycodone", "AllergyIntolerance/a1", "Allergy to Percocet", on=date(2020, 2, 3)),
        Fact("opioid-allergy", "AllergyIntolerance/a1", "Allergy to Percocet", on=date(2020, 2, 3)),
    ]


def test_an_allergy_to_what_we_do_not_know_is_no_fact() -> None:
    assert facts({"text": "latex"}) == []


@pytest.mark.parametrize("status", ["inactive", "resolved"])
def test_an_allergy_that_is_over_is_history(status: str) -> None:
    assert [fact.is_active for fact in facts({"text": "diazepam"}, clinicalStatus=concept(ALLERGY_CLINICAL, status))] == [False]


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_an_allergy_that_is_refuted_is_no_fact(status: str) -> None:
    assert facts({"text": "diazepam"}, verificationStatus=concept(ALLERGY_VERIFICATION, status)) == []
