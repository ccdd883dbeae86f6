"""What was handed over and how long it lasts: when it runs out, whether what comes next is signed, and what was fetched too early."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from fhir_taper.plans.medicines.dose import Exact, as_exact, one_decimal
from fhir_taper.plans.monitoring.condition import Quantity
from fhir_taper.plans.monitoring.derived import NOTHING, Derived
from fhir_taper.plans.monitoring.moment import Moment, reduction_in_force
from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.monitoring.taken import is_in_force
from fhir_taper.plans.monitoring.timeline import Ordered, Record, Supplied
from fhir_taper.plans.monitoring.verdict import Evidence
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.reductions import ingredients_of


def _handed_over(moment: Moment) -> Iterator[Supplied]:
    """What was handed over by today; how long it lasts is not known where it says longer than anybody is supplied."""
    longest = moment.tables.safety.life.supply_longest_days
    for one in moment.timeline.supplies:
        if one.on <= moment.today:
            yield replace(one, days=None) if one.days is not None and one.days > longest else one


def _supplies(moment: Moment, ingredient: str = "") -> tuple[Supplied, ...]:
    """Supplies of what the plan gives (of one ingredient where that is named), handed over by today, oldest first."""
    own = {ingredient} if ingredient else {name for step in moment.plan.steps for name in ingredients_of(step)}
    return tuple(one for one in _handed_over(moment) if one.ingredient in own)


def _orders(moment: Moment, ingredient: str) -> tuple[Ordered, ...]:
    """Orders of an ingredient that are known by today; what somebody says is taken nobody signed."""
    of = (one for one in moment.timeline.orders if one.ingredient == ingredient and not one.is_report)
    return tuple(one for one in of if _known_on(one) <= moment.today)


def _known_on(order: Ordered) -> date:
    return order.written.date() if order.written is not None else order.start


def _products_now(moment: Moment, ingredient: str) -> frozenset[str]:
    """The products that make today's dose of an ingredient: two strengths are used together, not one after the other."""
    step = step_in_force(moment.plan, moment.today)
    return frozenset(units.rxcui for dose in step.doses if dose.ingredient == ingredient for units in dose.units)


@dataclass(frozen=True, slots=True)
class _Track:
    """What was handed over of one product: its newest supply, and the last day that it covers (None: not known)."""

    last: date | None
    newest: Supplied


def _tracks(moment: Moment, supplies: Iterable[Supplied]) -> list[_Track]:
    """The supplies of each product, each used up by itself; that of which the newest was handed over last comes first."""
    found: dict[str, list[Supplied]] = {}
    for one in supplies:
        found.setdefault(one.product, []).append(one)
    tracks = [_Track(_end_of(track, moment.tables.safety.life.supply_carried_days), track[-1]) for track in found.values()]
    return sorted(tracks, key=lambda one: one.newest.on, reverse=True)


def _end_of(track: Iterable[Supplied], carried: int) -> date | None:
    """The last day that supplies of one product cover. None: not known.

    They are used up one after the other, of what is left over at most `carried` days count, and of what is handed over on one day the
    shortest counts.
    """
    shortest: dict[date, int] = {}
    for one in track:
        if one.days is None:
            return None
        shortest[one.on] = min(shortest.get(one.on, one.days), one.days)
    last: date | None = None
    for day, days in sorted(shortest.items()):
        before = day - DAY
        left = min((last - before).days, carried) if last is not None and last > before else 0
        last = before + (left + days) * DAY
    return last


def _needed(tracks: list[_Track], products: frozenset[str]) -> list[_Track]:
    """What today's dose is made of: its products, or, where those cannot be told, as many products as it needs, the newest ones."""
    if not tracks:
        return []
    since = tracks[min(len(tracks), max(1, len(products))) - 1].newest.on
    newest = [one for one in tracks if one.newest.on >= since]
    if not all(one.newest.rxcui for one in newest):
        return newest
    return [one for one in tracks if one.newest.rxcui in products] or newest


def _first_out(moment: Moment) -> tuple[str, date, Supplied, str] | Derived:
    """Of what is taken today, the ingredient whose supply ends first, its last day and newest supply, and why it may end before; or why
    there is none. Of the products that make the dose the first to run out counts: without it the dose cannot be made."""
    step = step_in_force(moment.plan, moment.today)
    names = [dose.ingredient for dose in step.doses if dose.units]
    if not names:
        return NOTHING
    why = moment.timeline.why_unseen(Record.DISPENSE)
    if why:
        return Derived(why=f"supplies were not read ({why})")
    found: list[tuple[str, date, Supplied]] = []
    lacking = ""
    for name in names:
        products = _products_now(moment, name)
        needed = _needed(_tracks(moment, _supplies(moment, name)), products)
        ends = [(name, one.last, one.newest) for one in needed if one.last is not None]
        if len(ends) < len(needed):
            return Derived(why="a supply does not say for how many days it lasts")
        if len(needed) < len(products):
            lacking = f"a supply of {len(products)} products of {name} is needed, and {len(needed)} is on record"
        found.extend(ends)
    if not found:
        return Derived(why=f"no supply of {' or '.join(names)} is on record")
    return (*min(found, key=lambda one: one[1]), lacking)


def _supply_left(moment: Moment, _condition: Quantity) -> Derived:
    """Days until what was handed over runs out, negative after it; nothing where the plan gives nothing on the day after."""
    first = _first_out(moment)
    if isinstance(first, Derived):
        return first
    ingredient, last, newest, why = first
    if not step_in_force(moment.plan, max(last + DAY, moment.today)).mg_per_day(ingredient):
        return NOTHING
    left = (last - moment.today).days
    says = f"The supply of {ingredient} {'ended' if left < 0 else 'ends'} on {last.isoformat()}"
    return Derived(as_exact(left), says, (Evidence("supply", f"{newest.words}: {says}", moment.midnight(newest.on), newest.source),), why)


def _next_signed(moment: Moment, _condition: Quantity) -> Derived:
    """1 where the next order was written, or begins, after the last supply was handed over; else 0.

    An order that begins within the days by which a window may be filled early is the one that was filled. One that was read is signed
    whatever was not read beside it.
    """
    why = moment.timeline.why_unseen(Record.ORDER)
    first = _first_out(moment)
    ingredient = moment.plan.ingredient if isinstance(first, Derived) else first[0]
    filled = max((one.on for one in _supplies(moment, ingredient)), default=date.min)
    lead = moment.tables.safety.life.fill_lead_days * DAY if filled > date.min else timedelta(0)
    signed = [
        one
        for one in _orders(moment, ingredient)
        if (one.start > filled + lead or _known_on(one) > filled) and (one.end is None or one.end >= moment.today)
    ]
    if why and not signed:
        return Derived(why=f"orders were not read ({why})")
    if not signed:
        return Derived(as_exact(0), "no next order is signed")
    evidence = tuple(Evidence("order", one.words, moment.midnight(_known_on(one)), one.source) for one in signed)
    return Derived(as_exact(1), "the next order is signed", evidence)


def _refill_used_percent(moment: Moment, condition: Quantity) -> Derived:
    """Of the supply before each one handed over within the last `within`: how much was used by then, in percent; the least of them.

    A supply for another dose is not early, nor is one of the second product of a dose that two make.
    """
    supplies = _supplies(moment)
    why = moment.timeline.why_unseen(Record.DISPENSE)
    begins = (moment.as_of - condition.within.delta).date() if condition.within else date.min
    recent = [one for one in supplies if one.on > begins]
    if not recent and why:
        return Derived(why=f"supplies were not read ({why})")
    pairs = [(last, one) for one in recent if (last := _supply_before(moment, one, supplies)) is not None]
    if not pairs:
        return NOTHING
    if any(not last.days for last, _ in pairs):
        return Derived(why="the supply before does not say for how many days it lasts")
    used, last, newest = min(
        ((Fraction((one.on - last.on).days, last.days or 1) * 100, last, one) for last, one in pairs), key=lambda found: found[0]
    )
    says = f"{newest.words} on {newest.on.isoformat()}, when {one_decimal(as_exact(used))} % of the {last.days} days from"
    says = f"{says} {last.on.isoformat()} were over"
    return Derived(as_exact(used), says, tuple(Evidence("supply", says, moment.midnight(one.on), one.source) for one in (last, newest)))


def _supply_before(moment: Moment, one: Supplied, supplies: tuple[Supplied, ...]) -> Supplied | None:
    """The supply that this one follows, of the same dose; None where there is none."""
    together = len(_products_now(moment, one.ingredient)) > 1
    before = [
        other
        for other in supplies
        if other.ingredient == one.ingredient and other.on < one.on and (not together or other.product == one.product)
    ]
    if not before:
        return None
    last, lead = before[-1], moment.tables.safety.life.fill_lead_days * DAY
    changes = any(last.on < step.start - lead and step.start <= one.on + lead for step in moment.plan.steps[1:])
    return None if changes else last


def _oud_supplies(moment: Moment) -> tuple[Supplied, ...]:
    return tuple(one for one in _handed_over(moment) if one.is_oud_treatment)


def _is_on_oud_treatment(moment: Moment) -> bool:
    return any(one.is_oud_treatment and is_in_force(one, moment.today) for one in moment.timeline.orders) or bool(_oud_supplies(moment))


def _oud_first_out(moment: Moment) -> _Track | None:
    """Of the products of the treatment the one that ends first, or of which nobody knows when; None where none was handed over.

    One that had run out before another was handed over was replaced by it.
    """
    tracks = _tracks(moment, _oud_supplies(moment))
    used = [one for one in tracks if one.last is None or one.last > tracks[0].newest.on or one.newest.on == tracks[0].newest.on]
    return min(used, key=lambda one: one.last or date.min, default=None)


def _oud_supply_days(moment: Moment, _condition: Quantity) -> Derived:
    """How long the newest supply of medication for opioid use disorder lasts, of the product that ends first."""
    track = _oud_first_out(moment)
    if track is None or track.newest.days is None:
        return Derived(why="no supply of the treatment says for how long it lasts") if _is_on_oud_treatment(moment) else NOTHING
    days = track.newest.days
    return Derived(as_exact(days), f"a supply of {days} days")


def _oud_overdue_days(moment: Moment, _condition: Quantity) -> Derived:
    """Days since the next supply of medication for opioid use disorder was expected, of the product that ends first."""
    track = _oud_first_out(moment)
    if track is None:
        why = moment.timeline.why_unseen(Record.DISPENSE) or "none is on record"
        return Derived(why=f"supplies of the treatment: {why}") if _is_on_oud_treatment(moment) else NOTHING
    if track.last is None:
        return Derived(why="a supply of the treatment does not say for how long it lasts")
    days = (moment.today - track.last).days - 1
    newest = track.newest
    says = f"the next supply of {newest.ingredient} was expected on {(track.last + DAY).isoformat()}"
    return Derived(as_exact(days), says, (Evidence("supply", says, moment.midnight(newest.on), newest.source),))


def _step_without_order_days(moment: Moment, _condition: Quantity) -> Derived:
    """Days since the reduction in force began, where its dose is not what is ordered today, and nothing was handed over for it."""
    why = moment.timeline.why_unseen(Record.ORDER)
    began = reduction_in_force(moment.plan, moment.today)
    step = step_in_force(moment.plan, moment.today)
    names = [dose.ingredient for dose in step.doses if dose.units]
    if began is None or not names:
        return NOTHING
    if why:
        return Derived(why=f"orders were not read ({why})")
    earliest = began - moment.tables.safety.life.fill_lead_days * DAY
    if all(
        _is_ordered(moment, name, step.mg_per_day(name)) or any(one.on >= earliest for one in _supplies(moment, name)) for name in names
    ):
        return NOTHING
    days = (moment.today - began).days
    return Derived(as_exact(days), f"The dose of {began.isoformat()} has no order and no supply after {days} days")


def _is_ordered(moment: Moment, name: str, planned: Exact) -> bool:
    """Whether the orders of today make the planned dose, as they were read together or, where that is not there, one by one."""
    reports = {one.source for one in moment.timeline.orders if one.is_report}
    together = [one for one in moment.timeline.doses if one.of == name and one.start <= moment.today <= one.end and one.amount is not None]
    together = [one for one in together if not one.sources or not reports.issuperset(one.sources)]
    if together:
        return any(Fraction(one.amount or 0) == Fraction(planned) for one in together)
    each = [one for one in _orders(moment, name) if is_in_force(one, moment.today)]
    return sum((Fraction(one.mg_per_day or 0) for one in each), Fraction(0)) == Fraction(planned)


SUPPLY_QUANTITIES: Final[Mapping[str, Callable[[Moment, Quantity], Derived]]] = {
    "supply-left": _supply_left,
    "next-signed": _next_signed,
    "refill-used-percent": _refill_used_percent,
    "oud-supply-days": _oud_supply_days,
    "oud-overdue-days": _oud_overdue_days,
    "step-without-order-days": _step_without_order_days,
}
