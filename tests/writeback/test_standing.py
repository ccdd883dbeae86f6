"""What somebody did in the EHR to a plan of ours: ended and stripped, deleted; it is known, said, and never made again without a word."""

from dataclasses import replace
from typing import Any

import pytest

from fhir_taper.errors import WriteRefused
from fhir_taper.mappers.write.namespace import PLAN_SYSTEM, TAPER_SYSTEM, WRITE_SYSTEM
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.records import WriteState
from fhir_taper.writeback.changes import Doing
from fhir_taper.writeback.prepare import Prepared
from fhir_taper.writeback.recover import by_person
from tests.mappers.write.example_plans import BEFORE
from tests.writeback.fake_ehr import FakeEhr, lost_after
from tests.writeback.writing import Scene, approved, revised

Json = dict[str, Any]
PLAN = approved()
SECOND = revised(PLAN, reason="other words")
THIRD = revised(SECOND, reason="again other words")


def keeping(plan_of_ours: Json, *systems: str) -> list[Json]:
    """The identifiers of these systems alone."""
    return [one for one in plan_of_ours["identifier"] if one["system"] in systems]


def strip(scene: Scene, *systems: str, status: str = "revoked") -> None:
    """Somebody ends the care plan in the EHR, by a program that keeps nothing of ours but identifiers of these systems."""
    scene.ehr.edit("CarePlan", status=status, extension=[], identifier=keeping(scene.ehr.only("CarePlan"), *systems))


def doing(prepared: Prepared) -> Doing:
    return next(one.doing for one in prepared.changes if one.resource_type == "CarePlan")


def delete(scene: Scene, *kinds: str) -> list[str]:
    """Somebody deletes everything of these types in the EHR; where it stood."""
    gone = [key for key in scene.ehr.stored if key.partition("/")[0] in kinds]
    for key in gone:
        del scene.ehr.stored[key]
    return gone


@pytest.mark.parametrize("systems", [(TAPER_SYSTEM, PLAN_SYSTEM), (PLAN_SYSTEM,), (WRITE_SYSTEM,), ()])
@pytest.mark.parametrize("status", ["revoked", "completed", "entered-in-error"])
@pytest.mark.parametrize("searched", [True, False])
def test_a_plan_that_was_ended_and_stripped_in_the_ehr_is_known_and_no_other_is_made_beside_it(
    systems: tuple[str, ...], status: str, searched: bool
) -> None:
    scene = Scene() if searched else Scene(ehr=FakeEhr(frozenset()))
    scene.write(PLAN)
    scene.prepare(SECOND)  # kept here, and never written
    strip(scene, *systems, status=status)
    prepared = scene.prepare(THIRD, base=PLAN)
    assert doing(prepared) is Doing.UPDATE
    shown = prepared.preview()
    assert not shown.may_write
    (plan,) = [card for card in shown.cards if card.resource_type == "CarePlan"]
    assert ("status", status, "active") in [(line.field, line.now, line.will_be) for line in plan.conflicts]
    assert shown.notes[0].startswith(f"{plan.reference} in the EHR is this plan; it is {status} there, and somebody took out of it")
    with pytest.raises(WriteRefused, match="status was changed in the EHR"):
        scene.write(THIRD, base=PLAN)
    assert len(scene.ehr.of("CarePlan")) == 1


def test_a_plan_that_was_ended_and_stripped_is_known_by_its_steps_where_the_ledger_was_lost() -> None:
    scene = Scene(ledger_knows=False)
    scene.write(PLAN)
    scene.prepare(SECOND)
    strip(scene)
    assert doing(scene.prepare(THIRD, base=PLAN)) is Doing.UPDATE


def test_a_plan_of_ours_that_runs_and_was_stripped_is_in_the_way() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.prepare(SECOND)
    strip(scene, status="active")
    with pytest.raises(WriteRefused, match=r"CarePlan/\w+ in the EHR was written by this program and cannot be read any more"):
        scene.prepare(THIRD, base=PLAN)


def test_an_ended_taper_that_cannot_be_told_from_this_plan_is_for_a_person_to_accept() -> None:
    scene = Scene(ledger_knows=False)
    scene.write(PLAN)
    strip(scene, TAPER_SYSTEM)
    for key in delete(scene, "RequestGroup"):
        assert key
    other = replace(PLAN, key="another-strategy", id="0b9f6e0e-0000-5000-8000-000000000001", replaces=None)
    prepared = scene.prepare(other)
    assert doing(prepared) is Doing.CREATE
    (ask,) = prepared.asks
    assert "is a taper of this medicine that this program wrote; it is revoked there" in ask.says
    with pytest.raises(WriteRefused, match="not accepted: CarePlan/"):
        scene.send(prepared, other)
    assert len(scene.ehr.of("CarePlan")) == 1
    assert scene.send(prepared, other, accepted=[ask.name]).state is WriteState.WRITTEN


def test_an_ended_taper_that_is_known_to_be_another_plan_is_not_asked_about() -> None:
    scene = Scene()
    scene.write(PLAN)
    strip(scene, TAPER_SYSTEM, PLAN_SYSTEM)
    prepared = scene.prepare(replace(PLAN, key="another-strategy", id="0b9f6e0e-0000-5000-8000-000000000001", replaces=None))
    assert (doing(prepared), prepared.asks) == (Doing.CREATE, ())


@pytest.mark.parametrize("searched", [True, False])
@pytest.mark.parametrize("plan", [PLAN, SECOND])
def test_what_was_written_and_deleted_in_the_ehr_is_said_and_made_again_only_by_whoever_accepts_it(plan: Any, searched: bool) -> None:
    scene = Scene() if searched else Scene(ehr=FakeEhr(frozenset({"CarePlan"})))
    scene.write(PLAN)
    was = delete(scene, "CarePlan")[0]
    prepared = scene.prepare(plan, base=None if plan is PLAN else PLAN)
    assert doing(prepared) is Doing.CREATE
    (card,) = [one for one in prepared.preview().cards if one.resource_type == "CarePlan"]
    assert card.gone == was
    (ask,) = prepared.preview().asks
    assert ask.says.startswith(f"Written before, and gone from the EHR: {was}. Somebody deleted it there.")
    with pytest.raises(WriteRefused, match="not accepted"):
        scene.send(prepared, plan)
    assert scene.send(prepared, plan, accepted=["gone CarePlan/other", ask.name]).state is WriteState.WRITTEN
    again = scene.prepare(plan)
    assert (again.preview().count, again.asks) == (0, ())
    steps = [one for one in scene.ehr.of("RequestGroup") if one["status"] == "active"]
    assert len(steps) == 1


def test_steps_and_goals_that_a_deleted_care_plan_left_are_gone_on_with() -> None:
    scene = Scene()
    first = replace(PLAN, minimum_function="walks to the shop")
    scene.write(first)
    groups = [one["id"] for one in scene.ehr.of("RequestGroup")]
    delete(scene, "CarePlan")
    second = revised(first, minimum_function="")
    prepared = scene.prepare(second, base=first)
    assert [(one.doing, one.reference) for one in prepared.changes if one.resource_type == "RequestGroup"] == [
        (Doing.UPDATE, f"RequestGroup/{groups[0]}")
    ]
    assert scene.send(prepared, second, accepted=[one.name for one in prepared.asks]).state is WriteState.WRITTEN
    ended = [one for one in scene.ehr.of("Goal") if one["lifecycleStatus"] == "cancelled"]
    assert [one["description"]["text"] for one in ended] == ["Minimum acceptable function during the taper: walks to the shop"]


def test_a_proposal_that_a_clinician_deleted_is_not_proposed_again_without_a_word() -> None:
    scene = Scene()
    scene.write(PLAN)
    gone = delete(scene, "MedicationRequest")
    prepared = scene.prepare(PLAN)
    (ask,) = prepared.asks
    assert all(one in ask.says for one in gone)
    with pytest.raises(WriteRefused, match="not accepted"):
        scene.send(prepared, PLAN)
    assert scene.send(prepared, PLAN, accepted=[ask.name]).state is WriteState.WRITTEN
    assert len(scene.ehr.of("MedicationRequest")) == len(gone)


def test_what_never_arrived_is_made_without_being_asked_about() -> None:
    scene = Scene(ehr=FakeEhr(atomic=True))
    scene.ehr.fail_entry = 2
    assert scene.write(PLAN).state is WriteState.REJECTED
    scene.ehr.fail_entry = None
    assert scene.prepare(PLAN).asks == ()
    assert scene.write(PLAN).state is WriteState.WRITTEN


def test_what_a_person_found_in_the_ehr_and_is_gone_is_asked_about() -> None:
    scene = Scene(ehr=FakeEhr(frozenset()))
    scene.ehr.fault = lost_after
    assert scene.write(PLAN).state is WriteState.UNKNOWN
    (row,) = scene.ledger.rows.values()
    by_person(row, Decision("Practitioner/dr1", BEFORE, "it stands there"), scene.ledger, scene.clock, WriteState.WRITTEN)
    delete(scene, "CarePlan")
    (ask,) = scene.prepare(PLAN).asks
    assert "CarePlan (found by a person)" in ask.says


def test_a_proposal_that_lost_our_identifier_is_still_the_one_that_stands() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("MedicationRequest", identifier=[])
    prepared = scene.prepare(PLAN)
    assert {one.doing for one in prepared.changes if one.resource_type == "MedicationRequest"} == {Doing.NONE}
    assert prepared.asks == ()


def test_a_care_plan_of_another_system_whose_steps_are_closed_to_us_stands_in_nobodys_way() -> None:
    scene = Scene(ledger_knows=False)
    scene.ehr.stored["CarePlan/diet"] = [
        {"resourceType": "CarePlan", "id": "diet", "status": "active", "activity": [{"reference": {"reference": "RequestGroup/closed"}}]}
    ]
    assert doing(scene.prepare(PLAN)) is Doing.CREATE


def test_an_ended_plan_that_was_ended_here_too_is_not_written_over_where_it_was_stripped() -> None:
    scene = Scene()
    scene.write(PLAN)
    strip(scene, TAPER_SYSTEM, PLAN_SYSTEM)
    ended = revised(PLAN, state=PlanState.REVOKED)
    shown = scene.prepare(ended, base=PLAN).preview()
    (plan,) = [card for card in shown.cards if card.resource_type == "CarePlan"]
    assert "status" not in [line.field for line in plan.conflicts]
    assert not shown.may_write
