"""The database as the repositories see it: transactions that commit whole or not at all, and a schema of exactly this program's revision.

`begin` inside `begin` of the same thread joins it, so that a plan and its audit row are committed together. The store reads no clock:
instants are arguments. The exceptions are the time of leases and of the ledger, which must be the same for all processes (`now`).
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.store.engine import BUSY_SECONDS, READING, is_there, make_engine, make_file
from fhir_taper.store.migrations import HEAD, is_known, migrate, revision_of


class Database:
    """One database, shared by all threads of a process. Close it when done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mine = threading.local()
        # SQLite's own wait for a writer is polling and not fair; threads of one process take turns here first.
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else None

    @classmethod
    def open(cls, url: str) -> "Database":
        """The database at a URL. Raises StoreError where it is absent, not upgraded, made by a newer program, or cannot be reached."""
        if not is_there(url):
            raise StoreError("there is no database yet: run `fhir-taper db upgrade`")
        database = cls(make_engine(url))
        try:
            with database.read() as connection:
                revision = revision_of(connection)
            _refuse_other(revision)
        except StoreError:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def is_current(self) -> bool:
        """Whether the database answers, and is still of this program's revision. Raises StoreError where it does not answer."""
        with self.read() as connection:
            return revision_of(connection) == HEAD

    @property
    def is_inside(self) -> bool:
        """Whether this thread is in a transaction already."""
        return getattr(self._mine, "connection", None) is not None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back by any error. Joins the one this thread is in.

        Raises StoreConflict where a row exists that may exist once, StoreError for whatever else the database refuses (a full disk, a
        lock that is never given, a change of what may not be changed). An error inside a joined transaction undoes the whole of it.
        """
        if self.is_inside:
            try:
                with _said_by_us():
                    yield self._mine.connection
            except BaseException:
                self._mine.spoilt = True
                raise
            return
        with self._my_turn(), _said_by_us(), self._engine.begin() as connection:
            self._mine.connection, self._mine.spoilt = connection, False
            try:
                yield connection
                if self._mine.spoilt:
                    raise StoreError("a part of this transaction failed: nothing of it is kept")
            finally:
                self._mine.connection = None

    def hold(self, rows: Select[Any]) -> None:
        """Until this thread's transaction ends, nobody else changes these rows. Raises StoreError outside of one.

        On SQLite the transaction is the only one that writes; PostgreSQL is told, for each row in the order of the question.
        """
        if not self.is_inside:
            raise StoreError("rows are held inside a transaction")
        with self.begin() as connection:
            connection.execute(rows.with_for_update()).all()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot of everything that is committed; inside `begin` of this thread, what that transaction sees."""
        if self.is_inside:
            with _said_by_us():
                yield self._mine.connection
            return
        with _said_by_us(), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                options = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            else:
                options = connection.execution_options(**{READING: True})
            with options.begin():
                yield options

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise StoreError(f"the database was busy for {BUSY_SECONDS} seconds: nothing was written")
        try:
            yield
        finally:
            self._turn.release()


def upgrade(url: str) -> str:
    """Bring a database to this program's revision, making it where there is none; returns the revision.

    Processes that upgrade at once take turns; a broken upgrade leaves the revision from before. Raises StoreError for a newer database.
    """
    make_file(url)
    engine = make_engine(url)
    try:
        with _said_by_us(), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("fhir-taper upgrade"))))
            revision = revision_of(connection)
            if revision is not None and not is_known(revision):
                _refuse_other(revision)
            migrate(connection)
    finally:
        engine.dispose()
    return HEAD


def now(connection: Connection) -> datetime:
    """The time that all processes on one database share: the server's on PostgreSQL, this machine's on SQLite."""
    if connection.dialect.name == "postgresql":
        shared: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return shared
    return datetime.now(UTC)


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key exists; whether it was inserted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    # The row itself says so: a count of rows is not known for every INSERT of every driver.
    inserted = dialect.insert(table).values(dict(row)).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(inserted).first() is not None


def put_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or replace the one with its primary key."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    keys = [column.name for column in table.primary_key]
    values = {name: value for name, value in row.items() if name not in keys}
    connection.execute(dialect.insert(table).values(dict(row)).on_conflict_do_update(index_elements=keys, set_=values))


def _refuse_other(revision: str | None) -> None:
    if revision == HEAD:
        return
    if revision is None or is_known(revision):
        raise StoreError("the database is of an earlier revision than this program: run `fhir-taper db upgrade`")
    raise StoreError(f"the database is of revision {revision}, which this program does not know: it was upgraded by a newer one")


@contextmanager
def _said_by_us() -> Iterator[None]:
    """Errors of the driver as ours: the words of the database, without statement and values."""
    try:
        yield
    except IntegrityError as error:
        if "only grows" in str(error.orig):
            raise StoreError(f"the database refuses: {_words(error)}") from error
        raise StoreConflict("another writer came first, or the row exists already: nothing was changed") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database refuses: {_words(error)}") from error


def _words(error: SQLAlchemyError) -> str:
    origin = getattr(error, "orig", None)
    lines = str(origin or type(error).__name__).splitlines() or [""]
    return lines[0][:200]
