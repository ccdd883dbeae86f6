"""Whatever stops a process or the disk, the database opens again whole: what was said to be committed is there, nothing is half there."""

import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from fhir_taper.errors import StoreError
from fhir_taper.records import WriteState
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.audit_verify import verify
from fhir_taper.store.database import Database
from fhir_taper.store.launches import LaunchStore
from fhir_taper.store.ledger import Ledger
from fhir_taper.store.plans import PlanStore
from fhir_taper.store.rotation import left, rotate
from tests.store.kept import AUDIT_KEY, NOW, PLAN, launch, pending, plan_version
from tests.store.processes import BOTH, OLD, ROOT

KILLS = range(4)


def start(work: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tests.store.processes", work, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def killed_while_working(url: str, seed: int) -> dict[str, int]:
    """Let a process append, open and settle, kill -9 it at a moment of a seed; return the last number that it said of each."""
    chance = random.Random(seed)
    said = {"plan": 0, "opened": 0, "settled": 0}
    with start("work", url) as process:
        assert process.stdout is not None
        for line in [process.stdout.readline() for _ in range(chance.randint(3, 20))]:
            said[line.split()[0]] = int(line.split()[1])
        time.sleep(chance.random() / 50)
        process.kill()
        for line in process.stdout.read().splitlines():
            what, _, number = line.partition(" ")
            if what in said and number.isdigit():
                said[what] = int(number)
    return said


@pytest.mark.parametrize("seed", KILLS)
def test_a_process_that_is_killed_at_work_leaves_a_whole_database(url: str, opened: Callable[[str], Database], seed: int) -> None:
    said = killed_while_working(url, seed)
    database = opened(url)
    history = PlanStore(database, OLD).history(PLAN)
    assert [one.version for one in history] == list(range(1, len(history) + 1))
    assert len(history) in {said["plan"], said["plan"] + 1}
    # A plan and its audit row were one transaction: there is never one without the other.
    assert len(AuditLog(database, AUDIT_KEY).entries("hospital", limit=10_000)) == len(history)
    assert verify(database, AUDIT_KEY, "hospital", AuditLog(database, AUDIT_KEY).heads()) == ()
    rows = Ledger(database, OLD).of_plan("plan-1")
    assert len(rows) in {said["opened"], said["opened"] + 1}
    assert sum(row.state is WriteState.WRITTEN for row in rows) in {said["settled"], said["settled"] + 1}
    assert sum(row.state is WriteState.PENDING for row in rows) <= 1
    PlanStore(database, OLD).append(plan_version(len(history) + 1), expected_version=len(history))


@pytest.mark.parametrize("seed", KILLS)
def test_a_rotation_that_is_killed_goes_on_where_it_was(url: str, opened: Callable[[str], Database], seed: int) -> None:
    database = opened(url)
    launches = LaunchStore(database, OLD)
    with database.begin():
        for number in range(60):
            launches.save_pending(pending(f"s{number}"))
            launches.save(launch(f"l{number}"))
    with start("rotate", url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(random.Random(seed).random() / 10)
        process.kill()
    counted = left(database)
    assert sum(counted.values()) == 120
    either = LaunchStore(database, BOTH)
    assert [either.get(f"l{number}", NOW) for number in range(60)] == [launch(f"l{number}") for number in range(60)]
    assert rotate(database, BOTH) == counted.get("2025", 0)
    assert left(database) == {"2026": 120}


on_sqlite = pytest.mark.parametrize("kind", ["sqlite"])
on_postgresql = pytest.mark.parametrize("kind", ["postgresql"])


@on_sqlite
def test_a_full_disk_is_said_and_nothing_is_lost(url: str, opened: Callable[[str], Database]) -> None:
    with start("fill", url) as process:
        said = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    refused, newest, went_on = said
    number = int(refused.split()[1])
    assert number > 3
    assert refused.split()[2] == "StoreError:"
    assert newest == f"newest {number - 1}"
    assert went_on == f"went-on-with {number}"
    assert [one.version for one in PlanStore(opened(url), OLD).history(PLAN)] == list(range(1, number + 1))


@on_sqlite
def test_after_a_kill_the_file_itself_is_sound(url: str) -> None:
    killed_while_working(url, 99)
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@on_sqlite
def test_a_writer_that_another_process_keeps_waiting_is_told(
    url: str, tmp_path: Path, opened: Callable[[str], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_taper.store.engine.BUSY_SECONDS", 0)
    database = opened(url)
    other = sqlite3.connect(tmp_path / "kept.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        PlanStore(database, OLD).append(plan_version(), expected_version=0)
    other.execute("ROLLBACK")
    other.close()
    PlanStore(database, OLD).append(plan_version(), expected_version=0)


@on_sqlite
def test_a_thread_that_another_one_keeps_waiting_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_taper.store.database.BUSY_SECONDS", 0.05)
    said: list[str] = []

    def write() -> None:
        try:
            PlanStore(database, OLD).append(plan_version(), expected_version=0)
        except StoreError as error:
            said.append(str(error))

    with database.begin():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert said == ["the database was busy for 0.05 seconds: nothing was written"]


@on_postgresql
def test_a_connection_that_breaks_is_said_and_the_next_one_works(database: Database) -> None:
    def broken() -> None:
        with database.begin() as connection:
            PlanStore(database, OLD).append(plan_version(), expected_version=0)
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreError):
        broken()
    assert PlanStore(database, OLD).history(PLAN) == ()
    PlanStore(database, OLD).append(plan_version(), expected_version=0)
