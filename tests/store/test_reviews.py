"""A pharmacist's review is asked for once at a time, answered once, and then stays as it is."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.reviews import ReviewState, ReviewStore
from fhir_taper.store.rotation import left, rotate
from fhir_taper.store.schema import pharmacist_review
from tests.store.kept import NEW_KEY, NOW, OLD_KEY, review

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def reviews(database: Database, keys: KeyRing) -> ReviewStore:
    return ReviewStore(database, keys)


def accept(reviews: ReviewStore, review_id: str = "v1", state: ReviewState = ReviewState.ACCEPTED) -> None:
    reviews.answer(review_id, "hospital", state, by="Practitioner/ph1", at=LATER, detail={"answer": "no 0.5 mg here"})


def test_a_request_comes_back_as_it_was_and_with_its_answer(reviews: ReviewStore) -> None:
    reviews.ask(review())
    assert reviews.of_patient("hospital", "p1") == (review(),)
    accept(reviews, state=ReviewState.RETURNED)
    answered = reviews.review("hospital", "v1")
    assert answered is not None
    assert (answered.state, answered.answered_by, answered.answered_at) == (ReviewState.RETURNED, "Practitioner/ph1", LATER)
    assert answered.detail == {"asked": "is it on the shelf?", "answer": "no 0.5 mg here"}


def test_one_review_of_a_plan_is_open_at_a_time_and_the_next_may_follow_its_answer(reviews: ReviewStore) -> None:
    reviews.ask(review())
    with pytest.raises(StoreConflict):
        reviews.ask(review("v2"))
    reviews.ask(review("v3", plan_id="plan-2"))
    accept(reviews)
    reviews.ask(review("v2", asked_at=LATER))
    assert [one.id for one in reviews.of_patient("hospital", "p1")] == ["v2", "v1", "v3"]


def test_a_review_is_answered_once(reviews: ReviewStore) -> None:
    reviews.ask(review())
    accept(reviews)
    with pytest.raises(StoreConflict, match="accepted already"):
        accept(reviews, state=ReviewState.RETURNED)


def test_another_tenants_review_is_neither_read_nor_answered(reviews: ReviewStore) -> None:
    reviews.ask(review())
    assert reviews.review("clinic", "v1") is None
    with pytest.raises(StoreError, match="no review"):
        reviews.answer("v1", "clinic", ReviewState.ACCEPTED, by="x", at=LATER, detail={})


def test_only_a_request_is_asked_and_only_an_answer_is_answered(reviews: ReviewStore) -> None:
    with pytest.raises(StoreError, match="asked for as requested"):
        reviews.ask(review(state=ReviewState.ACCEPTED))
    reviews.ask(review())
    with pytest.raises(StoreError, match="not a request"):
        accept(reviews, state=ReviewState.REQUESTED)


def test_the_database_keeps_rows_requests_and_answers_as_they_are(database: Database, reviews: ReviewStore) -> None:
    reviews.ask(review())
    table = pharmacist_review
    for change in (update(table).values(digest="other"), delete(table)):
        with pytest.raises(StoreError, match="only grows"), database.begin() as connection:
            connection.execute(change)
    accept(reviews)
    with pytest.raises(StoreError, match="only grows"), database.begin() as connection:
        connection.execute(update(table).values(state="returned"))


def test_the_words_are_sealed_and_sealed_again_with_a_new_key(database: Database, reviews: ReviewStore) -> None:
    reviews.ask(review())
    accept(reviews)
    with database.read() as connection:
        assert b"shelf" not in connection.execute(select(pharmacist_review.c.sealed)).scalar_one()
    both = KeyRing({"2025": OLD_KEY, "2026": NEW_KEY}, "2026")
    assert rotate(database, both) == 1
    assert left(database) == {"2026": 1}
    assert ReviewStore(database, both).of_patient("hospital", "p1")[0].detail["answer"] == "no 0.5 mg here"
