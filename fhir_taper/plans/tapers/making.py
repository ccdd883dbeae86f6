"""Making doses: from an amount per day to the units of real products at the patient's times.

A `Maker` is one set of products over fixed times: its grid says which doses exist, its splitter how a day's dose is divided, and it knows
what each part is made of. Makers are remembered by what they were made from: the same products over the same times cost nothing the
second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import as_exact, canonical
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.rounding import MICRO, Grid, Measure, half_even
from fhir_taper.plans.medicines.split import Splitter
from fhir_taper.plans.tapers.plan import Units

_DAY = tuple(Slot)
_MAKERS = 512
_AMOUNTS = 16_384


@dataclass(frozen=True, slots=True)
class Made:
    """A day's dose as units; `state` is what the next dose's split must not exceed; `rises` where one time takes more than before."""

    units: tuple[Units, ...]
    state: tuple[int, ...] | None
    rises: bool = False


class Maker:
    """One set of products over fixed times (`slots` in order of preference)."""

    def __init__(
        self, products: tuple[Product, ...], slots: tuple[Slot, ...], pieces: int, top_mg: int, spread: Fraction, even: bool
    ) -> None:
        self.products = products
        self.slots = slots
        self.doses = Grid(products, len(slots), pieces, Fraction(top_mg))
        self._splitter = Splitter(self.doses.intakes, slots, spread, even)
        self._units: dict[tuple[int, ...], tuple[Units, ...]] = {}

    @property
    def measure(self) -> Measure:
        return self.doses.measure

    def first(self, amount: int, taken_mg: Mapping[Slot, Fraction] | None) -> Made:
        """The baseline: as the patient takes it, where that is known and can be made; else no time above what it takes, or marked."""
        if taken_mg is not None:
            own = [taken_mg.get(slot, Fraction(0)) * self.measure.per_mg / self.doses.quantum for slot in self.slots]
            state = tuple(int(part) for part in own)
            reachable = self.doses.intakes.reachable
            if sum(state) * self.doses.quantum == amount and all(part.denominator == 1 and reachable >> int(part) & 1 for part in own):
                return Made(self._made_of(state), state)
            return self.next(amount, state)
        return self.next(amount, None)

    def next(self, amount: int, before: tuple[int, ...] | None) -> Made:
        """A dose after another: `before` is the state of the one before it, or None."""
        if amount == 0:
            return Made((), (0,) * len(self.slots))
        quantum = self.doses.quantum
        lower = self.doses.below(amount) or 0
        split = self._splitter.split(amount // quantum, before, (amount - lower) // quantum)
        return Made(self._made_of(split.amounts), split.amounts, split.rises)

    def _made_of(self, state: tuple[int, ...]) -> tuple[Units, ...]:
        known = self._units.get(state)
        if known is None:
            known = self._units[state] = self._collect(state)
        return known

    def _collect(self, state: tuple[int, ...]) -> tuple[Units, ...]:
        by_product: dict[int, dict[Slot, Decimal]] = {}
        for slot, part in zip(self.slots, state, strict=True):
            for product, units in self.doses.intakes.made_of(part):
                by_product.setdefault(product, {})[slot] = units
        return tuple(
            Units(self.products[index].rxcui, self.products[index].mg, tuple((slot, slots[slot]) for slot in _DAY if slot in slots))
            for index, slots in sorted(by_product.items())
        )


@lru_cache(maxsize=_MAKERS)
def maker_for(products: tuple[Product, ...], slots: tuple[Slot, ...], pieces: int, top_mg: int, spread: Fraction, even: bool) -> Maker:
    """The maker of these products over these times, up to at least `top_mg` a day."""
    return Maker(products, slots, pieces, top_mg, spread, even)


def roomy(mg: Decimal | Fraction) -> int:
    """A whole number of mg at or above an amount, the same for many: makers with a little room above serve more than one baseline."""
    needed = -(-Fraction(mg).numerator // Fraction(mg).denominator)
    return 1 << max(0, (needed - 1).bit_length())


def as_decimal(amount: Fraction) -> Decimal:
    """A dose in mg: sums of pieces always terminate; a mean over days is rounded as ideals are."""
    return decimal_of(amount.numerator, amount.denominator)


@lru_cache(maxsize=_AMOUNTS)
def decimal_of(amount: int, per_mg: int) -> Decimal:
    """`amount`/`per_mg` mg as a plain decimal."""
    exact = as_exact(Fraction(amount, per_mg))
    return exact if isinstance(exact, Decimal) else canonical(Decimal(half_even(amount * MICRO, per_mg)).scaleb(-6))
