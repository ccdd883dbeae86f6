"""What a request does, counted as scopes count it."""

import pytest

from fhir_taper.exact_json import encode
from fhir_taper.sandbox.interactions import Interaction, form_of, interactions

GOAL = {"resourceType": "Goal"}


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "Goal/1", "", Interaction("r", "Goal", "1")),
        ("HEAD", "Goal/1", "", Interaction("r", "Goal", "1")),
        ("GET", "Goal/1/_history/2", "", Interaction("r", "Goal", "1")),
        ("GET", "Goal/1/_history", "", Interaction("r", "Goal", "1")),
        ("GET", "Goal", "patient=p", Interaction("s", "Goal", patients=("p",))),
        ("GET", "Goal", "subject=Patient/p,Group/g", Interaction("s", "Goal", patients=("p",))),
        ("GET", "Goal", "subject:Patient=p&patient=q", Interaction("s", "Goal", patients=("p", "q"))),
        ("GET", "Goal", "patient.name=p", Interaction("s", "Goal")),
        ("GET", "Goal/_history", "", Interaction("s", "Goal")),
        ("GET", "Patient/p/Goal", "", Interaction("s", "Goal", patients=("p",))),
        ("GET", "Patient/p/$everything", "", Interaction("r", "*", patients=("p",))),
        ("GET", "_history", "", Interaction("r", "*")),
        ("POST", "Goal/$validate", "", Interaction("c", "Goal")),
        ("POST", "Goal/1/$validate", "", Interaction("c", "*")),
        ("POST", "$process-message", "", Interaction("c", "*")),
        ("DELETE", "Goal/1", "", Interaction("d", "Goal", "1")),
        ("DELETE", "Goal", "patient=p", Interaction("d", "Goal")),
    ],
)
def test_a_request_is_one_interaction(method: str, path: str, query: str, expected: Interaction) -> None:
    assert interactions(method, path, query, b"") == (expected,)


def test_a_write_brings_its_resource() -> None:
    assert interactions("POST", "Goal", "", encode(GOAL)) == (Interaction("c", "Goal", None, GOAL),)
    assert interactions("PUT", "Goal/1", "", encode(GOAL)) == (Interaction("u", "Goal", "1", GOAL),)
    assert interactions("PATCH", "Goal/1", "", b"[]") == (Interaction("u", "Goal", "1"),)
    assert interactions("POST", "Goal", "", b"no json") == (Interaction("c", "Goal"),)


def test_a_search_by_form_names_its_patient() -> None:
    assert interactions("POST", "Goal/_search", "", b"patient=p") == (Interaction("s", "Goal", patients=("p",)),)


def test_a_bundle_is_as_many_interactions_as_it_has_entries() -> None:
    entries = [{"request": {"method": "GET", "url": "Goal?patient=p"}}, {"request": {"method": "POST", "url": "Goal"}, "resource": GOAL}]
    found = interactions("POST", "", "", encode({"resourceType": "Bundle", "type": "batch", "entry": entries}))
    assert found == (Interaction("s", "Goal", patients=("p",)), Interaction("c", "Goal", None, GOAL))


def test_a_form_says_each_field_once() -> None:
    assert form_of(b"a=1&b=") == {"a": "1", "b": ""}
    assert form_of(b"a=1&a=2") is None
