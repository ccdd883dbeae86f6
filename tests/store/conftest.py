"""Every test of what is kept runs on both databases."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database, upgrade
from fhir_taper.store.engine import make_engine
from fhir_taper.store.migrations import HEAD
from fhir_taper.store.schema import metadata
from tests.store.kept import OLD_KEY


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that nobody upgraded yet."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'kept.db'}"
    return str(request.getfixturevalue("postgresql_server").database())


@pytest.fixture(scope="session")
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return, per kind, a database that was upgraded once: doing it for each test would take most of the time."""

    @cache
    def made(kind: str) -> str:
        is_sqlite = kind == "sqlite"
        url = f"sqlite:///{tmp_path_factory.mktemp('upgraded') / 'kept.db'}"
        template = url if is_sqlite else str(request.getfixturevalue("postgresql_server").database())
        upgrade(template)
        return template

    return made


@pytest.fixture
def url(kind: str, upgraded: Callable[[str], str], tmp_path: Path) -> str:
    """Return the URL of a database of the newest revision, without a row."""
    made = upgraded(kind)
    if kind == "sqlite":
        shutil.copy(made.removeprefix("sqlite:///"), tmp_path / "kept.db")
        return f"sqlite:///{tmp_path / 'kept.db'}"
    empty_again(made)
    return made


def empty_again(url: str) -> None:
    """Take out what the test before left, and put back the guards and the revision that it may have taken away."""
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
            connection.execute(text(f"ALTER TABLE {table.name} ENABLE TRIGGER ALL"))
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
    engine.dispose()


@pytest.fixture
def opened() -> Iterator[Callable[[str], Database]]:
    """Return a way to open databases that are closed at the end."""
    databases: list[Database] = []

    def open_one(url: str) -> Database:
        databases.append(Database.open(url))
        return databases[-1]

    yield open_one
    for database in databases:
        database.close()


@pytest.fixture
def database(url: str, opened: Callable[[str], Database]) -> Database:
    """Return an open database of the newest revision."""
    return opened(url)


@pytest.fixture
def keys() -> KeyRing:
    """Return a ring with one key."""
    return KeyRing({"2025": OLD_KEY}, "2025")
