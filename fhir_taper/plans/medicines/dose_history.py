"""What was ordered over time, as an equivalent a day: stretches of days, and their means. Values; `workflow` reads them from a chart.

What is ordered is not what is taken. A day on which something could not be counted makes every mean that holds it "at least".
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from fhir_taper.plans.medicines.dose import ZERO, Exact, as_exact

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end`, both included, the same: scheduled and maximum equivalents a day, at the cautious end of their range."""

    start: date
    end: date
    scheduled: Exact = ZERO
    maximum: Exact = ZERO
    at_least: bool = False
    up_to: bool = False
    """One order may be counted twice."""

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the last `days` days, today included."""

    days: int
    scheduled: Exact
    maximum: Exact
    at_least: bool
    up_to: bool


@dataclass(frozen=True, slots=True)
class DoseHistory:
    """One measure ("mme" or "diazepam_mg") over a year to today, without gap and without overlap.

    `not_drawn` are orders whose days nobody knows, each a sentence; `rests_on` counts the orders that were drawn.
    """

    measure: str
    stretches: tuple[Stretch, ...]
    rests_on: int
    not_drawn: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(one.scheduled or one.maximum or one.at_least for one in self.stretches)

    def mean(self, days: int) -> Mean:
        """The mean of the last days; of days before the history begins nothing is known, and it is "at least"."""
        last = self.stretches[-1].end
        first = last - (days - 1) * _DAY
        parts = [(one, _overlap(one, first, last)) for one in self.stretches]
        inside = [(one, count) for one, count in parts if count]
        is_short = self.stretches[0].start > first or bool(self.not_drawn)
        return Mean(
            days,
            _mean(((one.scheduled, count) for one, count in inside), days),
            _mean(((one.maximum, count) for one, count in inside), days),
            is_short or any(one.at_least for one, _ in inside),
            any(one.up_to for one, _ in inside),
        )


def merged(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same with neighbours joined that say the same."""
    found: list[Stretch] = []
    for one in stretches:
        if found and _says(found[-1]) == _says(one):
            found[-1] = replace(found[-1], end=one.end)
        else:
            found.append(one)
    return tuple(found)


def _says(one: Stretch) -> tuple[Fraction, Fraction, bool, bool]:
    return Fraction(one.scheduled), Fraction(one.maximum), one.at_least, one.up_to


def _overlap(one: Stretch, first: date, last: date) -> int:
    return max(0, (min(one.end, last) - max(one.start, first)).days + 1)


def _mean(amounts: Iterable[tuple[Exact, int]], days: int) -> Exact:
    return as_exact(sum((Fraction(amount) * count for amount, count in amounts), Fraction(0)) / days)
