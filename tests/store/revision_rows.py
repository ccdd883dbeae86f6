"""The rows of a database of each revision, as the program of that time wrote them: `revisions/<revision>.json`, never written again.

`python -m tests.store.revision_rows` writes the file of a revision that has none yet; do it when a revision is added, with one of
everything that it can hold.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, insert, select

from fhir_taper.store.audit import AuditLog
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database, upgrade
from fhir_taper.store.drafts import DraftStore
from fhir_taper.store.launches import LaunchStore
from fhir_taper.store.ledger import Ledger
from fhir_taper.store.migrations import HEAD
from fhir_taper.store.plans import PlanStore
from fhir_taper.store.reviews import ReviewStore
from fhir_taper.store.tokens import TokenStore
from fhir_taper.store.watch_log import WatchLog
from tests.store import kept

FOLDER = Path(__file__).parent / "revisions"


def one_of_everything(database: Database, keys: KeyRing) -> None:
    """Write one of everything that the program of today can keep."""
    launches = LaunchStore(database, keys)
    launches.save_pending(kept.pending())
    launches.save(kept.launch(), "browser-1")
    TokenStore(database, keys, "hospital").put("l1", kept.tokens())
    PlanStore(database, keys).append(kept.plan_version(), expected_version=0)
    DraftStore(database, keys).save(kept.draft())
    kept.open_write(Ledger(database, keys), kept.write())
    ReviewStore(database, keys).ask(kept.review())
    WatchLog(database, keys).note(kept.watch_note())
    AuditLog(database, kept.AUDIT_KEY).append(kept.entry())


def restore(connection: Connection, revision: str) -> None:
    """Put the rows of a revision into a database of that revision."""
    tables = json.loads((FOLDER / f"{revision}.json").read_text())
    there = MetaData()
    for name, rows in tables.items():
        table = Table(name, there, autoload_with=connection)
        connection.execute(insert(table), [{key: _value(value) for key, value in row.items()} for row in rows])


def rows_of(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return every row, as JSON can hold it: bytes as {"hex": …}."""
    there = MetaData()
    there.reflect(connection)
    return {
        table.name: [{key: _plain(value) for key, value in row.items()} for row in connection.execute(select(table)).mappings()]
        for table in there.sorted_tables
        if table.name != "alembic_version"
    }


def _plain(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _value(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def main() -> None:
    """Write the file of the newest revision."""
    path = FOLDER / f"{HEAD}.json"
    if path.exists():
        raise SystemExit(f"{path} is there: what an earlier program wrote does not change")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/kept.db"
        upgrade(url)
        database = Database.open(url)
        one_of_everything(database, KeyRing({"2025": kept.OLD_KEY}, "2025"))
        with database.read() as connection:
            written = {name: rows for name, rows in rows_of(connection).items() if rows}
        database.close()
    path.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
