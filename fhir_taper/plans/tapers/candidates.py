"""Candidates: several ways to taper one medicine, side by side, with the figures that a person compares.

Nothing here ranks: a person chooses.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from fhir_taper.plans.medicines.dose import ZERO, canonical, six_places
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.infeasible import Infeasible, infeasible_to_document
from fhir_taper.plans.tapers.plan import Step, StepKind, TaperPlan

SCHEMA = 1
_DAYS_PER_WEEK = 7


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to taper, or why it is none. `params` are as asked until a plan says how they were understood."""

    strategy: str
    protocol: str | None
    params: tuple[tuple[str, str], ...]
    outcome: TaperPlan | Infeasible


@dataclass(frozen=True, slots=True)
class Figures:
    """What a person compares.

    `smallest_mg` is the last dose above the target, `tablets` all units (tablets, mL, patches) that the closed steps take. A cross-over is
    no cut: `first_cut_pct` and `smallest_mg` are then of the new agent. A dose is never rounded (but a mean that does not terminate).
    """

    steps: int
    weeks: int
    end: str
    first_cut_pct: Decimal
    smallest_mg: Decimal
    tablets: Decimal


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates for one medicine from one baseline; `refused` where nothing can be planned at all.

    `stops` are the Stops of the chart, which no candidate avoids.
    """

    drug: str
    baseline_mg: Decimal | None
    candidates: tuple[Candidate, ...] = ()
    refused: Infeasible | None = None
    stops: tuple[Finding, ...] = ()

    @property
    def any_feasible(self) -> bool:
        return any(isinstance(candidate.outcome, TaperPlan) for candidate in self.candidates)


def figures_of(plan: TaperPlan) -> Figures:
    """Figures of a plan that was made."""
    last = plan.steps[-1]
    doses = _tapered(plan)
    first_cut = next((doses[0] - dose for dose in doses if dose != doses[0]), Fraction(0))
    above_target = [dose for dose in doses if dose > Fraction(plan.target_mg)]
    return Figures(
        steps=len(plan.steps) - 1,
        weeks=ceil((last.start - plan.steps[0].start).days / _DAYS_PER_WEEK),
        end=last.start.isoformat(),
        first_cut_pct=_hundredths(first_cut / doses[0] * 100) if doses[0] else ZERO,
        smallest_mg=six_places(min(above_target, default=Fraction(plan.target_mg))),
        tablets=canonical(sum((_units(step) for step in plan.steps), ZERO)),
    )


def candidates_document(found: Candidates) -> dict[str, Any]:
    """The JSON answer of `fhir-taper strategies` (schema 1)."""
    refused = infeasible_to_document(found.refused) if found.refused else {}
    return {
        "schema": SCHEMA,
        "drug": found.drug,
        "baseline_mg": found.baseline_mg,
        "candidates": [_document(candidate) for candidate in found.candidates],
        **refused,
    }


def _document(candidate: Candidate) -> dict[str, Any]:
    head: dict[str, Any] = {"strategy": candidate.strategy, "protocol": candidate.protocol, "params": dict(candidate.params)}
    if isinstance(candidate.outcome, Infeasible):
        return {**head, "feasible": False, **infeasible_to_document(candidate.outcome)}
    figures = figures_of(candidate.outcome)
    return {
        **head,
        "feasible": True,
        "infeasible": None,
        "steps": figures.steps,
        "weeks": figures.weeks,
        "end": figures.end,
        "first_cut_pct": figures.first_cut_pct,
        "smallest_mg": figures.smallest_mg,
        "tablets": figures.tablets,
        "findings": [
            {"severity": finding.severity.value, "code": finding.code, "message": finding.message, "source": finding.source}
            for finding in candidate.outcome.findings
        ],
    }


def _tapered(plan: TaperPlan) -> list[Fraction]:
    """mg a day of what is tapered: after a cross-over, of the new agent from its last stage on."""
    stages = [step.number for step in plan.steps if step.kind is StepKind.SUBSTITUTION]
    if not stages:
        return [Fraction(step.mg_per_day(plan.ingredient)) for step in plan.steps]
    agent = plan.steps[-1].doses[-1].ingredient
    return [Fraction(step.mg_per_day(agent)) for step in plan.steps[stages[-1] :]]


def _units(step: Step) -> Decimal:
    """All units of a closed step; dosing days only, where the step is taken every n-th day."""
    if step.end is None:
        return ZERO
    days = (step.end - step.start).days + 1
    dosing_days = Decimal(ceil(days / step.every_days))
    return sum((unit.per_day for dose in step.doses for unit in dose.units), ZERO) * dosing_days


def _hundredths(value: Fraction) -> Decimal:
    return canonical(Decimal(round(value * 100)).scaleb(-2))
