"""What must hold of a plan's later life: I9 to I13 and I16: holds, reviews, supply, and two plans beside each other.

Every hold, review and supply here is a question to the package; the answers are judged by plain arithmetic over dates and units.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from random import Random

from fhir_taper.plans.medicines.codes import DrugClass, Form
from fhir_taper.plans.tapers.collisions import collisions, days_to_wait
from fhir_taper.plans.tapers.dispensing import SupplyKind, next_window
from fhir_taper.plans.tapers.in_force import in_force
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import GateState, PlanState, Step, TaperPlan
from fhir_taper.plans.tapers.revision import hold
from fhir_taper.plans.tapers.shifting import shifted_from
from fhir_taper.plans.tapers.windows import windows
from tests.invariants.checks import Problems, i04_limits_hold_at_every_step_start
from tests.invariants.reading import Subject, exact, falls

_DAY = timedelta(days=1)
_SURPLUS_DAYS, _APART = 7, 14


def i09_i10_a_hold_moves_everything_later_by_as_much(of: Subject) -> Problems:
    """A hold of k days moves all later steps by exactly k, shortens nothing, changes no dose, and what was moved keeps its limits.

    Of patches by as much as it takes to the next change of patch: their steps are whole wear times.
    """
    rng = _rng(of)
    index, days = rng.randrange(len(of.plan.steps) - 1), rng.randint(1, 60)
    day = _some_day(rng, of.plan.steps[index])
    before = _reviewed(of.plan)
    held = hold(before, Decision("Dr Who", day, "poor sleep"), days)
    wear = max((ceil(product.wear_h / 24) for product in of.plan.products if product.wear_h), default=1)
    lasted = (before.steps[index + 1].start - before.steps[index].start).days
    by = timedelta(days=next(more for more in range(days, days + wear) if (lasted + more) % wear == 0))
    for old, new in zip(before.steps, held.steps, strict=True):
        start = old.start + by if old.number > index else old.start
        end = old.end + by if old.end and old.number >= index else old.end
        if new != replace(old, start=start, end=end):
            yield f"held {days} days from {day}: step {old.number} is {new.start} to {new.end}, not {start} to {end}"
    if held.steps[-1].start != before.steps[-1].start + by or held.state is not PlanState.ON_HOLD:
        yield f"held {days} days, and the last step moves by {held.steps[-1].start - before.steps[-1].start}"
    yield from i04_limits_hold_at_every_step_start(Subject(of.request, replace(held, findings=of.plan.findings), of.tables))


def i11_no_reduction_starts_before_its_review(of: Subject) -> Problems:
    """Every reduction has its review; while the review is open the dose before it stays in force, and passed reviews let the plan go on."""
    plan, reviewed = replace(of.plan, state=PlanState.ACTIVE), _reviewed(of.plan)
    open_gates = {gate.step for gate in plan.gates if gate.state is GateState.OPEN}
    cuts = falls(of.steps)
    if set(cuts) - open_gates or any(gate.due != plan.steps[gate.step].start for gate in plan.gates):
        yield f"steps {sorted(set(cuts) - open_gates)} reduce the dose without a review"
        return
    for number in {cuts[0], cuts[len(cuts) // 2], cuts[-1]}:
        start = plan.steps[number].start
        if in_force(plan, start).step.number >= cuts[0] or in_force(plan, start + timedelta(days=400)).step.number >= cuts[0]:
            yield f"step {number} starts although the review of step {cuts[0]} is open"
        if in_force(reviewed, start).step.number != number:
            yield f"step {number} does not start although its review was passed"


def i12_on_hold_todays_dose_goes_on(of: Subject) -> Problems:
    """On hold, and at an overdue review, the next supply is today's dose, nothing less; after an oversedation a clinician decides first."""
    rng = _rng(of)
    index = rng.randrange(len(of.plan.steps) - 1)
    day = _some_day(rng, of.plan.steps[index])
    held = hold(_reviewed(of.plan), Decision("Dr Who", day, "poor sleep"), rng.randint(1, 60))
    overdue = replace(of.plan, state=PlanState.ACTIVE)
    rules = of.tables.safety.life
    for plan, on in ((held, day + timedelta(days=rng.randint(0, 400))), (overdue, overdue.steps[falls(of.steps)[0]].start)):
        supply = next_window(plan, on, rules)
        today = in_force(plan, on).step
        supplied = {window.product.rxcui for window in supply.windows}
        is_same = supplied == {unit.rxcui for dose in today.doses for unit in dose.units} or (not supplied and today.every_days > 1)
        doses = {line.units for window in supply.windows for line in window.lines}
        if supply.kind is not SupplyKind.CONTINUATION or not is_same or not doses <= {unit for dose in today.doses for unit in dose.units}:
            yield f"held on {on} at step {today.number}: the supply is {supply.kind} of {doses}"
        if plan is held and today.number != index:
            yield f"on hold since step {index}, and on {on} step {today.number} is in force"
        if next_window(plan, on, rules, needs_clinician=True).kind is not SupplyKind.CLINICIAN_DECIDES:
            yield "supply goes on after an oversedation without a clinician"


def i16_supply_covers_the_doses_and_hardly_more(of: Subject) -> Problems:
    """Every dosing day is covered once, each window by what it needs and at most 7 days or one unit more; none crosses a review."""
    plan, rules = of.plan, of.tables.safety.life
    made = windows(plan, rules)
    start = plan.steps[0].start
    reviews = {(plan.steps[gate.step].start - start).days for gate in plan.gates}
    last = plan.steps[-1]
    end = max((window.end for window in made), default=start - _DAY)
    covered: dict[str, Fraction] = {}
    last_day: dict[str, date] = {}
    uses = _uses(plan, max((end - start).days + 1, (last.start - start).days))
    for window in made:
        rxcui = window.product.rxcui
        days = range((window.start - start).days, (window.end - start).days + 1)
        met = [use for use in uses[rxcui] if use.days.start < days.stop and days.start < use.days.stop]
        need = sum((use.between(days) for use in met), Fraction(0))
        covered[rxcui] = covered.get(rxcui, Fraction(0)) + need
        surplus = exact(window.quantity) - need
        if window.quantity <= 0 or surplus < 0 or surplus > max(Fraction(1), *(_SURPLUS_DAYS * use.daily for use in met)):
            yield f"window {window.start} of {window.product.name}: {window.quantity} for a need of {need}"
        if len(days) > rules.window_days or any(day in days[1:] for day in reviews):
            yield f"window {window.start} to {window.end} is too long, or crosses a review"
        if window.start <= last_day.get(rxcui, date.min):
            yield f"windows of {rxcui} overlap on {window.start}"
        last_day[rxcui] = window.end
    needed = {rxcui: sum((use.between(use.days) for use in of_product), Fraction(0)) for rxcui, of_product in uses.items()}
    if needed != covered:
        yield f"needed {needed}, covered {covered}"
    if any(dose.units for dose in last.doses) and end < last.start:
        yield f"supply ends on {end}, the last step starts on {last.start}"


@dataclass(frozen=True, slots=True)
class _Use:
    """Units of one product on the dosing days of one step: its first day and every n-th after it. Patches last their wear time."""

    days: range
    every: int
    daily: Fraction
    worn_h: int | None

    def between(self, days: range) -> Fraction:
        """Units used up on those of the days that are the step's."""
        first, last = max(days.start, self.days.start), min(days.stop, self.days.stop)
        dosing = len(range(first + (self.days.start - first) % self.every, last, self.every))
        return self.daily * (-(-dosing * 24 // self.worn_h) if self.worn_h else dosing)


def _uses(plan: TaperPlan, horizon: int) -> dict[str, list[_Use]]:
    """What every step uses of every product, up to a number of days."""
    worn = {product.rxcui: product.wear_h if product.form is Form.PATCH else None for product in plan.products}
    start, found = plan.steps[0].start, dict[str, list[_Use]]()
    for step in plan.steps:
        stop = horizon if step.end is None else (step.end - start).days + 1
        days = range((step.start - start).days, min(stop, horizon))
        for unit in (unit for dose in step.doses for unit in dose.units):
            found.setdefault(unit.rxcui, []).append(_Use(days, step.every_days, exact(unit.per_day), worn[unit.rxcui]))
    return found


def i13_collisions(one: TaperPlan, other: TaperPlan, of: Subject) -> Problems:
    """An opioid and a sedative are reduced 14 days apart: every pair that is nearer is named, and waiting as long as is said mends it."""
    rules = of.tables.safety.life
    named = {found.days for found in collisions((one, other), rules)}
    near = set(_near(one, other))
    if named != near:
        yield f"collisions {sorted(map(str, named ^ near))[:3]} are not named, or are none"
    wait = days_to_wait(other, (one,), rules)
    moved = shifted_from(other, 1, wait)
    if list(_near(one, moved)):
        yield f"{wait} days later the reductions still collide"
    if len(collisions((one, one), rules)) != 1:
        yield "two plans of one ingredient are not refused"


def _near(one: TaperPlan, other: TaperPlan) -> Iterator[tuple[date, date]]:
    mixed = DrugClass.OPIOID in (one.drug_class, other.drug_class) and one.drug_class is not other.drug_class
    for day in _cut_days(one) if mixed else ():
        yield from ((day, near) for near in _cut_days(other) if abs((day - near).days) < _APART)


def _cut_days(plan: TaperPlan) -> list[date]:
    """Days on which less of anything is given than the day before."""
    given = [_given(step) for step in plan.steps]
    pairs = zip(given, given[1:], plan.steps[1:], strict=False)
    return [step.start for before, after, step in pairs if any(after.get(name, 0) < mg for name, mg in before.items())]


def _given(step: Step) -> dict[str, Fraction]:
    """Mean mg a day by ingredient."""
    mg: dict[str, Fraction] = {}
    for dose in step.doses:
        for unit in dose.units:
            mg[dose.ingredient] = mg.get(dose.ingredient, Fraction(0)) + exact(unit.strength_mg) * exact(unit.per_day) / step.every_days
    return mg


def _reviewed(plan: TaperPlan) -> TaperPlan:
    """The plan as it runs when every review is passed in time."""
    gates = tuple(replace(gate, state=GateState.PASSED, by="Dr Who", on=gate.due) for gate in plan.gates)
    return replace(plan, state=PlanState.ACTIVE, gates=gates)


def _rng(of: Subject) -> Random:
    return Random(of.plan.id)


def _some_day(rng: Random, step: Step) -> date:
    assert step.end is not None
    return step.start + timedelta(days=rng.randint(0, (step.end - step.start).days))


LIFE: dict[str, Callable[[Subject], Problems]] = {
    check.__name__: check
    for check in (
        i09_i10_a_hold_moves_everything_later_by_as_much,
        i11_no_reduction_starts_before_its_review,
        i12_on_hold_todays_dose_goes_on,
        i16_supply_covers_the_doses_and_hardly_more,
    )
}
"""The invariants of a plan's later life, by name."""
