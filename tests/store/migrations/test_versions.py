"""Databases come to the newest revision from every earlier one, with their rows; `fhir_taper.store.migrations.versions` makes what the
program's tables say.

A new revision adds: its module, HEAD, and the rows that a database of it may hold (see revision_rows).
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, delete, text

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.records import WriteState
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.audit_verify import verify
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database, upgrade
from fhir_taper.store.drafts import DraftStore
from fhir_taper.store.engine import make_engine
from fhir_taper.store.launches import LaunchStore
from fhir_taper.store.ledger import Ledger
from fhir_taper.store.migrations import HEAD, migrate, revision_of, revisions
from fhir_taper.store.plans import PlanStore
from fhir_taper.store.reviews import ReviewState, ReviewStore
from fhir_taper.store.schema import metadata
from fhir_taper.store.tokens import TokenStore
from fhir_taper.store.watch_log import WatchLog
from tests.store import kept
from tests.store.revision_rows import FOLDER, one_of_everything, restore

SINCE_REVIEWS, SINCE_INPUTS, SINCE_NOTES = "0002", "0005", "0006"


def everything(database: Database, keys: KeyRing) -> list[Any]:
    """Read one of everything back, as the program of today reads it."""
    return [
        LaunchStore(database, keys).take_pending("s1", kept.NOW),
        LaunchStore(database, keys).get("l1", kept.NOW),
        TokenStore(database, keys, "hospital").get("l1"),
        PlanStore(database, keys).latest(kept.PLAN),
        DraftStore(database, keys).get("hospital", "p1", "intake"),
        Ledger(database, keys).row("w1"),
        AuditLog(database, kept.AUDIT_KEY).entries("hospital")[0].entry,
    ]


def test_the_tables_of_the_program_are_those_of_the_migrations(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_every_state_of_a_write_may_be_stored(database: Database, keys: KeyRing) -> None:
    ledger = Ledger(database, keys)
    for state in WriteState:
        kept.open_write(ledger, kept.write(state, patient_id=state))
        if state is not WriteState.PENDING:
            ledger.settle(state, state, at=kept.NOW, detail={})
    assert {row.state for row in ledger.of_plan("plan-1")} == set(WriteState)


def test_the_program_works_with_the_newest_revision() -> None:
    assert revisions()[-1] == HEAD


def test_every_revision_has_rows_to_upgrade_from() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(revisions())


@pytest.mark.parametrize("revision", revisions())
def test_a_database_of_each_revision_comes_to_the_newest_with_its_rows(
    empty_url: str, revision: str, keys: KeyRing, opened: Callable[[str], Database]
) -> None:
    engine = make_engine(empty_url)
    with engine.begin() as connection:
        migrate(connection, revision)
        restore(connection, revision)
    engine.dispose()
    upgrade(empty_url)
    upgraded = opened(empty_url)
    assert everything(upgraded, keys) == [
        kept.pending(),
        kept.launch(),
        kept.tokens(),
        kept.plan_version() if revision >= SINCE_INPUTS else kept.plan_version(inputs=None),
        kept.draft(),
        kept.write(),
        kept.entry(),
    ]
    assert verify(upgraded, kept.AUDIT_KEY, "hospital") == ()
    reviews = ReviewStore(upgraded, keys)
    assert reviews.of_patient("hospital", "p1") == ((kept.review(),) if revision >= SINCE_REVIEWS else ())
    reviews.ask(kept.review("v9", plan_id="plan-9"))
    notes = WatchLog(upgraded, keys)
    assert notes.of_patient("hospital", "p1") == ((kept.watch_note(),) if revision >= SINCE_NOTES else ())
    assert notes.note(kept.watch_note("n9"))


def test_every_state_of_a_review_may_be_stored(database: Database, keys: KeyRing) -> None:
    reviews = ReviewStore(database, keys)
    for state in ReviewState:
        reviews.ask(kept.review(state, plan_id=state))
        if state is not ReviewState.REQUESTED:
            reviews.answer(state, "hospital", state, by="Practitioner/ph1", at=kept.NOW, detail={})
    assert {one.state for one in reviews.of_patient("hospital", "p1")} == set(ReviewState)


def test_upgrading_twice_changes_nothing(url: str, database: Database, keys: KeyRing) -> None:
    one_of_everything(database, keys)
    assert upgrade(url) == HEAD
    assert LaunchStore(database, keys).get("l1", kept.NOW) == kept.launch()


def test_processes_that_upgrade_at_once_take_turns(empty_url: str, opened: Callable[[str], Database]) -> None:
    said: list[str] = []
    threads = [threading.Thread(target=lambda: said.append(upgrade(empty_url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [HEAD] * 4
    with opened(empty_url).read() as connection:
        assert revision_of(connection) == HEAD


def mark(url: str, statement: str) -> None:
    """Change what a database says of its revision."""
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_database_of_a_newer_program_is_neither_opened_nor_upgraded(url: str) -> None:
    mark(url, "UPDATE alembic_version SET version_num = '9999'")
    for way in (Database.open, upgrade):
        with pytest.raises(StoreError, match="revision 9999, which this program does not know"):
            way(url)


def test_a_database_that_was_not_upgraded_names_the_command(url: str) -> None:
    mark(url, "DELETE FROM alembic_version")
    with pytest.raises(StoreError, match="fhir-taper db upgrade"):
        Database.open(url)


def test_an_upgrade_that_breaks_leaves_what_was_there(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(connection: Connection, target: str = "head") -> None:
        migrate(connection, target)
        connection.execute(text("SELECT * FROM there_is_no_such_table"))

    monkeypatch.setattr("fhir_taper.store.database.migrate", half)
    with pytest.raises(StoreError):
        upgrade(empty_url)
    monkeypatch.undo()
    engine = make_engine(empty_url)
    with engine.connect() as connection:
        assert revision_of(connection) is None
    engine.dispose()
    assert upgrade(empty_url) == HEAD


GROWN = ("plan_version", "audit_entry", "ledger")
MAY_CHANGE = {"plan_version": {"sealed", "inputs", "key_id"}, "audit_entry": set(), "ledger": {"state", "settled", "sealed", "key_id"}}


@pytest.fixture
def filled(database: Database, keys: KeyRing) -> Database:
    """Return a database with one of everything."""
    one_of_everything(database, keys)
    return database


def is_refused(database: Database, *statements: str) -> bool:
    """Whether the database refuses the last of some statements, and says why."""
    try:
        with database.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    except StoreError as error:
        return isinstance(error, StoreConflict) or "only grows" in str(error)
    return False


@pytest.mark.parametrize("name", GROWN)
def test_no_row_of_a_grown_table_is_deleted(filled: Database, name: str) -> None:
    assert is_refused(filled, str(delete(metadata.tables[name])))


@pytest.mark.parametrize("name", GROWN)
def test_no_word_of_a_grown_table_is_changed(filled: Database, name: str) -> None:
    columns = [column.name for column in metadata.tables[name].columns]
    refused = {column for column in columns if is_refused(filled, f'UPDATE {name} SET "{column}" = "{column}"')}  # noqa: S608
    assert refused == set(columns) - MAY_CHANGE[name]


@pytest.mark.parametrize("name", GROWN)
def test_no_row_of_a_grown_table_is_replaced_or_emptied_away(filled: Database, name: str) -> None:
    with filled.read() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
    replace = ("PRAGMA recursive_triggers=OFF", f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}")  # noqa: S608
    assert is_refused(filled, *(replace if is_sqlite else (f"TRUNCATE {name}",)))


def test_emergency_words_that_were_of_no_draft_are_taken_out_and_the_other_drafts_stay(
    empty_url: str, keys: KeyRing, opened: Callable[[str], Database]
) -> None:
    engine = make_engine(empty_url)
    with engine.begin() as connection:
        migrate(connection, "0003")
        restore(connection, "0003")
        before = 'INSERT INTO draft SELECT tenant_id, patient_id, \'emergency-words\', revision, "by", "at", sealed, key_id FROM draft'
        connection.execute(text(before))
    engine.dispose()
    upgrade(empty_url)
    drafts = DraftStore(opened(empty_url), keys)
    assert drafts.names("hospital", "p1") == ("intake",)
    assert drafts.save(kept.draft(2)) == 2
