"""Everything is sealed again with the new key, while the program works, and the old key is needed no more."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select, update

from fhir_taper.errors import StoreError
from fhir_taper.store import schema
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.audit_verify import verify
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.drafts import DraftStore
from fhir_taper.store.launches import LaunchStore
from fhir_taper.store.ledger import Ledger
from fhir_taper.store.plans import PlanStore
from fhir_taper.store.rotation import _TABLES, left, rotate
from fhir_taper.store.tokens import TokenStore
from tests.store.kept import AUDIT_KEY, NEW_KEY, NOW, OLD_KEY, PLAN, draft, entry, launch, pending, plan_version, tokens, write
from tests.store.processes import BOTH, OLD
from tests.store.revision_rows import one_of_everything

NEW = KeyRing({"2026": NEW_KEY}, "2026")


def everything(database: Database, keys: KeyRing) -> list[Any]:
    """Read one of everything back."""
    return [
        LaunchStore(database, keys).take_pending("s1", NOW),
        LaunchStore(database, keys).get("l1", NOW),
        TokenStore(database, keys, "hospital").get("l1"),
        PlanStore(database, keys).latest(PLAN),
        DraftStore(database, keys).get("hospital", "p1", "intake"),
        Ledger(database, keys).row("w1"),
    ]


def test_every_sealed_column_is_rotated() -> None:
    sealed = {column for table in schema.metadata.tables.values() for column in table.c if isinstance(column.type, LargeBinary)}
    assert {column for one in _TABLES for column in one.columns} == sealed


@pytest.mark.parametrize("batch", [1, 100])
def test_after_a_rotation_the_new_key_alone_opens_everything(database: Database, batch: int) -> None:
    one_of_everything(database, OLD)
    assert left(database) == {"2025": 8}
    assert rotate(database, BOTH, batch) == 8
    assert left(database) == {"2026": 8}
    assert everything(database, NEW) == [pending(), launch(), tokens(), plan_version(), draft(), write()]


def test_a_rotation_that_is_done_does_nothing(database: Database) -> None:
    one_of_everything(database, OLD)
    rotate(database, BOTH)
    with database.read() as connection:
        before = connection.execute(select(schema.plan_version.c.sealed)).all()
    assert rotate(database, BOTH) == 0
    with database.read() as connection:
        assert connection.execute(select(schema.plan_version.c.sealed)).all() == before


def test_the_audit_chain_stays_whole(database: Database) -> None:
    one_of_everything(database, OLD)
    AuditLog(database, AUDIT_KEY).append(entry(2))
    rotate(database, BOTH)
    assert verify(database, AUDIT_KEY, "hospital") == ()


def test_a_row_that_does_not_open_is_named_and_what_was_done_stays(database: Database) -> None:
    plans = PlanStore(database, OLD)
    for number in range(1, 6):
        plans.append(plan_version(number), expected_version=number - 1)
    with database.begin() as connection:
        connection.execute(update(schema.plan_version).where(schema.plan_version.c.version == 3).values(sealed=b"\x01\x042025" + bytes(40)))
    with pytest.raises(StoreError, match=f"plan_version {plan_version(3).id} does not open"):
        rotate(database, BOTH, batch=1)
    assert sum(left(database).values()) == 5


def test_a_ring_without_the_old_key_says_which_is_missing(database: Database) -> None:
    one_of_everything(database, OLD)
    with pytest.raises(StoreError, match="the key 2025, which is not configured"):
        rotate(database, NEW)
    assert left(database) == {"2025": 8}


def test_the_program_works_on_while_everything_is_sealed_again(url: str, opened: Callable[[str], Database]) -> None:
    """A process with the new ring writes; nothing that it wrote is put back to what the rotation read before."""
    working, rotating = opened(url), opened(url)
    old = TokenStore(working, OLD, "hospital")
    for number in range(30):
        old.put(f"g{number}", tokens(0))
    store = TokenStore(working, BOTH, "hospital")
    done = threading.Event()

    def work() -> None:
        turn = 0
        while not done.is_set() or turn < 30:
            store.put(f"g{turn % 30}", tokens(1))
            turn += 1

    thread = threading.Thread(target=work)
    thread.start()
    rotate(rotating, BOTH, batch=3)
    done.set()
    thread.join()
    assert left(working) == {"2026": 30}
    only_new = TokenStore(working, NEW, "hospital")
    assert [only_new.get(f"g{number}") for number in range(30)] == [tokens(1)] * 30


def test_a_writer_that_still_seals_with_the_old_key_is_counted(database: Database) -> None:
    rotate(database, BOTH)
    TokenStore(database, KeyRing({"2025": OLD_KEY}, "2025"), "hospital").put("g1", tokens())
    assert left(database) == {"2025": 1}
