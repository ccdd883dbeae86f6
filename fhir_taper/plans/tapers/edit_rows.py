"""A draft as rows: how long each dose lasts and how much it is, without dates. What edits are made on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.tapers.plan import Dose, StepKind, TaperPlan


@dataclass(frozen=True, slots=True)
class Row:
    """One step without its dates: `mg` a day of the tapered agent for `days` (0: the last one, which has no end).

    `doses` None are still to be made of units. `origin` is the number of the step of the base that it was; None for one that was put in.
    """

    days: int
    mg: Exact
    kind: StepKind
    doses: tuple[Dose, ...] | None
    ideal: Decimal
    every_days: int = 1
    note: str = ""
    origin: int | None = None

    @property
    def is_pause(self) -> bool:
        return self.kind is StepKind.HOLD

    def has_dose_of(self, other: "Row") -> bool:
        """True where both give the same, as often."""
        return (self.mg, self.every_days) == (other.mg, other.every_days)


Rows = tuple[Row, ...]


def rows_of(plan: TaperPlan, agent: str) -> Rows:
    """The steps of a plan as rows."""
    starts = [step.start for step in plan.steps]
    lengths = [*((after - start).days for start, after in pairwise(starts)), 0]
    return tuple(
        Row(days, step.mg_per_day(agent), step.kind, step.doses, step.ideal_mg, step.every_days, step.note, step.number)
        for step, days in zip(plan.steps, lengths, strict=True)
    )


def only_slower(base: Rows, rows: Rows) -> bool:
    """True where every dose of the base is still there in its order, and none starts earlier: only time was added."""
    earlier, later = _starts(base), _starts(rows)
    return [one[1:] for one in earlier] == [one[1:] for one in later] and all(
        was[0] <= now[0] for was, now in zip(earlier, later, strict=True)
    )


def merged(rows: Sequence[Row], crossing: int) -> Rows:
    """Equal doses after each other are one step, but for a pause, which is shown; no pause at the end, where the dose goes on anyway."""
    kept = list(rows[: crossing + 1])
    for row in rows[crossing + 1 :]:
        last = kept[-1]
        if row.has_dose_of(last) and not row.is_pause:
            kept[-1] = replace(last, days=last.days + row.days if row.days else 0)
        else:
            kept.append(row)
    while kept[-1].is_pause:
        kept.pop()
        kept[-1] = replace(kept[-1], days=0)
    return tuple(kept)


def last_of(rows: Rows, number: int) -> int:
    """The number of the last row at this dose: the pauses that follow a step belong to it."""
    while number + 1 < len(rows) and rows[number + 1].is_pause and rows[number + 1].has_dose_of(rows[number]):
        number += 1
    return number


def days_of(rows: Rows) -> list[int]:
    """The first day of each row, counted from the start of the plan."""
    days, day = [], 0
    for row in rows:
        days.append(day)
        day += row.days
    return days


def _starts(rows: Rows) -> list[tuple[int, Exact, int]]:
    """Day, dose and interval of every row that is no pause."""
    return [(day, row.mg, row.every_days) for day, row in zip(days_of(rows), rows, strict=True) if not row.is_pause]


def noted(before: str, says: str) -> str:
    """A remark of a step with one more."""
    return f"{before}; {says}" if before else says
