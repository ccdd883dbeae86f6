"""Observations as facts: a measured number with its unit, or something that was seen.

Only what a concept of tables/concepts.csv asks for is read: the Observation's own code, and the code of each component. An absent
value is not zero, and a value that cannot be read is an issue, never a guess. A number that arrives as text ("17", "<15") is read
when it is the whole text. A coded answer is its own weight (extension ordinalValue, itemWeight) or a row of tables/answers.csv. Units
are UCUM codes where given.

"<x>-status" Observations say whether x is so; `facts` keeps the newest answer.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, NamedTuple

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.concepts import ConceptIndex, status_of
from fhir_taper.mappers.read.dates import first_day_of, last_day_of
from fhir_taper.mappers.shape import is_sane_number
from fhir_taper.mappers.systems import UCUM, canonical_system, codings, words_of
from fhir_taper.plans.medicines.dose import canonical
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tables.chart_tables import ChartTables
from fhir_taper.plans.tapers.chart_facts import Fact

_USED_STATUS: Final = frozenset({"final", "amended", "corrected", "preliminary", ""})
_NUMBER: Final = re.compile(r"(?P<comparator>[<>]=?)?\s*(?P<number>\d{1,9}(\.\d{1,6})?)\s*(?P<unit>[^\s\d][^\d]*)?")
_WEIGHTS: Final = (
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
)
_UNIT_SPELLINGS: Final[Mapping[str, str]] = {
    "hours": "h", "hour": "h", "hrs": "h", "hr": "h", "minutes": "min", "minute": "min", "mins": "min",
    "kilograms": "kg", "kilogram": "kg", "pounds": "[lb_av]", "lbs": "[lb_av]", "lb": "[lb_av]",
}  # fmt: skip
_MINUTES_PER_HOUR: Final = 60
_SIX_PLACES: Final = Decimal("0.000001")


class _Value(NamedTuple):
    """What an Observation or component says: a number with its unit, yes or no, or words; `problem` where it says something unreadable."""

    number: Decimal | None = None
    unit: str = ""
    is_yes: bool | None = None
    words: str = ""
    comparator: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """The facts of one Observation, and those of its facts that answer a "-status" question, which a newer answer replaces."""

    facts: tuple[Fact, ...] = ()
    answers: tuple[Fact, ...] = ()
    issues: tuple[Issue, ...] = ()


def concepts_of_observation(resource: Mapping[str, Any], index: ConceptIndex) -> bool:
    """Whether any of our concepts is in this Observation: everything else is passed over unread."""
    return any(index.concepts_of(part.get("code")) for part in _parts(resource))


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
    for part in _parts(resource):
        for concept in index.concepts_of(part.get("code")):
            value = _value_of(part, tables)
            about = status_of(concept)
            found = list(_status_facts(about, part, value, entry, index, day) if about else _facts(concept, part, value, entry, index, day))
            (answers if about else facts).extend(found)
            if value.problem or (about and not found and not _is_absent(part)):
                problem = value.problem or f"answer {value.words!r} is not understood"
                issues.append(
                    Issue("warning", "value-not-read", f"{index.words_of(part.get('code')) or concept}: {problem}", entry.reference)
                )
    return Observed(tuple(facts), tuple(answers), tuple(issues))


def _facts(concept: str, part: Mapping[str, Any], value: _Value, entry: Entry, index: ConceptIndex, day: date | None) -> Iterator[Fact]:
    """The fact itself: nothing where the value is absent or unreadable, not active where the answer is no."""
    if _is_absent(part) or value.problem:
        return
    says = index.words_of(part.get("code")) or concept
    if value.number is None:
        says = f"{says}: {value.words}" if value.words else says
        yield Fact(concept, entry.reference, says, is_active=value.is_yes is not False, on=day)
        return
    number, unit = _in_unit_of(concept, value.number, value.unit)
    says = f"{says} {value.comparator}{number}" if value.comparator else says
    yield Fact(concept, entry.reference, says, on=day, value=number, unit=unit)


def _status_facts(
    about: str, part: Mapping[str, Any], value: _Value, entry: Entry, index: ConceptIndex, day: date | None
) -> Iterator[Fact]:
    """The answer to a "-status" question. The value's own concept says yes; a row of answers.csv says yes or no."""
    meant = index.concepts_of(part.get("valueCodeableConcept"))
    if about in meant or value.is_yes is not None:
        asked, answered = index.words_of(part.get("code")), index.words_of(part.get("valueCodeableConcept"))
        says = answered or (f"{asked}: {value.words}" if value.words else asked)
        yield Fact(about, entry.reference, says, is_active=about in meant or value.is_yes is True, on=day)


def _parts(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield resource
    components = resource.get("component")
    for component in components if isinstance(components, list) else ():
        if isinstance(component, dict):
            yield component


def _is_absent(part: Mapping[str, Any]) -> bool:
    """Whether the value is said to be missing, or an Observation that is there for its components holds none of its own."""
    if part.get("dataAbsentReason") is None and "component" not in part and "hasMember" not in part:
        return False
    return not any(name.startswith("value") and part[name] is not None for name in part)


def _value_of(part: Mapping[str, Any], tables: ChartTables) -> _Value:
    quantity, concept = part.get("valueQuantity"), part.get("valueCodeableConcept")
    text, whole, truth = part.get("valueString"), part.get("valueInteger"), part.get("valueBoolean")
    if isinstance(quantity, dict):
        return _of_quantity(quantity)
    if isinstance(concept, dict):
        return _of_answer(concept, tables)
    if isinstance(whole, int) and not isinstance(whole, bool):
        return _of_number(Decimal(whole), "", "")
    if isinstance(truth, bool):
        return _Value(is_yes=truth, words="yes" if truth else "no")
    return _of_text(text) if isinstance(text, str) else _Value()


def _of_quantity(quantity: Mapping[str, Any]) -> _Value:
    number, comparator = quantity.get("value"), quantity.get("comparator")
    if isinstance(number, bool) or not isinstance(number, (int, Decimal)):
        return _Value(problem="the quantity has no number")
    code, unit = quantity.get("code"), quantity.get("unit")
    is_ucum = isinstance(code, str) and canonical_system(quantity.get("system")) in ("", UCUM)
    named = code if is_ucum else unit
    return _of_number(Decimal(number), _unit(named), comparator if isinstance(comparator, str) else "")


def _of_answer(concept: Mapping[str, Any], tables: ChartTables) -> _Value:
    words = words_of(concept)
    weight = next((weight for weight in _own_weights(concept)), None)
    if weight is not None:
        return _of_number(weight, "", "")
    found = [tables.answers[key] for coding in codings(concept) if (key := (coding.system, coding.code)) in tables.answers]
    if found and found[0].points is not None:
        return _Value(number=found[0].points, words=words)
    if found:
        return _Value(is_yes=found[0].is_yes, words=words)
    is_said = bool(concept.get("text")) or any(coding.display for coding in codings(concept))
    return _of_text(words) if is_said and _NUMBER.fullmatch(words) else _Value(words=words)  # a code is no number


def _of_text(text: str) -> _Value:
    match = _NUMBER.fullmatch(text.strip())
    if match:
        return _of_number(Decimal(match["number"]), _unit(match["unit"]), match["comparator"] or "")
    plain = text.strip().lower()
    return _Value(words=text.strip(), is_yes={"yes": True, "no": False, "negative": False, "positive": True, "none": False}.get(plain))


def _of_number(number: Decimal, unit: str, comparator: str) -> _Value:
    if not is_sane_number(number):
        return _Value(problem="a number beyond any sensible size")
    return _Value(number=number, unit=unit, comparator=comparator)


def _own_weights(concept: Mapping[str, Any]) -> Iterator[Decimal]:
    listed = concept.get("coding")
    for holder in [*(listed if isinstance(listed, list) else []), concept]:
        extensions = holder.get("extension") if isinstance(holder, dict) else None
        for extension in extensions if isinstance(extensions, list) else ():
            weight = extension.get("valueDecimal") if isinstance(extension, dict) and extension.get("url") in _WEIGHTS else None
            if isinstance(weight, (int, Decimal)) and not isinstance(weight, bool):
                yield Decimal(weight)


def _unit(named: object) -> str:
    """The unit's UCUM spelling where we know one for its words; else as written."""
    if not isinstance(named, str):
        return ""
    plain = named.strip()
    if plain.lower().startswith("ml/min"):
        return "mL/min" + plain[len("ml/min") :]
    return _UNIT_SPELLINGS.get(plain.lower(), plain)


def _in_unit_of(concept: str, number: Decimal, unit: str) -> tuple[Decimal, str]:
    """Minutes of a concept that is stated in hours, as hours to six places; everything else as it is."""
    if concept.endswith("-hours") and unit == "min":
        return canonical((number / _MINUTES_PER_HOUR).quantize(_SIX_PLACES, ROUND_HALF_EVEN)), "h"
    return number, unit
