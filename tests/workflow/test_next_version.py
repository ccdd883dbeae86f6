"""A new schedule is a draft beside the running version until a prescriber approves it, on the chart of now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict, WrongUsage
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.workflow.course import Asked, Turn, Turned, save_turn, turned
from fhir_taper.workflow.next_version import (
    NextVersion,
    acknowledge_next,
    agree_to_next,
    approve_next,
    discard_next,
    draft_next,
    next_rests_on,
    next_version,
    reasons_against_next,
)
from fhir_taper.workflow.open_chart import OpenChart
from tests.mappers.charts import concept
from tests.odd_ehr import between, changing, with_more
from tests.workflow.followed import Followed

SLOW = Asked(Turn.SLOW, "too fast")
ANOTHER = Asked(Turn.CHANGE_STRATEGY, "another", strategy="linear", params=(("percent", "5"), ("interval_days", "28")))


def drafted(followed: Followed, asked: Asked = SLOW) -> NextVersion:
    found = turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, asked)
    assert isinstance(found, Turned), found
    there = next_version(followed.services, followed.chart)
    return draft_next(followed.services, followed.chart, followed.kept.version.id, asked, found.seen, there.revision if there else 0)


def seen(followed: Followed, chart: OpenChart | None = None) -> str:
    """What the page of the draft shows now, as its button carries it."""
    return str(next_rests_on(followed.services, chart or followed.chart))


def ready(followed: Followed) -> NextVersion:
    """A draft with everything that its approval asks for."""
    return accepted(followed, drafted(followed))


def accepted(followed: Followed, draft: NextVersion) -> NextVersion:
    """The draft with what is to be acknowledged acknowledged, and agreed to."""
    for place, one in enumerate(draft.plan.findings):
        if one.severity is Severity.ACKNOWLEDGE:
            draft = acknowledge_next(followed.services, followed.chart, place, "discussed", draft.revision)
    return agree_to_next(followed.services, followed.chart, "the patient", "slower", draft.revision)


def test_a_draft_is_kept_beside_the_running_version_and_comes_back_as_it_was(followed: Followed) -> None:
    draft = drafted(followed)
    assert next_version(followed.services, followed.chart) == draft
    assert (draft.plan.state, draft.plan.version, draft.asked) == (PlanState.DRAFT, 5, SLOW)
    assert followed.newest().version.version == 4


def test_approval_waits_for_acknowledgements_and_the_agreement_and_appends_draft_and_version(followed: Followed) -> None:
    draft = drafted(followed)
    against = reasons_against_next(followed.services, followed.chart, followed.loaded, draft)
    assert "the patient's agreement is missing" in against
    with pytest.raises(NotAllowed, match="not acknowledged"):
        approve_next(followed.services, followed.chart, seen(followed))
    ready(followed)
    approved = approve_next(followed.services, followed.chart, seen(followed))
    kept = followed.services.plans.history(followed.kept.version.plan)
    assert [(one.version, one.state) for one in kept] == [(4, "active"), (5, "draft"), (6, "active")]
    assert followed.newest().plan == approved
    assert approved.steps == draft.plan.steps
    assert next_version(followed.services, followed.chart) is None


def test_a_pharmacist_may_prepare_a_draft_and_only_a_prescriber_approves(followed: Followed) -> None:
    draft = ready(followed)
    pharmacist, reader = followed.as_user("pharmacist"), followed.as_user("reader")
    with pytest.raises(LaunchRefused, match="only a prescriber may approve"):
        approve_next(followed.services, pharmacist, seen(followed))
    with pytest.raises(LaunchRefused, match="may edit"):
        agree_to_next(followed.services, reader, "x", "y", draft.revision)
    agree_to_next(followed.services, pharmacist, "the patient", "slower still", draft.revision)


def test_a_page_that_is_stale_changes_and_approves_nothing(followed: Followed) -> None:
    draft, shown = drafted(followed), seen(followed)
    agree_to_next(followed.services, followed.chart, "the patient", "yes", draft.revision)
    with pytest.raises(StoreConflict):
        acknowledge_next(followed.services, followed.chart, 0, "x", draft.revision)
    with pytest.raises(StoreConflict, match=r"What changed since this was shown: the draft$"):
        approve_next(followed.services, followed.chart, shown)


def test_a_draft_of_a_plan_that_was_turned_meanwhile_is_not_approved(followed: Followed) -> None:
    ready(followed)
    hold = Asked(Turn.HOLD, "a cold", days=7)
    found = turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, hold)
    assert isinstance(found, Turned)
    save_turn(followed.services, followed.chart, followed.kept.version.id, hold, found.seen)
    with pytest.raises((NotAllowed, StoreConflict)):
        approve_next(followed.services, followed.chart, seen(followed))
    assert followed.newest().version.version == 5


def test_a_draft_of_yesterday_is_made_again_because_later_orders_are_not_in_it(followed: Followed) -> None:
    ready(followed)
    today = followed.services.clock()
    tomorrow = replace(followed.services, clock=lambda: today + timedelta(days=1))
    with pytest.raises(NotAllowed, match="what was ordered since is not in it: make it again"):
        approve_next(tomorrow, followed.chart, seen(followed))


def test_a_draft_whose_chart_changed_is_not_approved(followed: Followed) -> None:
    """The chart gained a Stop: pregnancy."""
    ready(followed)
    condition = {
        "resourceType": "Condition",
        "id": "new",
        "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
        "code": concept("http://snomed.info/sct", "77386006", "Pregnancy"),
        "subject": {"reference": "Patient/mid-taper"},
    }
    with between(followed.stage.demo, changing("Condition", with_more(condition))):
        with pytest.raises(NotAllowed, match="pregnancy: Pregnancy is on record"):
            approve_next(followed.services, followed.chart, seen(followed))
        held = Asked(Turn.HOLD, "pregnant", days=14)
        found = turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, held)
        assert isinstance(found, Turned)
        assert [one.code for one in found.stops] == ["pregnancy"]
        save_turn(followed.services, followed.chart, followed.kept.version.id, held, found.seen)
        with pytest.raises(NotAllowed, match="today's chart stops a reduction"):
            turned(followed.services, followed.chart, followed.loaded, followed.newest().version.id, Asked(Turn.RESUME, "well"))
    followed.services.charts.drop(followed.chart.launch.id)


def test_a_draft_that_is_given_up_leaves_the_plan_as_it_is(followed: Followed) -> None:
    draft = drafted(followed)
    discard_next(followed.services, followed.chart, draft.revision)
    assert next_version(followed.services, followed.chart) is None
    assert followed.newest().version.version == 4


def test_another_schedule_takes_the_place_of_the_draft(followed: Followed) -> None:
    first = drafted(followed)
    way = Asked(Turn.CHANGE_STRATEGY, "another", strategy="linear", params=(("percent", "5"), ("interval_days", "14")))
    draft = drafted(followed, way)
    assert (draft.revision, draft.asked) == (first.revision + 1, way)


def test_what_counts_at_once_is_no_draft(followed: Followed) -> None:
    with pytest.raises(WrongUsage, match="no new schedule"):
        draft_next(followed.services, followed.chart, followed.kept.version.id, replace(SLOW, turn=Turn.HOLD), "", 0)


def test_a_draft_is_given_up_or_replaced_only_as_it_was_seen(followed: Followed) -> None:
    first = drafted(followed)
    agree_to_next(followed.services, followed.chart, "the patient", "slower", first.revision)
    left = next_version(followed.services, followed.chart)
    with pytest.raises(StoreConflict):
        discard_next(followed.services, followed.chart, first.revision)
    found = turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, ANOTHER)
    assert isinstance(found, Turned)
    for stale in (0, first.revision):
        with pytest.raises(StoreConflict):
            draft_next(followed.services, followed.chart, followed.kept.version.id, ANOTHER, found.seen, stale)
    assert next_version(followed.services, followed.chart) == left
