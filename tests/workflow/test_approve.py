"""Approval is a prescriber's, of what was seen, on the chart of now, and once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict, WrongUsage
from fhir_taper.plans.tapers.edits import Hold
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.sandbox.forwarding import Answer
from fhir_taper.sandbox.resource_server import Forward, Intercept
from fhir_taper.workflow.approve import approve_plan, work_rests_on
from fhir_taper.workflow.chosen_plan import Work, agree, work_of
from fhir_taper.workflow.edit_plan import edit
from fhir_taper.workflow.emergency_words import word_draft, word_running
from fhir_taper.workflow.keep_assessment import assessment_of, save_assessment
from fhir_taper.workflow.kept_work import give_up
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.next_version import agree_to_next, approve_next, next_version
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.other_plans import plans_now
from fhir_taper.workflow.own_words import typed_words
from fhir_taper.workflow.pharmacist import ask_for_review
from tests.odd_ehr import between, changing, each, refusing
from tests.web.running import ELDER, Stage
from tests.workflow.ended import end_running
from tests.workflow.followed import Followed
from tests.workflow.opened import chart_of
from tests.workflow.test_next_version import ready, seen

PATIENT = ELDER


Act = Callable[[Stage, OpenChart, Work], object]
"""What somebody else does to a draft."""


@pytest.fixture
def shown(stage: Stage) -> Iterator[str]:
    """What the page of a draft with everything that approval asks for shows, as its button carries it."""
    stage.forget(PATIENT)
    chart, person = chart_of(stage, PATIENT), stage.opened(PATIENT)
    end_running(stage.services, chart)
    person.draft()
    person.ready()
    yield str(work_rests_on(stage.services, chart))
    stage.forget(PATIENT)


def work_in(stage: Stage, chart: OpenChart) -> Work:
    work = work_of(stage.services, chart)
    assert work is not None
    return work


def test_whoever_is_no_prescriber_approves_nothing(stage: Stage, shown: str) -> None:
    for user in ("pharmacist", "reader"):
        with pytest.raises(LaunchRefused) as refused:
            approve_plan(stage.services, chart_of(stage, PATIENT, user), shown)
        assert refused.value.reason == "role"
    assert work_of(stage.services, chart_of(stage, PATIENT)) is not None


def edited(stage: Stage, chart: OpenChart, work: Work) -> object:
    return edit(stage.services, chart, load_chart(stage.services, chart), Hold(1, 14), work.revision)


def agreed(stage: Stage, chart: OpenChart, work: Work) -> object:
    return agree(stage.services, chart, "a daughter", "slower", work.revision)


def worded(stage: Stage, chart: OpenChart, work: Work) -> object:
    return word_draft(stage.services, chart, typed_words("take two", "", ""), work.revision)


def asked(stage: Stage, chart: OpenChart, work: Work) -> object:
    """An intake that changes nothing that the engine must know."""
    del work
    intake = replace(assessment_of(stage.services, chart), goals="to sleep")
    return save_assessment(stage.services, chart, intake, intake.revision)


def sent_to_review(stage: Stage, chart: OpenChart, work: Work) -> None:
    assert work.plan is not None
    ask_for_review(stage.services, chart, work.plan, "wait, please")


def given_up(stage: Stage, chart: OpenChart, work: Work) -> None:
    give_up(stage.services, chart, work.revision)


CHANGES: tuple[tuple[Act, str], ...] = (
    (edited, "What changed since this was shown: the draft"),
    (agreed, "What changed since this was shown: the draft"),
    (worded, "What changed since this was shown: the words for when something happens"),
    (asked, "What changed since this was shown: the intake"),
    (sent_to_review, "What changed since this was shown: the pharmacist's review"),
    (given_up, "the draft was approved or given up elsewhere since this was shown"),
)


@pytest.mark.parametrize(("act", "says"), CHANGES, ids=lambda one: getattr(one, "__name__", ""))
def test_what_changed_since_the_page_was_shown_is_not_approved_and_named(stage: Stage, shown: str, act: Act, says: str) -> None:
    chart = chart_of(stage, PATIENT)
    act(stage, chart, work_in(stage, chart))
    left, kept = work_of(stage.services, chart), plans_now(stage.services, chart)
    with pytest.raises(StoreConflict, match=f"^Nothing was approved.*{says}$"):
        approve_plan(stage.services, chart, shown)
    assert work_of(stage.services, chart) == left
    assert plans_now(stage.services, chart) == kept
    entry = stage.services.audit.entries("demo", limit=100_000)[-1].entry
    assert (entry.action, entry.outcome, entry.detail) == ("approve", "refused", {"reason": "changed"})


def meanwhile(act: Callable[[], object]) -> Intercept:
    """Somebody does something, once, in a thread of the EHR, while it is asked for the chart."""
    once = threading.Lock()

    def intercept(_: str, __: str, forward: Forward) -> Answer:
        if once.acquire(blocking=False):
            act()
        return forward()

    return intercept


@pytest.mark.parametrize(("act", "says"), CHANGES, ids=lambda one: getattr(one, "__name__", ""))
def test_what_changes_during_an_approval_is_not_lost_and_the_approval_says_so(stage: Stage, shown: str, act: Act, says: str) -> None:
    chart, other = chart_of(stage, PATIENT), chart_of(stage, PATIENT)
    load_chart(stage.services, other)
    before, kept = work_in(stage, chart), plans_now(stage.services, chart)
    with between(stage.demo, meanwhile(lambda: act(stage, other, before))), pytest.raises(StoreConflict, match=says):
        approve_plan(stage.services, chart, shown)
    left = work_of(stage.services, chart)
    assert (left is None) is (act is given_up)
    if act in (edited, agreed, worded):
        assert left is not None
        assert left.revision == before.revision + 1
    assert plans_now(stage.services, chart) == kept


def test_of_an_approval_and_a_save_at_once_never_both_happen(followed: Followed) -> None:
    other = followed.as_user("pharmacist")
    for _ in range(3):
        draft, start = ready(followed), threading.Barrier(2)
        page = seen(followed)

        def approved(page: str = page, start: threading.Barrier = start) -> bool:
            start.wait()
            return _done(lambda: approve_next(followed.services, followed.chart, page))

        def saved(revision: int = draft.revision, start: threading.Barrier = start) -> bool:
            start.wait()
            return _done(lambda: agree_to_next(followed.services, other, "the patient", "slower still", revision))

        with ThreadPoolExecutor(2) as pool:
            one, two = pool.submit(approved), pool.submit(saved)
            was_approved, was_saved = one.result(), two.result()
        assert was_approved is not was_saved
        left = next_version(followed.services, followed.chart)
        assert (left is not None) is was_saved
        if was_approved:
            return


def _done(act: Callable[[], object]) -> bool:
    try:
        act()
    except StoreConflict:
        return False
    return True


def test_two_people_who_approve_one_draft_at_once_approve_it_once(followed: Followed) -> None:
    ready(followed)
    page = seen(followed)
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(_done, lambda: approve_next(followed.services, followed.chart, page)) for _ in range(2)]
        assert sorted(one.result() for one in done) == [False, True]
    assert [one.version for one in followed.services.plans.history(followed.kept.version.plan)] == [4, 5, 6]


def test_a_plan_that_was_changed_beside_the_page_is_named(followed: Followed) -> None:
    ready(followed)
    page = seen(followed)
    word_running(followed.services, followed.chart, followed.kept.version.id, typed_words("call us", "", ""))
    with pytest.raises(StoreConflict, match="another plan of this patient"):
        approve_next(followed.services, followed.chart, page)


def test_a_button_that_carries_nothing_is_a_damaged_form(stage: Stage) -> None:
    with pytest.raises(WrongUsage, match="the form is damaged"):
        approve_plan(stage.services, chart_of(stage, PATIENT), "")


def test_a_draft_is_not_approved_once_the_orders_behind_it_changed(stage: Stage, shown: str) -> None:
    chart = chart_of(stage, PATIENT)

    stopped = changing("MedicationRequest", each(lambda order: order.update(status="stopped")))
    with between(stage.demo, stopped), pytest.raises(NotAllowed, match="the chart changed since this draft was made"):
        approve_plan(stage.services, chart, shown)
    work = work_of(stage.services, chart)
    assert work is not None
    assert work.plan is not None
    assert work.plan.state is PlanState.DRAFT


def test_a_draft_whose_first_day_is_past_is_not_approved_because_later_orders_are_not_in_it(stage: Stage, shown: str) -> None:
    chart = chart_of(stage, PATIENT)
    today = stage.services.clock()
    tomorrow = replace(stage.services, clock=lambda: today + timedelta(days=1))
    with pytest.raises(NotAllowed, match="is past, and what was ordered since is not in it"):
        approve_plan(tomorrow, chart, shown)


@pytest.mark.parametrize("status", [403, 500])
def test_no_plan_is_approved_while_it_is_not_known_which_other_plans_run(stage: Stage, status: int) -> None:
    stage.forget(PATIENT)
    chart = chart_of(stage, PATIENT)
    end_running(stage.services, chart)
    with between(stage.demo, refusing(status, "CarePlan")):
        person = stage.opened(PATIENT)
        person.draft()
        person.ready()  # that the chart is not whole is accepted with a reason
        with pytest.raises(NotAllowed, match=f"^Care plans could not be read: {status}: whether another plan of this medicine runs"):
            approve_plan(stage.services, chart, str(work_rests_on(stage.services, chart)))
        assert "whether another plan of this medicine runs" in person.get("approve").text
    stage.forget(PATIENT)


def test_no_new_schedule_is_approved_while_it_is_not_known_which_other_plans_run(followed: Followed) -> None:
    ready(followed)
    with between(followed.stage.demo, refusing(500, "CarePlan")), pytest.raises(NotAllowed, match="whether another plan"):
        approve_next(followed.services, followed.chart, seen(followed))
    followed.services.charts.drop(followed.chart.launch.id)  # the next test reads them
