"""What is to be prescribed next: the next window, or the continuation of today's dose where reductions are paused.

Only the next window is ever proposed; later ones stay in the plan. What the first days take is supplied by today's orders; where it is not
(`first_supply`), the next window is that of the first days, of what is missing. A plan that is held always goes on being supplied at
today's dose (domain I12), but for an overdose or oversedation, where a clinician decides first. Supply that runs out without a next
window is urgent.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import takewhile

from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers.first_supply import NOTHING_MISSING, FirstSupply
from fhir_taper.plans.tapers.in_force import in_force, keep_taking
from fhir_taper.plans.tapers.plan import PlanState, Step, TaperPlan
from fhir_taper.plans.tapers.windows import Window, continuation, first_end, longest_window, windows, windows_from

__all__ = ["NextSupply", "SupplyKind", "SupplySignal", "Window", "next_window", "supply_signal", "windows"]

_DAY = timedelta(days=1)
_SUPPLIED = frozenset({PlanState.DRAFT, PlanState.ACTIVE, PlanState.ON_HOLD})


class SupplyKind(StrEnum):
    NEXT = "next"
    CONTINUATION = "continuation"  # today's dose, reductions paused
    CLINICIAN_DECIDES = "clinician-decides"  # after overdose or oversedation
    NOTHING = "nothing"  # nothing is taken any more, or the plan has ended


@dataclass(frozen=True, slots=True)
class NextSupply:
    """The windows to propose now: one per strength, all for the same days. `says` is for the screen."""

    kind: SupplyKind
    windows: tuple[Window, ...]
    says: str


@dataclass(frozen=True, slots=True)
class SupplySignal:
    """Supply that ends too soon: urgent. `days_left` is negative once it has ended."""

    ends: date
    days_left: int
    says: str


def next_window(
    plan: TaperPlan,
    day: date,
    rules: LifeRules,
    *,
    supplied_until: date | None = None,
    needs_clinician: bool = False,
    lacks: FirstSupply = NOTHING_MISSING,
) -> NextSupply:
    """What to propose on a day. `supplied_until` is the last day that prescriptions already cover; None trusts the plan's own windows.
    Days that are past are not prescribed for, whether they were supplied or not.

    `needs_clinician`: an overdose or oversedation happened, so nothing continues without a clinician. `lacks` is what the first days take
    and no order supplies: during them, where `supplied_until` is None, it is what is proposed.
    """
    if plan.state not in _SUPPLIED:
        return NextSupply(SupplyKind.NOTHING, (), f"the plan is {plan.state}: it proposes nothing")
    if needs_clinician:
        return NextSupply(SupplyKind.CLINICIAN_DECIDES, (), "after overdose or oversedation a clinician decides what continues")
    now = in_force(plan, day)
    is_lacking = bool(lacks.missing) and supplied_until is None and now.step.number == 0
    if now.is_held:
        until = max(day, now.step.start) - _DAY if is_lacking else supplied_until
        going_on = _continuation(plan, now.step, day, rules, until)
        return replace(going_on, windows=_of_what_lacks(going_on.windows, lacks)) if is_lacking else going_on
    if is_lacking and (missing := _missing(plan, day, rules, lacks)):
        return NextSupply(SupplyKind.NEXT, missing, _days(missing))
    made = _next(plan, day, rules, supplied_until)
    if not made:
        return NextSupply(SupplyKind.NOTHING, (), "nothing more is to be dispensed")
    return NextSupply(SupplyKind.NEXT, made, _days(made))


def supply_signal(
    plan: TaperPlan, day: date, supplied_until: date, rules: LifeRules, *, is_next_arranged: bool = False
) -> SupplySignal | None:
    """The urgent signal where supply ends soon, something is still to be taken after it, and no next window is arranged; else None."""
    left = (supplied_until - day).days
    if is_next_arranged or left > rules.supply_urgent_days or plan.state not in {PlanState.ACTIVE, PlanState.ON_HOLD}:
        return None
    now = in_force(plan, day)
    after = now.step if now.is_held else in_force(plan, supplied_until + _DAY).step
    if not _is_dosed(after):
        return None
    when = f"ended on {supplied_until.isoformat()}" if left < 0 else f"ends on {supplied_until.isoformat()}"
    told = keep_taking(plan, day) or "the next window must be signed"
    return SupplySignal(supplied_until, left, f"supply {when} and no next window is arranged: {told}")


def _next(plan: TaperPlan, day: date, rules: LifeRules, supplied_until: date | None) -> tuple[Window, ...]:
    first = plan.steps[0].start
    if supplied_until is not None:
        return next(windows_from(plan, rules, max(supplied_until + _DAY, day, first)), ())
    going_on = plan.steps[-1].start + timedelta(days=rules.window_days)
    until = max(going_on, day + timedelta(days=2 * rules.window_days))
    later = (tuple(window for window in made if window.start > day) for made in windows_from(plan, rules, first, until=until))
    return next(filter(None, later), ())


def _missing(plan: TaperPlan, day: date, rules: LifeRules, lacks: FirstSupply) -> tuple[Window, ...]:
    """Windows of what the first days lack, from this day on; of a plan that has not begun also of what they do not lack, as always."""
    first = plan.steps[0].start
    together = next(windows_from(plan, rules, max(day, first)), ())
    noted = _of_what_lacks(together, lacks)
    return noted if day >= first else tuple(next((new for new in noted if new.product == one.product), one) for one in together)


def _of_what_lacks(together: tuple[Window, ...], lacks: FirstSupply) -> tuple[Window, ...]:
    """The windows of products that no order supplies, with what they take the place of."""
    notes = (lacks.note,) if lacks.note else ()
    return tuple(replace(one, notes=(*one.notes, *notes)) for one in together if one.product.rxcui in lacks.codes)


def _days(made: tuple[Window, ...]) -> str:
    return f"{made[0].start.isoformat()} to {made[0].end.isoformat()}"


def _continuation(plan: TaperPlan, step: Step, day: date, rules: LifeRules, supplied_until: date | None) -> NextSupply:
    if not _is_dosed(step):
        return NextSupply(SupplyKind.NOTHING, (), keep_taking(plan, day))
    start = max((supplied_until or _own_supply(plan, step, day, rules)) + _DAY, day)
    end = start + timedelta(days=longest_window(plan, rules) - 1)
    following = plan.steps[step.number + 1].start if step.number + 1 < len(plan.steps) else None
    if following is not None and following > start:
        end = first_end(plan, rules, start, following - _DAY)
    return NextSupply(SupplyKind.CONTINUATION, continuation(plan, rules, step, start, end), keep_taking(plan, day))


def _own_supply(plan: TaperPlan, step: Step, day: date, rules: LifeRules) -> date:
    """The last day that the plan's own window of this day covers with today's dose; yesterday where it covers another dose."""
    begun = takewhile(lambda made: made[0].start <= day, windows_from(plan, rules, plan.steps[0].start, until=day))
    covering = [window for made in begun for window in made if window.start <= day <= window.end]
    if covering and all(line.step == step.number for window in covering for line in window.lines):
        return max(window.end for window in covering)
    return day - _DAY


def _is_dosed(step: Step) -> bool:
    return any(dose.units for dose in step.doses)
