"""What was seen of a patient, at one time: a number, an answer, or that something happened. Frozen values, each with its source.

An instant is a `datetime` with a fixed offset, that of the patient's zone at that instant: its date is the patient's own day, and the core
needs no table of time zones. What is known to the day only covers that day, from `start` to `end`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from fhir_taper.plans.medicines.dose import Exact, brief

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
"""What is known to the day ends one of these before the next day begins."""


@dataclass(frozen=True, slots=True)
class Raw:
    """One value as a chart or a form says it, before anybody judged whether it can be used.

    `signal` is an id of tables/signals.csv. `unit` is as written. `is_remote`: measured outside a visit, so that a Consent must permit it.
    `variant` is which form of an instrument it is of, where the chart says so. `comparator`: "<15" is no number that a rule may compare.
    """

    signal: str
    start: datetime
    end: datetime
    source: str
    value: Decimal | None = None
    unit: str = ""
    answer: str = ""
    words: str = ""
    variant: str = ""
    is_remote: bool = False
    comparator: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a rule may use: `value` in the signal's own unit, or an `answer` of its vocabulary, or neither: it happened.

    `sources` are the references (with versions) that say it: one where two resources say the very same.
    """

    signal: str
    start: datetime
    end: datetime
    sources: tuple[str, ...]
    value: Exact | None = None
    answer: str = ""
    words: str = ""
    is_remote: bool = False

    @property
    def identity(self) -> str:
        """The same for every copy and version of a record that says this value of this time."""
        said = brief(self.value) if self.value is not None else self.answer or self.words
        return f"{self.signal} {self.start.isoformat()} {said}".rstrip()

    @property
    def day(self) -> date:
        """The patient's own day on which it ends."""
        return self.end.date()


@dataclass(frozen=True, slots=True)
class SetAside:
    """A value that no rule uses, and why: shown, never silently dropped, and never "normal". `said` is the value as it was written."""

    signal: str
    at: datetime
    source: str
    said: str
    why: str
