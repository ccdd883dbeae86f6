"""What a supply says of a day where no timing is stated: quantity over days' supply is an upper bound, and is said to be one.

It bounds the maximum only; what is scheduled stays unknown (domain rule 5). Refills do not change the
amount, only how long it may last. No clinical numbers.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from fhir_taper.errors import BadInput
from fhir_taper.mappers.read.clause import COUNTED_UNITS, Refusal, Unit
from fhir_taper.mappers.read.daily import Day
from fhir_taper.mappers.read.elements import Json, child, whole
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.order import Order
from fhir_taper.mappers.read.quantity import read_quantity
from fhir_taper.mappers.read.window import Length
from fhir_taper.plans.medicines.codes import SOLID_FORMS
from fhir_taper.plans.medicines.dose import Exact, as_exact, divide, multiply, plain
from fhir_taper.plans.medicines.regimen import Reason

BOUNDED = frozenset({Reason.NO_TIMING, Reason.NO_DOSE})
"""What may be missing for a supply to bound the day."""


def bounded_day(order: Order, medicine: Medicine, missing: Refusal) -> Day | None:
    """A day of which only the maximum is known, or None where quantity, days' supply or strength are not there."""
    if missing.reason not in BOUNDED or not order.supply or not order.supply_days or medicine.mg is None or medicine.is_patch:
        return None
    mg = _supplied_mg(order, medicine)
    if mg is None:
        return None
    days = as_exact(order.supply_days)
    maximum = as_exact(Fraction(mg) / Fraction(days))
    bound = f"{plain(divide(mg, medicine.mg))} × {plain(medicine.mg)} mg in {plain(days)} days"
    says = f"{missing.says}; at most {bound}, by the quantity and the days' supply"
    return Day(None, maximum, scheduled_reason=missing.reason, how=says, timing="unstated")


def last_day_of(order: Order, medicine: Medicine, day: Day) -> date | None:
    """The last day of a dispensed supply of no stated length, by its quantity at the scheduled dose; None where that cannot be said."""
    if order.start is None or not day.scheduled or not order.supply or medicine.mg is None or medicine.is_patch:
        return None
    mg = _supplied_mg(order, medicine)
    return None if mg is None else Length(days=ceil(Fraction(mg) / Fraction(day.scheduled))).end(order.start)


def days_at(order: Order, medicine: Medicine, scheduled_mg: Exact | None, max_mg: Exact | None) -> int | None:
    """How many days the supply lasts at a dose of the day, where that is a whole number exactly; None where it is not, or is not known.

    Where more may be taken than is scheduled: the whole days that the most leaves.
    """
    if not scheduled_mg or not order.supply or medicine.mg is None or medicine.is_patch:
        return None
    mg = _supplied_mg(order, medicine)
    if mg is None:
        return None
    if max_mg is not None and Fraction(max_mg) > Fraction(scheduled_mg):
        return floor(Fraction(mg) / Fraction(max_mg)) or None
    days = Fraction(mg) / Fraction(scheduled_mg)
    return int(days) if days and days.denominator == 1 else None


def is_for_one_day(order: Order) -> bool:
    """Whether the supply is meant for a single day."""
    return order.supply_days is not None and Decimal(0) < as_exact(order.supply_days) <= 1


def _supplied_mg(order: Order, medicine: Medicine) -> Exact | None:
    """mg in the whole supply, where its unit is that of the product."""
    try:
        quantity = read_quantity(order.supply, "quantity")
    except BadInput:
        return None
    if isinstance(quantity, Refusal) or quantity.high is None or medicine.mg is None:
        return None
    is_counted = quantity.unit in COUNTED_UNITS or (quantity.unit is Unit.UNSTATED and medicine.form in SOLID_FORMS)
    fits = quantity.unit is Unit.ML if medicine.is_liquid else is_counted
    return multiply(quantity.high, medicine.mg) if fits else None


def refills_beyond(order: Order, end: date | None, as_of: date) -> int:
    """Refills by which an order may still be taken although the words of its direction ("for 30 days") have run out; 0 where they cannot.

    Only words: bounds in the structure end a therapy, a duration in a direction may be that of one fill.
    """
    try:
        repeats = whole(child(order.entry.resource, "dispenseRequest"), "numberOfRepeatsAllowed", "dispenseRequest") or 0
    except BadInput:
        return 0
    first = order.runs_from
    if repeats <= 0 or first is None or end is None or end < first or any(_is_bounded(one) for one in order.dosages):
        return 0
    fill = (end - first).days + 1
    last = first.toordinal() + fill * (repeats + 1) - 1
    return repeats if as_of.toordinal() <= last else 0


def _is_bounded(dosage: Json) -> bool:
    repeat = child(child(dosage, "timing", "dosage"), "repeat", "dosage.timing")
    return any(name.startswith("bounds") or name == "count" for name in repeat)
