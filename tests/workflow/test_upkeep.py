"""Upkeep outlives whatever goes wrong in it, tells of it, and ends when it is told to."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from fhir_taper.errors import EhrUnreachable, StoreError
from fhir_taper.records import WriteState
from fhir_taper.workflow import end_session
from fhir_taper.workflow.recover_writes import PROGRAM
from fhir_taper.workflow.services import Services, open_services, upgrade_database
from fhir_taper.workflow.upkeep import TASKS, Task, Upkeep, end_left, keep_up, kept_up, purge
from tests.store.kept import launch, open_write, write
from tests.web.running import ELDER, Stage, another_app
from tests.workflow.test_end_session import held_by, is_active, lines, tokens_of, told


@pytest.fixture
def alone(stage: Stage, tmp_path: Path) -> Iterator[Services]:
    """Services over a database of their own, whose upkeep hardly waits."""
    settings = replace(stage.services.settings, database_url=f"sqlite:///{tmp_path / 'own.db'}", sweep_seconds=1)
    upgrade_database(settings)
    services = open_services(settings)
    yield services
    services.close()


def audited(services: Services) -> list[tuple[str, str, object]]:
    return [(one.entry.action, one.entry.outcome, one.entry.detail.get("task")) for one in services.audit.entries("demo")]


def figures(services: Services) -> str:
    return generate_latest(services.metrics.registry).decode()


def broken(_: Services) -> dict[str, int]:
    raise RuntimeError("Edna Example")


def test_a_task_that_fails_is_logged_counted_and_audited_and_the_next_is_done(alone: Services, caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def after(_: Services) -> dict[str, int]:
        done.set()
        return {}

    upkeep = Upkeep(alone, (Task("broken", broken), Task("after", after)))
    upkeep.start()
    assert done.wait(10)
    assert upkeep.stop()
    assert ("upkeep", "failed", "broken") in audited(alone)
    assert 'fhir_taper_upkeep_total{outcome="failed",task="broken"} 1.0' in figures(alone)
    assert "RuntimeError" in caplog.text
    assert "Edna" not in caplog.text


def test_a_task_that_failed_is_tried_again_in_the_next_round(alone: Services) -> None:
    rounds: list[int] = []
    twice = threading.Event()

    def failing_once(_: Services) -> dict[str, int]:
        rounds.append(1)
        if len(rounds) == 1:
            raise StoreError("the database refuses")
        twice.set()
        return {}

    upkeep = Upkeep(alone, (Task("once", failing_once),))
    upkeep.start()
    assert twice.wait(10)
    assert upkeep.stop()


def test_a_database_that_is_away_ends_nothing(alone: Services, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    alone.close()
    Path(alone.settings.database_url.removeprefix("sqlite:///")).write_bytes(b"no database" * 100)
    assert [keep_up(alone, task) for task in TASKS] == [False] * len(TASKS)


def test_it_stops_between_tasks_and_leaves_no_thread(alone: Services) -> None:
    before = set(threading.enumerate())  # the demo has upkeep of its own
    with kept_up(alone):
        assert [one.name for one in set(threading.enumerate()) - before] == ["upkeep"]
    assert set(threading.enumerate()) <= before


def test_sessions_that_ended_a_day_ago_are_removed_and_others_stay(alone: Services) -> None:
    now = alone.clock()
    for name in ("old", "ended", "left"):
        alone.launches.save(launch(name, tenant_id="demo", begun=now - timedelta(days=3), last_seen=now, ends=now - timedelta(days=2)))
    alone.launches.end("old", now - timedelta(days=2))
    alone.launches.end("ended", now - timedelta(hours=2))
    assert keep_up(alone, Task("purge", purge))
    assert [alone.launches.tenant_of(name) is not None for name in ("old", "ended", "left")] == [False, True, True]


@pytest.mark.parametrize(("later", "why"), [(timedelta(minutes=31), "left-alone"), (timedelta(hours=8, seconds=1), "time-over")])
def test_a_session_whose_window_was_closed_is_ended_with_its_tokens_taken_back_and_one_line(
    stage: Stage, tmp_path: Path, later: timedelta, why: str
) -> None:
    with another_app(stage, f"sqlite:///{tmp_path / 'left.db'}") as own:
        person = own.opened(ELDER)
        held = tokens_of(own, person.launch)
        assert held.refresh_token is not None
        before = len(told(own, person.launch))
        assert end_left(own.services) == {"ended": 0}
        then = replace(own.services, clock=lambda: own.services.clock() + later)
        assert [end_left(then), end_left(then)] == [{"ended": 1}, {"ended": 0}]
        assert held_by(own, person.launch) is None
        assert [is_active(own, held.access_token), is_active(own, held.refresh_token)] == [False, False]
        assert told(own, person.launch)[before:] == [("log-out", why)]
        assert lines(own, person.launch)[-1].actor == PROGRAM


def test_an_ehr_that_cannot_be_reached_is_asked_once_a_round_for_the_tokens_of_sessions_that_were_left(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def unreachable(*_: Any) -> bool:
        asked.append("take-back")
        raise EhrUnreachable("no answer")

    monkeypatch.setattr(end_session, "take_back", unreachable)
    with another_app(stage, f"sqlite:///{tmp_path / 'left.db'}") as own:
        people = [own.opened(ELDER), own.opened(ELDER)]
        then = replace(own.services, clock=lambda: own.services.clock() + timedelta(hours=1))
        assert (end_left(then), len(asked)) == ({"ended": 1}, 1)
        assert (end_left(then), len(asked)) == ({"ended": 1}, 2)
        assert {tuple(told(own, person.launch)) for person in people} == {(("log-out", "left-alone"), ("take-back", "failed"))}


def test_a_write_whose_answer_was_lost_is_looked_for_and_counted(alone: Services) -> None:
    open_write(alone.ledger, write("w1", tenant_id="demo", opened=alone.clock() - timedelta(hours=1)))
    assert keep_up(alone, TASKS[0])
    assert "fhir_taper_unresolved_writes 1.0" in figures(alone)
    row = alone.ledger.row("w1")
    assert row is not None
    assert row.state in (WriteState.PENDING, WriteState.UNKNOWN)
