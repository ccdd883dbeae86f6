"""Which doses exist: the grid of all daily doses that given products can make, exactly.

A dose is a sum of pieces (whole tablets, permitted halves and quarters, patches worn together, or a measured volume of a liquid), at most
`max_pieces` per intake, over the times of day at which this patient takes doses. Amounts are whole numbers of `Measure.per_mg` parts of a
mg; the set of doses is kept as the bits of one integer (bit i is the dose of i quanta), so that a liquid's thousand doses cost what ten
tablets cost. Nothing is rounded here but an ideal to the nearest dose that exists, ties up (domain §2, §3). No clinical number stands here.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Protocol

from fhir_taper.plans.medicines.dose import canonical
from fhir_taper.plans.medicines.lookup import Lookup, members, runs, sums
from fhir_taper.plans.medicines.measure import WHOLE, Liquid, Measure
from fhir_taper.plans.medicines.products import Product

_UNITS = (Decimal(0), Decimal("0.25"), Decimal("0.5"), Decimal("0.75"))


MOST_QUANTA = 20_000_000
"""No set of doses is finer than so many steps: strengths without a common measure would need more memory than there is."""


class Doses(Protocol):
    """What the walk asks of a set of doses, in whole numbers of one measure. The grid answers it, and so does a ladder of steps."""

    def nearest(self, amount: int) -> int:
        """The dose nearest to an amount; of two equally near, the higher."""

    def at_least(self, amount: int) -> int | None:
        """The lowest dose that is not below an amount; None above the highest."""

    def below(self, amount: int) -> int | None:
        """The next lower dose; None below the lowest."""

    def __contains__(self, amount: object) -> bool: ...


class Intakes:
    """What one intake can be: amounts that at most `max_pieces` pieces make, with the fewest pieces and what they are.

    `levels[k]` has bit i set where i quanta can be made with k pieces or fewer; nothing above `top` quanta a day is looked at, and nothing
    above `most` quanta at once (None: as much as a day).
    """

    def __init__(self, measure: Measure, max_pieces: int, top: int, most: int | None = None) -> None:
        self.measure = measure
        self.max_pieces = max_pieces
        self.top = top
        self.most = top if most is None else min(most, top)
        self.mask = (1 << (top + 1)) - 1
        at_once = (1 << (self.most + 1)) - 1
        quantum = measure.quantum
        self._steps = tuple(piece.amount // quantum for piece in measure.pieces)
        self._volumes = tuple(liquid.amount // quantum for liquid in measure.liquids)
        self._solid = [1]
        self.levels = [1]
        for count in range(1, max_pieces + 1):
            before = self.solid(count - 1)
            level = self.solid(count)
            for volume in self._volumes:
                level |= closed_under(before, volume, self.mask)
            self.levels.append(level & at_once)
        self._sums = [1]
        self._fewest: dict[int, int] = {0: 0}
        self._made: dict[int, tuple[tuple[int, Decimal], ...]] = {0: ()}

    @property
    def reachable(self) -> int:
        """Bits of all amounts that one intake can be."""
        return self.levels[-1]

    @property
    def largest_piece(self) -> int | None:
        """Quanta of the largest piece; None with a liquid, whose pieces have no largest."""
        return None if self._volumes else self._steps[0]

    @cached_property
    def _mirrored(self) -> int:
        """The reachable amounts seen from the top: bit i is set where `top` - i can be taken at once."""
        return int(format(self.reachable, f"0{self.top + 1}b")[::-1], 2)

    def pairs(self, total: int) -> int:
        """Bits of the amounts that one intake can be while a second one is the rest of `total`, at most the top."""
        return self.reachable & (self._mirrored >> (self.top - total))

    def solid(self, count: int) -> int:
        """Bits of the amounts that `count` or fewer solid pieces make."""
        solid = self._solid
        before = solid[-2] if len(solid) > 1 else 0
        while len(solid) <= count:
            last = level = solid[-1]
            if last != before:
                for step in self._steps:
                    level |= last << step
                before = last
            solid.append(level & self.mask)
        return solid[count]

    def daily(self, times: int) -> int:
        """Bits of all daily doses over `times` intakes. A liquid taken at one time makes every volume, so it is one piece of the day."""
        if self.most < self.top:
            return self._bounded(times)
        most = self.max_pieces * times
        day = self.solid(most)
        for first, volume in enumerate(self._volumes):
            with_one = closed_under(self.solid(most - 1), volume, self.mask)
            day |= with_one
            for other in self._volumes[first + 1 :] if times > 1 else ():
                day |= closed_under(closed_under(self.solid(most - 2), volume, self.mask), other, self.mask)
        return day

    def _bounded(self, times: int) -> int:
        """Bits of all daily doses where one intake may not hold the whole day: every sum of `times` intakes."""
        while len(self._sums) <= times:
            self._sums.append(sums(self._sums[-1], self.reachable, self._stride, self.mask))
        return self._sums[times]

    @cached_property
    def _stride(self) -> int:
        """The step that takes the amounts of one intake apart into the fewest runs."""
        return min((1, *self._volumes), key=lambda step: runs(self.reachable, step))

    def fewest(self, amount: int) -> int:
        """Fewest pieces that make a reachable amount (quanta)."""
        known = self._fewest.get(amount)
        if known is None:
            known = 0
            while not self.levels[known] >> amount & 1:
                known += 1
            self._fewest[amount] = known
        return known

    def made_of(self, amount: int) -> tuple[tuple[int, Decimal], ...]:
        """(product index, units) that make a reachable amount (quanta) with the fewest pieces, the largest pieces first; mL of a liquid."""
        known = self._made.get(amount)
        if known is None:
            known = self._made[amount] = self._compose(amount)
        return known

    def _compose(self, amount: int) -> tuple[tuple[int, Decimal], ...]:
        count = self.fewest(amount)
        units: dict[int, Decimal] = {}
        rest = amount
        if not self.solid(count) >> amount & 1:
            rest, liquid, volumes = self._with_least_liquid(amount, count)
            units[liquid.product] = canonical(liquid.smallest_ml * volumes)
        units |= {product: _UNITS[quarters % WHOLE] + quarters // WHOLE for product, quarters in self._fewest_solids(rest).items()}
        return tuple((product, units[product]) for product in sorted(units))

    def _fewest_solids(self, amount: int) -> dict[int, int]:
        """Quarters of each product in the fewest solid pieces that make an amount, the largest first.

        A piece that does not fit at one point does not fit after smaller ones either: each size is looked at once.
        """
        left = 0
        while not self.solid(left) >> amount & 1:
            left += 1
        quarters: dict[int, int] = {}
        for piece, step in zip(self.measure.pieces, self._steps, strict=True):
            while step <= amount and self._solid[left - 1] >> (amount - step) & 1:
                quarters[piece.product] = quarters.get(piece.product, 0) + piece.quarters
                amount -= step
                left -= 1
            if not left:
                break
        return quarters

    def _with_least_liquid(self, amount: int, count: int) -> tuple[int, Liquid, int]:
        """The largest solid share, the liquid, and how many of its smallest volumes complete the amount."""
        for solid in reversed(list(members(self.solid(count - 1), 0, amount))):
            for liquid, volume in zip(self.measure.liquids, self._volumes, strict=True):
                if (amount - solid) % volume == 0:
                    return solid, liquid, (amount - solid) // volume
        raise ValueError(amount)  # pragma: no cover - levels hold only what can be made


class Grid:
    """All daily doses up to `top_mg` that products can make over a number of intakes per day, each at most `most_mg`. Implements `Doses`.

    Raises OverflowError where their common measure is so fine that there would be more than `MOST_QUANTA` of it.
    """

    def __init__(
        self, products: Iterable[Product], times: int, max_pieces: int, top_mg: Decimal | Fraction, most_mg: Fraction | None = None
    ) -> None:
        self.measure = Measure(products)
        self.times = times
        self.quantum = self.measure.quantum
        self.top = int(Fraction(top_mg) * self.measure.per_mg) // self.quantum
        if self.top > MOST_QUANTA:
            raise OverflowError(f"{self.top} doses are more than anybody could measure off")
        most = None if most_mg is None else int(most_mg * self.measure.per_mg) // self.quantum
        self.intakes = Intakes(self.measure, max_pieces, self.top, most)
        self.bits = self.intakes.daily(times)
        self._lookup = Lookup(self.bits)

    def __contains__(self, amount: object) -> bool:
        return isinstance(amount, int) and amount >= 0 and amount % self.quantum == 0 and amount // self.quantum in self._lookup

    def at_least(self, amount: int) -> int | None:
        index = self._lookup.at_least(max(0, -(-amount // self.quantum)))
        return None if index is None else index * self.quantum

    def at_most(self, amount: int) -> int:
        """The highest dose that is not above an amount; zero is always a dose."""
        return (self._lookup.at_most(amount // self.quantum) or 0) * self.quantum

    def below(self, amount: int) -> int | None:
        return self.at_most(amount - 1) if amount > 0 else None

    def nearest(self, amount: int) -> int:
        quantum, lookup = self.quantum, self._lookup
        lower = (lookup.at_most(amount // quantum) or 0) * quantum
        above = lookup.at_least(-(-amount // quantum))
        higher = None if above is None else above * quantum
        return lower if higher is None or amount - lower < higher - amount else higher

    @cached_property
    def smallest(self) -> int | None:
        """The smallest dose above zero; None where the products make none up to the top."""
        return self.at_least(1)

    def doses(self) -> Iterator[Fraction]:
        """All doses in mg, rising."""
        return (self.measure.mg(index * self.quantum) for index in members(self.bits, 0, self.top))


def half_even(numerator: int, denominator: int) -> int:
    """A quotient of whole numbers rounded to a whole number, a half to the even one. The denominator is above zero."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return quotient + 1 if twice > denominator or (twice == denominator and quotient & 1) else quotient


def closed_under(bits: int, step: int, mask: int) -> int:
    """The set with every multiple of `step` added to every member, within the mask."""
    shift = step
    while shift < mask.bit_length():
        bits |= (bits << shift) & mask
        shift *= 2
    return bits
