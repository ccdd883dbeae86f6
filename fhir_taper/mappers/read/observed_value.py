"""What an Observation, a component or an answer of a form says: a number with its unit, yes or no, or words.

An absent value is not zero, and one that cannot be read says why: nothing is guessed. A number that arrives as text ("17", "<15") is read
when it is the whole text. A coded answer is its own weight (extension ordinalValue, itemWeight) or a row of tables/answers.csv. Units are
UCUM codes where given. FHIR R4, observation.html.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from fhir_taper.mappers.shape import is_sane_number
from fhir_taper.mappers.systems import UCUM, canonical_system, codings, words_of
from fhir_taper.plans.tables.chart_tables import ChartTables

_NUMBER: Final = re.compile(r"(?P<comparator>[<>]=?)?\s*(?P<number>\d{1,9}(\.\d{1,6})?)\s*(?P<unit>[^\s\d][^\d]*)?")
_WEIGHTS: Final = (
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
)
_UNIT_SPELLINGS: Final[Mapping[str, str]] = {
    "hours": "h", "hour": "h", "hrs": "h", "hr": "h", "minutes": "min", "minute": "min", "mins": "min",
    "kilograms": "kg", "kilogram": "kg", "pounds": "[lb_av]", "lbs": "[lb_av]", "lb": "[lb_av]",
}  # fmt: skip


class Value(NamedTuple):
    """What was said: a number with its unit, yes or no, or words; `problem` where it says something unreadable."""

    number: Decimal | None = None
    unit: str = ""
    is_yes: bool | None = None
    words: str = ""
    comparator: str = ""
    problem: str = ""


def is_absent(part: Mapping[str, Any]) -> bool:
    """Whether the value is said to be missing, or an Observation that is there for its components holds none of its own."""
    if part.get("dataAbsentReason") is None and "component" not in part and "hasMember" not in part:
        return False
    return not any(name.startswith("value") and part[name] is not None for name in part)


def value_of(part: Mapping[str, Any], tables: ChartTables) -> Value:
    """The value[x] of an Observation, of a component, or of an answer of a form."""
    quantity, concept, coding = part.get("valueQuantity"), part.get("valueCodeableConcept"), part.get("valueCoding")
    text, whole, truth = part.get("valueString"), part.get("valueInteger"), part.get("valueBoolean")
    number = part.get("valueDecimal") if whole is None else whole
    if isinstance(quantity, dict):
        return _of_quantity(quantity)
    if isinstance(concept, dict):
        return _of_answer(concept, tables)
    if isinstance(coding, dict):
        return _of_answer({"coding": [coding]}, tables)
    if isinstance(number, (int, Decimal)) and not isinstance(number, bool):
        return _of_number(Decimal(number), "", "")
    if isinstance(truth, bool):
        return Value(is_yes=truth, words="yes" if truth else "no")
    return _of_text(text) if isinstance(text, str) else Value()


def _of_quantity(quantity: Mapping[str, Any]) -> Value:
    number, comparator = quantity.get("value"), quantity.get("comparator")
    if isinstance(number, bool) or not isinstance(number, (int, Decimal)):
        return Value(problem="the quantity has no number")
    code, unit = quantity.get("code"), quantity.get("unit")
    is_ucum = isinstance(code, str) and canonical_system(quantity.get("system")) in ("", UCUM)
    named = code if is_ucum else unit
    return _of_number(Decimal(number), _unit(named), comparator if isinstance(comparator, str) else "")


def _of_answer(concept: Mapping[str, Any], tables: ChartTables) -> Value:
    words = words_of(concept)
    weight = next((weight for weight in _own_weights(concept)), None)
    if weight is not None:
        return _of_number(weight, "", "")
    found = [tables.answers[key] for coding in codings(concept) if (key := (coding.system, coding.code)) in tables.answers]
    if found and found[0].points is not None:
        return Value(number=found[0].points, words=words)
    if found:
        return Value(is_yes=found[0].is_yes, words=words)
    is_said = bool(concept.get("text")) or any(coding.display for coding in codings(concept))
    return _of_text(words) if is_said and _NUMBER.fullmatch(words) else Value(words=words)  # a code is no number


def _of_text(text: str) -> Value:
    match = _NUMBER.fullmatch(text.strip())
    if match:
        return _of_number(Decimal(match["number"]), _unit(match["unit"]), match["comparator"] or "")
    plain = text.strip().lower()
    return Value(words=text.strip(), is_yes={"yes": True, "no": False, "negative": False, "positive": True, "none": False}.get(plain))


def _of_number(number: Decimal, unit: str, comparator: str) -> Value:
    if not is_sane_number(number):
        return Value(problem="a number beyond any sensible size")
    return Value(number=number, unit=unit, comparator=comparator)


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
