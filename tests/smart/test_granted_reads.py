import pytest

from fhir_taper.errors import NotGranted
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.granted_reads import GrantedReads
from fhir_taper.smart.scopes import Granted
from tests.smart.stub_server import Reply, Stub

GOAL = {"resourceType": "Goal", "id": "g1", "subject": {"reference": "Patient/p1"}}


@pytest.mark.parametrize("scope", ["", "patient/CarePlan.rs", "patient/Goal.c", "patient/Goal.rs?lifecycle-status=active"])
def test_what_was_not_granted_or_only_in_part_is_not_asked(scope: str, ehr: Stub, client: FhirClient) -> None:
    reads = GrantedReads(client, Granted.parse(scope))
    with pytest.raises(NotGranted, match="to read all of Goal"):
        reads.read("Goal", "g1")
    with pytest.raises(NotGranted, match="to search all of Goal"):
        reads.search("Goal", {"identifier": "x"})
    assert ehr.requests == []


def test_what_was_granted_is_read_and_searched(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/Goal/g1", Reply(body=GOAL))
    ehr.on("/fhir/Goal", Reply(body={"resourceType": "Bundle", "type": "searchset"}))
    reads = GrantedReads(client, Granted.parse("patient/Goal.read"))
    assert reads.read("Goal", "g1").resource == GOAL
    assert reads.search("Goal", {"identifier": "x"}).resources == ()
