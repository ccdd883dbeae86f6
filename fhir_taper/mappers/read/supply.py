"""What a supply says of a day where no timing is stated: quantity over days' supply is an upper bound, and is said to be one.

It bounds the maximum only; what is scheduled stays unknown (domain rule 5). Refills do not change it. No clinical numbers.
"""

from decimal import Decimal
from fractions import Fraction

from fhir_taper.errors import BadInput
from fhir_taper.mappers.read.clause import COUNTED_UNITS, Refusal, Unit
from fhir_taper.mappers.read.daily import Day
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.order import Order
from fhir_taper.mappers.read.quantity import read_quantity
from fhir_taper.plans.medicines.codes import SOLID_FORMS
from fhir_taper.plans.medicines.dose import as_exact, multiply, plain
from fhir_taper.plans.medicines.regimen import Reason

BOUNDED = frozenset({Reason.NO_TIMING, Reason.NO_DOSE})
"""What may be missing for a supply to bound the day."""


def bounded_day(order: Order, medicine: Medicine, missing: Refusal) -> Day | None:
    """A day of which only the maximum is known, or None where quantity, days' supply or strength are not there."""
    if missing.reason not in BOUNDED or not order.supply or not order.supply_days or medicine.mg is None or medicine.is_patch:
        return None
    try:
        quantity = read_quantity(order.supply, "quantity")
    except BadInput:
        return None
    if isinstance(quantity, Refusal) or quantity.high is None:
        return None
    is_counted = quantity.unit in COUNTED_UNITS or (quantity.unit is Unit.UNSTATED and medicine.form in SOLID_FORMS)
    if not (is_counted and not medicine.is_liquid) and not (quantity.unit is Unit.ML and medicine.is_liquid):
        return None
    days = as_exact(order.supply_days)
    maximum = as_exact(Fraction(multiply(quantity.high, medicine.mg)) / Fraction(days))
    bound = f"{plain(quantity.high)} × {plain(medicine.mg)} mg in {plain(days)} days"
    says = f"{missing.says}; at most {bound}, by the quantity and the days' supply"
    return Day(None, maximum, scheduled_reason=missing.reason, how=says, timing="unstated")


def is_for_one_day(order: Order) -> bool:
    """Whether the supply is meant for a single day."""
    return order.supply_days is not None and Decimal(0) < as_exact(order.supply_days) <= 1
