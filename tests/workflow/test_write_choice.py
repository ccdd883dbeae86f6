"""Which plan is written: the newest version of each, by its number; each can be named, and what stands unwritten is said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import WriteRefused, WrongUsage
from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.lifecycle import hold, revoke
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.records import WriteState
from fhir_taper.store.plans import PlanName, PlanVersion
from fhir_taper.workflow.chosen_plan import newest_version
from fhir_taper.workflow.versions import compared
from fhir_taper.workflow.write_back import preview_plan, write_plan
from fhir_taper.workflow.write_choice import writable_plans
from tests.interop.writing_to import approved_for
from tests.workflow.followed import TAPERED, Followed

AN_HOUR = timedelta(hours=1)


def kept(followed: Followed, plan: TaperPlan, *, late: timedelta = timedelta(0)) -> TaperPlan:
    """Keep a version of a plan; the clock of whoever saved it is late by so much."""
    name = PlanName("demo", TAPERED, plan.ingredient, plan.key)
    at = followed.services.clock() - late
    version = PlanVersion(plan.id, name, plan.version, PlanState(plan.state), encode(to_document(plan)), "Practitioner/prescriber", at)
    followed.services.plans.append(version, expected_version=plan.version - 1)
    return plan


def second(followed: Followed) -> TaperPlan:
    """Approve a plan of another medicine."""
    _, approved = approved_for(TAPERED, "oxycodone", "demo")
    approved = replace(approved, key=followed.plan.key, version=1, replaces=None)
    return kept(followed, approved)


def decided(followed: Followed) -> Decision:
    return Decision("Dr. A", followed.chart.day(followed.services.clock()), "a cold")


def held(followed: Followed, *, late: timedelta = timedelta(0)) -> TaperPlan:
    day = followed.chart.day(followed.services.clock())
    return kept(followed, hold(followed.plan, day + timedelta(days=10), decided(followed)), late=late)


def test_a_hold_that_was_saved_with_a_clock_set_back_is_the_version_that_is_written(followed: Followed) -> None:
    on_hold = held(followed, late=2 * AN_HOUR)
    newest = newest_version(followed.services, followed.chart)
    assert newest is not None
    assert newest.id == on_hold.id
    assert preview_plan(followed.services, followed.chart).plan == on_hold


def test_two_versions_are_compared_by_their_numbers_whatever_the_clocks_said(followed: Followed) -> None:
    on_hold = held(followed, late=2 * AN_HOUR)
    before, after, _ = compared(followed.services, followed.chart, on_hold.id, followed.plan.id)
    assert (before.plan.id, after.plan.id) == (followed.plan.id, on_hold.id)


def test_each_plan_that_stands_can_be_named_and_what_is_not_in_the_ehr_is_said(followed: Followed) -> None:
    other = second(followed)
    for plan in (followed.plan, other):
        proposal = preview_plan(followed.services, followed.chart, plan.id)
        assert proposal.plan == plan
        assert {one.plan.id for one in proposal.others} == {followed.plan.id, other.id} - {plan.id}
        assert all(one.needs_writing and one.in_ehr is None for one in proposal.others)


def test_a_second_plan_is_written_after_the_first_and_is_not_forgotten_by_it(followed: Followed) -> None:
    other = second(followed)
    services, chart = followed.services, followed.chart
    receipt = write_plan(services, chart, preview_plan(services, chart, other.id).seen, other.id)
    assert receipt.state is WriteState.WRITTEN
    still = {one.plan.id: one for one in writable_plans(services, chart, followed.loaded)}
    assert (still[other.id].needs_writing, still[other.id].in_ehr) == (False, 1)
    assert still[followed.plan.id].needs_writing
    assert preview_plan(services, chart).plan == followed.plan


def test_an_earlier_version_that_is_named_stands_for_its_plan_and_is_not_written(followed: Followed) -> None:
    seen = preview_plan(followed.services, followed.chart, followed.plan.id).seen
    on_hold = held(followed)
    assert preview_plan(followed.services, followed.chart, followed.plan.id).plan == on_hold
    with pytest.raises(WriteRefused, match="changed since the preview"):
        write_plan(followed.services, followed.chart, seen, followed.plan.id)


def test_a_plan_that_ended_and_never_stood_in_the_ehr_is_not_asked_for(followed: Followed) -> None:
    ended = kept(followed, revoke(followed.plan, decided(followed)))
    found = {one.plan.id: one for one in writable_plans(followed.services, followed.chart, followed.loaded)}
    assert not found[ended.id].needs_writing
    assert preview_plan(followed.services, followed.chart, ended.id).plan == ended


def test_a_plan_that_nobody_knows_cannot_be_named(followed: Followed) -> None:
    with pytest.raises(WrongUsage, match="no such version"):
        preview_plan(followed.services, followed.chart, "no-such-plan")
