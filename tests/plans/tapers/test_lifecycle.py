"""From draft to active and to an end: what refuses approval, and what each end means."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.tapers.finding import Acknowledgement, Finding, Severity
from fhir_taper.plans.tapers.lifecycle import (
    ACCEPTED,
    ApprovalRules,
    acknowledge,
    agree,
    approve,
    complete,
    enter_in_error,
    is_success,
    refusals,
    review_by_pharmacist,
    revoke,
)
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import Agreement, Baseline, PharmacistReview, Phase, PlanState, TaperPlan
from fhir_taper.plans.tapers.revision import stop_at
from tests.plans.tapers.made_plans import START, active, decided, diazepam_plan, oxycodone_plan

RULES = ApprovalRules()
AGREED = Agreement("Patient/p1", "version 1", START)
STOP = Finding(Severity.STOP, "pregnancy", "Pregnancy is on record.", "CDC")
REASON_NEEDED = Finding(Severity.ACKNOWLEDGE, "falls", "Falls are on record.", "AGS")
TOLD = Finding(Severity.INFORMATION, "polypharmacy", "5 medicines.", "definition")


def ready() -> TaperPlan:
    return diazepam_plan(agreement=AGREED)


@pytest.mark.feature("F01")
def test_a_plan_that_nothing_speaks_against_becomes_active_as_a_new_version() -> None:
    approved = approve(ready(), decided(START), (TOLD,), RULES)
    assert (approved.state, approved.version, approved.replaces) == (PlanState.ACTIVE, 2, ready().id)
    assert (approved.author, approved.revisions[-1].kind) == ("Practitioner/dr-a", "approve")


def test_a_stop_refuses() -> None:
    with pytest.raises(NotAllowed, match="stopped by pregnancy"):
        approve(ready(), decided(START), (STOP,), RULES)


def test_a_stop_that_the_plan_itself_carries_refuses_too() -> None:
    assert refusals(replace(ready(), findings=(STOP,)), (), RULES) == ("stopped by pregnancy: Pregnancy is on record.",)


@pytest.mark.feature("F56")
def test_a_finding_is_acknowledged_with_a_reason_and_then_no_longer_refuses() -> None:
    plan = replace(ready(), findings=(REASON_NEEDED,))
    assert refusals(plan, (), RULES) == ("not acknowledged: falls: Falls are on record.",)
    accepted = acknowledge(plan, "falls", decided(START, "grab rails are in place"))
    assert refusals(accepted, (), RULES) == ()
    assert accepted.acknowledgements[0].reason == "grab rails are in place"


def test_an_acknowledgement_without_a_reason_or_a_finding_is_refused() -> None:
    with pytest.raises(NotAllowed, match="only with a reason"):
        acknowledge(replace(ready(), findings=(REASON_NEEDED,)), "falls", decided(START, ""))
    with pytest.raises(NotAllowed, match="no finding falls"):
        acknowledge(ready(), "falls", decided(START))


def test_todays_finding_of_the_chart_can_be_acknowledged_without_being_the_plans_own() -> None:
    accepted = acknowledge(ready(), "falls", decided(START), (REASON_NEEDED,))
    assert refusals(accepted, (REASON_NEEDED,), RULES) == ()


def test_an_acknowledgement_never_clears_a_stop() -> None:
    accepted = Acknowledgement("pregnancy", "Practitioner/dr-a", START, "she knows")
    assert refusals(replace(ready(), findings=(STOP,), acknowledgements=(accepted,)), (), RULES) != ()


def test_a_missing_agreement_refuses_where_the_site_asks_for_it() -> None:
    assert refusals(diazepam_plan(), (), RULES) == ("the patient's agreement is missing",)
    assert refusals(diazepam_plan(), (), ApprovalRules(needs_agreement=False)) == ()
    assert refusals(agree(diazepam_plan(), AGREED), (), RULES) == ()


def test_a_pharmacists_review_is_asked_where_the_site_wants_it_and_must_accept() -> None:
    rules = ApprovalRules(needs_pharmacist=True)
    assert refusals(ready(), (), rules) == ("the pharmacist's review is missing",)
    doubtful = review_by_pharmacist(ready(), PharmacistReview("Practitioner/ph", START, "too fast"))
    assert refusals(doubtful, (), rules) == ("the pharmacist has not accepted the plan: too fast",)
    accepted = review_by_pharmacist(ready(), PharmacistReview("Practitioner/ph", START, ACCEPTED))
    assert refusals(accepted, (), rules) == ()


def test_a_baseline_that_the_chart_leaves_open_must_be_confirmed() -> None:
    assert refusals(ready(), (), RULES, why_unconfirmed="taken as needed") == ("the baseline is not confirmed: taken as needed",)
    confirmed = replace(ready(), baseline=Baseline(ready().baseline.mg, "Practitioner/dr-a", START))
    assert refusals(confirmed, (), RULES, why_unconfirmed="taken as needed") == ()


@pytest.mark.feature("F84")
def test_only_one_plan_for_an_ingredient_may_be_active() -> None:
    rival = replace(active(diazepam_plan()), id="another")
    assert refusals(ready(), (), RULES, (rival,)) == ("another plan for diazepam is active: another",)
    assert refusals(ready(), (), RULES, (replace(rival, state=PlanState.ON_HOLD),)) != ()


def test_a_plan_is_no_rival_of_its_successor_of_another_medicine_or_of_another_patient() -> None:
    replaced = active(diazepam_plan(agreement=AGREED))
    successor = replace(ready(), id="next", replaces=replaced.id)
    others = (
        replaced,
        active(oxycodone_plan()),
        replace(replaced, id="x", patient="p2"),
        replace(replaced, id="y", state=PlanState.REVOKED),
    )
    assert refusals(successor, (), RULES, others) == ()


def test_every_reason_is_told_at_once() -> None:
    plan = replace(diazepam_plan(), findings=(STOP, REASON_NEEDED))
    with pytest.raises(NotAllowed) as caught:
        approve(plan, decided(START), (), ApprovalRules(needs_pharmacist=True))
    assert len(caught.value.reasons) == 4


def test_an_active_plan_is_not_approved_or_edited_again() -> None:
    with pytest.raises(NotAllowed, match="active cannot be approved"):
        approve(active(ready()), decided(START), (), RULES)
    with pytest.raises(NotAllowed, match="not edited"):
        agree(active(ready()), AGREED)


def ungated(plan: TaperPlan) -> TaperPlan:
    return replace(active(plan), gates=())


def test_a_taper_to_zero_is_completed_and_aftercare_begins() -> None:
    plan = ungated(diazepam_plan())
    done = complete(plan, decided(plan.steps[-1].start))
    assert (done.state, done.phase, is_success(done)) == (PlanState.COMPLETED, Phase.AFTERCARE, True)


def test_a_taper_is_not_completed_before_its_last_step() -> None:
    plan = ungated(diazepam_plan())
    with pytest.raises(NotAllowed, match="is not in force"):
        complete(plan, decided(plan.steps[-1].start - timedelta(days=1)))


def test_a_last_step_whose_review_is_open_is_not_reached() -> None:
    plan = active(diazepam_plan())
    with pytest.raises(NotAllowed, match="is not in force"):
        complete(plan, decided(date(2027, 1, 1)))


def test_a_target_that_is_reached_goes_on_as_maintenance() -> None:
    shorter = stop_at(ungated(diazepam_plan()), decided(START), 2)
    kept = complete(shorter, decided(shorter.steps[-1].start))
    assert (kept.state, kept.phase, is_success(kept)) == (PlanState.ACTIVE, Phase.MAINTENANCE, True)


def test_revoking_needs_a_reason_and_says_that_the_dose_goes_on() -> None:
    with pytest.raises(NotAllowed, match="only with a reason"):
        revoke(active(ready()), decided(START, ""))
    revoked = revoke(active(ready()), decided(START, "the patient moved away"))
    assert (revoked.state, is_success(revoked)) == (PlanState.REVOKED, False)
    assert "today's dose goes on until a clinician decides" in revoked.revisions[-1].says


def test_an_ended_plan_is_not_revoked_and_can_still_be_entered_in_error() -> None:
    revoked = revoke(active(ready()), decided(START))
    with pytest.raises(NotAllowed, match="revoked cannot be revoked"):
        revoke(revoked, decided(START))
    wrong = enter_in_error(revoked, decided(START, "wrong patient"))
    assert (wrong.state, wrong.version) == (PlanState.ENTERED_IN_ERROR, 3)
    with pytest.raises(NotAllowed, match="already"):
        enter_in_error(wrong, decided(START))


def test_a_stop_is_cleared_and_never_acknowledged() -> None:
    with pytest.raises(NotAllowed, match="pregnancy stops the plan"):
        acknowledge(replace(ready(), findings=(STOP,)), "pregnancy", decided(START, "she knows"))


@pytest.mark.parametrize("nobody", ["", "  "])
def test_a_decision_an_agreement_and_a_review_name_a_person(nobody: str) -> None:
    with pytest.raises(NotAllowed, match="names the person"):
        Decision(nobody, START, "reason")
    with pytest.raises(NotAllowed, match="names who agreed"):
        agree(diazepam_plan(), Agreement(nobody, "version 1", START))
    with pytest.raises(NotAllowed, match="names the pharmacist"):
        review_by_pharmacist(diazepam_plan(), PharmacistReview(nobody, START, ACCEPTED))
