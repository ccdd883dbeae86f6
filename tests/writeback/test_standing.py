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
from tests.writeback.fake_ehr import PATIENT, FakeEhr, lost_after
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


@pytest.mark.parametrize("status", ["revoked", "active"])
def test_a_care_plan_that_only_refers_to_steps_of_ours_is_asked_about_where_the_ledger_was_lost_and_never_written(status: str) -> None:
    scene = Scene(ledger_knows=False)
    scene.write(PLAN)
    scene.prepare(SECOND)
    strip(scene, status=status)
    was = scene.ehr.only("CarePlan")
    prepared = scene.prepare(THIRD, base=PLAN)
    (ask,) = prepared.asks
    assert f"CarePlan/{was['id']} in the EHR refers to steps of this plan; it is {status} there" in ask.says
    with pytest.raises(WriteRefused, match="not accepted"):
        scene.send(prepared, THIRD)
    assert scene.send(prepared, THIRD, accepted=[ask.name]).state is WriteState.WRITTEN
    assert was in scene.ehr.of("CarePlan")


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


HOSPITAL: Json = {
    "resourceType": "CarePlan",
    "id": "hospital",
    "intent": "plan",
    "subject": {"reference": f"Patient/{PATIENT}"},
    "activity": [{"detail": {"status": "completed", "description": "Physiotherapy twice a week"}}],
    "note": [{"text": "hospital note"}],
}


@pytest.mark.parametrize("status", ["active", "revoked"])
@pytest.mark.parametrize("state", [PlanState.ACTIVE, PlanState.REVOKED])
def test_somebody_elses_care_plan_that_links_a_goal_of_ours_is_neither_written_over_nor_in_the_way(status: str, state: PlanState) -> None:
    scene = Scene()
    scene.write(PLAN)
    hospital = HOSPITAL | {"status": status, "goal": scene.ehr.only("CarePlan")["goal"][:1]}
    (was,) = delete(scene, "CarePlan")
    scene.ehr.stored["CarePlan/hospital"] = [hospital]
    following = revised(PLAN, state=state, reason="other words")
    prepared = scene.prepare(following, base=PLAN)
    (ask,) = prepared.asks
    assert (doing(prepared), was in ask.says) == (Doing.CREATE, True)
    assert scene.send(prepared, following, accepted=[ask.name]).state is WriteState.WRITTEN
    assert scene.ehr.stored["CarePlan/hospital"] == [hospital]


def two_plans() -> tuple[Scene, Any, Any]:
    """Diazepam and oxycodone, both written."""
    scene = Scene()
    other = replace(approved("oxycodone"), key="another-plan", id="0b9f6e0e-0000-5000-8000-000000000002", replaces=None)
    assert scene.write(PLAN).state is WriteState.WRITTEN
    assert scene.write(other).state is WriteState.WRITTEN
    diazepam, oxycodone = (f"CarePlan/{one['id']}" for one in scene.ehr.of("CarePlan"))
    return scene, diazepam, oxycodone


def test_goals_of_another_running_plan_that_somebody_links_are_left_alone() -> None:
    scene, diazepam, oxycodone = two_plans()
    care_plan, other = (scene.ehr.stored[one][-1] for one in (diazepam, oxycodone))
    was = [scene.ehr.stored[one["reference"]][-1] for one in other["goal"]]
    scene.ehr.stored[diazepam].append(care_plan | {"goal": [care_plan["goal"][0], *other["goal"]]})
    assert scene.write(SECOND, base=PLAN).state is WriteState.WRITTEN
    assert [scene.ehr.stored[one["reference"]][-1] for one in other["goal"]] == was
    linked = [one["reference"] for one in scene.ehr.stored[diazepam][-1]["goal"]]
    assert {one["reference"] for one in other["goal"]} < set(linked)


def the_milestone(scene: Scene) -> Json:
    (found,) = [one for one in scene.ehr.of("Goal") if "half" in one["description"]["text"]]
    return found


def edit(scene: Scene, resource: Json, **elements: Any) -> None:
    """A clinician changes one resource; None takes an element away."""
    made = {name: value for name, value in (resource | elements).items() if value is not None}
    scene.ehr.stored[f"{resource['resourceType']}/{resource['id']}"].append(made)


def test_a_goal_that_was_deleted_is_made_again_by_the_next_version_only_by_whoever_accepts_it() -> None:
    scene = Scene()
    scene.write(PLAN)
    where = f"Goal/{the_milestone(scene)['id']}"
    del scene.ehr.stored[where]
    prepared = scene.prepare(SECOND, base=PLAN)
    (ask,) = prepared.asks
    assert where in ask.says
    assert scene.send(prepared, SECOND, accepted=[ask.name]).state is WriteState.WRITTEN


@pytest.mark.parametrize("plan", [PLAN, SECOND])
def test_a_goal_that_was_taken_out_of_the_care_plan_stays_out_and_is_not_made_twice(plan: Any) -> None:
    scene = Scene()
    scene.write(PLAN)
    where = f"Goal/{the_milestone(scene)['id']}"
    kept = [one for one in scene.ehr.only("CarePlan")["goal"] if one["reference"] != where]
    scene.ehr.edit("CarePlan", goal=kept)
    count = len(scene.ehr.of("Goal"))
    prepared = scene.prepare(plan, base=PLAN)
    assert f"Somebody took {where} out of the care plan in the EHR. It stays out." in prepared.notes
    assert scene.send(prepared, plan).state is WriteState.WRITTEN
    assert (len(scene.ehr.of("Goal")), scene.ehr.only("CarePlan")["goal"]) == (count, kept)


def test_a_goal_that_lost_our_identifier_gets_it_back_only_by_whoever_accepts_it_and_is_not_made_twice() -> None:
    scene = Scene()
    scene.write(PLAN)
    count = len(scene.ehr.of("Goal"))
    edit(scene, the_milestone(scene), identifier=None)
    prepared = scene.prepare(SECOND, base=PLAN)
    (ask,) = prepared.asks
    assert ask.says.startswith(f"Somebody took our identifier off Goal/{the_milestone(scene)['id']}")
    assert scene.send(prepared, SECOND, accepted=[ask.name]).state is WriteState.WRITTEN
    assert len(scene.ehr.of("Goal")) == count


def test_a_goal_that_a_clinician_reworded_keeps_those_words_and_is_not_made_twice() -> None:
    scene = Scene()
    scene.write(PLAN)
    count, theirs = len(scene.ehr.of("Goal")), {"description": {"text": "half by summer, then talk"}, "note": [{"text": "afraid"}]}
    edit(scene, the_milestone(scene), **theirs)
    prepared = scene.prepare(SECOND, base=PLAN)
    (goal,) = [one for one in prepared.changes if "note" in one.kept]
    assert {"description", "note"} <= set(goal.kept)
    assert scene.send(prepared, SECOND).state is WriteState.WRITTEN
    assert (len(scene.ehr.of("Goal")), the_milestone(scene) | theirs) == (count, the_milestone(scene))


def test_a_reworded_goal_that_the_next_version_lacks_is_ended_only_by_whoever_accepts_it() -> None:
    scene = Scene()
    scene.write(PLAN)
    edit(scene, the_milestone(scene), description={"text": "half by summer, then talk"})
    without = revised(PLAN, milestones=())
    prepared = scene.prepare(without, base=PLAN)
    (ask,) = prepared.asks
    assert "this version of the plan has no such goal. Writing ends it." in ask.says
    assert scene.send(prepared, without, accepted=[ask.name]).state is WriteState.WRITTEN
    assert the_milestone(scene)["lifecycleStatus"] == "cancelled"


@pytest.mark.parametrize("milestones", [PLAN.milestones, ()])
@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_goal_that_somebody_ended_stays_so_in_this_version_and_in_all_that_follow(milestones: Any, status: str) -> None:
    scene = Scene()
    scene.write(PLAN)
    edit(scene, the_milestone(scene), lifecycleStatus=status, achievementStatus={"text": "achieved"})
    second = revised(PLAN, milestones=milestones, reason="other words")
    third = revised(second, reason="again other words")
    for plan, base in ((second, PLAN), (third, second)):
        prepared = scene.prepare(plan, base=base)
        says = f"Goal/{the_milestone(scene)['id']} is {status} in the EHR: somebody ended this goal there. It stays so."
        assert (says in prepared.notes) is bool(milestones)
        assert scene.send(prepared, plan).state is WriteState.WRITTEN
        assert (the_milestone(scene)["lifecycleStatus"], the_milestone(scene)["achievementStatus"]) == (status, {"text": "achieved"})


@pytest.mark.parametrize("plan", [PLAN, SECOND])
def test_a_proposal_that_was_deleted_is_asked_about_by_the_next_version_too(plan: Any) -> None:
    scene = Scene()
    scene.write(PLAN)
    (gone,) = delete(scene, "MedicationRequest")
    prepared = scene.prepare(plan, base=PLAN)
    (ask,) = prepared.asks
    assert gone in ask.says
    with pytest.raises(WriteRefused, match="not accepted"):
        scene.send(prepared, plan)


@pytest.mark.parametrize(
    ("status", "intent", "says"),
    [
        ("active", "order", "somebody signed it in the EHR (order, active)"),
        ("cancelled", "proposal", "it is cancelled in the EHR"),
        ("completed", "proposal", "it is completed in the EHR"),
    ],
)
def test_a_proposal_that_was_signed_or_declined_is_said_and_never_proposed_a_second_time(status: str, intent: str, says: str) -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("MedicationRequest", status=status, intent=intent)
    prepared = scene.prepare(SECOND, base=PLAN)
    (note,) = prepared.notes
    assert says in note
    assert note.endswith("It is not proposed again." if status == "active" else ": whoever wants it after all orders it in the EHR.")
    assert scene.send(prepared, SECOND).state is WriteState.WRITTEN
    assert scene.ehr.only("MedicationRequest")["status"] == status


def test_a_list_of_care_plans_that_may_be_incomplete_is_no_proof_that_ours_is_not_there() -> None:
    scene = Scene(ledger_knows=False)
    scene.write(PLAN)
    strip(scene, status="active")
    searched = scene.ehr.search

    def in_part(kind: str, parameters: Any) -> Any:
        found = searched(kind, parameters)
        return replace(found, resources=(), complete=False) if kind == "CarePlan" and "identifier" not in parameters else found

    scene.ehr.search = in_part  # type: ignore[method-assign]
    with pytest.raises(WriteRefused, match="for CarePlan may be incomplete"):
        scene.prepare(SECOND)
