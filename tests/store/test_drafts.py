"""Work in progress is kept until it is done, and two tabs do not overwrite each other."""

import pytest

from fhir_taper.errors import StoreConflict
from fhir_taper.store.crypto import KeyRing
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
    drafts.drop("hospital", "p1", "intake")
    assert drafts.get("hospital", "p1", "intake") is None
    drafts.save(draft(1))
