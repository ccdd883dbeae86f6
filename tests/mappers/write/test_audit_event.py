from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_taper.mappers.write.audit_event import to_audit_event
from fhir_taper.records import AuditEntry

Gate = Callable[[Mapping[str, Any]], list[str]]
NOW = datetime(2026, 1, 5, 9, 30, 0, 123456, tzinfo=UTC)
PERSON = "Practitioner/dr1"
LINES = [
    AuditEntry("hospital", NOW, PERSON, "launch", "opened", "p1", "l1", {"role": "prescriber"}),
    AuditEntry("hospital", NOW, PERSON, "read", "partly", "p1", "l1", {"read": {"Condition": 2}, "failed": {"Observation": "500"}}),
    AuditEntry("hospital", NOW, PERSON, "write", "written", "p1", "l1", {"plan": "x", "version": 2, "resources": ["CarePlan/1"]}),
    AuditEntry("hospital", NOW, "nobody", "launch", "refused", None, None, {"reason": "state"}),
    AuditEntry("hospital", NOW, "fhir-taper", "recover-write", "unknown", "p1", None, {}),
]


@pytest.mark.parametrize("entry", LINES, ids=lambda one: f"{one.action}-{one.outcome}")
def test_every_line_is_a_valid_audit_event(entry: AuditEntry, validator_gate: Gate) -> None:
    assert validator_gate(to_audit_event(7, entry, "fhir-taper")) == []


def test_who_what_to_whom_and_how_it_ended_are_where_fhir_puts_them() -> None:
    event = to_audit_event(7, LINES[1], "fhir-taper")
    assert (event["action"], event["outcome"], event["recorded"]) == ("R", "4", "2026-01-05T09:30:00.123456+00:00")
    assert event["agent"] == [{"who": {"reference": PERSON}, "requestor": True}]
    assert event["entity"][0]["what"] == {"reference": "Patient/p1"}
    assert {one["type"]: one["valueString"] for one in event["entity"][1]["detail"]} == {
        "sequence": "7", "launch": "l1", "read": '{"Condition":2}', "failed": '{"Observation":"500"}',
    }  # fmt: skip


def test_what_the_program_does_by_itself_nobody_requested() -> None:
    assert to_audit_event(1, LINES[4], "fhir-taper")["agent"] == [{"name": "fhir-taper", "requestor": False}]
    assert to_audit_event(1, LINES[4], "fhir-taper")["outcome"] == "8"


def test_a_line_has_the_same_id_in_every_export() -> None:
    ids = [to_audit_event(number, LINES[0], "fhir-taper")["id"] for number in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]
