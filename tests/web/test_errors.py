"""Each refusal has its own page: what happened, and what the person can do; never what only a log may know."""

import logging
from html import unescape
from urllib.parse import urlsplit

import pytest

from fhir_taper.cli.demo import running_demo
from fhir_taper.errors import (
    AccessEnded,
    BrokenPlan,
    ChartConflict,
    EhrAnswered,
    EhrUnreachable,
    HostRefused,
    LaunchRefused,
    MissingSystemLibrary,
    NotAllowed,
    RestrictedData,
    StoreConflict,
    StoreError,
    TaperError,
    WriteRefused,
    WrongPatient,
    WrongUsage,
)
from fhir_taper.mappers.write.labels import Label, refuse_restricted
from fhir_taper.mappers.write.namespace import CONFIDENTIALITY
from fhir_taper.records import WriteState
from fhir_taper.web.errors import told
from tests.web.running import ELDER, Stage
from tests.workflow.opened import cookie_of

ERRORS: list[tuple[Exception, int, str]] = [
    (LaunchRefused("unknown-issuer", "x"), 403, "This EHR is not known here"),
    (LaunchRefused("cookie", "x"), 403, "Your browser did not bring the cookie back"),
    (LaunchRefused("idle", "x"), 403, "Your session was ended because nobody used it"),
    (LaunchRefused("no-patient", "x"), 400, "No patient is open"),
    (LaunchRefused("access_denied", "x"), 403, "Access was not given"),
    (LaunchRefused("invalid_scope", "x"), 403, "The EHR does not give this app what it needs"),
    (LaunchRefused("id-token", "x"), 403, "The EHR did not prove who you are"),
    (LaunchRefused("role", "x"), 403, "Your role does not allow this"),
    (LaunchRefused("anything-else", "x"), 403, "The launch was refused"),
    (EhrUnreachable("x"), 502, "The EHR does not answer"),
    (EhrAnswered(403, "x"), 502, "The EHR refused"),
    (AccessEnded("x"), 403, "The EHR's session has ended"),
    (WrongPatient("x"), 502, "The EHR answered with another patient"),
    (HostRefused("x"), 502, "The EHR pointed to a strange place"),
    (NotAllowed("one", "two"), 409, "This cannot be done now"),
    (WriteRefused("one"), 409, "Nothing was written"),
    (StoreConflict("x"), 409, "Somebody else was first"),
    (StoreError("x"), 503, "Nothing can be saved now"),
    (WrongUsage("x"), 422, "Something in the form cannot be meant"),
    (ChartConflict("x"), 502, "The chart cannot be read"),
    (RestrictedData("x", "meta.security"), 409, "The plan rests on restricted data"),
    (MissingSystemLibrary("x"), 503, "No PDF can be made here"),
]


@pytest.mark.parametrize(("error", "status", "title"), ERRORS)
def test_each_refusal_has_its_own_page_and_says_what_to_do(error: Exception, status: int, title: str) -> None:
    page = told(error)
    assert (page.status, page.title) == (status, title)
    assert page.todo
    assert page.says


def test_a_refusal_because_of_labels_names_them_and_not_a_chart_that_cannot_be_read() -> None:
    with pytest.raises(RestrictedData) as refused:
        refuse_restricted((Label(CONFIDENTIALITY, "R"), Label("x", "SUD")))
    page = told(refused.value)
    assert page.says == (
        "Nothing was written: the chart holds data labelled R, SUD: nothing derived from it is written without a consent.",
    )


@pytest.mark.parametrize("error", [BrokenPlan("patient Edna"), TaperError("token abc"), RuntimeError("secret")])
def test_what_nobody_foresaw_is_told_without_its_words(error: Exception) -> None:
    page = told(error)
    assert page.status == 500
    assert not any(word in " ".join(page.says) for word in ("Edna", "abc", "secret"))


def test_every_reason_is_shown_at_once() -> None:
    assert told(NotAllowed("one", "two")).says == ("one", "two")


def test_a_token_that_ended_and_cannot_be_renewed_has_its_page_and_the_draft_stays(stage: Stage) -> None:
    person = stage.opened(ELDER)
    fields = person.form("regimen", "/refresh")
    stage.services.tokens(stage.services.settings.tenants[0]).drop_refresh_token(person.launch)
    stage.demo.grants.expire_access_tokens()
    shown = person.browser.post(f"{person.here}/refresh", fields)
    assert shown.status == 403
    assert "The EHR's session has ended" in unescape(shown.text)
    assert "What you saved is kept" in shown.text


def test_no_token_secret_or_patient_is_in_a_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    person = stage.opened(ELDER)
    for screen in ("regimen", "strategies", "plan", "write-back", "no-such-screen"):
        person.get(screen)
    stage.browser().once("GET", f"{stage.demo.app_url}/callback?code=abc&state=def")
    held = stage.services.tokens(stage.services.settings.tenants[0]).get(person.launch)
    assert held is not None
    assert held.refresh_token is not None
    secrets = (held.access_token.reveal(), held.refresh_token.reveal(), cookie_of(stage, person), "Edna", "code=abc")
    # The demo serves EHR and app with one server that logs addresses; `serve` has no access log.
    ours = [record.getMessage() for record in caplog.records if record.name != "uvicorn.access"]
    assert not [line for line in ours for secret in secrets if secret in line]
    assert urlsplit(person.browser.at).query == ""


def failing(*_: object, **__: object) -> None:
    raise RuntimeError("unforeseen")


def test_after_an_error_that_nobody_foresaw_the_page_of_a_write_does_not_say_that_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running_demo() as (demo, services):
        person = Stage(demo, services).opened(ELDER)
        person.draft()
        person.ready()
        person.send("approve", "/approve")
        form = person.form("write-back", "/write-back")
        with monkeypatch.context() as there:
            there.setattr("fhir_taper.writeback.sending.judged", failing)
            shown = person.browser.post(f"{person.here}/write-back", form)
        (row,) = services.ledger.of_patient("demo", ELDER)
    assert row.state is WriteState.PENDING
    said = unescape(shown.text)
    assert shown.status == 500
    assert "Whether it arrived in the EHR is not known." in said
    assert f'href="/app/{person.launch}/write-back"' in said
    assert "Nothing" not in said
    assert "was not saved" not in said


def test_after_an_error_that_nobody_foresaw_other_pages_say_that_nothing_was_written_and_not_that_nothing_was_saved(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = stage.opened(ELDER)
    form = person.form("intake", "/intake") | {"goals": "to garden"}
    with monkeypatch.context() as there:
        there.setattr("fhir_taper.web.routes.intake.assessment_from", failing)
        shown = person.browser.post(f"{person.here}/intake", form)
    said = unescape(shown.text)
    assert shown.status == 500
    assert "Nothing of this was written to the EHR." in said
    assert "Whether it was saved here is not known" in said
    assert "to garden" in said
    assert "It was not saved" not in said


def test_the_page_of_a_write_that_the_database_did_not_take_says_that_it_may_have_arrived(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = stage.opened(ELDER)
    form = person.form("intake", "/intake")

    def no_store(*_: object, **__: object) -> None:
        raise StoreError("locked")

    with monkeypatch.context() as there:
        there.setattr("fhir_taper.web.routes.write_back.write_plan", no_store)
        shown = person.browser.post(f"{person.here}/write-back", {"csrf": form["csrf"]})
    assert shown.status == 503
    assert "Whether it arrived in the EHR is not known." in unescape(shown.text)
