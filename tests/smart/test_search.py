from typing import Any

import pytest

from fhir_taper.errors import AccessEnded, EhrAnswered, EhrUnreachable
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.patients import Refusal
from fhir_taper.smart.search import Found
from tests.smart.stub_server import Reply, Stub

PATH = "/fhir/MedicationRequest"


def order(name: str, whose: str | None = "Patient/p1", **more: Any) -> dict[str, Any]:
    subject = {} if whose is None else {"subject": {"reference": whose}}
    return {"resource": {"resourceType": "MedicationRequest", "id": name, **subject, **more}}


def page(*entries: Any, following: str | None = None, **more: Any) -> dict[str, Any]:
    link = [{"relation": "self", "url": "x"}] + ([{"relation": "next", "url": following}] if following else [])
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": list(entries), **more}


def outcome(severity: str = "warning", **issue: Any) -> dict[str, Any]:
    return {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "x", **issue}]}}


def search(client: FhirClient, **more: str) -> Found:
    return client.search("MedicationRequest", {"patient": "p1", **more})


def ids(found: Found) -> list[str]:
    return [one.resource["id"] for one in found.resources]


def test_a_search_asks_for_strict_handling_and_finds_one_patients_resources(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a", meta={"versionId": "3"}), order("b"))))
    found = search(client, status="active")
    (request,) = ehr.requests
    assert (request.headers["prefer"], request.query) == ("handling=strict", {"patient": ["p1"], "status": ["active"]})
    assert (ids(found), found.complete, found.why) == (["a", "b"], True, "")
    assert (found.resources[0].etag, found.resources[0].url) == ('W/"3"', f"{ehr.base}/MedicationRequest/a")


def test_pages_are_followed_verbatim(ehr: Stub, client: FhirClient) -> None:
    following = f"{ehr.base}?_getpages=a%2Fb&_x=~%2C,"
    ehr.on(PATH, Reply(body=page(order("a"), following=following)))
    ehr.on("/fhir?_getpages=a%2Fb&_x=~%2C,", Reply(body=page(order("b"))))
    assert ids(search(client)) == ["a", "b"]
    assert ehr.requests[1].target == "/fhir?_getpages=a%2Fb&_x=~%2C,"


def test_a_relative_next_link_is_followed(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), following="?page=2")))
    ehr.on(f"{PATH}?page=2", Reply(body=page(order("b"))))
    assert ids(search(client)) == ["a", "b"]


@pytest.mark.requirement("97", "98", "267", "268")
@pytest.mark.parametrize(
    "where", ["{stranger}/fhir/x", "{ehr}/other/x", "{ehr}/fhir/../other", "http://u@{host}/fhir/x", "{ehr}.:1/fhir", "//[", "http://["]
)
def test_a_next_link_to_elsewhere_gets_no_request_and_no_token(where: str, ehr: Stub, stranger: Stub, client: FhirClient) -> None:
    following = where.format(stranger=stranger.origin, ehr=ehr.origin, host=ehr.origin.removeprefix("http://"))
    ehr.on(PATH, Reply(body=page(order("a"), following=following)))
    found = search(client)
    assert (ids(found), found.complete) == (["a"], False)
    assert "another server" in found.why
    assert (len(ehr.requests), stranger.requests) == (1, [])


def test_another_patients_resources_are_refused_and_told(ehr: Stub, client: FhirClient, refused: list[Refusal]) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), order("b", "Patient/p2"), order("c", "http://elsewhere.test/Patient/p1"))))
    found = search(client)
    assert ids(found) == ["a"]
    assert refused == list(found.refused) == [Refusal("MedicationRequest", name, "it is another patient's") for name in ("b", "c")]


@pytest.mark.parametrize("whose", [None, "#contained", "urn:uuid:1", "Group/g"])
def test_a_match_that_does_not_say_whose_it_is_is_set_aside_and_the_search_is_incomplete(
    whose: str | None, ehr: Stub, client: FhirClient, refused: list[Refusal]
) -> None:
    ehr.on(PATH, Reply(body=page(order("a", whose))))
    found = search(client)
    assert (found.resources, found.complete) == ((), False)
    assert [one.why for one in refused] == ["it does not say whose it is"]


def test_a_search_that_is_not_for_one_patient_may_find_what_belongs_to_nobody(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/Medication", Reply(body=page({"resource": {"resourceType": "Medication", "id": "x"}})))
    found = client.search("Medication", [("_id", "x")])
    assert (ids(found), found.complete) == (["x"], True)


def test_a_reference_inside_what_was_found_is_not_followed(ehr: Stub, stranger: Stub, client: FhirClient) -> None:
    inside: dict[str, Any] = {
        "contained": [{"resourceType": "Medication", "id": "m", "manufacturer": {"reference": f"{stranger.base}/Organization/1"}}]
    }
    ehr.on(PATH, Reply(body=page({**order("a", medicationReference={"reference": f"{stranger.base}/Medication/1"}, **inside)})))
    assert ids(search(client)) == ["a"]
    assert (len(ehr.requests), stranger.requests) == (1, [])


def test_a_session_that_ends_between_pages_is_an_end_and_not_a_short_list(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), following=f"{ehr.base}?p=2")))
    ehr.on("/fhir?p=2", Reply(401))
    with pytest.raises(AccessEnded):
        search(client)


@pytest.mark.parametrize("version", ["a\nb", 'a"b', "€", "", "x" * 129, 5])
def test_a_version_that_cannot_stand_in_a_header_is_no_version(version: Any, ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a", meta={"versionId": version}))))
    assert search(client).resources[0].etag is None


def test_what_was_included_needs_no_patient_but_may_have_no_other(ehr: Stub, client: FhirClient) -> None:
    medication = {"resource": {"resourceType": "Medication", "id": "x"}, "search": {"mode": "include"}}
    other = {"resource": {"resourceType": "Patient", "id": "p2"}, "search": {"mode": "include"}}
    ehr.on(PATH, Reply(body=page(order("a"), medication, other)))
    found = search(client)
    assert (ids(found), [one.id for one in found.refused]) == (["a", "x"], ["p2"])


@pytest.mark.parametrize(
    "entry", [None, 5, {}, {"resource": None}, {"resource": {"resourceType": "MedicationRequest"}}, {"resource": {"id": "a"}}]
)
def test_an_entry_that_is_no_resource_is_set_aside_and_sinks_nothing(entry: Any, ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), entry)))
    found = search(client)
    assert (ids(found), found.complete, len(found.refused)) == (["a"], False, 1)


def test_the_same_resource_twice_counts_once_and_the_newest_stays(ehr: Stub, client: FhirClient) -> None:
    old, new = ({"lastUpdated": f"2026-01-0{day}T00:00:00Z"} for day in (1, 2))
    ehr.on(PATH, Reply(body=page(order("a", meta=new, n=2), order("a", meta=old, n=1), order("b", n=1), order("b", n=2))))
    assert [one.resource["n"] for one in search(client).resources] == [2, 2]


@pytest.mark.parametrize("empty", [page(), page(entry=None), {"resourceType": "Bundle"}])
def test_an_empty_page_is_no_trouble(empty: dict[str, Any], ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), following=f"{ehr.base}?p=2")))
    ehr.on("/fhir?p=2", Reply(body={**empty, "link": [{"relation": "next", "url": f"{ehr.base}?p=3"}]}))
    ehr.on("/fhir?p=3", Reply(body=page(order("b"))))
    assert (ids(search(client)), search(client).complete) == (["a", "b"], True)


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", outcome()["resource"]])
def test_a_page_that_is_no_bundle_makes_the_search_incomplete(body: Any, ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), following=f"{ehr.base}?p=2")))
    ehr.on("/fhir?p=2", Reply(body=body))
    found = search(client)
    assert (ids(found), found.complete) == (["a"], False)
    assert "no Bundle" in found.why


def test_outcomes_are_told_and_not_taken_for_resources(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), {**outcome(diagnostics="half is missing"), "search": {"mode": "outcome"}})))
    found = search(client)
    assert (ids(found), found.complete, len(found.outcomes)) == (["a"], False, 1)
    assert "half is missing" in found.why


@pytest.mark.parametrize(
    ("severity", "code", "complete"),
    [
        ("warning", "4101", True),
        ("information", "1", True),
        ("information", "4134", False),
        ("warning", "59133", False),
        ("warning", "4127", False),
        ("warning", "1", False),
        ("error", "4101", False),
    ],
)
def test_codes_say_whether_the_list_may_lack_something(severity: str, code: str, *, complete: bool, ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(outcome(severity, details={"coding": [{"code": code}], "text": "remark"}))))
    assert search(client).complete is complete


def test_a_total_without_next_is_asked_for_in_one_page(ehr: Stub, client: FhirClient) -> None:
    ehr.on(f"{PATH}?patient=p1", Reply(body=page(order("a"), total=2)))
    ehr.on(f"{PATH}?patient=p1&_count=2", Reply(body=page(order("a"), order("b"), total=2)))
    assert (ids(search(client)), search(client).complete) == (["a", "b"], True)


def test_a_total_that_never_comes_makes_the_search_incomplete(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), total=40)))
    found = search(client)
    assert (found.complete, found.why) == (False, "the EHR counts 40 and gave 1")


def test_refused_resources_count_towards_the_total(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), order("b", "Patient/p2"), total=2)))
    assert search(client).complete


def test_an_expired_page_session_begins_the_search_again_once(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), following=f"{ehr.base}?p=2")))
    ehr.on("/fhir?p=2", Reply(410), Reply(body=page(order("b"))))
    found = search(client)
    assert (ids(found), found.complete, len(ehr.of(PATH))) == (["a", "b"], True, 2)


@pytest.mark.parametrize("status", [404, 500])
def test_a_page_that_stays_away_keeps_what_came_and_says_so(status: int, ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), following=f"{ehr.base}?p=2")))
    ehr.on("/fhir?p=2", Reply(status))
    found = search(client)
    assert (ids(found), found.complete) == (["a"], False)
    assert f"answered {status}" in found.why


def test_pages_that_go_in_a_circle_end(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a"), following=f"{ehr.base}?p=2")))
    ehr.on("/fhir?p=2", Reply(body=page(order("b"), following=f"{ehr.base}?p=2")))
    found = search(client)
    assert (ids(found), "circle" in found.why) == (["a", "b"], True)


@pytest.mark.parametrize(
    "issue",
    [{"diagnostics": "Unknown search parameter 'intent'"}, {"expression": ["http.intent"]}, {"details": {"text": "intent: not supported"}}],
)
def test_a_parameter_that_the_server_does_not_know_is_dropped_and_named(issue: dict[str, Any], ehr: Stub, client: FhirClient) -> None:
    ehr.on(f"{PATH}?patient=p1&intent=order", Reply(400, outcome("error", **issue)["resource"]))
    ehr.on(f"{PATH}?patient=p1", Reply(body=page(order("a"))))
    found = search(client, intent="order")
    assert (ids(found), found.dropped) == (["a"], ("intent",))


def test_the_patient_is_never_dropped_from_a_search(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(400, outcome("error", diagnostics="unknown parameter patient")["resource"]))
    with pytest.raises(EhrAnswered, match="unknown parameter patient"):
        search(client)
    assert len(ehr.requests) == 1


@pytest.mark.parametrize("status", [302, 400, 403, 404, 500])
def test_a_search_that_is_refused_says_so(status: int, ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(status, headers={"Location": "/elsewhere"}))
    with pytest.raises(EhrAnswered) as raised:
        search(client)
    assert raised.value.status == status
    assert [one.path for one in ehr.requests] == [PATH]


def test_a_search_that_is_cut_off_every_time_is_unreachable(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body=page(order("a")), cut=5))
    with pytest.raises(EhrUnreachable, match="cut off"):
        search(client)


def test_a_search_answered_with_html_is_no_json(ehr: Stub, client: FhirClient) -> None:
    ehr.on(PATH, Reply(body="<html>log in</html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(EhrAnswered, match="not JSON"):
        search(client)
