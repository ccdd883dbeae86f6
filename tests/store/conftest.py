"""Every test of what is kept runs on both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database, upgrade
from tests.store.kept import OLD_KEY


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that nobody upgraded yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kept.db'}"
    url: str = request.getfixturevalue("postgresql_server").database()
    return url


@pytest.fixture
def url(empty_url: str) -> str:
    """Return the URL of a database of the newest revision."""
    upgrade(empty_url)
    return empty_url


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
