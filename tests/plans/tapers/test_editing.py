"""An edited draft is judged whole, by the same rules, and carries what they say; what breaks one is refused with what is allowed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tapers.editing import BY_HAND, edited
from fhir_taper.plans.tapers.edits import Delete, Edited, Hold, Lengthen, SetDose
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.gates import gates_for
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.judgement import check
from fhir_taper.plans.tapers.plan import Baseline, Milestone, StepKind, TaperPlan
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from fhir_taper.plans.tapers.windows import windows
from tests.invariants.cases import case, plans
from tests.invariants.checks import CHECKS
from tests.invariants.reading import Subject
from tests.invariants.round_trip import fhir_gives_the_plan_back
from tests.plans.tapers.made_edits import BY, any_edit, asked, by_hand, doses, draft, made_after, refused
from tests.plans.tapers.made_plans import LIFE
from tests.plans.tapers.made_requests import tables, tablets

D = Decimal
RANDOM_DRAFTS = 120
# Pauses stand beside the dose that they keep, and a person's dose lies on no curve: what the other invariants say holds of edits too.
NOT_OF_EDITS = frozenset(
    {
        "i02_steps_follow_each_other_from_the_baseline",
        "i04_the_row_is_the_one_that_the_design_resolves",
        "i08_same_input_same_plan_and_documents_lose_nothing",
        "i17_doses_lie_at_their_ideals",
        "i17_ideals_follow_their_curve",
    }
)


def finding(plan: TaperPlan, code: str) -> Finding | None:
    return next((one for one in plan.findings if one.code == code), None)


def test_without_edits_the_draft_is_what_it_was() -> None:
    base = draft(asked())
    assert edited(base, (), asked(), tables()) is base


@pytest.mark.feature("F05")
def test_a_step_that_was_edited_says_how_by_whom_and_when_and_the_plan_says_it_too() -> None:
    plan = made_after(asked(), SetDose(2, D("18.5")), Lengthen(2, 7))
    assert plan.steps[2].note == f"set to 18.5 mg a day, {BY}, 2026-01-02; 7 days longer, {BY}, 2026-01-02"
    assert not any(step.note for step in plan.steps if step.number != 2)
    said = finding(plan, BY_HAND)
    assert said is not None
    assert said.severity is Severity.INFORMATION
    assert (
        said.message == "The plan was edited by hand, with its steps numbered as they were then: "
        f"step 2 set to 18.5 mg a day ({BY}, 2026-01-02); step 2 made 7 days longer ({BY}, 2026-01-02)."
    )


def test_of_many_edits_the_last_are_spelt_out_and_the_others_counted() -> None:
    said = finding(made_after(asked(), *(Lengthen(1, days) for days in (1, 2, 3, 4, 5))), BY_HAND)
    assert said is not None
    assert "before that 2 more" in said.message
    assert said.value == "5 edits"


def test_a_cut_beyond_a_limit_is_refused_with_the_lowest_dose_and_the_first_day_that_are_allowed() -> None:
    no = refused(asked(), SetDose(8, D(8), to_later=True))
    assert no.reason == "edit-too-fast"
    assert "Step 8, from 13 mg a day to 8 mg a day on 2026-04-27, is a cut beyond 25 % in 14 days" in no.message
    assert "The lowest dose that exists within them on that day is 10 mg a day." in no.message
    assert (no.at_mg, no.next_mg, no.ways_out) == (D(8), D(10), ())


def test_a_cut_that_comes_too_soon_says_from_when_on_it_is_allowed() -> None:
    request = asked(
        ingredient="oxycodone",
        drug="oxycodone",
        drug_class=DrugClass.OPIOID,
        products=tablets("oxycodone", "5", "10"),
        taken=(),
        baseline=Baseline(D(100)),
        params=(("percent", "10"), ("interval_days", "14")),
        target_mg=D(50),
        benzo_table=None,
    )
    assert [mg for mg, _ in doses(draft(request))] == [100, 90, 80, 70, 60, 50]
    no = refused(request, SetDose(2, D(75)))
    assert "is a cut beyond 20 % of the original dose in 28 days" in no.message
    assert "The lowest dose that exists within them on that day is 80 mg a day." in no.message
    assert "From 2026-02-16 on it is within them: make step 1 14 days longer." in no.message
    assert (no.next_mg, no.ways_out) == (D(80), (WayOut.LONGER_INTERVAL,))
    assert doses(made_after(request, Lengthen(1, 14), SetDose(2, D(75))))[1:4] == [(D(90), 28), (D(75), 14), (D(70), 14)]


def test_a_cut_beyond_a_limit_that_leaves_out_a_dose_of_the_grid_is_no_cut_of_one_notch() -> None:
    """3 to 2 mg diazepam over two times of day: 2.5 mg is half a tablet of 5 mg, more at once than is taken, and yet a dose of the plan."""
    request = case(278).request
    before, left_out, after_it = (step.mg_per_day("diazepam") for step in draft(request).steps[14:17])
    assert (before, left_out, after_it) == (D(3), D("2.5"), D(2))
    assert refused(request, Delete(15)).reason == "edit-too-fast"


def test_the_first_cut_stays_within_what_the_tier_allows() -> None:
    no = refused(asked(), SetDose(1, D(17), to_later=True))
    assert "a first cut beyond the 10 %" in no.message
    assert no.next_mg == D(18)


def test_a_taper_that_becomes_too_long_is_refused() -> None:
    no = refused(asked(), Lengthen(1, 1000))
    assert no.reason == "edit-duration"
    assert "longer than the 1095 days" in no.message


def test_cuts_are_named_anew_as_what_they_are() -> None:
    """Under its published limits the end of the schedule is plain reductions; by default it is cuts of one notch beyond a limit."""
    request = asked(protocol="cks-slow")
    assert [step.kind for step in draft(request).steps[-2:]] == [StepKind.REDUCTION, StepKind.STOP]
    assert [step.kind for step in made_after(request, SetDose(1, D("18.5"))).steps[-2:]] == [StepKind.UNIT_LIMITED] * 2


def test_findings_of_the_schedule_are_made_anew_and_the_others_stay() -> None:
    base = draft(asked())
    slower = made_after(asked(), SetDose(1, D("18.5"), to_later=True))
    assert finding(base, "pace-advised") != finding(slower, "pace-advised")
    assert finding(slower, "defaults-await-sign-off") == finding(base, "defaults-await-sign-off")
    limited = finding(slower, "limited")
    assert limited is not None
    assert limited.message.startswith("As it was proposed, before it was edited: The limits")
    kept = Finding(Severity.ACKNOWLEDGE, "times-assumed", "Assumed.", "design")
    made = edited(replace(base, findings=(*base.findings, kept)), by_hand(Hold(1, 7)), asked(), tables())
    assert isinstance(made, TaperPlan)
    assert kept in made.findings


def test_review_gates_and_milestones_are_those_of_the_edited_steps() -> None:
    base = draft(asked())
    base = replace(base, milestones=(Milestone("half", 10, base.steps[10].start), Milestone("gone", 3, base.steps[3].start)))
    plan = edited(base, by_hand(Hold(1, 14), Delete(4)), asked(), tables())
    assert isinstance(plan, TaperPlan)
    assert plan.gates == gates_for(replace(plan, gates=()))
    assert 2 not in {gate.step for gate in plan.gates}  # a pause cuts nothing, so nothing is reviewed before it
    assert all(gate.due == plan.steps[gate.step].start for gate in plan.gates)
    (half,) = plan.milestones
    assert plan.steps[half.step].mg_per_day("diazepam") == base.steps[10].mg_per_day("diazepam")
    assert half.due == plan.steps[half.step].start


def test_windows_of_an_edited_plan_cover_its_own_days_and_doses() -> None:
    plan = made_after(asked(), Hold(3, 14), SetDose(2, D("18.5")))
    made = windows(plan, LIFE)
    assert made[0].start == plan.steps[0].start
    assert max(window.end for window in made) == plan.steps[-1].start - timedelta(days=1)
    starts = {plan.steps[gate.step].start for gate in plan.gates}
    assert not any(window.start < start <= window.end for window in made for start in starts)
    held = [window for window in made if window.start == plan.steps[3].start]
    assert held
    assert held[0].days == 28


def test_an_edited_plan_has_a_name_of_its_own_and_the_same_edits_give_the_same_plan() -> None:
    base, plan = draft(asked()), made_after(asked(), Hold(3, 14))
    assert plan == made_after(asked(), Hold(3, 14))
    assert len({one.id for one in (base, plan, made_after(asked(), Hold(3, 15)))}) == 3
    assert plan.key != base.key
    other = edited(base, (Edited(Hold(3, 14), "Somebody Else", date(2026, 2, 2)),), asked(), tables())
    assert isinstance(other, TaperPlan)
    assert other.id == plan.id


def test_a_published_schedule_keeps_its_limits_where_only_time_is_added() -> None:
    request = asked(protocol="cks-slow")
    base, plan = draft(request), made_after(request, Hold(2, 14), Lengthen(4, 7, to_later=True))
    assert base.limits.is_published
    assert plan.limits == base.limits
    assert finding(plan, "protocol-edited") is None


@pytest.mark.feature("F56")
def test_a_published_schedule_with_another_dose_is_none_any_more_and_the_default_limits_hold() -> None:
    request = asked(protocol="cks-slow")
    plan = made_after(request, SetDose(1, D("18.5")))
    assert not plan.limits.is_published
    assert plan.limits.first_cut is not None
    assert finding(plan, "protocol-edited") is not None
    assert "is a first cut beyond the 10 %" in refused(request, SetDose(1, D("17.5"), to_later=True)).message


def wrong_with(subject: Subject) -> Iterator[str]:
    for name, invariant in {**CHECKS, "fhir": fhir_gives_the_plan_back}.items():
        if name not in NOT_OF_EDITS:
            yield from (f"{name}: {says}" for says in invariant(subject))


def test_random_edits_of_random_drafts_keep_the_invariants_or_are_refused() -> None:
    made = no = 0
    broken: list[str] = []
    for one, base in plans(RANDOM_DRAFTS):
        rng, now = Random(one.number), base
        done: tuple[Edited, ...] = ()
        for _ in range(rng.randint(1, 4)):
            edits = (*done, *by_hand(any_edit(rng, now, one.request)))
            outcome = edited(base, edits, one.request, tables())
            if isinstance(outcome, Infeasible):
                no += 1
                assert outcome.message
                continue
            made, done, now = made + 1, edits, outcome
            assert from_document(to_document(now)) == now
            assert check(now, one.request.past) == ()
            assert now.gates == gates_for(replace(now, gates=()))
            broken += [f"case {one.number}, {says}" for says in wrong_with(Subject(one.request, now, tables()))]
    assert broken == []
    assert made > RANDOM_DRAFTS / 2
    assert no > RANDOM_DRAFTS / 2
