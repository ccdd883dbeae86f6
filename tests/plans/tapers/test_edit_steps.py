"""What each edit does to the steps, and where it cannot be meant. Diazepam 20, 19, 18 … 0 mg a day, 14 days each."""

from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tapers.edit_steps import Offered
from fhir_taper.plans.tapers.editing import offered_at
from fhir_taper.plans.tapers.edits import Delete, Edit, Hold, Insert, Lengthen, SetDose
from fhir_taper.plans.tapers.plan import Baseline, StepKind, Tier
from fhir_taper.plans.tapers.request import Taken
from tests.plans.tapers.made_edits import asked, doses, draft, made_after, refused
from tests.plans.tapers.made_requests import patch, tables, tablets

D = Decimal
LAST = 21


def test_a_pause_is_a_step_of_its_own_at_the_same_dose_and_moves_everything_later() -> None:
    before, plan = draft(asked()), made_after(asked(), Hold(3, 14))
    assert doses(plan)[3:6] == [(D(17), 14), (D(17), 14), (D(16), 14)]
    assert plan.steps[4].kind is StepKind.HOLD
    assert plan.steps[4].doses == plan.steps[3].doses
    assert [(after.start - step.start).days for step, after in zip(before.steps[4:], plan.steps[5:], strict=True)] == [14] * 18
    assert [step.doses for step in before.steps[4:]] == [step.doses for step in plan.steps[5:]]


def test_a_pause_of_a_pause_and_of_a_step_that_is_paused_makes_the_pause_longer() -> None:
    for again in (Hold(3, 7), Hold(4, 7)):
        assert doses(made_after(asked(), Hold(3, 14), again))[3:6] == [(D(17), 14), (D(17), 21), (D(16), 14)]


def test_a_pause_that_is_left_out_gives_its_days_back() -> None:
    assert doses(made_after(asked(), Hold(3, 14), Delete(4))) == doses(draft(asked()))


def test_a_step_is_made_longer_alone_or_with_each_later_one() -> None:
    assert doses(made_after(asked(), Lengthen(2, 7)))[1:4] == [(D(19), 14), (D(18), 21), (D(17), 14)]
    to_later = doses(made_after(asked(), Lengthen(2, 7, to_later=True)))
    assert [days for _, days in to_later] == [14, 14, *[21] * 19, 0]


def test_a_step_that_is_put_in_lies_between_its_neighbours() -> None:
    assert doses(made_after(asked(), Insert(3, D("16.5"), 7)))[3:6] == [(D(17), 14), (D("16.5"), 7), (D(16), 14)]
    for mg in ("17", "16", "18.5", "2"):
        assert refused(asked(), Insert(3, D(mg), 7)).reason == "not-between"
    assert "between them there are 16.5 mg" in refused(asked(), Insert(3, D(17), 7)).message


def test_where_a_step_is_left_out_the_one_before_lasts_until_the_next() -> None:
    assert doses(made_after(asked(), Delete(3)))[1:4] == [(D(19), 14), (D(18), 28), (D(16), 14)]


def test_with_a_step_its_pause_is_left_out_and_no_day_is_lost() -> None:
    assert doses(made_after(asked(), Hold(3, 14), Delete(3)))[1:4] == [(D(19), 14), (D(18), 42), (D(16), 14)]


def test_a_step_is_set_to_another_dose_with_the_pause_that_belongs_to_it() -> None:
    assert doses(made_after(asked(), SetDose(2, D("18.5"))))[1:4] == [(D(19), 14), (D("18.5"), 14), (D(17), 14)]
    assert doses(made_after(asked(), Hold(2, 7), SetDose(2, D("18.5"))))[1:5] == [(D(19), 14), (D("18.5"), 14), (D("18.5"), 7), (D(17), 14)]


def test_a_step_that_is_set_to_the_dose_of_its_neighbour_becomes_one_with_it() -> None:
    assert doses(made_after(asked(), SetDose(2, D(19))))[1:3] == [(D(19), 28), (D(17), 14)]
    assert doses(made_after(asked(), SetDose(2, D(17))))[1:4] == [(D(19), 14), (D(17), 28), (D(16), 14)]


def test_the_same_cut_at_every_later_step_is_walked_inside_the_limits_to_the_target() -> None:
    plan = made_after(asked(), SetDose(1, D("18.5"), to_later=True))
    assert doses(plan)[:5] == [(D(20), 14), (D("18.5"), 14), (D(17), 14), (D("15.5"), 14), (D(14), 14)]
    assert plan.steps[-1].mg_per_day("diazepam") == 0
    assert {step.kind for step in plan.steps} >= {StepKind.LIMITED, StepKind.UNIT_LIMITED}


def test_the_same_cut_goes_on_after_the_pause_of_the_step() -> None:
    plan = made_after(asked(), Hold(1, 28), SetDose(1, D("18.5"), to_later=True))
    assert doses(plan)[:5] == [(D(20), 14), (D("18.5"), 14), (D("18.5"), 28), (D(17), 14), (D("15.5"), 14)]


def test_the_same_cut_may_lead_to_the_target_at_once() -> None:
    plan = made_after(asked(target_mg=D(18)), SetDose(1, D(18), to_later=True))
    assert doses(plan) == [(D(20), 14), (D(18), 0)]


def test_a_step_without_a_cut_has_none_to_repeat() -> None:
    assert refused(asked(), SetDose(2, D(19), to_later=True)).reason == "no-cut"


@pytest.mark.parametrize(
    ("edit", "reason", "says"),
    [
        (Hold(22, 14), "no-such-step", "the last one is step 21"),
        (Hold(-1, 14), "no-such-step", "there is no step -1"),
        (Hold(LAST, 14), "last-step", "its dose goes on"),
        (SetDose(LAST, D(1)), "last-step", "another dose to reach"),
        (Delete(0), "where-the-taper-starts", "as it is taken"),
        (SetDose(0, D(19)), "where-the-taper-starts", "as it is taken"),
        (Hold(1, 0), "days-out-of-range", "from 1 to 1095 days"),
        (Lengthen(1, 4000), "days-out-of-range", "from 1 to 1095 days"),
        (SetDose(2, D("18.3")), "dose-does-not-exist", "next to it 18 mg a day and 18.5 mg a day can"),
        (Insert(2, D("17.3"), 14), "dose-does-not-exist", "next to it 17 mg a day and 17.5 mg a day can"),
        (SetDose(2, D("0.3")), "dose-does-not-exist", "next to it 0 mg a day and 1 mg a day can"),
        (SetDose(2, D(21)), "dose-would-rise", "more than the 19 mg a day of step 1"),
        (SetDose(2, D(12)), "dose-would-rise", "step 3 would then rise to 17 mg a day"),
        (SetDose(2, D(18)), "nothing-changes", "18 mg a day already"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(edit: Edit, reason: str, says: str) -> None:
    no = refused(asked(), edit)
    assert no.reason == reason
    assert says in no.message


def test_a_pause_has_no_dose_of_its_own_to_change() -> None:
    assert refused(asked(), Hold(2, 14), SetDose(3, D(17))).reason == "is-a-pause"


def test_patches_are_paused_for_whole_wear_times_and_the_step_says_so() -> None:
    request = asked(
        ingredient="fentanyl",
        drug="fentanyl",
        drug_class=DrugClass.OPIOID,
        products=(patch("fentanyl", "0.3"), patch("fentanyl", "0.6"), patch("fentanyl", "1.2")),
        taken=(Taken("fentanyl-extended-patch-1.2", Slot.MORNING, D(2)),),
        baseline=Baseline(D("2.4")),
        params=(("percent", "12.5"), ("interval_days", "30")),
        benzo_table=None,
        tier=Tier.LOW,
        target_mg=D("1.8"),
    )
    plan = made_after(request, Hold(1, 14))
    assert doses(plan)[2][1] == 15
    assert "paused for 15 days (not 14 days" in plan.steps[2].note


def test_what_is_offered_at_a_step_are_the_doses_between_its_neighbours() -> None:
    assert offered_at(draft(asked()), 2, asked(), tables()) == Offered(
        (D(19), D("18.5"), D(18), D("17.5"), D(17)), (D("17.5"),), may_pause=True, may_lengthen=True, may_delete=True
    )
    assert offered_at(draft(asked()), 0, asked(), tables()) == Offered(
        (), (D("19.5"),), may_pause=True, may_lengthen=True, may_delete=False
    )
    for step in (LAST, -1, 99):
        assert offered_at(draft(asked()), step, asked(), tables()) is None


def test_a_taper_by_taking_the_medicine_less_often_is_only_paused_or_made_longer() -> None:
    request = asked(
        ingredient="oxycodone",
        drug="oxycodone",
        drug_class=DrugClass.OPIOID,
        products=tablets("oxycodone", "5"),
        taken=tuple(Taken("oxycodone-immediate-tablet-5", slot, D(1)) for slot in (Slot.MORNING, Slot.NOON, Slot.NIGHT)),
        baseline=Baseline(D(15)),
        strategy="interval-extension",
        params=(),
        benzo_table=None,
    )
    plan = draft(request)
    found = offered_at(plan, 1, request, tables())
    assert found == Offered((), (), may_pause=True, may_lengthen=True, may_delete=False)
    assert refused(request, Delete(1)).reason == "doses-follow-from-unit"
    spaced = next(step.number for step in plan.steps if step.every_days > 1)
    assert refused(request, Hold(spaced, 14)).reason == "taken-on-some-days"
    longer = made_after(request, Lengthen(spaced, 14))
    assert [step.doses for step in longer.steps] == [step.doses for step in plan.steps]
