"""What the plan itself says on a day: its dose, its holds, its reviews, how long ago the dose fell; and the patient's age."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from fhir_taper.plans.medicines.dose import as_exact, dose_for_people
from fhir_taper.plans.monitoring.condition import Quantity
from fhir_taper.plans.monitoring.derived import NOTHING, Derived
from fhir_taper.plans.monitoring.moment import Moment, reduction_in_force
from fhir_taper.plans.tapers.in_force import held_since, step_in_force
from fhir_taper.plans.tapers.plan import GateState, PlanState


def planned_mg(moment: Moment, day: date) -> Derived:
    """mg a day of the plan's ingredient in force on a day, under holds and reviews that did not take place."""
    step = step_in_force(moment.plan, day)
    mg = step.mg_per_day(moment.plan.ingredient)
    return Derived(mg, f"step {step.number}: {dose_for_people(mg)} mg a day")


def _plan_dose(moment: Moment, _condition: Quantity) -> Derived:
    return planned_mg(moment, moment.today)


def _days_since_step(moment: Moment, _condition: Quantity) -> Derived:
    """Days since the last reduction that really took place began: a reduction that is held has not begun."""
    began = reduction_in_force(moment.plan, moment.today)
    if began is None:
        return NOTHING
    days = (moment.today - began).days
    return Derived(as_exact(days), f"{days} days since the reduction of {began.isoformat()}")


def _holds(moment: Moment, _condition: Quantity) -> Derived:
    """Holds noted by now, one for each time that reductions were paused: a hold that was lengthened is one hold."""
    count, is_held = 0, False
    for note in moment.plan.revisions:
        if note.on > moment.today:
            break
        if note.kind == "hold":
            count += not is_held
            is_held = True
        elif note.kind in ("resume", "step-back", "approve"):
            is_held = False
    return Derived(as_exact(count), f"{count} holds in this plan")


def _hold_days(moment: Moment, _condition: Quantity) -> Derived:
    """Days that the hold has lasted; nothing where the plan is not held."""
    if moment.plan.state is not PlanState.ON_HOLD:
        return NOTHING
    since = held_since(moment.plan)
    if since is None:
        return Derived(why="the plan is on hold, and since when is not recorded")
    days = (moment.today - since).days
    return Derived(as_exact(days), f"on hold for {days} days") if days >= 0 else NOTHING


def _on_hold(moment: Moment, _condition: Quantity) -> Derived:
    """1 where the plan is held, else 0."""
    since = held_since(moment.plan)
    is_held = moment.plan.state is PlanState.ON_HOLD and (since is None or since <= moment.today)
    return Derived(as_exact(int(is_held)), f"on hold{f' since {since.isoformat()}' if since else ''}" if is_held else "not on hold")


def _review_overdue_days(moment: Moment, _condition: Quantity) -> Derived:
    """Days since the next review was due, negative before; nothing on hold, where no reduction waits for it."""
    waiting = [gate for gate in moment.plan.gates if gate.state is GateState.OPEN]
    if not waiting or moment.plan.state is PlanState.ON_HOLD:
        return NOTHING
    gate = min(waiting, key=lambda one: one.step)
    days = (moment.today - gate.due).days
    return Derived(as_exact(days), f"The review of step {gate.step} {'was' if days > 0 else 'is'} due on {gate.due.isoformat()}")


def _half_life_hours(moment: Moment, _condition: Quantity) -> Derived:
    """The shorter end of the half-life of what is tapered: the cautious one, by which a supply that ran out is missed sooner."""
    ingredient = moment.tables.medicines.ingredient_named(moment.plan.ingredient)
    if ingredient is None or ingredient.half_life_h is None:
        return Derived(why=f"the half-life of {moment.plan.ingredient} is not in our table")
    low, _ = ingredient.half_life_h
    return Derived(low, f"half-life of {moment.plan.ingredient} from {low} h")


def _age(moment: Moment, _condition: Quantity) -> Derived:
    born = moment.timeline.birth_date
    if born is None:
        return Derived(why="the birth date is not known")
    today = moment.today
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return Derived(as_exact(years), f"{years} years old")


PLAN_QUANTITIES: Final[Mapping[str, Callable[[Moment, Quantity], Derived]]] = {
    "plan-dose": _plan_dose,
    "days-since-step": _days_since_step,
    "holds": _holds,
    "hold-days": _hold_days,
    "on-hold": _on_hold,
    "review-overdue-days": _review_overdue_days,
    "half-life-hours": _half_life_hours,
    "age": _age,
}
