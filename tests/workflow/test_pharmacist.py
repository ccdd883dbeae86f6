"""A pharmacist's review: asked for by a prescriber, answered by a pharmacist, awaited where it was asked for or is required."""

from dataclasses import replace

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict
from fhir_taper.workflow.course import Turned, turned
from fhir_taper.workflow.next_version import NextVersion, approve_next, discard_next, draft_next, reasons_against_next
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.pharmacist import (
    answer_review,
    ask_for_review,
    dispensing_plan,
    reviewed,
    reviews_of,
    standing_of,
    supply_digest,
    withdraw_review,
)
from tests.workflow.followed import Followed
from tests.workflow.test_next_version import ANOTHER, SLOW, accepted, drafted, ready, seen


@pytest.fixture
def draft(followed: Followed) -> NextVersion:
    """A draft that only a review could stand against."""
    return ready(followed)


def required(chart: OpenChart) -> OpenChart:
    """The same chart of a site that asks for a review of every plan."""
    return replace(chart, tenant=replace(chart.tenant, needs_pharmacist_review=True))


def answer(followed: Followed, draft: NextVersion, *, accepts: bool, words: str = "") -> None:
    (newest, *_) = reviews_of(followed.services, followed.chart)
    answer_review(followed.services, followed.as_user("pharmacist"), draft.plan, newest.id, accepts=accepts, words=words)


def against(followed: Followed, draft: NextVersion, chart: OpenChart | None = None) -> tuple[str, ...]:
    return reasons_against_next(followed.services, chart or followed.chart, followed.loaded, draft)


@pytest.mark.feature("F73")
def test_where_a_site_requires_it_no_plan_is_approved_before_a_pharmacist_accepted_it(followed: Followed, draft: NextVersion) -> None:
    chart = required(followed.chart)
    assert against(followed, draft) == ()
    assert against(followed, draft, chart) == ("the pharmacist's review is missing",)
    with pytest.raises(NotAllowed, match="review is missing"):
        approve_next(followed.services, chart, seen(followed, chart))
    ask_for_review(followed.services, chart, draft.plan, "is 2 mg at hand?")
    answer(followed, draft, accepts=True, words="yes")
    approved = approve_next(followed.services, chart, seen(followed, chart))
    assert approved.pharmacist_review is not None
    assert (approved.pharmacist_review.verdict, approved.pharmacist_review.by) == ("accepted", "Demo Pharmacist (Practitioner/ph1)")


def test_elsewhere_a_plan_waits_only_where_a_review_was_asked_for(followed: Followed, draft: NextVersion) -> None:
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    assert against(followed, draft) == ("the pharmacist's review is missing",)
    review = standing_of(followed.services, followed.chart, draft.plan).review
    assert review is not None
    withdraw_review(followed.services, followed.chart, draft.plan, review.id)
    assert against(followed, draft) == ()


def test_a_plan_that_is_given_back_is_not_approved_and_says_why(followed: Followed, draft: NextVersion) -> None:
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    with pytest.raises(NotAllowed, match="only with a reason"):
        answer(followed, draft, accepts=False)
    answer(followed, draft, accepts=False, words="no 2 mg tablets")
    assert against(followed, draft) == ("the pharmacist has not accepted the plan: no 2 mg tablets",)
    ask_for_review(followed.services, followed.chart, draft.plan, "they came in")
    answer(followed, draft, accepts=True)
    assert against(followed, draft) == ()


def test_only_a_prescriber_asks_and_only_a_pharmacist_answers(followed: Followed, draft: NextVersion) -> None:
    with pytest.raises(LaunchRefused, match="only a prescriber may ask"):
        ask_for_review(followed.services, followed.as_user("pharmacist"), draft.plan, "")
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    (review, *_) = reviews_of(followed.services, followed.chart)
    for user in ("prescriber", "reader"):
        with pytest.raises(LaunchRefused, match="only a pharmacist may review"):
            answer_review(followed.services, followed.as_user(user), draft.plan, review.id, accepts=True, words="")
    with pytest.raises(LaunchRefused, match="only a prescriber may withdraw"):
        withdraw_review(followed.services, followed.as_user("reader"), draft.plan, review.id)
    assert {("ask-for-a-review", "refused"), ("review", "refused"), ("review-ask", "done")} <= set(followed.actions())


def test_a_review_counts_for_what_was_looked_at_and_for_nothing_else(followed: Followed, draft: NextVersion) -> None:
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    (review, *_) = reviews_of(followed.services, followed.chart)
    steps = (*draft.plan.steps[:-1], replace(draft.plan.steps[-1], note="another"))
    other = replace(draft.plan, steps=steps)
    assert supply_digest(other) != supply_digest(draft.plan)
    assert standing_of(followed.services, followed.chart, other).review is None
    with pytest.raises(StoreConflict, match="the draft changed"):
        answer_review(followed.services, followed.as_user("pharmacist"), other, review.id, accepts=True, words="")
    ask_for_review(followed.services, followed.chart, other, "")
    assert [one.state.value for one in reviews_of(followed.services, followed.chart)[:2]] == ["requested", "withdrawn"]
    with pytest.raises(StoreConflict, match="answered or withdrawn since"):
        withdraw_review(followed.services, followed.chart, other, review.id)


def otherwise(followed: Followed) -> NextVersion:
    """The draft made again as another schedule, with everything that its approval asks for but a review."""
    another = drafted(followed, ANOTHER)
    return accepted(followed, another)


def test_a_return_is_still_said_and_still_counts_after_the_draft_was_edited(followed: Followed, draft: NextVersion) -> None:
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    answer(followed, draft, accepts=False, words="no 2 mg tablets")
    edited = otherwise(followed)
    assert edited.plan.id != draft.plan.id
    standing = standing_of(followed.services, followed.chart, edited.plan)
    assert (standing.review, standing.was_returned, standing.is_required) == (None, True, False)
    assert standing.said is not None
    assert standing.said.detail["answer"] == "no 2 mg tablets"
    assert against(followed, edited) == ("the pharmacist's review is missing",)
    with pytest.raises(NotAllowed, match="review is missing"):
        approve_next(followed.services, followed.chart, seen(followed))
    ask_for_review(followed.services, followed.chart, edited.plan, "by 1 mg now")
    asked = standing_of(followed.services, followed.chart, edited.plan).open_request
    assert asked is not None
    withdraw_review(followed.services, followed.chart, edited.plan, asked.id)
    assert against(followed, edited) == ("the pharmacist's review is missing",)  # nor does asking and withdrawing take the return back
    ask_for_review(followed.services, followed.chart, edited.plan, "by 1 mg now")
    answer(followed, edited, accepts=True)
    assert against(followed, edited) == ()


def test_a_request_outlasts_an_edit_until_it_is_withdrawn_or_asked_anew(followed: Followed, draft: NextVersion) -> None:
    ask_for_review(followed.services, followed.chart, draft.plan, "is 2 mg at hand?")
    edited = otherwise(followed)
    standing = standing_of(followed.services, followed.chart, edited.plan)
    assert (standing.review, standing.is_open) == (None, False)
    assert standing.open_request is not None
    assert against(followed, edited) == ("the pharmacist's review is missing",)
    ask_for_review(followed.services, followed.chart, edited.plan, "")
    assert [one.state.value for one in reviews_of(followed.services, followed.chart)[:2]] == ["requested", "withdrawn"]
    back = drafted(followed)
    waiting = standing_of(followed.services, followed.chart, back.plan).open_request
    assert waiting is not None
    withdraw_review(followed.services, followed.chart, back.plan, waiting.id)
    assert against(followed, accepted(followed, back)) == ()


def test_an_acceptance_of_what_the_draft_was_is_said_and_does_not_stand_for_what_it_is(followed: Followed, draft: NextVersion) -> None:
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    answer(followed, draft, accepts=True)
    edited = otherwise(followed)
    standing = standing_of(followed.services, followed.chart, edited.plan)
    assert (standing.is_accepted, standing.was_accepted) == (False, True)
    assert against(followed, edited) == ()  # this site leaves it to the prescriber, who is told
    assert against(followed, edited, required(followed.chart)) == ("the pharmacist's review is missing",)


def test_once_a_draft_is_approved_what_was_said_of_it_is_not_said_of_the_next(followed: Followed, draft: NextVersion) -> None:
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    answer(followed, draft, accepts=False, words="no 2 mg tablets")
    edited = otherwise(followed)
    ask_for_review(followed.services, followed.chart, edited.plan, "")
    answer(followed, edited, accepts=True)
    approve_next(followed.services, followed.chart, seen(followed))
    running = followed.newest().version.id
    found = turned(followed.services, followed.chart, followed.loaded, running, SLOW)
    assert isinstance(found, Turned)
    following = draft_next(followed.services, followed.chart, running, SLOW, found.seen, 0)
    assert standing_of(followed.services, followed.chart, following.plan).said is None


def test_a_review_that_is_open_or_accepted_is_not_asked_for_again(followed: Followed, draft: NextVersion) -> None:
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    with pytest.raises(NotAllowed, match="asked already"):
        ask_for_review(followed.services, followed.chart, draft.plan, "")
    answer(followed, draft, accepts=True)
    with pytest.raises(NotAllowed, match="accepted this plan already"):
        ask_for_review(followed.services, followed.chart, draft.plan, "")


def test_words_findings_and_agreements_are_no_part_of_what_is_reviewed(followed: Followed, draft: NextVersion) -> None:
    assert supply_digest(draft.plan) == supply_digest(replace(draft.plan, acknowledgements=(), agreement=None, reason="other"))
    plan, rules = reviewed(followed.services, followed.chart, draft.plan)
    assert (plan, rules.needs_pharmacist) == (draft.plan, False)


def test_the_dispensing_plan_begins_today_and_holds_every_prescription_to_come(followed: Followed, draft: NextVersion) -> None:
    windows = dispensing_plan(followed.services, followed.chart, draft.plan)
    day = followed.chart.day(followed.services.clock(), draft.plan.zone)
    assert windows[0].start == day
    assert all(one.quantity > 0 and one.sig for one in windows)
    assert {one.number for one in windows} == set(range(1, windows[-1].number + 1))


def test_giving_a_draft_up_withdraws_the_request_that_nobody_answered(followed: Followed, draft: NextVersion) -> None:
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    discard_next(followed.services, followed.chart, draft.revision)
    newest, *_ = reviews_of(followed.services, followed.chart)
    assert (newest.state.value, newest.detail["answer"]) == ("withdrawn", "the draft was given up")
    assert standing_of(followed.services, followed.chart, drafted(followed).plan).said is None
