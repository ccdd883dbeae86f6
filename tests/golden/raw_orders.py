"""A second reading of orders, from plain JSON and without any of the program's code: what a person with a pencil makes of the simple ones.

It knows one dose at one rhythm of one product whose strength stands in its name, and gives up on everything else. It exists to disagree
with the program.
"""

import re
from fractions import Fraction
from typing import Any, Final

from tests.golden.chart_runs import CONTROLLED, instructions_of

Json = dict[str, Any]
HOURS: Final = {"h": Fraction(1), "d": Fraction(24), "wk": Fraction(168), "min": Fraction(1, 60)}
_STRENGTH: Final = re.compile(r"(\d+(?:\.\d+)?) ?MG(/HR)?", re.IGNORECASE)
_MICROGRAMS_AN_HOUR: Final = re.compile(r"(\d+) ?micrograms/hour")
_PIECES: Final = frozenset({"", "tablet", "tab", "capsule", "film", "patch"})


def has_dose_and_timing(resource: Json) -> bool:
    """Whether one of its instructions has a structured dose and a structured timing."""
    return any(_has_dose(one) and _has_timing(one) for one in instructions_of(resource))


def has_no_dose(resource: Json) -> bool:
    """Whether nothing in the order says how much: no structured dose, and no text either."""
    return not any(_has_dose(one) or one.get("text") or one.get("patientInstruction") for one in instructions_of(resource))


def names_no_medicine(resource: Json) -> bool:
    """Whether there is no word or code for the medicine, but for a code that says it is unknown."""
    said = [resource.get("medicationReference"), resource.get("contained")]
    concept = resource.get("medicationCodeableConcept", {})
    codings = [coding for coding in concept.get("coding", []) if "data-absent-reason" not in coding.get("system", "")]
    return not any(said) and not codings and not concept.get("text")


def daily_mg(resource: Json) -> Fraction | None:
    """mg a day of the controlled ingredient by one simple scheduled instruction, else None.

    A patch counts by its rate, whatever the interval.
    """
    instructions = instructions_of(resource)
    if len(instructions) != 1 or instructions[0].get("asNeededBoolean") or instructions[0].get("asNeededCodeableConcept"):
        return None
    (instruction,) = instructions
    doses = [one["doseQuantity"] for one in instruction.get("doseAndRate", []) if "doseQuantity" in one]
    repeat = instruction.get("timing", {}).get("repeat", {})
    if len({str(dose) for dose in doses}) != 1 or not {"frequency", "period", "periodUnit"} <= repeat.keys() or "periodMax" in repeat:
        return None
    strength, is_patch = _strength(resource)
    pieces = _pieces(doses[0], strength)
    if strength is None or pieces is None:
        return None
    if is_patch:
        return pieces * strength * 24
    hours = Fraction(str(repeat["period"])) * HOURS[repeat["periodUnit"]]
    return pieces * strength * int(repeat["frequency"]) * 24 / hours


def _has_dose(instruction: Json) -> bool:
    return any("doseQuantity" in one or "doseRange" in one for one in instruction.get("doseAndRate", []))


def _has_timing(instruction: Json) -> bool:
    timing = instruction.get("timing", {})
    return bool(timing.get("code") or {"frequency", "period", "timeOfDay", "when"} & timing.get("repeat", {}).keys())


def _strength(resource: Json) -> tuple[Fraction | None, bool]:
    """mg in one piece (an hour, for a patch), from the part of the name that holds the controlled ingredient."""
    (name,) = {coding.get("display", "") for coding in resource.get("medicationCodeableConcept", {}).get("coding", [])} or {""}
    rate = _MICROGRAMS_AN_HOUR.search(name)
    if rate:
        return Fraction(rate[1]) / 1000, True
    part = next((part for part in name.split(" / ") if CONTROLLED.search(part)), "")
    found = _STRENGTH.search(part)
    return (Fraction(found[1]), bool(found[2])) if found else (None, False)


def _pieces(dose: Json, strength: Fraction | None) -> Fraction | None:
    unit = dose.get("unit", "").lower()
    if unit == "mg":
        return Fraction(str(dose["value"])) / strength if strength else None
    return Fraction(str(dose["value"])) if unit in _PIECES else None
