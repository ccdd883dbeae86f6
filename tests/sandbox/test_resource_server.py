"""The FHIR base: who may do what with a token, and that the server behind it is reached whole."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from fhir_taper.sandbox.demo import Demo
from fhir_taper.sandbox.forwarding import Answer
from fhir_taper.sandbox.resource_server import Forward
from tests.sandbox.plain_app import SECONDS, bearer

ELDER = "lorazepam-elder"
ALL = "patient/*.cruds"


def goal(patient: str = ELDER, **more: Any) -> dict[str, Any]:
    """A small resource that may be written."""
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "sleep"},
        "subject": {"reference": f"Patient/{patient}"},
    } | more


def ask(demo: Demo, method: str, path: str, token: str, body: Any = None, **headers: str) -> requests.Response:
    """One request at the FHIR base."""
    return requests.request(method, f"{demo.issuer}/{path}", json=body, headers=bearer(token, **headers), timeout=SECONDS)


def test_without_a_token_nothing_but_the_capabilities_is_told(demo: Demo) -> None:
    assert requests.get(f"{demo.issuer}/Patient/{ELDER}", timeout=SECONDS).status_code == 401
    statement = requests.get(f"{demo.issuer}/metadata", timeout=SECONDS).json()
    assert statement["implementation"]["url"] == demo.issuer
    security = statement["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"


@pytest.mark.parametrize("token", ["made-up", ""])
def test_a_token_that_is_none_is_refused_with_a_challenge(demo: Demo, token: str) -> None:
    answer = ask(demo, "GET", f"Patient/{ELDER}", token)
    assert (answer.status_code, answer.headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_an_expired_token_is_refused(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    token = demo.access_token(ALL, ELDER)
    assert ask(demo, "GET", f"Patient/{ELDER}", token).status_code == 200
    monkeypatch.setattr(demo.clock, "ahead", demo.lifetimes.access + 1)
    assert ask(demo, "GET", f"Patient/{ELDER}", token).status_code == 401


def test_tokens_can_be_ended_while_they_are_used(demo: Demo) -> None:
    before = demo.access_token(ALL, ELDER)
    demo.grants.expire_access_tokens()
    assert ask(demo, "GET", f"Patient/{ELDER}", before).status_code == 401
    assert ask(demo, "GET", f"Patient/{ELDER}", demo.access_token(ALL, ELDER)).status_code == 200


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("patient/Patient.r", "GET", f"Patient/{ELDER}", 200),
        ("patient/Patient.s", "GET", f"Patient/{ELDER}", 403),
        ("patient/Goal.rs", "GET", f"Patient/{ELDER}", 403),
        ("patient/Goal.s", "GET", f"Goal?patient={ELDER}", 200),
        ("patient/Goal.r", "GET", f"Goal?patient={ELDER}", 403),
        ("patient/Goal.read", "GET", f"Goal?patient={ELDER}", 200),
        ("patient/Goal.c", "POST", "Goal", 201),
        ("patient/Goal.rud", "POST", "Goal", 403),
        ("patient/Goal.write", "POST", "Goal", 201),
        ("patient/*.c", "POST", "Goal", 201),
        ("patient/Goal.cuds", "GET", "Goal/any/_history", 403),
        ("openid", "GET", f"Patient/{ELDER}", 403),
    ],
)
def test_scopes_say_which_interactions_are_allowed(demo: Demo, scope: str, method: str, path: str, status: int) -> None:
    body = goal() if method == "POST" else None
    assert ask(demo, method, path, demo.access_token(scope, ELDER), body).status_code == status


def test_a_resource_is_made_changed_and_its_version_is_watched(demo: Demo) -> None:
    token = demo.access_token(ALL, ELDER)
    made = ask(demo, "POST", "Goal", token, goal(), Prefer="return=representation")
    assert made.headers["Location"].startswith(f"{demo.issuer}/Goal/")
    assert made.headers["ETag"] == 'W/"1"'
    path = f"Goal/{made.json()['id']}"
    changed = made.json() | {"lifecycleStatus": "completed"}
    assert ask(demo, "PUT", path, token, changed, **{"If-Match": 'W/"7"'}).status_code == 412
    written = ask(demo, "PUT", path, token, changed, **{"If-Match": 'W/"1"', "Prefer": "return=minimal"})
    assert (written.status_code, written.headers["ETag"], written.content) == (200, 'W/"2"', b"")
    assert ask(demo, "GET", path, token, **{"If-None-Match": 'W/"2"'}).status_code == 304
    assert ask(demo, "GET", f"{path}/_history/1", token).json()["lifecycleStatus"] == "active"
    assert ask(demo, "DELETE", path, token).status_code == 200
    assert ask(demo, "GET", path, token).status_code == 410


def test_a_conditional_create_makes_one(demo: Demo) -> None:
    token = demo.access_token(ALL, ELDER)
    one = goal(identifier=[{"system": "urn:test", "value": "once"}])
    condition = {"If-None-Exist": "identifier=urn:test|once"}
    assert [ask(demo, "POST", "Goal", token, one, **condition).status_code for _ in range(2)] == [201, 200]


def test_what_is_no_valid_fhir_is_refused_after_the_charts_are_in(demo: Demo) -> None:
    token = demo.access_token(ALL, ELDER)
    assert ask(demo, "POST", "Goal", token, goal(lifecycleStatus=7)).status_code == 400
    assert ask(demo, "GET", "MedicationRequest/broken", demo.access_token(ALL, "incomplete-chart")).status_code == 200


def test_decimals_arrive_as_they_were_written(demo: Demo) -> None:
    token = demo.access_token(ALL, ELDER)
    found = ask(demo, "GET", "Observation?patient=fentanyl-patch", demo.access_token("user/*.rs"))
    assert '"value":70.0,' in found.text
    assert ask(demo, "GET", f"Observation?patient={ELDER}", token).status_code == 200


def transaction(*entries: tuple[str, str, dict[str, Any] | None]) -> dict[str, Any]:
    """A transaction Bundle of (method, url, resource)."""
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": how, "url": url}} | ({"resource": one} if one else {}) for how, url, one in entries],
    }


def test_a_transaction_is_one_request_and_all_or_nothing(demo: Demo) -> None:
    token = demo.access_token(ALL, ELDER)
    done = ask(demo, "POST", "", token, transaction(("POST", "Goal", goal()), ("PUT", "Goal/by-transaction", goal(id="by-transaction"))))
    assert [one["response"]["status"][:3] for one in done.json()["entry"]] == ["201", "201"]
    assert done.json()["entry"][0]["response"]["location"].startswith(demo.issuer)
    stale = transaction(("PUT", "Goal/never", goal(id="never")), ("PUT", "Goal/by-transaction", goal(id="by-transaction")))
    stale["entry"][1]["request"]["ifMatch"] = 'W/"9"'
    assert ask(demo, "POST", "", token, stale).status_code == 412
    assert ask(demo, "GET", "Goal/never", token).status_code == 404


def test_every_entry_of_a_transaction_wants_its_scope_and_the_patient(demo: Demo) -> None:
    token = demo.access_token("patient/Goal.c", ELDER)
    assert ask(demo, "POST", "", token, transaction(("POST", "Goal", goal()), ("POST", "CarePlan", None))).status_code == 403
    assert ask(demo, "POST", "", token, transaction(("POST", "Goal", goal()), ("POST", "Goal", goal("mid-taper")))).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "Patient/mid-taper", None),
        ("GET", "MedicationRequest?patient=mid-taper", None),
        ("GET", "MedicationRequest?subject=Patient/mid-taper", None),
        ("GET", "Patient/mid-taper/MedicationRequest", None),
        ("GET", "MedicationRequest/mid-taper-night", None),
        ("GET", "Patient/mid-taper/$everything", None),
        ("GET", "Patient%2Fmid-taper", None),
        ("DELETE", "MedicationRequest%2Fmid-taper-night", None),
        ("POST", "Goal", goal("mid-taper")),
        ("PUT", "MedicationRequest/mid-taper-night", goal()),
        ("DELETE", "MedicationRequest/mid-taper-night", None),
        ("PATCH", "MedicationRequest/mid-taper-night", [{"op": "replace", "path": "/status", "value": "stopped"}]),
    ],
)
def test_another_patients_chart_is_closed_under_patient_scopes(demo: Demo, method: str, path: str, body: Any) -> None:
    assert ask(demo, method, path, demo.access_token(ALL, ELDER), body).status_code == 403


def test_a_users_scopes_reach_every_chart(demo: Demo) -> None:
    token = demo.access_token("user/*.rs", ELDER)
    assert ask(demo, "GET", "Patient/mid-taper", token).status_code == 200
    assert ask(demo, "GET", "Practitioner/dr1", demo.access_token(ALL, ELDER)).status_code == 200


def subjects(bundle: dict[str, Any]) -> set[str]:
    """Whose resources a search brought."""
    return {entry["resource"]["subject"]["reference"] for entry in bundle.get("entry", []) if "subject" in entry["resource"]}


def test_a_search_without_a_patient_is_confined_to_the_tokens(demo: Demo) -> None:
    assert subjects(ask(demo, "GET", "Condition", demo.access_token(ALL, ELDER)).json()) == {f"Patient/{ELDER}"}
    assert subjects(ask(demo, "POST", "Condition/_search", demo.access_token(ALL, ELDER)).json()) == {f"Patient/{ELDER}"}


def test_as_it_ships_an_unknown_parameter_brings_other_patients_resources(demo_as_it_ships: Demo) -> None:
    token = demo_as_it_ships.access_token(ALL, ELDER)
    loose = ask(demo_as_it_ships, "GET", f"Goal?patient={ELDER}", token)
    assert subjects(loose.json()) == {"Patient/mid-taper", "Patient/year-taper"}
    strict = ask(demo_as_it_ships, "GET", f"Goal?patient={ELDER}", token, Prefer="handling=strict")
    assert strict.status_code == 400


def test_with_extra_search_the_same_question_is_understood(demo: Demo) -> None:
    token = demo.access_token(ALL, "mid-taper")
    strict = ask(demo, "GET", "Goal?patient=mid-taper", token, Prefer="handling=strict")
    assert subjects(strict.json()) == {"Patient/mid-taper"}


def test_pages_follow_each_other_on_the_public_base(demo: Demo) -> None:
    token = demo.access_token(ALL, ELDER)
    url, ids = f"{demo.issuer}/Observation?patient={ELDER}&_count=2", []
    while url:
        assert url.startswith(f"{demo.issuer}/")
        page = requests.get(url, headers=bearer(token), timeout=SECONDS).json()
        ids += [entry["resource"]["id"] for entry in page["entry"]]
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    assert len(ids) == len(set(ids)) == 5


def test_a_chart_that_is_held_back_in_part_says_so(demo: Demo) -> None:
    found = ask(demo, "GET", "MedicationRequest?patient=incomplete-chart", demo.access_token(ALL, "incomplete-chart")).json()
    outcome = [entry["resource"] for entry in found["entry"] if entry["search"]["mode"] == "outcome"]
    assert "could not be returned" in str(outcome)


def test_sixty_four_at_once_are_all_answered(demo: Demo) -> None:
    token = demo.access_token(ALL, ELDER)
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: ask(demo, "GET", f"Observation?patient={ELDER}", token).status_code, range(64)))
    assert answers == [200] * 64


def test_a_test_may_stand_between(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    def done_and_lost(method: str, path: str, forward: Forward) -> Answer:
        assert (method, path, forward().status) == ("POST", "Goal", 201)
        return Answer(504, {}, b"")

    token = demo.access_token(ALL, ELDER)
    monkeypatch.setattr(demo.resources, "intercept", done_and_lost)
    lost = goal(identifier=[{"system": "urn:test", "value": "lost"}])
    assert ask(demo, "POST", "Goal", token, lost).status_code == 504
    monkeypatch.undo()
    assert ask(demo, "GET", "Goal?identifier=urn:test|lost", token).json()["total"] == 1


def test_requests_are_counted(demo: Demo) -> None:
    before = demo.resources.answered["GET 200"]
    ask(demo, "GET", f"Patient/{ELDER}", demo.access_token(ALL, ELDER))
    assert demo.resources.answered["GET 200"] == before + 1
