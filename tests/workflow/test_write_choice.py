"""Which plan is written: the newest version of each, by its number; each can be named, and what stands unwritten is said."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fhir_taper.errors import WriteRefused, WrongUsage
from fhir_taper.plans.tapers.lifecycle import revoke
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.revision import hold
from fhir_taper.records import WriteState
from fhir_taper.workflow.chosen_plan import newest_version
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.versions import compared
from fhir_taper.workflow.write_back import preview_plan, write_plan
from fhir_taper.workflow.write_choice import Writable, writable_plans
from tests.interop.fhir_servers import Server, sekmet
from tests.interop.writing_to import Scene, scene_on
from tests.writeback.writing import DECISION

__all__ = ["sekmet"]


@pytest.fixture
def scene(sekmet: Server, tmp_path: Path) -> Iterator[Scene]:
    """A patient whose diazepam is tapered, in an EHR that knows nothing of it yet."""
    with scene_on(sekmet, tmp_path) as made:
        yield made


def second(scene: Scene) -> TaperPlan:
    """Approve a plan of another medicine; it is saved an hour later."""
    scene.clock.pass_time(hours=1)
    other = Scene(scene.services, scene.patient, scene.clock)
    other.approve("oxycodone")
    return other.plan


def held(scene: Scene, **late: float) -> TaperPlan:
    """Hold the plan, with a clock that is set back."""
    scene.clock.now -= timedelta(**late)
    scene.keep(hold(scene.plan, DECISION, 10))
    scene.clock.now += timedelta(**late)
    return scene.plan


def writable(scene: Scene) -> dict[str, Writable]:
    found = writable_plans(scene.services, scene.chart, load_chart(scene.services, scene.chart, afresh=True))
    return {one.plan.id: one for one in found}


def test_a_hold_that_was_saved_with_a_clock_set_back_is_the_version_that_is_written(scene: Scene) -> None:
    on_hold = held(scene, hours=2)
    newest = newest_version(scene.services, scene.chart)
    assert newest is not None
    assert newest.id == on_hold.id
    assert preview_plan(scene.services, scene.chart).plan == on_hold


def test_two_versions_are_compared_by_their_numbers_whatever_the_clocks_said(scene: Scene) -> None:
    active = scene.plan
    on_hold = held(scene, hours=2)
    before, after, _ = compared(scene.services, scene.chart, on_hold.id, active.id)
    assert (before.plan.id, after.plan.id) == (active.id, on_hold.id)


def test_each_plan_that_stands_can_be_named_and_what_is_not_in_the_ehr_is_said(scene: Scene) -> None:
    other = second(scene)
    for plan in (scene.plan, other):
        proposal = preview_plan(scene.services, scene.chart, plan.id)
        assert proposal.plan == plan
        assert {one.plan.id for one in proposal.others} == {scene.plan.id, other.id} - {plan.id}
        assert all(one.needs_writing and one.in_ehr is None for one in proposal.others)


def test_a_second_plan_is_written_after_the_first_and_is_not_forgotten_by_it(scene: Scene) -> None:
    other = second(scene)
    services, chart = scene.services, scene.chart
    receipt = write_plan(services, chart, preview_plan(services, chart, other.id).seen, other.id)
    assert receipt.state is WriteState.WRITTEN
    still = writable(scene)
    assert (still[other.id].needs_writing, still[other.id].in_ehr) == (False, other.version)
    assert still[scene.plan.id].needs_writing
    assert preview_plan(services, chart).plan == scene.plan


def test_an_earlier_version_that_is_named_stands_for_its_plan_and_is_not_written(scene: Scene) -> None:
    active = scene.plan.id
    seen = preview_plan(scene.services, scene.chart, active).seen
    on_hold = held(scene)
    assert preview_plan(scene.services, scene.chart, active).plan == on_hold
    with pytest.raises(WriteRefused, match="changed since the preview"):
        write_plan(scene.services, scene.chart, seen, active)


def test_a_plan_that_ended_and_never_stood_in_the_ehr_is_not_asked_for(scene: Scene) -> None:
    scene.keep(revoke(scene.plan, DECISION))
    assert not writable(scene)[scene.plan.id].needs_writing
    assert preview_plan(scene.services, scene.chart, scene.plan.id).plan == scene.plan


def test_a_plan_that_ended_and_stands_in_the_ehr_as_if_it_went_on_stands_unwritten(scene: Scene) -> None:
    scene.write()
    scene.clock.pass_time(hours=-2)
    scene.keep(revoke(scene.plan, DECISION))
    scene.clock.pass_time(hours=2)
    second(scene)
    there = writable(scene)[scene.plan.id]
    assert (there.needs_writing, there.in_ehr) == (True, scene.plan.version - 1)


def test_a_plan_that_nobody_knows_cannot_be_named(scene: Scene) -> None:
    with pytest.raises(WrongUsage, match="no such version"):
        preview_plan(scene.services, scene.chart, "no-such-plan")
