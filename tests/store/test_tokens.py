"""Tokens come back as they were, sealed to their tenant and grant; one thread of one process renews a grant at a time."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from fhir_taper.errors import StoreError
from fhir_taper.records import Secret
from fhir_taper.store import schema
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database, now
from fhir_taper.store.leases import exclusive
from fhir_taper.store.tokens import TokenStore
from tests.store.kept import NOW, tokens
from tests.store.processes import ROOT, processes


@pytest.fixture
def store(database: Database, keys: KeyRing) -> TokenStore:
    return TokenStore(database, keys, "hospital")


def test_tokens_come_back_as_they_were(store: TokenStore) -> None:
    store.put("g1", tokens())
    assert store.get("g1") == tokens()


def test_newer_tokens_take_the_place_of_older_ones(store: TokenStore) -> None:
    store.put("g1", tokens(1))
    store.put("g1", tokens(2))
    assert store.get("g1") == tokens(2)


def test_a_grant_that_nobody_gave_is_nothing(store: TokenStore) -> None:
    assert store.get("g1") is None
    store.drop_refresh_token("g1")
    assert store.take("g1") is None


def test_a_grant_is_one_tenants(store: TokenStore, database: Database, keys: KeyRing) -> None:
    other = TokenStore(database, keys, "clinic")
    store.put("g1", tokens(1))
    other.put("g1", tokens(2))
    other.take("g1")
    assert other.get("g1") is None
    assert store.get("g1") == tokens(1)


def test_a_refresh_token_is_dropped_and_the_access_token_stays(store: TokenStore) -> None:
    store.put("g1", tokens())
    store.drop_refresh_token("g1", Secret("refresh-1"))
    held = store.get("g1")
    assert held is not None
    assert (held.access_token, held.refresh_token) == (Secret("access-1"), None)


def test_a_refresh_token_that_a_sibling_renewed_is_not_dropped(store: TokenStore) -> None:
    store.put("g1", tokens(2))
    store.drop_refresh_token("g1", Secret("refresh-1"))
    assert store.get("g1") == tokens(2)


def test_tokens_moved_to_another_grant_or_tenant_do_not_open(store: TokenStore, database: Database, keys: KeyRing) -> None:
    store.put("g1", tokens())
    table = schema.token_set
    with database.begin() as connection:
        sealed = connection.execute(select(table.c.sealed)).scalar_one()
        stolen = {"sealed": sealed, "key_id": "2025"}
        connection.execute(
            insert(table), [{"tenant_id": "hospital", "grant_id": "g2"} | stolen, {"tenant_id": "clinic", "grant_id": "g1"} | stolen]
        )
    for tenant, grant in (("hospital", "g2"), ("clinic", "g1")):
        with pytest.raises(StoreError, match="does not open"):
            TokenStore(database, keys, tenant).get(grant)


def test_no_token_is_in_the_clear(store: TokenStore, database: Database) -> None:
    store.put("g1", tokens())
    with database.read() as connection:
        row = connection.execute(select(schema.token_set)).one()
    assert b"access-1" not in row.sealed
    assert b"refresh-1" not in row.sealed


def test_threads_of_two_databases_renew_a_grant_one_after_the_other(url: str, keys: KeyRing, opened: Callable[[str], Database]) -> None:
    stores = [TokenStore(opened(url), keys, "hospital") for _ in range(2)]
    stores[0].put("g1", tokens(0))
    inside = threading.Semaphore(1)
    renewed: list[int] = []

    def renew(number: int) -> None:
        mine = stores[number % 2]
        with mine.exclusive("g1"):
            assert inside.acquire(blocking=False)
            if mine.get("g1") == tokens(0):
                time.sleep(0.05)
                mine.put("g1", tokens(1))
                renewed.append(number)
            inside.release()

    with ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(renew, number) for number in range(8)]:
            one.result()
    assert len(renewed) == 1


def test_eight_threads_in_two_processes_renew_once(url: str, keys: KeyRing, opened: Callable[[str], Database]) -> None:
    store = TokenStore(opened(url), keys, "hospital")
    store.put("g1", tokens(0))
    assert sum(int(said) for said in processes("renew", url, 2)) == 1
    assert store.get("g1") == tokens(1)


def test_other_grants_do_not_wait(store: TokenStore) -> None:
    with store.exclusive("g1"), store.exclusive("g2"):
        assert store.get("g1") is None


def test_a_section_that_failed_is_free_again(store: TokenStore) -> None:
    def fail() -> None:
        with store.exclusive("g1"):
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fail()


def test_a_holder_that_was_killed_is_waited_for_until_its_lease_ends(url: str, database: Database) -> None:
    command = [sys.executable, "-m", "tests.store.processes", "hold", url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        holder.kill()
    with database.read() as connection:
        until = connection.execute(select(schema.lease.c.until)).scalar_one()
    with exclusive(database, "held"), database.read() as connection:
        assert now(connection) >= until


def test_a_holder_that_never_ends_is_given_up_on(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(schema.lease).values(name="held", holder="somebody", until=NOW + timedelta(days=40_000)))
    with pytest.raises(StoreError, match="does not finish"), exclusive(database, "held", timedelta(milliseconds=50)):
        pass


def test_a_lease_lasts_as_long_as_what_is_done_under_it(url: str, opened: Callable[[str], Database]) -> None:
    """A refresh that takes longer than the lease was taken for is still the only one."""
    inside: list[int] = []
    most: list[int] = []

    def hold(database: Database) -> None:
        with exclusive(database, "held", timedelta(seconds=0.4)):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.6)
            inside.pop()

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(hold, opened(url)) for _ in range(2)]:
            one.result()
    assert most == [1, 1]


def test_a_lease_that_was_lost_is_not_taken_back_by_whoever_lost_it(database: Database) -> None:
    with exclusive(database, "held", timedelta(seconds=0.2)):
        with database.begin() as connection:
            connection.execute(update(schema.lease).values(holder="the next one"))
        time.sleep(0.3)
    with database.read() as connection:
        assert connection.execute(select(schema.lease.c.holder)).scalar_one() == "the next one"


def test_renewed_tokens_take_the_place_of_those_that_were_spent(store: TokenStore) -> None:
    store.put("g1", tokens(1))
    assert store.replace("g1", tokens(1), tokens(2)) == tokens(2)
    assert store.get("g1") == tokens(2)


def test_tokens_that_come_after_a_siblings_do_not_overwrite_them(store: TokenStore) -> None:
    store.put("g1", tokens(2))
    assert store.replace("g1", tokens(1), tokens(3)) == tokens(2)
    assert store.get("g1") == tokens(2)


def test_renewed_tokens_are_kept_where_a_sibling_only_found_the_spent_one_refused(store: TokenStore) -> None:
    store.put("g1", tokens(1))
    store.drop_refresh_token("g1", Secret("refresh-1"))
    assert store.replace("g1", tokens(1), tokens(2)) == tokens(2)


def test_tokens_that_come_after_the_end_are_not_kept(store: TokenStore, database: Database) -> None:
    store.put("g1", tokens(1))
    assert store.take("g1") == tokens(1)
    assert store.replace("g1", tokens(1), tokens(2)) is None
    assert store.take("g1") is None
    with database.read() as connection:
        assert connection.execute(select(schema.token_set)).all() == []


def test_an_end_beside_a_renewal_leaves_no_token_whichever_comes_first(url: str, keys: KeyRing, opened: Callable[[str], Database]) -> None:
    stores = [TokenStore(opened(url), keys, "hospital") for _ in range(2)]
    for number in range(20):
        stores[0].put(f"g{number}", tokens(1))
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            pool.submit(stores[0].replace, f"g{number}", tokens(1), tokens(2))
            pool.submit(stores[0].drop_refresh_token, f"g{number}")
            pool.submit(stores[1].take, f"g{number}")
    assert [stores[0].get(f"g{number}") for number in range(20)] == [None] * 20


def test_whoever_lost_the_lease_does_not_free_the_next_ones(database: Database) -> None:
    with exclusive(database, "held"), database.begin() as connection:
        connection.execute(update(schema.lease).values(holder="the next one"))
    with database.read() as connection:
        assert connection.execute(select(schema.lease.c.holder)).scalar_one() == "the next one"


def test_nothing_is_held_alone_inside_a_transaction(store: TokenStore, database: Database) -> None:
    with pytest.raises(StoreError, match="inside a transaction"), database.begin(), store.exclusive("g1"):
        pass
