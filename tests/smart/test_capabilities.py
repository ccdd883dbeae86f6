from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.smart.capabilities import Capabilities


def statement(*resources: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"mode": "server", "resource": list(resources), **rest}],
    }


def test_what_is_declared_may_be_tried_and_nothing_else() -> None:
    goal = {
        "type": "Goal",
        "interaction": [{"code": "read"}, {"code": "create"}],
        "searchParam": [{"name": "patient"}],
        "conditionalCreate": True,
    }
    found = Capabilities.of(
        statement(goal, interaction=[{"code": "transaction"}], operation=[{"name": "$validate"}, {"name": "everything"}])
        | {"software": {"name": "Demo"}}
    )
    assert [found.may("Goal", one) for one in ("read", "create", "update", "search-type")] == [True, True, False, False]
    assert (found.may("", "transaction"), found.may("", "batch"), found.may("Task", "read")) == (True, False, False)
    assert [sorted(found.search_params(one)) for one in ("Goal", "Task")] == [["patient"], []]
    assert (found.fhir_version, found.software, *found.conditional_create) == ("4.0.1", "Demo", "Goal")
    assert found.operations == {"validate", "everything"}


def test_interactions_that_fhir_does_not_know_promise_nothing() -> None:
    found = Capabilities.of(statement({"type": "Goal", "interaction": [{"code": "write"}, {"code": "READ"}, {"code": "transaction"}]}))
    assert not any(found.may("Goal", one) for one in ("write", "create", "update", "read", "READ", "transaction"))


def test_a_type_or_an_interaction_that_stands_twice_counts_once() -> None:
    once = {"type": "Goal", "interaction": [{"code": "read"}, {"code": "read"}], "searchParam": [{"name": "patient"}]}
    twice = {"type": "Goal", "interaction": [{"code": "create"}], "searchParam": [{"name": "_id"}]}
    found = Capabilities.of(statement(once, twice))
    assert [sorted(one["Goal"]) for one in (found.interactions, found.parameters)] == [["create", "read"], ["_id", "patient"]]


def test_what_a_server_does_as_a_client_is_not_what_it_offers() -> None:
    document = statement()
    document["rest"].append({"mode": "client", "resource": [{"type": "Goal", "interaction": [{"code": "read"}]}]})
    assert not Capabilities.of(document).may("Goal", "read")


@pytest.mark.parametrize("wrong", [None, 5, "x", [], [5], {}, [{"mode": "server", "resource": [None, {"type": 5}]}]])
def test_a_statement_that_makes_no_sense_promises_nothing(wrong: Any) -> None:
    assert Capabilities.of({"rest": wrong}).may("Goal", "read") is False


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.dictionaries(st.sampled_from(["rest", "software", "fhirVersion"]), _JSON))
def test_no_document_makes_the_reader_fail(document: dict[str, Any]) -> None:
    assert Capabilities.of(document).interactions.get("Goal") is None
