"""The life of plans that the engine makes: held, slowed, stepped back and written down, they keep their own limits."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_taper import exact_json
from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.lifecycle import ApprovalRules, acknowledge, approve
from fhir_taper.plans.tapers.plan import Baseline, PlanState, TaperPlan, Tier
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.replanning import change_strategy, slow, step_back
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.restart import Restart, request_for
from fhir_taper.plans.tapers.revision import hold
from fhir_taper.plans.tapers.windows import windows
from tests.plans.tapers.made_plans import decided, go_on

TABLES = load()
RULES = TABLES.safety.life
START = date(2026, 1, 5)
CASES = {
    "diazepam linear": ("diazepam", "197590", DrugClass.BENZODIAZEPINE, "10", 2, "linear"),
    "diazepam proportional": ("diazepam", "197590", DrugClass.BENZODIAZEPINE, "20", 2, "proportional"),
    "lorazepam hyperbolic": ("lorazepam", "197900", DrugClass.BENZODIAZEPINE, "2", 2, "hyperbolic"),
    "oxycodone linear": ("oxycodone", "1049621", DrugClass.OPIOID, "60", 1, "linear"),
}


def request_of(name: str) -> PlanRequest:
    ingredient, rxcui, drug_class, mg, parts, strategy = CASES[name]
    product = TABLES.medicines.product(rxcui)
    assert product is not None
    units = Decimal(mg) / product.mg / 2
    return PlanRequest(
        tenant="local",
        patient="p1",
        zone="UTC",
        ingredient=ingredient,
        drug=ingredient,
        drug_class=drug_class,
        start=START,
        baseline=Baseline(Decimal(mg)),
        products=(replace(product, parts=parts),),
        intakes=(Intake(Slot.MORNING, units), Intake(Slot.NIGHT, units)),
        strategy=strategy,
        tier=Tier.STANDARD,
        benzo_table="va-dod-2021",
    )


def plan_of(name: str) -> TaperPlan:
    made = propose(request_of(name), TABLES)
    assert isinstance(made, TaperPlan), made
    return replace(made, state=PlanState.ACTIVE, gates=())


PLANS = {name: plan_of(name) for name in CASES}
NAMES = st.sampled_from(sorted(PLANS))


def day(number: int) -> date:
    return START + timedelta(days=number)


@pytest.mark.parametrize("name", CASES)
def test_the_engines_plan_comes_back_from_its_document(name: str) -> None:
    plan = propose(request_of(name), TABLES)
    assert isinstance(plan, TaperPlan)
    assert from_document(exact_json.decode(exact_json.encode(to_document(plan)))) == plan


@pytest.mark.parametrize("name", CASES)
def test_every_finding_of_a_plan_is_about_something_of_its_own(name: str) -> None:
    identities = [finding.identity for finding in PLANS[name].findings]
    assert len(set(identities)) == len(identities)


@settings(max_examples=60)
@given(NAMES, st.integers(0, 700), st.integers(1, 90), st.integers(0, 120))
def test_a_held_and_resumed_plan_keeps_its_limits(name: str, at: int, days: int, later: int) -> None:
    plan = PLANS[name]
    if step_in_force(plan, day(at)).number == plan.steps[-1].number:
        return
    held = hold(plan, decided(day(at)), days)
    resumed = go_on(held, decided(day(at + later)))
    assert [one for moved in (held, resumed) for one in check(moved) if one.rule != "duration"] == []


def engine(request: PlanRequest, restart: Restart) -> TaperPlan | Infeasible:
    return propose(request_for(restart, request, decided(restart.on)), TABLES)


@settings(max_examples=30)
@given(NAMES, st.integers(1, 400))
def test_a_slowed_plan_keeps_the_limits_of_the_whole_taper_and_ends_later(name: str, at: int) -> None:
    plan, request = PLANS[name], request_of(name)
    now = step_in_force(plan, day(at))
    if not now.mg_per_day(plan.ingredient):
        return
    try:
        slower = slow(plan, decided(day(at)), lambda restart: engine(request, restart), RULES)
    except NotAllowed as refused:
        if "sooner than" not in str(refused):
            raise
        return
    if isinstance(slower, Infeasible):
        return
    assert [one for one in check(slower) if one.rule != "duration"] == []
    assert slower.steps[-1].start >= plan.steps[-1].start
    assert slower.step_on(day(at - 1)).doses == plan.step_on(day(at - 1)).doses
    assert from_document(to_document(slower)) == slower


@pytest.mark.parametrize("name", CASES)
def test_another_strategy_goes_on_from_todays_dose(name: str) -> None:
    plan, request = PLANS[name], request_of(name)
    changed = change_strategy(
        plan,
        decided(day(60)),
        lambda restart: engine(request, restart),
        strategy="linear",
        params=(("percent", "10"), ("interval_days", "28")),
    )
    assert isinstance(changed, TaperPlan), changed
    assert changed.step_on(day(60)).mg_per_day(plan.ingredient) == step_in_force(plan, day(60)).mg_per_day(plan.ingredient)
    assert (changed.strategy, changed.steps[-1].mg_per_day(plan.ingredient)) == ("linear", Decimal(0))


def test_after_a_re_plan_cuts_are_counted_against_the_doses_that_were_really_in_force() -> None:
    """60 mg fell by 5 or 10 mg a week; the tail limit (25 % in 14 days) looks back into the plan before the change."""
    params = (("percent", "10"), ("interval_days", "7"))
    request = replace(request_of("oxycodone linear"), use="1m-1y", params=params)
    before = propose(request, TABLES)
    assert isinstance(before, TaperPlan)
    running = replace(before, state=PlanState.ACTIVE, gates=())
    changed = change_strategy(running, decided(day(30)), lambda one: engine(request, one), strategy="linear", params=params)
    assert isinstance(changed, TaperPlan)
    (tail,) = (one for one in changed.findings if one.code == "tail-excess")
    doses = {one: Fraction(changed.step_on(one).mg_per_day("oxycodone")) for one in (day(number) for number in range(400))}
    cuts = [step for step in changed.steps if step.start > day(30) and doses[step.start] < doses[step.start - timedelta(days=1)]]
    beyond = [
        step for step in cuts if doses[step.start - timedelta(days=14)] - doses[step.start] > doses[step.start - timedelta(days=14)] / 4
    ]
    assert tail.message.startswith(f"{len(beyond)} of {len(cuts)} reductions are beyond 25 % of the dose then in 14 days")
    assert 0 < len(beyond) < len(cuts)


@pytest.mark.parametrize("name", CASES)
def test_a_step_back_of_four_weeks_keeps_the_limits(name: str) -> None:
    plan = PLANS[name]
    second = plan.steps[2]
    back = step_back(plan, decided(second.start + timedelta(days=7), "poor sleep"), 1, 28, RULES)
    assert back.step_on(second.start + timedelta(days=7)).doses == plan.steps[1].doses


@pytest.mark.parametrize("name", CASES)
def test_after_a_step_back_a_plan_can_still_be_slowed_and_stepped_back_again(name: str) -> None:
    plan, request = PLANS[name], request_of(name)
    at = plan.steps[2].start + timedelta(days=7)
    back = replace(step_back(plan, decided(at, "poor sleep"), 1, 28, RULES), gates=())
    slower = slow(back, decided(at + timedelta(days=10)), lambda restart: engine(request, restart), RULES)
    assert isinstance(slower, TaperPlan), slower
    assert [one for one in check(slower) if slower.steps[one.step].start > at and one.rule != "duration"] == []
    again = step_back(back, decided(back.steps[5].start + timedelta(days=3), "poor sleep"), 4, 28, RULES)
    assert again.step_on(back.steps[5].start + timedelta(days=3)).doses == back.steps[4].doses


@pytest.mark.parametrize("name", CASES)
def test_the_engines_plan_is_approved_and_so_is_its_slower_one(name: str) -> None:
    request = request_of(name)
    draft = propose(request, TABLES)
    assert isinstance(draft, TaperPlan)
    running = approve(accepted(draft), decided(START), (), SITE, (), RULES)
    slower = slow(running, decided(START + timedelta(days=3)), lambda restart: engine(request, restart), RULES)
    assert isinstance(slower, TaperPlan), slower
    assert approve(accepted(slower), decided(START + timedelta(days=5)), (), SITE, (draft, running), RULES).state is PlanState.ACTIVE


SITE = ApprovalRules(needs_agreement=False)


def accepted(plan: TaperPlan) -> TaperPlan:
    for finding in plan.findings:
        if finding.severity is Severity.ACKNOWLEDGE:
            plan = acknowledge(plan, finding, decided(plan.revisions[-1].on if plan.revisions else START, "discussed"))
    return plan


@pytest.mark.parametrize("name", CASES)
def test_the_engines_plan_can_be_dispensed(name: str) -> None:
    plan = plan_of(name)
    made = windows(plan, RULES)
    days = sum(window.days for window in made if window.product.rxcui == plan.products[0].rxcui)
    assert days == (plan.steps[-1].start - START).days
