"""Prescription windows: what is signed and dispensed, one strength each, at most as long as the site allows, ending at a review gate.

A stretch between two reviews that is a few days longer than the longest window is cut into even parts, so that nobody is handed a
prescription for two days (`rules.window_shortest_days`, docs/decisions/0007). Only a stretch that is itself shorter is one short window.

Supply is exact: units a dosing day × dosing days, rounded up to whole tablets (mL for liquids, patches by wear time) once per window, so
that it covers the window and less than one unit more (domain I16). Halves are counted as halves: 1 1/2 tablets for 7 days are 10.5, so 11.
A dosing day is the first day of its step and every `every_days`-th after it. A dose of zero is never a window.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import chain
from math import lcm

from fhir_taper.plans.medicines.codes import Form, Release
from fhir_taper.plans.medicines.dose import ZERO, Exact, add, divide, multiply, shown
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers.gates import gate_of
from fhir_taper.plans.tapers.plan import GateState, PlanProduct, Step, TaperPlan, Units
from fhir_taper.plans.tapers.sig import sig, unit_of

_DAY = timedelta(days=1)
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One dosage of a window: the same units on each of `dosing_days` days in [start, end]. `need` is units (mL, patches), exact.

    `first` is the first dosing day: a window may start between two of them.
    """

    step: int
    start: date
    end: date
    first: date
    units: Units
    every_days: int
    dosing_days: int
    need: Decimal
    sig: str

    @property
    def mg_per_day(self) -> Exact:
        """Mean mg a day from this product."""
        return divide(multiply(self.units.strength_mg, self.units.per_day), Decimal(self.every_days))


@dataclass(frozen=True, slots=True)
class Window:
    """One signable prescription of one strength. Windows with one `number` belong together: two strengths make one dose.

    `quantity` is whole units to dispense and `unit` what they are; `review` is the step whose review must take place before the window
    starts, None where none is open. Nothing is ever refilled: the next window is a new prescription.
    """

    number: int
    product: PlanProduct
    start: date
    end: date
    lines: tuple[Line, ...]
    quantity: int
    unit: str
    earliest_fill: date
    notes: tuple[str, ...] = ()
    review: int | None = None
    refills: int = 0

    @property
    def days(self) -> int:
        """Whole days covered, both ends included."""
        return (self.end - self.start).days + 1

    @property
    def need(self) -> Decimal:
        """Units that the lines use up, exact."""
        return shown(add(ZERO, *(line.need for line in self.lines)))

    @property
    def sig(self) -> str:
        """Directions in one line; with the days of each dose where the dose changes inside the window."""
        if len(self.lines) == 1:
            return self.lines[0].sig
        return "; ".join(f"{line.start.isoformat()} to {line.end.isoformat()}: {line.sig}" for line in self.lines)


def windows(plan: TaperPlan, rules: LifeRules, *, max_days: int | None = None, until: date | None = None) -> tuple[Window, ...]:
    """All windows of the plan in order. A last step with a dose goes on: it gets windows up to `until`, one where None.

    `max_days` None is the rule's own; more than the site option allows raises ValueError.
    """
    return tuple(chain.from_iterable(windows_from(plan, rules, plan.steps[0].start, max_days=max_days, until=until)))


def windows_from(
    plan: TaperPlan, rules: LifeRules, first: date, *, max_days: int | None = None, until: date | None = None
) -> Iterator[tuple[Window, ...]]:
    """Windows from a day on, those that belong together at once: what is still to be prescribed where supply lasts to the day before.

    They are made one after another: whoever looks for the next window does not make all that follow it.
    """
    longest = _longest(plan, rules, max_days)
    end = _horizon(plan, longest, until, first)
    number = 1
    for start, last in _periods(plan, first, end, longest, rules.window_shortest_days):
        together = _of_period(plan, rules, number, start, last)
        if together:
            number += 1
            yield together


def continuation(plan: TaperPlan, rules: LifeRules, step: Step, start: date, end: date, number: int = 1) -> tuple[Window, ...]:
    """Windows of one step's dose for [start, end], whatever the schedule says: supply of a plan that is held."""
    return _dosed(_window(plan, rules, number, ((step, start, end, units),)) for dose in step.doses for units in dose.units)


def windows_of_days(plan: TaperPlan, rules: LifeRules, start: date, end: date) -> tuple[Window, ...]:
    """Windows of what the schedule takes on [start, end], wherever it would be divided: what prescriptions for these days must say."""
    return _of_period(plan, rules, 1, start, end)


def longest_window(plan: TaperPlan, rules: LifeRules) -> int:
    """Days of the longest window of this plan: the rule's, in whole wear times of its patches."""
    return _longest(plan, rules, None)


def first_end(plan: TaperPlan, rules: LifeRules, start: date, last: date) -> date:
    """The last day of the first window of a stretch of days [start, last] that nothing else divides."""
    longest = _longest(plan, rules, None)
    return start + timedelta(days=_days_of_first((last - start).days + 1, longest, rules.window_shortest_days, _wear_days(plan)) - 1)


def _longest(plan: TaperPlan, rules: LifeRules, asked: int | None) -> int:
    longest = rules.window_days if asked is None else asked
    if not 1 <= longest <= rules.window_days_option:
        raise ValueError(f"a window of {longest} days: at most {rules.window_days_option} are allowed")
    wear_days = _wear_days(plan)
    return longest // wear_days * wear_days or longest


def _wear_days(plan: TaperPlan) -> int:
    """Windows are whole multiples of so many days: the wear times of the plan's patches."""
    return lcm(*(max(1, (product.wear_h or 0) // _HOURS) for product in plan.products))


def _horizon(plan: TaperPlan, longest: int, until: date | None, first: date) -> date:
    """The last day that is prescribed for: the end of dosing, or of the first window of a dose that goes on."""
    last = plan.steps[-1]
    if not any(dose.units for dose in last.doses):
        return last.start - _DAY
    return until or max(last.start, first) + timedelta(days=longest - 1)


def _periods(plan: TaperPlan, first: date, end: date, longest: int, shortest: int) -> Iterator[tuple[date, date]]:
    """Consecutive stretches of days, none across a gated step, none longer than the longest window, and few shorter than the shortest.

    A dose that goes on has no last day: there `end` is only how far is looked ahead, and windows are as long as they may be.
    """
    cuts = sorted(plan.steps[gate.step].start for gate in plan.gates)
    goes_on = any(dose.units for dose in plan.steps[-1].doses)
    wear_days = _wear_days(plan)
    start = first
    while start <= end:
        last = min([end, *(cut - _DAY for cut in cuts if cut > start)])
        days = (last - start).days + 1
        ends_there = last < end or not goes_on
        taken = _days_of_first(days, longest, shortest, wear_days) if ends_there else min(days, longest)
        last = start + timedelta(days=taken - 1)
        yield start, last
        start = last + _DAY


def _days_of_first(days: int, longest: int, shortest: int, wear_days: int) -> int:
    """Days of the first window of a stretch: the longest, but where that would leave too short a last one half of what is left for both."""
    rest = days - longest
    if rest <= 0:
        return days
    if rest >= shortest:
        return longest
    halves = -(-days // 2)
    return min(longest, -(-halves // wear_days) * wear_days)


_Piece = tuple[Step, date, date, Units]


def _of_period(plan: TaperPlan, rules: LifeRules, number: int, start: date, end: date) -> tuple[Window, ...]:
    pieces: dict[str, list[_Piece]] = {}
    for step in plan.steps:
        begins, ends = max(step.start, start), min(step.end or end, end)
        if step.number == 0:
            begins = start if start < step.start else begins
        if begins > ends:
            continue
        for units in (units for dose in step.doses for units in dose.units):
            pieces.setdefault(units.rxcui, []).append((step, begins, ends, units))
    return _dosed(_window(plan, rules, number, tuple(of_product)) for of_product in pieces.values())


def _dosed(made: Iterable[Window]) -> tuple[Window, ...]:
    """Without the windows that hold no dosing day: a step that is taken every n-th day may leave some days over."""
    return tuple(window for window in made if window.lines)


def _window(plan: TaperPlan, rules: LifeRules, number: int, pieces: tuple[_Piece, ...]) -> Window:
    product = _product(plan, pieces[0][3])
    lines = tuple(line for piece in pieces if (line := _line(piece, product)).dosing_days)
    start, end = pieces[0][1], pieces[-1][2]
    need = add(ZERO, *(line.need for line in lines))
    return Window(
        number=number,
        product=product,
        start=start,
        end=end,
        lines=lines,
        quantity=int(shown(need).to_integral_value(ROUND_CEILING)),
        unit=unit_of(product),
        earliest_fill=start - timedelta(days=rules.fill_lead_days),
        notes=_notes(plan, product, pieces[0][3], rules),
        review=_open_review(plan, pieces[0][0], start),
    )


def _line(piece: _Piece, product: PlanProduct) -> Line:
    step, start, end, units = piece
    first = _first_dosing_day(step, start)
    days = 0 if first > end else (end - first).days // step.every_days + 1
    directions = sig(units, product, step.every_days) + ("" if first == start else f", first dose on {first.isoformat()}")
    return Line(step.number, start, end, first, units, step.every_days, days, _need(product, units, days), directions)


def _first_dosing_day(step: Step, start: date) -> date:
    """The first day from `start` on that is a whole number of `every_days` after the step's first day."""
    return start + timedelta(days=(step.start - start).days % step.every_days)


def _need(product: PlanProduct, units: Units, dosing_days: int) -> Decimal:
    """Units used up. A patch is worn for its wear time: patches worn × wear times begun."""
    if product.form is Form.PATCH and product.wear_h:
        changes = -(-dosing_days * _HOURS // product.wear_h)
        return shown(multiply(units.per_day, Decimal(changes)))
    return shown(multiply(units.per_day, Decimal(dosing_days)))


def _notes(plan: TaperPlan, product: PlanProduct, units: Units, rules: LifeRules) -> tuple[str, ...]:
    notes = [f"Taper plan of {plan.drug}: do not refill or extend without the plan."]
    if product.ingredient in rules.schedule_ii:
        notes.append("Schedule II: no refills (21 CFR 1306.12).")
    if product.release is Release.EXTENDED and product.form is not Form.PATCH:
        notes.append("Extended-release: swallow whole, do not split, crush or chew.")
    if any(amount % 1 for _, amount in units.slots) and product.form is Form.TABLET:
        notes.append("Tablets are split: offer a tablet splitter.")
    return tuple(notes)


def _open_review(plan: TaperPlan, step: Step, start: date) -> int | None:
    gate = gate_of(plan, step.number)
    is_open = gate is not None and gate.state is GateState.OPEN and step.start == start
    return step.number if is_open else None


def _product(plan: TaperPlan, units: Units) -> PlanProduct:
    """The plan's product behind the units. Raises KeyError where the plan does not list it: such a plan cannot be dispensed."""
    for product in plan.products:
        if product.rxcui == units.rxcui:
            return product
    raise KeyError(units.rxcui)
