"""The plans of which the cases of the escalation rules are asked: small, fixed, written by hand, dates relative to the day of the case.

Lorazepam 4, 3, 2, 1, 0 mg a day in 1 mg tablets (the other drugs likewise): the baseline from 56 days ago, the first
reduction 28 days ago, the second 10 days ago, the third in 18 days, the stop in 46. In maintenance the second reduction is the last step;
in aftercare the stop was 60 days ago. Every review of a reduction that has begun has passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot
from fhir_taper.plans.tapers.plan import (
    Contingency,
    EquivalentFactor,
    GateState,
    Phase,
    PlanProduct,
    PlanState,
    ReviewGate,
    RevisionNote,
    TaperPlan,
)
from tests.plans.tapers.made_plans import OXYCODONE_5, plan_of, steps

TODAY = date(2026, 3, 15)
FIRST_CUT_DAYS, SECOND_CUT_DAYS = 28, 10
STOPPED_DAYS = 60
STEP_DAYS = 28
LORAZEPAM_1 = PlanProduct("197901", "lorazepam 1 MG Oral Tablet", "lorazepam", Form.TABLET, Release.IMMEDIATE, Decimal(1), 2)
PRODUCTS: Mapping[str, tuple[PlanProduct, DrugClass]] = MappingProxyType(
    {
        "lorazepam": (LORAZEPAM_1, DrugClass.BENZODIAZEPINE),
        "diazepam": (
            replace(LORAZEPAM_1, rxcui="197590", name="diazepam 2 MG Oral Tablet", ingredient="diazepam", mg=Decimal(2)),
            DrugClass.BENZODIAZEPINE,
        ),
        "zolpidem": (
            replace(LORAZEPAM_1, rxcui="854873", name="zolpidem tartrate 5 MG Oral Tablet", ingredient="zolpidem", mg=Decimal(5)),
            DrugClass.Z_DRUG,
        ),
        "oxycodone": (OXYCODONE_5, DrugClass.OPIOID),
        "buprenorphine": (
            replace(LORAZEPAM_1, rxcui="351265", name="buprenorphine 8 MG Sublingual Tablet", ingredient="buprenorphine", mg=Decimal(8)),
            DrugClass.OPIOID,
        ),
    }
)
MME = EquivalentFactor("oxycodone", "cdc-2022", Decimal("1.5"), Decimal("1.5"), "mme", "CDC 2022")


@dataclass
class Asked:
    """What a case says of its plan; days are days ago."""

    drug: str = "lorazepam"
    phase: Phase = Phase.TAPER
    first_cut: int = FIRST_CUT_DAYS
    step_began: int = SECOND_CUT_DAYS
    stopped: int = STOPPED_DAYS
    held_since: int | None = None
    holds_over: tuple[tuple[int, int], ...] = ()
    open_review: bool = False
    comfort: str = ""
    state: PlanState | None = None


def plan_for(asked: Asked) -> TaperPlan:
    """The plan of a case."""
    product, drug_class = PRODUCTS[asked.drug]
    doses: list[dict[Slot, str]] = [{Slot.MORNING: str(many)} for many in (4, 3, 2, 1)]
    if asked.phase is Phase.TAPER:
        days = [STEP_DAYS, asked.first_cut - asked.step_began, STEP_DAYS, STEP_DAYS]
        start, doses = asked.first_cut + STEP_DAYS, [*doses, {}]
    elif asked.phase is Phase.MAINTENANCE:
        days = [STEP_DAYS, asked.first_cut - asked.step_began]
        start, doses = asked.first_cut + STEP_DAYS, doses[:3]
    else:
        days, doses = [STEP_DAYS] * 4, [*doses, {}]
        start = asked.stopped + 4 * STEP_DAYS
    begins = TODAY - timedelta(days=start)
    made = plan_of(
        product, doses, drug_class, steps=steps(product, doses, [*days, 0], begins), created=begins - timedelta(days=1), milestones=()
    )
    return replace(
        made,
        state=_state(asked),
        phase=asked.phase,
        gates=tuple(_gate(gate, asked) for gate in made.gates),
        equivalents=(MME,) if asked.drug == "oxycodone" else made.equivalents,
        contingency=Contingency(comfort_plan=asked.comfort),
        revisions=_notes(asked),
    )


def _state(asked: Asked) -> PlanState:
    if asked.state is not None:
        return asked.state
    if asked.held_since is not None:
        return PlanState.ON_HOLD
    return PlanState.COMPLETED if asked.phase is Phase.AFTERCARE else PlanState.ACTIVE


def _gate(gate: ReviewGate, asked: Asked) -> ReviewGate:
    """Reviews of reductions that have begun have passed, except that of the last one where the case says that it is open."""
    if gate.due > TODAY or (asked.open_review and gate.due == TODAY - timedelta(days=asked.step_began)):
        return gate
    return replace(gate, state=GateState.PASSED)


def _notes(asked: Asked) -> tuple[RevisionNote, ...]:
    """Holds that are over, and the one that lasts."""
    notes: list[tuple[str, int]] = []
    for began, ended in asked.holds_over:
        notes += [("hold", began), ("resume", ended)]
    if asked.held_since is not None:
        notes.append(("hold", asked.held_since))
    ordered = sorted(notes, key=lambda note: -note[1])
    return tuple(
        RevisionNote(kind, version, TODAY - timedelta(days=days), "Practitioner/dr-a", "agreed with the patient", kind)
        for version, (kind, days) in enumerate(ordered, 2)
    )
