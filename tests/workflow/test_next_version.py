"""A new schedule is a draft beside the running version until a prescriber approves it, on the chart of now."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict, WrongUsage
from fhir_taper.mappers.systems import RXNORM
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.workflow.course import Asked, Turn, Turned, save_turn, turned
from fhir_taper.workflow.load_chart import load_chart
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
from fhir_taper.workflow.pharmacist import answer_review, ask_for_review, standing_of
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


def test_a_draft_is_approved_on_a_later_day_with_the_days_that_were_seen(followed: Followed) -> None:
    draft, tomorrow = ready(followed), followed.later(1)
    made_on = draft.plan.revisions[-1].on
    assert reasons_against_next(tomorrow, followed.chart, followed.loaded, draft) == ()
    approved = approve_next(tomorrow, followed.chart, seen(followed))
    assert (approved.steps, approved.gates) == (draft.plan.steps, draft.plan.gates)
    assert [(one.kind, one.on) for one in approved.revisions[-2:]] == [("slow", made_on), ("approve", made_on + timedelta(days=1))]


def test_a_pharmacist_looks_at_a_draft_on_the_day_after_and_it_is_approved_then(followed: Followed) -> None:
    draft, tomorrow = ready(followed), followed.later(1)
    ask_for_review(followed.services, followed.chart, draft.plan, "")
    assert "the pharmacist's review is missing" in reasons_against_next(tomorrow, followed.chart, followed.loaded, draft)
    review = standing_of(tomorrow, followed.chart, draft.plan).review
    assert review is not None
    answer_review(tomorrow, followed.as_user("pharmacist"), draft.plan, review.id, accepts=True, words="")
    approved = approve_next(tomorrow, followed.chart, seen(followed))
    assert approved.pharmacist_review is not None
    assert approved.pharmacist_review.on == approved.revisions[-1].on


@pytest.mark.parametrize("mg", ["8", "10"])
def test_a_draft_whose_dose_changes_on_a_day_that_is_past_is_made_again(followed: Followed, mg: str) -> None:
    """The dose that was entered as taken counts from the day on which the draft was made."""
    draft = accepted(followed, drafted(followed, replace(ANOTHER, actual_mg=Decimal(mg))))
    assert reasons_against_next(followed.services, followed.chart, followed.loaded, draft) == ()
    made_on = draft.plan.revisions[-1].on.isoformat()
    with pytest.raises(NotAllowed) as refused:
        approve_next(followed.later(1), followed.chart, seen(followed))
    says = (
        f"this draft, made on {made_on}, begins on {made_on}, which is past, with {mg} mg a day, where the version that runs has 9 mg a day"
    )
    assert f"{says}: make it again" in refused.value.reasons


def test_a_draft_is_made_again_once_a_reduction_of_its_own_is_past(followed: Followed) -> None:
    draft = ready(followed)
    today = followed.chart.day(followed.services.clock())
    first = next(step.start for step in draft.plan.steps if step.start > today)
    days = (first - today).days
    assert not any("which is past" in one for one in against_on(followed, draft, days))
    assert any(f"begins on {first.isoformat()}, which is past" in one for one in against_on(followed, draft, days + 1))


def against_on(followed: Followed, draft: NextVersion, days: int) -> tuple[str, ...]:
    """What stands against the draft some days later."""
    return reasons_against_next(followed.later(days), followed.chart, followed.loaded, draft)


def test_what_was_ordered_since_the_draft_was_made_is_judged_on_the_day_of_approval(followed: Followed) -> None:
    """It begins on the day after: by the chart of the day on which the draft was made it would not be seen."""
    draft, tomorrow = ready(followed), followed.later(1)
    day = followed.chart.day(tomorrow.clock()).isoformat()
    order = {
        "resourceType": "MedicationRequest",
        "id": "new",
        "status": "active",
        "intent": "order",
        "authoredOn": day,
        "medicationCodeableConcept": concept(RXNORM, "1049621", "oxycodone hydrochloride 5 MG Oral Tablet"),
        "subject": {"reference": "Patient/mid-taper"},
        "dosageInstruction": [{"text": "1 tablet twice daily", "timing": {"repeat": {"boundsPeriod": {"start": day}}}}],
    }
    with between(followed.stage.demo, changing("MedicationRequest", with_more(order))):
        assert (
            reasons_against_next(followed.services, followed.chart, load_chart(followed.services, followed.chart, afresh=True), draft) == ()
        )
        with pytest.raises(NotAllowed) as refused:
            approve_next(tomorrow, followed.chart, seen(followed))
    followed.services.charts.drop(followed.chart.launch.id)
    assert any("oxycodone" in one for one in refused.value.reasons)
    assert refused.value.reasons[0] == "the chart changed since this draft was made, and the doses would be others: make it again"


def test_what_is_to_be_acknowledged_by_now_and_does_not_stand_on_the_draft_is_said_to_need_another_one(followed: Followed) -> None:
    draft = ready(followed)
    day = followed.chart.day(followed.services.clock()).isoformat()
    liver = {
        "resourceType": "Condition",
        "id": "new",
        "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
        "code": concept("http://snomed.info/sct", "235856003", "Liver disease"),
        "subject": {"reference": "Patient/mid-taper"},
    }
    with between(followed.stage.demo, changing("Condition", with_more(liver))):
        afresh = load_chart(followed.services, followed.chart, afresh=True)
    followed.services.charts.drop(followed.chart.launch.id)
    against = reasons_against_next(followed.services, followed.chart, afresh, draft)
    assert against[0] == f"what is to be acknowledged is other than on {day}, when this draft was made: make it again"
    assert any(one.startswith("not acknowledged: ") for one in against[1:])


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
