"""A filled form as FHIR: who said it, who entered it, what it says."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.errors import RestrictedData, WrongUsage
from fhir_taper.mappers.systems import LOINC
from fhir_taper.mappers.write.check_in import LONGEST_WORDS, FilledForm, to_observations, to_response
from fhir_taper.mappers.write.form_codes import ANSWER_SYSTEM, SIGNAL_SYSTEM
from fhir_taper.mappers.write.labels import NORMAL, Label
from fhir_taper.mappers.write.namespace import CONFIDENTIALITY, WRITE_SYSTEM
from fhir_taper.plans.monitoring.scoring import Answer, stated
from tests.mappers.write.filled_forms import ANSWERABLE, AT, COACH, FORMS, filled

Gate = Callable[[Mapping[str, Any]], list[str]]
RESPONSE = "QuestionnaireResponse/r1"


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("form", ANSWERABLE)
def test_a_filled_form_and_what_it_says_pass_the_validator_gate(form: str, last: bool, validator_gate: Gate) -> None:
    whole = filled(form, entered_by=COACH, last=last)
    assert validator_gate(to_response(whole)) == []
    assert [error for one in to_observations(whole, RESPONSE) for error in validator_gate(one)] == []


def test_the_gate_sees_an_answer_that_is_not_of_its_questions_type(validator_gate: Gate) -> None:
    response = to_response(filled("daily"))
    response["item"][0]["answer"] = [{"valueInteger": 1}]
    response["item"].append({"linkId": "unheard-of", "answer": [{"valueBoolean": True}]})
    found = " ".join(validator_gate(response))
    assert "wrong value type" in found
    assert "unheard-of" in found


def test_a_patient_who_answers_is_source_and_author() -> None:
    response = to_response(filled("phq9"))
    assert response["subject"] == response["source"] == response["author"] == {"reference": "Patient/p1"}
    assert (response["questionnaire"], response["authored"]) == ("https://fhir-taper.org/fhir/Questionnaire/phq9|1.0.0", AT.isoformat())


def test_a_coach_who_enters_by_phone_is_the_author_and_the_patient_stays_the_source() -> None:
    response = to_response(filled("phq9", entered_by=COACH))
    assert (response["source"], response["author"]) == ({"reference": "Patient/p1"}, {"reference": COACH})
    (first, *_) = to_observations(filled("phq9", entered_by=COACH), RESPONSE)
    assert first["performer"] == [{"reference": "Patient/p1"}, {"reference": COACH}]


def test_signs_that_a_clinician_looks_for_are_said_by_the_clinician() -> None:
    cows = filled("cows", entered_by=COACH)
    assert to_response(cows)["source"] == {"reference": COACH}
    assert to_observations(cows, RESPONSE)[0]["performer"] == [{"reference": COACH}]


@pytest.mark.feature("F16")
def test_a_total_is_an_observation_with_its_word_that_derives_from_the_response() -> None:
    answers = [Answer(str(number), "2") for number in range(1, 7)] + [Answer("7", "0")]
    (total,) = to_observations(filled("gad7", answers), RESPONSE)
    assert total["code"]["coding"] == [
        {"system": LOINC, "code": "70274-6"},
        {"system": SIGNAL_SYSTEM, "code": "gad7", "display": "GAD-7"},
    ]
    assert total["valueQuantity"] == {"value": Decimal(12), "unit": "score", "system": "http://unitsofmeasure.org", "code": "{score}"}
    assert total["interpretation"] == [{"text": "moderate anxiety (12 of 21)"}]
    assert (total["derivedFrom"], total["effectiveDateTime"]) == ([{"reference": RESPONSE}], AT.isoformat())
    assert total["category"][0]["coding"][0]["code"] == "survey"


def test_answers_that_count_by_themselves_are_observations_of_their_own() -> None:
    found = {one["code"]["coding"][0]["code"]: one["valueQuantity"]["value"] for one in to_observations(filled("phq9"), RESPONSE)}
    assert found == {"44261-6": 27, "44260-8": 3, "44259-0": 3, "44251-7": 3}


def test_a_level_is_coded_and_said_in_words() -> None:
    (risk,) = to_observations(filled("cssrs"), RESPONSE)
    assert risk["valueCodeableConcept"]["text"] == "suicide risk: negative"
    high = to_observations(filled("cssrs", [Answer("4", "yes")]), RESPONSE)[0]
    assert high["valueCodeableConcept"]["coding"] == [{"system": ANSWER_SYSTEM, "code": "high", "display": "High"}]


def test_which_form_of_an_instrument_it_was_is_said() -> None:
    use = to_observations(filled("bam"), RESPONSE)[0]
    assert (use["code"]["coding"][0]["code"], use["method"]) == ("bam-use", {"text": "form of the instrument: 0-4"})


def test_a_refused_score_is_no_observation() -> None:
    assert [one["code"]["coding"][0]["code"] for one in to_observations(filled("phq9", [Answer("9", "1")]), RESPONSE)] == ["44260-8"]


def test_events_and_told_sleep_stay_in_the_response() -> None:
    told = {one["code"]["coding"][-1]["code"] for one in to_observations(filled("daily"), RESPONSE)}
    assert told == {"symptoms", "pain", "craving", "minimum-function"}
    said = {item["linkId"] for item in to_response(filled("daily"))["item"]}
    assert {"events", "sleep-hours", "pause", "doses"} <= said


def test_free_words_are_kept_as_people_read_them_and_not_without_end() -> None:
    items = {item["linkId"]: item["answer"] for item in to_response(filled("daily"))["item"]}
    assert items["words"] == [{"valueString": "Words, of a <b>patient</b>"}]
    long = to_response(filled("daily", [Answer("words", "x" * 9000)]))["item"][0]
    assert len(long["answer"][0]["valueString"]) == LONGEST_WORDS


def test_nothing_but_unseen_letters_is_no_answer() -> None:
    assert "item" not in to_response(filled("daily", [Answer("words", "\u200b\x00\u202e")]))


def test_the_same_filled_form_has_the_same_ids_wherever_the_clock_stands() -> None:
    there = filled("gad7")
    here = replace(there, at=AT.astimezone(UTC))
    assert to_response(there)["id"] == to_response(here)["id"] == to_response(there)["identifier"]["value"]
    assert to_response(there)["identifier"]["system"] == WRITE_SYSTEM
    ids = {one["id"] for one in to_observations(filled("phq9"), RESPONSE)}
    assert len(ids) == 4
    assert to_response(replace(there, patient="p2"))["id"] != to_response(there)["id"]
    assert to_response(replace(there, tenant="other"))["id"] != to_response(there)["id"]


def test_a_score_that_was_read_off_an_original_is_an_observation_without_a_response() -> None:
    isi = FilledForm(FORMS["isi"], stated(FORMS["isi"], Decimal(16)), "p1", AT, COACH)
    (total,) = to_observations(isi, "")
    assert (total["valueQuantity"]["value"], total["interpretation"]) == (16, [{"text": "moderate insomnia (16 of 28)"}])
    assert "derivedFrom" not in total
    with pytest.raises(WrongUsage, match="only its link"):
        to_response(isi)


def test_a_stated_score_passes_the_validator_gate(validator_gate: Gate) -> None:
    (total,) = to_observations(FilledForm(FORMS["ciwa-b"], stated(FORMS["ciwa-b"], Decimal(30)), "p1", AT, COACH), "")
    assert validator_gate(total) == []


def test_labels_are_kept_and_restricted_answers_are_not_written_without_a_consent() -> None:
    sensitive = (NORMAL, Label("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PSY"))
    assert [one["code"] for one in to_response(filled("phq9"), sensitive)["meta"]["security"]] == ["N", "PSY"]
    restricted = (Label(CONFIDENTIALITY, "R"),)
    with pytest.raises(RestrictedData):
        to_response(filled("aftercare"), restricted)
    with pytest.raises(RestrictedData):
        to_observations(filled("aftercare"), RESPONSE, restricted)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(WrongUsage):
        to_response(replace(filled("gad7"), at=datetime(2026, 3, 14, 9, 30)))  # noqa: DTZ001 - that is the point
