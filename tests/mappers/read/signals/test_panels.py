"""Panels of Observations as scores."""

from typing import Any

import pytest

from fhir_taper.mappers.read.filled_form import score_form
from fhir_taper.mappers.read.signals.observations import read_observations
from fhir_taper.mappers.read.signals.panels import read_panels
from fhir_taper.mappers.systems import LOINC
from fhir_taper.mappers.write.form_codes import SIGNAL_SYSTEM
from fhir_taper.plans.monitoring.reading import Reading, SetAside
from tests.mappers.charts import concept
from tests.mappers.read.signals.gathering import gather, observation, said

PHQ9 = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8")
CSSRS = ("93246-7", "93247-5", "93267-3")
YES, NO = concept(LOINC, "LA33-6", "Yes"), concept(LOINC, "LA32-8", "No")


def part(code: str, **value: Any) -> dict[str, Any]:
    return {"code": concept(LOINC, code), **value}


def read(*resources: Any) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
    def both(gathered: Any) -> None:
        read_observations(gathered)
        read_panels(gathered, score_form)

    return gather(both, *resources)


def scores(*resources: Any, signal: str = "phq9") -> list[tuple[str, str]]:
    return [one for one in said(read(*resources)[0]) if one[0] == signal]


def test_nine_answers_in_components_are_a_score() -> None:
    panel = observation("44249-1", component=[part(code, valueInteger=1) for code in PHQ9])
    assert scores(panel) == [("phq9", "9")]


def test_coded_answers_of_members_are_a_score() -> None:
    answered = concept(LOINC, "LA6570-1", "More than half the days")
    items = [observation(code, name=f"i{code}", valueCodeableConcept=answered) for code in PHQ9]
    panel = observation("44249-1", hasMember=[{"reference": f"Observation/i{code}"} for code in PHQ9])
    assert scores(panel, *items) == [("phq9", "18")]


def test_a_total_that_is_stated_is_not_made_again() -> None:
    panel = observation("44261-6", 11, component=[part(code, valueInteger=1) for code in PHQ9])
    assert scores(panel) == [("phq9", "11")]


def test_each_item_is_read_once() -> None:
    panel = observation("44249-1", component=[part(code, valueInteger=1) for code in PHQ9])
    assert scores(panel, signal="phq9-item9") == [("phq9-item9", "1")]


@pytest.mark.parametrize(("answers", "risk"), [((NO, NO, NO), "negative"), ((YES, NO, NO), "low")])
def test_a_screener_for_suicide_is_judged_as_its_form_is(answers: tuple[Any, ...], risk: str) -> None:
    parts = [part(code, valueCodeableConcept=answer) for code, answer in zip(CSSRS, answers, strict=True)]
    assert scores(observation("93373-9", component=parts), signal="cssrs") == [("cssrs", risk)]


def test_a_panel_of_which_an_answer_is_missing_is_set_aside() -> None:
    readings, aside = read(observation("44249-1", component=[part(code, valueInteger=1) for code in PHQ9[1:]]))
    assert ([one.signal for one in aside], "phq9" in {one.signal for one in readings}) == (["phq9"], False)


def test_two_questions_of_a_longer_form_are_not_that_form_begun() -> None:
    short = observation("55757-9", component=[part(code, valueInteger=1) for code in PHQ9[:2]])
    assert read(short) == ((), ())


def test_one_item_alone_is_no_form() -> None:
    assert said(read(observation("44260-8", valueInteger=1))[0]) == [("phq9-item9", "1")]


def test_members_that_are_not_here_or_do_not_stand_are_not_counted() -> None:
    items = [observation(code, name=f"i{code}", valueInteger=1) for code in PHQ9[:8]]
    wrong = observation(PHQ9[8], name=f"i{PHQ9[8]}", valueInteger=1, status="entered-in-error")
    panel = observation("44249-1", hasMember=[{"reference": f"Observation/i{code}"} for code in (*PHQ9, "gone")])
    assert scores(panel, *items, wrong) == []


@pytest.mark.parametrize("elements", [{"effectiveDateTime": "2026"}, {"modifierExtension": [{"url": "urn:x"}]}])
def test_a_panel_that_cannot_be_used_is_set_aside(elements: dict[str, Any]) -> None:
    readings, aside = read(observation("44249-1", component=[part(code, valueInteger=1) for code in PHQ9], **elements))
    assert (readings, {one.signal for one in aside} >= {"phq9", "phq9-item9"}) == ((), True)


@pytest.mark.parametrize("status", ["registered", "entered-in-error"])
def test_a_panel_that_does_not_stand_is_nothing(status: str) -> None:
    assert read(observation("44249-1", status=status, component=[part(code, valueInteger=1) for code in PHQ9])) == ((), ())


def single(code: str, answer: Any = YES, **elements: Any) -> dict[str, Any]:
    return observation(code, name=f"i{code}", **{"valueCodeableConcept": answer, **elements})


@pytest.mark.parametrize("code", ["93249-1", "93250-9"])
def test_one_grave_answer_of_a_screener_for_suicide_is_high_by_itself(code: str) -> None:
    (reading,), aside = read(single(code))
    assert (reading.signal, reading.answer, reading.sources, aside) == ("cssrs", "high", (f"Observation/i{code}",), ())


def test_single_answers_of_one_instant_are_judged_together() -> None:
    assert set(scores(single("93267-3"), single("93269-9"), signal="cssrs")) == {("cssrs", "high")}
    assert set(scores(*(single(code, NO) for code in CSSRS), signal="cssrs")) == {("cssrs", "negative")}


@pytest.mark.parametrize("answer", [NO, concept(LOINC, "LA1-1", "perhaps")])
def test_single_answers_that_decide_nothing_are_set_aside(answer: Any) -> None:
    readings, aside = read(single("93249-1", answer))
    assert (readings, [one.signal for one in aside]) == ((), ["cssrs"])


def test_a_single_answer_of_another_instant_is_judged_alone() -> None:
    readings, aside = read(single("93267-3", effectiveDateTime="2026-03-13"), single("93269-9"))
    assert ([one.answer for one in readings], [one.signal for one in aside]) == (["high"], ["cssrs"])


def test_a_panel_with_one_grave_answer_is_high() -> None:
    members = observation("93373-9", name="p", hasMember=[{"reference": "Observation/i93249-1"}, {"reference": "Observation/gone"}])
    assert scores(observation("93373-9", component=[part("93249-1", valueCodeableConcept=YES)]), signal="cssrs") == [("cssrs", "high")]
    assert scores(members, single("93249-1"), signal="cssrs") == [("cssrs", "high")]


def test_a_member_of_a_panel_that_cannot_be_used_speaks_for_itself() -> None:
    panel = observation("93373-9", hasMember=[{"reference": "Observation/i93249-1"}], effectiveDateTime="2026")
    assert scores(panel, single("93249-1"), signal="cssrs") == [("cssrs", "high")]


@pytest.mark.parametrize("elements", [{"effectiveDateTime": "2026"}, {"modifierExtension": [{"url": "urn:x"}]}, {"status": "unknown"}])
def test_a_single_answer_that_cannot_be_used_is_set_aside(elements: dict[str, Any]) -> None:
    readings, aside = read(single("93249-1", **elements))
    assert (readings, [one.signal for one in aside]) == ((), ["cssrs"])


@pytest.mark.parametrize(
    "elements", [{"status": "entered-in-error"}, {"valueCodeableConcept": ..., "dataAbsentReason": {"text": "refused"}}]
)
def test_a_single_answer_that_is_none_says_nothing(elements: dict[str, Any]) -> None:
    assert read(single("93249-1", **elements)) == ((), ())


def test_single_answers_beside_their_stated_result_add_no_doubt() -> None:
    stated = observation(concept(SIGNAL_SYSTEM, "cssrs"), valueCodeableConcept={"text": "negative"})
    readings, aside = read(stated, single("93249-1", NO))
    assert (said(readings), aside) == ([("cssrs", "negative")], ())


@pytest.mark.parametrize(("value", "read_as"), [({"valueInteger": 3}, "3"), ({"valueCodeableConcept": concept(LOINC, "LA6571-9")}, "3")])
@pytest.mark.parametrize(("code", "signal"), [("44260-8", "phq9-item9"), ("44259-0", "phq9-sleep"), ("44251-7", "phq9-appetite")])
def test_answers_of_the_phq9_that_are_looked_for_are_read_alone(code: str, signal: str, value: dict[str, Any], read_as: str) -> None:
    assert said(read(observation(code, **value))[0]) == [(signal, read_as)]
