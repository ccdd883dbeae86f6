"""What the findings and the risk tier ask of a chart, as plain facts with their sources.

The mappers turn Condition, Observation, AllergyIntolerance, Patient and other medicines into facts by tables/concepts.csv; nothing here
knows FHIR. A concept that is absent from `facts` was not found in the chart: that is not the same as "no", and `not_read` names what
could not be looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    _places: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    """Where in `facts` each concept stands: every rule asks, and a long chart has thousands of facts."""
    _active: Mapping[str, tuple[Fact, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places: dict[str, list[int]] = {}
        for place, fact in enumerate(self.facts):
            places.setdefault(fact.concept, []).append(place)
        object.__setattr__(self, "_places", {concept: tuple(found) for concept, found in places.items()})
        object.__setattr__(self, "_active", {concept: self._newest_first(found) for concept, found in places.items()})

    @property
    def concepts(self) -> Iterable[str]:
        """Every concept that some fact is of, active or not, each once."""
        return self._places.keys()

    def having(self, concept: str) -> tuple[Fact, ...]:
        """Active facts of this concept, newest first (undated last)."""
        return self._active.get(concept, ())

    def of(self, concepts: Iterable[str]) -> tuple[Fact, ...]:
        """Facts of these concepts, active or not, in the order of the chart."""
        return tuple(self.facts[place] for place in sorted(place for concept in concepts for place in self._places.get(concept, ())))

    def age_on(self, day: date) -> int | None:
        """Completed years on a day, or None without a birth date."""
        if self.birth_date is None:
            return None
        before_birthday = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before_birthday

    def _newest_first(self, places: Iterable[int]) -> tuple[Fact, ...]:
        active = [self.facts[place] for place in places if self.facts[place].is_active]
        return tuple(sorted(active, key=lambda fact: fact.on or date.min, reverse=True))
