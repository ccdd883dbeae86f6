"""What may be taken at one time, by the orders: at how many times of day a confirmed dose is taken, and how much at most at each.

An order as needed says how much at once and how often at most, not how often it is taken. The confirmed dose a day is laid on as many
times as its single doses need, so that no time holds more than one of them; never on fewer, larger ones (domain §2: the patient's own
slots). Doses beyond what the orders allow are laid on further times in the same way, and said to be. Contains no clinical numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import Exact, as_exact
from fhir_taper.plans.medicines.regimen import OrderedDose
from fhir_taper.plans.tapers.request import AtMost

MOST_TIMES = len(Slot)


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A day's times with the most at each; `is_beyond` where the orders allow fewer of them."""

    at_most: tuple[AtMost, ...]
    is_beyond: bool = False


def lay_out(orders: Iterable[OrderedDose], baseline_mg: Decimal) -> LaidOut | None:
    """The times of a confirmed dose a day by these orders; None where it needs more times than a plan keeps, or no order says how much."""
    ordered = tuple(orders)
    if not ordered:
        return None
    for is_low in (True, False):  # the lower single dose of a range first: more often, and less at once
        found = _laid_out(ordered, Fraction(baseline_mg), is_low=is_low)
        if len(found.at_most) <= MOST_TIMES:
            return found
    return None


def _laid_out(ordered: tuple[OrderedDose, ...], baseline_mg: Fraction, *, is_low: bool) -> LaidOut:
    times = [one for dose in ordered if not dose.as_needed for one in _times(dose, dose.times or 1)]
    for dose in ordered:
        rest = baseline_mg - _sum(times)
        if dose.as_needed and rest > 0:
            needed = _count(rest, dose.low_mg if is_low else dose.mg)
            times += _times(dose, needed if dose.times is None else min(needed, dose.times))
    rest = baseline_mg - _sum(times)
    if rest <= 0:
        return LaidOut(tuple(times))
    single = as_exact(max(Fraction(dose.mg) for dose in ordered))
    return LaidOut((*times, *(AtMost(None, single) for _ in range(_count(rest, single)))), is_beyond=True)


def _times(dose: OrderedDose, count: int) -> list[AtMost]:
    slots = dose.slots if len(dose.slots) == count else (None,) * count
    return [AtMost(slot, dose.mg) for slot in slots]


def _sum(times: Iterable[AtMost]) -> Fraction:
    return sum((Fraction(one.mg) for one in times), Fraction(0))


def _count(mg: Fraction, single: Exact) -> int:
    """So many single doses make at least an amount."""
    return -(-mg // Fraction(single)) if single else MOST_TIMES + 1
