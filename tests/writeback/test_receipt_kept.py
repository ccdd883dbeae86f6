"""The ledger alone gives the receipt of a write again, as it was shown, and as it is known after a sweep or a person looked."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.records import WriteReceipt, WriteState
from fhir_taper.writeback.receipt_kept import errands_of, receipt_of
from fhir_taper.writeback.recover import by_person
from tests.mappers.write.example_plans import BEFORE
from tests.writeback.fake_ehr import Crash, FakeEhr, Fault, answers, killed_after, lost_after, lost_before
from tests.writeback.writing import Scene, approved, revised, single_only

PLAN = approved()


def kept(scene: Scene) -> WriteReceipt:
    """What any other process makes of the ledger."""
    return receipt_of(errands_of(scene.ledger.rows.values())[-1])


def altered(resource: dict[str, Any]) -> dict[str, Any]:
    return resource | ({"title": "otherwise"} if resource["resourceType"] == "CarePlan" else {})


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize("fault", [None, lost_after, answers(422), answers(429, retry_after="60"), answers(412)])
@pytest.mark.parametrize("alter", [None, altered])
def test_the_ledger_gives_the_receipt_again_as_it_was_shown(
    one_by_one: bool, fault: Fault | None, alter: Callable[..., Any] | None
) -> None:
    scene = Scene(switches=single_only()) if one_by_one else Scene()
    scene.ehr.alter = alter or scene.ehr.alter
    scene.ehr.fault = fault
    shown = scene.write(PLAN)
    assert shown.is_sent
    assert kept(scene) == shown


def test_what_stood_already_and_what_was_read_back_otherwise_is_on_it() -> None:
    scene = Scene()
    scene.write(PLAN)
    second = revised(PLAN, reason="other words")
    scene.ehr.alter = altered
    shown = scene.write(second, base=PLAN)
    assert kept(scene) == shown
    assert {one.doing for one in shown.resources} == {"none", "update", "create"}
    assert any("we wrote" in line for one in kept(scene).resources for line in one.differences)


@pytest.mark.parametrize(("fault", "state"), [(killed_after, WriteState.WRITTEN), (lost_before, WriteState.REJECTED)])
def test_what_a_sweep_found_is_on_it(fault: Fault, state: WriteState) -> None:
    scene = Scene()
    scene.ehr.fault = fault
    with suppress(Crash):
        scene.write(PLAN)
    assert kept(scene).state is WriteState.UNKNOWN
    scene.clock.pass_time(minutes=3)
    assert scene.sweep() == [state]
    found = kept(scene)
    assert found.state is state
    assert {one.says for one in found.resources if one.doing != "none"} == {
        "found, with the same meaning" if state is WriteState.WRITTEN else "it never arrived"
    }


def test_what_a_person_found_is_on_it_under_their_name() -> None:
    scene = Scene(ehr=FakeEhr(frozenset()))
    scene.ehr.fault = lost_after
    scene.write(PLAN)
    (row,) = scene.ledger.rows.values()
    by_person(row, Decision("Practitioner/dr1", BEFORE, "it stands there"), scene.ledger, scene.clock, WriteState.WRITTEN)
    found = kept(scene)
    assert found.state is WriteState.WRITTEN
    assert f"Practitioner/dr1, {BEFORE.isoformat()}: it stands there" in {one.says for one in found.resources}


def test_a_row_from_before_receipts_were_kept_is_told_as_far_as_it_goes() -> None:
    scene = Scene()
    shown = scene.write(PLAN)
    (row,) = scene.ledger.rows.values()
    new = {"is_read_back", "differences", "degraded", "narrative"}
    old = [{name: value for name, value in one.items() if name not in new} for one in row.detail["resources"]]
    detail = {name: value for name, value in row.detail.items() if name != "errand"} | {"resources": old}
    found = receipt_of([replace(row, detail=detail)])
    assert (found.state, found.says) == (WriteState.WRITTEN, shown.says)
    assert all(one.is_read_back for one in found.resources)


def test_two_writes_are_two_errands_and_one_by_one_is_one() -> None:
    scene = Scene(switches=single_only())
    scene.write(PLAN)
    scene.write(revised(PLAN, reason="other words"), base=PLAN)
    assert [{row.plan_version for row in rows} for rows in errands_of(scene.ledger.rows.values())] == [{PLAN.version}, {PLAN.version + 1}]


def test_what_was_never_sent_is_no_receipt_of_the_ledger() -> None:
    scene = Scene()
    scene.write(PLAN)
    assert not scene.write(PLAN).is_sent
