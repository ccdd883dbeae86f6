"""Transactions are whole or nothing, the schema is this program's, and a database says what is wrong without giving anything away."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.store.database import Database, now, put_row, upgrade
from fhir_taper.store.engine import make_engine
from fhir_taper.store.schema import lease, plan_head, running_taper
from tests.store.kept import NOW

HEAD_ROW = {"tenant_id": "t", "patient_id": "p", "ingredient": "i", "plan_key": "k", "version": 1}


def count_heads(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(plan_head)).scalar_one())


def test_what_was_committed_is_there_for_the_next_who_opens(database: Database, url: str, opened: Callable[[str], Database]) -> None:
    with database.begin() as connection:
        connection.execute(insert(plan_head).values(HEAD_ROW))
    assert count_heads(opened(url)) == 1


def test_an_error_leaves_nothing_of_a_transaction(database: Database) -> None:
    def fail() -> None:
        with database.begin() as connection:
            connection.execute(insert(plan_head).values(HEAD_ROW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count_heads(database) == 0


def test_a_transaction_inside_another_is_committed_with_it_or_not_at_all(database: Database) -> None:
    def outer() -> None:
        with database.begin():
            with database.begin() as connection:
                connection.execute(insert(plan_head).values(HEAD_ROW))
            assert count_heads(database) == 1  # the same thread sees its own rows
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outer()
    assert count_heads(database) == 0


def test_a_part_that_failed_spoils_the_whole_even_when_its_error_was_swallowed(database: Database) -> None:
    def fail() -> None:
        with database.begin():
            raise ZeroDivisionError

    def swallow() -> None:
        with database.begin() as connection:
            connection.execute(insert(plan_head).values(HEAD_ROW))
            with pytest.raises(ZeroDivisionError):
                fail()

    with pytest.raises(StoreError, match="nothing of it is kept"):
        swallow()
    assert count_heads(database) == 0


def test_another_thread_does_not_join(database: Database) -> None:
    inside: list[bool] = []
    with database.begin():
        thread = threading.Thread(target=lambda: inside.append(database.is_inside))
        thread.start()
        thread.join()
    assert inside == [False]


def test_a_row_that_exists_once_is_a_conflict(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(plan_head).values(HEAD_ROW))
    with pytest.raises(StoreConflict), database.begin() as connection:
        connection.execute(insert(plan_head).values(HEAD_ROW))


def test_a_refusal_repeats_no_value_of_the_statement(database: Database) -> None:
    with pytest.raises(StoreError) as refused, database.begin() as connection:
        connection.execute(text("SELECT secret_value(:it)"), {"it": "Jane Doe"})
    assert "Jane" not in str(refused.value) + str(refused.value.__cause__)


def test_a_snapshot_does_not_move_while_others_write(database: Database, url: str, opened: Callable[[str], Database]) -> None:
    other = opened(url)
    with database.read() as connection:
        counted = select(func.count()).select_from(plan_head)
        before = connection.execute(counted).scalar_one()
        with other.begin() as writing:
            writing.execute(insert(plan_head).values(HEAD_ROW))
        assert connection.execute(counted).scalar_one() == before
    assert count_heads(database) == before + 1


def test_a_row_is_put_in_place_of_the_one_with_its_key(database: Database) -> None:
    row = {"tenant_id": "t", "patient_id": "p", "ingredient": "i", "plan_key": "k", "version": 1}
    with database.begin() as connection:
        put_row(connection, running_taper, row)
        put_row(connection, running_taper, row | {"plan_key": "k2", "version": 7})
        assert connection.execute(select(running_taper.c.plan_key, running_taper.c.version)).all() == [("k2", 7)]


def test_instants_come_back_to_the_microsecond_in_utc(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(lease).values(name="n", holder="h", until=NOW))
        assert connection.execute(select(lease.c.until)).scalar_one() == NOW


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StoreError), database.begin() as connection:
        connection.execute(insert(lease).values(name="n", holder="h", until=NOW.replace(tzinfo=None)))


def test_the_time_of_leases_moves_on(database: Database) -> None:
    with database.begin() as connection:
        first = now(connection)
        assert first.tzinfo is not None
        assert now(connection) >= first


def test_sqlite_is_told_to_lose_nothing(tmp_path: Path, opened: Callable[[str], Database]) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    upgrade(url)
    with opened(url).read() as connection:
        told = [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert told == ["wal", 2, 1]


def test_a_new_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'kept.db'}")
    assert (tmp_path / "kept.db").stat().st_mode & 0o777 == 0o600


def test_postgresql_commits_to_the_disk_whatever_the_server_says(postgresql_server: object) -> None:
    engine = make_engine(postgresql_server.database())  # type: ignore[attr-defined]
    with engine.connect() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    engine.dispose()


def test_a_database_that_nobody_made_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="fhir-taper db upgrade"):
        Database.open(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite://", "would forget"),
        ("sqlite:///:memory:", "would forget"),
        ("sqlite:///file:x?mode=memory&uri=true", "would forget"),
        ("mysql://user:hunter2@host/db", "neither sqlite nor postgresql"),
        ("postgresql+asyncpg://user:hunter2@host/db", "neither sqlite nor postgresql"),
        ("not an address", "no address of a database"),
    ],
)
def test_another_kind_of_database_is_refused_without_its_password(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as refused:
        Database.open(url)
    assert "hunter2" not in str(refused.value)


def test_a_server_that_is_not_there_is_said_without_its_password() -> None:
    with pytest.raises(StoreError) as refused:
        Database.open("postgresql+psycopg://user:hunter2@127.0.0.1:9/db")
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept.db").write_bytes(b"this is a letter to somebody\n" * 100)
    for way in (Database.open, upgrade):
        with pytest.raises(StoreError):
            way(f"sqlite:///{tmp_path / 'kept.db'}")


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be made"):
        upgrade(f"sqlite:///{tmp_path / 'no' / 'such' / 'kept.db'}")
