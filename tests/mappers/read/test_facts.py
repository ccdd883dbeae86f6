"""All facts of a chart: conditions, measurements, medicines, first use, and what could not be looked at."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fhir_taper.errors import BadInput
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.facts import read_facts
from fhir_taper.mappers.systems import LOINC, RXNORM, SNOMED
from fhir_taper.plans.tables.medicine_tables import load_medicines
from fhir_taper.plans.tapers.chart_facts import ChartFacts
from tests.mappers.charts import PATIENT, SmallCatalogue, chart_of, concept, meaning, order, resource

AS_OF = date(2026, 1, 5)
CONCEPTS = [
    meaning("falls", SNOMED, "1"),
    meaning("phq9", LOINC, "44261-6"),
    meaning("pregnancy", SNOMED, "77386006"),
    meaning("pregnancy-status", LOINC, "82810-3"),
    meaning("overdose-history", RXNORM, "7242"),
]


def read(*documents: Any) -> Mapped[ChartFacts]:
    return read_facts(chart_of(list(documents)), SmallCatalogue(), CONCEPTS, AS_OF)


def named(facts: ChartFacts, prefix: str) -> list[tuple[str, bool, date | None]]:
    return [(fact.concept, fact.is_active, fact.on) for fact in facts.facts if fact.concept.startswith(prefix)]


def medicine(name: str, words: str = "oxycodone", **elements: Any) -> dict[str, Any]:
    return order(name, medicationCodeableConcept={"text": words}, **{"authoredOn": "2025-12-01", **elements})


def bounded(start: str | None = None, end: str | None = None) -> dict[str, Any]:
    period = {key: day for key, day in (("start", start), ("end", end)) if day}
    return {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": period}}}]}


# What the chart says


def test_facts_come_with_patient_and_sources() -> None:
    mapped = read(
        PATIENT,
        resource("Condition", "c1", code=concept(SNOMED, "1", "Falls")),
        resource("Observation", "o1", status="final", code=concept(LOINC, "44261-6"), valueInteger=17),
        resource("AllergyIntolerance", "a1", code={"text": "diazepam"}),
        medicine("m1"),
    )
    facts = mapped.value
    assert (facts.patient, facts.birth_date, facts.not_read) == ("p1", date(1970, 3, 1), ())
    assert [fact.concept for fact in facts.facts] == ["falls", "phq9", "allergy:diazepam", "medicine:oxycodone", "medicine-class:opioid"]
    assert mapped.sources == ("Patient/p1", "Condition/c1", "Observation/o1", "AllergyIntolerance/a1", "MedicationRequest/m1")
    assert mapped.issues == ()


def test_a_chart_without_conditions_or_observations_says_that_nothing_was_checked() -> None:
    mapped = read(PATIENT, medicine("m1"))
    assert [(issue.severity, issue.code) for issue in mapped.issues] == [("information", "none-in-chart")] * 2
    assert mapped.value.not_read == ()


def test_of_several_answers_only_the_newest_stands() -> None:
    def answer(name: str, code: str, day: str) -> dict[str, Any]:
        value = concept(SNOMED, code)
        return resource(
            "Observation", name, status="final", code=concept(LOINC, "82810-3"), effectiveDateTime=day, valueCodeableConcept=value
        )

    no_longer = read(answer("o2", "60001007", "2025-12-01"), answer("o1", "77386006", "2025-03-01"))
    assert no_longer.value.having("pregnancy") == ()
    again = read(answer("o1", "60001007", "2025-03-01"), answer("o2", "77386006", "2025-12-01"), answer("o3", "60001007", "2027-01-01"))
    assert [fact.source for fact in again.value.having("pregnancy")] == ["Observation/o2"]


def test_a_resource_that_the_model_refuses_is_no_fact_and_is_named_as_not_read() -> None:
    bad = resource("Observation", "o1", status="final", code=concept(LOINC, "44261-6"), valueQuantity={"value": "17"})
    mapped = read(PATIENT, bad)
    assert named(mapped.value, "phq9") == []
    assert mapped.value.not_read == ("Observation/o1: valueQuantity.value is text, not a number",)
    assert [issue.code for issue in mapped.issues if issue.severity == "error"] == ["set-aside"]


def test_what_the_decoding_set_aside_is_named_as_not_read() -> None:
    mapped = read(PATIENT, resource("Condition", "c1", code="falls"), medicine("m1", dosageInstruction=5))
    assert mapped.value.not_read == ("Condition/c1: code is text, not an object",)


# Medicines


def test_a_current_medicine_is_dated_by_its_start_and_an_ended_one_by_its_end() -> None:
    facts = read(
        medicine("m1", "Neurontin", **bounded("2025-06-01", "2026-02-01")),
        medicine("m2", "diazepam", **bounded("2025-06-01", "2025-09-30")),
        medicine("m3", "lisinopril", authoredOn="2025-07-01"),
    ).value
    assert named(facts, "medicine:") == [
        ("medicine:gabapentin", True, date(2025, 6, 1)),
        ("medicine:diazepam", False, date(2025, 9, 30)),
        ("medicine:lisinopril", True, date(2025, 7, 1)),
    ]
    assert named(facts, "medicine-class:") == [
        ("medicine-class:gabapentinoid", True, date(2025, 6, 1)),
        ("medicine-class:benzodiazepine", False, date(2025, 9, 30)),
    ]


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "draft"},
        {"status": "cancelled"},
        {"status": "entered-in-error"},
        {"doNotPerform": True},
        {"intent": "proposal"},
        {"intent": "plan"},
        {"intent": "option"},
        bounded("2026-02-01"),
    ],
    ids=str,
)
def test_what_is_not_taken_is_no_fact(elements: dict[str, Any]) -> None:
    assert named(read(medicine("m1", **elements)).value, "medicine") == []


@pytest.mark.parametrize("status", ["completed", "stopped", "on-hold", "unknown", ...])
def test_an_order_that_is_not_active_is_history(status: Any) -> None:
    assert [active for _, active, _ in named(read(medicine("m1", status=status)).value, "medicine:")] == [False]


def test_a_reported_plan_is_a_home_medication() -> None:
    assert len(named(read(medicine("m1", intent="plan", reportedBoolean=True)).value, "medicine:")) == 1


def test_a_medicine_is_found_by_code_by_reference_and_in_statements_and_dispenses() -> None:
    naloxone = {"resourceType": "Medication", "id": "x", "code": concept(RXNORM, "7242", "naloxone")}
    facts = read(
        naloxone,
        order("m1", medicationCodeableConcept=..., medicationReference={"reference": "Medication/x"}),
        resource("MedicationStatement", "s1", status="active", medicationCodeableConcept={"text": "gabapentin"}),
        resource(
            "MedicationDispense", "d1", status="completed", medicationCodeableConcept={"text": "diazepam"}, whenHandedOver="2025-12-20"
        ),
    ).value
    assert [name for name, active, _ in named(facts, "medicine:") if active] == [
        "medicine:naloxone",
        "medicine:gabapentin",
        "medicine:diazepam",
    ]
    assert named(facts, "medicine-class:opioid-reversal") != []
    assert named(facts, "overdose-history") != []


@pytest.mark.parametrize(
    ("supply", "handed_over", "active"),
    [({"value": 30}, "2025-12-07", True), ({"value": 30}, "2025-12-06", False), (..., "2025-10-08", True), (..., "2025-10-07", False)],
)
def test_a_dispense_is_current_while_its_supply_lasts(supply: Any, handed_over: str, active: bool) -> None:
    elements = {
        "status": "completed",
        "medicationCodeableConcept": {"text": "oxycodone"},
        "whenHandedOver": handed_over,
        "daysSupply": supply,
    }
    facts = read(resource("MedicationDispense", "d1", **elements)).value
    assert [is_active for _, is_active, _ in named(facts, "medicine:")] == [active]


# First use


def first_use(*documents: Any) -> tuple[tuple[str, date], ...]:
    return read(*documents).value.first_use


def ended(name: str, start: str, end: str) -> dict[str, Any]:
    return medicine(name, status="completed", **bounded(start, end))


def test_first_use_is_the_start_of_the_unbroken_chain_of_orders() -> None:
    orders = [medicine("m3", authoredOn="2025-12-01"), ended("m1", "2024-01-01", "2024-12-31"), ended("m2", "2025-01-01", "2025-10-01")]
    assert first_use(*orders) == (("oxycodone", date(2024, 1, 1)),)


@pytest.mark.parametrize(("end", "first"), [("2025-09-02", date(2025, 1, 1)), ("2025-09-01", date(2025, 12, 1))])
def test_a_gap_of_more_than_ninety_days_breaks_use(end: str, first: date) -> None:
    assert first_use(medicine("m2", authoredOn="2025-12-01"), ended("m1", "2025-01-01", end)) == (("oxycodone", first),)


def test_use_that_ended_longer_ago_than_the_gap_is_no_use() -> None:
    assert first_use(ended("m1", "2024-01-01", "2025-10-06")) == ()
    assert first_use(ended("m1", "2024-01-01", "2025-10-07")) == (("oxycodone", date(2024, 1, 1)),)


def test_an_order_inside_a_longer_one_does_not_break_it() -> None:
    assert first_use(ended("m1", "2024-01-01", "2026-01-04"), ended("m2", "2025-01-01", "2025-02-01")) == (("oxycodone", date(2024, 1, 1)),)


def test_refills_that_were_dispensed_make_use_unbroken() -> None:
    supplies = [
        resource(
            "MedicationDispense",
            f"d{month}",
            status="completed",
            medicationCodeableConcept={"text": "oxycodone"},
            whenHandedOver=f"2025-{month:02}-01",
            daysSupply={"value": 30},
        )
        for month in range(1, 13)
    ]
    assert first_use(*supplies) == (("oxycodone", date(2025, 1, 1)),)


def test_first_use_is_of_controlled_medicines_in_order_of_names_and_never_in_the_future() -> None:
    found = first_use(
        medicine("m1"), medicine("m2", "diazepam"), medicine("m3", "lisinopril"), medicine("m4", "gabapentin", **bounded("2026-02-01"))
    )
    assert [name for name, _ in found] == ["diazepam", "oxycodone"]


# Real-shaped charts


@pytest.mark.shared
def test_facts_of_every_chart_of_the_external_data_are_read(shared_data: Path) -> None:
    medicines = load_medicines()
    seen: set[str] = set()
    for chart in _charts(sorted((shared_data / "data").rglob("*.json"))):
        mapped = read_facts(chart, medicines, medicines.concepts, date(2024, 1, 1))
        assert [issue for issue in mapped.issues if issue.severity == "error"] == []
        seen |= {fact.concept for fact in mapped.value.facts}
    assert {"egfr", "phq9", "pain", "active-cancer", "renal-impairment", "medicine-class:opioid", "medicine-class:benzodiazepine"} <= seen


def _charts(paths: Iterable[Path]) -> Iterable[Any]:
    for path in paths:
        try:
            chart = decode_chart([(path.name, path.read_bytes())])
        except BadInput:
            continue
        yield chart


PREGNANT = {"coding": [{"system": SNOMED, "code": "77386006", "display": "Pregnant"}]}


def pregnancy(day: str, **value: Any) -> dict[str, Any]:
    asked = concept(LOINC, "82810-3", "Pregnancy status")
    return resource("Observation", day, status="final", code=asked, effectiveDateTime=day, **(value or {"valueCodeableConcept": PREGNANT}))


@pytest.mark.parametrize(("day", "is_active"), [("2025-03-17", True), ("2025-03-16", False), ("2020-12-20", False)])
def test_a_yes_to_pregnancy_is_history_when_it_is_older_than_a_whole_pregnancy(day: str, is_active: bool) -> None:
    found = read(pregnancy(day))
    assert named(found.value, "pregnancy") == [("pregnancy", is_active, date.fromisoformat(day))]
    said = [issue.message for issue in found.issues if issue.code == "answer-too-old"]
    assert bool(said) is not is_active
    assert is_active or f"“Pregnant” of {day} is" in said[0]
    assert is_active or said[0] in found.value.not_read[0]


def test_an_old_yes_that_a_later_no_has_answered_is_not_told_again() -> None:
    found = read(pregnancy("2020-12-20"), pregnancy("2021-12-20", valueBoolean=False))
    assert not any(issue.code == "answer-too-old" for issue in found.issues)


def test_an_undated_yes_stands() -> None:
    asked = pregnancy("2020-12-20") | {"effectiveDateTime": None}
    assert named(read({name: value for name, value in asked.items() if value}).value, "pregnancy") == [("pregnancy", True, None)]
