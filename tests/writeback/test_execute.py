import pytest

from fhir_taper.mappers.read.care_plan import from_bundle
from fhir_taper.records import WriteState
from fhir_taper.writeback.changes import Doing
from fhir_taper.writeback.negotiate import SiteSwitches
from tests.writeback.fake_ehr import FakeEhr
from tests.writeback.writing import Scene, approved, revised, single_only

UNSEARCHABLE = frozenset({"CarePlan", "MedicationRequest", "Device"})


def read_back(ehr: FakeEhr) -> object:
    entries = [{"fullUrl": "", "resource": one} for kind in ("CarePlan", "RequestGroup") for one in ehr.of(kind)]
    return from_bundle({"resourceType": "Bundle", "type": "collection", "entry": entries})


@pytest.mark.parametrize("name", ["diazepam", "oxycodone", "patch", "two-strengths", "liquid", "alternate-day", "weekly"])
@pytest.mark.parametrize("switches", [SiteSwitches(), single_only()])
def test_a_plan_is_written_read_back_and_is_the_same_plan(name: str, switches: SiteSwitches) -> None:
    scene = Scene(switches=switches)
    plan = approved(name)
    receipt = scene.write(plan)
    assert receipt.state is WriteState.WRITTEN, receipt
    assert all(one.is_read_back for one in receipt.resources)
    assert read_back(scene.ehr) == plan
    assert set(scene.ledger.states()) == {"written"}


def test_a_transaction_is_exactly_one_request_and_one_ledger_row() -> None:
    scene = Scene()
    receipt = scene.write(approved())
    assert (receipt.rung, len(scene.ehr.requests), len(scene.ledger.rows)) == ("transaction", 1, 1)


def test_the_same_plan_again_changes_nothing() -> None:
    scene = Scene()
    scene.write(approved())
    again = scene.write(approved())
    assert again.state is WriteState.WRITTEN
    assert {one.doing for one in again.resources} == {"none"}
    assert len(scene.ehr.requests) == 1


def test_a_server_that_cannot_search_steps_and_goals_is_written_to_and_updated_too() -> None:
    scene = Scene(ehr=FakeEhr(UNSEARCHABLE))
    first = approved()
    scene.write(first)
    assert {change.doing for change in scene.prepare(first).changes} == {Doing.NONE}
    receipt = scene.write(revised(first, reason="other words"), base=first)
    assert receipt.state is WriteState.WRITTEN
    assert len(scene.ehr.of("CarePlan")) == len(scene.ehr.of("RequestGroup")) == 1


@pytest.mark.parametrize("has_base", [True, False])
@pytest.mark.parametrize("switches", [SiteSwitches(), single_only()])
def test_the_next_version_updates_what_stands_with_its_version(has_base: bool, switches: SiteSwitches) -> None:
    scene = Scene(switches=switches)
    first = approved()
    scene.write(first)
    second = revised(first, reason="other words")
    receipt = scene.write(second, base=first if has_base else None)
    assert receipt.state is WriteState.WRITTEN, receipt
    assert read_back(scene.ehr) == second
    assert len(scene.ehr.of("CarePlan")) == 1
    assert len(scene.ehr.stored["CarePlan/" + scene.ehr.only("CarePlan")["id"]]) == 2
