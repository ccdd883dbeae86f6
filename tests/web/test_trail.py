"""Privacy S6: whatever becomes of a request to a chart leaves one line: who looked at whose screen and when, what was refused and why.

Every operation of the app is walked; a route that is added is found by itself. What leaves no line stands here with its reason.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

import pytest
from fastapi import FastAPI

from fhir_taper.cli.demo_walk import Shown
from fhir_taper.records import AuditEntry, Secret
from fhir_taper.store.audit import AuditLog
from fhir_taper.web.app import create_app
from fhir_taper.web.security import LONGEST_BODY, launch_cookie, session_value
from fhir_taper.workflow.begin_launch import hashed
from fhir_taper.workflow.services import Kept
from tests.web.asking import Answered, ask
from tests.web.running import ELDER, MIXED, Person, Stage
from tests.workflow.opened import cookie_of

BESIDE = {"read", "preview", "recover-write", "settle-write", "take-back", "scope"}
"""Lines of what was asked of the EHR on the way: they stand beside the one line of what became of the request."""
NO_LINE = {
    "/healthz": "whether the process lives: no patient, no tenant",
    "/readyz": "whether it can serve: no patient, no tenant",
    "/.well-known/jwks.json": "public keys",
    "/dsi/source-attributes": "what the rules rest on: no patient, no tenant",
    "/static/{name}": "the style sheet and the scripts",
    "/launch": "a launch that begins shows nothing of a patient; one that cannot is told where it names a tenant of ours",
    "/launch/standalone": "the same",
    "/callback": "its lines are those of the launch: opened, or refused and why",
}
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def operations(app: FastAPI) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item]


def static_as_one(path: str) -> str:
    return "/static/{name}" if path.startswith("/static/") else path


def last_line(stage: Stage) -> int:
    """The number of the last line; 0 where there is none yet."""
    return max((head.sequence for head in stage.services.audit.heads()), default=0)


@dataclass
class Walk:
    """An app called in this process, a session in it, and the lines that a request leaves."""

    stage: Stage
    app: FastAPI
    person: Person
    csrf: str
    cookie: tuple[str, str]

    @property
    def launch(self) -> str:
        return self.person.launch

    def lines(self, after: int) -> list[AuditEntry]:
        return [one.entry for one in self.stage.services.audit.entries("demo", after=after, limit=100_000)]

    def ask(self, method: str, path: str, *headers: tuple[str, str], query: str = "", **form: str) -> tuple[Answered, list[AuditEntry]]:
        """The answer, and the lines of what became of the request."""
        before = last_line(self.stage)
        filled = re.sub(r"\{[^}]+\}", "x", path.replace("{launch}", self.launch))
        body = urlencode(form).encode() if method == "POST" else b""
        answer = ask(self.app, method, filled, query=query, headers=[*headers, *([FORM] if body else [])], body=body)
        return answer, [one for one in self.lines(before) if one.action not in BESIDE]


@pytest.fixture(scope="module")
def walk(stage: Stage) -> Iterator[Walk]:
    app = create_app(stage.services)
    person = stage.opened(MIXED)
    found = stage.services.launches.get(person.launch, stage.services.clock())
    assert found is not None
    (tenant,) = stage.services.settings.tenants
    cookie = ("Cookie", f"{launch_cookie(person.launch)}={session_value(Secret(cookie_of(stage, person)), tenant)}")
    yield Walk(stage, app, person, found.csrf.reveal(), cookie)
    stage.forget(MIXED)


def of_charts(app: FastAPI) -> list[tuple[str, str]]:
    """Operations on a chart; log-out goes last, in a test of its own."""
    return [(method, path) for method, path in operations(app) if path.startswith("/app/{launch}/") and not path.endswith("/end")]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_leaves_one_line_and_a_page_in_the_frame_of_its_ehr(walk: Walk, announced: bool) -> None:
    headers = [("Content-Length", str(LONGEST_BODY + 1))] if announced else []
    answer, lines = walk.ask("POST", "/app/{launch}/safety", walk.cookie, *headers, reason="x" * LONGEST_BODY)
    assert answer.status == 413
    assert "Shorten what you typed" in answer.text
    assert answer.header("content-security-policy").endswith(f"frame-ancestors {walk.stage.demo.page_url.rstrip('/')}")
    assert [(one.action, one.outcome, one.launch_id, one.detail["status"]) for one in lines] == [("safety", "refused", walk.launch, 413)]


def test_every_operation_is_one_on_a_chart_or_stands_here_with_a_reason(walk: Walk) -> None:
    others = {static_as_one(path) for _, path in operations(walk.app) if not path.startswith("/app/{launch}/")}
    assert others == set(NO_LINE)


def test_a_request_without_its_cookie_leaves_one_line(walk: Walk) -> None:
    for method, path in operations(walk.app):
        if path.startswith("/app/{launch}/"):
            answer, lines = walk.ask(method, path, csrf=walk.csrf)
            assert answer.status == 403, path
            told = [(one.outcome, one.actor, one.launch_id, one.detail["reason"]) for one in lines]
            assert told == [("refused", "nobody", walk.launch, "cookie")], path


def test_a_form_without_its_token_leaves_one_line_of_whose_session_it_was(walk: Walk) -> None:
    for method, path in operations(walk.app):
        if path.startswith("/app/{launch}/") and method == "POST":
            answer, lines = walk.ask(method, path, walk.cookie, csrf="wrong")
            assert answer.status == 403, path
            told = [(one.outcome, one.actor, one.patient_id, one.detail["reason"]) for one in lines]
            assert told == [("refused", "Practitioner/dr1", MIXED, "csrf")], path


def test_every_screen_that_is_looked_at_leaves_one_line_also_where_the_chart_is_kept(walk: Walk) -> None:
    for _ in range(2):
        for method, path in of_charts(walk.app):
            if method == "GET":
                answer, lines = walk.ask(method, path, walk.cookie)
                assert answer.status in (200, 303, 409, 422), (path, answer.text)
                outcome = "refused" if answer.status >= 400 else "done"
                told = [(one.outcome, one.actor, one.patient_id, one.launch_id) for one in lines]
                assert told == [(outcome, "Practitioner/dr1", MIXED, walk.launch)], path
                assert lines[0].action in ("view", "print", "version", "export"), path


def test_every_form_that_is_sent_leaves_one_line_whatever_becomes_of_it(walk: Walk) -> None:
    for method, path in of_charts(walk.app):
        if method == "POST":
            answer, lines = walk.ask(method, path, walk.cookie, csrf=walk.csrf)
            assert answer.status in (200, 303, 409, 422), (path, answer.text)
            assert len(lines) == 1, (path, lines)
            assert (lines[0].outcome == "refused") is (answer.status >= 400), (path, lines)
            assert (lines[0].actor, lines[0].patient_id) == ("Practitioner/dr1", MIXED), path


def test_what_is_no_form_or_is_asked_in_another_way_leaves_one_line(walk: Walk) -> None:
    for method, path in of_charts(walk.app):
        _, lines = walk.ask("DELETE", path, walk.cookie)
        assert [(one.outcome, one.detail["status"]) for one in lines] == [("refused", 405)], path
        if method == "POST":
            answer, lines = walk.ask(method, path, walk.cookie, ("Content-Type", "application/json"))
            assert [(one.outcome, one.detail["status"]) for one in lines] == [("refused", answer.status)], path


def test_a_screen_says_which_and_a_refusal_why(walk: Walk) -> None:
    _, (line,) = walk.ask("GET", "/app/{launch}/regimen", walk.cookie)
    assert (line.action, line.detail) == ("view", {"screen": "regimen", "status": 200})
    _, (line,) = walk.ask("POST", "/app/{launch}/course/hold", walk.cookie, csrf=walk.csrf, version="v")
    assert (line.action, line.outcome) == ("course", "refused")
    assert line.detail == {"screen": "course/{turn}", "status": 422, "turn": "hold", "reason": "WrongUsage"}


def in_browser(stage: Stage, sent: Shown, launch: str) -> list[tuple[str, str, object]]:
    """What stands of a launch after an answer, without what was looked at."""
    assert sent.status
    every = [one.entry for one in stage.services.audit.entries("demo", limit=100_000)]
    mine = [one for one in every if one.launch_id == launch and one.action not in BESIDE]
    return [(one.action, one.outcome, one.detail.get("reason")) for one in mine if one.action != "view"]


def test_a_stale_approval_leaves_one_line(stage: Stage) -> None:
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    person.draft()
    person.ready()
    fields = person.form("approve", "/approve")
    person.send("approve", "/agreement", who="the patient", what="even more slowly")
    before = len(in_browser(stage, person.get("approve"), person.launch))
    stale = person.browser.post(f"{person.here}/approve", fields)
    assert stale.status == 409
    assert in_browser(stage, stale, person.launch)[before:] == [("approve", "refused", "changed")]
    stage.forget(MIXED)


@pytest.mark.parametrize("user", ["reader", "pharmacist"])
def test_whoever_may_not_do_a_thing_leaves_one_line(stage: Stage, user: str) -> None:
    person = stage.opened(ELDER, user)
    before = len(in_browser(stage, person.get("regimen"), person.launch))
    found = stage.services.launches.get(person.launch, stage.services.clock())
    assert found is not None
    refused = person.browser.post(f"{person.here}/write-back", {"csrf": found.csrf.reveal(), "seen": "x"})
    assert refused.status == 403
    assert in_browser(stage, refused, person.launch)[before:] == [("write", "refused", "role")]


def test_the_cookie_of_another_session_is_nobodys_and_not_its_owners(stage: Stage, walk: Walk) -> None:
    other = ("Cookie", f"{launch_cookie(walk.launch)}={'f' * 43}.{'0' * 12}")
    _, (line,) = walk.ask("GET", "/app/{launch}/regimen", other)
    assert (line.action, line.outcome, line.detail["reason"]) == ("open", "refused", "not-yours")
    assert (line.actor, line.patient_id, line.launch_id) == ("nobody", MIXED, walk.launch)
    assert stage.services.launches.tenant_of(walk.launch) == "demo"


def test_an_answer_that_is_played_again_leaves_one_line(stage: Stage) -> None:
    app = create_app(stage.services)
    browser, back = stage.begun()
    assert browser.once("GET", back).status == 303
    for query in (urlsplit(back).query, re.sub("(^|&)iss=[^&]*", "", urlsplit(back).query)):
        before = last_line(stage)
        assert ask(app, "GET", "/callback", query=query).status == 400
        lines = [one.entry for one in stage.services.audit.entries("demo", after=before)]
        assert [(one.action, one.outcome, one.detail["reason"]) for one in lines] == [("launch", "refused", "replayed")]


def test_a_forged_answer_leaves_one_line_where_it_names_an_ehr_of_ours_and_none_where_nobody_is_named(stage: Stage) -> None:
    app = create_app(stage.services)
    issuer = stage.services.settings.tenants[0].issuer
    for query, reasons in ((urlencode({"state": "x" * 43, "code": "y", "iss": issuer}), ["state"]), (urlencode({"state": "x"}), [])):
        before = last_line(stage)
        assert ask(app, "GET", "/callback", query=query).status == 400
        assert [one.entry.detail["reason"] for one in stage.services.audit.entries("demo", after=before)] == reasons


def test_a_launch_that_the_ehr_does_not_answer_leaves_one_line(stage: Stage) -> None:
    (tenant,) = stage.services.settings.tenants
    away = replace(tenant, issuer="http://127.0.0.1:9/fhir", endpoint_origins=())
    settings = replace(stage.services.settings, tenants=(away,))
    app = create_app(replace(stage.services, settings=settings, _transports={}, said_by_ehr=Kept()))
    for path, query in (("/launch", {"iss": away.issuer, "launch": "x"}), ("/launch/standalone", {"tenant": "demo"})):
        before = last_line(stage)
        assert ask(app, "GET", path, query=urlencode(query)).status == 502
        lines = [one.entry for one in stage.services.audit.entries("demo", after=before)]
        assert [(one.action, one.outcome, one.detail["reason"]) for one in lines] == [("launch", "failed", "EhrUnreachable")]


def test_what_cannot_be_audited_is_not_shown(stage: Stage, walk: Walk) -> None:
    other_key = AuditLog(stage.services.database, Secret("a key that the chain was not written with"))
    app = create_app(replace(stage.services, audit=other_key))
    walk.ask("GET", "/app/{launch}/regimen", walk.cookie)  # the chart is kept: nothing but the view is told
    shown = ask(app, "GET", f"/app/{walk.launch}/regimen", headers=[walk.cookie])
    assert shown.status == 503
    assert "Nothing can be saved now" in shown.text
    assert "diazepam" not in shown.text
    assert shown.header("content-security-policy").endswith(stage.demo.page_url.rstrip("/"))


def test_an_error_that_nobody_foresaw_leaves_one_line(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("fhir_taper.web.dependencies.load_chart", broken)
    answer, lines = walk.ask("GET", "/app/{launch}/regimen", walk.cookie)
    assert answer.status == 500
    assert [(one.action, one.outcome, one.detail["reason"]) for one in lines] == [("view", "failed", "ZeroDivisionError")]


def test_whoever_logs_out_leaves_one_line(stage: Stage) -> None:
    person = stage.opened(ELDER)
    person.send("regimen", "/end")
    assert in_browser(stage, person.get("regimen"), person.launch)[-1] == ("log-out", "ended", None)


def test_a_launch_that_was_made_up_is_nobodys_chart_and_reaches_no_database(walk: Walk) -> None:
    for odd in ("x\x00y", "é", "x" * 5000, "'", "ⅷ"):
        before = last_line(walk.stage)
        assert ask(walk.app, "GET", f"/app/{odd}/regimen", headers=[walk.cookie]).status == 403
        assert walk.lines(before) == []


def test_secrets_are_kept_as_hashes_alone(walk: Walk) -> None:
    """What a line could repeat of a request is its route, never its address or what was sent."""
    _, (line,) = walk.ask("GET", "/app/{launch}/regimen", walk.cookie, query="step=1&name=Edna")
    assert line.detail == {"screen": "regimen", "status": 200}
    assert hashed(Secret(walk.csrf)) not in str(line)
