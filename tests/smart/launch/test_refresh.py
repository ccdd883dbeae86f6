import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fhir_taper.errors import AccessEnded, EhrAnswered, EhrUnreachable, TokenRefused
from fhir_taper.records import Secret, Tenant, TokenSet
from fhir_taper.smart import transport as transport_module
from fhir_taper.smart.launch import token_endpoint
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.launch.refresh import Session
from fhir_taper.smart.transport import Transport
from fhir_taper.store.leases import HELD_FOR
from tests.smart.conftest import NOW
from tests.smart.launch.conftest import TOKEN
from tests.smart.stub_server import Reply, Stub


class HeldGrants:
    """The store's side in memory, with a lock per store."""

    def __init__(self, tokens: TokenSet | None) -> None:
        self.tokens = tokens
        self.lock = threading.Lock()
        self.before_lock: Callable[[], None] = lambda: None
        self.before_keeping: Callable[[], None] = lambda: None

    @contextmanager
    def exclusive(self, grant_id: str) -> Iterator[None]:
        assert grant_id == "g1"
        self.before_lock()
        with self.lock:
            yield

    def get(self, grant_id: str) -> TokenSet | None:
        assert grant_id == "g1"
        return self.tokens

    def replace(self, grant_id: str, spent: TokenSet, tokens: TokenSet) -> TokenSet | None:
        assert (grant_id, self.lock.locked()) == ("g1", True)
        self.before_keeping()
        if self.tokens == spent:
            self.tokens = tokens
        return self.tokens

    def drop_refresh_token(self, grant_id: str, refused: Secret | None = None) -> None:
        assert refused == Secret("r1")
        assert (grant_id, self.lock.locked()) == ("g1", True)
        assert self.tokens is not None
        self.tokens = replace(self.tokens, refresh_token=None)


def held(seconds: int, renewable: str | None = "r1") -> TokenSet:
    return TokenSet(Secret("old"), NOW + timedelta(seconds=seconds), "patient/*.rs", Secret(renewable) if renewable else None)


@pytest.fixture
def grants() -> HeldGrants:
    return HeldGrants(held(0))


@pytest.fixture
def session(grants: HeldGrants, tenant: Tenant, transport: Transport, configuration: SmartConfiguration) -> Session:
    return Session(grants, "g1", tenant, transport, lambda: configuration)


def test_a_token_that_counts_is_used_without_asking(ehr: Stub, grants: HeldGrants, session: Session) -> None:
    grants.tokens = held(61)
    assert session.token() == Secret("old")
    assert ehr.requests == []


@pytest.mark.requirement("117")
@pytest.mark.parametrize("seconds", [60, 1, 0, -3600])
def test_a_token_near_its_end_is_renewed_and_kept(seconds: int, ehr: Stub, grants: HeldGrants, session: Session) -> None:
    grants.tokens = held(seconds)
    ehr.on("/token", Reply(body={**TOKEN, "refresh_token": "r2"}), method="POST")
    assert session.token() == session.token() == Secret("acc3ss")
    assert grants.tokens == TokenSet(Secret("acc3ss"), NOW + timedelta(seconds=300), "patient/*.rs", Secret("r2"))
    assert len(ehr.requests) == 1


def test_a_token_that_a_sibling_renewed_meanwhile_is_adopted(ehr: Stub, grants: HeldGrants, session: Session) -> None:
    def sibling() -> None:
        grants.tokens = TokenSet(Secret("siblings"), NOW + timedelta(seconds=300), "", Secret("r2"))

    grants.before_lock = sibling
    assert session.token() == session.renew(Secret("old")) == Secret("siblings")
    assert ehr.requests == []


def test_a_token_that_the_ehr_refused_is_renewed_though_it_has_not_ended(ehr: Stub, grants: HeldGrants, session: Session) -> None:
    grants.tokens = held(3000)
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    assert session.renew(Secret("old")) == Secret("acc3ss")


@pytest.mark.parametrize("status", [400, 401])
def test_only_a_grant_that_is_over_forgets_the_refresh_token(status: int, ehr: Stub, grants: HeldGrants, session: Session) -> None:
    ehr.on("/token", Reply(status, {"error": "invalid_grant"}), method="POST")
    with pytest.raises(AccessEnded, match="launch again"):
        session.token()
    with pytest.raises(AccessEnded):
        session.token()
    assert grants.tokens is not None
    assert (grants.tokens.refresh_token, len(ehr.requests)) == (None, 1)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(body=TOKEN, cut=4), EhrUnreachable),
        (Reply(500), EhrAnswered),
        (Reply(503), EhrAnswered),
        (Reply(429, headers={"Retry-After": "5"}), EhrAnswered),
        (Reply(200, b"<html>"), EhrAnswered),
        (Reply(400, {"error": "invalid_client"}), TokenRefused),
        (Reply(400, {"error": "temporarily_unavailable"}), TokenRefused),
    ],
)
def test_any_other_trouble_leaves_the_refresh_token_for_the_next_try(
    reply: Reply, error: type[Exception], ehr: Stub, grants: HeldGrants, session: Session
) -> None:
    ehr.on("/token", reply, Reply(body=TOKEN), method="POST")
    with pytest.raises(error):
        session.token()
    assert grants.tokens == held(0)
    assert session.token() == Secret("acc3ss")


@pytest.mark.parametrize("reply", [Reply(500), Reply(400, {"error": "invalid_grant"}), Reply(400, {"error": "invalid_client"})])
def test_while_the_old_token_lasts_a_failed_refresh_hurts_nobody(reply: Reply, ehr: Stub, grants: HeldGrants, session: Session) -> None:
    grants.tokens = held(30)
    ehr.on("/token", reply, method="POST")
    assert session.token() == Secret("old")


def test_without_a_refresh_token_the_session_ends_with_its_token(ehr: Stub, grants: HeldGrants, session: Session) -> None:
    grants.tokens = held(30, None)
    assert session.token() == Secret("old")
    with pytest.raises(AccessEnded):
        session.renew(Secret("old"))
    grants.tokens = held(0, None)
    with pytest.raises(AccessEnded):
        session.token()
    grants.tokens = None
    with pytest.raises(AccessEnded):
        session.token()
    assert ehr.requests == []


def test_tokens_that_come_after_the_session_ended_are_taken_back_and_not_used(ehr: Stub, grants: HeldGrants, session: Session) -> None:
    def end() -> None:
        grants.tokens = None

    grants.before_keeping = end
    ehr.on("/token", Reply(body={**TOKEN, "refresh_token": "r2"}), method="POST")
    ehr.on("/revoke", Reply(), method="POST")
    with pytest.raises(AccessEnded, match="launch again"):
        session.token()
    assert grants.tokens is None
    taken_back = [(one.form["token"], one.form["token_type_hint"]) for one in ehr.of("/revoke", "POST")]
    assert taken_back == [("r2", "refresh_token"), ("acc3ss", "access_token")]


@pytest.mark.parametrize("reply", [Reply(500), Reply(body=TOKEN, cut=4)])
def test_a_session_that_ended_is_over_also_where_the_ehr_does_not_take_its_tokens_back(
    reply: Reply, ehr: Stub, grants: HeldGrants, session: Session
) -> None:
    def end() -> None:
        grants.tokens = None

    grants.before_keeping = end
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    ehr.on("/revoke", reply, method="POST")
    with pytest.raises(AccessEnded):
        session.token()


def test_what_came_too_late_and_what_became_of_it_is_told(
    ehr: Stub, grants: HeldGrants, tenant: Tenant, transport: Transport, configuration: SmartConfiguration
) -> None:
    def end() -> None:
        grants.tokens = None

    grants.before_keeping = end
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    ehr.on("/revoke", Reply(), Reply(), Reply(500), method="POST")
    told: list[tuple[str, str]] = []
    session = Session(grants, "g1", tenant, transport, lambda: configuration, lambda what, outcome: told.append((what, outcome)))
    for _ in range(2):
        grants.tokens = held(0)
        with pytest.raises(AccessEnded):
            session.token()
    assert told == [("take-back", "done"), *[("take-back", "failed")] * 2]  # refresh and access token


def test_tokens_that_come_after_a_siblings_are_dropped_and_the_siblings_are_used(ehr: Stub, grants: HeldGrants, session: Session) -> None:
    """They are not taken back: a server may end the whole grant with one of its tokens."""
    siblings = TokenSet(Secret("siblings"), NOW + timedelta(seconds=300), "", Secret("r9"))

    def sibling() -> None:
        grants.tokens = siblings

    grants.before_keeping = sibling
    ehr.on("/token", Reply(body=TOKEN), method="POST")
    assert session.token() == Secret("siblings")
    assert (grants.tokens, ehr.of("/revoke", "POST")) == (siblings, [])


def test_the_ehrs_configuration_is_asked_for_before_anybody_waits(
    ehr: Stub, grants: HeldGrants, tenant: Tenant, transport: Transport, configuration: SmartConfiguration
) -> None:
    """What is done while a grant is held alone is one token request, and never a discovery with its tries."""
    locked: list[bool] = []

    def asked() -> SmartConfiguration:
        locked.append(grants.lock.locked())
        return configuration

    ehr.on("/token", Reply(body=TOKEN), method="POST")
    assert Session(grants, "g1", tenant, transport, asked).token() == Secret("acc3ss")
    assert locked == [False]


def test_an_ehr_whose_configuration_cannot_be_had_ends_no_token_that_still_counts(
    grants: HeldGrants, tenant: Tenant, transport: Transport
) -> None:
    def unreachable() -> SmartConfiguration:
        raise EhrUnreachable("no answer")

    session = Session(grants, "g1", tenant, transport, unreachable)
    grants.tokens = held(30)
    assert session.token() == Secret("old")
    grants.tokens = held(0)
    with pytest.raises(EhrUnreachable):
        session.token()


def test_whoever_waits_for_a_refresh_waits_longer_than_the_slowest_one_takes() -> None:
    """Two requests (the second by the EHR's clock), each after its turn: to connect, to the first byte, to the last."""
    slowest = 2 * (transport_module.PATIENCE_SECONDS + transport_module.CONNECT_SECONDS + 2 * token_endpoint.TIMEOUT_SECONDS)
    assert 2 * HELD_FOR.total_seconds() > slowest


def test_eight_threads_do_one_refresh(ehr: Stub, session: Session) -> None:
    ehr.on("/token", Reply(body=TOKEN, seconds=0.1), Reply(400, {"error": "invalid_grant"}), method="POST")
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(session.token().reveal())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (got, len(ehr.requests)) == (["acc3ss"] * 8, 1)


def test_eight_threads_in_two_processes_do_one_refresh(ehr: Stub, tmp_path: Path) -> None:
    """The lock and the tokens are files here; in the product they are rows of the store."""
    ehr.on("/token", Reply(body={**TOKEN, "refresh_token": "r2"}, seconds=0.3), Reply(400, {"error": "invalid_grant"}), method="POST")
    (tmp_path / "tokens").write_text(json.dumps(["old", "2026-01-01T00:00:00+00:00", "r1"]))
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.smart.launch.refreshing_process", ehr.origin, str(tmp_path), "4"],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONPATH": "."},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    said = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        said += worker.communicate(timeout=30)[0].split()
    assert (said, len(ehr.of("/token", "POST"))) == (["acc3ss"] * 8, 1)
