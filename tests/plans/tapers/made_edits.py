"""Edits by a clinician on drafts of the engine, for the tests of editing."""

from datetime import date
from decimal import Decimal
from functools import partial
from random import Random

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tapers.edit_desk import Desk, desk_for
from fhir_taper.plans.tapers.editing import edited
from fhir_taper.plans.tapers.edits import Delete, Edit, Edited, Hold, Insert, Lengthen, SetDose
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import Baseline, TaperPlan
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from tests.plans.tapers.made_requests import START, tables, tablets

BY = "Dr Example (Practitioner/1)"
TODAY = date(2026, 1, 2)


def asked(**changes: object) -> PlanRequest:
    """Diazepam 20 mg a day, 5 mg tablets in halves, in the morning and at night; 10 % every 14 days."""
    products = tablets("diazepam", "2", "5", parts=2)
    taken = (Taken(products[1].rxcui, Slot.MORNING, Decimal(2)), Taken(products[1].rxcui, Slot.NIGHT, Decimal(2)))
    made = partial(
        PlanRequest,
        tenant="local",
        patient="p1",
        zone="UTC",
        ingredient="diazepam",
        drug="diazepam",
        drug_class=DrugClass.BENZODIAZEPINE,
        start=START,
        baseline=Baseline(Decimal(20)),
        products=products,
        taken=taken,
        strategy="linear",
        params=(("percent", "5"), ("interval_days", "14")),
        benzo_table="va-dod-2021",
    )
    return made(**({"strategy": None, "params": ()} if "protocol" in changes else {}) | changes)  # type: ignore[arg-type]


def draft(request: PlanRequest) -> TaperPlan:
    """The engine's own draft."""
    made = propose(request, tables())
    assert isinstance(made, TaperPlan), made
    return made


def by_hand(*edits: Edit) -> tuple[Edited, ...]:
    """Edits of one person on one day."""
    return tuple(Edited(one, BY, TODAY) for one in edits)


def after(request: PlanRequest, *edits: Edit) -> TaperPlan | Infeasible:
    """The draft with edits, or why not."""
    return edited(draft(request), by_hand(*edits), request, tables())


def made_after(request: PlanRequest, *edits: Edit) -> TaperPlan:
    """The draft with edits that are possible."""
    made = after(request, *edits)
    assert isinstance(made, TaperPlan), made
    return made


def refused(request: PlanRequest, *edits: Edit) -> Infeasible:
    """Why the last of some edits is refused."""
    made = after(request, *edits)
    assert isinstance(made, Infeasible), [(step.start, step.doses) for step in made.steps]
    return made


def doses(plan: TaperPlan) -> list[tuple[Decimal, int]]:
    """mg a day and days of each step; the last has 0 days."""
    lengths = [(after.start - step.start).days for step, after in zip(plan.steps, plan.steps[1:], strict=False)]
    return [(Decimal(str(step.mg_per_day(plan.ingredient))), days) for step, days in zip(plan.steps, [*lengths, 0], strict=True)]


def any_edit(rng: Random, plan: TaperPlan, request: PlanRequest) -> Edit:
    """Some edit of some step: mostly one that can be meant, now and then a dose that nobody can make."""
    step = rng.randrange(len(plan.steps))
    match rng.choice(("hold", "lengthen", "insert", "insert", "delete", "set", "set", "set")):
        case "hold":
            return Hold(step, rng.choice((3, 7, 14, 28, 30)))
        case "lengthen":
            return Lengthen(step, rng.choice((1, 3, 7, 14)), rng.random() < 0.4)
        case "delete":
            return Delete(step)
        case "insert":
            return Insert(step, _any_dose(rng, plan, request, step, step + 1), rng.choice((7, 14, 28)))
        case _:
            return SetDose(step, _any_dose(rng, plan, request, step - 1, step + 1), rng.random() < 0.3)


def _any_dose(rng: Random, plan: TaperPlan, request: PlanRequest, first: int, last: int) -> Decimal:
    desk = desk_for(plan, request, tables())
    assert isinstance(desk, Desk)
    if rng.random() < 0.1:
        return Decimal(rng.randrange(1, 2000)) / 100
    high, low = (plan.steps[max(0, min(step, len(plan.steps) - 1))].mg_per_day(desk.agent) for step in (first, last))
    return rng.choice(desk.between(low, high) or (Decimal(1),))
