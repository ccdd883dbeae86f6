"""What the engine is asked when a plan goes on otherwise: the plan's own products, and what was confirmed for it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fhir_taper.errors import BrokenPlan, WrongUsage
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import divide, multiply
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.replanning import change_strategy
from fhir_taper.plans.tapers.restart import Restart
from fhir_taper.workflow.assessed import Assessed, Score
from fhir_taper.workflow.course import Asked, Turn, Turned, turned
from fhir_taper.workflow.plan import make_plan
from fhir_taper.workflow.replan import benzo_table_of, proposing, stops_today, way_asked, ways_on
from tests.plans.tapers.made_plans import active
from tests.workflow.followed import Followed
from tests.workflow.made_readings import DAY, asking, reading_of, tablets


def test_a_new_schedule_uses_the_products_and_parts_of_the_plan(followed: Followed) -> None:
    found = turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, Asked(Turn.SLOW, "too fast"))
    assert isinstance(found, Turned)
    assert set(found.after.products) <= set(followed.plan.products)
    assert found.after.equivalents == followed.plan.equivalents


def test_the_table_that_was_chosen_is_asked_for_again_and_a_range_names_none(followed: Followed) -> None:
    assert benzo_table_of(followed.plan) == "va-dod-2021"
    wide = tuple(replace(one, high=one.high + 1) for one in followed.plan.equivalents)
    assert benzo_table_of(replace(followed.plan, equivalents=wide)) is None


def test_what_was_confirmed_for_the_plan_stays_confirmed_and_clears_its_stop(followed: Followed) -> None:
    """Methadone counts as treatment of opioid use disorder until a person says that it is for pain."""
    reading = followed.loaded.reading(followed.chart.day(followed.services.clock()))
    (order, *rest) = (one for one in reading.regimen.items if one.ingredient == "diazepam")
    methadone = replace(order, ingredient="methadone", drug="methadone", drug_class=DrugClass.OPIOID)
    taken = replace(reading, regimen=replace(reading.regimen, items=(methadone, *rest)))
    plan = replace(followed.plan, ingredient="methadone", drug="methadone", drug_class=DrugClass.OPIOID)
    said = Finding(Severity.INFORMATION, "fact-confirmed", "said", "Dr. A", value="pain-indication-confirmed")
    before = {one.code for one in stops_today(taken, plan)}
    assert "opioid-treatment-not-pain" in before
    assert {one.code for one in stops_today(taken, replace(plan, findings=(said,)))} == before - {"opioid-treatment-not-pain"}


def test_the_ways_on_are_those_of_the_medicine_and_a_strange_one_is_refused(followed: Followed) -> None:
    reading = followed.loaded.reading(followed.chart.day(followed.services.clock()))
    ways = ways_on(reading, followed.plan)
    assert {"strategy linear", "protocol asam-2025"} <= set(ways)
    assert "strategy substitution" not in ways
    assert "protocol cdc-2022-slow" not in ways
    assert way_asked(followed.plan, "protocol asam-2025", ()) == (None, "asam-2025", ())
    lorazepam = replace(followed.plan, ingredient="lorazepam")
    assert way_asked(lorazepam, "strategy substitution", ()) == ("substitution", None, (("to", "diazepam"),))
    for odd in ("", "linear", "strategy magic", "protocol "):
        with pytest.raises(WrongUsage, match="no way to go on"):
            way_asked(followed.plan, odd, ())


LORAZEPAM = tablets("197901", "lorazepam 1 MG Oral Tablet", 3)


def crossed_over(after: int) -> tuple[TaperPlan, TaperPlan | Infeasible]:
    """A running taper of lorazepam, and the cross-over to diazepam that is asked for some days into it."""
    asked = asking("lorazepam", strategy="linear", benzo_table="va-dod-2021", reason="falls")
    made = make_plan(reading_of(LORAZEPAM), asked)
    assert isinstance(made, TaperPlan)
    plan = active(made)
    later = Decision("Dr. A", DAY + timedelta(days=after), "a longer one")
    propose = proposing(lambda _: reading_of(LORAZEPAM), plan, later, "local")
    strategy, _, params = way_asked(plan, "strategy substitution", (("interval_days", "14"),))
    return plan, change_strategy(plan, later, propose, strategy=strategy, params=params)


@pytest.mark.parametrize("after", [0, 1, 13, 20, 40, 90])
def test_a_running_plan_crosses_over_to_another_agent_judged_in_mg_of_one_agent_or_says_why_it_cannot(after: int) -> None:
    plan, made = crossed_over(after)
    assert isinstance(made, TaperPlan), made
    assert (made.ingredient, made.steps[-2].doses[-1].ingredient) == ("lorazepam", "diazepam")
    assert made.steps[0].mg_per_day("lorazepam") == plan.baseline.mg == 3


def test_a_crossing_that_the_limits_refuse_after_what_was_taken_is_refused_in_words() -> None:
    def too_fast(*_: object) -> TaperPlan:
        raise BrokenPlan("the plan breaks its own rules")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fhir_taper.workflow.replan.answer_to", too_fast)
        _, made = crossed_over(40)
    assert isinstance(made, Infeasible)
    assert "a cross-over to another medicine now" in made.message


def test_what_has_crossed_over_is_not_offered_to_cross_over_again() -> None:
    plan, made = crossed_over(1)
    assert isinstance(made, TaperPlan)
    assert "strategy substitution" in ways_on(reading_of(LORAZEPAM), plan)
    reading = reading_of(LORAZEPAM)
    on_diazepam = replace(reading, regimen=replace(reading.regimen, as_of=made.steps[-2].start))
    assert "strategy substitution" not in ways_on(on_diazepam, replace(made, gates=()))


def test_protocols_of_the_medicine_that_is_taken_now_are_offered_after_a_cross_over() -> None:
    plan, made = crossed_over(1)
    assert isinstance(made, TaperPlan)
    reading = reading_of(LORAZEPAM)
    assert "protocol cks-slow" not in ways_on(reading, plan)
    on_diazepam = replace(reading, regimen=replace(reading.regimen, as_of=made.steps[-2].start))
    assert "protocol cks-slow" in ways_on(on_diazepam, replace(made, gates=()))


def test_what_was_measured_since_stops_a_reduction_of_a_plan_that_runs(followed: Followed) -> None:
    """Thoughts of death or self-harm in the intake of today: a Stop, as if the chart said it."""
    day = followed.chart.day(followed.services.clock())
    reading = followed.loaded.reading(day)
    measured = Assessed(scores=(Score("phq9-item9", Decimal(2), "Dr. A", day),))
    before = stops_today(reading, followed.plan)
    (new,) = (one for one in stops_today(reading, followed.plan, measured) if one not in before)
    assert "self-harm" in new.message


@pytest.mark.parametrize("way", ["linear", "proportional"])
def test_what_has_crossed_over_goes_on_by_another_way_judged_by_its_original_dose_in_mg_of_the_new_agent(way: str) -> None:
    """3 mg of lorazepam would be the most restrictive original dose that 30 mg of diazepam could have."""
    _, crossed = crossed_over(1)
    assert isinstance(crossed, TaperPlan)
    plan, reading = replace(active(crossed), gates=()), reading_of(LORAZEPAM)
    on = next(step.start for step in plan.steps if step.number > 3 and not step.mg_per_day("lorazepam"))
    later = Decision("Dr. A", on, "another way")
    now = replace(reading, regimen=replace(reading.regimen, as_of=on))
    asked: list[Restart] = []
    propose = proposing(lambda _: now, plan, later, "local")

    def noted(restart: Restart) -> TaperPlan | Infeasible:
        asked.append(restart)
        return propose(restart)

    made = change_strategy(plan, later, noted, strategy=way, params=(("percent", "5"), ("interval_days", "14")))
    assert isinstance(made, TaperPlan), made
    per_mg = {one.ingredient: one.low for one in plan.equivalents}
    assert asked[0].past.original_mg == divide(multiply(Decimal(3), per_mg["lorazepam"]), per_mg["diazepam"])
    assert "original-converted" in {one.code for one in made.findings}
