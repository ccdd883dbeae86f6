"""From draft to active and to an end: what refuses approval, and what each end means."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tapers.finding import Acknowledgement, Finding, Severity
from fhir_taper.plans.tapers.judgement import Violation
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
from fhir_taper.plans.tapers.plan import Agreement, Baseline, PharmacistReview, Phase, PlanState, RevisionNote, TaperPlan
from fhir_taper.plans.tapers.revision import stop_at
from fhir_taper.plans.tapers.shifting import shifted_from
from tests.plans.tapers.made_plans import DIAZEPAM_2, LIFE, LIMITS, START, active, decided, diazepam_plan, oxycodone_plan, passed

RULES = ApprovalRules()
AGREED = Agreement("Patient/p1", "version 1", START)
STOP = Finding(Severity.STOP, "pregnancy", "Pregnancy is on record.", "CDC")
REASON_NEEDED = Finding(Severity.ACKNOWLEDGE, "falls", "Falls are on record.", "AGS")
TOLD = Finding(Severity.INFORMATION, "polypharmacy", "5 medicines.", "definition")


def no_limits(_: TaperPlan) -> tuple[Violation, ...]:
    """Let the hand-made plans of this file pass: their cuts are round, not cautious."""
    return ()


def ready() -> TaperPlan:
    return diazepam_plan(agreement=AGREED)


def refused(
    plan: TaperPlan, findings: tuple[Finding, ...], rules: ApprovalRules, others: tuple[TaperPlan, ...] = (), why_unconfirmed: str = ""
) -> tuple[str, ...]:
    """Ask on the first day of the plan."""
    return refusals(plan, START, findings, rules, others, LIFE, why_unconfirmed=why_unconfirmed, judge=no_limits)


def approved_by(plan: TaperPlan, decision: Decision, findings: tuple[Finding, ...], rules: ApprovalRules, *others: TaperPlan) -> TaperPlan:
    return approve(plan, decision, findings, rules, others, LIFE, judge=no_limits)


@pytest.mark.feature("F01")
def test_a_plan_that_nothing_speaks_against_becomes_active_as_a_new_version() -> None:
    approved = approved_by(ready(), decided(START), (TOLD,), RULES)
    assert (approved.state, approved.version, approved.replaces) == (PlanState.ACTIVE, 2, ready().id)
    assert (approved.author, approved.revisions[-1].kind) == ("Practitioner/dr-a", "approve")


def test_a_stop_refuses() -> None:
    with pytest.raises(NotAllowed, match="stopped by pregnancy"):
        approved_by(ready(), decided(START), (STOP,), RULES)


def test_a_stop_that_the_plan_itself_carries_refuses_too() -> None:
    assert refused(replace(ready(), findings=(STOP,)), (), RULES) == ("stopped by pregnancy: Pregnancy is on record.",)


@pytest.mark.feature("F56")
def test_a_finding_is_acknowledged_with_a_reason_and_then_no_longer_refuses() -> None:
    plan = replace(ready(), findings=(REASON_NEEDED,))
    assert refused(plan, (), RULES) == ("not acknowledged: Falls are on record.",)
    accepted = acknowledge(plan, REASON_NEEDED, decided(START, "grab rails are in place"))
    assert refused(accepted, (), RULES) == ()
    assert accepted.acknowledgements[0].reason == "grab rails are in place"


LIMIT_1 = Finding(
    Severity.ACKNOWLEDGE, "companion-limit", "More than 4000 mg acetaminophen a day.", "label", rule="findings.toml[acetaminophen]"
)
LIMIT_2 = Finding(Severity.ACKNOWLEDGE, "companion-limit", "More than 3200 mg ibuprofen a day.", "label", rule="findings.toml[ibuprofen]")


@pytest.mark.feature("F56")
def test_accepting_one_finding_accepts_no_other_of_the_same_code() -> None:
    plan = acknowledge(replace(ready(), findings=(LIMIT_1, LIMIT_2)), LIMIT_1, decided(START, "as needed only"))
    assert refused(plan, (), RULES) == ("not acknowledged: More than 3200 mg ibuprofen a day.",)
    both = acknowledge(plan, LIMIT_2, decided(START, "ends this week"))
    assert refused(both, (), RULES) == ()
    assert [(one.rule, one.message, one.reason) for one in both.acknowledgements] == [
        (LIMIT_1.rule, LIMIT_1.message, "as needed only"),
        (LIMIT_2.rule, LIMIT_2.message, "ends this week"),
    ]


def test_a_finding_that_says_more_today_is_accepted_anew_and_then_once() -> None:
    plan = acknowledge(replace(ready(), findings=(LIMIT_1,)), LIMIT_1, decided(START, "as needed only"))
    today = replace(LIMIT_1, message="More than 6000 mg acetaminophen a day.")
    assert refused(plan, (today,), RULES) == ("not acknowledged: More than 6000 mg acetaminophen a day.",)
    again = acknowledge(plan, today, decided(START, "only today"), (today,))
    assert (refused(again, (today,), RULES), len(again.acknowledgements)) == ((), 1)


def test_a_stop_of_the_plan_is_not_reworded_away_by_a_finding_of_today() -> None:
    milder = replace(STOP, severity=Severity.INFORMATION, message="Pregnancy has ended.")
    assert refused(replace(ready(), findings=(STOP,)), (milder,), RULES) == ("stopped by pregnancy: Pregnancy is on record.",)


def test_an_acknowledgement_without_a_reason_or_a_finding_is_refused() -> None:
    with pytest.raises(NotAllowed, match="only with a reason"):
        acknowledge(replace(ready(), findings=(REASON_NEEDED,)), REASON_NEEDED, decided(START, ""))
    with pytest.raises(NotAllowed, match="no finding falls"):
        acknowledge(ready(), REASON_NEEDED, decided(START))


def test_todays_finding_of_the_chart_can_be_acknowledged_without_being_the_plans_own() -> None:
    accepted = acknowledge(ready(), REASON_NEEDED, decided(START), (REASON_NEEDED,))
    assert refused(accepted, (REASON_NEEDED,), RULES) == ()


def test_an_acknowledgement_never_clears_a_stop() -> None:
    accepted = Acknowledgement(STOP.code, STOP.rule, STOP.message, "Practitioner/dr-a", START, "she knows")
    assert refused(replace(ready(), findings=(STOP,), acknowledgements=(accepted,)), (), RULES) != ()


@pytest.mark.feature("F69")
def test_a_missing_agreement_refuses_where_the_site_asks_for_it() -> None:
    assert refused(diazepam_plan(), (), RULES) == ("the patient's agreement is missing",)
    assert refused(diazepam_plan(), (), ApprovalRules(needs_agreement=False)) == ()
    assert refused(agree(diazepam_plan(), AGREED), (), RULES) == ()


def test_a_pharmacists_review_is_asked_where_the_site_wants_it_and_must_accept() -> None:
    rules = ApprovalRules(needs_pharmacist=True)
    assert refused(ready(), (), rules) == ("the pharmacist's review is missing",)
    doubtful = review_by_pharmacist(ready(), PharmacistReview("Practitioner/ph", START, "too fast"))
    assert refused(doubtful, (), rules) == ("the pharmacist has not accepted the plan: too fast",)
    accepted = review_by_pharmacist(ready(), PharmacistReview("Practitioner/ph", START, ACCEPTED))
    assert refused(accepted, (), rules) == ()


def test_a_baseline_that_the_chart_leaves_open_must_be_confirmed() -> None:
    assert refused(ready(), (), RULES, why_unconfirmed="taken as needed") == ("the baseline is not confirmed: taken as needed",)
    confirmed = replace(ready(), baseline=Baseline(ready().baseline.mg, "Practitioner/dr-a", START))
    assert refused(confirmed, (), RULES, why_unconfirmed="taken as needed") == ()


@pytest.mark.feature("F84")
def test_only_one_plan_for_an_ingredient_may_be_active() -> None:
    rival = replace(active(diazepam_plan()), id="another")
    assert refused(ready(), (), RULES, (rival,)) == ("another plan for diazepam is active: another",)
    assert refused(ready(), (), RULES, (replace(rival, state=PlanState.ON_HOLD),)) != ()


def test_a_plan_is_no_rival_of_its_successor_of_another_medicine_or_of_another_patient() -> None:
    replaced = active(diazepam_plan(agreement=AGREED))
    successor = replace(ready(), id="next", replaces=replaced.id)
    others = (
        replaced,
        active(oxycodone_plan(id="o", steps=shifted_from(oxycodone_plan(), 1, 14).steps)),
        replace(replaced, id="x", patient="p2"),
        replace(replaced, id="y", key="another", state=PlanState.REVOKED),
    )
    assert refused(successor, (), RULES, others) == ()


@pytest.mark.feature("F54")
def test_an_opioid_and_a_sedative_are_not_approved_with_reductions_on_one_day_and_the_reason_says_what_would_do() -> None:
    opioid = active(oxycodone_plan(id="o"))
    with pytest.raises(NotAllowed) as caught:
        approved_by(ready(), decided(START), (), RULES, opioid)
    (said,) = caught.value.reasons
    assert said.startswith("diazepam would be reduced on 2026-02-02 and oxycodone on 2026-02-02, and 3 more such pairs: an opioid and a")
    assert said.endswith("are reduced at least 14 days apart; reducing diazepam 14 days later would keep them so")
    assert refused(ready(), (), RULES, (replace(opioid, state=PlanState.ON_HOLD),)) == caught.value.reasons


@pytest.mark.parametrize(("later", "allowed"), [(13, False), (14, True)])
def test_reductions_of_the_other_class_lie_14_days_apart_or_the_plan_is_refused(later: int, allowed: bool) -> None:
    opioid = active(oxycodone_plan(id="o"))
    assert (refused(shifted_from(ready(), 1, later), (), RULES, (opioid,)) == ()) is allowed


def test_a_draft_beside_it_refuses_nothing_and_a_taper_that_has_just_ended_does() -> None:
    ended = replace(oxycodone_plan(id="o", days=(7, 7, 4, 4)), state=PlanState.COMPLETED)
    assert refused(ready(), (), RULES, (oxycodone_plan(id="o"),)) == ()
    assert len(refused(ready(), (), RULES, (ended,))) == 1
    assert refused(ready(), (), RULES, (replace(ended, state=PlanState.ENTERED_IN_ERROR),)) == ()


def test_what_was_reduced_long_ago_does_not_refuse_a_slower_plan_of_today() -> None:
    late = START + timedelta(days=200)
    assert refusals(ready(), late, (), RULES, (active(oxycodone_plan(id="o")),), LIFE, judge=no_limits) == ()


def test_two_sedatives_may_be_reduced_on_one_day() -> None:
    zolpidem = replace(active(diazepam_plan(id="z", ingredient="zolpidem")), drug_class=DrugClass.Z_DRUG)
    other = replace(zolpidem, steps=tuple(replace(step, doses=(replace(step.doses[0], ingredient="zolpidem"),)) for step in zolpidem.steps))
    assert refused(ready(), (), RULES, (other,)) == ()


def revision_of(running: TaperPlan, on: date) -> TaperPlan:
    """Build a draft that goes on from the dose of a day."""
    note = RevisionNote("slow", running.version + 1, on, "Practitioner/dr-a", "poor sleep", "slower")
    return replace(
        running,
        id="draft",
        version=running.version + 1,
        replaces=running.id,
        state=PlanState.DRAFT,
        agreement=AGREED,
        revisions=(*running.revisions, note),
    )


def test_a_draft_is_refused_where_the_dose_has_changed_since_it_was_made() -> None:
    running = passed(active(diazepam_plan()), 1, decided(START + timedelta(days=27)))
    draft = revision_of(running, START + timedelta(days=27))
    later = START + timedelta(days=28)
    assert refusals(draft, START + timedelta(days=27), (), RULES, (running,), LIFE, judge=no_limits) == ()
    assert refusals(draft, later, (), RULES, (running,), LIFE, judge=no_limits) == (
        "the dose changed on 2026-02-02, after this draft was made: make the revision again from the dose of today",
    )


def test_a_draft_is_refused_without_the_version_that_it_replaces() -> None:
    draft = revision_of(active(diazepam_plan()), START)
    assert refused(draft, (), RULES) == (f"the version that this draft replaces ({diazepam_plan().id}) is not among the patient's plans",)


def test_a_draft_of_a_plan_that_was_revoked_since_is_refused() -> None:
    running = active(diazepam_plan())
    revoked = revoke(running, decided(START, "the patient moved away"))
    assert refused(revision_of(running, START), (), RULES, (running, revoked)) == (
        "version 2 of this plan is revoked already: make the revision again from the newest version",
    )


def test_a_draft_is_approved_once() -> None:
    first = approved_by(ready(), decided(START), (), RULES)
    with pytest.raises(NotAllowed, match=f"another plan for diazepam is active: {first.id}"):
        approved_by(ready(), decided(START + timedelta(days=1)), (), RULES, first)


def test_a_decision_of_a_day_before_the_last_one_is_out_of_order() -> None:
    approved = approved_by(ready(), decided(START), (), RULES)
    with pytest.raises(NotAllowed, match=r"changed on 2026-01-05 \(approve\): a decision of a day before is out of order"):
        revoke(approved, decided(START - timedelta(days=1), "moved"))


def test_every_reason_is_told_at_once() -> None:
    plan = replace(diazepam_plan(), findings=(STOP, REASON_NEEDED))
    with pytest.raises(NotAllowed) as caught:
        approved_by(plan, decided(START), (), ApprovalRules(needs_pharmacist=True))
    assert len(caught.value.reasons) == 4


def test_an_active_plan_is_not_approved_or_edited_again() -> None:
    with pytest.raises(NotAllowed, match="active cannot be approved"):
        approved_by(active(ready()), decided(START), (), RULES)
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
    with pytest.raises(NotAllowed, match="reached already"):
        complete(kept, decided(kept.steps[-1].start))


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
        acknowledge(replace(ready(), findings=(STOP,)), STOP, decided(START, "she knows"))


@pytest.mark.parametrize("nobody", ["", "  "])
def test_a_decision_an_agreement_and_a_review_name_a_person(nobody: str) -> None:
    with pytest.raises(NotAllowed, match="names the person"):
        Decision(nobody, START, "reason")
    with pytest.raises(NotAllowed, match="names who agreed"):
        agree(diazepam_plan(), Agreement(nobody, "version 1", START))
    with pytest.raises(NotAllowed, match="names the pharmacist"):
        review_by_pharmacist(diazepam_plan(), PharmacistReview(nobody, START, ACCEPTED))


def test_a_draft_that_was_edited_beyond_its_limits_is_refused_with_what_it_breaks() -> None:
    reasons = refusals(ready(), START, (), RULES, (), LIFE)
    assert reasons[0] == "step 2 breaks a limit: 2 mg a day is a cut beyond 25 % in 14 days"
    gentle = replace(ready(), limits=replace(LIMITS, limits=()))
    assert refusals(gentle, START, (), RULES, (), LIFE) == ()


def test_a_draft_whose_tablets_were_edited_to_what_cannot_be_made_is_refused() -> None:
    plan = replace(ready(), limits=replace(LIMITS, limits=()), products=(replace(DIAZEPAM_2, parts=1),))
    assert refusals(plan, START, (), RULES, (), LIFE)[0].endswith("units of diazepam 2 MG Oral Tablet that cannot be measured off")
