"""Plans made by hand for the tests of a plan's life, and a strategy of falling plans. Nothing here comes from the engine.

`diazepam_plan` is 4 mg a day on 2 mg tablets in halves: 4, 3, 2, 1, 0, four weeks each, from Monday 2026-01-05.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot, SourceState
from fhir_taper.plans.medicines.dose import ZERO
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tables.rows import Basis, Bound, Limit, LimitsRow, TableEdition
from fhir_taper.plans.tapers.contingency import advised
from fhir_taper.plans.tapers.gates import gates_for
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import (
    Baseline,
    Dose,
    EquivalentFactor,
    GateState,
    Milestone,
    PlanGoal,
    PlanProduct,
    PlanState,
    Step,
    StepKind,
    TaperPlan,
    Units,
)
from fhir_taper.plans.tapers.review import pass_gate
from fhir_taper.plans.tapers.revision import resume

START = date(2026, 1, 5)
LIFE = load_life_rules()
SOURCE = Source("design", "2025", "2025", SourceState.DEFAULT)
LIMITS = LimitsRow(
    "benzodiazepine",
    DrugClass.BENZODIAZEPINE,
    "any",
    (Limit(Bound.HARD, 14, Decimal("0.25"), Basis.WINDOW, SOURCE),),
    1095,
)
DIAZEPAM_2 = PlanProduct("197590", "diazepam 2 MG Oral Tablet", "diazepam", Form.TABLET, Release.IMMEDIATE, Decimal(2), 2)
OXYCODONE_5 = PlanProduct("1049621", "oxycodone hydrochloride 5 MG Oral Tablet", "oxycodone", Form.TABLET, Release.IMMEDIATE, Decimal(5))
MORPHINE_ER_15 = PlanProduct(
    "891881", "morphine sulfate 15 MG Extended Release Oral Tablet", "morphine", Form.TABLET, Release.EXTENDED, Decimal(15)
)
FENTANYL_12 = PlanProduct(
    "577057", "72 HR fentanyl 0.012 MG/HR Transdermal System", "fentanyl", Form.PATCH, Release.EXTENDED, Decimal("0.3"), wear_h=72
)
DIAZEPAM_LIQUID = PlanProduct(
    "309844",
    "diazepam 5 MG/ML Oral Solution",
    "diazepam",
    Form.SOLUTION,
    Release.IMMEDIATE,
    Decimal(5),
    smallest_ml=Decimal("0.05"),
)
DIAZEPAM_SLOTS: tuple[dict[Slot, str], ...] = (
    {Slot.MORNING: "1", Slot.NIGHT: "1"},
    {Slot.MORNING: "0.5", Slot.NIGHT: "1"},
    {Slot.MORNING: "0.5", Slot.NIGHT: "0.5"},
    {Slot.NIGHT: "0.5"},
    {},
)


def units(product: PlanProduct, slots: dict[Slot, str]) -> tuple[Units, ...]:
    """Build the units of one product; no slots are no units."""
    return (Units(product.rxcui, product.mg, tuple((slot, Decimal(many)) for slot, many in slots.items())),) if slots else ()


def steps(product: PlanProduct, doses: Sequence[dict[Slot, str]], days: int | Sequence[int] = 28, start: date = START) -> tuple[Step, ...]:
    """Build contiguous steps, the last without end."""
    lengths = [days] * len(doses) if isinstance(days, int) else list(days)
    made: list[Step] = []
    for number, slots in enumerate(doses):
        made_units = units(product, slots)
        dose = Dose(product.ingredient, made_units)
        end = None if number == len(doses) - 1 else start + timedelta(days=lengths[number] - 1)
        kind = StepKind.BASELINE if number == 0 else StepKind.REDUCTION if made_units else StepKind.STOP
        made.append(Step(number, start, end, kind, (dose,), Decimal(dose.mg) if isinstance(dose.mg, Decimal) else ZERO))
        start = start + timedelta(days=lengths[number] if number < len(lengths) else 0)
    return tuple(made)


def plan_of(
    product: PlanProduct, doses: Sequence[dict[Slot, str]], drug_class: DrugClass, days: int | Sequence[int] = 28, **changes: Any
) -> TaperPlan:
    """Build a draft that follows these doses, with a gate before each reduction."""
    made = steps(product, doses, days)
    baseline = made[0].mg_per_day(product.ingredient)
    assert isinstance(baseline, Decimal)
    plan = TaperPlan(
        id="5f0c6f6e-8f0b-5c1e-9d0a-2a6f7d0f9b11",
        version=1,
        patient="p1",
        zone="UTC",
        drug=product.ingredient,
        ingredient=product.ingredient,
        drug_class=drug_class,
        reason="shared decision",
        goal=PlanGoal.DISCONTINUE,
        strategy="linear",
        params=(("percent", "10"), ("interval_days", "14")),
        use=">=1y",
        baseline=Baseline(baseline),
        target_mg=ZERO,
        products=(product,),
        limits=LIMITS,
        steps=made,
        tables=(TableEdition("limits.csv", "2026-11", "0" * 64),),
        created=START,
        program_version="0.1.0",
        key="linear-1",
        equivalents=(EquivalentFactor(product.ingredient, "va-dod-2021", Decimal(1), Decimal(1), "diazepam_mg", "VA/DoD 2021"),),
        milestones=(Milestone("half of the dose", 2, made[2].start),) if len(made) > 2 else (),
    )
    return with_gates(replace(plan, **changes))


def with_gates(plan: TaperPlan) -> TaperPlan:
    """Give the plan the gates that its reductions need."""
    return replace(plan, gates=gates_for(plan))


def with_advice(plan: TaperPlan) -> TaperPlan:
    """Give the plan what is said for when something happens."""
    return replace(plan, contingency=advised(plan, load().safety.advice))


def diazepam_plan(**changes: Any) -> TaperPlan:
    """Build the draft of the module's docstring."""
    return plan_of(DIAZEPAM_2, DIAZEPAM_SLOTS, DrugClass.BENZODIAZEPINE, **changes)


def crossed_over_plan() -> TaperPlan:
    """Build lorazepam 0.4 mg, then diazepam 4, 3, 2 mg a day from day 7, 14 and 42; every review has passed."""
    lorazepam = replace(DIAZEPAM_2, rxcui="197900", name="lorazepam 0.5 MG Oral Tablet", ingredient="lorazepam", mg=Decimal("0.2"))
    plan = plan_of(DIAZEPAM_2, (DIAZEPAM_SLOTS[0], *DIAZEPAM_SLOTS), DrugClass.BENZODIAZEPINE, days=(7, 7, 28, 28, 28, 28))
    first = replace(plan.steps[0], doses=(Dose("lorazepam", units(lorazepam, DIAZEPAM_SLOTS[0])),))
    stage = replace(plan.steps[1], kind=StepKind.SUBSTITUTION, doses=(Dose("lorazepam"), *plan.steps[1].doses))
    made = replace(plan, drug="lorazepam", ingredient="lorazepam", products=(lorazepam, DIAZEPAM_2), gates=())
    gated = with_gates(replace(made, steps=(first, stage, *plan.steps[2:])))
    return replace(gated, gates=tuple(replace(gate, state=GateState.PASSED) for gate in gated.gates))


def oxycodone_plan(**changes: Any) -> TaperPlan:
    """Build oxycodone 20, 15, 10, 5, 0 mg a day in 5 mg tablets, four weeks each."""
    doses: list[dict[Slot, str]] = [{Slot.MORNING: str(many)} for many in (4, 3, 2, 1)]
    return plan_of(OXYCODONE_5, [*doses, {}], DrugClass.OPIOID, **changes)


def active(plan: TaperPlan) -> TaperPlan:
    """Make the plan active without asking."""
    return replace(plan, state=PlanState.ACTIVE)


def decided(on: date, reason: str = "agreed with the patient") -> Decision:
    """Build a decision of the prescriber on a day."""
    return Decision("Practitioner/dr-a", on, reason)


def passed(plan: TaperPlan, step: int, decision: Decision, *others: TaperPlan) -> TaperPlan:
    """Pass the review of a step, beside no other plan unless said otherwise."""
    return pass_gate(plan, step, decision, LIFE, others)


def go_on(plan: TaperPlan, decision: Decision, *others: TaperPlan) -> TaperPlan:
    """Resume a plan that is on hold, beside no other plan unless said otherwise."""
    return resume(plan, decision, LIFE, others)


@st.composite
def falling_plans(draw: st.DrawFn) -> TaperPlan:
    """Draw an active plan whose tablets fall by one or more halves at every step, of 7 to 56 days each, to zero or above."""
    halves = draw(st.lists(st.integers(0, 16), min_size=2, max_size=10, unique=True).map(lambda many: sorted(many, reverse=True)))
    days = draw(st.lists(st.integers(7, 56), min_size=len(halves), max_size=len(halves)))
    doses: list[dict[Slot, str]] = [{Slot.NIGHT: str(Decimal(many) / 2)} if many else {} for many in halves]
    return active(plan_of(DIAZEPAM_2, doses, DrugClass.BENZODIAZEPINE, days))
