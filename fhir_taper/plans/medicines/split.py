"""Splitting a day's dose over the patient's own times of day.

In this order (domain §2): no time's dose rises; spread at most one notch or the table's share of the day's dose, else the least spread
there is; fewest pieces; least spread; and of equals, the larger dose at night, then morning, evening, noon (night last where it must not
be the larger). `even` puts the least spread before the fewest pieces. A rise that cannot be avoided is the least that there is
(`rising`), and is marked, never hidden.

Amounts are quanta of a grid. The search runs over the day's doses as a set of amounts, largest first: which time takes which follows from
the order of preference, because a set fits under the times' caps exactly when it fits largest under largest.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice, permutations
from operator import le
from typing import NamedTuple

from fhir_taper.errors import BrokenPlan
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.lookup import members
from fhir_taper.plans.medicines.rising import rising
from fhir_taper.plans.medicines.rounding import Intakes

_LARGER_FIRST = (Slot.NIGHT, Slot.MORNING, Slot.EVENING, Slot.NOON, Slot.AFTERNOON, Slot.OVERNIGHT)
_NOT_AT_NIGHT = (Slot.MORNING, Slot.EVENING, Slot.NOON, Slot.AFTERNOON, Slot.NIGHT, Slot.OVERNIGHT)
_MOST_NODES = 4_000
"""A search that has looked at this many splits keeps the best it has seen: fine volumes over four times have millions of near-equals."""

_A_PAIR = 2


class Split(NamedTuple):
    """Quanta per time, in the order of the splitter's `slots`; `rises` where a time takes more than it took before."""

    amounts: tuple[int, ...]
    rises: bool


def preference(slots: Iterable[Slot], avoid_night: bool) -> tuple[Slot, ...]:
    """The times in the order in which they get the larger doses."""
    taken = set(slots)
    return tuple(slot for slot in (_NOT_AT_NIGHT if avoid_night else _LARGER_FIRST) if slot in taken)


class Splitter:
    """Splits doses of one grid over fixed times; answers are remembered.

    `slots` are in order of preference, `spread` is the share of a day's dose that the times may differ by.
    """

    def __init__(self, intakes: Intakes, slots: tuple[Slot, ...], spread: Fraction, even: bool = False) -> None:
        self.intakes = intakes
        self.slots = slots
        self._spread = spread
        self._even = even
        self._known: dict[tuple[int, tuple[int, ...] | None, int], Split] = {}

    def split(self, dose: int, before: tuple[int, ...] | None, notch: int) -> Split:
        """Split `dose` quanta; `before` are the amounts taken until now (None: none known), `notch` the distance to the next lower dose."""
        key = (dose, before, notch)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._split(dose, before, notch)
        return known

    def _split(self, dose: int, before: tuple[int, ...] | None, notch: int) -> Split:
        widest = max(notch, dose * self._spread.numerator // self._spread.denominator)
        if before is not None:
            within = self._best(dose, before, widest)
            if within is not None:
                return Split(within, rises=False)
        free = self._best(dose, (dose,) * len(self.slots), widest)
        if free is None:
            raise BrokenPlan(f"{dose} quanta a day cannot be made at these times, and were to be")
        if before is None:
            return Split(free, rises=False)
        return Split(rising(self.intakes, free, before, widest, even=self._even), rises=True)

    def _best(self, dose: int, caps: tuple[int, ...], widest: int) -> tuple[int, ...] | None:
        if len(caps) == 1:
            return (dose,) if dose <= caps[0] and self.intakes.reachable >> dose & 1 else None
        if sum(caps) < dose:
            return None
        if len(caps) == _A_PAIR:
            return self._pair(dose, caps, widest)
        found = _Search(self.intakes, dose, caps, widest, self._even).sets()
        if not found:
            anyhow = _Search(self.intakes, dose, caps, dose, even=True)
            found = anyhow.sets()
            if not found:
                return self._any(dose, caps) if anyhow.gave_up else None
        return max([_placed(amounts, caps) for amounts in found])

    def _pair(self, dose: int, caps: tuple[int, ...], widest: int) -> tuple[int, ...] | None:
        """The split over two times, from the evenest pair outwards: of two amounts each spread there is but one pair."""
        intakes, best, fewest = self.intakes, None, 0
        least = _least_pieces(intakes, dose, 2, widest)
        pairs = members(intakes.pairs(dose), max(-(-dose // 2), dose - min(caps)), min(dose, max(caps)))
        for larger in islice(pairs, _MOST_NODES + 1):
            smaller = dose - larger
            if larger - smaller > widest:
                best = best or (larger, smaller)  # none is within the spread: the least spread there is
                break
            pieces = intakes.fewest(larger) + intakes.fewest(smaller)
            if best is None or pieces < fewest:
                best, fewest = (larger, smaller), pieces
            if self._even or fewest <= least:
                break
        return best and _placed(best, caps)

    def _any(self, dose: int, caps: tuple[int, ...]) -> tuple[int, ...] | None:
        """Some split, each amount near its even share: where the search gave up among too many. None where the caps leave no room."""
        amounts: list[int] = []
        rest = dose
        for position, cap in enumerate(caps):
            left = len(caps) - position - 1
            room, others = sum(caps[position + 1 :]), self.intakes.daily(left) if left else 1
            share = rest // (left + 1)
            fitting = [
                amount for amount in members(self.intakes.reachable, max(0, rest - room), min(cap, rest)) if others >> (rest - amount) & 1
            ]
            if not fitting:
                return None
            amounts.append(min(fitting, key=lambda amount: abs(amount - share)))
            rest -= amounts[-1]
        return tuple(amounts)


class _Search:
    """Depth-first over sets of amounts, largest first, from the evenest outwards; what cannot beat the best found so far is cut off."""

    def __init__(self, intakes: Intakes, dose: int, caps: tuple[int, ...], widest: int, even: bool) -> None:
        self._intakes = intakes
        self._dose = dose
        self._caps = sorted(caps, reverse=True)
        self._times = len(caps)
        self._widest = widest
        self._even = even
        self._nodes = 0
        self._best_key: tuple[int, int] | None = None
        self._best: list[tuple[int, ...]] = []
        self._largest = intakes.largest_piece or intakes.top + 1
        self._fewest_possible = _least_pieces(intakes, dose, self._times, widest)

    @property
    def gave_up(self) -> bool:
        """True where there were too many splits to look at all of them."""
        return self._nodes > _MOST_NODES

    def sets(self) -> list[tuple[int, ...]]:
        """All best sets, each falling; empty where none exists within the spread and the caps."""
        for first in self._members(_level(self._dose, self._caps), min(self._caps[0], self._dose)):
            if first * self._times - (self._times - 1) * self._widest > self._dose or self.gave_up:
                break  # even with all others as low as the spread allows, the sum is above the dose
            self._extend((first,), self._dose - first, self._intakes.fewest(first))
        return self._best

    def _extend(self, taken: tuple[int, ...], rest: int, pieces: int) -> None:
        """Every next amount below the ones taken; the last two are looked up together."""
        self._nodes += 1
        left = self._times - len(taken)
        if not self._even and self._best_key is not None and pieces + -(-rest // self._largest) > self._best_key[0]:
            return
        if left == _A_PAIR:
            self._pair(taken, rest, pieces)
            return
        floor = taken[0] - self._widest
        for amount in self._members(max(_level(rest, self._caps[len(taken) :]), floor), min(taken[-1], self._caps[len(taken)], rest)):
            if self.gave_up:
                return
            if rest - amount >= floor * (left - 1):
                self._extend((*taken, amount), rest - amount, pieces + self._intakes.fewest(amount))

    def _pair(self, taken: tuple[int, ...], rest: int, pieces: int) -> None:
        """The last two amounts: only ones whose partner can be taken too, the evenest pair first."""
        position = len(taken)
        larger_cap, smaller_cap = self._caps[position], self._caps[position + 1]
        most = min(rest, larger_cap, taken[-1])
        for larger in members(self._intakes.pairs(rest), max(-(-rest // 2), rest - smaller_cap), most):
            smaller = rest - larger
            if taken[0] - smaller > self._widest or self.gave_up:
                return
            self._nodes += 1
            self._keep((*taken, larger, smaller), pieces + self._intakes.fewest(larger) + self._intakes.fewest(smaller))

    def _keep(self, amounts: tuple[int, ...], pieces: int) -> None:
        spread = amounts[0] - amounts[-1]
        key = (spread, pieces) if self._even else (pieces, spread)
        if self._best_key is None or key < self._best_key:
            self._best_key, self._best = key, [amounts]
            if self._even or pieces <= self._fewest_possible:
                self._widest = min(self._widest, spread)  # nothing wider can win any more
        elif key == self._best_key:
            self._best.append(amounts)

    def _members(self, low: int, high: int) -> Iterator[int]:
        return members(self._intakes.reachable, max(low, 0), high)


def _least_pieces(intakes: Intakes, dose: int, times: int, widest: int) -> int:
    """No split has fewer pieces: each is at most the largest one, and a spread below the dose takes several times."""
    largest = intakes.largest_piece
    pieces = 1 if largest is None else -(-dose // largest)
    return max(pieces, min(times, -(-dose // widest)) if widest and dose else 0)


def _level(dose: int, caps: Sequence[int]) -> int:
    """The least that the largest share of a dose can be under falling caps: as water stands in vessels of these heights.

    Above the first cap where they do not hold the dose.
    """
    left = len(caps)
    for cap in reversed(caps):
        if cap * left >= dose:
            return -(-dose // left)
        dose -= cap
        left -= 1
    return caps[0] + dose


def _placed(amounts: tuple[int, ...], caps: tuple[int, ...]) -> tuple[int, ...]:
    """The amounts by time, larger ones to preferred times as far as the caps allow."""
    if all(map(le, amounts, caps)):
        return amounts
    return max(order for order in permutations(amounts) if all(amount <= cap for amount, cap in zip(order, caps, strict=True)))
