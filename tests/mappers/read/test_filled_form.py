"""Responses as scores: our own forms both ways, the same instruments in other people's forms, and what cannot be scored."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper import exact_json
from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.filled_form import read_filled_forms, score_form
from fhir_taper.mappers.read.signals.forms import read_forms
from fhir_taper.mappers.read.signals.gathered import Gathered
from fhir_taper.mappers.read.signals.observations import read_observations
from fhir_taper.mappers.systems import LOINC, SNOMED
from fhir_taper.mappers.write.check_in import to_observations, to_response
from fhir_taper.plans.monitoring.reading import Reading, SetAside
from fhir_taper.plans.monitoring.scoring import Answer, Scored
from fhir_taper.plans.monitoring.timeline import timeline_of
from tests.mappers.read.signals.gathering import gather
from tests.mappers.write.filled_forms import ANSWERABLE, AT, FORMS, every_answer, filled

Json = dict[str, Any]


def foreign(items: list[Json], **rest: Any) -> Json:
    """A response to a form that is not ours."""
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "r1",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "authored": "2026-03-14T08:30:00Z",
        "questionnaire": "http://example.org/Questionnaire/intake",
        "item": items,
        **rest,
    }


def answered(link: str, answer: Json, **rest: Any) -> Json:
    return {"linkId": link, "answer": [answer], **rest}


def coding(system: str, code: str, display: str = "") -> Json:
    return {"valueCoding": {"system": system, "code": code} | ({"display": display} if display else {})}


def one_of(response: Mapping[str, Any], form: str) -> Scored:
    (found,) = [one.scored for one in read_filled_forms(response) if one.form.id == form]
    return found


def values(scored: Scored) -> dict[str, Decimal | str]:
    return {one.signal: one.value if one.value is not None else one.answer for one in scored.said}


def gad7(answers: list[Json], name: str = "/{}") -> list[Json]:
    codes = ["69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"]
    return [answered(name.format(code), answer) for code, answer in zip(codes, answers, strict=False)]


# 1. Our own forms


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("form", ANSWERABLE)
def test_a_form_of_ours_says_the_same_after_the_way_through_fhir(form: str, last: bool) -> None:
    whole = filled(form, last=last)
    sent = exact_json.decode(exact_json.encode(to_response(whole)))
    (read,) = read_filled_forms(sent)
    assert (read.form.id, read.scored.said, read.scored.refused) == (form, whole.scored.said, whole.scored.refused)
    assert [one.item for one in read.scored.answers] == [one.item for one in whole.scored.answers]


@pytest.mark.parametrize("form", ["phq9", "cssrs", "bam", "daily"])
def test_a_part_of_a_form_of_ours_stays_a_part(form: str) -> None:
    part = filled(form, every_answer(FORMS[form])[-3:])
    (read,) = read_filled_forms(to_response(part))
    assert (read.scored.said, read.scored.missing) == (part.scored.said, part.scored.missing)


@pytest.mark.parametrize("named", ["cssrs|2.0.0", "unheard-of|1.0.0", "|", "cssrs/..|1.0.0"])
def test_a_form_of_ours_that_this_program_does_not_know_is_not_guessed(named: str) -> None:
    response = {**to_response(filled("cssrs")), "questionnaire": f"https://fhir-taper.org/fhir/Questionnaire/{named}"}
    assert read_filled_forms(response) == ()


# 2. Other people's forms


@pytest.mark.parametrize("name", ["/{}", "{}", "GAD/{}", "http://loinc.org/q/69737-5#{}"])
def test_a_question_is_known_by_the_loinc_code_in_its_linkid(name: str) -> None:
    answers = [coding(LOINC, "LA6570-1")] * 6 + [coding(LOINC, "LA6568-5")]
    assert values(one_of(foreign(gad7(answers, name)), "gad7")) == {"gad7": 12}


@pytest.mark.parametrize(
    "answer",
    [
        coding(LOINC, "LA6570-1"),
        coding("http://example.org/answers", "2", "More than half the days"),
        {"valueString": "more than half the days"},
        {"valueInteger": 2},
        {"valueDecimal": Decimal("2.0")},
        {"valueString": "2"},
        {
            "valueCoding": {
                "code": "x",
                "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": Decimal(2)}],
            }
        },
    ],
)
def test_an_answer_is_known_by_code_by_points_or_by_its_words(answer: Json) -> None:
    assert values(one_of(foreign(gad7([answer] * 7)), "gad7")) == {"gad7": 14}


@pytest.mark.parametrize(
    "answer",
    [
        coding("http://example.org/answers", "2"),  # a code is no number
        {"valueString": "quite often"},
        {"valueInteger": 4},
        {"valueString": "<2"},
        {"valueBoolean": True},
        {"valueQuantity": {"value": 2, "unit": "days"}},
        {"valueCoding": "LA6570-1"},
        {"valueInteger": "2"},
        {"value": []},
    ],
)
def test_an_answer_that_is_not_understood_is_no_answer_and_no_zero(answer: Json) -> None:
    read = one_of(foreign(gad7([coding(LOINC, "LA6569-3")] * 6 + [answer])), "gad7")
    assert (read.said, read.missing) == ((), ("7",))


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        (coding(LOINC, "LA33-6"), coding(LOINC, "LA32-8")),
        (coding(SNOMED, "373066001"), coding(SNOMED, "373067005")),
        ({"valueBoolean": True}, {"valueBoolean": False}),
        ({"valueString": "Yes"}, {"valueString": "No"}),
    ],
)
def test_a_screener_of_another_system_is_triaged(yes: Json, no: Json) -> None:
    items = [answered("93246-7", no), answered("93247-5", yes), answered("93248-3", yes), answered("93249-1", no), answered("93250-9", no)]
    assert values(one_of(foreign([*items, answered("93267-3", no)]), "cssrs")) == {"cssrs": "moderate"}
    refused = one_of(foreign(items), "cssrs")
    assert (refused.said, refused.missing) == ((), ("6",))  # an absent answer is not No


def test_a_question_is_known_by_its_own_code_or_by_that_of_the_form_inside_the_response() -> None:
    item = {"linkId": "q9", "code": [{"system": LOINC, "code": "44260-8"}]}
    answer = coding(LOINC, "LA6569-3")
    own = foreign([{**item, "answer": [answer]}])
    inside = foreign(
        [answered("q9", answer)], contained=[{"resourceType": "Questionnaire", "id": "q", "item": [{"linkId": "g", "item": [item]}]}]
    )
    for response in (own, inside):
        assert values(one_of(response, "phq9")) == {"phq9-item9": 1}
        assert one_of(response, "phq9").next_form == "cssrs"


def test_questions_inside_groups_and_answers_are_found_and_said_once() -> None:
    first, *others = gad7([coding(LOINC, "LA6569-3")] * 7)
    nested = [{"linkId": "group", "item": [first, {"linkId": "x", "answer": [{"valueString": "y", "item": others}]}]}, first]
    assert values(one_of(foreign(nested), "gad7")) == {"gad7": 7}


def test_a_packet_of_several_instruments_says_what_each_says() -> None:
    phq9 = answered("/44260-8", coding(LOINC, "LA6568-5"))
    packet = read_filled_forms(foreign([*gad7([{"valueInteger": 1}] * 7), phq9, answered("smoker", {"valueBoolean": True})]))
    assert {one.form.id: values(one.scored) for one in packet} == {"gad7": {"gad7": 7}, "phq9": {"phq9-item9": 0}}


def test_a_form_without_a_question_that_is_known_is_none() -> None:
    assert read_filled_forms(foreign([answered("1", {"valueInteger": 3}), answered("72514-3", {"valueInteger": 3})])) == ()
    assert read_filled_forms(foreign([{"linkId": "/44260-8"}, {"linkId": "/44260-8", "answer": []}])) == ()


# 3. In a timeline


def everything(gathered: Gathered) -> None:
    read_observations(gathered)
    read_forms(gathered, score_form)


def read(*resources: Json) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
    return gather(everything, *(exact_json.decode(exact_json.encode(one)) for one in resources))


@pytest.mark.parametrize("form", ANSWERABLE)
def test_a_response_and_its_observations_are_one_evidence(form: str) -> None:
    whole = filled(form)
    response = to_response(whole)
    observations = to_observations(whole, f"QuestionnaireResponse/{response['id']}")
    both, aside = read(response, *observations)
    alone, _ = read(response)
    assert [one.why for one in aside] == []
    bare = [(one.signal, one.value, one.answer, one.words, one.end) for one in timeline_of("p1", both).readings]
    assert bare == [(one.signal, one.value, one.answer, one.words, one.end) for one in timeline_of("p1", alone).readings]
    assert {signal for signal, *_ in bare} == {one.signal for one in whole.scored.said} | {"check-in"}


def test_what_is_read_is_of_the_instant_at_which_the_form_was_filled_in() -> None:
    readings, _ = read(to_response(filled("daily")))
    assert {(one.start, one.end) for one in readings} == {(AT, AT)}
    assert [one.signal for one in readings].count("check-in") == 1


def test_a_score_that_cannot_be_made_is_set_aside_with_its_reason() -> None:
    readings, aside = read(to_response(filled("phq9", [Answer("9", "2")])))
    assert {(one.signal, one.value) for one in readings if one.signal != "check-in"} == {("phq9-item9", Decimal(2))}
    assert [(one.signal, one.said) for one in aside] == [
        ("phq9", "PHQ-9 (depression) has no score: no answer to questions 1, 2, 3, 4, 5, 6, 7 and 8")
    ]


@pytest.mark.parametrize("status", ["in-progress", "stopped"])
def test_a_thought_of_suicide_counts_in_a_form_that_was_not_finished(status: str) -> None:
    begun = {**to_response(filled("phq9", [Answer("1", "3"), Answer("9", "1")])), "status": status}
    readings, aside = read(begun)
    assert [(one.signal, one.value) for one in readings] == [("phq9-item9", Decimal(1))]  # and it is no check-in
    assert [one.signal for one in aside] == ["phq9"]


def test_a_form_that_was_entered_in_error_says_nothing() -> None:
    assert read({**to_response(filled("phq9")), "status": "entered-in-error"}) == ((), ())


def test_told_sleep_needs_no_consent_for_measures() -> None:
    (sleep,) = [one for one in read(to_response(filled("daily", [Answer("sleep-hours", "6")])))[0] if one.signal == "sleep"]
    assert (sleep.value, sleep.is_remote) == (Decimal(360), False)


def test_what_stands_beside_an_instrument_in_a_foreign_form_is_read_too() -> None:
    items = [*gad7([{"valueInteger": 1}] * 7), answered("/72514-3", {"valueInteger": 6}), answered("/70274-6", {"valueInteger": 21})]
    readings, _ = read(foreign(items))
    assert {(one.signal, one.value) for one in readings} == {
        ("gad7", Decimal(7)),
        ("pain", Decimal(6)),
    }  # the sum that the form states is not a second one


def test_a_total_without_its_questions_is_read_as_it_is_stated() -> None:
    readings, _ = read(foreign([answered("/70274-6", {"valueInteger": 13})]))
    assert [(one.signal, one.value) for one in readings] == [("gad7", Decimal(13))]


# 4. Hostile responses

_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just("/44260-8"), st.just("LA6569-3"))
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["item", "answer", "linkId", "code", "coding", "valueCoding", "valueInteger", "valueString", "contained", "system"]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=25,
)


@given(_TREES, _TREES, st.sampled_from(["http://example.org/q", "https://fhir-taper.org/fhir/Questionnaire/daily|1.0.0", "", None, 7]))
def test_whatever_a_response_holds_it_is_read_or_not_and_never_breaks(items: Any, inside: Any, named: Any) -> None:
    response = {"resourceType": "QuestionnaireResponse", "item": items, "contained": inside, "questionnaire": named}
    for one in read_filled_forms(response):
        assert all(said.signal for said in one.scored.said)


def test_a_response_nested_beyond_sense_ends() -> None:
    item: Json = answered("/44260-8", {"valueInteger": 3})
    for _ in range(500):
        item = {"linkId": "g", "item": [item]}
    assert read_filled_forms(foreign([item])) == ()


def test_long_words_are_not_repeated_whole_in_what_is_wrong() -> None:
    read_form = one_of(foreign(gad7([{"valueString": "x" * 100_000}] * 7)), "gad7")
    assert len(json.dumps(read_form.problems)) < 2000


def test_a_known_form_is_read_for_any_stretch() -> None:
    entry = Entry("QuestionnaireResponse", "r1", "QuestionnaireResponse/r1/_history/2", "", to_response(filled("bam")))
    raws = score_form(entry, (AT, AT + timedelta(hours=5)))
    assert raws is not None
    assert {(raw.source, raw.variant, raw.end - raw.start) for raw in raws} == {
        ("QuestionnaireResponse/r1/_history/2", "0-4", timedelta(hours=5))
    }
    assert score_form(Entry("QuestionnaireResponse", "r2", "", "", foreign([])), (AT, AT)) is None
