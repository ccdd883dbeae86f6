from datetime import UTC, datetime, timedelta

import pytest

from fhir_taper.writeback.verdict import Entry, Meaning, entries_of, located, meaning_of, not_before, original, single_entry
from tests.writeback.fake_ehr import FakeAnswer

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statuses", "meaning"),
    [
        ((200, 201, 204), Meaning.DONE),
        ((409, 412), Meaning.STALE),
        ((429,), Meaning.TOO_EARLY),
        ((400, 401, 403, 404, 405, 410, 422, 501), Meaning.REFUSED),
        ((100, 202, 206, 301, 302, 307, 408, 500, 502, 503, 504, 599, 0), Meaning.UNKNOWN),
    ],
)
def test_only_an_answer_that_says_so_is_a_refusal(statuses: tuple[int, ...], meaning: Meaning) -> None:
    assert {meaning_of(status) for status in statuses} == {meaning}


def test_a_status_that_does_not_mean_stale_on_this_server_is_a_refusal() -> None:
    assert meaning_of(412, stale=(409,)) is Meaning.REFUSED


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "0"}, 0),
        ({"retry-after": "17"}, 17),
        ({"retry-after": "99999999999999999999"}, 86400),
        ({"retry-after": "Mon, 05 Jan 2026 09:00:30 GMT"}, 30),
        ({"retry-after": "Mon, 05 Jan 2026 09:00:30 GMT", "date": "Mon, 05 Jan 2026 09:00:20 GMT"}, 10),
        ({"retry-after": "Mon, 05 Jan 2026 08:00:00 GMT"}, 0),
        ({"retry-after": "Mon, 05 Jan 2099 08:00:00 GMT"}, 86400),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "-5"}, 60),
        ({}, 60),
    ],
    ids=str,
)
def test_a_pause_is_read_in_seconds_or_as_a_date_and_is_bounded(headers: dict[str, str], seconds: int) -> None:
    assert not_before(headers, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("CarePlan/7", "CarePlan/7"),
        ("https://ehr.example.org/fhir/CarePlan/7/_history/2", "CarePlan/7"),
        ("/fhir/CarePlan/7/", "CarePlan/7"),
        ("Goal/7", ""),
        ("7", ""),
        ("", ""),
    ],
)
def test_a_location_names_type_and_id(location: str, found: str) -> None:
    assert located(location, "CarePlan") == found


def test_a_single_answer_names_its_resource_by_body_or_by_location() -> None:
    body = {"resourceType": "Goal", "id": "7"}
    assert single_entry(FakeAnswer(201, {"etag": 'W/"1"'}, body), "Goal") == Entry(201, "Goal/7", 'W/"1"')
    assert single_entry(FakeAnswer(201, {"location": "Goal/8/_history/1"}), "Goal") == Entry(201, "Goal/8", None)
    assert single_entry(FakeAnswer(201, {}, {"resourceType": "OperationOutcome", "id": "x"}), "Goal") == Entry(201, "", None)


def test_a_transaction_answer_is_taken_entry_by_entry_or_not_at_all() -> None:
    entry = {"response": {"status": "201 Created", "location": "Goal/7", "etag": 'W/"1"'}}
    answer = FakeAnswer(200, {}, {"entry": [entry, {"resource": {"resourceType": "Flag", "id": "2"}, "response": {}}]})
    assert entries_of(answer, ("Goal", "Flag")) == (Entry(201, "Goal/7", 'W/"1"'), Entry(0, "Flag/2", None))
    assert entries_of(answer, ("Goal",)) is None
    assert entries_of(FakeAnswer(200), ("Goal",)) is None
    assert entries_of(FakeAnswer(200, {}, [1]), ("Goal",)) is None


def test_the_original_is_found_inside_a_refusal_by_our_identifier_only() -> None:
    ours = {"resourceType": "Goal", "id": "7", "identifier": [{"system": "https://fhir-taper.org/fhir/write", "value": "w"}]}
    wrapped = FakeAnswer(409, {}, {"resourceType": "OperationOutcome", "contained": [ours]})
    found = original(wrapped, "Goal", "w")
    assert found is not None
    assert found.resource == ours
    assert original(wrapped, "Goal", "other") is None
    assert original(FakeAnswer(409), "Goal", "w") is None
