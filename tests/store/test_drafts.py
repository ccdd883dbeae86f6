"""Work in progress is kept until it is done, and two tabs do not overwrite each other."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.store import schema
from fhir_taper.store.crypto import KeyRing, row_name
from fhir_taper.store.database import Database
from fhir_taper.store.drafts import DraftStore
from tests.store.kept import draft


@pytest.fixture
def drafts(database: Database, keys: KeyRing) -> DraftStore:
    return DraftStore(database, keys)


def test_the_newest_revision_comes_back(drafts: DraftStore) -> None:
    drafts.save(draft(1))
    drafts.save(draft(2, document=b"a whole form"))
    assert drafts.get("hospital", "p1", "intake") == draft(2, document=b"a whole form")


@pytest.mark.parametrize("revision", [1, 3])
def test_a_tab_that_saw_another_revision_is_told(drafts: DraftStore, revision: int) -> None:
    drafts.save(draft(1))
    with pytest.raises(StoreConflict, match="saved from elsewhere"):
        drafts.save(draft(revision, document=b"other"))
    assert drafts.get("hospital", "p1", "intake") == draft(1)


def test_the_drafts_of_a_patient_are_named(drafts: DraftStore) -> None:
    for name in ("plan", "intake"):
        drafts.save(draft(name=name))
    drafts.save(draft(patient_id="p2", name="other"))
    assert drafts.names("hospital", "p1") == ("intake", "plan")


def test_a_draft_that_is_dropped_is_gone_and_may_begin_again(drafts: DraftStore) -> None:
    drafts.save(draft(1))
    drafts.drop("hospital", "p1", "intake", 1)
    assert drafts.get("hospital", "p1", "intake") is None
    assert drafts.names("hospital", "p1") == ()
    drafts.save(draft(1, document=b"another"))
    assert drafts.names("hospital", "p1") == ("intake",)


def test_a_new_draft_counts_on_so_that_no_page_of_the_one_before_fits_it(drafts: DraftStore) -> None:
    assert [drafts.save(draft(revision)) for revision in (1, 2, 3)] == [1, 2, 3]
    drafts.drop("hospital", "p1", "intake", 3)
    with pytest.raises(StoreConflict):
        drafts.save(draft(4))  # a page of the one that is gone
    assert drafts.save(draft(1, document=b"of another medicine")) == 4
    assert drafts.get("hospital", "p1", "intake") == draft(4, document=b"of another medicine")
    for stale in (1, 2, 3):
        with pytest.raises(StoreConflict):
            drafts.save(draft(stale + 1))
        with pytest.raises(StoreConflict):
            drafts.drop("hospital", "p1", "intake", stale)
    with pytest.raises(StoreConflict):
        drafts.save(draft(1))


def test_nothing_of_a_draft_that_is_dropped_stays_but_its_revision(drafts: DraftStore, database: Database, keys: KeyRing) -> None:
    drafts.save(draft(1))
    drafts.drop("hospital", "p1", "intake", 1)
    with database.read() as connection:
        (row,) = connection.execute(select(schema.draft)).mappings()
    assert keys.unseal(row["sealed"], "hospital", "draft", row_name("hospital", "p1", "intake")) == b""
    assert (row["revision"], row["dropped"]) == (1, True)


@pytest.mark.parametrize("revision", [1, 3])
def test_a_draft_is_dropped_only_as_it_was_seen(drafts: DraftStore, revision: int) -> None:
    drafts.save(draft(1))
    drafts.save(draft(2, document=b"saved by somebody else"))
    with pytest.raises(StoreConflict, match="from elsewhere meanwhile"):
        drafts.drop("hospital", "p1", "intake", revision)
    assert drafts.get("hospital", "p1", "intake") == draft(2, document=b"saved by somebody else")


def test_a_draft_that_is_gone_is_not_dropped_again(drafts: DraftStore) -> None:
    with pytest.raises(StoreConflict):
        drafts.drop("hospital", "p1", "intake", 1)


def test_of_a_save_and_a_drop_at_once_one_happens_and_the_other_is_told(drafts: DraftStore) -> None:
    for revision in range(1, 9):
        drafts.save(draft(1, name=f"of-{revision}"))
        start = threading.Barrier(2)

        def done(act: str, name: str = f"of-{revision}", start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                if act == "save":
                    drafts.save(draft(2, name=name))
                else:
                    drafts.drop("hospital", "p1", name, 1)
            except StoreConflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            saved, dropped = pool.map(done, ("save", "drop"))
        assert saved is not dropped
        assert (drafts.get("hospital", "p1", f"of-{revision}") is not None) is saved


def test_while_a_patients_drafts_are_held_nobody_saves_one_and_what_was_read_still_is(drafts: DraftStore, database: Database) -> None:
    drafts.save(draft(1))
    drafts.save(draft(1, name="plan"))
    saving = threading.Event()

    def save() -> None:
        saving.set()
        drafts.save(draft(2))

    with ThreadPoolExecutor(1) as pool:
        with database.begin():
            drafts.hold("hospital", "p1")
            saved = pool.submit(save)
            assert saving.wait(10)
            with pytest.raises(TimeoutError):
                saved.result(0.1)
            assert drafts.get("hospital", "p1", "intake") == draft(1)
        saved.result(10)
    assert drafts.get("hospital", "p1", "intake") == draft(2)


def test_drafts_are_held_in_a_transaction_alone(drafts: DraftStore) -> None:
    with pytest.raises(StoreError, match="inside a transaction"):
        drafts.hold("hospital", "p1")
