"""The proof: requests by number, what the engine answers, and every invariant judged on every answer; counted by class and strategy.

Batches run in processes of their own, as many at once as the machine has cores, so that ten thousand cases fit into a test run.
"""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256

from fhir_taper import exact_json
from fhir_taper.errors import TaperError
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import StepKind, TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.plans.tapers.propose import propose
from tests.invariants.cases import CASES, Case, case, plans
from tests.invariants.checks import CHECKS
from tests.invariants.life import LIFE, i13_collisions
from tests.invariants.reading import Subject
from tests.invariants.refusals import refusal_is_right
from tests.invariants.round_trip import fhir_gives_the_plan_back

ALL = {**CHECKS, **LIFE, fhir_gives_the_plan_back.__name__: fhir_gives_the_plan_back}
"""Everything that is judged on every plan, by name."""
BATCH = 250
_PAIR_EVERY = 20
_MORE_STEPS_THAN_OPEN_PLANNERS_KEEP = 50
Cell = tuple[str, str]


@dataclass(slots=True)
class Proof:
    """What was found. Cells are (class, strategy); `broken` are (case number, invariant, what is wrong)."""

    cases: int = 0
    plans: Counter[Cell] = field(default_factory=Counter)
    refused: Counter[Cell] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, other: "Proof") -> None:
        """Take in what another batch found."""
        self.cases += other.cases
        for name in ("plans", "refused", "reasons", "kinds", "shapes"):
            getattr(self, name).update(getattr(other, name))
        self.broken += other.broken

    @property
    def planned(self) -> int:
        return sum(self.plans.values())

    def table(self) -> str:
        """Plans and refusals by class and strategy, as a Markdown table."""
        cells = sorted({*self.plans, *self.refused})
        lines = ["| class | strategy | plans | refused |", "|---|---|---:|---:|"]
        lines += [f"| {name} | {way} | {self.plans[name, way]:,} | {self.refused[name, way]:,} |" for name, way in cells]
        return "\n".join([*lines, f"| **all** | | **{self.planned:,}** | **{self.cases - self.planned:,}** |"])


def prove(count: int = CASES, *, processes: int | None = None) -> Proof:
    """The proof over the first `count` cases."""
    workers = processes or os.cpu_count() or 1
    batches = [range(first, min(first + BATCH, count)) for first in range(0, count, BATCH)]
    whole = Proof()
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(prove_batch, batches):
            whole.add(found)
    return whole


def prove_batch(numbers: Iterable[int]) -> Proof:
    """The proof over some cases, in this process."""
    found = Proof()
    last: dict[bool, Case] = {}
    for number in numbers:
        one = case(number)
        found.cases += 1
        try:
            made = propose(one.request, load())
        except TaperError as error:
            found.broken.append((number, "i18_no_case_is_refused_as_wrong_usage", f"{type(error).__name__}: {error}"))
            continue
        if isinstance(made, Infeasible):
            _count_refusal(found, one, made)
            continue
        subject = Subject(one.request, made, load())
        _count_plan(found, subject)
        for name, check in ALL.items():
            found.broken += [(number, name, says) for says in check(subject)]
        if number % _PAIR_EVERY == 0:
            other = last.get(made.drug_class is DrugClass.OPIOID)
            if other is not None:
                found.broken += [(number, "i13_reductions_of_two_plans_lie_apart", says) for says in _beside(other, subject)]
        last[made.drug_class is not DrugClass.OPIOID] = one
    return found


def _beside(one: Case, subject: Subject) -> Iterable[str]:
    """The plan of another case, started on the same day for the same patient, beside this one."""
    other = propose(replace(one.request, patient=subject.plan.patient, start=subject.plan.steps[0].start, past=None), subject.tables)
    return i13_collisions(subject.plan, other, subject) if isinstance(other, TaperPlan) else ()


def _count_refusal(found: Proof, one: Case, made: Infeasible) -> None:
    strategy = one.request.strategy or load().limits.protocols[one.request.protocol or ""].strategy
    found.refused[one.request.drug_class.value, strategy] += 1
    found.reasons[made.reason] += 1
    found.broken += [(one.number, "i18_infeasible_means_no_plan", says) for says in refusal_is_right(one.request, made, load())]


def _count_plan(found: Proof, of: Subject) -> None:
    plan, asked = of.plan, of.request
    found.plans[plan.drug_class.value, plan.strategy] += 1
    found.kinds.update({step.kind.value for step in plan.steps})
    forms = {product.form.value for product in plan.products}
    shapes = {
        "from a protocol": plan.protocol is not None,
        "to a target above zero": plan.target_mg > 0,
        "re-plans": asked.past is not None,
        f"more than {_MORE_STEPS_THAN_OPEN_PLANNERS_KEEP} steps": len(plan.steps) > _MORE_STEPS_THAN_OPEN_PLANNERS_KEEP,
        "waits at a limit": any(step.kind is StepKind.LIMITED for step in plan.steps),
        "unit-limited": any(step.kind is StepKind.UNIT_LIMITED for step in plan.steps),
        "with halves or quarters": any(count % 1 for s in plan.steps for d in s.doses for u in d.units for _, count in u.slots),
        "with a combination product": any(product.companions for product in asked.products),
        "with an override of the unit rule": asked.unit_override is not None,
        "from an unusually low dose (1 mg or less)": plan.baseline.mg <= 1,
        "with extended release": any(product.release.value == "extended" for product in plan.products),
        **{f"with a {form}": form in forms for form in ("liquid", "patch", "capsule") if form != "liquid"},
        "with a liquid": bool(forms & {"solution", "suspension"}),
    }
    found.shapes.update(shape for shape, is_so in shapes.items() if is_so)


def digest(count: int) -> str:
    """One hash over the JSON of all plans of the first `count` cases."""
    whole = sha256()
    for _, made in plans(count):
        whole.update(exact_json.encode(to_document(made)))
    return whole.hexdigest()


if __name__ == "__main__":
    print(digest(100))
