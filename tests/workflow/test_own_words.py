"""A clinician's own words are of one taper: joined to the plans of that medicine, and to no other."""

from datetime import date

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.workflow.own_words import (
    Words,
    are_of,
    joined,
    said_of,
    typed_words,
    with_crisis_lines,
    words_from_document,
    words_to_document,
)
from tests.workflow.followed import Followed

TYPED = typed_words(" call before you take more ", "heat", "clinic 555-0100\n\n night line 555-0199 ")
ON = date(2026, 1, 5)


def test_words_are_taken_as_typed_one_contact_a_line_and_not_without_bounds() -> None:
    assert Words("call before you take more", "heat", ("clinic 555-0100", "night line 555-0199")) == TYPED
    for odd in (("x" * 1001, "", ""), ("", "", "\n".join("abcdefghijklm"))):
        with pytest.raises(WrongUsage):
            typed_words(*odd)


def test_words_come_back_from_a_document_as_they_were_and_none_is_none(followed: Followed) -> None:
    said = said_of(followed.plan, TYPED, "Dr. A", ON)
    assert words_from_document({"words": words_to_document(said)}) == said
    assert words_from_document({"words": words_to_document(None)}) is None
    assert words_from_document({}) is None


def test_words_are_joined_to_a_plan_of_their_medicine_beside_its_advice(followed: Followed) -> None:
    plan = joined(followed.plan, said_of(followed.plan, TYPED, "Dr. A", ON))
    assert (plan.contingency.breakthrough, plan.contingency.said_by, plan.contingency.said_on) == ("call before you take more", "Dr. A", ON)
    assert plan.contingency.advice == followed.plan.contingency.advice
    assert joined(followed.plan, None) == followed.plan


def test_words_of_another_medicine_are_not_joined(followed: Followed) -> None:
    of_another = Words("take oxycodone only after you called", ingredient="oxycodone", by="Dr. A", on=ON)
    assert not are_of(of_another, followed.plan)
    assert joined(followed.plan, of_another) == followed.plan


@pytest.mark.feature("F21")
def test_where_nobody_says_whom_to_call_the_sites_crisis_lines_stand_there(followed: Followed) -> None:
    tenant = followed.chart.tenant
    assert tenant.crisis_lines == ("988",)
    assert with_crisis_lines(tenant, followed.plan).contingency.emergency_contacts == ("Crisis line 988",)
    worded = joined(followed.plan, said_of(followed.plan, TYPED, "Dr. A", ON))
    assert with_crisis_lines(tenant, worded).contingency.emergency_contacts == TYPED.contacts
