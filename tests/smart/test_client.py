from decimal import Decimal

import pytest

from fhir_taper.errors import AccessEnded, EhrAnswered, EhrUnreachable, HostRefused, TooLate, WrongPatient
from fhir_taper.records import Secret, Tenant
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.patients import Refusal
from fhir_taper.smart.permitted import Permitted
from fhir_taper.smart.transport import Transport
from tests.smart.conftest import Clock
from tests.smart.stub_server import Reply, Stub

PATIENT = {"resourceType": "Patient", "id": "p1", "meta": {"versionId": "7"}}
ORDER = {"resourceType": "MedicationRequest", "id": "m1", "subject": {"reference": "Patient/p1"}}


@pytest.mark.requirement("93", "264")
def test_a_read_carries_the_bearer_token_and_asks_for_fhir_json(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/Patient/p1", Reply(body=PATIENT, headers={"ETag": 'W/"8"'}))
    found = client.read("Patient", "p1")
    request = ehr.requests[0]
    assert (request.headers["authorization"], request.headers["accept"]) == ("Bearer t0ken", "application/fhir+json")
    assert (found.resource, found.etag, found.url) == (PATIENT, 'W/"8"', f"{ehr.base}/Patient/p1")


def test_a_version_without_etag_is_the_weak_form_of_the_version_id(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/Patient/p1", Reply(body=PATIENT))
    assert client.read("Patient", "p1").etag == 'W/"7"'


def test_decimals_keep_their_digits(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/Medication/a", Reply(body=b'{"resourceType":"Medication","id":"a","amount":{"numerator":{"value":0.50}}}'))
    assert str(client.read("Medication", "a").resource["amount"]["numerator"]["value"]) == str(Decimal("0.50"))


@pytest.mark.parametrize("reference", ["Patient/p2", "Patient/p2/_history/1", "http://elsewhere.test/fhir/Patient/p1"])
def test_another_patients_resource_is_refused_and_told(reference: str, ehr: Stub, client: FhirClient, refused: list[Refusal]) -> None:
    ehr.on("/fhir/MedicationRequest/m1", Reply(body={**ORDER, "subject": {"reference": reference}}))
    with pytest.raises(WrongPatient, match="another patient's MedicationRequest"):
        client.read("MedicationRequest", "m1")
    assert refused == [Refusal("MedicationRequest", "m1", "it is another patient's")]


def test_another_patient_is_refused(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/Patient/p2", Reply(body={"resourceType": "Patient", "id": "p2"}))
    with pytest.raises(WrongPatient):
        client.read("Patient", "p2")


def test_a_resource_that_was_not_asked_for_is_refused(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/Medication/a", Reply(body={"resourceType": "Medication", "id": "b"}))
    with pytest.raises(EhrAnswered, match="not the Medication that was asked for"):
        client.read("Medication", "a")


def test_a_refusal_brings_the_servers_own_words(ehr: Stub, client: FhirClient) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found", "diagnostics": "no such thing"}]}
    ehr.on("/fhir/Medication/a", Reply(404, outcome))
    with pytest.raises(EhrAnswered, match="404: no such thing") as raised:
        client.read("Medication", "a")
    assert raised.value.status == 404


@pytest.mark.requirement("97", "98", "267", "268")
@pytest.mark.parametrize(
    "path", ["/fhir/Practitioner/d1", "/other/Practitioner/d1", "/fhir/../other/Practitioner/d1", "/fhirx/Practitioner/d1"]
)
def test_a_reference_to_another_server_is_not_followed(path: str, stranger: Stub, ehr: Stub, client: FhirClient) -> None:
    addresses = [stranger.origin + path] + ([] if path.startswith("/fhir/P") else [ehr.origin + path])
    for address in addresses:
        with pytest.raises(HostRefused):
            client.read_reference(address)
    assert stranger.requests == []
    assert ehr.requests == []


@pytest.mark.parametrize("reference", ["Practitioner/d1", "Practitioner/d1/_history/3", "{base}/Practitioner/d1", "/Practitioner/d1"])
def test_a_reference_on_this_server_is_read(reference: str, ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/Practitioner/d1", Reply(body={"resourceType": "Practitioner", "id": "d1"}))
    assert client.read_reference(reference.format(base=ehr.base)).resource["id"] == "d1"


@pytest.mark.parametrize(
    "reference", ["Practitioner/..", "Practitioner/a?b=c", "../x", "#a", "urn:uuid:5", "", "Practitioner/a%2Fb", "practitioner/1"]
)
def test_a_reference_that_could_change_the_path_sends_nothing(reference: str, ehr: Stub, client: FhirClient) -> None:
    with pytest.raises(HostRefused):
        client.read_reference(reference)
    assert ehr.requests == []


def test_a_token_no_longer_taken_ends_the_access(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/Patient/p1", Reply(401))
    with pytest.raises(AccessEnded, match="launch again"):
        client.read("Patient", "p1")
    assert len(ehr.requests) == 1


def test_a_token_no_longer_taken_is_renewed_once(ehr: Stub, transport: Transport, refused: list[Refusal]) -> None:
    ehr.on("/fhir/Patient/p1", Reply(401), Reply(body=PATIENT))
    renewed: list[str] = []

    def renew(old: Secret) -> Secret:
        renewed.append(old.reveal())
        return Secret("new")

    client = FhirClient(ehr.base, transport, lambda: Secret("old"), "p1", refused.append, renew=renew)
    assert client.read("Patient", "p1").resource == PATIENT
    assert renewed == ["old"]
    assert [one.headers["authorization"] for one in ehr.requests] == ["Bearer old", "Bearer new"]


def test_the_capability_statement_is_read(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/metadata", Reply(body={"resourceType": "CapabilityStatement"}))
    assert client.capability_statement() == {"resourceType": "CapabilityStatement"}


def permitted(method: str, path: str, **headers: str) -> Permitted:
    return Permitted(method, path, {"resourceType": "CarePlan", "value": Decimal("0.50")}, tuple(headers.items()))


@pytest.mark.parametrize(
    ("interaction", "method", "path"),
    [("create", "POST", "CarePlan"), ("update", "PUT", "CarePlan/c1"), ("transaction", "POST", "")],
)
def test_a_write_is_one_request_with_exact_decimals(interaction: str, method: str, path: str, ehr: Stub, client: FhirClient) -> None:
    target = f"/fhir/{path}".rstrip("/")
    ehr.on(target, Reply(201), method=method)
    answer = getattr(client, interaction)(permitted(method, path, **{"If-Match": 'W/"3"', "Authorization": "Bearer other"}))
    (request,) = ehr.requests
    assert answer.status == 201
    assert (request.method, request.path, request.body) == (method, target, b'{"resourceType":"CarePlan","value":0.50}')
    assert (request.headers["if-match"], request.headers["authorization"]) == ('W/"3"', "Bearer t0ken")


@pytest.mark.parametrize("status", [400, 401, 409, 412, 429, 500, 503])
def test_a_write_is_never_sent_twice_whatever_the_answer(status: int, ehr: Stub, client: FhirClient, clock: Clock) -> None:
    ehr.on("/fhir/CarePlan", Reply(status, headers={"Retry-After": "1"}), method="POST")
    assert client.create(permitted("POST", "CarePlan")).status == status
    assert len(ehr.requests) == 1
    assert clock.slept == []


def test_a_write_whose_answer_was_cut_off_is_unknown_and_not_sent_again(ehr: Stub, client: FhirClient) -> None:
    ehr.on("/fhir/CarePlan", Reply(201, {"id": "c1"}, cut=4), method="POST")
    with pytest.raises(EhrUnreachable, match="no whole answer"):
        client.create(permitted("POST", "CarePlan"))
    assert len(ehr.requests) == 1


@pytest.mark.parametrize(
    ("interaction", "method", "path"), [("create", "PUT", "CarePlan/1"), ("update", "POST", "CarePlan"), ("create", "POST", "")]
)
def test_a_write_of_another_kind_is_not_sent(interaction: str, method: str, path: str, ehr: Stub, client: FhirClient) -> None:
    with pytest.raises(ValueError, match="not this interaction"):
        getattr(client, interaction)(permitted(method, path))
    assert ehr.requests == []


def test_no_token_shows_in_a_repr_or_an_error(ehr: Stub, tenant: Tenant, client: FhirClient) -> None:
    ehr.on("/fhir/Patient/p1", Reply(500, b"Bearer t0ken"))
    with pytest.raises(EhrAnswered) as raised:
        client.read("Patient", "p1")
    assert "t0ken" not in f"{raised.value!r} {client!r} {tenant!r} {permitted('POST', 'CarePlan')!r}"


def test_a_write_leaves_only_if_it_still_may_once_its_token_is_there(ehr: Stub, transport: Transport, refused: list[Refusal]) -> None:
    happened: list[str] = []

    def token() -> Secret:
        happened.append("token")
        return Secret("t0ken")

    def too_late() -> None:
        happened.append("leaving")
        raise TooLate("it waited too long")

    client = FhirClient(ehr.base, transport, token, "p1", refused.append)
    for method, path, write in (
        ("POST", "CarePlan", client.create),
        ("PUT", "CarePlan/c1", client.update),
        ("POST", "", client.transaction),
    ):
        with pytest.raises(TooLate):
            write(permitted(method, path), too_late)
    assert happened == ["token", "leaving"] * 3
    assert ehr.requests == []
