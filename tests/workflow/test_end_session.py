"""However a session ends, its tokens are gone here and taken back at the EHR; what comes too late is taken back, too."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fhir_taper.errors import AccessEnded, EhrAnswered, EhrUnreachable, LaunchRefused, SettingsError
from fhir_taper.records import IDLE_MINUTES, AuditEntry, Secret, TokenSet
from fhir_taper.smart.launch import refresh as refreshing
from fhir_taper.smart.launch import token_endpoint
from fhir_taper.store import launches
from fhir_taper.workflow import end_session as ending
from fhir_taper.workflow.end_session import end_launch
from fhir_taper.workflow.open_chart import OpenChart, open_chart
from tests.web.running import ELDER, Stage
from tests.workflow.opened import chart_of, cookie_of


def lines(stage: Stage, launch_id: str) -> list[AuditEntry]:
    every = [one.entry for one in stage.services.audit.entries("demo", limit=100_000)]
    return [one for one in every if one.launch_id == launch_id]


def told(stage: Stage, launch_id: str) -> list[tuple[str, str]]:
    return [(one.action, one.outcome) for one in lines(stage, launch_id) if one.action in ("log-out", "open", "take-back")]


def is_active(stage: Stage, token: Secret) -> bool:
    """What the EHR says of a token."""
    (tenant,) = stage.services.settings.tenants
    services = stage.services
    found = token_endpoint.introspect(tenant, services.configuration(tenant), services.transport(tenant), token=token)
    assert found is not None
    return bool(found["active"])


def held_by(stage: Stage, launch_id: str) -> TokenSet | None:
    (tenant,) = stage.services.settings.tenants
    return stage.services.tokens(tenant).get(launch_id)


def tokens_of(stage: Stage, launch_id: str) -> TokenSet:
    held = held_by(stage, launch_id)
    assert held is not None
    assert held.refresh_token is not None
    assert is_active(stage, held.access_token)
    return held


def test_whoever_logs_out_leaves_no_token_that_counts(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    held = tokens_of(stage, chart.launch.id)
    end_launch(stage.services, chart.tenant, chart.launch)
    assert held_by(stage, chart.launch.id) is None
    assert not is_active(stage, held.access_token)
    assert told(stage, chart.launch.id) == [("log-out", "ended")]


def test_a_session_that_was_left_alone_leaves_no_token_that_counts(stage: Stage) -> None:
    person = stage.opened(ELDER)
    held = tokens_of(stage, person.launch)
    later = replace(stage.services, clock=lambda: stage.services.clock() + timedelta(minutes=IDLE_MINUTES, seconds=1))
    with pytest.raises(LaunchRefused, match="Nobody used"):
        open_chart(later, person.launch, cookie_of(stage, person))
    assert not is_active(stage, held.access_token)
    assert told(stage, person.launch) == [("open", "refused")]


def test_a_session_that_ended_for_one_too_many_leaves_no_token_that_counts_and_a_line(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launches, "LIVE_PER_BROWSER", 1)
    browser = stage.browser()
    first = stage.opened(ELDER, browser=browser)
    held = tokens_of(stage, first.launch)
    stage.opened(ELDER, browser=browser)
    assert held_by(stage, first.launch) is None
    assert not is_active(stage, held.access_token)
    assert told(stage, first.launch) == [("log-out", "one-too-many")]


def test_a_session_is_over_also_where_the_ehr_takes_nothing_back_and_that_is_audited(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any) -> bool:
        raise EhrUnreachable("no answer")

    chart = chart_of(stage, ELDER)
    monkeypatch.setattr(ending, "take_back", unreachable)
    end_launch(stage.services, chart.tenant, chart.launch)
    assert held_by(stage, chart.launch.id) is None
    assert told(stage, chart.launch.id) == [("log-out", "ended"), ("take-back", "failed")]


def no_key(*_: Any, **__: Any) -> bool:
    raise SettingsError("there is no private key to sign with")


@pytest.mark.parametrize(
    "trouble", [EhrAnswered(503, "try later"), SettingsError("there is no private key to sign with"), ValueError("unforeseen")]
)
def test_whatever_keeps_one_token_from_being_taken_back_the_other_is_tried_and_both_are_audited(
    trouble: Exception, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoke = token_endpoint.revoke

    def broken_once(*args: Any, token: Secret, hint: str = "refresh_token") -> bool:
        if hint == "refresh_token":
            raise trouble
        return revoke(*args, token=token, hint=hint)

    chart = chart_of(stage, ELDER)
    held = tokens_of(stage, chart.launch.id)
    monkeypatch.setattr(token_endpoint, "revoke", broken_once)
    end_launch(stage.services, chart.tenant, chart.launch)
    assert not is_active(stage, held.access_token)
    of_tokens = [(one.outcome, one.detail) for one in lines(stage, chart.launch.id) if one.action == "take-back"]
    assert of_tokens == [("failed", {"token": "refresh_token"}), ("done", {"token": "access_token"})]


def test_whoever_logs_out_is_logged_out_also_where_no_request_to_the_ehr_can_be_signed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = stage.opened(ELDER)
    monkeypatch.setattr(token_endpoint, "key_that_signs", no_key)
    assert "Your session is ended" in person.send("regimen", "/end").text
    assert held_by(stage, person.launch) is None
    assert told(stage, person.launch) == [("log-out", "ended"), ("take-back", "failed"), ("take-back", "failed")]


def test_where_tokens_are_taken_back_may_be_unknown_for_whatever_reason(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = chart_of(stage, ELDER)
    monkeypatch.setattr(ending, "take_back", no_key)
    end_launch(stage.services, chart.tenant, chart.launch)
    assert told(stage, chart.launch.id) == [("log-out", "ended"), ("take-back", "failed")]


def ended_during_a_refresh(stage: Stage, chart: OpenChart, monkeypatch: pytest.MonkeyPatch) -> TokenSet:
    """The EHR gives new tokens, and before they are kept the person logs out; returns them."""
    got: list[TokenSet] = []

    def refreshed(*args: Any, **named: Any) -> token_endpoint.TokenAnswer:
        answer = token_endpoint.refresh(*args, **named)
        got.append(answer.tokens)
        end_launch(stage.services, chart.tenant, chart.launch)
        return answer

    held = tokens_of(stage, chart.launch.id)
    stage.services.tokens(chart.tenant).put(chart.launch.id, replace(held, expires=stage.services.clock()))
    monkeypatch.setattr(refreshing, "refresh", refreshed)
    with pytest.raises(AccessEnded):
        chart.client.read("Patient", ELDER)
    return got[0]


def test_tokens_that_come_after_the_log_out_are_not_kept_and_taken_back(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = chart_of(stage, ELDER)
    late = ended_during_a_refresh(stage, chart, monkeypatch)
    assert held_by(stage, chart.launch.id) is None
    assert not is_active(stage, late.access_token)
    assert told(stage, chart.launch.id) == [("log-out", "ended"), ("take-back", "done")]


def test_tokens_that_come_after_the_log_out_end_the_request_as_the_log_out_did_also_where_nothing_can_be_signed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = chart_of(stage, ELDER)
    monkeypatch.setattr(token_endpoint, "revoke", no_key)
    late = ended_during_a_refresh(stage, chart, monkeypatch)
    assert is_active(stage, late.access_token)
    assert held_by(stage, chart.launch.id) is None
    assert ("take-back", "failed") in told(stage, chart.launch.id)
