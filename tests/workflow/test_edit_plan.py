"""A draft is edited, taken back and made again, each time as its next revision; what it was accepted for goes with it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict
from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.edits import Delete, Edit, Hold, Insert, Lengthen, SetDose
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import StepKind
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.workflow import edit_plan
from fhir_taper.workflow.approve import approve_plan, reasons_against, work_rests_on
from fhir_taper.workflow.chosen_plan import Work, acknowledge, agree, drop_work, work_of
from fhir_taper.workflow.edit_plan import edit, offered_for, redo, undo
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Kept
from tests.odd_ehr import between, changing, each
from tests.web.running import ELDER, Stage
from tests.workflow.opened import Drafting, chart_of


class Desk(Drafting):
    """A prescriber at the draft of the demo's elder."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, ELDER)
        self.person.draft()
        self.loaded: Loaded = load_chart(self.services, self.chart)

    @property
    def document(self) -> bytes:
        return encode(to_document(self.plan))

    def edited(self, *edits: Edit) -> None:
        for one in edits:
            made = edit(self.services, self.chart, self.loaded, one, self.work.revision)
            assert isinstance(made, Work), made
            assert made == self.work  # what is shown is what was saved

    def accept_all(self) -> None:
        for place, one in enumerate(self.plan.findings):
            if one.severity is Severity.ACKNOWLEDGE:
                acknowledge(self.services, self.chart, place, "discussed", self.work.revision)
        agree(self.services, self.chart, "the patient", "slowly", self.work.revision)


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage)


def test_an_edit_is_saved_at_once_as_the_next_revision_with_who_made_it(desk: Desk) -> None:
    before = desk.work.revision
    desk.edited(Hold(1, 14))
    assert desk.work.revision == before + 1
    assert desk.plan.steps[2].kind is StepKind.HOLD
    assert desk.chart.who in desk.plan.steps[2].note
    (one,) = desk.work.edits
    assert (one.edit, one.by) == (Hold(1, 14), desk.chart.who)


def test_a_draft_that_is_kept_at_hand_is_the_one_that_the_store_holds(desk: Desk) -> None:
    desk.accept_all()
    desk.edited(Hold(1, 14), Lengthen(2, 7))
    undo(desk.services, desk.chart, desk.loaded, desk.work.revision)
    at_hand = desk.work
    assert work_of(replace(desk.services, works=Kept()), desk.chart) == at_hand
    drop_work(desk.services, desk.chart, at_hand.revision)
    assert work_of(desk.services, desk.chart) is None


def test_taking_edits_back_gives_the_same_documents_as_before(desk: Desk) -> None:
    desk.accept_all()
    seen = [desk.document]
    for one in (Hold(1, 14), Lengthen(2, 7), Hold(3, 7)):
        desk.edited(one)
        seen.append(desk.document)
    for before in reversed(seen[:-1]):
        undo(desk.services, desk.chart, desk.loaded, desk.work.revision)
        assert desk.document == before
    for after in seen[1:]:
        redo(desk.services, desk.chart, desk.loaded, desk.work.revision)
        assert desk.document == after
    assert desk.work.undone == ()


def test_what_was_said_to_an_edited_draft_comes_back_with_it(desk: Desk) -> None:
    desk.edited(Hold(1, 14))
    desk.accept_all()
    said = desk.document
    undo(desk.services, desk.chart, desk.loaded, desk.work.revision)
    assert desk.plan.agreement is None
    redo(desk.services, desk.chart, desk.loaded, desk.work.revision)
    assert desk.document == said


def test_a_finding_that_changed_is_to_be_acknowledged_again_and_one_that_did_not_is_not(desk: Desk) -> None:
    desk.accept_all()
    accepted = desk.plan.acknowledgements
    desk.edited(Lengthen(1, 14, to_later=True))
    assert desk.plan.acknowledgements == accepted
    assert desk.plan.agreement is None
    desk.edited(Insert(2, Decimal("2.25"), 14))
    found = {(one.code, one.rule, one.message) for one in desk.plan.findings}
    kept = desk.plan.acknowledgements
    assert kept == tuple(one for one in accepted if (one.code, one.rule, one.message) in found)
    assert 0 < len(kept) < len(accepted)
    assert any("agree" in reason for reason in reasons_against(desk.services, desk.chart, desk.loaded, desk.work))


def test_a_new_edit_forgets_what_was_taken_back(desk: Desk) -> None:
    desk.edited(Hold(1, 14))
    undo(desk.services, desk.chart, desk.loaded, desk.work.revision)
    desk.edited(Lengthen(1, 7))
    with pytest.raises(NotAllowed, match="nothing was taken back"):
        redo(desk.services, desk.chart, desk.loaded, desk.work.revision)


def test_there_is_nothing_to_take_back_in_a_draft_as_it_was_made(desk: Desk) -> None:
    with pytest.raises(NotAllowed, match="nothing was edited"):
        undo(desk.services, desk.chart, desk.loaded, desk.work.revision)


def test_an_edit_that_breaks_a_rule_leaves_the_draft_as_it_was(desk: Desk) -> None:
    before = desk.work
    for one in (SetDose(1, Decimal(100)), SetDose(1, Decimal("0.0001")), Delete(0), Lengthen(1, 1095)):
        assert isinstance(edit(desk.services, desk.chart, desk.loaded, one, before.revision), Infeasible)
    assert desk.work == before


def test_an_edit_of_a_page_that_is_not_the_newest_changes_nothing(desk: Desk) -> None:
    stale = desk.work.revision
    desk.edited(Hold(1, 14))
    after = desk.work
    with pytest.raises(StoreConflict):
        edit(desk.services, desk.chart, desk.loaded, Hold(1, 7), stale)
    for again in (undo, redo):
        with pytest.raises(StoreConflict):
            again(desk.services, desk.chart, desk.loaded, stale)
    assert desk.work == after


def test_a_reader_edits_nothing_and_a_pharmacist_may(desk: Desk, stage: Stage) -> None:
    acts: tuple[Callable[[OpenChart], object], ...] = (
        lambda chart: edit(desk.services, chart, desk.loaded, Hold(1, 14), desk.work.revision),
        lambda chart: undo(desk.services, chart, desk.loaded, desk.work.revision),
        lambda chart: redo(desk.services, chart, desk.loaded, desk.work.revision),
    )
    for act in acts:
        with pytest.raises(LaunchRefused) as refused:
            act(chart_of(stage, ELDER, "reader"))
        assert refused.value.reason == "role"
    pharmacist = chart_of(stage, ELDER, "pharmacist")
    edit(desk.services, pharmacist, desk.loaded, Hold(1, 14), desk.work.revision)
    assert pharmacist.who in desk.plan.steps[2].note


def test_a_draft_whose_orders_changed_is_not_edited(desk: Desk, stage: Stage) -> None:
    with between(stage.demo, changing("MedicationRequest", each(lambda order: order.update(status="stopped")))):
        afresh = load_chart(desk.services, desk.chart, afresh=True)
    before = desk.work
    with pytest.raises(NotAllowed, match="the chart changed since this draft was made"):
        edit(desk.services, desk.chart, afresh, Hold(1, 14), before.revision)
    assert desk.work == before


def test_an_edited_draft_is_approved_as_it_was_edited(desk: Desk, stage: Stage) -> None:
    desk.edited(Hold(1, 14), Lengthen(3, 7))
    desk.accept_all()
    draft = desk.plan
    try:
        approved = approve_plan(desk.services, desk.chart, str(work_rests_on(desk.services, desk.chart)))
    finally:
        stage.forget(ELDER)
    assert approved.steps == draft.steps
    assert approved.replaces == draft.id
    assert approved.key == draft.key


def test_a_draft_holds_no_more_edits_than_can_be_made_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit_plan, "MOST_EDITS", 2)
    desk.edited(Lengthen(1, 1), Lengthen(1, 1))
    with pytest.raises(NotAllowed, match="2 edits are on this draft"):
        edit(desk.services, desk.chart, desk.loaded, Lengthen(1, 1), desk.work.revision)


def test_few_plans_are_kept_for_the_next_edit(desk: Desk) -> None:
    desk.edited(*(Lengthen(1, 1) for _ in range(4)))
    assert len(desk.loaded.made) <= 2


def test_what_is_offered_at_a_step_is_asked_of_the_draft_as_it_is(desk: Desk) -> None:
    desk.edited(Hold(1, 14))
    paused = offered_for(desk.loaded, desk.work, 2)
    assert paused is not None
    assert (paused.doses, paused.may_pause, paused.may_delete) == ((), True, True)
    assert offered_for(desk.loaded, desk.work, len(desk.plan.steps) - 1) is None
