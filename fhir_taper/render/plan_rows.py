"""A plan as rows of words: what every table, page and handout shows of a step. Made once, so that screen, paper and terminal say the same.

Percentages, equivalents and means over days are rounded when shown, each once; a dose is printed as it is.
"""

from dataclasses import dataclass, replace
from datetime import date

from fhir_taper.plans.medicines.codes import Form, Slot
from fhir_taper.plans.medicines.dose import Exact, dose_for_people, one_decimal
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.in_force import InForce, in_force
from fhir_taper.plans.tapers.plan import EquivalentFactor, Step, StepKind, TaperPlan
from fhir_taper.plans.tapers.step_figures import StepFigures, step_figures
from fhir_taper.render.amounts import Cell, Column, cell_of, every_in_words, labels_of

_KINDS = {
    StepKind.BASELINE: "baseline",
    StepKind.REDUCTION: "",
    StepKind.HOLD: "pause: keep taking this dose",
    StepKind.LIMITED: "held back by a limit",
    StepKind.UNIT_LIMITED: "smallest cut, beyond a limit",
    StepKind.SUBSTITUTION: "cross-over",
    StepKind.INTERVAL: "longer interval",
    StepKind.STOP: "stop",
}
MEASURES = {"mme": "MME", "diazepam_mg": "mg diazepam"}
"""Units of the equivalents."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One step in words. `slots` holds a cell per column of the plan. `dose` is (medicine, mg a day) for each that is given.

    Where a plan gives more than one medicine, every cell and dose names its medicine: 5 mg of one may be tenfold the other. The name is
    empty in a plan of one. `is_in_force`: on the day that the rows were asked for.
    """

    number: str
    start: str
    end: str
    days: str
    slots: tuple[Cell, ...]
    dose: tuple[tuple[str, str], ...]
    equivalent: str
    change: str
    of_previous: str
    of_baseline: str
    note: str
    is_pause: bool
    is_in_force: bool = False

    @property
    def dose_lines(self) -> tuple[str, ...]:
        """For a column of mg a day: names above their amounts, joined by "+"."""
        lines: list[str] = []
        for medicine, mg in self.dose:
            lines += [f"+ {medicine}" if lines else medicine, mg] if medicine else [mg]
        return tuple(lines)

    def __str__(self) -> str:
        """The dose for a sentence: "lorazepam 1.5 mg + diazepam 20 mg"."""
        return " + ".join(f"{medicine} {mg} mg".strip() for medicine, mg in self.dose)


def columns_of(plan: TaperPlan) -> tuple[Column, ...]:
    """What is worn, if patches are, and the times of day at which anything else is ever taken, in day order."""
    patches = {product.rxcui for product in plan.products if product.form is Form.PATCH}
    units = [one for step in plan.steps for dose in step.doses for one in dose.units]
    used = {slot for one in units if one.rxcui not in patches for slot, _ in one.slots}
    worn = (Column(None),) if any(one.rxcui in patches for one in units) else ()
    return (*worn, *(Column(slot) for slot in Slot if slot in used))


def rows_of(plan: TaperPlan, day: date | None = None) -> tuple[PlanRow, ...]:
    """One row per step, in order. On a `day` of a plan that is followed, the step in force says so, and those that may not begin do."""
    columns, labels, is_named = columns_of(plan), labels_of(plan), len(medicines_of(plan)) > 1
    rows = tuple(
        _row(step, figures, tuple(cell_of(step, column, plan, labels, is_named=is_named) for column in columns), is_named=is_named)
        for step, figures in zip(plan.steps, step_figures(plan), strict=True)
    )
    now = followed_on(plan, day)
    return rows if now is None or day is None else tuple(_marked(row, step, now, day) for row, step in zip(rows, plan.steps, strict=True))


def followed_on(plan: TaperPlan, day: date | None) -> InForce | None:
    """What is in force on a day; None where the plan is not followed then, or no day is given."""
    is_followed = day is not None and plan.state in RUNNING and day >= plan.steps[0].start
    return in_force(plan, day) if is_followed and day is not None else None


def _marked(row: PlanRow, step: Step, now: InForce, day: date) -> PlanRow:
    """A row with what the day says of its step: in force, or kept back although its dates may have come."""
    said: tuple[str, ...] = ()
    if step.number == now.step.number:
        said = f"in force on {day.isoformat()}", _KINDS[StepKind.HOLD] if now.is_held and not row.is_pause else ""
    elif now.is_held and step.number > now.step.number and step.start <= day:
        said = ("not to begin: reductions pause",)
    note = "; ".join(part for part in (row.note, *said) if part)
    return replace(row, note=note, is_in_force=step.number == now.step.number)


def medicines_of(plan: TaperPlan) -> tuple[str, ...]:
    """The medicines that the plan gives over its length, in the order in which it does: two where it crosses over."""
    return tuple(dict.fromkeys(dose.ingredient for step in plan.steps for dose in step.doses if dose.units))


def _row(step: Step, figures: StepFigures, cells: tuple[Cell, ...], *, is_named: bool) -> PlanRow:
    return PlanRow(
        number=str(step.number),
        start=step.start.isoformat(),
        end=step.end.isoformat() if step.end else "",
        days=str((step.end - step.start).days + 1) if step.end else "",
        slots=cells,
        dose=_dose(step, is_named=is_named),
        equivalent=_equivalent(figures.equivalent),
        change=_signed(figures.change_mg),
        of_previous=_percent(figures.change_pct_of_previous),
        of_baseline=_percent(figures.change_pct_of_baseline),
        note="; ".join(part for part in (_KINDS[step.kind], _interval(step), step.note) if part),
        is_pause=step.kind is StepKind.HOLD,
    )


def _dose(step: Step, *, is_named: bool) -> tuple[tuple[str, str], ...]:
    """Mean mg per day of every medicine that is given; of a step that gives nothing, zero."""
    given = dict.fromkeys(dose.ingredient for dose in step.doses if dose.units)
    return tuple((name if is_named else "", dose_for_people(step.mg_per_day(name))) for name in given) or (("", "0"),)


def _equivalent(equivalent: Exact | tuple[Exact, Exact] | None) -> str:
    """Diazepam mg or MME per day by the plan's table, one decimal; a range where no table was chosen; empty where nothing converts."""
    if equivalent is None:
        return ""
    ends = equivalent if isinstance(equivalent, tuple) else (equivalent,)
    return "–".join(dict.fromkeys(one_decimal(end) for end in ends))


def _signed(change: Exact | None) -> str:
    """The change with a real minus sign; empty where there is none."""
    if not change:
        return ""
    return f"{'−' if change < 0 else '+'}{dose_for_people(-change if change < 0 else change)}"


def _percent(change: Exact | None) -> str:
    """A percentage with one decimal; empty where there is no change or nothing to compare with."""
    if not change:
        return ""
    return f"{'−' if change < 0 else '+'}{one_decimal(-change if change < 0 else change)} %"


def equivalent_heading(factors: tuple[EquivalentFactor, ...]) -> str:
    """What the equivalent column holds; empty where nothing converts."""
    if not factors:
        return ""
    return "MME/day" if factors[0].measure == "mme" else "diazepam eq. mg/day"


def equivalent_tables(factors: tuple[EquivalentFactor, ...]) -> str:
    """By which tables the equivalents are; a range where no table was chosen."""
    tables = ", ".join(dict.fromkeys(factor.table for factor in factors))
    chosen = all(factor.low == factor.high for factor in factors)
    return tables if chosen else f"range over {tables}: no table was chosen"


def _interval(step: Step) -> str:
    return "" if step.every_days == 1 else f"taken {every_in_words(step.every_days)}; mg/day is the mean"
