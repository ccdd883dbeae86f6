"""Requests made by hand for the tests of the engine: products with their own strengths and parts, and a request with sensible ends."""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, RxNormCode, Slot, SourceState
from fhir_taper.plans.medicines.products import Companion, Product, Source
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables import Tables, load
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import Baseline, TaperPlan
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import PlanRequest

START = date(2026, 1, 5)
SOURCE = Source("made for a test", "1", "2026", SourceState.READ)
CLASSES = {
    "diazepam": DrugClass.BENZODIAZEPINE,
    "lorazepam": DrugClass.BENZODIAZEPINE,
    "alprazolam": DrugClass.BENZODIAZEPINE,
    "clonazepam": DrugClass.BENZODIAZEPINE,
    "temazepam": DrugClass.BENZODIAZEPINE,
    "estazolam": DrugClass.BENZODIAZEPINE,
    "zolpidem": DrugClass.Z_DRUG,
    "zaleplon": DrugClass.Z_DRUG,
}


@cache
def tables() -> Tables:
    """The package's own tables."""
    return load()


def product(ingredient: str, mg: str, parts: int = 1, form: Form = Form.TABLET, **fields: Any) -> Product:
    """A product of an ingredient; its code is its name and strength, so that a test can read it."""
    fields.setdefault("release", Release.IMMEDIATE)
    fields.setdefault("route", "oral")
    return Product(
        rxcui=RxNormCode(f"{ingredient}-{fields['release']}-{form}-{mg}"),
        name=f"{ingredient} {mg} MG",
        ingredient_rxcui=RxNormCode(ingredient),
        ingredient=ingredient,
        drug_class=CLASSES.get(ingredient, DrugClass.OPIOID),
        form=form,
        mg=Decimal(mg),
        source=SOURCE,
        parts=parts,
        **fields,
    )


def own(rxcui: str) -> Product:
    """A product of the package's own table: what is taken but not used by a plan is looked up there."""
    found = tables().medicines.product(rxcui)
    assert found is not None
    return found


def tablets(ingredient: str, *strengths: str, parts: int = 1, **fields: Any) -> tuple[Product, ...]:
    """Tablets of several strengths."""
    return tuple(product(ingredient, mg, parts, **fields) for mg in strengths)


def liquid(ingredient: str, mg_per_ml: str, smallest_ml: str) -> Product:
    """An oral solution."""
    return product(ingredient, mg_per_ml, form=Form.SOLUTION, smallest_ml=Decimal(smallest_ml))


def patch(ingredient: str, mg_per_day: str, wear_h: int = 72) -> Product:
    """A patch, mg per 24 h worn."""
    return product(ingredient, mg_per_day, form=Form.PATCH, release=Release.EXTENDED, route="transdermal", wear_h=wear_h)


def combination(ingredient: str, mg: str, companion: str, companion_mg: str) -> Product:
    """A combination tablet."""
    return product(ingredient, mg, companions=(Companion(companion, Decimal(companion_mg)),))


def request(ingredient: str, baseline: str, products: tuple[Product, ...], *times: str, **fields: Any) -> PlanRequest:
    """A request from `baseline` mg a day at the named times (morning and night unless said otherwise); params as keywords of `params`."""
    slots = [Slot(time) for time in times or ("morning", "night")]
    params = tuple((name, str(value)) for name, value in fields.pop("params", {}).items())
    if "strategy" not in fields and "protocol" not in fields:
        fields["strategy"] = "linear"
    if "target_mg" in fields:
        fields["target_mg"] = Decimal(fields["target_mg"])
    fields.setdefault("intakes", tuple(Intake(slot, Decimal(0)) for slot in slots))
    return PlanRequest(
        tenant="local",
        patient="p1",
        zone="UTC",
        ingredient=ingredient,
        drug=ingredient,
        drug_class=CLASSES.get(ingredient, DrugClass.OPIOID),
        start=START,
        baseline=Baseline(Decimal(baseline)),
        products=products,
        params=params,
        **fields,
    )


def planned(asked: PlanRequest, of: Tables | None = None) -> TaperPlan:
    """The plan; the test fails where there is none."""
    outcome = propose(asked, of or tables())
    assert isinstance(outcome, TaperPlan), outcome
    return outcome


def refused(asked: PlanRequest, of: Tables | None = None) -> Infeasible:
    """The no; the test fails where there is a plan."""
    outcome = propose(asked, of or tables())
    assert isinstance(outcome, Infeasible), outcome
    return outcome


def rows(plan: TaperPlan) -> list[tuple[int, str, str, str]]:
    """(day, kind, mean mg a day, ideal) of every step, to compare with a table written by hand."""
    start = plan.steps[0].start
    return [
        ((step.start - start).days, str(step.kind), f"{_total(plan, index):g}", f"{step.ideal_mg:f}")
        for index, step in enumerate(plan.steps)
    ]


def mg(plan: TaperPlan, ingredient: str | None = None) -> list[Decimal]:
    """Mean mg a day of every step."""
    return [Decimal(f"{float(step.mg_per_day(ingredient or plan.ingredient)):.6g}").normalize() + 0 for step in plan.steps]


def codes(plan: TaperPlan) -> set[str]:
    """Codes of all findings."""
    return {finding.code for finding in plan.findings}


def _total(plan: TaperPlan, index: int) -> float:
    names = {dose.ingredient for dose in plan.steps[index].doses}
    return sum(float(plan.steps[index].mg_per_day(name)) for name in names)
