"""An edit is kept with who made it and what had been said before it, and says in words what it does."""

from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.errors import BadInput
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.tapers.edits import (
    Accepted,
    Delete,
    Edit,
    Edited,
    Hold,
    Insert,
    Lengthen,
    SetDose,
    edited_from_document,
    edited_to_document,
    in_words,
)
from fhir_taper.plans.tapers.finding import Acknowledgement
from fhir_taper.plans.tapers.plan import Agreement, PharmacistReview

DAY = date(2026, 1, 5)
EDITS: list[tuple[Edit, str]] = [
    (Hold(3, 14), "step 3 paused for 14 days"),
    (Lengthen(2, 1), "step 2 made 1 day longer"),
    (Lengthen(2, 7, to_later=True), "step 2 and each later one made 7 days longer"),
    (Insert(4, Decimal("7.50"), 14), "a step of 7.5 mg a day for 14 days put in after step 4"),
    (Delete(5), "step 5 left out"),
    (SetDose(1, Decimal("4.5")), "step 1 set to 4.5 mg a day"),
    (SetDose(1, Decimal("4.5"), to_later=True), "step 1 set to 4.5 mg a day, the same cut at every later step"),
]
ACCEPTED = Accepted(
    (Acknowledgement("pace-advised", "row", "Faster than advised.", "Dr Example", DAY, "discussed"),),
    Agreement("the patient", "slowly", DAY),
    PharmacistReview("Pharm Example", DAY, "accepted"),
)


@pytest.mark.parametrize(("edit", "says"), EDITS)
def test_an_edit_says_in_words_what_it_does(edit: Edit, says: str) -> None:
    assert in_words(edit) == says


@pytest.mark.parametrize("edit", [edit for edit, _ in EDITS])
@pytest.mark.parametrize("accepted", [Accepted(), ACCEPTED])
def test_an_edit_comes_back_from_its_document_with_every_digit_and_with_all_that_was_said(edit: Edit, accepted: Accepted) -> None:
    one = Edited(edit, "Dr Example", DAY, accepted)
    back = edited_from_document(decode(encode(edited_to_document(one))), "edits[0]")
    assert back == one
    assert str(back) == str(one)


def test_a_document_that_names_no_edit_is_refused_with_its_place() -> None:
    document = edited_to_document(Edited(Delete(1), "Dr Example", DAY))
    for spoilt in ({**document, "edit": {"edit": "raise", "step": 1}}, {**document, "more": 1}, {**document, "edit": {"edit": "delete"}}):
        with pytest.raises(BadInput, match=r"edits\[2\]"):
            edited_from_document(spoilt, "edits[2]")
