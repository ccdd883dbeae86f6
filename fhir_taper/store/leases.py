"""One at a time across threads and processes: a row that says who holds a name, and until when.

A lease, not a lock of the database: it is held while an EHR answers, and a transaction that waits for a network would stop every other
writer (SQLite) or keep a connection each (PostgreSQL). A holder that lives keeps its lease, however slow the EHR is; one that was killed
is waited for until its lease ends, never longer. One that stood still (a suspended machine) can lose it: what it then writes must be
refused by what it writes to.
"""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import delete, select, update

from fhir_taper.errors import StoreError
from fhir_taper.store.database import Database, insert_new, now
from fhir_taper.store.schema import lease

HELD_FOR: Final = timedelta(seconds=60)
"""How long a holder that was killed is waited for. One that lives takes its lease again, three times as often."""
_KEPT: Final = 3
_LOOK_AGAIN_MS: Final = (15, 45)


@contextmanager
def exclusive(database: Database, name: str, held_for: timedelta = HELD_FOR) -> Iterator[None]:
    """Hold a name alone. Waits for whoever holds it, at most until that lease must have ended twice; then raises StoreError.

    Raises StoreError inside a transaction: nobody else could see the lease.
    """
    if database.is_inside:
        raise StoreError(f"{name} cannot be held alone inside a transaction")
    holder = str(uuid4())
    give_up = time.monotonic() + 2 * held_for.total_seconds()
    while not _take(database, name, holder, held_for):
        if time.monotonic() > give_up:
            raise StoreError(f"{name} is held by another process that does not finish")
        low, high = _LOOK_AGAIN_MS
        time.sleep((low + secrets.randbelow(high - low)) / 1000)
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(database, name, holder, held_for, over), name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
        with database.begin() as connection:
            connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))


def _take(database: Database, name: str, holder: str, held_for: timedelta) -> bool:
    with database.read() as connection:  # whoever waits only reads, and is in no writer's way
        until = connection.execute(select(lease.c.until).where(lease.c.name == name)).scalar_one_or_none()
        if until is not None and until > now(connection):
            return False
    with database.begin() as connection:
        at = now(connection)
        ended = update(lease).where(lease.c.name == name, lease.c.until <= at).values(holder=holder, until=at + held_for)
        if connection.execute(ended).rowcount:
            return True
        return insert_new(connection, lease, {"name": name, "holder": holder, "until": at + held_for})


def _keep(database: Database, name: str, holder: str, held_for: timedelta, over: threading.Event) -> None:
    """Take the lease again and again until what is done under it is over, or somebody else has it."""
    while not over.wait(held_for.total_seconds() / _KEPT):
        with suppress(StoreError), database.begin() as connection:  # a database that is away now may be there the next time
            again = update(lease).where(lease.c.name == name, lease.c.holder == holder).values(until=now(connection) + held_for)
            if not connection.execute(again).rowcount:
                return
