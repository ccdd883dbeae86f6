"""A write that is under way while another process looks: its clock may be another one, and an answer may come later than was thought."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.records import LedgerRow, WriteReceipt, WriteState
from fhir_taper.sandbox.forwarding import Answer
from fhir_taper.workflow.audited_ledger import AuditedLedger
from fhir_taper.workflow.open_chart import open_chart
from fhir_taper.workflow.recover_writes import is_young, sweep
from fhir_taper.workflow.services import utc_now
from fhir_taper.workflow.write_back import preview_plan, write_plan
from tests.interop.writing_to import Clock, Scene
from tests.odd_ehr import between
from tests.web.running import Stage
from tests.workflow.opened import cookie_of
from tests.workflow.test_recover_writes import new_patient


def written(stage: Stage, patient: str, meanwhile: Callable[[LedgerRow], None]) -> WriteReceipt:
    """Write a plan; while its request is on the way, something else happens."""
    Scene(stage.services, patient, Clock(utc_now()), tenant="demo").approve()
    person = stage.opened(patient)
    chart = open_chart(stage.services, person.launch, cookie_of(stage, person))
    seen = preview_plan(stage.services, chart).seen
    late: list[LedgerRow] = []

    def answer(method: str, path: str, forward: Callable[[], Answer]) -> Answer:
        del path
        if method != "GET" and not late:
            late.extend(stage.services.ledger.of_patient("demo", patient))
            meanwhile(late[0])
        return forward()

    with between(stage.demo, answer):
        return write_plan(stage.services, chart, seen)


@pytest.mark.parametrize("minutes", [-3, 3, 600])
def test_a_write_under_way_is_not_settled_by_a_process_whose_clock_is_another(stage: Stage, minutes: int) -> None:
    patient = new_patient(stage)
    other = replace(stage.services, clock=lambda: utc_now() + timedelta(minutes=minutes))
    found: list[WriteState] = []

    def look(row: LedgerRow) -> None:
        swept = sweep(other)
        found.append(swept.states.get(row.id, WriteState.PENDING))
        assert is_young(row, other.ledger.now())

    receipt = written(stage, patient, look)
    (row,) = stage.services.ledger.of_patient("demo", patient)
    assert (found, receipt.state, row.state) == ([WriteState.PENDING], WriteState.WRITTEN, WriteState.WRITTEN)


def test_a_write_of_a_process_whose_clock_is_behind_is_as_old_as_it_is(stage: Stage) -> None:
    patient = new_patient(stage)
    behind = replace(stage, services=replace(stage.services, clock=lambda: utc_now() - timedelta(seconds=100)))
    written(behind, patient, lambda _: None)
    (row,) = stage.services.ledger.of_patient("demo", patient)
    assert timedelta(0) <= stage.services.ledger.now() - row.opened < timedelta(seconds=90)


@pytest.mark.parametrize("thought", [WriteState.REJECTED, WriteState.UNKNOWN])
def test_the_late_answer_of_a_write_corrects_what_was_thought_of_it_and_the_audit_tells_both(stage: Stage, thought: WriteState) -> None:
    patient = new_patient(stage)
    sweeping = AuditedLedger(stage.services, "fhir-taper", "recover-write")

    def give_up(row: LedgerRow) -> None:
        sweeping.settle(row.id, thought, at=stage.services.clock(), detail=row.detail | {"looked": "it never arrived"})

    receipt = written(stage, patient, give_up)
    (row,) = stage.services.ledger.of_patient("demo", patient)
    assert (receipt.state, row.state, row.detail["looked"]) == (WriteState.WRITTEN, WriteState.WRITTEN, "it never arrived")
    entries = [one.entry for one in stage.services.audit.entries("demo", limit=10_000, patient_id=patient)]
    told = [(one.action, one.outcome) for one in entries if one.detail.get("ledger") == row.id]
    assert told == [("recover-write", thought.value), ("settle-write", "written")]
