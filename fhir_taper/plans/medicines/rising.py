"""Splits of a day's dose in which a time of day takes more than before, where none without exists: the one that raises the times least.

In this order: the least rise of all times together, the fewest times that rise, and then what counts for every split (`split`). Amounts are
quanta of a grid. Contains no clinical number.
"""

from itertools import permutations

from fhir_taper.plans.medicines.lookup import members
from fhir_taper.plans.medicines.rounding import Intakes

_MOST_NODES = 20_000
"""A search that has looked at this many amounts keeps the best it has seen: only fine volumes have so many, and they need not rise."""

_Rank = tuple[int, int, bool, int, int, tuple[int, ...]]


def rising(intakes: Intakes, free: tuple[int, ...], before: tuple[int, ...], widest: int, *, even: bool) -> tuple[int, ...]:
    """The split of the dose of `free`, the best one that looks at no time before, after the amounts `before`.

    `widest` is the spread that is allowed; `even` puts the least spread before the fewest pieces.
    """
    return _Search(intakes, before, widest, even).best(least_rise(free, before))


def least_rise(amounts: tuple[int, ...], before: tuple[int, ...]) -> tuple[int, ...]:
    """The same amounts over the times with the least total rise; of equals, larger ones to preferred times."""
    return min(permutations(amounts), key=lambda order: (_rise(order, before), tuple(-amount for amount in order)))


def _rise(amounts: tuple[int, ...], before: tuple[int, ...]) -> int:
    return sum(max(0, new - old) for new, old in zip(amounts, before, strict=True))


class _Search:
    """Depth-first over the amounts of one time after the other; what already rises by more than the best so far is cut off."""

    def __init__(self, intakes: Intakes, before: tuple[int, ...], widest: int, even: bool) -> None:
        self._intakes = intakes
        self._before = before
        self._widest = widest
        self._even = even
        self._sums = [intakes.daily(times) for times in range(1, len(before))]
        self._nodes = 0

    def best(self, known: tuple[int, ...]) -> tuple[int, ...]:
        """The best split there is; at least as good as the known one."""
        self._best, self._rank = known, self._ranked(known)
        self._extend((), sum(known), 0)
        return self._best

    def _extend(self, taken: tuple[int, ...], rest: int, rise: int) -> None:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            return
        left, cap = len(self._before) - len(taken) - 1, self._before[len(taken)]
        if not left:
            if self._intakes.reachable >> rest & 1:
                self._keep((*taken, rest))
            return
        others, room, may_rise = self._sums[left - 1], sum(self._before[-left:]), self._rank[0] - rise
        for amount in members(self._intakes.reachable, max(0, rest - room - may_rise), min(rest, cap + may_rise)):
            if others >> (rest - amount) & 1:
                self._extend((*taken, amount), rest - amount, rise + max(0, amount - cap))

    def _keep(self, amounts: tuple[int, ...]) -> None:
        if _rise(amounts, self._before) <= self._rank[0]:
            rank = self._ranked(amounts)
            if rank < self._rank:
                self._best, self._rank = amounts, rank

    def _ranked(self, amounts: tuple[int, ...]) -> _Rank:
        spread, pieces = max(amounts) - min(amounts), sum(map(self._intakes.fewest, amounts))
        is_wide = spread > self._widest
        counted = (spread, pieces) if self._even or is_wide else (pieces, spread)
        times = sum(new > old for new, old in zip(amounts, self._before, strict=True))
        return (_rise(amounts, self._before), times, is_wide, *counted, tuple(-amount for amount in amounts))
