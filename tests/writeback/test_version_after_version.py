"""Version after version: what nobody edited in the EHR is no conflict, and what somebody did to a proposal is asked about by each."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.plans.tapers.lifecycle import revoke
from fhir_taper.plans.tapers.plan import Milestone, PlanState, TaperPlan, Units
from fhir_taper.plans.tapers.revision import hold
from fhir_taper.records import WriteState
from fhir_taper.writeback.negotiate import SiteSwitches
from fhir_taper.writeback.prepare import Prepared
from tests.plans.tapers.made_plans import DIAZEPAM_LIQUID
from tests.writeback.fake_ehr import FakeEhr
from tests.writeback.test_standing import delete
from tests.writeback.writing import DECISION, Scene, approved, revised, single_only

SITES = {"transactions": SiteSwitches(), "single requests": single_only()}
NAMES = ("diazepam", "oxycodone", "weekly", "two-strengths", "patch", "liquid")
PLAN = approved()


def accepted(prepared: Prepared) -> list[str]:
    return [ask.name for ask in prepared.asks]


def conflicts(prepared: Prepared) -> list[tuple[str, str]]:
    return [(one.reference, conflict.element) for one in prepared.changes for conflict in one.conflicts]


def written_on(scene: Scene, *plans: TaperPlan) -> None:
    """Each version is written after the one before, with what it asks accepted."""
    base = None
    for plan in plans:
        written_after(scene, base, plan)
        base = plan


def written_after(scene: Scene, base: TaperPlan | None, plan: TaperPlan) -> None:
    """A version is written where another one stood, with what it asks accepted."""
    prepared = scene.prepare(plan, base)
    assert conflicts(prepared) == []
    assert scene.send(prepared, plan, accepted(prepared)).state is WriteState.WRITTEN


def split_otherwise(plan: TaperPlan, by: str) -> TaperPlan:
    """The next version, with the first step's dose at other times of day: another proposal for the same days."""
    first, (dose,) = plan.steps[0], plan.steps[0].doses
    (morning, one), (night, other) = dose.units[0].slots
    units = replace(dose.units[0], slots=((morning, one + Decimal(by)), (night, other - Decimal(by))))
    return revised(plan, steps=(replace(first, doses=(replace(dose, units=(units,)),)), *plan.steps[1:]))


def as_liquid(plan: TaperPlan) -> TaperPlan:
    """The next version, with the same doses made of a liquid."""
    product = DIAZEPAM_LIQUID
    assert product.mg is not None
    steps = []
    for step in plan.steps:
        (dose,) = step.doses
        units = tuple(
            Units(product.rxcui, product.mg, tuple((slot, count * one.strength_mg / product.mg) for slot, count in one.slots))
            for one in dose.units
        )
        steps.append(replace(step, doses=(replace(dose, units=units),)))
    return revised(plan, products=(product, *plan.products), steps=tuple(steps))


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", [PlanState.REVOKED, PlanState.ON_HOLD, PlanState.COMPLETED])
def test_a_plan_that_nobody_edited_can_be_ended_however_often_it_was_written(site: str, name: str, state: PlanState) -> None:
    first = approved(name)
    second = revised(first, reason="other words")
    third = revised(second, reason="again other words")
    written_on(Scene(switches=SITES[site]), first, second, third, revised(third, state=state))


@pytest.mark.parametrize("ledger_knows", [True, False])
def test_a_hold_after_two_writes_of_one_proposal_is_written(ledger_knows: bool) -> None:
    second = revised(PLAN, reason="other words")
    scene = Scene(ledger_knows=ledger_knows)
    written_on(scene, PLAN, second, hold(second, DECISION, 7))
    assert len(scene.ehr.of("MedicationRequest")) <= 2


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("kind", ["MedicationRequest", "Goal", "RequestGroup", "CarePlan"])
@pytest.mark.parametrize("turn", [lambda plan: hold(plan, DECISION, 7), lambda plan: revoke(plan, DECISION)])
def test_what_was_deleted_is_made_again_by_whoever_accepts_it_and_is_no_conflict(site: str, kind: str, turn: Any) -> None:
    scene = Scene(switches=SITES[site])
    scene.write(PLAN)
    delete(scene, kind)
    after = turn(PLAN)
    prepared = scene.prepare(after, PLAN)
    assert conflicts(prepared) == []
    assert scene.send(prepared, after, accepted(prepared)).state is not WriteState.REJECTED
    assert len(scene.ehr.of("CarePlan")) == 1


@pytest.mark.parametrize("state", [PlanState.ON_HOLD, PlanState.REVOKED])
def test_a_proposal_that_lost_our_identifier_is_in_nobodys_way(state: PlanState) -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("MedicationRequest", identifier=[])
    written_after(scene, PLAN, revised(PLAN, state=state))


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"status": "active", "intent": "order"}, "somebody signed it in the EHR (order, active)"),
        ({"status": "cancelled"}, "it is cancelled in the EHR"),
        (None, "is gone from the EHR: somebody deleted it there"),
    ],
)
def test_another_product_for_days_that_were_proposed_before_is_asked_about(edit: Any, says: str) -> None:
    scene = Scene()
    scene.write(PLAN)
    if edit is None:
        delete(scene, "MedicationRequest")
    else:
        scene.ehr.edit("MedicationRequest", **edit)
    liquid = as_liquid(PLAN)
    prepared = scene.prepare(liquid, PLAN)
    (ask,) = prepared.asks
    assert says in ask.says
    assert ask.says.endswith("Writing proposes another product for them.")
    assert scene.send(prepared, liquid, [ask.name]).state is WriteState.WRITTEN
    assert scene.prepare(liquid, PLAN).asks == ()


def test_another_product_beside_a_draft_is_named_to_be_withdrawn_and_needs_no_box() -> None:
    scene = Scene()
    scene.write(PLAN)
    prepared = scene.prepare(as_liquid(PLAN), PLAN)
    assert prepared.asks == ()
    assert [note for note in prepared.notes if note.endswith("Withdraw it there.")]


def test_a_signed_proposal_is_asked_about_although_another_one_of_these_days_was_deleted() -> None:
    scene = Scene()
    scene.write(PLAN)
    signed = scene.ehr.only("MedicationRequest")["id"]
    scene.ehr.edit("MedicationRequest", status="active", intent="order")
    second = split_otherwise(PLAN, "0.5")
    written_after(scene, PLAN, second)
    (other,) = (one["id"] for one in scene.ehr.of("MedicationRequest") if one["id"] != signed)
    del scene.ehr.stored[f"MedicationRequest/{other}"]
    third = split_otherwise(PLAN, "-0.5")
    says = [ask.says for ask in scene.prepare(revised(second, steps=third.steps), second).asks]
    assert [f"MedicationRequest/{signed} was proposed for these days, and somebody signed it" in one for one in says].count(True) == 1
    assert [f"gone from the EHR: MedicationRequest/{other}" in one for one in says].count(True) == 1


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("deleted", [0, 1])
def test_a_goal_that_was_taken_out_stays_out_although_another_one_is_made_again(site: str, deleted: int) -> None:
    scene = Scene(switches=SITES[site])
    scene.write(PLAN)
    linked = scene.ehr.only("CarePlan")["goal"]
    gone, out = linked[deleted]["reference"], linked[1 - deleted]["reference"]
    scene.ehr.edit("CarePlan", goal=[one for one in linked if one["reference"] != out])
    del scene.ehr.stored[gone]
    base, plan = PLAN, revised(PLAN, reason="other words")
    for _ in range(3):
        written_after(scene, base, plan)
        there = [one["reference"] for one in scene.ehr.only("CarePlan").get("goal", [])]
        assert out not in there
        assert gone not in there
        assert len(there) == 1
        base, plan = plan, revised(plan, reason="and other words")


@pytest.mark.parametrize("base", [PLAN, None])
def test_a_goal_that_was_reworded_is_ended_only_by_whoever_accepts_it_also_where_the_ledger_was_lost(base: TaperPlan | None) -> None:
    scene = Scene()
    scene.write(PLAN)
    (goal,) = (one for one in scene.ehr.of("Goal") if "half" in one["description"]["text"])
    scene.ehr.stored[f"Goal/{goal['id']}"].append(goal | {"description": {"text": "half by summer, then talk"}})
    scene.ledger_knows = False
    without = revised(PLAN, milestones=())
    prepared = scene.prepare(without, base)
    (ask,) = prepared.asks
    assert ask.about == f"Goal/{goal['id']}"
    assert ask.says.endswith("Writing ends it.")
    assert scene.send(prepared, without, [ask.name]).state is WriteState.WRITTEN


def test_milestones_of_the_same_words_keep_their_places() -> None:
    plan = replace(
        PLAN, milestones=tuple(replace(PLAN.milestones[0], step=step, due=PLAN.steps[step].start, says="Look") for step in (1, 3))
    )
    scene = Scene(ehr=FakeEhr())
    scene.write(plan)
    first, second = (one for one in scene.ehr.of("Goal") if one["description"]["text"] == "Look")
    scene.ehr.stored[f"Goal/{first['id']}"].append(first | {"lifecycleStatus": "completed"})
    after = revised(plan, reason="other words")
    written_after(scene, plan, after)
    there = {one["id"]: one for one in scene.ehr.of("Goal")}
    assert there[first["id"]]["target"] == first["target"]
    assert there[second["id"]]["target"] == second["target"]
    assert isinstance(plan.milestones[0], Milestone)
