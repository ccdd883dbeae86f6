"""A plan as rows of words: what every table, page and handout shows of a step. Made once, so that screen, paper and terminal say the same.

Percentages and equivalents are rounded here and only here; doses are printed with the digits they have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from fhir_taper.plans.medicines.codes import Form, Slot
from fhir_taper.plans.medicines.dose import ZERO, Exact, canonical, plain, shown
from fhir_taper.plans.tapers.plan import EquivalentFactor, PlanProduct, Step, StepKind, TaperPlan
from fhir_taper.plans.tapers.step_figures import StepFigures, step_figures

_PARTS = {Decimal("0.25"): "¼", Decimal("0.5"): "½", Decimal("0.75"): "¾"}
_KINDS = {
    StepKind.BASELINE: "today",
    StepKind.REDUCTION: "",
    StepKind.HOLD: "pause: keep taking this dose",
    StepKind.LIMITED: "held back by a limit",
    StepKind.UNIT_LIMITED: "smallest cut, beyond a limit",
    StepKind.SUBSTITUTION: "cross-over",
    StepKind.INTERVAL: "longer interval",
    StepKind.STOP: "stop",
}


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One step in words. `slots` holds a cell per time of day that the plan uses; empty cells are "–".

    Where a plan gives more than one medicine, every cell and dose names its medicine: 5 mg of one may be tenfold the other.
    """

    number: str
    start: str
    end: str
    days: str
    slots: tuple[str, ...]
    dose: str
    equivalent: str
    change: str
    of_previous: str
    of_baseline: str
    note: str
    is_pause: bool


def used_slots(plan: TaperPlan) -> tuple[Slot, ...]:
    """The times of day at which anything is ever taken, in day order."""
    used = {slot for step in plan.steps for dose in step.doses for units in dose.units for slot, _ in units.slots}
    return tuple(slot for slot in Slot if slot in used)


def rows_of(plan: TaperPlan) -> tuple[PlanRow, ...]:
    """One row per step, in order."""
    products = {product.rxcui: product for product in plan.products}
    slots = used_slots(plan)
    return tuple(_row(plan, step, figures, slots, products) for step, figures in zip(plan.steps, step_figures(plan), strict=True))


def _row(plan: TaperPlan, step: Step, figures: StepFigures, slots: tuple[Slot, ...], products: Mapping[str, PlanProduct]) -> PlanRow:
    return PlanRow(
        number=str(step.number),
        start=step.start.isoformat(),
        end=step.end.isoformat() if step.end else "",
        days=str((step.end - step.start).days + 1) if step.end else "",
        slots=tuple(_cell(step, slot, products, is_named=len(medicines_of(plan)) > 1) for slot in slots),
        dose=dose_in_words(plan, step),
        equivalent=_equivalent(figures.equivalent),
        change=_signed(figures.change_mg),
        of_previous=_percent(figures.change_pct_of_previous),
        of_baseline=_percent(figures.change_pct_of_baseline),
        note="; ".join(part for part in (_KINDS[step.kind], _interval(step), step.note) if part),
        is_pause=step.kind is StepKind.HOLD,
    )


def dose_in_words(plan: TaperPlan, step: Step) -> str:
    """Mean mg per day; each ingredient by name in a plan that crosses over."""
    shown_doses = [
        (dose.ingredient, step.mg_per_day(dose.ingredient)) for dose in step.doses if dose.units or dose.ingredient == plan.ingredient
    ]
    if len(shown_doses) <= 1 and len(medicines_of(plan)) <= 1:
        return plain(_shown(shown_doses[0][1])) if shown_doses else "0"
    given = [(ingredient, mg) for ingredient, mg in shown_doses if mg]
    return " + ".join(f"{ingredient} {plain(_shown(mg))}" for ingredient, mg in given) or "0"


def medicines_of(plan: TaperPlan) -> tuple[str, ...]:
    """The medicines that the plan gives over its length, in the order in which it does: two where it crosses over."""
    return tuple(dict.fromkeys(dose.ingredient for step in plan.steps for dose in step.doses if dose.units))


def _equivalent(equivalent: Decimal | tuple[Decimal, Decimal] | None) -> str:
    """Diazepam mg or MME per day by the plan's table, one decimal; a range where no table was chosen; empty where nothing converts."""
    if equivalent is None:
        return ""
    ends = equivalent if isinstance(equivalent, tuple) else (equivalent, equivalent)
    return "–".join(dict.fromkeys(one_decimal(end) for end in ends))


def _signed(change: Decimal | None) -> str:
    """The change with a real minus sign; empty where there is none."""
    if not change:
        return ""
    return f"{'−' if change < 0 else '+'}{plain(canonical(abs(change)))}"


def _percent(change: Decimal | None) -> str:
    """A percentage with one decimal; empty where there is no change or nothing to compare with."""
    if not change:
        return ""
    return f"{'−' if change < 0 else '+'}{one_decimal(abs(change))} %"


def equivalent_heading(factors: tuple[EquivalentFactor, ...]) -> str:
    """What the equivalent column holds; empty where nothing converts."""
    if not factors:
        return ""
    return "MME/d" if factors[0].measure == "mme" else "diazepam eq."


def equivalent_tables(factors: tuple[EquivalentFactor, ...]) -> str:
    """By which tables the equivalents are; a range where no table was chosen."""
    tables = ", ".join(dict.fromkeys(factor.table for factor in factors))
    chosen = all(factor.low == factor.high for factor in factors)
    return tables if chosen else f"range over {tables}: no table was chosen"


def count_in_words(units: Decimal) -> str:
    """0.5 -> ½, 1.25 -> 1¼, 3 -> 3; anything finer stays a decimal."""
    whole, part = divmod(units, 1)
    if part in _PARTS:
        return f"{int(whole) or ''}{_PARTS[part]}"
    return plain(canonical(units))


def units_in_words(units: Decimal, product: PlanProduct) -> str:
    """One amount of one product: ½ × 2 mg; 0.4 mL (2 mg); 1 × 25 µg/h patch."""
    if product.form in (Form.SOLUTION, Form.SUSPENSION):
        return f"{plain(canonical(units))} mL ({plain(canonical(units * product.mg))} mg)"
    if product.form is Form.PATCH:
        return f"{count_in_words(units)} × {plain(_exact(Fraction(product.mg) * 1000 / 24))} µg/h patch"
    return f"{count_in_words(units)} × {plain(canonical(product.mg))} mg"


def one_decimal(value: Fraction | Exact) -> str:
    """Rounded half-up to one decimal, for showing only."""
    exact = Fraction(value)
    rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return plain(canonical(rounded))


def _cell(step: Step, slot: Slot, products: Mapping[str, PlanProduct], *, is_named: bool) -> str:
    taken = [
        units_in_words(amount, products[units.rxcui]) + (f" {dose.ingredient}" if is_named else "")
        for dose in step.doses
        for units in dose.units
        for at, amount in units.slots
        if at is slot and amount != ZERO
    ]
    return " + ".join(taken) or "–"


def _interval(step: Step) -> str:
    return "" if step.every_days == 1 else f"one dosing day in {step.every_days}"


def _exact(value: Fraction) -> Decimal:
    return canonical(shown(value))


def _shown(value: Exact) -> Decimal:
    return canonical(value) if isinstance(value, Decimal) else shown(value).quantize(Decimal("0.01"))
