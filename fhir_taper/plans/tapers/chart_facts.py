"""What the findings and the risk tier ask of a chart, as plain facts with their sources.

The mappers turn Condition, Observation, AllergyIntolerance, Patient and other medicines into facts by tables/concepts.csv; nothing here
knows FHIR. A concept that is absent from `facts` was not found in the chart: that is not the same as "no", and `not_read` names what could not be looked at.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the chart says. `concept` is an id of tables/concepts.csv; `value` is set for measurements, in `unit`."""

    concept: str
    source: str
    says: str
    is_active: bool = True
    on: date | None = None
    value: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """Facts of one patient. `birth_date` None means unknown, and age findings say so. `zone` is an IANA name or None.

    `first_use` maps an ingredient to the start of its earliest continuous order, where the chart has one.
    """

    patient: str
    birth_date: date | None = None
    deceased: bool = False
    zone: str | None = None
    facts: tuple[Fact, ...] = ()
    first_use: tuple[tuple[str, date], ...] = ()
    not_read: tuple[str, ...] = ()

    def having(self, concept: str) -> tuple[Fact, ...]:
        """Active facts of this concept, newest first (undated last)."""
        found = [fact for fact in self.facts if fact.concept == concept and fact.is_active]
        return tuple(sorted(found, key=lambda fact: fact.on or date.min, reverse=True))

    def age_on(self, day: date) -> int | None:
        """Completed years on a day, or None without a birth date."""
        if self.birth_date is None:
            return None
        before_birthday = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before_birthday
