"""Observations as values of the timeline: scores, vital signs, sleep, steps, and what was seen to happen."""

from typing import Any

import pytest

from fhir_taper.mappers.read.signals.meanings import SignalIndex
from fhir_taper.mappers.read.signals.observations import read_observations
from fhir_taper.mappers.systems import LOINC, SNOMED
from fhir_taper.mappers.write.form_codes import ANSWER_SYSTEM, SIGNAL_SYSTEM
from fhir_taper.plans.monitoring.reading import Reading, SetAside
from fhir_taper.plans.tables.signal_codes import site_meanings
from tests.mappers.charts import concept
from tests.mappers.read.signals.gathering import gather, observation, said, whys

HEART_RATE, SLEEP, STEPS, PHQ9, ITEM9, PAIN = "8867-4", "93832-4", "55423-8", "44261-6", "44260-8", "72514-3"
YES, NO = concept(LOINC, "LA33-6", "Yes"), concept(LOINC, "LA32-8", "No")


def read(*resources: Any, **rest: Any) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
    return gather(read_observations, *resources, **rest)


def own(signal: str, **elements: Any) -> dict[str, Any]:
    """An Observation of our own code for a signal."""
    return observation(concept(SIGNAL_SYSTEM, signal), **elements)


@pytest.mark.parametrize(
    ("code", "value", "unit", "signal", "read_as"),
    [
        (HEART_RATE, 72, "/min", "heart-rate", "72"),
        (HEART_RATE, 72, "beats/minute", "heart-rate", "72"),
        ("40443-4", 61, "/min", "heart-rate", "61"),
        (SLEEP, 7.5, "h", "sleep", "450"),
        (SLEEP, 450, "min", "sleep", "450"),
        (STEPS, 4000, "{steps}", "steps", "4000"),
        (STEPS, 4000, "", "steps", "4000"),
        ("41950-7", 7267, "/d", "steps", "7267"),
        ("83172-7", 0.9, "m/s", "gait-speed", "0.9"),
        ("8310-5", 98.6, "[degF]", "body-temperature", "37"),
        ("8331-1", 37.2, "Cel", "body-temperature", "37.2"),
        ("59408-5", 97, "%", "oxygen-saturation", "97"),
        ("9279-1", 14, "/min", "respiratory-rate", "14"),
        (PHQ9, 12, "", "phq9", "12"),
        (PHQ9, 12, "{score}", "phq9", "12"),
        ("44259-0", 2, "", "phq9-sleep", "2"),
        ("70274-6", 9, "{score}", "gad7", "9"),
        (PAIN, 6, "{score}", "pain", "6"),
        ("91147-9", 5.67, "{score}", "peg", "5.67"),
        ("75626-2", 4, "{score}", "audit-c", "4"),
        ("82667-7", 3, "{score}", "dast-10", "3"),
    ],
)
def test_a_measure_is_read_in_the_signals_own_unit(code: str, value: float, unit: str, signal: str, read_as: str) -> None:
    assert said(read(observation(code, value, unit))[0]) == [(signal, read_as)]


@pytest.mark.parametrize("panel", ["85354-9", "55284-4"])
def test_blood_pressure_is_read_from_the_components_of_either_panel(panel: str) -> None:
    parts = [
        {"code": concept(LOINC, "8480-6"), "valueQuantity": {"value": 141, "unit": "mmHg", "code": "mm[Hg]"}},
        {"code": concept(LOINC, "8462-4"), "valueQuantity": {"value": 88, "unit": "mmHg"}},
    ]
    assert said(read(observation(panel, component=parts))[0]) == [("systolic", "141"), ("diastolic", "88")]


def test_a_systolic_pressure_stands_alone_too() -> None:
    assert said(read(observation("8480-6", 150, "mm[Hg]"))[0]) == [("systolic", "150")]


def test_a_component_without_a_value_is_nothing_and_the_other_one_counts() -> None:
    missing = {"code": concept(LOINC, "8462-4"), "dataAbsentReason": {"text": "not measured"}}
    parts = [{"code": concept(LOINC, "8480-6"), "valueQuantity": {"value": 141, "unit": "mmHg"}}, missing]
    assert read(observation("85354-9", component=parts)) == (read(observation("8480-6", 141, "mmHg"))[0], ())


def test_a_reason_why_there_is_no_value_is_no_value() -> None:
    assert read(observation(PHQ9, dataAbsentReason={"text": "declined"})) == ((), ())


def test_a_value_with_a_reason_why_there_is_none_is_set_aside() -> None:
    readings, aside = read(observation(PHQ9, 0, dataAbsentReason={"text": "error"}))
    assert (readings, whys(aside)) == ((), [("phq9", "it has a value and a reason why it has none")])


@pytest.mark.parametrize(
    ("code", "value", "unit", "why"),
    [
        (PHQ9, 28, "", "implausible: 28 is not from 0 to 27 {score}"),
        (ITEM9, 14, "", "implausible: 14 is not from 0 to 3 {score}"),
        (PAIN, 13, "{score}", "implausible: 13 is not from 0 to 10 {score}"),
        (HEART_RATE, 72, "", "no unit, and /min is not to be guessed"),
        (HEART_RATE, 72, "kg", "unit 'kg' is not one of /min"),
        (PHQ9, 3.5, "", "3.5 is not a whole number"),
    ],
)
def test_a_value_that_cannot_be_one_of_its_instrument_is_set_aside(code: str, value: float, unit: str, why: str) -> None:
    readings, aside = read(observation(code, value, unit))
    assert (readings, [one.why for one in aside]) == ((), [why])


def test_cows_with_the_code_of_pain_is_pain() -> None:
    (reading,), _ = read(observation(concept(LOINC, PAIN, "Clinical Opiate Withdrawal Scale total"), 8, "{score}"))
    assert reading.signal == "pain"


@pytest.mark.parametrize(
    "answer", [{"valueInteger": 2}, {"valueString": "2"}, {"valueCodeableConcept": concept(LOINC, "LA6570-1", "More than half the days")}]
)
def test_an_item_is_read_in_whatever_way_it_is_answered(answer: dict[str, Any]) -> None:
    assert said(read(observation(ITEM9, **answer))[0]) == [("phq9-item9", "2")]


def test_the_items_of_a_panel_are_read_beside_its_total() -> None:
    items = [{"code": concept(LOINC, code), "valueInteger": points} for code, points in (("44259-0", 3), ("44251-7", 1), (ITEM9, 0))]
    readings, _ = read(observation(PHQ9, 14, component=items))
    assert said(readings) == [("phq9", "14"), ("phq9-sleep", "3"), ("phq9-appetite", "1"), ("phq9-item9", "0")]


def test_text_below_a_bound_is_no_number() -> None:
    readings, (aside,) = read(observation(PHQ9, valueString="<5"))
    assert (readings, aside.why) == ((), "<5 is not one number")


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "preliminary"])
def test_a_status_that_stands_counts(status: str) -> None:
    assert len(read(observation(PHQ9, 3, status=status))[0]) == 1


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error"])
def test_what_was_never_measured_is_nothing(status: str) -> None:
    assert read(observation(PHQ9, 3, status=status)) == ((), ())


@pytest.mark.parametrize(("status", "why"), [("unknown", "status unknown"), (..., "it does not say whether it is final")])
def test_a_status_that_says_nothing_sets_it_aside(status: Any, why: str) -> None:
    readings, aside = read(observation(PHQ9, 3, status=status))
    assert (readings, whys(aside)) == ((), [("phq9", why)])


def test_a_modifier_extension_sets_it_aside() -> None:
    _, aside = read(observation(PHQ9, 3, modifierExtension=[{"url": "https://ehr.example.org/not", "valueBoolean": True}]))
    assert whys(aside) == [("phq9", "a modifier extension may change its meaning, and is not understood")]


@pytest.mark.parametrize(
    ("elements", "why", "at"),
    [
        ({"effectiveDateTime": "2026"}, "2026 is not dated to the day", "2026-12-31"),
        ({"effectiveDateTime": "2026-02"}, "2026-02 is not dated to the day", "2026-02-28"),
        ({"effectiveDateTime": ...}, "it has no date", "2026-03-15"),
        ({"effectiveDateTime": ..., "effectivePeriod": {"start": "2026-03-01"}}, "its period is open", "2026-03-01"),
        ({"effectiveDateTime": ..., "effectiveTiming": {"event": ["2026-03-01"]}}, "its time is a schedule", "2026-03-15"),
    ],
)
def test_what_is_not_dated_to_the_day_is_set_aside(elements: dict[str, Any], why: str, at: str) -> None:
    readings, (aside,) = read(observation(PHQ9, 3, **elements))
    assert (readings, aside.why, aside.at.date().isoformat()) == ((), why, at)


def test_the_time_of_issue_counts_where_no_other_is_said() -> None:
    (reading,), _ = read(observation(PHQ9, 3, effectiveDateTime=..., issued="2026-03-01T15:00:00Z"))
    assert reading.start.isoformat() == "2026-03-01T16:00:00+01:00"


def test_a_night_is_of_the_day_on_which_it_ends() -> None:
    night = {"start": "2026-03-13T22:00:00Z", "end": "2026-03-14T05:00:00Z"}
    (reading,), _ = read(observation(SLEEP, 6, "h", effectiveDateTime=..., effectivePeriod=night))
    assert (reading.day.isoformat(), reading.start.isoformat()) == ("2026-03-14", "2026-03-13T23:00:00+01:00")


def test_the_day_on_which_clocks_are_put_back_is_one_day_of_steps() -> None:
    day = {"start": "2025-10-26", "end": "2025-10-26"}
    assert said(read(observation(STEPS, 5000, effectiveDateTime=..., effectivePeriod=day))[0]) == [("steps", "5000")]


def test_the_steps_of_a_week_are_not_those_of_a_day() -> None:
    week = {"start": "2026-03-01", "end": "2026-03-07"}
    readings, aside = read(observation(STEPS, 28000, effectiveDateTime=..., effectivePeriod=week))
    assert (readings, whys(aside)) == ((), [("steps", "it is of more than a day")])


@pytest.mark.parametrize(
    ("elements", "is_remote"),
    [
        ({}, True),
        ({"encounter": {"reference": "Encounter/e1"}}, False),
        ({"performer": [{"reference": "Practitioner/d1"}]}, False),
        ({"performer": [{"reference": "Patient/p1"}, {"reference": "PractitionerRole/r1"}]}, False),
        ({"performer": [{"type": "Organization", "display": "Clinic"}]}, False),
        ({"performer": [{"reference": "Patient/p1"}]}, True),
        ({"performer": [{"reference": "RelatedPerson/r1"}]}, True),
        ({"encounter": {"display": "none"}}, True),
    ],
)
def test_a_measure_is_remote_unless_somebody_of_a_clinic_took_it(elements: dict[str, Any], is_remote: bool) -> None:
    (reading,), _ = read(observation(HEART_RATE, 72, "/min", **elements))
    assert reading.is_remote is is_remote


def test_a_score_is_never_remote() -> None:
    (reading,), _ = read(observation(PHQ9, 3))
    assert not reading.is_remote


@pytest.mark.parametrize(
    ("value", "happened"),
    [
        ({}, True),
        ({"valueBoolean": True}, True),
        ({"valueCodeableConcept": YES}, True),
        ({"valueString": "yes"}, True),
        ({"valueInteger": 2}, True),
        ({"valueBoolean": False}, False),
        ({"valueCodeableConcept": NO}, False),
        ({"valueString": "none"}, False),
        ({"valueInteger": 0}, False),
        ({"dataAbsentReason": {"text": "unknown"}}, False),
    ],
)
def test_an_event_happened_unless_its_value_says_no(value: dict[str, Any], happened: bool) -> None:
    readings, aside = read(observation(concept(SNOMED, "91175000", "Seizure"), **value))
    assert ([one.signal for one in readings], aside) == (["seizure"] if happened else [], ())


def test_words_that_nobody_understands_do_not_make_an_event() -> None:
    readings, (aside,) = read(own("seizure", valueString="see note"))
    assert (readings, aside.why, aside.said) == ((), "answer 'see note' is not understood", "see note")


def test_an_event_may_say_of_which_kind_it_is() -> None:
    answer = concept(ANSWER_SYSTEM, "head-injury", "with a head injury")
    assert said(read(own("fall", valueCodeableConcept=answer))[0]) == [("fall", "head-injury")]


def test_a_code_may_say_itself_of_which_kind_an_event_is() -> None:
    assert said(read(observation(concept(SNOMED, "7011001", "Hallucinations")))[0]) == [("delirium", "hallucination")]


@pytest.mark.parametrize(
    ("code", "answer"),
    [("LA15173-0", "pregnant"), ("LA26683-5", "not-pregnant"), ("LA4489-6", "unknown")],
)
def test_pregnancy_status_is_answered_by_its_codes(code: str, answer: str) -> None:
    assert said(read(observation("82810-3", valueCodeableConcept=concept(LOINC, code)))[0]) == [("pregnancy-status", answer)]


def test_our_own_code_is_of_the_variant_that_counts() -> None:
    assert said(read(own("ciwa-b", valueInteger=21))[0]) == [("ciwa-b", "21")]


@pytest.mark.parametrize(
    ("meaning", "readings", "aside"),
    [
        ("cows", [("cows", "12")], []),
        ("sows:16-item", [("sows", "12")], []),
    ],
)
def test_a_sites_own_code_means_what_the_site_says(meaning: str, readings: list[Any], aside: list[Any]) -> None:
    index = SignalIndex(site_meanings({"urn:site:forms|X-7": meaning}))
    found = read(observation(concept("urn:site:forms", "X-7"), valueInteger=12), index=index)
    assert (said(found[0]), whys(found[1])) == (readings, aside)


def test_a_code_that_means_nothing_here_is_passed_over() -> None:
    assert read(observation("29463-7", 80, "kg")) == ((), ())


def test_a_source_names_the_version() -> None:
    (reading,), _ = read(observation(PHQ9, 3, meta={"versionId": "4"}))
    assert reading.sources == ("Observation/o1/_history/4",)


@pytest.mark.parametrize(
    "odd",
    [
        {"component": "none"},
        {"component": [None, 3]},
        {"valueQuantity": {}},
        {"valueQuantity": {"value": "12"}},
        {"performer": "me"},
        {"performer": [None]},
        {"effectiveDateTime": ..., "effectivePeriod": {"start": 3}},
        {"encounter": "Encounter/e1"},
    ],
    ids=str,
)
def test_odd_elements_never_raise(odd: dict[str, Any]) -> None:
    readings, aside = read({**observation(HEART_RATE, 72, "/min"), **{key: value for key, value in odd.items() if value is not ...}})
    assert len(readings) + len(aside) <= 1
