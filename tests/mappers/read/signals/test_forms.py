"""Forms as values of the timeline: answers whose question is known, and that a check-in took place."""

from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.filled_form import OUR_FORMS
from fhir_taper.mappers.read.signals.forms import read_forms
from fhir_taper.mappers.read.signals.when import Stretch
from fhir_taper.mappers.systems import LOINC
from fhir_taper.mappers.write.form_codes import ANSWER_SYSTEM, SIGNAL_SYSTEM
from fhir_taper.plans.monitoring.reading import Raw, Reading, SetAside
from tests.mappers.charts import resource
from tests.mappers.read.signals.gathering import gather, said, whys

ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


def form(*items: Any, **elements: Any) -> dict[str, Any]:
    usual = {"status": "completed", "authored": "2026-03-14T08:00:00Z", "item": list(items)}
    return resource("QuestionnaireResponse", "q1", **{**usual, **elements})


def item(link: str, *answers: Any, **elements: Any) -> dict[str, Any]:
    return {"linkId": link, "answer": list(answers), **elements}


def read(*resources: Any) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
    return gather(read_forms, *resources)


@pytest.mark.parametrize("link", ["44260-8", "/44260-8", "/44249-1/44260-8"])
def test_a_question_is_known_by_a_link_that_is_a_loinc_code(link: str) -> None:
    assert said(read(form(item(link, {"valueInteger": 2})))[0]) == [("phq9-item9", "2")]


def test_a_question_is_known_by_its_own_code_or_definition() -> None:
    coded = item("1", {"valueDecimal": 12}, code=[{"system": LOINC, "code": "44261-6"}])
    defined = item("2", {"valueInteger": 1}, definition="http://loinc.org/44260-8")
    assert said(read(form(coded, defined))[0]) == [("phq9", "12"), ("phq9-item9", "1")]


@pytest.mark.parametrize("where", ["chart", "contained"])
def test_a_question_is_known_by_the_questionnaire(where: str) -> None:
    asked = {"linkId": "g", "item": [{"linkId": "9", "code": [{"system": LOINC, "code": "44260-8"}]}]}
    questionnaire = {"resourceType": "Questionnaire", "id": "phq", "url": "https://ehr.example.org/phq", "item": [asked]}
    response = form(item("9", {"valueInteger": 3}), questionnaire="https://ehr.example.org/phq|2")
    found = read(questionnaire, response) if where == "chart" else read({**response, "contained": [questionnaire]})
    assert said(found[0]) == [("phq9-item9", "3")]


def test_items_inside_items_and_inside_answers_are_read() -> None:
    inner = item("72514-3", {"valueDecimal": 4.5})
    deep = {"linkId": "group", "item": [item("first", {"valueBoolean": True, "item": [inner]})]}
    assert said(read(form(deep))[0]) == [("pain", "4.5")]


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ({"valueCoding": {"system": LOINC, "code": "LA6571-9", "display": "Nearly every day"}}, "3"),
        ({"valueCoding": {"code": "c", "extension": [{"url": ORDINAL, "valueDecimal": 2}]}}, "2"),
        ({"valueInteger": 1}, "1"),
        ({"valueString": "0"}, "0"),
        ({"valueQuantity": {"value": 2, "code": "{score}"}}, "2"),
    ],
)
def test_an_answer_counts_in_whatever_way_it_is_given(answer: dict[str, Any], points: str) -> None:
    assert said(read(form(item("44260-8", answer)))[0]) == [("phq9-item9", points)]


def test_an_answer_that_was_not_given_is_nothing() -> None:
    assert read(form(item("44260-8"), {"linkId": "44261-6"})) == ((), ())


def test_two_answers_to_one_question_of_a_number_are_set_aside() -> None:
    readings, aside = read(form(item("44260-8", {"valueInteger": 0}, {"valueInteger": 3})))
    assert (readings, whys(aside)) == ((), [("phq9-item9", "2 answers to one question")])


@pytest.mark.parametrize(("status", "shown"), [("in-progress", True), ("stopped", True), ("entered-in-error", False)])
def test_a_form_that_is_not_complete_is_set_aside_and_an_erroneous_one_is_nothing(status: str, shown: bool) -> None:
    readings, aside = read(form(item("44260-8", {"valueInteger": 3}), status=status))
    assert (readings, whys(aside)) == ((), [("phq9-item9", f"the form is not complete (status {status})")] if shown else [])


def test_a_form_without_a_date_is_set_aside() -> None:
    readings, aside = read(form(item("44260-8", {"valueInteger": 3}), authored=...))
    assert (readings, whys(aside)) == ((), [("phq9-item9", "it has no date")])


def test_a_form_of_ours_is_a_check_in_and_its_links_are_signals() -> None:
    answers = [
        item("craving", {"valueInteger": 4}),
        item("dose-taken", {"valueCoding": {"system": ANSWER_SYSTEM, "code": "none"}}),
        item("pause-request", {"valueBoolean": True}),
        item("seizure", {"valueBoolean": False}),
    ]
    readings, aside = read(form(*answers, questionnaire=f"{OUR_FORMS}daily|1"))
    assert said(readings) == [("check-in", ""), ("craving", "4"), ("dose-taken", "none"), ("pause-request", "")]
    assert aside == ()


def test_a_link_of_somebody_elses_form_is_not_one_of_our_signals() -> None:
    assert read(form(item("pain", {"valueInteger": 4}), questionnaire="https://ehr.example.org/intake")) == ((), ())


def test_our_code_in_somebody_elses_form_is_one_of_our_signals() -> None:
    coded = item("q", {"valueInteger": 4}, code=[{"system": SIGNAL_SYSTEM, "code": "craving"}])
    assert said(read(form(coded))[0]) == [("craving", "4")]


def test_what_another_reader_makes_of_a_whole_form_is_not_read_twice() -> None:
    def scored(entry: Entry, when: Stretch) -> list[Raw]:
        return [Raw("phq9", when[0], when[1], entry.reference, Decimal(7))]

    answers = item("44261-6", {"valueInteger": 8}), item("44260-8", {"valueInteger": 1})
    readings, _ = gather(lambda gathered: read_forms(gathered, scored), form(*answers))
    assert said(readings) == [("phq9", "7"), ("phq9-item9", "1")]


def test_a_form_of_ours_is_the_other_readers_alone() -> None:
    def scored(entry: Entry, when: Stretch) -> list[Raw]:
        return [Raw("craving", when[0], when[1], entry.reference, Decimal(7))]

    response = form(item("craving", {"valueInteger": 8}), item("pain", {"valueInteger": 1}), questionnaire=f"{OUR_FORMS}daily")
    readings, _ = gather(lambda gathered: read_forms(gathered, scored), response)
    assert said(readings) == [("check-in", ""), ("craving", "7")]


def test_a_form_that_the_other_reader_does_not_know_is_read_here() -> None:
    def scored(entry: Entry, when: Stretch) -> list[Raw] | None:
        return [] if entry.id != "q1" or when[0] > when[1] else None

    readings, _ = gather(lambda gathered: read_forms(gathered, scored), form(item("44260-8", {"valueInteger": 3})))
    assert said(readings) == [("phq9-item9", "3")]


@pytest.mark.parametrize(
    ("elements", "is_remote"),
    [({}, True), ({"source": {"reference": "Patient/p1"}}, True), ({"author": {"reference": "Practitioner/d"}}, False)],
)
def test_a_pulse_that_a_patient_writes_down_is_remote(elements: dict[str, Any], is_remote: bool) -> None:
    (reading,), _ = read(form(item("8867-4", {"valueQuantity": {"value": 80, "code": "/min"}}), **elements))
    assert reading.is_remote is is_remote


@pytest.mark.parametrize("odd", [{"item": "x"}, {"item": [None]}, {"item": [{"linkId": 3, "answer": {}}]}, {"questionnaire": 3}], ids=str)
def test_odd_forms_never_raise(odd: dict[str, Any]) -> None:
    assert read({**form(), **odd}) == ((), ())
