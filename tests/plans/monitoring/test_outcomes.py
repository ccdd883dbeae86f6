"""Outcomes of one plan: load, pace, function, pain, mood and sleep, now against where it began; what is not known says why."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.outcomes import Function, Load, Outcomes, Pace, measured, outcomes_of, watched_from
from fhir_taper.plans.monitoring.reading import Raw
from fhir_taper.plans.monitoring.timeline import DoseStretch, Record, Unread
from fhir_taper.plans.tapers.plan import EquivalentFactor, Phase, PlanGoal, PlanState, RevisionNote, TaperPlan
from fhir_taper.plans.tapers.revision import stop_at
from tests.plans.monitoring.watched import NOW, plan, raw, timeline, whole_day
from tests.plans.tapers.made_plans import START, decided

DAY = timedelta(days=1)
TODAY = NOW.date()
AS_PLANNED = tuple(
    DoseStretch("diazepam", first, last, Decimal(mg), (f"MedicationRequest/{mg}",))
    for mg, first, last in (
        ("4", START, date(2026, 2, 1)),
        ("3", date(2026, 2, 2), date(2026, 3, 1)),
        ("2", date(2026, 3, 2), TODAY),
    )
)


def both(*values: object) -> tuple[object, ...]:
    """Values beside each other, whatever they are."""
    return values


def outcomes(*raws: Raw, of: TaperPlan | None = None, **rest: object) -> Outcomes:
    return outcomes_of(of or plan(), timeline(raws, **({"doses": AS_PLANNED} | rest)), NOW)


def loads(**rest: object) -> dict[str, Load]:
    return {one.of: one for one in outcomes(**rest).loads}  # type: ignore[arg-type]


def test_the_load_is_what_is_ordered_today_against_the_plans_first_dose() -> None:
    (one,) = outcomes().loads
    assert both(one.of, one.before, one.now, one.planned) == ("diazepam", (4, 4), (2, 2), (2, 2))
    assert one.reduction == 50


def test_an_equivalent_with_a_range_keeps_both_its_ends_and_its_percent_is_that_of_the_higher() -> None:
    factor = EquivalentFactor("diazepam", "a table", Decimal(1), Decimal(2), "diazepam_mg", "a source")
    one = loads(of=plan(equivalents=(factor,)))["diazepam_mg"]
    assert both(one.before, one.now, one.reduction) == ((4, 8), (2, 4), 50)


def test_all_opioids_count_together_beside_the_plans_own() -> None:
    factor = EquivalentFactor("diazepam", "a table", Decimal(1), Decimal(1), "mme", "a source")
    mme = (DoseStretch("mme", START, START, Decimal(90)), DoseStretch("mme", START + DAY, TODAY, Decimal(60)))
    one = loads(of=plan(drug_class=DrugClass.OPIOID, equivalents=(factor,)), doses=(*AS_PLANNED, *mme))["all opioids"]
    assert both(one.before, one.now) == ((90, 90), (60, 60))
    assert one.reduction == Fraction(100, 3)


def test_an_order_that_nobody_can_compute_leaves_the_load_unknown_and_says_why() -> None:
    unclear = DoseStretch("diazepam", TODAY, TODAY, None, why="as needed, no maximum")
    (one,) = outcomes(doses=(unclear,)).loads
    assert both(one.now, one.reduction, one.why) == (None, None, "as needed, no maximum")
    (unread,) = outcomes(doses=(), unread=(Unread(Record.ORDER, "403"),)).loads
    assert both(unread.now, unread.why) == (None, "orders were not read (403)")


def test_more_than_at_first_is_a_reduction_below_zero() -> None:
    (one,) = outcomes(doses=(DoseStretch("diazepam", START, TODAY, Decimal(5)),)).loads
    assert one.reduction == -25


@pytest.mark.feature("F41")
def test_the_pace_is_said_of_fourteen_and_28_days_and_of_the_whole_course_per_28_days() -> None:
    fourteen, month, course = outcomes().paces
    assert fourteen == Pace(14, Decimal(25), Decimal(25))
    assert month == Pace(28, Decimal(25), Decimal(25))
    assert both(course.days, course.per) == (69, 28)
    assert course.ordered == course.planned == Fraction(50 * 28, 69)


def test_a_reduction_that_was_planned_and_not_ordered_is_a_pace_of_nothing_beside_the_plans() -> None:
    fourteen = outcomes(doses=(DoseStretch("diazepam", START, TODAY, Decimal(3)),)).paces[0]
    assert both(fourteen.ordered, fourteen.planned) == (0, 25)


def test_a_plan_that_began_a_week_ago_has_no_pace_yet_of_two_weeks() -> None:
    early = NOW.replace(month=1, day=12)
    fourteen, month, course = outcomes_of(plan(), timeline(doses=AS_PLANNED), early).paces
    assert fourteen.why == month.why == "the plan has run for 7 days"
    assert fourteen.ordered is None
    assert both(course.days, course.ordered) == (7, 0)
    assert len(outcomes_of(plan(), timeline(doses=AS_PLANNED), NOW.replace(month=1, day=5)).paces) == 2


def test_a_pace_whose_orders_are_not_known_still_says_what_was_planned() -> None:
    fourteen = outcomes(doses=()).paces[0]
    assert both(fourteen.ordered, fourteen.planned) == (None, 25)
    assert fourteen.why == "what was ordered of diazepam on 2026-03-01 is not known"


def test_mood_is_the_latest_score_against_the_one_before_the_first_reduction() -> None:
    phq9, gad7 = outcomes(raw("phq9", 6, 45 * DAY), raw("phq9", 12, 3 * DAY)).mood
    assert both(phq9.before, phq9.now, phq9.change, phq9.is_worse, phq9.now_on) == (6, 12, 6, True, TODAY - 3 * DAY)
    assert both(gad7.before, gad7.now, gad7.is_worse) == (None, None, None)
    assert "no baseline" in gad7.why_no_baseline
    assert gad7.why_not_now == "GAD-7: no data"


@pytest.mark.feature("F80")
def test_load_pain_function_and_mood_stand_in_one_outcome() -> None:
    scores = [raw(name, value, ago) for name, now in (("pain", 4), ("phq9", 6)) for value, ago in ((now + 3, 45 * DAY), (now, DAY))]
    said = (whole_day("minimum-function", None, 2, answer="met"), whole_day("minimum-function", None, 9, answer="not-met"))
    found = outcomes(*scores, *said)
    assert [one.reduction for one in found.loads] == [50]
    assert [both(one.before, one.now, one.is_worse) for one in (found.pain[0], found.mood[0])] == [(7, 4, False), (9, 6, False)]
    assert both(found.function.met, found.function.of) == (1, 2)


@pytest.mark.feature("F42")
@pytest.mark.parametrize(("name", "before", "now"), [("bwsq", 8, 15), ("isi", 9, 16), ("peg", 3, 6), ("phq9", 4, 11), ("gad7", 5, 12)])
def test_withdrawal_sleep_function_and_mood_are_each_held_against_the_patients_own_baseline(name: str, before: int, now: int) -> None:
    seen = timeline((raw(name, before, 80 * DAY), raw(name, now, DAY)))
    found = measured(name, watched_from(plan(), seen, NOW))
    assert both(found.before, found.now, found.change, found.is_worse) == (before, now, now - before, True)


def test_sleep_is_a_mean_of_as_many_days_as_its_baseline_is() -> None:
    before = [whole_day("sleep", 420, days) for days in (70, 72, 74, 76)]
    lately = [whole_day("sleep", minutes, days) for days, minutes in ((2, 300), (3, 330), (4, 360), (5, 330))]
    sleep = outcomes(*before, *lately).sleep[0]
    assert both(sleep.before, sleep.now, sleep.of, sleep.change, sleep.is_worse) == (420, 330, 4, -90, True)
    few = outcomes(*before, lately[0]).sleep[0]
    assert both(few.now, few.why_not_now) == (None, "Sleep in a night: 1 of 4 readings in 28 days")


def test_what_went_the_other_way_is_not_worse_and_what_stayed_is_neither() -> None:
    peg = outcomes(raw("peg", 7, 45 * DAY), raw("peg", 5, DAY)).pain[1]
    assert both(peg.change, peg.is_worse) == (-2, False)
    same = outcomes(raw("peg", 7, 45 * DAY), raw("peg", 7, DAY)).pain[1]
    assert both(same.change, same.is_worse) == (0, None)


def test_function_counts_the_answers_since_the_plan_began() -> None:
    said = [whole_day("minimum-function", None, days, answer=answer) for days, answer in ((100, "met"), (20, "met"), (10, "not-met"))]
    found = outcomes(*said, of=plan(minimum_function="walks the dog")).function
    assert found == Function(1, 2, "walks the dog")
    assert outcomes().function.why == "Minimum function that was agreed: no data"


def test_days_on_hold_are_those_of_every_hold_up_to_today() -> None:
    def note(kind: str, days: int) -> RevisionNote:
        return RevisionNote(kind, 2, TODAY - days * DAY, "Dr. A", "agreed", kind)

    over = (note("hold", 40), note("hold", 38), note("resume", 30))
    assert outcomes(of=plan(revisions=over)).days_on_hold == 10
    standing = replace(plan(revisions=(*over, note("hold", 5))), state=PlanState.ON_HOLD)
    assert outcomes(of=standing).days_on_hold == 15


def test_a_taper_that_ended_at_a_lower_dose_is_told_as_that_and_one_that_goes_on_is_not() -> None:
    ended = stop_at(plan(), decided(TODAY))
    assert (ended.goal, ended.phase) == (PlanGoal.MAINTENANCE, Phase.MAINTENANCE)
    assert outcomes(of=ended).kept_mg == 2
    assert outcomes().kept_mg is None
    assert not outcomes().is_completed
