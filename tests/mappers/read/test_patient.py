"""Who the patient is."""

from datetime import date
from typing import Any

import pytest

from fhir_taper.mappers.read.patient import Person, read_patient
from tests.mappers.charts import PATIENT, chart_of, order

TZ = "http://hl7.org/fhir/StructureDefinition/tz-code"


def person(**elements: Any) -> Person:
    return read_patient(chart_of(PATIENT | elements)).value


def test_a_patient_is_read_with_its_source() -> None:
    patient = PATIENT | {
        "gender": "female",
        "name": [{"use": "old", "text": "X"}, {"use": "official", "given": ["Ada", "M."], "family": "Example"}],
        "extension": [{"url": TZ, "valueCode": "America/New_York"}],
        "meta": {"versionId": "2"},
    }
    mapped = read_patient(chart_of(patient))
    assert mapped.value == Person(
        "p1", date(1970, 3, 1), deceased=False, zone="America/New_York", name="Ada M. Example", gender="female", born="1970-03-01"
    )
    assert (mapped.issues, mapped.sources) == ((), ("Patient/p1/_history/2",))


@pytest.mark.parametrize(("written", "day"), [("1970", date(1970, 12, 31)), ("1972-02", date(1972, 2, 29))])
def test_a_partial_birth_date_is_its_last_day_so_that_nobody_is_made_older_and_that_is_said(written: str, day: date) -> None:
    mapped = read_patient(chart_of(PATIENT | {"birthDate": written}))
    assert mapped.value.birth_date == day
    assert [(issue.severity, issue.code) for issue in mapped.issues] == [("warning", "birth-date-partial")]


def test_a_birth_date_that_is_no_date_is_unknown_and_that_is_said() -> None:
    mapped = read_patient(chart_of(PATIENT | {"birthDate": "2001-02-30", "deceasedDateTime": "in spring"}))
    assert (mapped.value.birth_date, mapped.value.deceased) == (None, True)
    assert [(issue.severity, issue.code) for issue in mapped.issues] == [("warning", "birth-date-unreadable")]


@pytest.mark.parametrize(
    ("elements", "deceased"),
    [
        ({}, False),
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedDateTime": "2025"}, True),
    ],
)
def test_a_date_of_death_is_a_death(elements: dict[str, Any], deceased: bool) -> None:
    assert person(**elements).deceased is deceased


@pytest.mark.parametrize(
    ("elements", "zone"),
    [
        ({"extension": [{"url": TZ, "valueCode": "UTC"}]}, "UTC"),
        ({"address": [{"extension": [{"url": TZ, "valueCode": "America/Argentina/Ushuaia"}]}]}, "America/Argentina/Ushuaia"),
        (
            {"address": [{"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/timezone", "valueCode": "Etc/GMT+5"}]}]},
            "Etc/GMT+5",
        ),
        ({"extension": [{"url": TZ, "valueCode": "../../etc/passwd"}]}, None),
        ({"extension": [{"url": TZ, "valueString": "UTC"}]}, None),
        ({"extension": [{"url": "x", "valueCode": "UTC"}]}, None),
        ({"extension": "x"}, None),
    ],
    ids=str,
)
def test_the_zone_is_the_patients_own_or_unknown(elements: dict[str, Any], zone: str | None) -> None:
    assert person(**elements).zone == zone


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ([{"text": "Ada Example"}], "Ada Example"),
        ([{"family": "Example"}], "Example"),
        ([{"given": ["Ada"]}, {"text": "X"}], "Ada"),
        ([], ""),
    ],
)
def test_a_name_is_what_the_chart_has_of_it(name: list[Any], called: str) -> None:
    assert person(name=name).name == called


def test_without_a_patient_resource_only_the_id_is_known() -> None:
    mapped = read_patient(chart_of(order()))
    assert mapped.value == Person("p1")
    assert [issue.code for issue in mapped.issues] == ["no-patient"]


def test_the_birth_date_is_also_kept_as_charted() -> None:
    person = read_patient(chart_of(PATIENT | {"birthDate": "1970"})).value
    assert (person.born, person.birth_date) == ("1970", date(1970, 12, 31))


def test_the_record_number_is_the_identifier_that_says_so() -> None:
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
    listed = [{"value": "1"}, {"use": "old", "type": kind, "value": "2"}, {"type": kind, "value": "3"}]
    assert read_patient(chart_of(PATIENT | {"identifier": listed})).value.record_number == "3"
    assert not read_patient(chart_of(PATIENT | {"identifier": [{"value": "1"}]})).value.record_number


@pytest.mark.parametrize("place", ["security", "tag"])
def test_a_record_that_is_labelled_as_test_data_is_a_test_patient(place: str) -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    assert read_patient(chart_of(PATIENT | {"meta": {place: [label]}})).value.is_test
    assert not read_patient(chart_of(PATIENT | {"meta": {place: [label | {"code": "TREAT"}]}})).value.is_test
