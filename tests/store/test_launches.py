"""A pending launch is answered once; an open one is what it was, until it ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.store import schema
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.launches import LIVE_PER_BROWSER, LaunchStore
from fhir_taper.store.tokens import TokenStore
from tests.store.kept import NOW, launch, pending, tokens

MINUTE = timedelta(minutes=1)


@pytest.fixture
def launches(database: Database, keys: KeyRing) -> LaunchStore:
    return LaunchStore(database, keys)


def count(database: Database, table: str) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.metadata.tables[table])).scalar_one())


@pytest.mark.parametrize("made", [pending(), pending(launch=None), pending(scope="openid patient/*.rs")])
def test_a_pending_launch_comes_back_as_it_was(launches: LaunchStore, made: object) -> None:
    launches.save_pending(made)  # type: ignore[arg-type]
    assert launches.take_pending("s1", NOW) == made


def test_a_pending_launch_is_taken_once(launches: LaunchStore) -> None:
    launches.save_pending(pending())
    assert launches.take_pending("s1", NOW) is not None
    assert launches.take_pending("s1", NOW) is None


def test_a_state_that_nobody_began_is_nothing(launches: LaunchStore) -> None:
    assert launches.take_pending("forged", NOW) is None


def test_an_expired_pending_launch_is_not_given(launches: LaunchStore) -> None:
    launches.save_pending(pending(expires=NOW))
    assert launches.take_pending("s1", NOW) is None
    assert launches.take_pending("s1", NOW - MINUTE) is None


def test_whose_state_was_answered_is_known_and_its_secrets_are_gone(launches: LaunchStore, database: Database, keys: KeyRing) -> None:
    for state, expires in (("s1", NOW + MINUTE), ("s2", NOW)):
        launches.save_pending(pending(state, expires=expires))
        launches.take_pending(state, NOW)
        assert launches.tenant_of_state(state) == "hospital"
        with database.read() as connection:
            sealed = connection.execute(
                select(schema.pending_launch.c.sealed).where(schema.pending_launch.c.state_hash == state)
            ).scalar_one()
        assert keys.unseal(sealed, "hospital", "pending_launch", state) == b"{}"
    assert launches.tenant_of_state("forged") is None
    launches.purge(NOW + MINUTE * 2)
    assert launches.tenant_of_state("s1") is None


def test_one_state_is_pending_once(launches: LaunchStore) -> None:
    launches.save_pending(pending())
    with pytest.raises(StoreConflict):
        launches.save_pending(pending(browser_hash="another"))


def test_one_of_many_who_take_a_pending_launch_gets_it(url: str, keys: KeyRing, opened: Callable[[str], Database]) -> None:
    stores = [LaunchStore(opened(url), keys) for _ in range(2)]
    for number in range(8):
        stores[0].save_pending(pending(f"s{number}"))
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(stores[turn % 2].take_pending, f"s{turn % 8}", NOW) for turn in range(64)]
    got = [one.result() for one in asked]
    assert sorted(one.state_hash for one in got if one is not None) == [f"s{number}" for number in range(8)]


@pytest.mark.parametrize(
    "made",
    [
        launch(),
        launch(encounter_id=None, intent="order-review", style_url="https://ehr.example.org/style.json", need_patient_banner=False),
        launch(asked="launch patient/*.rs patient/CarePlan.c"),
        launch(user_name="Ана Ж. 李", fhir_context=({"reference": "X/1", "weight": Decimal("0.50")},)),
    ],
)
def test_a_launch_comes_back_as_it_was(launches: LaunchStore, made: object) -> None:
    launches.save(made)  # type: ignore[arg-type]
    assert launches.get("l1", NOW) == made


def test_an_unknown_launch_is_nothing(launches: LaunchStore) -> None:
    assert launches.get("l1", NOW) is None
    launches.touch("l1", NOW)
    launches.end("l1", NOW)


def test_an_id_is_one_launch(launches: LaunchStore) -> None:
    launches.save(launch())
    with pytest.raises(StoreConflict):
        launches.save(launch(patient_id="p2"))
    assert launches.get("l1", NOW) == launch()


def test_a_launch_ends_at_its_end(launches: LaunchStore) -> None:
    launches.save(launch(ends=NOW + MINUTE))
    assert launches.get("l1", NOW + MINUTE - timedelta(microseconds=1)) is not None
    assert launches.get("l1", NOW + MINUTE) is None


def test_a_launch_that_was_ended_is_not_given_and_its_tokens_are_gone(launches: LaunchStore, database: Database, keys: KeyRing) -> None:
    launches.save(launch())
    store = TokenStore(database, keys, "hospital")
    store.put("l1", tokens())
    store.put("l2", tokens(2))
    launches.end("l1", NOW)
    assert launches.get("l1", NOW) is None
    assert store.get("l1") is None
    assert store.get("l2") == tokens(2)


def test_whose_a_launch_was_is_known_after_its_end_and_of_no_other(launches: LaunchStore) -> None:
    launches.save(launch())
    launches.end("l1", NOW)
    assert launches.tenant_of("l1") == "hospital"
    assert launches.tenant_of("l3") is None


def test_a_launch_that_is_seen_says_when(launches: LaunchStore) -> None:
    launches.save(launch())
    launches.touch("l1", NOW + MINUTE)
    assert launches.get("l1", NOW) == launch(last_seen=NOW + MINUTE)


@pytest.mark.parametrize("later", [timedelta(seconds=14), -MINUTE])
def test_being_seen_is_not_written_at_once_again_and_never_set_back(launches: LaunchStore, later: timedelta) -> None:
    launches.save(launch())
    launches.touch("l1", NOW + later)
    assert launches.get("l1", NOW) == launch()


def too_many(launches: LaunchStore, browser: str, at: datetime = NOW) -> list[str]:
    return [one.id for one in launches.too_many(browser, at)]


def test_of_a_browser_that_opens_one_more_the_one_seen_longest_ago_is_too_many(launches: LaunchStore) -> None:
    for number in range(LIVE_PER_BROWSER):
        at = NOW + number * MINUTE
        assert too_many(launches, "browser-1", at) == []
        launches.save(launch(f"l{number}", begun=at, last_seen=at), "browser-1")
    launches.touch("l0", NOW + timedelta(minutes=40))
    at = NOW + timedelta(minutes=50)
    assert too_many(launches, "browser-1", at) == ["l1"]
    launches.save(launch("one-more", begun=at, last_seen=at), "browser-1")
    assert launches.get("l1", NOW) is not None, "whoever opens one more ends it, with its tokens"
    launches.end("l1", at)
    assert too_many(launches, "browser-1", at) == ["l2"]


def test_other_browsers_and_launches_that_are_over_are_not_counted(launches: LaunchStore) -> None:
    for number in range(LIVE_PER_BROWSER):
        launches.save(launch(f"a{number}"), "browser-1")
        launches.save(launch(f"b{number}", ends=NOW + MINUTE), "browser-2")
    launches.save(launch("of-no-browser"))
    assert too_many(launches, "browser-2", NOW + 2 * MINUTE) == []
    assert too_many(launches, "browser-3") == []


def test_what_is_over_is_purged_with_its_tokens_and_nothing_else(launches: LaunchStore, database: Database, keys: KeyRing) -> None:
    store = TokenStore(database, keys, "hospital")
    for name, ends in (("over", NOW), ("running", NOW + timedelta(hours=9))):
        launches.save(launch(name, ends=ends))
        store.put(name, tokens())
    launches.save(launch("closed", ends=NOW + timedelta(hours=9)))
    launches.end("closed", NOW)
    launches.save_pending(pending("old", expires=NOW))
    launches.save_pending(pending("new", expires=NOW + timedelta(hours=9)))
    assert launches.purge(NOW + MINUTE) == 3
    assert launches.get("running", NOW) is not None
    assert [store.get(name) is None for name in ("over", "running")] == [True, False]
    assert launches.take_pending("new", NOW) is not None


def test_of_a_tenant_that_is_served_only_what_somebody_ended_is_purged(launches: LaunchStore, database: Database, keys: KeyRing) -> None:
    store = TokenStore(database, keys, "hospital")
    for name in ("over", "closed"):
        launches.save(launch(name, ends=NOW))
        store.put(name, tokens())
    assert [launches.end("closed", NOW), launches.end("closed", NOW), launches.end("unknown", NOW)] == [True, False, False]
    assert launches.purge(NOW + MINUTE, ["hospital"]) == 1
    assert store.get("over") is not None
    assert launches.purge(NOW + MINUTE, ["another"]) == 1
    assert store.get("over") is None


def test_what_is_left_is_what_nobody_ended_of_one_tenant_and_the_oldest_first(launches: LaunchStore) -> None:
    for name, seen, ends in (("over", NOW, NOW + MINUTE), ("idle", NOW - MINUTE, NOW + 9 * MINUTE), ("used", NOW, NOW + 9 * MINUTE)):
        launches.save(launch(name, last_seen=seen, ends=ends))
    launches.save(launch("closed", last_seen=NOW - MINUTE, ends=NOW))
    launches.end("closed", NOW)
    launches.save(launch("another", tenant_id="clinic", ends=NOW))
    assert [one.id for one in launches.left("hospital", NOW + MINUTE, NOW, 9)] == ["idle", "over"]
    assert launches.left("hospital", NOW + MINUTE, NOW, 1) == (launch("idle", last_seen=NOW - MINUTE, ends=NOW + 9 * MINUTE),)


def test_no_name_state_or_secret_is_in_the_clear(launches: LaunchStore, database: Database) -> None:
    launches.save_pending(pending())
    launches.save(launch(), "browser-1")
    with database.read() as connection:
        rows = [*connection.execute(select(schema.launch)), *connection.execute(select(schema.pending_launch))]
    for word in ("Example", "csrf-1", "verifier-1", "nonce-1", "xyz", "Practitioner", "p1"):
        assert word not in str([[value for value in row if not isinstance(value, bytes)] for row in rows])
        assert word.encode() not in b"".join(value for row in rows for value in row if isinstance(value, bytes))


def test_a_launch_moved_to_another_row_or_tenant_does_not_open(launches: LaunchStore, database: Database) -> None:
    launches.save(launch())
    launches.save(replace(launch("l2"), patient_id="p2"))
    with database.begin() as connection:
        stolen = connection.execute(select(schema.launch.c.sealed).where(schema.launch.c.id == "l2")).scalar_one()
        connection.execute(update(schema.launch).where(schema.launch.c.id == "l1").values(sealed=stolen))
        connection.execute(update(schema.launch).where(schema.launch.c.id == "l2").values(tenant_id="clinic"))
    for name in ("l1", "l2"):
        with pytest.raises(StoreError, match="does not open"):
            launches.get(name, NOW)
