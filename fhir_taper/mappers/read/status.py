"""Whether a record counts today, before its dose is read: status, intent, and the dates of the record as a whole (rule 9).

Active and in period counts. An order-like intent counts and so does reported home medication; plans, options and proposals are taken by
nobody. What was written after the day is not current on it, unless it reports since when something is taken. A report of something that
is taken from a later day on (effectiveDateTime, effectivePeriod) is not current either. The end of a validity period ends a supply, not a
therapy; the end of a report's period or of a dispensed supply ends it. Status words are FHIR's own.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from fhir_taper.mappers.read.order import DISPENSE, REQUEST, STATEMENT, Order
from fhir_taper.plans.medicines.regimen import Reason

_STATUSES: Final = {
    REQUEST: frozenset({"active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"}),
    STATEMENT: frozenset({"active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown", "not-taken"}),
    DISPENSE: frozenset(
        {"preparation", "in-progress", "cancelled", "on-hold", "completed", "entered-in-error", "stopped", "declined", "unknown"}
    ),
}
_CURRENT: Final = {REQUEST: frozenset({"active"}), STATEMENT: frozenset({"active"}), DISPENSE: frozenset({"completed"})}
_ORDER_LIKE: Final = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order", "statement", "dispense"})
_INTENTS: Final = _ORDER_LIKE | {"proposal", "plan", "option"}


@dataclass(frozen=True, slots=True)
class NotCounted:
    """Why a record is left out today, in a word and in words. `is_unreadable`: it cannot be known whether it counts."""

    reason: Reason
    says: str
    is_unreadable: bool = False


def not_counted(order: Order, as_of: date) -> NotCounted | None:
    """Why this record does not count on this day, or None where it does as far as status, intent and dates say."""
    return _by_status(order) or _by_intent(order) or _by_dates(order, as_of)


def _by_status(order: Order) -> NotCounted | None:
    status = order.status
    if status == "entered-in-error":
        return NotCounted(Reason.ENTERED_IN_ERROR, "entered in error")
    if order.do_not_perform:
        return NotCounted(Reason.DO_NOT_PERFORM, "an order not to give it")
    if order.is_ours and order.intent in {"proposal", "plan"}:
        return NotCounted(Reason.OWN_PROPOSAL, "a proposal of this program")
    if status not in _STATUSES[order.kind]:
        says = f"the status {status!r} is none that FHIR knows" if status else "the status is missing"
        return NotCounted(Reason.UNREADABLE, says, is_unreadable=True)
    if status == "unknown":
        return NotCounted(Reason.UNREADABLE, "the record does not know its own status: it may be current", is_unreadable=True)
    is_handed_over = order.kind == DISPENSE and status == "in-progress" and bool(order.entry.resource.get("whenHandedOver"))
    if status not in _CURRENT[order.kind] and not is_handed_over:
        return NotCounted(Reason.NOT_ACTIVE, f"status {status}")
    return None


def _by_intent(order: Order) -> NotCounted | None:
    if order.intent and order.intent not in _INTENTS:
        return NotCounted(Reason.UNREADABLE, f"the intent {order.intent!r} is none that FHIR knows", is_unreadable=True)
    if not order.intent or order.intent in _ORDER_LIKE or (order.intent == "plan" and order.is_reported):
        return None
    return NotCounted(Reason.NOT_AN_ORDER, f"intent {order.intent}, and nobody reports it as taken")


def _by_dates(order: Order, as_of: date) -> NotCounted | None:
    if order.authored is not None and order.authored > as_of and (order.start is None or not order.is_reported):
        return NotCounted(Reason.FUTURE, f"written on {order.authored.isoformat()}, after {as_of.isoformat()}")
    if order.start is not None and order.start > as_of:
        return NotCounted(Reason.FUTURE, f"begins on {order.start.isoformat()}")
    if order.end is not None and order.end < as_of:
        return NotCounted(Reason.ENDED, f"ended on {order.end.isoformat()}")
    return None
