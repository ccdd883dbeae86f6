"""What an open-source planner got wrong over 385 inputs, and ours must not: one test per failure, over 385 inputs of our own.

It crashed at low starting doses, printed tablets that did not add up to the dose, let dispensed doses go up, and made plans silently faster
so that they had no more than 50 steps. Inputs here: eleven medicines × seven start doses, from the smallest piece up × five ways to taper.
"""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest

from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot, Use
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import StepKind, TaperPlan
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import PlanRequest
from tests.plans.tapers.made_requests import planned, request, tablets

MEDICINES = {
    "diazepam": DrugClass.BENZODIAZEPINE,
    "lorazepam": DrugClass.BENZODIAZEPINE,
    "alprazolam": DrugClass.BENZODIAZEPINE,
    "clonazepam": DrugClass.BENZODIAZEPINE,
    "chlordiazepoxide": DrugClass.BENZODIAZEPINE,
    "zolpidem": DrugClass.Z_DRUG,
    "eszopiclone": DrugClass.Z_DRUG,
    "oxycodone": DrugClass.OPIOID,
    "hydrocodone": DrugClass.OPIOID,
    "hydromorphone": DrugClass.OPIOID,
    "morphine": DrugClass.OPIOID,
}
PIECES = (1, 2, 3, 5, 8, 34, 120)
WAYS: dict[str, tuple[tuple[str, str], ...]] = {
    "linear": (),
    "proportional": (),
    "hyperbolic": (),
    "stepped": (("bands", "50:10%b:14,0:5%b:14"),),
    "slow": (("percent", "1"), ("interval_days", "7")),
}
INPUTS = [(medicine, pieces, way) for medicine in MEDICINES for pieces in PIECES for way in WAYS]
OPEN_PLANNERS_KEEP = 50


@cache
def products_of(medicine: str) -> tuple[Product, ...]:
    """Plain immediate-release tablets or capsules, unbranded, in halves where they may be split; of each strength one."""
    found: dict[Decimal, Product] = {}
    for product in load().medicines.products_of(medicine):
        is_solid = product.form in (Form.TABLET, Form.CAPSULE) and product.release is Release.IMMEDIATE and product.route == "oral"
        is_plain = product.use is Use.ORDINARY and not product.brand and (not product.companions or medicine == "hydrocodone")
        if is_solid and is_plain:
            found.setdefault(product.mg, replace(product, parts=2) if product.may_be_split else product)
    return tuple(found[mg] for mg in sorted(found))


@cache
def asked(medicine: str, pieces: int, way: str) -> PlanRequest:
    """So many of the smallest piece a day, in the morning and at night."""
    products = products_of(medicine)
    piece = min(product.mg / (product.parts if product.may_be_split else 1) for product in products)
    made = request(medicine, "1", products, strategy="linear" if way == "slow" else way)
    return replace(
        made,
        drug_class=MEDICINES[medicine],
        baseline=replace(made.baseline, mg=piece * pieces),
        params=WAYS[way],
        intakes=(Intake(Slot.NIGHT, Decimal(1)),) if pieces == 1 else made.intakes,
    )


@cache
def outcome(medicine: str, pieces: int, way: str) -> TaperPlan | Infeasible:
    """The engine's answer."""
    return propose(asked(medicine, pieces, way), load())


def plans() -> list[tuple[str, TaperPlan]]:
    """All plans among the inputs, with a name."""
    made = ((" ".join(map(str, one)), outcome(*one)) for one in INPUTS)
    return [(name, plan) for name, plan in made if isinstance(plan, TaperPlan)]


def test_there_are_as_many_inputs_and_most_are_plans() -> None:
    assert len(INPUTS) == 385
    assert len(plans()) >= 0.6 * len(INPUTS)


@pytest.mark.parametrize("medicine", MEDICINES)
def test_the_lowest_starting_doses_are_a_plan_or_a_reason_and_never_a_crash(medicine: str) -> None:
    for pieces in PIECES[:3]:
        for way in WAYS:
            made = outcome(medicine, pieces, way)
            assert isinstance(made, TaperPlan) or (made.reason and made.message and made.ways_out), (medicine, pieces, way)


def test_a_quarter_of_a_milligram_of_lorazepam_is_stopped_in_one_step() -> None:
    made = planned(request("lorazepam", "0.25", tablets("lorazepam", "0.5", "1", "2", parts=2), "night"))
    assert [(step.kind, step.mg_per_day("lorazepam")) for step in made.steps] == [
        (StepKind.BASELINE, Decimal("0.25")),
        (StepKind.UNIT_LIMITED, Decimal(0)),
    ]


def test_tablets_add_up_to_the_dose_in_every_step() -> None:
    for name, plan in plans():
        strengths = {product.rxcui: product.mg for product in plan.products}
        for step in plan.steps:
            units = [unit for dose in step.doses for unit in dose.units]
            mg = sum((Fraction(strengths[unit.rxcui]) * Fraction(count) for unit in units for _, count in unit.slots), Fraction(0))
            assert mg == Fraction(step.mg_per_day(plan.ingredient)), (name, step)
            assert all(count * product_parts(plan, unit.rxcui) % 1 == 0 for unit in units for _, count in unit.slots), (name, step)


def product_parts(plan: TaperPlan, rxcui: str) -> int:
    """Into how many parts a product of the plan may be cut."""
    return next(product.parts for product in plan.products if product.rxcui == rxcui)


def test_no_dispensed_dose_goes_up_by_day_and_none_by_time_of_day_that_is_not_said() -> None:
    for name, plan in plans():
        before: dict[Slot, Fraction] | None = None
        for step in plan.steps:
            now: dict[Slot, Fraction] = {}
            for unit in (unit for dose in step.doses for unit in dose.units):
                for slot, count in unit.slots:
                    now[slot] = now.get(slot, Fraction(0)) + Fraction(unit.strength_mg) * Fraction(count)
            if before is not None:
                assert sum(now.values()) < sum(before.values()), (name, step)
                rises = any(mg > before.get(slot, 0) for slot, mg in now.items())
                assert not rises or any(finding.code == "slot-rise" for finding in plan.findings), (name, step)
            before = now


def test_a_plan_of_more_than_fifty_steps_keeps_its_percentage_and_its_interval() -> None:
    long = [(name, plan) for name, plan in plans() if len(plan.steps) > OPEN_PLANNERS_KEEP and name.endswith("slow")]
    assert long
    for name, plan in long:
        cut = Fraction(plan.baseline.mg) * Fraction(dict(plan.params)["percent"]) / 100
        for number, step in enumerate(plan.steps[1:-1], 1):
            weeks, days = divmod((step.start - plan.steps[0].start).days, 7)
            assert days == 0, (name, step)
            assert Fraction(step.ideal_mg) >= Fraction(plan.baseline.mg) - weeks * cut - Fraction(1, 10**5), (name, number)


def test_a_plan_that_needs_more_than_three_years_is_refused_and_not_made_faster() -> None:
    morphine = request("morphine", "300", tablets("morphine", "15", "30"), params={"percent": "1", "interval_days": "28"})
    made = propose(morphine, load())
    assert isinstance(made, Infeasible)
    assert made.reason == "duration"
