"""What an approval rests on: a digest of each part, and a refusal that names what is other by now."""

from dataclasses import replace

import pytest

from fhir_taper.errors import StoreConflict, WrongUsage
from fhir_taper.workflow.assessment import Assessment
from fhir_taper.workflow.emergency_words import word_next
from fhir_taper.workflow.keep_assessment import assessment_of, save_assessment
from fhir_taper.workflow.next_version import next_rests_on
from fhir_taper.workflow.own_words import typed_words
from fhir_taper.workflow.pharmacist import ask_for_review
from fhir_taper.workflow.rests_on import RestsOn, rests_on
from tests.workflow.followed import Followed
from tests.workflow.test_next_version import drafted

SEEN = RestsOn("a", "b", "c", "d", "e")


def test_it_comes_back_from_a_button_as_it_was_and_anything_else_is_a_damaged_form() -> None:
    assert RestsOn.read(str(SEEN)) == SEEN
    for odd in ("", "7", "a.b.c.d", "a.b.c.d.e.f"):
        with pytest.raises(WrongUsage, match="the form is damaged"):
            RestsOn.read(odd)


def test_what_is_as_it_was_is_not_refused_and_what_is_other_is_named() -> None:
    SEEN.refuse_other(SEEN)
    with pytest.raises(StoreConflict, match=r"shown: the words for when something happens; the intake$"):
        SEEN.refuse_other(replace(SEEN, words="x", intake="x"))
    with pytest.raises(StoreConflict, match="approved or given up elsewhere"):
        SEEN.refuse_other(None)


def changed(before: RestsOn, after: RestsOn | None) -> set[str]:
    assert after is not None
    return {name for name in RestsOn.__slots__ if getattr(before, name) != getattr(after, name)}


def test_each_part_follows_what_is_kept_of_it_and_nothing_else(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    draft = drafted(followed)
    first = next_rests_on(services, chart)
    assert first is not None
    assert first == next_rests_on(services, chart)
    assert len(str(first)) < 100
    worded = word_next(services, chart, typed_words("call us", "", ""), draft.revision)
    second = next_rests_on(services, chart)
    assert second is not None
    assert changed(first, second) == {"words"}
    save_assessment(services, chart, Assessment(goals="to sleep"), assessment_of(services, chart).revision)
    third = next_rests_on(services, chart)
    assert third is not None
    assert changed(second, third) == {"intake"}
    ask_for_review(services, chart, worded.plan, "")
    fourth = next_rests_on(services, chart)
    assert fourth is not None
    assert changed(third, fourth) == {"review"}
    assert changed(fourth, rests_on(services, chart, replace(worded.plan, reason="another"))) == {"draft"}
    elsewhere = replace(chart, tenant=replace(chart.tenant, crisis_lines=("111",)))
    assert changed(fourth, rests_on(services, elsewhere, worded.plan)) == {"words"}
