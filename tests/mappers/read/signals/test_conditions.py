"""Diagnoses as events of the timeline."""

from typing import Any

import pytest

from fhir_taper.mappers.read.signals.conditions import read_conditions
from fhir_taper.mappers.systems import CONDITION_VERIFICATION, ICD_10, ICD_10_CM, SNOMED
from fhir_taper.plans.monitoring.reading import Reading, SetAside
from tests.mappers.charts import concept, resource
from tests.mappers.read.signals.gathering import gather, said, whys


def condition(system: str, code: str, **elements: Any) -> dict[str, Any]:
    usual = {"code": concept(system, code, "As coded"), "onsetDateTime": "2026-03-01"}
    return resource("Condition", "c1", **{**usual, **elements})


def read(*resources: Any) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
    return gather(read_conditions, *resources)


@pytest.mark.parametrize(
    ("system", "code", "signal", "answer"),
    [
        (SNOMED, "91175000", "seizure", ""),
        (ICD_10_CM, "R56.9", "seizure", ""),
        (ICD_10, "F13.31", "seizure", ""),
        (ICD_10_CM, "F13.231", "delirium", "delirium"),
        (ICD_10_CM, "F13232", "delirium", "hallucination"),
        (ICD_10_CM, "R41.0", "delirium", "confusion"),
        (ICD_10_CM, "F23", "delirium", "psychosis"),
        (ICD_10_CM, "W19.XXXA", "fall", ""),
        (ICD_10, "W06", "fall", ""),
        (ICD_10_CM, "R55", "loss-of-consciousness", ""),
        (SNOMED, "62564004", "loss-of-consciousness", ""),
        (ICD_10_CM, "R40.20", "unresponsive", ""),
        (ICD_10_CM, "R40.2431", "unresponsive", ""),
        (ICD_10_CM, "R40.2A", "unresponsive", ""),
        (ICD_10_CM, "G40.901", "seizure", ""),
        (ICD_10_CM, "R40.0", "sedation", ""),
        (ICD_10_CM, "T40.2X1A", "overdose", ""),
        (SNOMED, "55680006", "overdose", ""),
        (SNOMED, "72892002", "pregnancy-status", "pregnant"),
    ],
)
def test_a_diagnosis_of_something_that_happens_is_an_event(system: str, code: str, signal: str, answer: str) -> None:
    assert said(read(condition(system, code))[0]) == [(signal, answer)]


@pytest.mark.parametrize(
    ("system", "code", "why_not"),
    [
        (ICD_10_CM, "R40.2142", "a scale of coma: eyes open of themselves"),
        (ICD_10_CM, "R40.241", "a scale of coma: 13 to 15"),
        (SNOMED, "84757009", "epilepsy lasts, and is repeated at every visit"),
        (ICD_10_CM, "G40.909", "epilepsy"),
        (ICD_10_CM, "Z91.81", "a history of falls"),
        (ICD_10_CM, "R29.6", "repeated falls"),
        (ICD_10_CM, "W19.XXXD", "later care of a fall"),
        (ICD_10_CM, "T40.2X1S", "what is left of an overdose"),
        (ICD_10_CM, "F20.9", "schizophrenia lasts"),
    ],
)
def test_what_lasts_or_is_later_care_is_no_event(system: str, code: str, why_not: str) -> None:
    assert (read(condition(system, code)), bool(why_not)) == (((), ()), True)


@pytest.mark.parametrize("word", ["refuted", "entered-in-error"])
def test_what_was_refuted_did_not_happen(word: str) -> None:
    assert read(condition(SNOMED, "91175000", verificationStatus=concept(CONDITION_VERIFICATION, word))) == ((), ())


def test_what_is_not_confirmed_counts_and_says_so() -> None:
    (reading,), _ = read(condition(SNOMED, "91175000", verificationStatus=concept(CONDITION_VERIFICATION, "provisional")))
    assert reading.words == "As coded (provisional)"


def test_it_happened_when_it_began_not_when_it_was_written() -> None:
    (reading,), _ = read(condition(SNOMED, "91175000", recordedDate="2026-03-10"))
    assert reading.day.isoformat() == "2026-03-01"


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"onsetDateTime": ..., "recordedDate": "2026-03-10"}, "2026-03-10"),
        ({"onsetDateTime": ..., "onsetPeriod": {"start": "2026-03-02"}}, "2026-03-02"),
        ({"onsetDateTime": ..., "onsetAge": {"value": 50, "unit": "a"}, "recordedDate": "2026-03-10"}, "2026-03-10"),
    ],
)
def test_the_first_date_that_is_there_counts(elements: dict[str, Any], day: str) -> None:
    (reading,), _ = read(condition(SNOMED, "91175000", **elements))
    assert reading.day.isoformat() == day


@pytest.mark.parametrize(("written", "why"), [("2009", "2009 is not dated to the day"), (..., "it has no date")])
def test_an_event_without_a_day_is_set_aside(written: Any, why: str) -> None:
    readings, aside = read(condition(SNOMED, "91175000", onsetDateTime=written))
    assert (readings, whys(aside), aside[0].said) == ((), [("seizure", why)], "As coded")


def test_a_pregnancy_that_is_over_is_over_from_that_day_on() -> None:
    readings, _ = read(condition(SNOMED, "72892002", abatementDateTime="2026-03-10"))
    assert [(one.answer, one.day.isoformat()) for one in readings] == [("pregnant", "2026-03-01"), ("not-pregnant", "2026-03-10")]


def test_a_modifier_extension_sets_it_aside() -> None:
    readings, aside = read(condition(SNOMED, "91175000", modifierExtension=[{"url": "urn:x"}]))
    assert (readings, [one.signal for one in aside]) == ((), ["seizure"])


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        (SNOMED, "69322001", ("delirium", "psychosis")),
        (ICD_10_CM, "F29", ("delirium", "psychosis")),
        (SNOMED, "286933003", ("delirium", "confusion")),
        (ICD_10_CM, "R41.82", ("delirium", "confusion")),
        (SNOMED, "54200006", ("seizure", "")),
        (SNOMED, "371632003", ("unresponsive", "")),
        (SNOMED, "271782001", ("sedation", "")),
        (SNOMED, "6471006", ("suicidal", "ideation")),
        (ICD_10_CM, "R45.851", ("suicidal", "ideation")),
        (ICD_10_CM, "T14.91XA", ("suicidal", "attempt")),
        (ICD_10_CM, "S06.0X1A", ("loss-of-consciousness", "")),
        (ICD_10_CM, "S06.0X9A", ("loss-of-consciousness", "")),
    ],
)
def test_common_codes_of_what_is_dangerous_are_known(system: str, code: str, expected: tuple[str, str]) -> None:
    diagnosis = resource("Condition", "c1", code=concept(system, code), onsetDateTime="2026-03-14")
    assert said(gather(read_conditions, diagnosis)[0]) == [expected]


@pytest.mark.parametrize("code", ["T14.91XD", "S06.0X0A", "S06.0X1S"])
def test_later_care_and_a_concussion_without_loss_of_consciousness_are_none(code: str) -> None:
    assert gather(read_conditions, resource("Condition", "c1", code=concept(ICD_10_CM, code), onsetDateTime="2026-03-14")) == ((), ())
