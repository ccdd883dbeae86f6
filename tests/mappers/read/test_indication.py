"""What an order says it is for: a code is a fact of the patient, words that nobody compared are named."""

from datetime import date
from typing import Any

import pytest

from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.facts import read_facts
from fhir_taper.mappers.systems import ICD_10_CM, RXNORM, SNOMED
from fhir_taper.plans.tables.medicine_tables import load_medicines
from fhir_taper.plans.tapers.chart_facts import ChartFacts
from tests.mappers.charts import PATIENT, chart_of, concept, order, resource

AS_OF = date(2026, 1, 5)
CLONAZEPAM = {"coding": [{"system": RXNORM, "code": "197527", "display": "clonazepam 0.5 MG Oral Tablet"}]}
LISINOPRIL = {"text": "lisinopril 10 MG Oral Tablet"}
EPILEPSY = concept(SNOMED, "84757009", "Epilepsy")


def read(*documents: Any) -> Mapped[ChartFacts]:
    return read_facts(chart_of([PATIENT, *documents]), load_medicines(), load_medicines().concepts, AS_OF)


def clonazepam(**elements: Any) -> dict[str, Any]:
    return order("m1", **{"medicationCodeableConcept": CLONAZEPAM, "authoredOn": "2025-12-01", **elements})


def indications(*documents: Any) -> list[tuple[str, str, str]]:
    facts = read(*documents).value.facts
    return [(one.concept, one.source, one.says) for one in facts if not one.concept.startswith("medicine") and one.is_active]


def not_read(*documents: Any) -> tuple[str, ...]:
    return read(*documents).value.not_read


# A code


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (EPILEPSY, "antiseizure-indication"),
        (concept(ICD_10_CM, "G40.909"), "antiseizure-indication"),
        (concept(ICD_10_CM, "G89.3"), "active-cancer"),
    ],
    ids=["snomed", "icd", "cancer"],
)
def test_a_coded_reason_of_an_order_is_a_fact_of_the_patient(code: dict[str, Any], name: str) -> None:
    ((found, source, says),) = indications(clonazepam(reasonCode=[code]))
    assert (found, source) == (name, "MedicationRequest/m1")
    assert "indication of clonazepam" in says


def test_a_coded_reason_of_a_reported_medicine_is_a_fact() -> None:
    report = resource("MedicationStatement", "s1", status="active", medicationCodeableConcept=CLONAZEPAM, reasonCode=[EPILEPSY])
    assert [found[:2] for found in indications(report)] == [("antiseizure-indication", "MedicationStatement/s1")]


def test_a_reason_of_any_medicine_says_what_the_patient_has() -> None:
    assert [found[0] for found in indications(clonazepam(medicationCodeableConcept=LISINOPRIL, reasonCode=[EPILEPSY]))] == [
        "antiseizure-indication"
    ]


@pytest.mark.parametrize("as_needed", [{"asNeededCodeableConcept": EPILEPSY}])
def test_what_it_is_needed_for_is_a_reason(as_needed: dict[str, Any]) -> None:
    assert [found[0] for found in indications(clonazepam(dosageInstruction=[as_needed]))] == ["antiseizure-indication"]


@pytest.mark.parametrize("status", ["active", "resolved"])
def test_a_reason_that_is_a_diagnosis_of_the_chart_is_current_as_long_as_the_order_is(status: str) -> None:
    diagnosis = resource("Condition", "c1", code=EPILEPSY, clinicalStatus={"coding": [{"code": status}]})
    found = indications(diagnosis, clonazepam(reasonReference=[{"reference": "Condition/c1"}]))
    assert ("antiseizure-indication", "MedicationRequest/m1") in [one[:2] for one in found]


def test_a_reason_that_stands_inside_the_order_is_read() -> None:
    inside = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}, "code": EPILEPSY}
    assert "antiseizure-indication" in [
        one[0] for one in indications(clonazepam(contained=[inside], reasonReference=[{"reference": "#c"}]))
    ]


def test_a_refuted_diagnosis_is_no_reason() -> None:
    diagnosis = resource("Condition", "c1", code=EPILEPSY, verificationStatus={"coding": [{"code": "refuted"}]})
    assert indications(diagnosis, clonazepam(reasonReference=[{"reference": "Condition/c1"}])) == []


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "stopped"},
        {"status": "on-hold"},
        {"intent": "proposal"},
        {"doNotPerform": True},
        {"authoredOn": "2026-03-01"},
        {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": "2025-12-20"}}}}]},
    ],
    ids=str,
)
def test_an_order_that_is_not_current_gives_no_reason(elements: dict[str, Any]) -> None:
    words = {"reasonCode": [EPILEPSY, {"text": "seizures"}]}
    assert (indications(clonazepam(**words, **elements)), not_read(clonazepam(**words, **elements))) == ([], ())


# Words


@pytest.mark.parametrize(
    "elements",
    [
        {"reasonCode": [{"text": "seizures"}]},
        {"reasonCode": [{"coding": [{"system": "urn:oid:1.2.840.1", "code": "506", "display": "seizures"}]}]},
        {"reasonReference": [{"display": "seizures"}]},
        {"reasonReference": [{"reference": "Condition/elsewhere", "display": "seizures"}]},
        {"dosageInstruction": [{"text": "Take 1 tablet twice daily for seizures"}]},
        {"dosageInstruction": [{"text": "Take 1 tablet as needed seizures"}]},
        {"dosageInstruction": [{"patientInstruction": "Take 1 tablet twice daily. Indication: seizures"}]},
        {"dosageInstruction": [{"asNeededCodeableConcept": {"text": "seizures"}}]},
    ],
    ids=str,
)
def test_a_reason_in_words_is_named_as_not_looked_at(elements: dict[str, Any]) -> None:
    assert not_read(clonazepam(**elements)) == ("an indication without a code was not looked at: seizures (MedicationRequest/m1)",)


@pytest.mark.parametrize("words", ["pain", "severe chronic back pain", "Anxiety", "panic attacks", "sleep", "moderate to severe pain"])
def test_an_everyday_reason_is_not_named(words: str) -> None:
    texts = [{"text": f"Take 1 tablet twice daily for {words}"}]
    assert not_read(clonazepam(reasonCode=[{"text": words}], dosageInstruction=texts)) == ()


@pytest.mark.parametrize("words", ["cancer pain", "bone pain", "sickle cell pain", "anxiety and seizures", "shortness of breath"])
def test_an_everyday_word_beside_another_hides_nothing(words: str) -> None:
    assert [words in said for said in not_read(clonazepam(reasonCode=[{"text": words}]))] == [True]


def test_a_time_or_a_dose_is_no_reason() -> None:
    texts = [{"text": "Take 1 tablet twice daily for 5 days"}, {"text": "1 tab for the first 2 weeks, then 2"}]
    assert not_read(clonazepam(dosageInstruction=texts)) == ()


def test_a_diagnosis_that_is_referred_to_and_not_in_the_chart_is_named() -> None:
    said = "an indication without a code was not looked at: Condition/elsewhere, not in the chart (MedicationRequest/m1)"
    assert not_read(clonazepam(reasonReference=[{"reference": "Condition/elsewhere"}])) == (said,)


def test_of_other_medicines_only_a_reason_without_any_code_is_named() -> None:
    other = clonazepam(medicationCodeableConcept=LISINOPRIL, dosageInstruction=[{"text": "1 daily for seizures"}])
    assert not_read(other) == ()
    assert len(not_read(other | {"reasonCode": [{"text": "seizures"}]})) == 1


def test_the_same_words_of_several_orders_are_named_once() -> None:
    orders = [clonazepam(id=f"m{number}", reasonCode=[{"text": "seizures"}]) for number in range(3)]
    assert len(not_read(*orders)) == 1


@pytest.mark.parametrize("bad", ["seizures", 3, [None], [{"coding": 3}], {"text": "seizures"}])
@pytest.mark.parametrize("name", ["reasonCode", "reasonReference"])
def test_a_reason_of_a_wrong_type_is_never_a_traceback(name: str, bad: Any) -> None:
    assert indications(clonazepam(**{name: bad})) == []
