"""What a new schedule from today is asked for: the dose that is really taken, the parameters, and the doses that were taken before.

Values and arithmetic of parameters only; `replanning` joins the answer to the plan's history, the engine makes it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.dose import Exact, as_exact, canonical, divide, multiply, plain, shown
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tapers.day_by_day import as_of
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import Baseline, Step, TaperPlan
from fhir_taper.plans.tapers.reductions import is_own_cut
from fhir_taper.plans.tapers.request import Past, PlanRequest, Taken


class Slower(StrEnum):
    PERCENT = "half the percentage"
    INTERVAL = "twice the interval"


@dataclass(frozen=True, slots=True)
class Restart:
    """A schedule of `ingredient` for `plan`'s patient from `mg` a day on, which is day 0 of it. `now` is the step that is in force then."""

    plan: TaperPlan
    on: date
    ingredient: str
    mg: Decimal
    now: Step
    strategy: str | None
    protocol: str | None
    params: tuple[tuple[str, str], ...]

    @property
    def past(self) -> Past:
        """The baseline of version 1 and the doses in force before, for the limits that look back; in mg of what is tapered now.

        Nothing of a plan that has not begun was taken: its new schedule begins at a baseline of its own.
        Raises NotAllowed where another medicine was taken before, and the plan has no equivalent of it.
        """
        steps = self.plan.steps[: self.now.number + 1]
        amounts = [as_exact(mg) for mg in as_of(self.ingredient, self.plan, steps)]
        taken = tuple((step.start, mg) for step, mg in zip(steps, amounts, strict=True) if step.start < self.on)
        if not taken:
            return Past(self.mg, (), has_cut=False)
        falls = [step for step, (before, mg) in zip(steps[1:], pairwise(amounts), strict=True) if mg < before]
        counted = (step for step in falls if step.start < self.on or self.begins_as_planned)
        return Past(amounts[0], taken, has_cut=any(is_own_cut(step) for step in counted))

    @property
    def begins_as_planned(self) -> bool:
        """True where a step of the plan begins on this very day, and its dose is the one that is taken."""
        return self.now.start == self.on and self.mg == self.now.mg_per_day(self.ingredient)


Propose = Callable[[Restart], TaperPlan | Infeasible]


def request_for(restart: Restart, like: PlanRequest, decision: Decision) -> PlanRequest:
    """The engine's request: `like` the first one (products, tables, tier), from today's dose at today's times."""
    is_above = restart.mg > restart.now.mg_per_day(restart.ingredient)  # a person entered it: today's units do not make it
    units = [(unit.rxcui, slot, amount) for dose in restart.now.doses for unit in dose.units for slot, amount in unit.slots]
    return replace(
        like,
        start=restart.on,
        ingredient=restart.ingredient,
        baseline=Baseline(restart.mg, decision.by, decision.on, "the dose that is taken today"),
        strategy=restart.strategy,
        protocol=restart.protocol,
        params=restart.params,
        intakes=tuple(Intake(slot, amount) for _, slot, amount in units),
        taken=() if is_above else tuple(Taken(rxcui, slot, amount) for rxcui, slot, amount in units),
        at_most=like.at_most if is_above else (),
        past=restart.past,
        created=decision.on,
    )


def slower_params(params: tuple[tuple[str, str], ...], by: Slower, factor: int) -> tuple[tuple[str, str], ...]:
    """The parameters with a smaller percentage or longer intervals. Raises NotAllowed where they have none."""
    change = _less if by is Slower.PERCENT else _longer
    slower = tuple((name, change(name, value, Decimal(factor))) for name, value in params)
    if slower == params:
        raise NotAllowed(f"the plan has no parameter for {by}: change the strategy instead")
    return slower


def _less(name: str, value: str, factor: Decimal) -> str:
    return _number(divide(Decimal(value), factor)) if name == "percent" else value


def _longer(name: str, value: str, factor: Decimal) -> str:
    if name == "interval_days":
        return _number(multiply(Decimal(value), factor))
    return ",".join(_longer_band(band, factor) for band in value.split(",")) if name == "bands" else value


def _longer_band(band: str, factor: Decimal) -> str:
    """One `above:cut:days[:hold]` with the days of its interval made longer."""
    above, cut, days, *hold = band.split(":")
    return ":".join((above, cut, _number(multiply(Decimal(days), factor)), *hold))


def _number(amount: Exact) -> str:
    return plain(canonical(shown(amount)))
