"""What the orders of a chart make of each day, against the plan: the same ingredient, all opioids together, and what is new beside it."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Final

from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.dose import ZERO, Exact, add, as_exact, dose_for_people, multiply, one_decimal
from fhir_taper.plans.monitoring.condition import Op, Quantity
from fhir_taper.plans.monitoring.derived import NOTHING, Derived
from fhir_taper.plans.monitoring.moment import Moment
from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.monitoring.taken import is_in_force, is_of, taken_since
from fhir_taper.plans.monitoring.timeline import DoseStretch, Ordered, Record, Timeline
from fhir_taper.plans.monitoring.verdict import Evidence
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.reductions import ingredients_of
from fhir_taper.plans.worked_out import worked_out

MME: Final = "mme"
_RECEPTOR_AGONISTS: Final = frozenset({DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG})
_NO_END_DAYS: Final = 10_000
"""An order without an end lasts longer than any bound that a rule sets."""


def _days_above_plan(moment: Moment, condition: Quantity) -> Derived:
    """Days in a row, today the last, on which more is ordered than the plan says, in mg: of the ingredient of which it is longest."""
    own = moment.plan.ingredient
    names = dict.fromkeys([own, *(name for step in moment.plan.steps for name in ingredients_of(step))])
    ordered = [name for name in names if name == own or name in worked_out(moment.timeline, _stretches)]
    found = [_days_above(moment, condition, name, partial(_planned, moment, name), f"mg {name} a day") for name in ordered]
    unclear = [one for one in found if one.value is None]
    longest = max((one for one in found if one.value is not None), key=lambda one: Fraction(one.value or 0), default=NOTHING)
    if unclear and not _is_reached(condition, longest.value or ZERO):
        return unclear[0]
    return longest


def _is_reached(condition: Quantity, days: Exact) -> bool:
    """Whether so many days are more than the rule allows, or as many as it asks for."""
    return Fraction(days) > Fraction(condition.value) - (condition.op is Op.AT_LEAST)


def _planned(moment: Moment, name: str, day: date) -> Exact:
    return step_in_force(moment.plan, day).mg_per_day(name)


def _days_mme_above_plan(moment: Moment, condition: Quantity) -> Derived:
    """The same in MME of all opioids, above the plan's own and what was ordered beside it on its first day, by `percent` of that."""
    factor = next((one for one in moment.plan.equivalents if one.measure == MME and one.ingredient == moment.plan.ingredient), None)
    if factor is None:
        return Derived(why=f"{moment.plan.ingredient} has no MME factor in this plan")
    first = ordered_on(moment, MME, moment.plan.steps[0].start)
    own = multiply(moment.plan.steps[0].mg_per_day(moment.plan.ingredient), factor.high)
    beside = max(Fraction(0), Fraction(first.amount) - Fraction(own)) if first is not None and first.amount is not None else None
    over = 1 + Fraction(condition.percent or 0) / 100
    found = _days_above(
        moment,
        condition,
        MME,
        lambda day: as_exact((Fraction(_planned_mme(moment, day)) + (beside or 0)) * over),
        "MME a day of all opioids",
    )
    if found.value and beside is None:
        return Derived(why="what was ordered beside the plan on its first day is not known")
    return found


def _planned_mme(moment: Moment, day: date) -> Exact:
    """MME a day of the step in force, of every ingredient that it gives."""
    step = step_in_force(moment.plan, day)
    factors = {one.ingredient: one.high for one in moment.plan.equivalents if one.measure == MME}
    return add(ZERO, *(multiply(step.mg_per_day(name), factors.get(name, ZERO)) for name in ingredients_of(step)))


def _days_above(moment: Moment, condition: Quantity, of: str, allowed: Callable[[date], Exact], unit: str) -> Derived:
    """Days up to today, none before the plan, on which more is ordered than is allowed.

    What is allowed changes where a step begins, what is ordered where a stretch does: whole pieces are counted, not days. Days of which it
    cannot be said are never taken for days within the plan: where they decide, the answer is not known.
    """
    why = moment.timeline.why_unseen(Record.ORDER)
    today = ordered_on(moment, of, moment.today)
    if why or today is None or today.amount is None:
        said = today.why if today is not None and today.why else f"what is ordered of {of} today is not known"
        return Derived(why=f"orders were not read ({why})" if why else said)
    began, day, days, most, unclear = moment.plan.steps[0].start, moment.today, 0, 0, ""
    while day >= began:
        found = ordered_on(moment, of, day)
        if found is not None and found.amount is not None and Fraction(found.amount) <= Fraction(allowed(day)):
            break
        first = day if found is None else max(found.start, moment.plan.step_on(day).start, began)
        if found is None or found.amount is None:
            unclear = unclear or f"what was ordered of {of} on {day.isoformat()} is not known"
        length = (day - first).days + 1
        days, most, day = days if unclear else days + length, most + length, first - DAY
    if days == 0:
        return Derived(ZERO, f"{_words(of, today.amount)} {unit} is not above the plan")
    if not _is_reached(condition, as_exact(days)) and _is_reached(condition, as_exact(most)):
        return Derived(why=unclear)
    says = f"{_words(of, today.amount)} {unit} ordered, the plan says {_words(of, allowed(moment.today))}, for {days} days"
    return Derived(
        as_exact(days), says, tuple(Evidence(of, says, moment.midnight(today.start), source) for source in today.sources or ("",))
    )


def _words(of: str, amount: Exact) -> str:
    return one_decimal(amount) if of == MME else dose_for_people(amount)


def ordered_on(moment: Moment, of: str, day: date) -> DoseStretch | None:
    """What is ordered of a measure on a day; None where nothing is known of that day."""
    stretches = worked_out(moment.timeline, _stretches).get(of, ())
    place = bisect_right(stretches, day, key=lambda one: one.start)
    found = stretches[place - 1] if place else None
    return found if found is not None and day <= found.end else None


def _stretches(timeline: Timeline) -> Mapping[str, tuple[DoseStretch, ...]]:
    found: dict[str, list[DoseStretch]] = {}
    for one in timeline.doses:
        found.setdefault(one.of, []).append(one)
    return {of: tuple(stretches) for of, stretches in found.items()}


def _mme_change(moment: Moment, condition: Quantity) -> Derived:
    """MME a day today minus that of `within` ago."""
    then = ordered_on(moment, MME, (moment.as_of - condition.within.delta).date()) if condition.within else None
    now = ordered_on(moment, MME, moment.today)
    if then is None or now is None or then.amount is None or now.amount is None:
        return Derived(why="the MME of then or of today is not known")
    change = as_exact(Fraction(now.amount) - Fraction(then.amount))
    says = f"{one_decimal(then.amount)} MME a day then, {one_decimal(now.amount)} today"
    return Derived(change, says, tuple(Evidence(MME, says, moment.midnight(now.start), source) for source in now.sources or ("",)))


def _new_order_days(moment: Moment, condition: Quantity) -> Derived:
    """Days of the longest order in force of a class or group in `of` that began after the plan and is none of its medicines; or is one of
    them as needed: that is beside what the plan schedules.

    Orders that follow each other are one: a renewal is not new, and three days three times are nine.
    """
    why = moment.timeline.why_unseen(Record.ORDER)
    orders = moment.timeline.orders
    own = {name for step in moment.plan.steps for name in ingredients_of(step)}
    comfort = moment.plan.contingency.comfort_plan
    found = [
        (one, since)
        for one in orders
        if any(is_of(one, name) for name in condition.of.split())
        and (one.ingredient not in own or one.is_as_needed)
        and not _is_comfort(one, comfort)
        and is_in_force(one, moment.today)
        and _is_new(moment, one, since := _course_began(moment, one))
    ]
    if not found:
        return Derived(why=f"orders were not read ({why})") if why else NOTHING
    lasting = max(_lasting(one, since) for one, since in found)
    says = ", ".join(f"{one.words} since {since.isoformat()}" for one, since in found)
    evidence = tuple(Evidence(condition.quantity, one.words, moment.midnight(one.start), one.source) for one, _ in found)
    return Derived(as_exact(lasting), says, evidence)


def _is_comfort(one: Ordered, plan: str) -> bool:
    """Whether the comfort plan names it, in whole words; never so of the kinds that are tapered: nobody reads what is said of them."""
    named = re.search(rf"(?<![\w-]){re.escape(one.ingredient)}(?![\w-])", plan, re.IGNORECASE)
    return named is not None and one.drug_class not in TAPERED_CLASSES


def _is_new(moment: Moment, one: Ordered, since: date) -> bool:
    """After the plan, or written after it as if it had begun before; on the plan's own day where the plan was not made of it."""
    created, known = moment.plan.created, one.written.date() if one.written is not None else one.start
    if since > created or since != one.start:
        return since > created
    return known > created or (
        known == created and _unversioned(one.source) not in {_unversioned(source) for source in moment.plan.sources}
    )


def _unversioned(source: str) -> str:
    return source.partition("/_history/")[0]


def _course_began(moment: Moment, one: Ordered) -> date:
    """Since when an order, or those that it follows, is taken: what is taken as needed follows what was, not what is scheduled."""
    same = [other for other in moment.timeline.orders if other.is_as_needed == one.is_as_needed]
    return taken_since(one, same, moment.tables.safety.life.renewal_gap_days)


def _lasting(one: Ordered, since: date) -> int:
    return _NO_END_DAYS if one.end is None else (one.end - since).days + 1


def _tapered_class_ordered_days(moment: Moment, _condition: Quantity) -> Derived:
    """Days since an order of the class that was tapered began, where that was not before the plan's last step did.

    A z-drug counts as of a benzodiazepine's class and the other way round; medication for opioid use disorder is none of it, and another
    medicine of the class that was taken all along begins nothing when it is renewed.
    """
    ended = moment.plan.steps[-1].start
    family = _RECEPTOR_AGONISTS if moment.plan.drug_class in _RECEPTOR_AGONISTS else {moment.plan.drug_class}
    own = {name for step in moment.plan.steps for name in ingredients_of(step)}
    of_class = [one for one in moment.timeline.orders if one.drug_class in family and not one.is_oud_treatment]
    begun = ((one.start if one.ingredient in own else _course_began(moment, one), one) for one in of_class)
    found = [(began, one) for began, one in begun if ended <= began <= moment.today]
    if not found:
        why = moment.timeline.why_unseen(Record.ORDER)
        return Derived(why=f"orders were not read ({why})") if why else NOTHING
    began, one = max(found, key=lambda each: (each[0], each[1].source))
    says = f"{one.words}, begun on {began.isoformat()}"
    return Derived(as_exact((moment.today - began).days), says, (Evidence("order", says, moment.midnight(began), one.source),))


def _interaction_change_days(moment: Moment, _condition: Quantity) -> Derived:
    """Days since a medicine that changes the level of what is tapered was started or stopped: pairs as in the findings "cyp-change"."""
    why = moment.timeline.why_unseen(Record.ORDER)
    groups = tuple(_changing_groups(moment))
    changes = [
        (day, one, word)
        for one in moment.timeline.orders
        if any(is_of(one, group) for group in groups)
        for day, word in ((one.start, "started"), (one.end + DAY if one.end else None, "stopped"))
        if day is not None and moment.plan.created <= day <= moment.today
    ]
    changes = [change for change in changes if not _goes_on(moment, change[0], change[1])]
    if not changes:
        return Derived(why=f"orders were not read ({why})") if why else NOTHING
    day, one, word = max(changes, key=lambda change: (change[0], change[1].source))
    says = f"{one.words} {word} on {day.isoformat()}"
    return Derived(as_exact((moment.today - day).days), says, (Evidence("interaction", says, moment.midnight(day), one.source),))


def _goes_on(moment: Moment, day: date, changed: Ordered) -> bool:
    """True where orders of the same ingredient hold days on both sides of the day, with no longer gap than a renewal may have."""
    same = [one for one in moment.timeline.orders if one.ingredient == changed.ingredient and one.start <= moment.today]
    gap = moment.tables.safety.life.renewal_gap_days * DAY
    before = max((min(one.end or day, day - DAY) for one in same if one.start < day), default=None)
    after = min((max(one.start, day) for one in same if one.end is None or one.end >= day), default=None)
    return before is not None and after is not None and after - before <= gap + DAY


def _changing_groups(moment: Moment) -> Iterable[str]:
    for rule in moment.tables.safety.finding_rules:
        if rule.code == "cyp-change" and any(one.sign == "tapers" and moment.plan.ingredient in one.of for one in rule.when):
            yield from (group for one in rule.when if one.sign == "medicine-changed" for group in one.of)


DOSE_QUANTITIES: Final[Mapping[str, Callable[[Moment, Quantity], Derived]]] = {
    "days-above-plan": _days_above_plan,
    "days-mme-above-plan": _days_mme_above_plan,
    "mme-change": _mme_change,
    "new-order-days": _new_order_days,
    "interaction-change-days": _interaction_change_days,
    "tapered-class-ordered-days": _tapered_class_ordered_days,
}
