"""Writes of which nobody knows whether they were done: who looks for them, what is found, and what only a person can say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from fhir_taper.cli.demo import running_demo
from fhir_taper.errors import LaunchRefused, StoreError, WriteRefused, WrongUsage
from fhir_taper.exact_json import encode
from fhir_taper.records import LedgerRow, Secret, Tenant, WriteState
from fhir_taper.sandbox.forwarding import Answer, send
from fhir_taper.sandbox.resource_server import Intercept
from fhir_taper.settings import Settings
from fhir_taper.smart.launch import backend, token_endpoint
from fhir_taper.smart.launch.token_endpoint import TokenAnswer
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.ledger import Ledger
from fhir_taper.workflow.open_chart import OpenChart, open_chart
from fhir_taper.workflow.recover_writes import Swept, found_in_words, sweep, sweep_chart, told_by_person, unresolved_writes
from fhir_taper.workflow.services import Services, utc_now
from fhir_taper.workflow.write_back import preview_plan, write_plan
from tests.interop.writing_to import Clock, Scene
from tests.odd_ehr import between, refusing
from tests.store.kept import open_write
from tests.web.running import Stage
from tests.workflow.opened import cookie_of

LATER = timedelta(minutes=5)
WRITE = '<button class="strong">Write'
_NUMBERS = count()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A demo of this module's own: its writes are nobody else's."""
    with running_demo() as (demo, services):
        yield Stage(demo, services)


@dataclass
class Lost:
    """A plan whose write was lost, and the services as they are minutes later."""

    stage: Stage
    patient: str
    later: Services
    found: WriteState
    """What is to be found."""
    row_id: str = ""

    @property
    def chart(self) -> OpenChart:
        person = self.stage.opened(self.patient)
        return open_chart(self.later, person.launch, cookie_of(self.stage, person))

    @property
    def row(self) -> LedgerRow:
        row = self.later.ledger.row(self.row_id)
        assert row is not None
        return row

    def lines(self, action: str = "recover-write") -> list[tuple[str, str, str | None]]:
        entries = [one.entry for one in self.later.audit.entries("demo", limit=10_000, patient_id=self.patient)]
        return [(one.outcome, one.actor, one.launch_id) for one in entries if one.action == action]


@contextmanager
def answering(stage: Stage, *, commits: bool) -> Iterator[None]:
    """Every write ends with a gateway's time-out; the server behind did it, or not."""

    def answer(method: str, path: str, forward: Callable[[], Answer]) -> Answer:
        del path
        if method == "GET":
            return forward()
        if commits:
            forward()
        return Answer(504, {}, b"")

    with between(stage.demo, answer):
        yield


@pytest.fixture(params=[True, False], ids=["done", "not done"])
def lost(stage: Stage, request: pytest.FixtureRequest) -> Lost:
    """The same, once the server did it and once it did not."""
    return lose(stage, commits=request.param)


def lose(stage: Stage, *, commits: bool) -> Lost:
    """Approve a plan for a new patient, and lose the answer to its write."""
    patient = new_patient(stage)
    scene = Scene(stage.services, patient, Clock(utc_now()), tenant="demo")
    scene.approve()
    person = stage.opened(patient)
    chart = open_chart(stage.services, person.launch, cookie_of(stage, person))
    with answering(stage, commits=commits):
        receipt = write_plan(stage.services, chart, preview_plan(stage.services, chart).seen)
    assert receipt.state is WriteState.UNKNOWN
    found = WriteState.WRITTEN if commits else WriteState.REJECTED
    return Lost(stage, patient, at(stage.services, lambda: utc_now() + LATER), found, receipt.ledger_ids[0])


def at(services: Services, clock: Callable[[], datetime]) -> Services:
    """The services as they are when everybody's clock says this, the database's too."""
    return replace(services, clock=clock, ledger=Ledger(services.database, services.keys, lambda _: clock()))


def new_patient(stage: Stage) -> str:
    """A patient of the demo whom no other test writes to."""
    known_as = f"recovered-{next(_NUMBERS)}"
    body = encode({"resourceType": "Patient", "id": known_as, "name": [{"family": "Example"}], "birthDate": "1950-03-01"})
    answer = send("PUT", f"{stage.demo.resources.behind}/Patient/{known_as}", {"Content-Type": "application/fhir+json"}, body)
    assert answer.status == 201, answer.body
    return known_as


def test_the_sweep_finds_out_by_the_programs_own_access_and_audits_it(lost: Lost) -> None:
    swept = sweep(lost.later)
    assert (swept.states[lost.row_id], lost.row.state) == (lost.found, lost.found)
    assert lost.row.id not in swept.waiting
    assert lost.lines()[-1] == (lost.found.value, "fhir-taper", None)


def test_the_next_launch_in_the_same_chart_finds_out_by_itself(lost: Lost) -> None:
    with_later = sweep_chart(lost.later, lost.chart)
    # What stands was found by the launch at once; what does not is told only when it can no longer arrive.
    assert lost.row.state is lost.found
    assert with_later.unresolved == 0
    outcome, actor, launch = lost.lines()[-1]
    assert (outcome, actor, launch is not None) == (lost.found.value, "Practitioner/dr1", True)


def test_what_became_of_a_write_and_its_line_in_the_audit_are_one_commit(stage: Stage) -> None:
    lost = lose(stage, commits=True)
    assert [outcome for outcome, _, _ in lost.lines("settle-write")] == ["unknown"]
    other_key = AuditLog(lost.later.database, Secret("a key that the chain was not written with"))
    with pytest.raises(StoreError, match="audit chain"):
        sweep(replace(lost.later, audit=other_key))
    assert lost.row.state is WriteState.UNKNOWN


def test_without_an_access_of_its_own_the_program_leaves_the_write_to_the_next_launch(stage: Stage) -> None:
    lost = lose(stage, commits=True)
    (tenant,) = lost.later.settings.tenants
    alone = replace(lost.later, settings=with_tenant(lost.later, replace(tenant, backend_client_id=None)))
    assert sweep(alone).waiting[lost.row.id] == "no-access"
    unkeyed = replace(lost.later, settings=with_tenant(lost.later, replace(tenant, signing_keys=())))
    assert lost.row.id in {*sweep(replace(unkeyed, backend=type(unkeyed.backend)())).waiting}
    assert lost.row.state is WriteState.UNKNOWN
    assert sweep(lost.later).states[lost.row.id] is WriteState.WRITTEN


def with_tenant(services: Services, tenant: Tenant) -> Settings:
    return replace(services.settings, tenants=(tenant,))


def test_an_ehr_that_does_not_answer_leaves_it_unknown(stage: Stage) -> None:
    lost = lose(stage, commits=True)
    with between(stage.demo, refusing(500)):
        swept = sweep(lost.later)
    assert swept.states.get(lost.row.id, WriteState.UNKNOWN) is WriteState.UNKNOWN
    assert swept.unresolved >= 1
    sweep(lost.later)


def test_a_write_whose_answer_may_still_come_is_left_alone(stage: Stage) -> None:
    lost = lose(stage, commits=False)
    assert lost.row.id not in {*sweep(stage.services).states}
    sweep(lost.later)


def untellable(stage: Stage) -> Lost:
    """A write that no search of the EHR finds again."""
    lost = lose(stage, commits=False)
    sweep(lost.later)
    sent = {"resource_type": "Communication", "doing": "create", "write_identifier": "c0ffee", "meaning": "0"}
    row = replace(
        lost.row,
        id=f"row-{lost.patient}",
        write_identifier=f"w-{lost.patient}",
        state=WriteState.PENDING,
        opened=utc_now() - LATER,
        settled=None,
        detail={"sent": [sent]},
    )
    open_write(stage.services.ledger, row)
    return replace(lost, row_id=row.id)


def test_what_the_ehr_cannot_tell_is_told_by_a_prescriber_who_looked(stage: Stage) -> None:
    lost = untellable(stage)
    assert sweep_chart(lost.later, lost.chart).unresolved == 1
    assert lost.row.state is WriteState.UNKNOWN
    with pytest.raises(WriteRefused, match="in words"):
        told_by_person(lost.later, lost.chart, lost.row.id, WriteState.REJECTED, " ")
    assert told_by_person(lost.later, lost.chart, lost.row.id, WriteState.REJECTED, "it is not in the chart") is WriteState.REJECTED
    assert unresolved_writes(lost.later, lost.chart) == ()
    assert lost.lines()[-1][:2] == ("rejected", "Practitioner/dr1")
    with pytest.raises(WriteRefused, match="settled already"):
        told_by_person(lost.later, lost.chart, lost.row.id, WriteState.REJECTED, "again")


def test_nobody_else_says_what_is_there_and_nobody_before_it_can_have_arrived(stage: Stage) -> None:
    lost = untellable(stage)
    reader = stage.opened(lost.patient, "reader")
    with pytest.raises(LaunchRefused):
        told_by_person(lost.later, open_chart(lost.later, reader.launch, cookie_of(stage, reader)), lost.row.id, WriteState.WRITTEN, "x")
    young = at(lost.later, lambda: lost.row.opened + timedelta(seconds=100))
    with pytest.raises(WriteRefused, match="two minutes"):
        told_by_person(young, lost.chart, lost.row.id, WriteState.WRITTEN, "x")


def test_a_write_that_is_not_known_stands_on_the_screen_until_a_prescriber_says_what_is_there(stage: Stage) -> None:
    lost = untellable(stage)
    person = stage.opened(lost.patient)
    shown = person.get("write-back").text
    assert "One write is not known to have arrived: look in the EHR" in shown
    assert "identifier c0ffee" in shown
    assert "cannot be told" in shown
    assert WRITE not in shown
    assert "Keep what I found" not in stage.opened(lost.patient, "reader").get("write-back").text
    fields = person.form("write-back", "/write-back/found")
    assert person.browser.post(f"{person.here}/write-back/found", fields | {"found": "gone", "reason": "x"}).status == 422
    after = person.browser.post(f"{person.here}/write-back/found", fields | {"found": "rejected", "reason": "looked"})
    assert "is not known to have arrived" not in after.text
    assert WRITE in after.text


def test_only_what_a_person_can_have_found_is_a_word_for_it() -> None:
    assert [found_in_words(word) for word in ("written", "mismatch", "rejected")] == [
        WriteState.WRITTEN,
        WriteState.MISMATCH,
        WriteState.REJECTED,
    ]
    for word in ("unknown", "pending", "", "Written"):
        with pytest.raises(WrongUsage):
            found_in_words(word)


def answering_tokens(scope: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The EHR grants this to the program's own access, whatever is asked; None: it does not say what it grants."""

    def granted(*args: Any, scope: str, said: str | None = scope, **named: Any) -> TokenAnswer:
        answer = token_endpoint.client_credentials(*args, scope=scope, **named)
        tokens = replace(answer.tokens, scope=scope if said is None else said)
        return replace(answer, tokens=tokens, says_scope=said is not None)

    monkeypatch.setattr(backend, "client_credentials", granted)


def swept_with(lost: Lost, scope: str | None) -> Swept:
    """A sweep with an access of its own, to which the EHR grants this; tokens of other tests are left alone."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        answering_tokens(scope, monkeypatch)
        return sweep(replace(lost.later, backend=backend.BackendTokens()))


def noting(asked: list[str]) -> Intercept:
    def intercept(method: str, path: str, forward: Callable[[], Answer]) -> Answer:
        asked.append(f"{method} {path}")
        return forward()

    return intercept


@pytest.mark.parametrize("scope", ["", "system/Patient.rs", "system/CarePlan.c", "system/*.rs?_tag=x"])
def test_an_access_to_which_nothing_of_a_write_was_granted_asks_for_nothing_of_it_and_says_so(
    scope: str, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    lost = lose(stage, commits=False)
    asked: list[str] = []
    before = len(stage.services.audit.entries("demo", limit=100_000))
    with between(stage.demo, noting(asked)):
        swept = swept_with(lost, scope)
    assert swept.waiting[lost.row.id] == "not-granted"
    assert lost.row.state is WriteState.UNKNOWN
    assert [one for one in asked if "metadata" not in one] == []
    if "*" not in scope:
        lines = [one.entry for one in stage.services.audit.entries("demo", after=before)]
        (line,) = [one for one in lines if (one.actor, one.outcome) == ("fhir-taper", "partly")]
        assert line.detail["not-granted"]["CarePlan"] == "rs"
        assert "not_granted" in caplog.text
    sweep(lost.later)


def test_an_access_that_was_granted_a_part_asks_for_no_more_and_concludes_no_more(stage: Stage) -> None:
    """What was granted finds the care plan; what it refers to may not be read, so nobody says that it arrived."""
    lost = lose(stage, commits=True)
    asked: list[str] = []
    with between(stage.demo, noting(asked)):
        swept = swept_with(lost, "system/CarePlan.rs")
    assert swept.states[lost.row.id] is WriteState.UNKNOWN
    assert {one.split()[1].partition("/")[0].partition("?")[0] for one in asked} <= {"CarePlan", "metadata"}
    assert sweep(lost.later).states[lost.row.id] is WriteState.WRITTEN


def test_an_access_that_does_not_say_what_it_grants_has_what_was_asked(stage: Stage) -> None:
    lost = lose(stage, commits=True)
    assert swept_with(lost, None).states[lost.row.id] is WriteState.WRITTEN
