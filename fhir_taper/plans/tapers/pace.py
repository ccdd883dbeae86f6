"""A limits row made ready for one walk: the lowest dose that a day allows, and whether the unit rule may be used.

D(t) is the dose in force on day t, the baseline before day 0; a step that starts on t is in force on t (domain §4). All doses are whole
numbers of one measure, so a fraction of a dose is cut down to a whole number and never rounded up. This module contains no numbers of its
own and judges one reduction at a time; `judgement.check` judges a finished plan, day by day, and shares nothing with it.
"""

from dataclasses import dataclass
from decimal import Decimal

from fhir_taper.plans.tables.rows import Basis, Limit, LimitsRow


@dataclass(slots=True)
class History:
    """Doses in force: `doses[i]` from `days[i]` on, rising days; the first entry is in force since ever.

    `has_cut` is False until the first reduction of the taper itself (`reductions.is_own_cut`): crossing over to another agent may lower the
    total without being that, and so may a person.
    """

    days: list[int]
    doses: list[int]
    last_reduction: int | None = None
    has_cut: bool = False

    def on(self, day: int) -> int:
        """The dose in force on a day."""
        for index in range(len(self.days) - 1, 0, -1):
            if self.days[index] <= day:
                return self.doses[index]
        return self.doses[0]

    def take(self, day: int, dose: int) -> None:
        """From `day` on, `dose` is in force. It must not be above the last."""
        if dose < self.doses[-1]:
            self.last_reduction = day
            self.has_cut = True
        self.days.append(day)
        self.doses.append(dose)


@dataclass(frozen=True, slots=True)
class _Fraction:
    """One hard limit over whole numbers: at most `cut` of the original, or `numerator`/`denominator` of the dose in force earlier."""

    days: int
    of_original: bool
    numerator: int
    denominator: int
    cut: int
    above: int
    up_to: int | None


class Pace:
    """The hard limits of one row over one original dose. `first_cut` and `unit_max` are None where the row has no such rule.

    `since` are days of the plan that are over when the walk begins (a crossing): the longest plan counts them.
    """

    def __init__(self, row: LimitsRow, original: int, per_mg: int, since: int = 0) -> None:
        self.original = original
        self.since = since
        self.max_days = row.max_days - since
        self.window = longest_window(row)
        self._row = row
        self._limits = tuple(_compiled(limit, original) for limit in row.hard)
        self._first_cut = None if row.first_cut is None else _floor(row.first_cut.fraction, original)
        self._unit_max = None if row.unit is None else int(row.unit.unit_max_mg * per_mg)

    def lowest(self, day: int, history: History) -> int:
        """The lowest amount that the fraction limits allow on a day: it may lie between two doses, and above today's."""
        lowest = 0
        for limit in self._limits:
            lowest = max(lowest, _allowed(limit, day, history))
        if self._first_cut is not None and not history.has_cut:
            lowest = max(lowest, history.doses[-1] - self._first_cut)
        return lowest

    def refuses(self, dose: int, day: int, history: History) -> Limit | None:
        """The limit that does not allow a dose on a day, the cap of the first cut before all others; None where none does."""
        if self._first_cut is not None and not history.has_cut and dose < history.doses[-1] - self._first_cut:
            return self._row.first_cut
        both = zip(self._row.hard, self._limits, strict=True)
        return next((limit for limit, compiled in both if dose < _allowed(compiled, day, history)), None)

    def is_quiet(self, day: int, history: History) -> bool:
        """True where no reduction lies within the longest window before a day."""
        return history.last_reduction is None or day - history.last_reduction >= self.window

    def is_unit(self, notch: int) -> bool:
        """True where a notch is small enough for the unit rule."""
        return self._unit_max is not None and notch <= self._unit_max


def _allowed(limit: _Fraction, day: int, history: History) -> int:
    """The lowest amount that one limit allows on a day."""
    current = history.doses[-1]
    if current <= limit.above or (limit.up_to is not None and current > limit.up_to):
        return 0
    then = history.on(day - limit.days)
    return then - (limit.cut if limit.of_original else then * limit.numerator // limit.denominator)


def longest_window(row: LimitsRow) -> int:
    """Days that must lie between two unit-limited reductions: the longest hard window of the row.

    In a default row the windows of its advised limits count too (the tail of opioids after weeks to months is an Acknowledge, and a cut
    beyond it still wants its two weeks); in a published row they do not, because the schedule brings its own pace.
    """
    counted = row.hard if row.is_published else row.limits
    return max(limit.days for limit in counted)


def _compiled(limit: Limit, original: int) -> _Fraction:
    numerator, denominator = limit.fraction.as_integer_ratio()
    return _Fraction(
        days=limit.days,
        of_original=limit.basis is Basis.ORIGINAL,
        numerator=numerator,
        denominator=denominator,
        cut=_floor(limit.fraction, original),
        above=_floor(limit.above, original),
        up_to=None if limit.up_to is None else _floor(limit.up_to, original),
    )


def _floor(fraction: Decimal, amount: int) -> int:
    """A fraction of an amount, cut down to a whole number."""
    numerator, denominator = fraction.as_integer_ratio()
    return amount * numerator // denominator
