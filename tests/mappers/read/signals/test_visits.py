"""Appointments and encounters as events of the timeline."""

from typing import Any

import pytest

from fhir_taper.mappers.read.signals.visits import read_visits
from fhir_taper.plans.monitoring.reading import Reading, SetAside
from tests.mappers.charts import PATIENT, resource
from tests.mappers.read.signals.gathering import gather, said, whys

MINE = [{"actor": {"reference": "Patient/p1"}}, {"actor": {"reference": "Practitioner/d1"}}]
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def appointment(status: str = "noshow", **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Appointment", "id": "a1", "status": status, "start": "2026-03-10T09:00:00Z", "participant": MINE, **elements}


def encounter(code: str = "EMER", **elements: Any) -> dict[str, Any]:
    usual = {"status": "finished", "class": {"system": ACT, "code": code}, "period": {"start": "2026-03-10T23:30:00Z"}}
    return resource("Encounter", "e1", **{**usual, **elements})


def read(*resources: Any) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
    return gather(read_visits, *resources)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("booked", "booked"),
        ("fulfilled", "fulfilled"),
        ("arrived", "fulfilled"),
        ("checked-in", "fulfilled"),
        ("noshow", "noshow"),
        ("cancelled", "cancelled"),
    ],
)
def test_an_appointment_is_what_became_of_it(status: str, answer: str) -> None:
    assert said(read(appointment(status))[0]) == [("appointment", answer)]


@pytest.mark.parametrize("status", ["proposed", "pending", "waitlist", "entered-in-error"])
def test_what_was_never_an_appointment_is_nothing(status: str) -> None:
    assert read(appointment(status)) == ((), ())


def test_the_appointment_of_another_patient_is_nothing() -> None:
    assert read(appointment(participant=[{"actor": {"reference": "Patient/p2"}}])) == ((), ())


def test_an_appointment_of_a_record_that_was_merged_is_this_ones() -> None:
    old = [{"actor": {"reference": "Patient/p0"}}]
    merged = PATIENT | {"link": [{"other": {"reference": "Patient/p0"}, "type": "replaces"}]}
    assert said(read(merged, appointment(participant=old))[0]) == [("appointment", "noshow")]


def test_an_appointment_of_several_patients_is_this_ones_too() -> None:
    both = [{"actor": {"reference": "Patient/p2"}}, {"actor": {"reference": "https://ehr.example.org/fhir/Patient/p1"}}]
    assert said(read(appointment(participant=both))[0]) == [("appointment", "noshow")]


def test_an_appointment_without_a_time_is_set_aside() -> None:
    readings, aside = read({key: value for key, value in appointment().items() if key != "start"})
    assert (readings, whys(aside)) == ((), [("appointment", "it has no date")])


@pytest.mark.parametrize(
    ("code", "answer"),
    [("EMER", "emergency"), ("IMP", "inpatient"), ("ACUTE", "inpatient"), ("NONAC", "inpatient"), ("OBSENC", "inpatient")],
)
def test_an_encounter_of_these_classes_is_an_admission(code: str, answer: str) -> None:
    (reading,), _ = read(encounter(code))
    assert (reading.signal, reading.answer, reading.start.isoformat()) == ("admission", answer, "2026-03-11T00:30:00+01:00")


def test_the_class_may_be_a_list_of_concepts() -> None:
    listed = {**encounter(), "class": [{"coding": [{"system": ACT, "code": "IMP"}]}]}
    assert said(read(listed)[0]) == [("admission", "inpatient")]


@pytest.mark.parametrize("code", ["AMB", "VR", "HH", "PRENC", "FLD", "SS"])
def test_other_encounters_are_none(code: str) -> None:
    assert read(encounter(code)) == ((), ())


@pytest.mark.parametrize(
    ("status", "counts"), [("in-progress", 1), ("onleave", 1), ("planned", 0), ("cancelled", 0), ("entered-in-error", 0)]
)
def test_an_encounter_that_took_place_counts(status: str, counts: int) -> None:
    assert len(read(encounter(status=status))[0]) == counts


@pytest.mark.parametrize("status", ["unknown", "", 3, []])
def test_a_status_that_says_nothing_is_set_aside(status: Any) -> None:
    readings, aside = read({**encounter(), "status": status}, {**appointment(), "status": status})
    assert (readings, [one.signal for one in aside]) == ((), ["appointment", "admission"])
    assert all("does not say whether it took place" in one.why for one in aside)


def test_an_encounter_says_why() -> None:
    (reading,), _ = read(encounter(reasonCode=[{"text": "Drug overdose"}, {"text": "Fall"}]))
    assert reading.words == "Drug overdose, Fall"


@pytest.mark.parametrize("odd", [{"class": "EMER"}, {"class": None}, {"period": "2026"}, {"period": {}}, {"reasonCode": "x"}], ids=str)
def test_odd_encounters_never_raise(odd: dict[str, Any]) -> None:
    readings, aside = read({**encounter(), **odd})
    assert len(readings) + len(aside) == 1


V2 = "http://terminology.hl7.org/CodeSystem/v2-0004"


@pytest.mark.parametrize(("code", "expected"), [("E", ["emergency"]), ("I", ["inpatient"]), ("O", []), ("R", [])])
def test_a_class_of_version_2_is_known(code: str, expected: list[str]) -> None:
    readings, aside = read({**encounter(), "class": {"system": V2, "code": code}})
    assert ([one.answer for one in readings], aside) == (expected, ())


@pytest.mark.parametrize("unknown", [{"system": "urn:other", "code": "Emergency"}, {"system": V2, "code": "B"}, None, "EMER"], ids=str)
def test_a_class_that_is_not_known_may_be_an_admission(unknown: Any) -> None:
    readings, (aside,) = read({**encounter(), "class": unknown})
    assert (readings, aside.signal, "is not known here" in aside.why) == ((), "admission", True)
    assert aside.at.isoformat() == "2026-03-11T00:30:00+01:00"


def test_a_visit_of_a_class_that_is_not_known_and_never_was_is_nothing() -> None:
    assert read({**encounter(status="planned"), "class": None}) == ((), ())
