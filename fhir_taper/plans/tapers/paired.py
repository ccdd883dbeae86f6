"""Extended-release and immediate-release products of one ingredient in one plan: two makers, one falling after the other.

Neither ever takes the other's place, because that would change how the dose is released without anybody having said so: the one that falls
first goes to none while the other stays as it is, then the other falls. Which falls first is a row of tables/strategies.toml.
A `PairedMaker` answers whatever a course asks of a maker.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import lcm

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tapers.making import Made, Maker
from fhir_taper.plans.tapers.plan import Units


class PairedDoses:
    """All doses of two makers together: above `kept` the first one's doses come on top of it, at and below it only the second is taken.

    Where the second one's products cannot make `kept`, nothing can come on top of it: no dose from `kept` on exists.
    """

    def __init__(self, falling: Maker, kept: Maker, falling_mg: Fraction, kept_mg: Fraction) -> None:
        self.per_mg = lcm(falling.measure.per_mg, kept.measure.per_mg)
        self.scales = (self.per_mg // falling.measure.per_mg, self.per_mg // kept.measure.per_mg)
        self.falling = int(falling_mg * self.per_mg)
        self.kept = int(kept_mg * self.per_mg)
        self._first, self._second = falling.doses, kept.doses
        self._can_be_kept = self.kept % self.scales[1] == 0 and self.kept // self.scales[1] in kept.doses

    @property
    def measure(self) -> "PairedDoses":
        """Itself: the doses know their own measure."""
        return self

    def of(self, mg: Decimal | Fraction) -> int | None:
        """An amount in mg as a whole number of this measure, or None where it is not one."""
        size = Fraction(mg) * self.per_mg
        return size.numerator if size.denominator == 1 else None

    def mg(self, amount: int) -> Fraction:
        """mg of an amount."""
        return Fraction(amount, self.per_mg)

    def __contains__(self, amount: object) -> bool:
        return isinstance(amount, int) and amount >= 0 and self.at_most(amount) == amount

    def at_most(self, amount: int) -> int:
        """The highest dose that is not above an amount."""
        first, second = self.scales
        if amount >= self.kept and self._can_be_kept:
            return self.kept + self._first.at_most(min(amount - self.kept, self.falling) // first) * first
        return self._second.at_most(min(amount, self.kept) // second) * second

    def at_least(self, amount: int) -> int | None:
        """The lowest dose that is not below an amount; None above the highest."""
        first, second = self.scales
        if amount <= self.kept:
            lowest = self._second.at_least(-(-amount // second))
            return None if lowest is None or lowest * second > self.kept else lowest * second
        if not self._can_be_kept:
            return None
        lowest = self._first.at_least(-(-(amount - self.kept) // first))
        return None if lowest is None or lowest * first > self.falling else self.kept + lowest * first

    def below(self, amount: int) -> int | None:
        """The next lower dose; None below the lowest."""
        return self.at_most(amount - 1) if amount > 0 else None

    def nearest(self, amount: int) -> int:
        """The dose nearest to an amount; of two equally near, the higher."""
        lower, higher = self.at_most(amount), self.at_least(amount)
        return lower if higher is None or amount - lower < higher - amount else higher


class PairedMaker:
    """Two makers as one. States are the two makers' states, one after the other."""

    def __init__(self, falling: Maker, kept: Maker, taken: tuple[Mapping[Slot, Fraction], Mapping[Slot, Fraction]]) -> None:
        self._makers = (falling, kept)
        self._taken = taken
        amounts = [sum(by_slot.values(), Fraction(0)) for by_slot in taken]
        self.doses = PairedDoses(falling, kept, amounts[0], amounts[1])
        self.slots = tuple(dict.fromkeys((*falling.slots, *kept.slots)))

    @property
    def measure(self) -> PairedDoses:
        """The common measure."""
        return self.doses

    @property
    def products(self) -> tuple[Product, ...]:
        """Products of both."""
        return (*self._makers[0].products, *self._makers[1].products)

    def first(
        self,
        amount: int,
        taken_mg: Mapping[Slot, Fraction] | None,  # noqa: ARG002 - what is taken of each release is known apart
        taken: tuple[Units, ...] = (),
    ) -> Made:
        """The baseline, each part as the patient takes it."""
        made = [
            maker.first(part, mg, tuple(one for one in taken if one.rxcui in {product.rxcui for product in maker.products}))
            for maker, part, mg in zip(self._makers, self._parts(amount), self._taken, strict=True)
        ]
        return _joined(made)

    def next(self, amount: int, before: tuple[int, ...] | None) -> Made:
        """A dose after another."""
        cut = len(self._makers[0].slots)
        states = (None, None) if before is None else (before[:cut], before[cut:])
        made = [maker.next(part, state) for maker, part, state in zip(self._makers, self._parts(amount), states, strict=True)]
        return _joined(made)

    def _parts(self, amount: int) -> tuple[int, int]:
        """The two makers' shares of a dose, each in its own measure."""
        kept = min(amount, self.doses.kept)
        return (amount - kept) // self.doses.scales[0], kept // self.doses.scales[1]


def _joined(made: list[Made]) -> Made:
    falling, kept = made
    state = None if falling.state is None or kept.state is None else (*falling.state, *kept.state)
    return Made((*falling.units, *kept.units), state, falling.rises or kept.rises)
