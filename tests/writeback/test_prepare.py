from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from fhir_taper.errors import EhrAnswered, WriteRefused
from fhir_taper.mappers.write import care_plan
from fhir_taper.mappers.write.namespace import TAPER_SYSTEM
from fhir_taper.mappers.write.wording import plan_title
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.records import WriteState
from fhir_taper.writeback.changes import Doing
from fhir_taper.writeback.negotiate import SiteSwitches
from fhir_taper.writeback.overlay import load_overlay
from tests.writeback import writing
from tests.writeback.fake_ehr import FakeEhr, FakeFound, FakeGranted
from tests.writeback.writing import Scene, approved, bundle_of, revised, single_only

PLAN = approved()


def test_the_preview_has_a_card_per_resource_and_the_count_is_what_leaves() -> None:
    scene = Scene()
    shown = scene.prepare(PLAN).preview()
    assert shown.may_write
    assert shown.count == len(shown.cards)
    assert {card.doing for card in shown.cards} == {Doing.CREATE}
    plan = next(card for card in shown.cards if card.resource_type == "CarePlan")
    assert ("status", "", "active") in [(line.field, line.now, line.will_be) for line in plan.lines]
    assert (plan.version, plan.reference) == ("", "")
    assert [choice.rung.name for choice in shown.choices] == ["transaction", "medication-request"]
    assert scene.ehr.requests == []


def test_an_update_shows_what_stands_what_will_be_and_the_version_that_was_read() -> None:
    scene = Scene()
    scene.write(PLAN)
    shown = scene.prepare(revised(PLAN, state=PlanState.ON_HOLD), base=PLAN).preview()
    plan = next(card for card in shown.cards if card.resource_type == "CarePlan")
    assert (plan.doing, plan.version) == (Doing.UPDATE, 'W/"v1"')
    assert ("status", "active", "on-hold") in [(line.field, line.now, line.will_be) for line in plan.lines]
    device = next(card for card in shown.cards if card.resource_type == "Device")
    assert (device.doing, device.lines) == (Doing.NONE, ())


def test_goals_that_the_new_version_does_not_have_are_cancelled() -> None:
    scene = Scene()
    first = replace(PLAN, minimum_function="walks to the shop")
    scene.write(first)
    second = revised(first, minimum_function="")
    assert scene.write(second, base=first).state is WriteState.WRITTEN
    ended = [one for one in scene.ehr.of("Goal") if one["lifecycleStatus"] == "cancelled"]
    assert [one["description"]["text"] for one in ended] == ["Minimum acceptable function during the taper: walks to the shop"]
    assert scene.prepare(second).preview().count == 0


def test_proposals_of_an_earlier_version_are_named_for_a_person_to_withdraw() -> None:
    scene = Scene()
    scene.write(PLAN)
    prepared = scene.prepare(revised(PLAN, state=PlanState.COMPLETED), base=PLAN)
    (note,) = prepared.notes
    assert note.startswith("Proposed for an earlier version and still in the EHR: MedicationRequest/")


def test_a_proposal_that_says_the_same_as_one_that_stands_is_not_written_again() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.write(revised(PLAN, reason="other words"), base=PLAN)
    proposed = [
        change for change in scene.prepare(revised(PLAN, reason="x"), base=PLAN).changes if change.resource_type == "MedicationRequest"
    ]
    assert {change.doing for change in proposed} == {Doing.NONE}


def edit_proposal(scene: Scene, **elements: Any) -> str:
    """A clinician changes the first proposal in the EHR."""
    key = next(key for key in scene.ehr.stored if key.startswith("MedicationRequest/"))
    scene.ehr.stored[key].append(deepcopy(scene.ehr.stored[key][-1]) | elements)
    return key


def test_a_proposal_that_was_edited_in_the_ehr_is_shown_as_it_stands_with_what_differs() -> None:
    scene = Scene()
    scene.write(PLAN)
    assert scene.prepare(PLAN).preview().is_held
    dosages = deepcopy(scene.ehr.of("MedicationRequest")[0]["dosageInstruction"])
    ours = dosages[0]["doseAndRate"][0]["doseQuantity"]["value"]
    dosages[0]["doseAndRate"][0]["doseQuantity"]["value"] = 9
    edited = edit_proposal(scene, dosageInstruction=dosages)
    shown = scene.prepare(PLAN).preview()
    card = next(card for card in shown.cards if card.reference == edited)
    assert [(line.now, line.will_be) for line in card.differs] == [("9", str(ours))]
    assert card.differs[0].field == "dosageInstruction[0].doseAndRate[0].doseQuantity.value"
    assert card.body["dosageInstruction"] == dosages
    assert (card.doing, shown.count, shown.is_held) == (Doing.NONE, 0, False)


def test_a_plan_that_somebody_else_changed_or_that_is_not_written_here_is_not_said_to_be_held() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("CarePlan", status="revoked")
    assert not scene.prepare(PLAN).preview().is_held
    assert not Scene(overlay=load_overlay("generic")).prepare(PLAN).preview().is_held


def test_a_second_running_plan_of_the_same_medicine_is_refused() -> None:
    scene = Scene()
    scene.write(PLAN)
    with pytest.raises(WriteRefused, match="another running plan of the same medicine"):
        scene.prepare(replace(PLAN, key="another-strategy", id="0b9f6e0e-0000-5000-8000-000000000001", replaces=None))


def test_a_plan_that_ended_is_not_in_the_way() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("CarePlan", status="revoked")
    other = replace(PLAN, key="another-strategy", id="0b9f6e0e-0000-5000-8000-000000000001", replaces=None)
    assert next(one for one in scene.prepare(other).changes if one.resource_type == "CarePlan").doing is Doing.CREATE


@pytest.mark.parametrize("ended", ["revoked", "completed", "entered-in-error"])
@pytest.mark.parametrize("ledger_knows", [True, False])
def test_a_plan_that_a_clinician_ended_in_the_ehr_is_for_a_person_and_never_made_again(ended: str, ledger_knows: bool) -> None:
    scene = Scene(ledger_knows=ledger_knows)
    scene.write(PLAN)
    scene.ehr.edit("CarePlan", status=ended)
    held = revised(PLAN, state=PlanState.ON_HOLD)
    shown = scene.prepare(held, base=PLAN).preview()
    plan = next(card for card in shown.cards if card.resource_type == "CarePlan")
    assert plan.doing is not Doing.CREATE
    assert ("status", ended, "on-hold") in [(line.field, line.now, line.will_be) for line in plan.conflicts]
    assert not shown.may_write
    with pytest.raises(WriteRefused):
        scene.write(held, base=PLAN)
    assert len(scene.ehr.of("CarePlan")) == 1


def test_a_plan_that_is_ended_here_as_it_was_in_the_ehr_is_written_onto_that_one() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("CarePlan", status="revoked")
    assert scene.write(revised(PLAN, state=PlanState.REVOKED), base=PLAN).state is WriteState.WRITTEN
    assert [one["status"] for one in scene.ehr.of("CarePlan")] == ["revoked"]


def test_of_two_plans_of_one_taper_the_one_that_was_not_ended_is_gone_on_with() -> None:
    scene = Scene()
    scene.write(PLAN)
    running = scene.ehr.only("CarePlan")
    scene.ehr.stored["CarePlan/copy"] = [running | {"id": "copy", "status": "entered-in-error"}]
    plan = next(one for one in scene.prepare(revised(PLAN, reason="x"), base=PLAN).changes if one.resource_type == "CarePlan")
    assert plan.reference == f"CarePlan/{running['id']}"


def test_where_each_of_several_plans_of_one_taper_was_ended_a_person_is_shown_one() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("CarePlan", status="revoked")
    scene.ehr.stored["CarePlan/copy"] = [scene.ehr.of("CarePlan")[0] | {"id": "copy", "status": "entered-in-error"}]
    plan = next(one for one in scene.prepare(revised(PLAN, reason="x"), base=PLAN).changes if one.resource_type == "CarePlan")
    assert [one.element for one in plan.conflicts] == ["status"]


def test_an_older_version_is_not_written_over_a_newer_one() -> None:
    scene = Scene()
    second = revised(PLAN, reason="other words")
    scene.write(PLAN)
    scene.write(second, base=PLAN)
    with pytest.raises(WriteRefused, match="is version 3 of the plan, and this is version 2"):
        scene.prepare(PLAN)


def test_two_plans_of_one_taper_in_the_ehr_are_for_a_person() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.stored["CarePlan/copy"] = [scene.ehr.only("CarePlan") | {"id": "copy"}]
    with pytest.raises(WriteRefused, match="several plans of this taper"):
        scene.prepare(revised(PLAN, reason="x"))


def test_a_plan_of_ours_that_cannot_be_read_any_more_is_for_a_person() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("CarePlan", extension=[])
    with pytest.raises(WriteRefused, match=r"cannot be read any more|another running plan"):
        scene.prepare(revised(PLAN, reason="x"))


class Short(FakeEhr):
    """Its lists may lack something."""

    def search(self, _resource_type: str, _parameters: object, /) -> FakeFound:
        return FakeFound((), complete=False)


def test_a_list_that_may_be_incomplete_is_no_proof_that_nothing_stands() -> None:
    with pytest.raises(WriteRefused, match="may be incomplete"):
        Scene(ehr=Short()).prepare(PLAN)


def test_an_ehr_that_cannot_be_read_stops_the_preview() -> None:
    scene = Scene()
    scene.ehr.reads_fail = EhrAnswered(403)
    with pytest.raises(EhrAnswered):
        scene.prepare(PLAN)


def test_a_generic_ehr_is_written_nothing_and_the_person_is_told() -> None:
    scene = Scene(overlay=load_overlay("generic"))
    receipt = scene.write(PLAN)
    assert (receipt.rung, receipt.resources, scene.ehr.requests) == ("print", (), [])
    assert "print the plan" in receipt.says


@pytest.mark.parametrize(
    ("off", "says"),
    [
        ("Goal", "without its goals: this EHR does not take them"),
        ("Provenance", "without provenance: this EHR does not take it"),
        ("Device", "the program is named in words: this EHR does not take a Device"),
        ("MedicationRequest", "without the proposed prescriptions: they are shown as text"),
        ("RequestGroup", "with its steps inside the care plan: this EHR does not take a RequestGroup"),
    ],
)
def test_what_an_ehr_does_not_take_is_left_out_said_and_the_rest_is_written(off: str, says: str) -> None:
    scene = Scene(switches=SiteSwitches(frozenset({off})))
    receipt = scene.write(PLAN)
    assert receipt.state is WriteState.WRITTEN, receipt
    plan = next(one for one in receipt.resources if one.resource_type == "CarePlan")
    assert says in plan.degraded
    assert scene.ehr.of(off) == []
    assert scene.prepare(PLAN).preview().count == 0
    for base in (PLAN, None):
        assert scene.prepare(revised(PLAN, reason="other words"), base=base).preview().may_write
    assert scene.write(revised(PLAN, reason="other words"), base=PLAN).state is WriteState.WRITTEN


def test_without_leave_to_propose_the_receipt_says_which_way_the_dose_takes() -> None:
    receipt = Scene(granted=FakeGranted(frozenset({("MedicationRequest", "c")}))).write(PLAN)
    assert (
        "dose-proposal: medication-request",
        "MedicationRequest.create: the access that was granted does not cover it",
    ) in receipt.skipped


def test_an_update_of_what_comes_without_a_version_is_refused() -> None:
    class Versionless(FakeEhr):
        def etag(self, key: str) -> str:
            return "" if key else key

    scene = Scene(ehr=Versionless())
    scene.write(PLAN)
    with pytest.raises(WriteRefused, match="comes without a version"):
        scene.send(scene.prepare(revised(PLAN, reason="x"), base=PLAN), revised(PLAN, reason="x"))


def test_the_taper_is_known_by_one_identifier_in_every_version() -> None:
    scene = Scene()
    scene.write(PLAN)
    before = [one for one in scene.ehr.only("CarePlan")["identifier"] if one["system"] == TAPER_SYSTEM]
    scene.write(revised(PLAN, reason="x"), base=PLAN)
    assert [one for one in scene.ehr.only("CarePlan")["identifier"] if one["system"] == TAPER_SYSTEM] == before


@pytest.mark.parametrize("one_by_one", [False, True])
def test_words_of_an_earlier_program_are_no_edit_of_somebody_else(one_by_one: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(switches=single_only() if one_by_one else SiteSwitches())
    plan = approved()
    scene.write(plan)
    monkeypatch.setattr(care_plan, "plan_title", lambda one: f"{plan_title(one)}, as it is said today")
    monkeypatch.setattr(writing, "bundle_of", bundle_of.__wrapped__)
    second = revised(plan, reason="other words")
    assert scene.prepare(second, base=plan).preview().may_write
    assert scene.write(second, base=plan).state is WriteState.WRITTEN
    assert scene.ehr.only("CarePlan")["title"].endswith("as it is said today")
    scene.ehr.edit("CarePlan", title="a colleague's own words")
    again = scene.prepare(revised(second, reason="again"), base=second)
    assert [one.kept for one in again.changes if one.resource_type == "CarePlan"] == [("title",)]


def test_what_somebody_added_stays_through_every_later_version() -> None:
    scene, plan = Scene(), approved()
    scene.write(plan)
    scene.ehr.edit("CarePlan", note=[{"text": "seen by the nurse"}])
    for number in range(3):
        before, plan = plan, revised(plan, reason=f"for the {number}. time")
        assert scene.write(plan, base=before).state is WriteState.WRITTEN
        assert scene.prepare(plan).preview().count == 0
        assert scene.ehr.only("CarePlan")["note"] == [{"text": "seen by the nurse"}]
