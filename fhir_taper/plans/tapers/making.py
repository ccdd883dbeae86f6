"""Making doses: from an amount per day to the units of real products at the patient's times.

A `Maker` is one set of products over fixed times: its grid says which doses exist, its splitter how a day's dose is divided, and it knows
what each part is made of. Where that would bring too much of a companion ingredient, it looks for other pieces. Makers are remembered by
what they were made from: the same products over the same times cost nothing the second time.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from fhir_taper.errors import BrokenPlan
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import as_exact, canonical
from fhir_taper.plans.medicines.measure import MICRO, Measure, parts_of
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.rounding import Grid, Intakes, half_even
from fhir_taper.plans.medicines.sparing import CompanionLimits, Limits, SparingGrid
from fhir_taper.plans.medicines.split import Split, Splitter
from fhir_taper.plans.tapers.plan import Units

_DAY = tuple(Slot)
_MAKERS = 512
_AMOUNTS = 16_384


class Made(NamedTuple):
    """A day's dose as units; `state` is what the next dose's split must not exceed; `rises` where one time takes more than before."""

    units: tuple[Units, ...]
    state: tuple[int, ...] | None
    rises: bool = False


class Maker:
    """One set of products over fixed times (`slots` in order of preference); `limits` are the most mg a day of companion ingredients,
    `most_mg` the most at one time.
    """

    def __init__(
        self,
        products: tuple[Product, ...],
        slots: tuple[Slot, ...],
        pieces: int,
        top_mg: int,
        spread: Fraction,
        even: bool,
        limits: Limits = (),
        most_mg: Fraction | None = None,
    ) -> None:
        self.products = products
        self.slots = slots
        self._in_day = [(slots.index(slot), slot) for slot in _DAY if slot in slots]
        top = Fraction(top_mg)
        times = len(slots)
        self.doses = SparingGrid(products, times, pieces, top, limits, most_mg) if limits else Grid(products, times, pieces, top, most_mg)
        self._splitter = Splitter(self.doses.intakes, slots, spread, even)
        self._units: dict[tuple[int, ...], tuple[Units, ...]] = {}
        self._limits = CompanionLimits(self.doses.intakes, slots, spread, limits) if limits else None

    @property
    def measure(self) -> Measure:
        return self.doses.measure

    def first(self, amount: int, taken_mg: Mapping[Slot, Fraction] | None, taken: tuple[Units, ...] = ()) -> Made:
        """The baseline: as the patient takes it, where that is known and can be made; else no time above what it takes, or marked.

        `taken` are the very units of today, where they are known: they are kept where they are products of the plan in parts that it may
        use.
        """
        today = self._as_taken(amount, taken)
        if today is not None:
            return today
        if taken_mg is not None:
            own = [taken_mg.get(slot, Fraction(0)) * self.measure.per_mg / self.doses.quantum for slot in self.slots]
            state = tuple(int(part) for part in own)
            reachable = self.doses.intakes.reachable
            if sum(state) * self.doses.quantum == amount and all(part.denominator == 1 and reachable >> int(part) & 1 for part in own):
                return self._within_limits(Split(state, rises=False), state, amount)
            return self.next(amount, state)
        return self.next(amount, None)

    def next(self, amount: int, before: tuple[int, ...] | None) -> Made:
        """A dose after another: `before` is the state of the one before it, or None."""
        if amount == 0:
            return Made((), (0,) * len(self.slots))
        quanta, rest = divmod(amount, self.doses.quantum)
        if rest:
            raise BrokenPlan(f"{as_decimal(self.measure.mg(amount))} mg a day is no dose of these products, and was to be made of them")
        return self._within_limits(self._splitter.split(quanta, before, self._notch(amount)), before, amount)

    def _notch(self, amount: int) -> int:
        """Quanta to the next lower dose."""
        return (amount - (self.doses.below(amount) or 0)) // self.doses.quantum

    def _within_limits(self, split: Split, before: tuple[int, ...] | None, amount: int) -> Made:
        """A split as units; with other pieces where its own would bring too much of a companion and others do not."""
        units = self._made_of(split.amounts)
        if self._limits is not None and self._limits.is_broken(_per_day(units)):
            for other in self._limits.splits(split, before, self._notch(amount)):
                spared = self._collect(other.amounts, self._limits.intakes)
                if not self._limits.is_broken(_per_day(spared)):
                    return Made(spared, other.amounts, other.rises)
        return Made(units, split.amounts, split.rises)

    def _as_taken(self, amount: int, taken: tuple[Units, ...]) -> Made | None:
        """Today's own units; None where they are not known, not of this plan, cannot be measured off, or bring too much of a companion."""
        own = {str(product.rxcui): product for product in self.products}
        if not taken or not all(one.rxcui in own and _can_be_measured(one, own[one.rxcui]) for one in taken):
            return None
        state, pieces = [Fraction(0)] * len(self.slots), [0] * len(self.slots)
        for one in taken:
            for slot, units in one.slots:
                if slot not in self.slots:
                    return None
                at = self.slots.index(slot)
                state[at] += Fraction(units * one.strength_mg) * self.measure.per_mg / self.doses.quantum
                pieces[at] += _pieces(units, own[one.rxcui])
        too_many = max(pieces) > self.doses.intakes.max_pieces
        too_much = self._limits is not None and self._limits.is_broken(_per_day(taken))
        if sum(state) * self.doses.quantum != amount or too_many or too_much:
            return None
        return Made(taken, tuple(int(part) for part in state))

    def _made_of(self, state: tuple[int, ...]) -> tuple[Units, ...]:
        known = self._units.get(state)
        if known is None:
            known = self._units[state] = self._collect(state, self.doses.intakes)
        return known

    def _collect(self, state: tuple[int, ...], intakes: Intakes) -> tuple[Units, ...]:
        by_product: dict[int, list[tuple[Slot, Decimal]]] = {}
        for at, slot in self._in_day:
            for product, units in intakes.made_of(state[at]):
                by_product.setdefault(product, []).append((slot, units))
        return tuple(Units(self.products[index].rxcui, self.products[index].mg, tuple(by_product[index])) for index in sorted(by_product))


def _per_day(units: tuple[Units, ...]) -> dict[str, Decimal]:
    return {one.rxcui: one.per_day for one in units}


def _pieces(units: Decimal, product: Product) -> int:
    """How many pieces an amount is at one time: a volume is one, three quarters of a tablet are two."""
    whole, part = divmod(units * 4, 4)
    return 1 if product.is_liquid else int(whole) + (0, 1, 1, 2)[int(part)]


def _can_be_measured(units: Units, product: Product) -> bool:
    """True where every amount is a whole number of the smallest part of a unit, or of the smallest volume."""
    smallest = Fraction(product.smallest_ml) if product.smallest_ml else Fraction(1, parts_of(product))
    return all(amount > 0 and Fraction(amount) % smallest == 0 for _, amount in units.slots)


@lru_cache(maxsize=_MAKERS)
def maker_for(
    products: tuple[Product, ...],
    slots: tuple[Slot, ...],
    pieces: int,
    top_mg: int,
    spread: Fraction,
    even: bool,
    limits: Limits = (),
    most_mg: Fraction | None = None,
) -> Maker:
    """The maker of these products over these times, up to at least `top_mg` a day and at most `most_mg` at one time."""
    return Maker(products, slots, pieces, top_mg, spread, even, limits, most_mg)


def roomy(mg: Decimal | Fraction) -> int:
    """A whole number of mg at or above an amount, the same for many: makers with a little room above serve more than one baseline."""
    above, below = mg.as_integer_ratio()
    needed = -(-above // below)
    return 1 << max(0, (needed - 1).bit_length())


def as_decimal(amount: Fraction) -> Decimal:
    """A dose in mg: sums of pieces always terminate; a mean over days is rounded as ideals are."""
    return decimal_of(amount.numerator, amount.denominator)


@lru_cache(maxsize=_AMOUNTS)
def decimal_of(amount: int, per_mg: int) -> Decimal:
    """`amount`/`per_mg` mg as a plain decimal."""
    exact = as_exact(Fraction(amount, per_mg))
    return exact if isinstance(exact, Decimal) else canonical(Decimal(half_even(amount * MICRO, per_mg)).scaleb(-6))
