"""A clinician's words for emergencies: with a draft, however often it is made again, and as a version of a plan that runs."""

from dataclasses import replace

import pytest

from fhir_taper.errors import LaunchRefused, StoreConflict, WrongUsage
from fhir_taper.workflow.emergency_words import Words, draft_words, save_draft_words, typed_words, with_words, word_running
from tests.workflow.followed import Followed

TYPED = typed_words(" call before you take more ", "heat", "clinic 555-0100\n\n night line 555-0199 ")


def test_words_are_taken_as_typed_one_contact_a_line_and_not_without_bounds() -> None:
    assert Words("call before you take more", "heat", ("clinic 555-0100", "night line 555-0199")) == TYPED
    for odd in (("x" * 1001, "", ""), ("", "", "\n".join("abcdefghijklm"))):
        with pytest.raises(WrongUsage):
            typed_words(*odd)


@pytest.mark.feature("F55")
def test_words_of_a_draft_are_kept_apart_and_become_part_of_what_is_approved(followed: Followed) -> None:
    saved = save_draft_words(followed.services, followed.chart, TYPED, 0)
    assert draft_words(followed.services, followed.chart) == saved
    plan = with_words(followed.services, followed.chart, followed.plan)
    assert (plan.contingency.breakthrough, plan.contingency.said_by) == ("call before you take more", followed.chart.who)
    assert plan.contingency.advice == followed.plan.contingency.advice
    with pytest.raises(StoreConflict):
        save_draft_words(followed.services, followed.chart, TYPED, 0)
    with pytest.raises(LaunchRefused):
        save_draft_words(followed.services, followed.as_user("reader"), TYPED, 1)


@pytest.mark.feature("F21")
def test_where_nobody_says_whom_to_call_the_sites_crisis_lines_stand_there(followed: Followed) -> None:
    chart = replace(followed.chart, tenant=replace(followed.chart.tenant, crisis_lines=("988",)))
    assert with_words(followed.services, chart, followed.plan).contingency.emergency_contacts == ("Crisis line 988",)
    save_draft_words(followed.services, chart, TYPED, 0)
    assert with_words(followed.services, chart, followed.plan).contingency.emergency_contacts == TYPED.contacts


def test_words_for_a_running_plan_are_a_version_that_only_a_prescriber_makes(followed: Followed) -> None:
    with pytest.raises(LaunchRefused, match="only a prescriber"):
        word_running(followed.services, followed.as_user("pharmacist"), followed.kept.version.id, TYPED)
    after = word_running(followed.services, followed.chart, followed.kept.version.id, TYPED)
    assert followed.newest().plan == after
    assert (after.version, after.steps, after.contingency.comfort_plan) == (5, followed.plan.steps, "heat")
    with pytest.raises(StoreConflict):
        word_running(followed.services, followed.chart, followed.kept.version.id, TYPED)
