"""Whether an order is of a medicine that a rule names, in force on a day, and really new: a renewal begins nothing."""

from collections.abc import Iterable
from datetime import date

from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.monitoring.timeline import Ordered


def is_of(order: Ordered, medicine: str) -> bool:
    """True where the order's ingredient, class or group is the one named; "oud-treatment" is medication for opioid use disorder."""
    return (
        medicine in (order.ingredient, order.drug_class)
        or medicine in order.groups
        or (medicine == "oud-treatment" and order.is_oud_treatment)
    )


def is_in_force(order: Ordered, day: date) -> bool:
    """True where the order's days hold the day."""
    return order.start <= day and (order.end is None or day <= order.end)


def is_taken(order: Ordered, medicine: str, day: date) -> bool:
    """True where the medicine is ordered on the day."""
    return is_of(order, medicine) and is_in_force(order, day)


def taken_since(order: Ordered, orders: Iterable[Ordered], gap_days: int) -> date:
    """The first day of the course to which an order belongs: orders of one ingredient with at most `gap_days` days between them."""
    begins = order.start
    for one in sorted((one for one in orders if one.ingredient == order.ingredient), key=lambda one: one.start, reverse=True):
        if one.start < begins and (one.end is None or one.end >= begins - (gap_days + 1) * DAY):
            begins = one.start
    return begins
