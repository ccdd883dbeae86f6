"""What a chart draws: one line of daily doses over whole days.

Shared by the SVG, the terminal and the handout, so that they cannot disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from math import floor, log10

from fhir_taper.plans.medicines.dose import Exact, divide
from fhir_taper.plans.tapers.plan import Step, StepKind, TaperPlan
from fhir_taper.plans.tapers.step_figures import equivalent_range


@dataclass(frozen=True, slots=True)
class Level:
    """From `start` on the mean daily dose is `mg`. `is_pause` marks a hold: reductions paused, dose kept."""

    start: date
    mg: Exact
    is_pause: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One plan as a step line that ends on `end` (the day after the last day drawn)."""

    label: str
    levels: tuple[Level, ...]
    end: date

    @property
    def highest(self) -> Exact:
        return max(level.mg for level in self.levels)

    def mg_on(self, day: date) -> Exact:
        """The dose in force on a day; before the first level, the first."""
        current = self.levels[0].mg
        for level in self.levels:
            if level.start <= day:
                current = level.mg
        return current


def series_of(plan: TaperPlan, label: str = "") -> Series:
    """The plan over its steps, in mg of its ingredient; the open last step is drawn for one interval more.

    A cross-over is drawn in mg that the first medicine would be, by the plan's own equivalents: drawn in its own mg it would fall to zero
    in two weeks, which is not what the patient feels.
    """
    crosses = is_cross_over(plan)
    levels = tuple(
        Level(step.start, _in_first(plan, step) if crosses else step.mg_per_day(plan.ingredient), step.kind is StepKind.HOLD)
        for step in plan.steps
    )
    last = plan.steps[-1]
    before = plan.steps[-2] if len(plan.steps) > 1 else last
    tail = max(7, (last.start - before.start).days)
    name = label or plan.drug
    given = " and ".join(dict.fromkeys(dose.ingredient for step in plan.steps for dose in step.doses if dose.units))
    shown_as = f"{label or given}, as mg of {plan.ingredient}" if crosses else name
    return Series(shown_as, levels, last.start + timedelta(days=tail))


def paused_from(series: Series, day: date) -> Series:
    """The line with its dose of a day marked as a pause from then on, to the next change: a plan that is held looks different."""
    now = max((level for level in series.levels if level.start <= day), key=lambda level: level.start, default=None)
    if now is None:
        return series
    before = tuple(level for level in series.levels if level.start < day)
    later = tuple(level for level in series.levels if level.start > day)
    return replace(series, levels=(*before, Level(day, now.mg, is_pause=True), *later))


def is_cross_over(plan: TaperPlan) -> bool:
    """Whether the plan gives another medicine than the one it starts with."""
    return any(dose.ingredient != plan.ingredient and dose.units for step in plan.steps for dose in step.doses)


def _in_first(plan: TaperPlan, step: Step) -> Exact:
    """What a step gives, as mg of the medicine that the plan starts with; its own mg of that where the plan cannot convert."""
    per_mg = {factor.ingredient: factor.high for factor in plan.equivalents}
    total = equivalent_range(plan, step)
    if total is None or not per_mg.get(plan.ingredient):
        return step.mg_per_day(plan.ingredient)
    return divide(total[1], per_mg[plan.ingredient])


def ticks(highest: Exact, wanted: int = 5) -> tuple[Decimal, ...]:
    """Round axis values 0 … ≥ highest: steps of 1, 2, 2.5 or 5 × 10ⁿ."""
    if highest <= 0:
        return (Decimal(0), Decimal(1))
    raw = float(highest) / wanted
    magnitude = Decimal(1).scaleb(floor(log10(raw)))
    step = next(
        magnitude * factor
        for factor in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
        if magnitude * factor >= Decimal(str(raw))
    )
    values = [Decimal(0)]
    while values[-1] < highest:
        values.append(values[-1] + step)
    return tuple(values)


def span(series: Iterable[Series]) -> tuple[date, date]:
    """First and last day over all series."""
    many = tuple(series)
    return min(one.levels[0].start for one in many), max(one.end for one in many)
