"""Doses under the limits of companion ingredients: other pieces for the same dose where the fewest ones would bring too much of one.

Companion ingredients never rise above their limits (domain §2): 120 mg codeine are two tablets of 60 mg as well as eight of 15 mg, and each
tablet brings its acetaminophen. A dose that no pieces make within the limits does not exist. Where the usual split of one that does is
above a limit, it is made with the least of its companions: first at the same amounts per time, then within the usual spread, then at any
spread, and last with a time of day that rises, which is marked.
Products with different companions in one plan are weighed by the sum of their shares: there a dose that only an exact mix keeps within both
limits may be missed, and is refused. Only the arithmetic: limits come from the caller, with their sources.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from math import lcm
from operator import or_

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import canonical
from fhir_taper.plans.medicines.lookup import Lookup
from fhir_taper.plans.medicines.measure import Measure, parts_of
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.rising import least_rise
from fhir_taper.plans.medicines.rounding import Grid, Intakes
from fhir_taper.plans.medicines.split import Split, Splitter

Limits = tuple[tuple[str, Decimal], ...]
"""Companion ingredients with the most mg a day of each."""

_QUARTERS = 4
_WHATEVER = Fraction(1)


class SparingGrid(Grid):
    """All daily doses that can be made within the limits of companion ingredients. With a liquid every dose stays."""

    def __init__(
        self,
        products: Iterable[Product],
        times: int,
        max_pieces: int,
        top_mg: Decimal | Fraction,
        limits: Limits,
        most_mg: Fraction | None = None,
    ) -> None:
        super().__init__(products, times, max_pieces, top_mg, most_mg)
        self._all = self._lookup
        self._limits = limits if not self.measure.liquids else ()
        self._loads = {name: self._by_load(name) for name, most in self._limits if self._may_be_too_much(name, most)}
        for name, most in self._limits:
            if name in self._loads:
                self.bits &= reduce(or_, (bits for load, bits in self._loads[name].items() if load <= most * _QUARTERS))
        self._lookup = Lookup(self.bits)

    def below(self, amount: int) -> int | None:
        """The next lower dose, within the limits or not: whoever asks for one notch is never given two."""
        return (self._all.at_most((amount - 1) // self.quantum) or 0) * self.quantum if amount > 0 else None

    def barred(self, amount: int) -> tuple[str, Fraction] | None:
        """The companion, and the least mg a day of it, that keep a dose from being made; None where nothing of the kind does."""
        index, rest = divmod(amount, self.quantum)
        for name, most in reversed(self._limits) if not rest else ():
            loads = self._loads.get(name, {})
            least = min((load for load, bits in loads.items() if bits >> index & 1), default=Decimal(0))
            if least > most * _QUARTERS:
                return name, Fraction(least) / _QUARTERS
        return None

    def _may_be_too_much(self, name: str, most: Decimal) -> bool:
        """False where no dose up to the top can bring more of a companion than its limit."""
        return any(load * self.top > most * _QUARTERS * step for step, load in self._pieces(name))

    def _by_load(self, name: str) -> dict[Decimal, int]:
        """Quarters of a mg of a companion -> bits of the daily doses that can bring that. Any pieces can be shared out over the times."""
        pieces, mask = self._pieces(name), self.intakes.mask
        level = {Decimal(0): 1}
        found = dict(level)
        for _ in range(self.times * self.intakes.max_pieces):
            following: dict[Decimal, int] = {}
            for before, bits in level.items():
                for step, more in pieces:
                    load = before + more
                    new = bits << step & mask & ~found.get(load, 0)
                    if new:
                        following[load] = following.get(load, 0) | new
            level = following
            for load, bits in level.items():
                found[load] = found.get(load, 0) | bits
        return found

    def _pieces(self, name: str) -> set[tuple[int, Decimal]]:
        """(quanta, quarters of a mg of a companion) of each solid piece."""
        products = self.measure.products
        return {(step, _mg_of(products[product], name) * quarters) for product, quarters, step in solid_pieces(self.measure)}


class SparingIntakes(Intakes):
    """Intakes made with the least of their companions: `fewest` counts shares of the limits first, and pieces among equals."""

    def __init__(self, measure: Measure, max_pieces: int, top: int, limits: Limits, at_once: int) -> None:
        super().__init__(measure, max_pieces, top, at_once)
        most = dict(limits)
        shares = [_share(product, most) for product in measure.products]
        scale = lcm(*(share.denominator for share in shares)) * _QUARTERS
        self._shares = [int(share * scale) for share in shares]  # of one unit, or of one mL
        self._liquid_scale = lcm(*(Fraction(liquid.smallest_ml).denominator for liquid in measure.liquids))
        self._counts = self._by_count()
        self._sparing: dict[int, tuple[int, int, int, int | None]] = {}

    @property
    def largest_piece(self) -> int | None:
        return None  # costs are not pieces: no bound follows from the largest one

    def fewest(self, amount: int) -> int:
        cost, count, _, _ = self._best(amount)
        return cost * (self.max_pieces + 1) + count

    def made_of(self, amount: int) -> tuple[tuple[int, Decimal], ...]:
        _, count, solid, liquid = self._best(amount)
        units: dict[int, Decimal] = {}
        if liquid is not None:
            found = self.measure.liquids[liquid]
            volumes = (amount - solid) * self.measure.quantum // found.amount
            units[found.product] = canonical(found.smallest_ml * volumes)
            count -= 1
        for left in range(count, 0, -1):
            _, product, quarters, step = self._counts[left][solid]
            units[product] = canonical(units.get(product, Decimal(0)) + Decimal(quarters) / _QUARTERS)
            solid -= step
        return tuple((product, units[product]) for product in sorted(units))

    def _by_count(self) -> list[dict[int, tuple[int, int, int, int]]]:
        """For each number of solid pieces: amount -> (cost, product, quarters, quanta) of the cheapest way, by its last piece."""
        pieces = list(solid_pieces(self.measure))
        levels: list[dict[int, tuple[int, int, int, int]]] = [{0: (0, 0, 0, 0)}]
        for _ in range(self.max_pieces):
            level: dict[int, tuple[int, int, int, int]] = {}
            for before, (cost, *_) in levels[-1].items():
                for product, quarters, step in pieces:
                    amount, total = before + step, cost + self._solid_cost(product, quarters)
                    if amount <= self.top and (amount not in level or total < level[amount][0]):
                        level[amount] = (total, product, quarters, step)
            levels.append(level)
        return levels

    def _solid_cost(self, product: int, quarters: int) -> int:
        return self._shares[product] * quarters // _QUARTERS * self._liquid_scale

    def _best(self, amount: int) -> tuple[int, int, int, int | None]:
        """(cost, pieces, quanta of solids, liquid or None) of the cheapest way to make a reachable amount."""
        known = self._sparing.get(amount)
        if known is None:
            known = self._sparing[amount] = min(self._ways(amount), key=lambda way: (way[0], way[1]))
        return known

    def _ways(self, amount: int) -> Iterator[tuple[int, int, int, int | None]]:
        for count, level in enumerate(self._counts):
            if amount in level:
                yield level[amount][0], count, amount, None
            for place, liquid in enumerate(self.measure.liquids) if count < self.max_pieces else ():
                volume = liquid.amount // self.measure.quantum
                per_volume = int(self._shares[liquid.product] * Fraction(liquid.smallest_ml) * self._liquid_scale)
                for solid, (cost, *_) in level.items():
                    if solid < amount and (amount - solid) % volume == 0:
                        yield cost + (amount - solid) // volume * per_volume, count + 1, solid, place


class CompanionLimits:
    """The limits of some products' companions, and splits that keep to them. Made once per maker."""

    def __init__(self, intakes: Intakes, slots: tuple[Slot, ...], spread: Fraction, limits: Limits) -> None:
        self._most = dict(limits)
        self._companions = {str(product.rxcui): product.companions for product in intakes.measure.products if product.companions}
        self._usual = (intakes, slots, spread, limits)
        self._splitters: tuple[SparingIntakes, Splitter, Splitter] | None = None

    def is_broken(self, per_day: Mapping[str, Decimal]) -> bool:
        """True where so many units a day of each product (by code) bring more of a companion than its limit."""
        totals: dict[str, Decimal] = {}
        for rxcui, units in per_day.items():
            for companion in self._companions.get(rxcui, ()):
                totals[companion.ingredient] = totals.get(companion.ingredient, Decimal(0)) + companion.mg * units
        return any(total > self._most[name] for name, total in totals.items() if name in self._most)

    @property
    def intakes(self) -> SparingIntakes:
        """What each amount is made of when companions are spared."""
        return self._sparing()[0]

    def splits(self, usual: Split, before: tuple[int, ...] | None, notch: int) -> Iterator[Split]:
        """Splits of the same dose that bring less of its companions, the most usual one first."""
        yield usual
        dose = sum(usual.amounts)
        _, narrow, wide = self._sparing()
        yield narrow.split(dose, before, notch)
        yield wide.split(dose, before, notch)
        if before is not None:
            amounts = least_rise(wide.split(dose, None, notch).amounts, before)
            yield Split(amounts, rises=any(new > old for new, old in zip(amounts, before, strict=True)))

    def _sparing(self) -> tuple[SparingIntakes, Splitter, Splitter]:
        if self._splitters is None:
            usual, slots, spread, limits = self._usual
            intakes = SparingIntakes(usual.measure, usual.max_pieces, usual.top, limits, usual.most)
            self._splitters = (intakes, Splitter(intakes, slots, spread), Splitter(intakes, slots, _WHATEVER))
        return self._splitters


def solid_pieces(measure: Measure) -> Iterator[tuple[int, int, int]]:
    """(product index, quarters, quanta) of every solid piece; pieces of one size but of different products stay apart."""
    for index, product in enumerate(measure.products):
        for quarters in (4, 2, 1) if not product.is_liquid else ():
            if quarters * parts_of(product) >= _QUARTERS:
                amount = Fraction(product.mg) * measure.per_mg * quarters / _QUARTERS
                yield index, quarters, int(amount) // measure.quantum


def _mg_of(product: Product, companion: str) -> Decimal:
    return sum((one.mg for one in product.companions if one.ingredient == companion), Decimal(0))


def _share(product: Product, most: Mapping[str, Decimal]) -> Fraction:
    """One unit's share of the limits of its companions, added up."""
    shares = (Fraction(one.mg) / Fraction(most[one.ingredient]) for one in product.companions if one.ingredient in most)
    return sum(shares, Fraction(0))
