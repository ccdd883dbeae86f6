"""Totals of a regimen as values: one line per item, what was left out and why, and how far the sum can be trusted.

Made by `equivalence`; nothing here computes a total or knows a factor. Amounts are exact and are rounded only when they are shown.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from fhir_taper.plans.medicines.dose import ZERO, Exact, brief, multiply
from fhir_taper.plans.medicines.regimen import RegimenItem


@dataclass(frozen=True, slots=True)
class Span:
    """An amount between two ends, both included; one number where the ends are equal."""

    low: Exact
    high: Exact

    @property
    def is_range(self) -> bool:
        return Fraction(self.low) != Fraction(self.high)

    @property
    def cautious(self) -> Exact:
        """The end that tiers and findings use: the larger equivalent."""
        return self.high

    def times(self, amount: Exact) -> "Span":
        return Span(multiply(amount, self.low), multiply(amount, self.high))

    def __str__(self) -> str:
        return f"{brief(self.low)} to {brief(self.high)}" if self.is_range else brief(self.high)


NOTHING = Span(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class EquivalentLine:
    """One item of a total: amount × factor = equivalent. Amounts are in `per` ("mg/d", or "mcg/h" of patches), None where not known."""

    item: RegimenItem
    tables: tuple[str, ...]
    per: str
    factor: Span
    scheduled_amount: Exact | None
    max_amount: Exact | None
    source: str
    note: str = ""

    @property
    def scheduled(self) -> Span | None:
        return None if self.scheduled_amount is None else self.factor.times(self.scheduled_amount)

    @property
    def max(self) -> Span | None:
        return None if self.max_amount is None else self.factor.times(self.max_amount)

    def __str__(self) -> str:
        said = _shown_product(self.scheduled_amount, self.factor, self.per)
        if self.max_amount != self.scheduled_amount:
            said = f"scheduled {said}; maximum {_shown_product(self.max_amount, self.factor, self.per)}"
        return f"{self.item.drug}: {said} ({self.source})"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One item that a total does not hold. `why` is for programs (a `Reason`, "no-factor", "never-counted"), `says` for people."""

    item: RegimenItem
    why: str
    says: str
    makes_at_least: bool


@dataclass(frozen=True, slots=True)
class Total:
    """One measure over a regimen. `table` is the one that was asked for, None for the range over `tables`.

    `scheduled` and `max` are sums of what is known; `..._at_least` says that something is missing from them, `up_to` that something
    may be counted twice.
    """

    measure: str
    table: str | None
    tables: tuple[str, ...]
    scheduled: Span
    max: Span
    lines: tuple[EquivalentLine, ...]
    left_out: tuple[LeftOut, ...]
    scheduled_at_least: bool
    max_at_least: bool
    up_to: bool
    _by_item: dict[int, EquivalentLine] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_item", {id(line.item): line for line in self.lines})

    @property
    def at_least(self) -> bool:
        return self.scheduled_at_least or self.max_at_least

    def line_of(self, item: RegimenItem) -> EquivalentLine | None:
        """The line of this item of the regimen, or None where it is not in the total."""
        return self._by_item.get(id(item))


@dataclass(frozen=True, slots=True)
class IngredientTotal:
    """mg per day of one ingredient over all items and combination products; an amount is None where no item's is known."""

    ingredient: str
    scheduled_mg: Exact | None
    max_mg: Exact | None
    at_least: bool
    up_to: bool


def reaches(amount: Exact, threshold: Exact | int) -> bool:
    """amount ≥ threshold, compared exactly."""
    return Fraction(amount) >= Fraction(threshold)


def _shown_product(amount: Exact | None, factor: Span, per: str) -> str:
    if amount is None:
        return f"not known × {factor}"
    return f"{brief(amount)} {per} × {factor} = {factor.times(amount)}"
