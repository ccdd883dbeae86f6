"""The words in which an order is understood: measure, rhythm, clause, cap, and the refusal that takes their place.

Values only, shared by the structured reading and the reading of text, so that the two can be compared. Amounts are as read, in the unit
as read; mg come later (`strength`). A refusal is a value, never an exception and never a zero. Contains no clinical numbers.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import Exact, as_exact, plain
from fhir_taper.plans.medicines.regimen import Reason


class Unit(StrEnum):
    """What an amount is counted in. Grams and micrograms arrive as mg, teaspoons as mL."""

    MG = "mg"
    MG_PER_H = "mg/h"
    MG_PER_KG = "mg/kg"
    ML = "mL"
    DROP = "drop"
    TABLET = "tablet"
    CAPSULE = "capsule"
    FILM = "film"
    LOZENGE = "lozenge"
    SUPPOSITORY = "suppository"
    PIECE = "piece"
    PATCH = "patch"
    SPRAY = "spray"
    DOSE = "dose"
    UNSTATED = ""
    OTHER = "other"


SOLID_UNITS = frozenset({Unit.TABLET, Unit.CAPSULE, Unit.FILM, Unit.LOZENGE, Unit.SUPPOSITORY, Unit.PIECE})
COUNTED_UNITS = SOLID_UNITS | {Unit.PATCH, Unit.SPRAY}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something has no number, with both readings in the words."""

    reason: Reason
    says: str


@dataclass(frozen=True, slots=True)
class Measure:
    """An amount per intake. `low` None: only "up to" is said; `high` None: only "or more".

    `of` names the ingredient that is meant, where one is; `each_mg` is the strength that is stated beside a number of units.
    """

    low: Exact | None
    high: Exact | None
    unit: Unit
    says: str
    of: str = ""
    each_mg: tuple[Exact, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often, as exact times per day.

    `low` is at the longest interval (None: only "up to" is said), `high` at the shortest (None: not said). `slots` restate it;
    `weekdays` (0 = Monday) are already in the rate.
    """

    low: Exact | None
    high: Exact | None
    says: str
    slots: tuple[Slot, ...] = ()
    weekdays: frozenset[int] = frozenset()
    is_single: bool = False

    @property
    def every_days(self) -> int:
        """n where there is one intake every n days, else 1."""
        if self.low is None or self.low != self.high or not 0 < self.low < 1 or self.weekdays:
            return 1
        interval = 1 / Fraction(self.low)
        return int(interval) if interval.denominator == 1 else 1

    def most_in_a_day(self, rate: Exact) -> Exact:
        """Intakes on the fullest day at this mean rate."""
        if self.weekdays:
            return as_exact(Fraction(rate) * 7 / len(self.weekdays))
        return Decimal(ceil(rate))


@dataclass(frozen=True, slots=True)
class Cap:
    """An amount at most within a time, or at a time (`hours` 0). One over more than a day bounds no single day."""

    amount: Measure
    hours: Exact

    @property
    def is_daily(self) -> bool:
        return 0 < self.hours <= 24  # noqa: PLR2004 - hours of a day

    @property
    def is_at_a_time(self) -> bool:
        return self.hours == 0

    @property
    def says(self) -> str:
        what = f"{self.amount.says} of {self.amount.of}" if self.amount.of and self.amount.of not in self.amount.says else self.amount.says
        if self.is_at_a_time:
            return f"at most {what} at a time"
        return f"at most {what} in {plain(self.hours)} hours"


@dataclass(frozen=True, slots=True)
class Total:
    """A mass that a text states beside its dose, as a check on it: of one intake, or of a day. `is_joint`: said as "for a total of"."""

    amount: Measure
    is_daily: bool = False
    is_joint: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing to take: how much, how often, whether only as needed. `is_extra` ("may repeat", "extra") adds to the maximum only.

    `is_joined`: it stands after "and" or "plus". `is_by_clock`: its times of day are clock times, of which two may be in one part of a day.
    """

    dose: Measure | None = None
    rhythm: Rhythm | None = None
    as_needed: bool = False
    is_extra: bool = False
    restated: tuple[Measure, ...] = ()
    totals: tuple[Total, ...] = ()
    is_joined: bool = False
    is_by_clock: bool = False

    @property
    def is_scheduled(self) -> bool:
        return not self.as_needed and not self.is_extra

    @property
    def says(self) -> str:
        """The clause as it was understood."""
        parts = [self.dose.says if self.dose else "", self.rhythm.says if self.rhythm else ""]
        parts += ["extra" if self.is_extra else "", "as needed" if self.as_needed else ""]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class SigReading:
    """A text that was matched to its last word. `days` is a stated duration, `doses` a stated number of intakes.

    `start` and `end` are days that it names as its first and last; `has_unclear_dates`: it names one that cannot be placed in time.
    """

    clauses: tuple[Clause, ...] = ()
    caps: tuple[Cap, ...] = ()
    days: int | None = None
    doses: int | None = None
    is_procedural: bool = False
    start: date | None = None
    end: date | None = None
    has_unclear_dates: bool = False

    @property
    def says(self) -> str:
        """What was understood, for a person to compare with the text."""
        return "; ".join(part for part in (*(clause.says for clause in self.clauses), *(cap.says for cap in self.caps)) if part)


def amount_says(low: Exact | None, high: Exact | None) -> str:
    """As people write it: "2", "1–2", "up to 2" or "1 or more"."""
    if high is None:
        return f"{plain(low)} or more" if low is not None else "an unknown amount"
    if low is None:
        return f"up to {plain(high)}"
    return plain(high) if low == high else f"{plain(low)}–{plain(high)}"
