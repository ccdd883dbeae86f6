"""The revisions of the database, and how a database comes to the newest (Alembic, from code; no configuration file).

Revisions are frozen: a later one never edits an earlier one, and none imports the program's own tables.
"""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

HEAD: Final = "0006"
"""The revision this program works with."""


def migrate(connection: Connection, target: str = "head") -> None:
    """Run every revision that is missing, up to `target`, inside the transaction of the connection."""
    configuration = _configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, target)


def revision_of(connection: Connection) -> str | None:
    """The revision a database says it has; None for one that was never upgraded."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def revisions() -> tuple[str, ...]:
    """Every revision this program knows, oldest first."""
    scripts = ScriptDirectory.from_config(_configuration())
    return tuple(reversed([script.revision for script in scripts.walk_revisions()]))


def is_known(revision: str) -> bool:
    """Whether this program can read, or upgrade, a database of a revision."""
    return revision in revisions()


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", "fhir_taper.store:migrations")
    return configuration
