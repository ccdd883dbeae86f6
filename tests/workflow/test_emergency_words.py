"""A clinician's words for emergencies: of one draft however often it is made again, of a next version, and of a plan that runs."""

from collections.abc import Iterator

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict
from fhir_taper.plans.tapers.edits import Hold
from fhir_taper.workflow.approve import approve_plan, work_rests_on
from fhir_taper.workflow.chosen_plan import Work, change
from fhir_taper.workflow.course import Turned, turned
from fhir_taper.workflow.edit_plan import edit, undo
from fhir_taper.workflow.emergency_words import word_draft, word_next, word_running
from fhir_taper.workflow.kept_work import give_up, kept_work
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.next_version import approve_next, discard_next, draft_next, next_version
from fhir_taper.workflow.own_words import typed_words
from tests.web.running import ELDER, MIXED, Stage
from tests.workflow.ended import end_running
from tests.workflow.followed import Followed
from tests.workflow.opened import Drafting, chart_of
from tests.workflow.test_next_version import ANOTHER, SLOW, accepted, drafted, ready, seen

TYPED = typed_words("call before you take more", "heat", "clinic 555-0100")


class Desk(Drafting):
    """A prescriber with a draft on the desk."""

    def drafted(self, drug: str, reason: str = "falls", baseline: str = "") -> None:
        """Ask for a taper of a medicine, and choose a way."""
        asked = {"drug": drug, "benzo_table": "va-dod-2021", "reason": reason, "baseline": baseline, "baseline_how": baseline and "told"}
        self.person.send("strategies", "/strategies", **asked)
        assert self.person.send("strategies", "/choose", way="strategy linear").status == 200
        assert self.plan.ingredient == drug

    def word(self) -> Work:
        return word_draft(self.services, self.chart, TYPED, self.work.revision)


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    yield Desk(stage, MIXED)
    stage.forget(MIXED)


def test_words_for_a_draft_stand_in_its_plan_under_who_said_them_and_a_stale_page_saves_none(desk: Desk, stage: Stage) -> None:
    desk.drafted("diazepam")
    before = desk.work.revision
    assert desk.word() == desk.work
    said = desk.plan.contingency
    assert (said.breakthrough, said.comfort_plan, said.emergency_contacts) == (TYPED.breakthrough, "heat", TYPED.contacts)
    assert (said.said_by, desk.work.revision) == (desk.chart.who, before + 1)
    with pytest.raises(StoreConflict):
        word_draft(desk.services, desk.chart, TYPED, before)
    with pytest.raises(LaunchRefused):
        word_draft(desk.services, chart_of(stage, MIXED, "reader"), TYPED, before + 1)


@pytest.mark.feature("F55")
def test_words_of_a_draft_stay_with_it_however_often_it_is_made_again(desk: Desk) -> None:
    desk.drafted("diazepam")
    said = desk.word().words
    loaded = load_chart(desk.services, desk.chart)
    assert isinstance(edit(desk.services, desk.chart, loaded, Hold(1, 14), desk.work.revision), Work)
    assert desk.plan.contingency.breakthrough == TYPED.breakthrough
    undo(desk.services, desk.chart, loaded, desk.work.revision)
    assert desk.plan.contingency.breakthrough == TYPED.breakthrough
    change(desk.services, desk.chart, loaded, desk.work.options, desk.work.revision)
    assert desk.plan.contingency.breakthrough == TYPED.breakthrough
    desk.drafted("diazepam")
    assert (desk.work.words, desk.plan.contingency.breakthrough) == (said, TYPED.breakthrough)


def test_words_typed_for_one_medicine_are_not_in_the_draft_of_the_next(desk: Desk) -> None:
    desk.drafted("diazepam")
    desk.word()
    desk.drafted("oxycodone", baseline="45")
    assert (desk.work.words, desk.plan.contingency.breakthrough, desk.plan.contingency.said_by) == (None, "", "")
    desk.drafted("diazepam")
    assert desk.plan.contingency.breakthrough == ""


def test_words_are_given_up_with_their_draft_and_are_no_work_of_their_own(desk: Desk) -> None:
    desk.drafted("diazepam")
    desk.word()
    (kept,) = kept_work(desk.services, desk.chart)
    assert kept.screen == "plan"
    give_up(desk.services, desk.chart, desk.work.revision)
    assert desk.services.drafts.names("demo", MIXED) == ()
    desk.drafted("diazepam")
    assert desk.plan.contingency.breakthrough == ""


def test_there_are_no_words_without_a_draft(desk: Desk) -> None:
    desk.person.send("strategies", "/strategies", drug="diazepam", benzo_table="va-dod-2021", reason="falls")
    with pytest.raises(NotAllowed, match="there is no draft yet"):
        desk.word()


def test_a_draft_is_approved_with_its_words_and_the_next_draft_begins_without(stage: Stage) -> None:
    desk = Desk(stage, ELDER)
    end_running(stage.services, desk.chart)
    desk.drafted("lorazepam", "of a test of words")
    desk.person.ready()
    desk.word()
    try:
        approved = approve_plan(desk.services, desk.chart, str(work_rests_on(desk.services, desk.chart)))
        assert (approved.contingency.breakthrough, approved.contingency.said_by) == (TYPED.breakthrough, desk.chart.who)
        desk.drafted("lorazepam")
        assert desk.plan.contingency.breakthrough == ""
    finally:
        end_running(stage.services, desk.chart)
        stage.forget(ELDER)


def test_words_for_a_running_plan_are_a_version_that_only_a_prescriber_makes(followed: Followed) -> None:
    with pytest.raises(LaunchRefused, match="only a prescriber"):
        word_running(followed.services, followed.as_user("pharmacist"), followed.kept.version.id, TYPED)
    after = word_running(followed.services, followed.chart, followed.kept.version.id, TYPED)
    assert followed.newest().plan == after
    assert (after.version, after.steps, after.contingency.comfort_plan) == (5, followed.plan.steps, "heat")
    with pytest.raises(StoreConflict):
        word_running(followed.services, followed.chart, followed.kept.version.id, TYPED)


def test_words_for_a_running_plan_that_name_nobody_to_call_leave_the_crisis_lines_of_the_site(followed: Followed) -> None:
    lines = tuple(f"Crisis line {line}" for line in followed.chart.tenant.crisis_lines)
    assert lines
    after = word_running(followed.services, followed.chart, followed.kept.version.id, typed_words("rest", "heat", ""))
    assert after.contingency.emergency_contacts == lines
    assert followed.newest().plan == after


def test_words_for_a_next_version_are_its_own_and_approved_with_it(followed: Followed) -> None:
    draft = ready(followed)
    worded = word_next(followed.services, followed.chart, TYPED, draft.revision)
    assert next_version(followed.services, followed.chart) == worded
    assert worded.plan.contingency.breakthrough == TYPED.breakthrough
    assert followed.newest().plan.contingency.breakthrough == ""
    with pytest.raises(StoreConflict):
        word_next(followed.services, followed.chart, TYPED, draft.revision)
    again = accepted(followed, drafted(followed, ANOTHER))
    assert again.plan.contingency.breakthrough == TYPED.breakthrough
    assert approve_next(followed.services, followed.chart, seen(followed)).contingency.breakthrough == TYPED.breakthrough


def test_words_of_a_next_version_are_given_up_with_it(followed: Followed) -> None:
    worded = word_next(followed.services, followed.chart, TYPED, drafted(followed).revision)
    discard_next(followed.services, followed.chart, worded.revision)
    found = turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, SLOW)
    assert isinstance(found, Turned)
    again = draft_next(followed.services, followed.chart, followed.kept.version.id, SLOW, found.seen, 0)
    assert (again.words, again.plan.contingency.breakthrough) == (None, "")
