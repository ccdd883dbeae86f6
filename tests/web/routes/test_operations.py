"""Whether the process lives, and whether it can serve: the database answers, it has this program's tables, and every sealed row a key."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from sqlite3 import connect

import pytest
from fastapi import FastAPI

from fhir_taper.exact_json import decode
from fhir_taper.settings import Settings
from fhir_taper.store.crypto import KeyRing
from fhir_taper.web.app import create_app
from fhir_taper.workflow.services import Kept, Services, open_services, upgrade_database
from tests.store.kept import NEW_KEY
from tests.web.asking import ask
from tests.web.running import ELDER, Stage


@pytest.fixture
def alone(stage: Stage, tmp_path: Path) -> Iterator[tuple[Services, Path]]:
    """Services over an empty database of their own, and its file."""
    settings: Settings = replace(stage.services.settings, database_url=f"sqlite:///{tmp_path / 'own.db'}")
    upgrade_database(settings)
    services = open_services(settings)
    yield services, tmp_path / "own.db"
    services.close()


def ready(app: FastAPI) -> tuple[int, dict[str, object]]:
    answer = ask(app, "GET", "/readyz")
    return answer.status, decode(answer.text.encode())


def test_it_says_that_it_lives_and_that_it_can_serve(alone: tuple[Services, Path]) -> None:
    app = create_app(alone[0])
    assert decode(ask(app, "GET", "/healthz").text.encode()) == {"status": "ok"}
    assert ready(app) == (200, {"status": "ok", "database": True, "schema": True, "keys": True})


def test_a_database_of_another_revision_makes_it_not_ready_and_yet_it_lives(alone: tuple[Services, Path]) -> None:
    services, file = alone
    with connect(file) as other:
        other.execute("UPDATE alembic_version SET version_num = 'v9999'")
    other.close()
    app = create_app(services)
    assert ready(app) == (503, {"status": "not ready", "database": True, "schema": False, "keys": True})
    assert ask(app, "GET", "/healthz").status == 200


def test_a_database_that_does_not_answer_makes_it_not_ready(alone: tuple[Services, Path]) -> None:
    services, file = alone
    services.close()
    file.write_bytes(b"this is no database, and long enough that nobody takes it for an empty one" * 50)
    assert ready(create_app(services)) == (503, {"status": "not ready", "database": False, "schema": False, "keys": False})


def test_rows_whose_key_is_not_configured_make_it_not_ready(stage: Stage) -> None:
    stage.opened(ELDER)
    services = replace(stage.services, keys=KeyRing({"another": NEW_KEY}, "another"), said_by_ehr=Kept())
    assert services.missing_keys() == {"demo"}
    assert ready(create_app(services)) == (503, {"status": "not ready", "database": True, "schema": True, "keys": False})
