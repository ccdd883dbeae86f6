"""Connections: SQLite (WAL, synchronous=FULL, one writer at a time, announced before it reads) or PostgreSQL (psycopg 3).

A commit that returned is on the disk on both. Messages never hold the password of a URL or the values of a statement.
"""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from fhir_taper.errors import StoreError

BUSY_SECONDS: Final = 20
"""How long a writer waits for another one before it gives up."""
READING: Final = "fhir_taper_reading"
"""Execution option of a connection that only reads: its transaction does not queue with the writers."""
_POOL: Final = 16
_POOL_MORE: Final = 64


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql+psycopg://…`. Raises StoreError for any other database, or one in memory."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    options = "-c synchronous_commit=on -c timezone=UTC"
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=_POOL,
        max_overflow=_POOL_MORE,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": BUSY_SECONDS, "application_name": "fhir-taper"},
    )


def make_file(url: str) -> None:
    """Create the file of a SQLite database, for its owner alone; where it exists, or on PostgreSQL, nothing happens."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database is None:
        return
    path = Path(parsed.database)
    try:
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be made: {error.strerror}") from error


def is_there(url: str) -> bool:
    """Whether the file of a SQLite database exists; a PostgreSQL database is asked by connecting."""
    parsed = _parsed(url)
    return parsed.get_backend_name() != "sqlite" or Path(str(parsed.database)).is_file()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("database_url is no address of a database: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME") from None
    backend = parsed.drivername
    if backend in {"sqlite", "sqlite+pysqlite"}:
        if parsed.database in {None, "", ":memory:"} or str(parsed.database).startswith("file:"):
            raise StoreError("database_url: a SQLite database is a file (sqlite:///FILE); one in memory would forget")
        return parsed
    if backend in {"postgresql", "postgresql+psycopg"}:
        return parsed
    raise StoreError(f"database_url: {backend} is neither sqlite nor postgresql+psycopg")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, pool_size=_POOL, max_overflow=_POOL_MORE, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        del record
        connection.isolation_level = None  # the driver begins nothing by itself: `begin` below does
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "foreign_keys=ON",
            "recursive_triggers=ON",  # INSERT OR REPLACE, too, meets the triggers that refuse a DELETE
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could not wait for another writer: SQLite would refuse it at once.
        reading = connection.get_execution_options().get(READING)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
