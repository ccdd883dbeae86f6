"""Observations as facts: a measured number with its unit, or something that was seen.

Only what a concept of tables/concepts.csv asks for is read: the Observation's own code, and the code of each component. An absent
value is not zero, and a value that cannot be read is an issue, never a guess (`observed_value`).

"<x>-status" Observations say whether x is so; `facts` keeps the newest answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.concepts import ConceptIndex, status_of
from fhir_taper.mappers.read.dates import first_day_of, last_day_of
from fhir_taper.mappers.read.observed_value import Value, is_absent, value_of
from fhir_taper.plans.medicines.dose import canonical
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tables.chart_tables import ChartTables
from fhir_taper.plans.tapers.chart_facts import Fact

_USED_STATUS: Final = frozenset({"final", "amended", "corrected", "preliminary", ""})
_MINUTES_PER_HOUR: Final = 60
_SIX_PLACES: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Observed:
    """The facts of one Observation, and those of its facts that answer a "-status" question, which a newer answer replaces."""

    facts: tuple[Fact, ...] = ()
    answers: tuple[Fact, ...] = ()
    issues: tuple[Issue, ...] = ()


def concepts_of_observation(resource: Mapping[str, Any], index: ConceptIndex) -> bool:
    """Whether any of our concepts is in this Observation: everything else is passed over unread."""
    return any(index.concepts_of(part.get("code")) for part in parts_of(resource))


def read_observation(entry: Entry, index: ConceptIndex, tables: ChartTables) -> Observed:
    """What one Observation says about our concepts."""
    resource = entry.resource
    status = resource.get("status")
    if (status if isinstance(status, str) else "") not in _USED_STATUS:
        return Observed()
    day = last_day_of(resource, "effectiveDateTime", "effectivePeriod.end", "effectiveInstant")
    day = day or first_day_of(resource, "effectivePeriod.start", "issued")
    facts: list[Fact] = []
    answers: list[Fact] = []
    issues: list[Issue] = []
    for part in parts_of(resource):
        for concept in index.concepts_of(part.get("code")):
            value = value_of(part, tables)
            about = status_of(concept)
            found = list(_status_facts(about, part, value, entry, index, day) if about else _facts(concept, part, value, entry, index, day))
            (answers if about else facts).extend(found)
            if value.problem or (about and not found and not is_absent(part)):
                problem = value.problem or f"answer {value.words!r} is not understood"
                issues.append(
                    Issue("warning", "value-not-read", f"{index.words_of(part.get('code')) or concept}: {problem}", entry.reference)
                )
    return Observed(tuple(facts), tuple(answers), tuple(issues))


def _facts(concept: str, part: Mapping[str, Any], value: Value, entry: Entry, index: ConceptIndex, day: date | None) -> Iterator[Fact]:
    """The fact itself: nothing where the value is absent or unreadable, not active where the answer is no."""
    if is_absent(part) or value.problem:
        return
    says = index.words_of(part.get("code")) or concept
    if value.number is None:
        says = f"{says}: {value.words}" if value.words else says
        yield Fact(concept, entry.reference, says, is_active=value.is_yes is not False, on=day)
        return
    number, unit = _in_unit_of(concept, value.number, value.unit)
    says = f"{says} {value.comparator}{number}" if value.comparator else says
    yield Fact(concept, entry.reference, says, on=day, value=number, unit=unit)


def _status_facts(about: str, part: Mapping[str, Any], value: Value, entry: Entry, index: ConceptIndex, day: date | None) -> Iterator[Fact]:
    """The answer to a "-status" question. The value's own concept says yes; a row of answers.csv says yes or no."""
    meant = index.concepts_of(part.get("valueCodeableConcept"))
    if about in meant or value.is_yes is not None:
        asked, answered = index.words_of(part.get("code")), index.words_of(part.get("valueCodeableConcept"))
        says = answered or (f"{asked}: {value.words}" if value.words else asked)
        yield Fact(about, entry.reference, says, is_active=about in meant or value.is_yes is True, on=day)


def parts_of(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The observation itself, and each of its components."""
    yield resource
    components = resource.get("component")
    for component in components if isinstance(components, list) else ():
        if isinstance(component, dict):
            yield component


def _in_unit_of(concept: str, number: Decimal, unit: str) -> tuple[Decimal, str]:
    """Minutes of a concept that is stated in hours, as hours to six places; everything else as it is."""
    if concept.endswith("-hours") and unit == "min":
        return canonical((number / _MINUTES_PER_HOUR).quantize(_SIX_PLACES, ROUND_HALF_EVEN)), "h"
    return number, unit
