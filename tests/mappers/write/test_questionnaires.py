"""Forms as Questionnaires: what is published, and that it says what the tables say."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fhir_taper.mappers.systems import LOINC
from fhir_taper.mappers.write.form_codes import FORM_SYSTEM
from fhir_taper.mappers.write.namespace import code_system
from fhir_taper.mappers.write.questionnaires import FORMS_VERSION, ORDINAL_VALUE, to_questionnaire, to_questionnaires, url_of
from fhir_taper.mappers.write.structure_definitions import definitions
from fhir_taper.plans.tables.form_rows import Ships
from fhir_taper.plans.tables.instrument_tables import load_forms

FORMS = load_forms().forms
PUBLISHED = {one["id"]: one for one in to_questionnaires(FORMS.values(), FORMS_VERSION)}
Gate = Callable[[Mapping[str, Any]], list[str]]


def test_everything_is_published_but_forms_of_which_only_the_link_may_be_shown() -> None:
    assert set(PUBLISHED) == {form.id for form in FORMS.values() if form.licence.ships is not Ships.LINK}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_published_form_passes_the_validator_gate(name: str, validator_gate: Gate) -> None:
    assert validator_gate(PUBLISHED[name]) == []


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_published_form_says_whose_it_is(name: str) -> None:
    notice = PUBLISHED[name]["copyright"]
    assert FORMS[name].licence.notice in notice
    assert ("LOINC" in notice) == any(code["system"] == LOINC for item in PUBLISHED[name]["item"] for code in item.get("code", []))


def test_a_question_carries_its_code_and_each_choice_its_points() -> None:
    ninth = next(item for item in PUBLISHED["phq9"]["item"] if item["linkId"] == "9")
    assert (ninth["type"], ninth["code"]) == ("choice", [{"system": LOINC, "code": "44260-8"}])
    assert [(o["valueCoding"]["code"], o["valueCoding"]["extension"]) for o in ninth["answerOption"]] == [
        ("LA6568-5", [{"url": ORDINAL_VALUE, "valueDecimal": 0}]),
        ("LA6569-3", [{"url": ORDINAL_VALUE, "valueDecimal": 1}]),
        ("LA6570-1", [{"url": ORDINAL_VALUE, "valueDecimal": 2}]),
        ("LA6571-9", [{"url": ORDINAL_VALUE, "valueDecimal": 3}]),
    ]


def test_a_form_is_known_by_address_version_and_the_panel_that_it_derives_from() -> None:
    phq9 = PUBLISHED["phq9"]
    assert (phq9["url"], phq9["version"]) == (url_of(FORMS["phq9"]), FORMS_VERSION)
    assert (phq9["derivedFrom"], phq9["code"]) == (["http://loinc.org/q/44249-1"], [{"system": LOINC, "code": "44249-1"}])
    assert "derivedFrom" not in PUBLISHED["daily"]


def test_the_screener_asks_its_third_to_fifth_question_after_a_yes_to_its_second() -> None:
    conditions = {item["linkId"]: item.get("enableWhen") for item in PUBLISHED["cssrs"]["item"]}
    yes = {"system": LOINC, "code": "LA33-6", "display": "Yes"}
    after_two = [{"question": "2", "operator": "=", "answerCoding": yes}]
    assert conditions == {
        "lead": None, "1": None, "2": None, "3": after_two, "4": after_two, "5": after_two, "6": None,
        "6-recent": [{"question": "6", "operator": "=", "answerCoding": yes}],
    }  # fmt: skip


def test_the_questions_of_a_form_that_asks_for_permission_are_named_and_not_quoted() -> None:
    assert "named only" in PUBLISHED["cssrs"]["description"]
    assert all(item["text"].startswith("Question ") for item in PUBLISHED["cssrs"]["item"] if item["linkId"] != "lead")


def test_a_number_has_its_range_and_many_choices_may_be_made_at_once() -> None:
    items = {item["linkId"]: item for item in PUBLISHED["daily"]["item"]}
    assert [one["valueInteger"] for one in items["symptoms"]["extension"]] == [0, 10]
    assert (items["sleep-hours"]["type"], items["pause"]["type"], items["words"]["type"]) == ("integer", "boolean", "text")
    assert items["events"]["repeats"] is True


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_every_code_of_ours_in_a_form_is_in_a_code_system_that_is_published(name: str) -> None:
    published = {
        (one["url"], concept["code"]): concept["display"]
        for one in definitions().values()
        if one["resourceType"] == "CodeSystem"
        for concept in one["concept"]
    }
    codings = [coding for item in PUBLISHED[name]["item"] for coding in item.get("code", [])]
    codings += [option["valueCoding"] for item in PUBLISHED[name]["item"] for option in item.get("answerOption", [])]
    ours = [coding for coding in codings if coding["system"] == FORM_SYSTEM]
    assert [coding for coding in ours if published.get((coding["system"], coding["code"])) != coding["display"]] == []


def test_the_same_form_gives_the_same_resource() -> None:
    assert to_questionnaire(FORMS["bam"], "1.0.0") == to_questionnaire(FORMS["bam"], "1.0.0")
    assert code_system("form") != FORM_SYSTEM  # that is the dose form
