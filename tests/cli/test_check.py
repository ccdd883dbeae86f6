"""`check` looks at an EHR from outside: what it offers, what would be sent there and why not by a better way, and what is in the way."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fhir_taper.sandbox.demo import Demo
from fhir_taper.smart.launch import backend, token_endpoint
from fhir_taper.smart.launch.token_endpoint import TokenAnswer
from tests.cli.conftest import Run
from tests.cli.installation import Installation, of_demo
from tests.smart.stub_server import Reply, Stub

STATEMENT = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "software": {"name": "An EHR\x1b[2J"}}
OFFERED = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "jwks_uri": "/keys",
    "capabilities": ["launch-ehr", "client-public", "permission-v1"],
    "code_challenge_methods_supported": ["S256"],
}
BACKEND = '[tenants.backend]\nclient_id = "fhir-taper-backend"'
KEYS = {"keys": [{"kty": "RSA", "alg": "RS256", "kid": "1"}]}


def areas(tenant: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The worst of each area: its state and what it says."""
    found: dict[str, tuple[str, str]] = {}
    for one in sorted(tenant["seen"], key=lambda one: ("ok", "note", "fails").index(one["state"])):
        found[one["area"]] = (one["state"], one["says"])
    return found


def checked(run: Run, here: Installation, *options: str) -> tuple[int, dict[str, Any]]:
    status, out, err = run("check", "--config", here.config, "--json", *options)
    assert err == ""
    (tenant,) = json.loads(out)["tenants"]
    return status, tenant


def test_the_demo_ehr_can_be_launched_from_and_takes_a_plan_as_one_transaction(ehr: Demo, run: Run, tmp_path: Path) -> None:
    status, tenant = checked(run, of_demo(tmp_path, ehr, BACKEND), "--token")
    found = areas(tenant)
    assert (status, tenant["usable"]) == (0, True), found
    assert {area for area, (state, _) in found.items() if state != "ok"} == {"tls"}
    assert found["tls"][1] == "plain http on loopback: for trying only"
    assert "signs RS384" in found["sign-in"][1] or "signs ES384" in found["sign-in"][1]
    assert found["backend"][1].endswith("is given")
    assert "no subscription, no polling" in found["changes"][1]
    assert "system/CarePlan.rs" in tenant["granted_to_program"]
    assert "patient/MedicationRequest.crus" in tenant["scopes"]
    ways = {one["output"]: one for one in tenant["outputs"]}
    assert ways["plan"]["rung"] == "transaction"
    assert ways["plan"]["skipped"] == []
    assert all(why for way in ways.values() for why in (one["why"] for one in way["skipped"]))
    assert tenant["reads"]["MedicationRequest"] == "searched by patient"


def test_an_access_to_which_less_was_granted_than_asked_for_says_what_is_lacking(
    ehr: Demo, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def granted(*args: Any, **named: Any) -> TokenAnswer:
        answer = token_endpoint.client_credentials(*args, **named)
        return replace(answer, tokens=replace(answer.tokens, scope="system/CarePlan.rs system/Goal.r"))

    monkeypatch.setattr(backend, "client_credentials", granted)
    _, tenant = checked(run, of_demo(tmp_path, ehr, BACKEND), "--token")
    state, says = areas(tenant)["backend"]
    assert state == "note"
    assert "but not for" in says
    assert "Goal (s)" in says
    assert "CarePlan" not in says


def test_the_same_for_a_person_names_every_better_way_that_is_not_taken(ehr: Demo, run: Run, tmp_path: Path) -> None:
    status, out, err = run("check", "hospital", "--config", of_demo(tmp_path, ehr).config)
    assert (status, err) == (0, "")
    assert "a launch can succeed, as far as it shows from outside" in out
    assert "no [tenants.backend]" in out
    assert "    plan: transaction" in out
    assert "not built yet" in out


def test_a_tenant_that_is_not_configured_is_wrong_usage(ehr: Demo, run: Run, tmp_path: Path) -> None:
    status, out, err = run("check", "elsewhere", "--config", of_demo(tmp_path, ehr).config)
    assert (status, out) == (2, "")
    assert "there is hospital" in err


@pytest.fixture
def stub() -> Any:
    with Stub().running() as one:
        one.on("/fhir/.well-known/smart-configuration", Reply(body=OFFERED))
        one.on("/fhir/metadata", Reply(body=STATEMENT))
        one.on("/keys", Reply(body=KEYS))
        yield one


@pytest.fixture
def here(stub: Stub, tmp_path: Path) -> Installation:
    """An installation whose EHR is a stub, launched as a public client."""
    return Installation(tmp_path, stub.base, "app").write()


def test_an_ehr_that_promises_little_is_usable_and_everything_is_noted(run: Run, here: Installation) -> None:
    status, tenant = checked(run, here)
    found = areas(tenant)
    assert (status, tenant["usable"]) == (0, True), found
    assert found["renewal"][1].startswith("a session ends with its first token")
    assert found["discovery"][0] == "note"
    assert "patient/MedicationRequest.read" in tenant["scopes"]
    assert "asked all the same" in tenant["reads"]["Observation"]
    (way,) = [one for one in tenant["outputs"] if one["output"] == "plan"]
    assert way["rung"] == "print"
    assert [one["rung"] for one in way["skipped"]] == ["transaction", "single", "linked", "document"]


def test_what_an_ehr_says_of_itself_moves_no_cursor(run: Run, here: Installation) -> None:
    assert "\x1b" not in run("check", "--config", here.config)[1]


@pytest.mark.parametrize(
    ("path", "reply", "area", "says"),
    [
        ("/fhir/.well-known/smart-configuration", Reply(404), "discovery", "404"),
        (
            "/fhir/.well-known/smart-configuration",
            Reply(body=OFFERED | {"token_endpoint": "https://evil.test/t"}),
            "discovery",
            "evil.test",
        ),
        ("/fhir/.well-known/smart-configuration", Reply(302, headers={"Location": "http://evil.test/"}), "discovery", "points elsewhere"),
        ("/fhir/metadata", Reply(body=STATEMENT | {"fhirVersion": "5.0.0"}), "capabilities", "speaks R4"),
        ("/keys", Reply(body={"keys": []}), "ehr keys", "nobody's identity can be proven"),
    ],
)
def test_what_is_in_the_way_of_a_launch_is_named_and_the_status_is_4(
    run: Run, here: Installation, stub: Stub, path: str, reply: Reply, area: str, says: str
) -> None:
    stub.on(path, reply)
    status, tenant = checked(run, here)
    found = areas(tenant)
    assert (status, tenant["usable"]) == (4, False)
    assert found[area][0] == "fails"
    assert says in found[area][1]
    assert "NO LAUNCH CAN SUCCEED" in run("check", "--config", here.config)[1]


@pytest.mark.parametrize(("date", "state", "says"), [
    ("Mon, 05 Jan 2009 09:30:00 GMT", "fails", "behind ours"),
    ("", "ok", "with ours"),
])  # fmt: skip
def test_a_clock_that_is_far_off_would_fail_every_sign_in(
    run: Run, here: Installation, stub: Stub, date: str, state: str, says: str
) -> None:
    stub.date = date
    clock = areas(checked(run, here)[1])["clock"]
    assert clock[0] == state
    assert says in clock[1]


def test_a_statement_that_only_shows_after_sign_in_is_no_failure(run: Run, here: Installation, stub: Stub) -> None:
    stub.on("/fhir/metadata", Reply(401))
    status, tenant = checked(run, here)
    assert status == 0
    assert areas(tenant)["capabilities"] == ("note", "no CapabilityStatement: only to those who signed in")


def test_an_ehr_that_is_not_there_fails_and_the_next_one_is_looked_at_all_the_same(run: Run, here: Installation, stub: Stub) -> None:
    here.issuer = "http://127.0.0.1:9/fhir"
    here.tenant = f'[[tenants]]\nid = "other"\nissuer = "{stub.base}"\nclient_id = "app"\ntimezone = "UTC"\n'
    here.write()
    status, out, _ = run("check", "--config", here.config, "--json")
    assert status == 4
    assert [one["usable"] for one in json.loads(out)["tenants"]] == [False, True]


def test_no_check_sends_anything_but_reads(run: Run, here: Installation, stub: Stub) -> None:
    checked(run, here)
    assert {one.method for one in stub.requests} == {"GET"}
    assert not any("authorization" in one.headers for one in stub.requests)


def test_a_check_needs_no_database_and_makes_none(run: Run, here: Installation) -> None:
    assert checked(run, here)[0] == 0
    assert not here.database.exists()


def test_without_being_told_to_a_check_asks_for_no_token_and_says_so(ehr: Demo, run: Run, tmp_path: Path) -> None:
    _, tenant = checked(run, of_demo(tmp_path, ehr, BACKEND))
    assert areas(tenant)["backend"] == ("note", "client fhir-taper-backend: not tried, --token asks for its token")
    assert tenant["granted_to_program"] == []
    assert not any(one.startswith("POST") for one in tenant["asked"])


def test_a_check_lists_every_request_that_it_made(run: Run, here: Installation, stub: Stub) -> None:
    _, tenant = checked(run, here)
    assert tenant["asked"] == [f"{one.method} {stub.base.removesuffix('/fhir')}{one.path}" for one in stub.requests]
    out = run("check", "--config", here.config)[1]
    assert "  asked for this" in out
    assert all(f"    {one}" in out for one in tenant["asked"])


def test_the_token_that_a_check_asked_for_is_among_its_requests(ehr: Demo, run: Run, tmp_path: Path) -> None:
    _, tenant = checked(run, of_demo(tmp_path, ehr, BACKEND), "--token")
    assert [one.rpartition("/")[2] for one in tenant["asked"] if one.startswith("POST")] == ["token"]
