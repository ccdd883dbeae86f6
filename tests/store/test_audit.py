"""The audit grows one entry after the other, by however many hands, and shows what was changed, removed, moved, added or cut off."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from fhir_taper.errors import StoreError
from fhir_taper.records import AuditEntry, Secret
from fhir_taper.store.audit import Audited, AuditLog
from fhir_taper.store.audit_chain import ChainKeys, SignedHead
from fhir_taper.store.audit_verify import Broken, tenants, verify
from fhir_taper.store.database import Database
from fhir_taper.store.plans import PlanStore
from fhir_taper.store.schema import audit_entry, audit_head
from tests.store.kept import AUDIT_KEY, PLAN, entry, plan_version
from tests.store.processes import EACH, OLD, THREADS, processes

ROWS = 6


@pytest.fixture
def log(database: Database) -> AuditLog:
    return AuditLog(database, AUDIT_KEY)


@pytest.fixture
def chain(database: Database, log: AuditLog) -> Database:
    """Return a database with six rows of one tenant, and one of another."""
    for number in range(1, ROWS + 1):
        log.append(entry(number))
    log.append(entry(1, tenant_id="clinic"))
    return database


@pytest.mark.parametrize(
    "made",
    [
        entry(),
        entry(patient_id=None, launch_id=None, detail={}),
        entry(detail={"versions": [1, 2], "hash": "a" * 64, "dose-count": Decimal("0.50"), "of": {"plan": "x", "none": None, "ok": True}}),
    ],
)
def test_an_entry_comes_back_as_it_was(log: AuditLog, made: AuditEntry) -> None:
    assert log.append(made) == 1
    assert log.entries("hospital") == (Audited(1, made),)


def test_each_tenant_counts_for_itself(chain: Database, log: AuditLog) -> None:
    assert [one.sequence for one in log.entries("hospital")] == list(range(1, ROWS + 1))
    assert [one.sequence for one in log.entries("clinic")] == [1]
    assert tenants(chain) == ("clinic", "hospital")


def test_entries_come_in_pages_and_by_patient(chain: Database, log: AuditLog) -> None:
    log.append(entry(7, patient_id="p2"))
    assert [one.sequence for one in log.entries("hospital", after=2, limit=3)] == [3, 4, 5]
    assert [one.sequence for one in log.entries("hospital", patient_id="p2")] == [7]
    assert verify(chain, AUDIT_KEY, "hospital") == ()


@pytest.mark.parametrize(
    "made",
    [
        entry(detail={"note": "took two tablets"}),
        entry(detail={"of": [{"why": "line\nbreak"}]}),
        entry(detail={"a long name": 1}),
        entry(detail={"text": "x" * 257}),
        entry(outcome="refused because of the dose"),
        entry(actor="Ana Example"),
        entry(detail={"odd": "\ud800"}),
    ],
)
def test_words_are_refused_and_nothing_is_written(log: AuditLog, made: AuditEntry) -> None:
    with pytest.raises(StoreError, match="words where a code or id belongs"):
        log.append(made)
    assert log.entries("hospital") == ()


def test_a_plan_and_its_audit_are_committed_together_or_not_at_all(log: AuditLog, database: Database) -> None:
    plans = PlanStore(database, OLD)

    def approve() -> None:
        with database.begin():
            plans.append(plan_version(), expected_version=0)
            log.append(entry(detail={"note": "words are refused"}))

    with pytest.raises(StoreError):
        approve()
    assert plans.history(PLAN) == ()


def test_threads_of_two_tenants_append_whole_chains(log: AuditLog, database: Database) -> None:
    names = ("hospital", "clinic")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.append(entry(number, tenant_id=names[number % 2])), range(40)))
    assert [len(log.entries(name)) for name in names] == [20, 20]
    assert [verify(database, AUDIT_KEY, name) for name in names] == [(), ()]


def test_two_processes_of_eight_threads_append_one_whole_chain(url: str, opened: Callable[[str], Database]) -> None:
    processes("audit", url, 2)
    database = opened(url)
    total = 2 * THREADS * EACH
    assert [one.sequence for one in AuditLog(database, AUDIT_KEY).entries("hospital")] == list(range(1, total + 1))
    assert verify(database, AUDIT_KEY, "hospital") == ()


# --- tampering, by somebody who has the database (and may drop triggers), but not the key


def unguard(connection: Connection) -> None:
    """Do what a thief with the database can do: take the triggers away."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        return
    for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def row(number: int) -> Any:
    return (audit_entry.c.tenant_id == "hospital") & (audit_entry.c.sequence == number)


def remove(connection: Connection, *numbers: int) -> None:
    for number in numbers:
        connection.execute(delete(audit_entry).where(row(number)))


def renumber(connection: Connection, number: int, as_number: int) -> None:
    connection.execute(update(audit_entry).where(row(number)).values(sequence=as_number))


def swap(connection: Connection, one: int, other: int) -> None:
    renumber(connection, one, 99)
    renumber(connection, other, one)
    renumber(connection, 99, other)


def remove_and_close_the_gap(connection: Connection) -> None:
    remove(connection, 3)
    for number in range(4, ROWS + 1):
        renumber(connection, number, number - 1)


def add(connection: Connection) -> None:
    last = dict(connection.execute(select(audit_entry).where(row(ROWS))).mappings().one())
    connection.execute(insert(audit_entry).values(last | {"sequence": ROWS + 1, "previous": last["mac"]}))


def cut(connection: Connection, *, head: bool) -> None:
    remove(connection, ROWS)
    if head:
        mac = connection.execute(select(audit_entry.c.mac).where(row(ROWS - 1))).scalar_one()
        connection.execute(update(audit_head).where(audit_head.c.tenant_id == "hospital").values(sequence=ROWS - 1, mac=mac))


def take_from_the_other_tenant(connection: Connection) -> None:
    other = dict(connection.execute(select(audit_entry).where(audit_entry.c.tenant_id == "clinic")).mappings().one())
    remove(connection, 1)
    connection.execute(insert(audit_entry).values(other | {"tenant_id": "hospital"}))


TAMPERED: list[tuple[str, Callable[[Connection], None], int, Broken]] = [
    ("a missing row", lambda c: remove(c, 3), 3, Broken.MISSING),
    ("a missing first row", lambda c: remove(c, 1), 1, Broken.MISSING),
    ("several missing rows", lambda c: remove(c, 2, 3, 5), 2, Broken.MISSING),
    ("a gap that was closed", remove_and_close_the_gap, 3, Broken.MISSING),
    ("two rows swapped", lambda c: swap(c, 2, 5), 2, Broken.REORDERED),
    ("two neighbours swapped", lambda c: swap(c, 3, 4), 3, Broken.REORDERED),
    ("the first row swapped", lambda c: swap(c, 1, 2), 1, Broken.REORDERED),
    ("a row added", add, ROWS + 1, Broken.CHANGED),
    ("the end cut off", lambda c: cut(c, head=False), ROWS, Broken.TRUNCATED),
    ("the end cut off and the head set back", lambda c: cut(c, head=True), ROWS - 1, Broken.FORGED_HEAD),
    ("another tenant's row", take_from_the_other_tenant, 1, Broken.CHANGED),
    ("no head", lambda c: c.execute(delete(audit_head).where(audit_head.c.tenant_id == "hospital")).close(), ROWS, Broken.FORGED_HEAD),
]


@pytest.mark.parametrize(
    ("tamper", "number", "kind_of_break"), [one[1:] for one in TAMPERED], ids=[one[0].replace(" ", "-") for one in TAMPERED]
)
def test_tampering_is_found_and_the_first_row_named(
    chain: Database, tamper: Callable[[Connection], None], number: int, kind_of_break: Broken
) -> None:
    with chain.begin() as connection:
        unguard(connection)
        tamper(connection)
    found = verify(chain, AUDIT_KEY, "hospital")
    assert (found[0].sequence, found[0].kind) == (number, kind_of_break)
    assert [one.sequence for one in found] == sorted(one.sequence for one in found)
    if "clinic" in tenants(chain):
        assert verify(chain, AUDIT_KEY, "clinic") == ()


CHANGES: dict[str, Any] = {
    "at": entry().at + timedelta(microseconds=1),
    "actor": "Practitioner/pr2",
    "action": "write",
    "outcome": "refused",
    "patient_id": None,
    "launch_id": "",
    "detail": '{"resource": "Observation/4"}',
    "previous": "f" * 64,
    "mac": "f" * 64,
}


def test_a_change_of_any_word_is_named(chain: Database) -> None:
    assert set(CHANGES) == {column.name for column in audit_entry.c} - {"tenant_id", "sequence"}
    found = {}
    for column, value in CHANGES.items():
        with chain.begin() as connection:
            unguard(connection)
            before = connection.execute(select(audit_entry.c[column]).where(row(3))).scalar_one()
            connection.execute(update(audit_entry).where(row(3)).values({column: value}))
        first = verify(chain, AUDIT_KEY, "hospital")[0]
        found[column] = (first.sequence, first.kind)
        with chain.begin() as connection:
            connection.execute(update(audit_entry).where(row(3)).values({column: before}))
    assert found == dict.fromkeys(CHANGES, (3, Broken.CHANGED))
    assert verify(chain, AUDIT_KEY, "hospital") == ()


def test_nothing_is_appended_to_a_chain_whose_head_was_set_back(chain: Database, log: AuditLog) -> None:
    with chain.begin() as connection:
        unguard(connection)
        cut(connection, head=True)
    with pytest.raises(StoreError, match="audit verify"):
        log.append(entry())


# --- heads that were exported


@pytest.mark.usefixtures("chain")
def test_a_head_goes_through_a_file_as_it_was(log: AuditLog) -> None:
    heads = log.heads()
    assert [(head.tenant_id, head.sequence) for head in heads] == [("clinic", 1), ("hospital", ROWS)]
    assert tuple(SignedHead.parse(head.line()) for head in heads) == heads


def test_a_chain_that_went_on_since_the_export_is_whole(chain: Database, log: AuditLog) -> None:
    exported = log.heads()
    log.append(entry(7))
    assert verify(chain, AUDIT_KEY, "hospital", [*exported, *log.heads()]) == ()


def test_a_backup_put_back_is_found_by_an_exported_head(chain: Database, log: AuditLog) -> None:
    """Rows and head of an earlier moment are genuine; only what was kept elsewhere shows that there was more."""
    with chain.read() as connection:
        head = dict(connection.execute(select(audit_head).where(audit_head.c.tenant_id == "hospital")).mappings().one())
    log.append(entry(7))
    exported = log.heads()
    with chain.begin() as connection:
        unguard(connection)
        remove(connection, 7)
        connection.execute(update(audit_head).where(audit_head.c.tenant_id == "hospital").values(head))
    assert verify(chain, AUDIT_KEY, "hospital") == ()
    found = verify(chain, AUDIT_KEY, "hospital", exported)
    assert [(one.sequence, one.kind) for one in found] == [(7, Broken.TRUNCATED)]


def test_a_chain_that_was_emptied_is_found_by_an_exported_head(chain: Database, log: AuditLog) -> None:
    exported = log.heads()
    with chain.begin() as connection:
        unguard(connection)
        connection.execute(delete(audit_entry))
        connection.execute(delete(audit_head))
    assert [(one.sequence, one.kind) for one in verify(chain, AUDIT_KEY, "hospital", exported)] == [(1, Broken.TRUNCATED)]


def test_a_chain_written_anew_with_the_key_differs_from_its_exported_head(chain: Database, log: AuditLog) -> None:
    exported = log.heads()
    with chain.begin() as connection:
        unguard(connection)
        connection.execute(delete(audit_entry))
        connection.execute(delete(audit_head))
    for number in range(1, ROWS + 1):
        log.append(entry(number, outcome="other"))
    assert verify(chain, AUDIT_KEY, "hospital") == ()
    assert [(one.sequence, one.kind) for one in verify(chain, AUDIT_KEY, "hospital", exported)] == [(ROWS, Broken.CHANGED)]


def test_an_exported_head_that_nobody_signed_is_said(chain: Database) -> None:
    forged = SignedHead("hospital", 3, "f" * 64, "e" * 64)
    assert [one.kind for one in verify(chain, AUDIT_KEY, "hospital", [forged])] == [Broken.FORGED_HEAD]


@pytest.mark.parametrize("line", ["", "{}", "[]", "null", '{"tenant": 1, "sequence": 1, "mac": "", "signature": ""}', "not json"])
def test_a_line_that_is_no_head_is_refused(line: str) -> None:
    with pytest.raises(StoreError, match="no head of an audit chain"):
        SignedHead.parse(line)


# --- keys


def test_another_key_verifies_nothing(chain: Database) -> None:
    assert {one.kind for one in verify(chain, Secret("another key of the same length"), "hospital")} == {Broken.CHANGED, Broken.FORGED_HEAD}


def test_a_key_too_short_to_be_one_is_refused(database: Database) -> None:
    with pytest.raises(StoreError, match="shorter than"):
        AuditLog(database, Secret("short"))


def test_no_two_rows_are_covered_alike() -> None:
    """Words that move from one column to the next, or are absent instead of empty, have another code."""
    keys = ChainKeys(AUDIT_KEY)
    plain = {
        "at": entry().at,
        "actor": "a",
        "action": "b",
        "outcome": "c",
        "patient_id": None,
        "launch_id": "",
        "detail": "{}",
        "previous": "0",
    }
    changed = [
        plain,
        plain | {"actor": "ab", "action": ""},
        plain | {"patient_id": ""},
        plain | {"launch_id": None},
        plain | {"outcome": "c{}", "detail": ""},
    ]
    assert len({keys.mac("hospital", row) for row in changed} | {keys.mac("clinic", plain)}) == len(changed) + 1


def test_an_unknown_tenant_has_a_whole_and_empty_chain(database: Database) -> None:
    assert verify(database, AUDIT_KEY, "nobody") == ()


def test_at_most_fifty_breaks_are_told(database: Database, log: AuditLog) -> None:
    with database.begin():
        for number in range(60):
            log.append(entry(number))
    assert len(verify(database, Secret("another key of the same length"), "hospital")) == 50
