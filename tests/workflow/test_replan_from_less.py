"""Another way from a dose that a person already takes less of: the plan's first cut is still to come, and is no larger than its cap."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_taper.errors import NotAllowed
from fhir_taper.exact_json import encode
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import GateState, Step, StepKind, TaperPlan
from fhir_taper.plans.tapers.replanning import change_strategy, step_back
from fhir_taper.workflow.plan import make_plan
from fhir_taper.workflow.read_chart import read_chart_bytes
from fhir_taper.workflow.regimen import Reading, read
from fhir_taper.workflow.replan import proposing
from tests.mappers.charts import PATIENT, bundle
from tests.plans.tapers.made_plans import active
from tests.workflow.made_readings import DAY, asking, reading_of, tablets

TAKEN = {
    "lorazepam": ("197901", "lorazepam 1 MG Oral Tablet", 3, "0.25"),
    "diazepam": ("197591", "diazepam 5 MG Oral Tablet", 4, "1"),
    "oxycodone": ("1049621", "oxycodone hydrochloride 5 MG Oral Tablet", 4, "5"),
    "clonazepam": ("197527", "clonazepam 0.5 MG Oral Tablet", 4, "0.25"),
    "alprazolam": ("308048", "alprazolam 0.5 MG Oral Tablet", 4, "0.125"),
}
WAYS = ("linear", "proportional", "hyperbolic")


@cache
def running(drug: str) -> TaperPlan:
    """A plan that was approved today, with its reviews still to come."""
    rxcui, name, times, _ = TAKEN[drug]
    table = {} if drug == "oxycodone" else {"benzo_table": "va-dod-2021"}
    made = make_plan(reading_of(tablets(rxcui, name, times)), asking(drug, strategy="linear", reason="falls", **table))
    assert isinstance(made, TaperPlan), made
    return active(made)


def reviewed(plan: TaperPlan) -> TaperPlan:
    """The same, with its steps let go."""
    return replace(plan, gates=tuple(replace(gate, state=GateState.PASSED) for gate in plan.gates))


@cache
def chart(drug: str, days: int) -> Reading:
    rxcui, name, times, _ = TAKEN[drug]
    document = encode(bundle(PATIENT, tablets(rxcui, name, times)))
    return read(read_chart_bytes(document, name="chart"), DAY + timedelta(days=days), "cdc-2022", None)


def another_way(plan: TaperPlan, days: int, way: str, mg: Decimal | None) -> TaperPlan | Infeasible:
    """The plan some days into it, by another way from what is really taken."""
    decision = Decision("Dr. A", DAY + timedelta(days=days), "takes less already")
    return change_strategy(
        plan, decision, proposing(lambda _: chart(plan.ingredient, days), plan, decision, "local"), strategy=way, actual_mg=mg
    )


def later_cuts(plan: TaperPlan, since: int) -> list[tuple[Fraction, Step]]:
    """(mg less a day, step) of every cut after a day."""
    pairs = ((one, two) for one, two in pairwise(plan.steps) if (two.start - DAY).days > since)
    cuts = ((Fraction(one.mg_per_day(plan.ingredient)) - Fraction(two.mg_per_day(plan.ingredient)), two) for one, two in pairs)
    return [(cut, step) for cut, step in cuts if cut > 0]


def check_first_cut(plan: TaperPlan, since: int) -> None:
    """The first cut is within the cap of the original dose, or one notch that the unit rule allows, 14 days after any other fall."""
    cut, step = later_cuts(plan, since)[0]
    cap, unit = plan.limits.first_cut, plan.limits.unit
    assert cap is not None
    if cut <= Fraction(cap.fraction) * Fraction(plan.baseline.mg):
        return
    assert step.kind is StepKind.UNIT_LIMITED
    assert unit is not None
    assert cut <= Fraction(unit.unit_max_mg)
    fell = [two.start for one, two in pairwise(plan.steps) if two.mg_per_day(plan.ingredient) < one.mg_per_day(plan.ingredient)]
    assert all((step.start - day).days >= 14 for day in fell if day < step.start)


def is_readable(says: str) -> bool:
    """Amounts as decimals and shares as percents, and never "0 days"."""
    return not re.search(r"\d/\d|\b0 days|\b0\.\d+ of ", says)


@pytest.mark.parametrize(("drug", "mg"), [("lorazepam", "2.5"), ("clonazepam", "1.75"), ("alprazolam", "1.75"), ("diazepam", "19")])
def test_who_takes_less_than_the_plan_before_its_first_cut_gets_another_way(drug: str, mg: str) -> None:
    for days in (0, 7):
        made = another_way(running(drug), days, "linear", Decimal(mg))
        assert isinstance(made, TaperPlan), made
        assert made.step_on(DAY + timedelta(days=days)).mg_per_day(drug) == Decimal(mg)
        check_first_cut(made, days)


def test_what_a_person_took_less_is_not_the_plans_first_cut_in_a_later_version_either() -> None:
    once = another_way(running("lorazepam"), 7, "linear", Decimal("2.5"))
    assert isinstance(once, TaperPlan)
    twice = another_way(active(once), 10, "linear", None)
    assert isinstance(twice, TaperPlan)
    check_first_cut(twice, 10)
    again = another_way(active(once), 7, "hyperbolic", None)
    assert isinstance(again, TaperPlan)
    check_first_cut(again, 7)


def test_a_cut_of_the_plan_that_begins_today_is_its_first_cut() -> None:
    plan = reviewed(running("lorazepam"))
    days = (plan.steps[1].start - DAY).days
    assert isinstance(another_way(plan, days, "linear", None), TaperPlan)


def test_a_step_back_does_not_make_a_persons_own_fall_a_cut_of_the_plan() -> None:
    once = another_way(running("lorazepam"), 7, "linear", Decimal("1.5"))
    assert isinstance(once, TaperPlan)
    decision = Decision("Dr. A", DAY + timedelta(days=9), "hard to bear")
    with pytest.raises(NotAllowed) as refused:
        step_back(active(once), decision, 0, 14, load_life_rules())
    assert any("1.5 mg a day is a first cut beyond the" in reason for reason in refused.value.reasons)
    assert all(is_readable(reason) for reason in refused.value.reasons)
    assert "another way" in refused.value.reasons[-1]


@st.composite
def less_or_more(draw: st.DrawFn) -> tuple[str, Decimal]:
    """A medicine and a whole number of its smallest cut below, at, or a little above the dose of its plan."""
    drug = draw(st.sampled_from(sorted(TAKEN)))
    notch, most = Decimal(TAKEN[drug][3]), running(drug).baseline.mg
    return drug, notch * draw(st.integers(1, int(most / notch) + 2))


@settings(max_examples=150, deadline=None)
@given(less_or_more(), st.booleans(), st.integers(0, 150), st.sampled_from(WAYS), st.integers(0, 30), st.sampled_from(WAYS))
def test_another_way_from_any_dose_is_a_plan_that_engine_and_judge_agree_on_or_a_no_in_words(
    taken: tuple[str, Decimal], is_reviewed: bool, days: int, way: str, later: int, next_way: str
) -> None:
    drug, mg = taken
    plan = reviewed(running(drug)) if is_reviewed else running(drug)
    for on, by, actual in ((days, way, mg), (days + later, next_way, None)):
        made = another_way(plan, on, by, actual)  # raises nothing: what the engine answers with, the judge of the whole taper lets pass
        if isinstance(made, Infeasible):
            assert is_readable(made.message)
            assert made.ways_out
            return
        day = DAY + timedelta(days=on)
        assert made.step_on(day).mg_per_day(drug) == (actual or step_in_force(plan, day).mg_per_day(drug))
        if not is_reviewed:  # without reviews the plan has made no cut
            check_first_cut(made, on)
        plan = active(made)
