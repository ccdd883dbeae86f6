"""What an EHR grants, and what it does not say: a launch does what was granted, and says what was not."""

from dataclasses import replace
from typing import Any

import pytest

from fhir_taper.cli.demo_walk import Shown
from fhir_taper.errors import EhrUnreachable, LaunchRefused
from fhir_taper.records import AuditEntry, TokenSet
from fhir_taper.smart.launch import refresh as refreshing
from fhir_taper.smart.launch import token_endpoint
from fhir_taper.smart.launch.token_endpoint import TokenAnswer
from fhir_taper.workflow import end_session, finish_launch
from fhir_taper.workflow.open_chart import OpenChart, not_granted
from tests.web.running import ELDER, Stage
from tests.workflow.opened import chart_of
from tests.workflow.test_end_session import is_active


def answering(monkeypatch: pytest.MonkeyPatch, scope: str | None) -> None:
    """The EHR's token answer says this scope, or none."""

    def exchanged(*args: Any, requested_scope: str, **named: Any) -> TokenAnswer:
        answer = token_endpoint.exchange_code(*args, requested_scope=requested_scope, **named)
        said = requested_scope if scope is None else scope
        return replace(answer, tokens=replace(answer.tokens, scope=said), says_scope=scope is not None)

    monkeypatch.setattr(finish_launch, "exchange_code", exchanged)


def opened_line(stage: Stage, chart: OpenChart) -> AuditEntry:
    every = [one.entry for one in stage.services.audit.entries("demo", limit=100_000)]
    return next(one for one in every if one.launch_id == chart.launch.id and one.action == "launch")


def test_an_ehr_that_does_not_say_what_it_grants_grants_what_was_asked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, None)
    chart = chart_of(stage, ELDER)
    assert chart.launch.scope == chart.launch.asked != ""
    assert chart.granted.allows("CarePlan", "c")
    assert not_granted(chart.launch) == {}
    assert opened_line(stage, chart).detail["scope"] == "as-asked"


def test_what_an_ehr_says_that_it_grants_counts_and_what_is_lacking_is_audited(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "launch openid fhirUser patient/Patient.r patient/CarePlan.rs")
    chart = chart_of(stage, ELDER)
    assert not chart.granted.allows("CarePlan", "c")
    line = opened_line(stage, chart)
    assert (line.detail["scope"], line.detail["denied"]["CarePlan"], line.detail["denied"]["Condition"]) == ("said", "cu", "rs")


def test_an_ehr_that_says_that_it_grants_nothing_grants_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "")
    chart = chart_of(stage, ELDER)
    assert chart.granted.rights == ()
    assert "Patient" in not_granted(chart.launch)


def test_the_regimen_says_what_the_ehr_did_not_grant(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Not everything was granted" not in stage.opened(ELDER).get("regimen").text
    answering(monkeypatch, "launch openid fhirUser patient/Patient.r patient/MedicationRequest.rs?status=active")
    shown = stage.opened(ELDER).get("regimen").text
    assert "Not everything was granted" in shown
    assert "may not read" in shown
    assert "Diagnoses" in shown
    assert "only a part of: Prescriptions (status=active)" in shown
    assert "may not write: " in shown


def renewing(stage: Stage, chart: OpenChart, scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token is renewed, and the answer says this scope."""

    def refreshed(*args: Any, **named: Any) -> TokenAnswer:
        answer = token_endpoint.refresh(*args, **named)
        return replace(answer, tokens=replace(answer.tokens, scope=scope))

    monkeypatch.setattr(refreshing, "refresh", refreshed)
    held: TokenSet | None = stage.services.tokens(chart.tenant).get(chart.launch.id)
    assert held is not None
    stage.services.tokens(chart.tenant).put(chart.launch.id, replace(held, expires=stage.services.clock()))
    chart.client.read("Patient", ELDER)


def test_a_narrower_scope_of_a_refresh_counts_at_once_and_is_audited(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = chart_of(stage, ELDER)
    assert chart.granted.allows("CarePlan", "c")
    renewing(stage, chart, "launch openid patient/Patient.r patient/CarePlan.rs", monkeypatch)
    assert not chart.granted.allows("CarePlan", "c")
    assert chart.granted.allows("CarePlan", "s")
    assert not_granted(chart.launch, chart.granted)["CarePlan"] == "cu"
    every = [one.entry for one in stage.services.audit.entries("demo", limit=100_000)]
    assert ("scope", "narrowed") in [(one.action, one.outcome) for one in every if one.launch_id == chart.launch.id]


def test_a_refresh_never_brings_more_than_the_launch_was_given(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "launch openid fhirUser online_access patient/Patient.r patient/CarePlan.rs")
    chart = chart_of(stage, ELDER)
    renewing(stage, chart, "patient/*.cruds", monkeypatch)
    assert chart.granted.letters == {"Patient": "r", "CarePlan": "rs"}


def refused_after_the_exchange(stage: Stage, monkeypatch: pytest.MonkeyPatch, patient: str | None) -> tuple[Shown, TokenSet]:
    """The page of a launch that is refused when its tokens were given already; and those."""
    got: list[TokenSet] = []

    def exchanged(*args: Any, **named: Any) -> TokenAnswer:
        answer = token_endpoint.exchange_code(*args, **named)
        got.append(answer.tokens)
        return answer

    monkeypatch.setattr(finish_launch, "exchange_code", exchanged)
    browser, back = stage.begun(patient)
    answered = browser.once("GET", back)
    assert got[0].refresh_token is not None
    return answered, got[0]


def told_since(stage: Stage, before: int) -> list[tuple[str, str, Any]]:
    every = [one.entry for one in stage.services.audit.entries("demo", limit=100_000)]
    return [(one.action, one.outcome, one.detail.get("reason")) for one in every[before:]]


def lines_so_far(stage: Stage) -> int:
    return sum(1 for _ in stage.services.audit.entries("demo", limit=100_000))


@pytest.mark.parametrize("reason", ["no-patient", "id-token", "fhir-user"])
def test_what_was_granted_to_a_launch_that_is_refused_after_all_is_taken_back_and_audited(
    reason: str, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*_: Any, **__: Any) -> None:
        raise LaunchRefused(reason, "It does not hold.")

    if reason != "no-patient":
        monkeypatch.setattr(finish_launch, "validate", refusing)
    before = lines_so_far(stage)
    answered, held = refused_after_the_exchange(stage, monkeypatch, None if reason == "no-patient" else ELDER)
    assert 400 <= answered.status < 500
    assert held.refresh_token is not None
    assert not is_active(stage, held.access_token)
    assert not is_active(stage, held.refresh_token)
    assert told_since(stage, before) == [("take-back", "done", "launch-refused"), ("launch", "refused", reason)]


@pytest.mark.parametrize("trouble", [EhrUnreachable("no answer"), RuntimeError("unforeseen")])
def test_tokens_that_cannot_be_taken_back_never_hide_why_the_launch_was_refused(
    trouble: Exception, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> bool:
        raise trouble

    monkeypatch.setattr(end_session, "take_back", broken)
    before = lines_so_far(stage)
    answered, _ = refused_after_the_exchange(stage, monkeypatch, None)
    assert "No patient is open" in answered.text
    assert told_since(stage, before) == [("take-back", "failed", "launch-refused"), ("launch", "refused", "no-patient")]
