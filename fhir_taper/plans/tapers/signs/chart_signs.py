"""Signs of the patient: conditions on record, age, measurements and their age. Medicines are `regimen_signs`.

A measurement dated after `as_of` is not looked at. An undated one counts where it warns, and does not where freshness is asked for.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.signs.case import ChartCase, Seen


def deceased(case: ChartCase, _condition: Condition) -> Seen | None:
    """The chart says that the patient has died."""
    return Seen("deceased", (f"Patient/{case.facts.patient}",)) if case.facts.deceased else None


def age(case: ChartCase, condition: Condition) -> Seen | None:
    """Completed years on the day, within the bounds. Sees nothing without a birth date: `age_unknown` says that."""
    years = case.facts.age_on(case.as_of)
    if years is None or not condition.holds_for(years):
        return None
    return Seen(f"{years} years old", (f"Patient/{case.facts.patient}",))


def age_unknown(case: ChartCase, _condition: Condition) -> Seen | None:
    """There is no birth date."""
    return Seen("no birth date", (f"Patient/{case.facts.patient}",)) if case.facts.birth_date is None else None


def fact(case: ChartCase, condition: Condition) -> Seen | None:
    """Any active fact of the concepts; with `within_days`, only dated facts that young."""
    found = [one for concept in condition.of for one in case.facts.having(concept)]
    if condition.within_days is not None:
        found = [one for one in found if _is_within(one, case.as_of, condition.within_days)]
    return _seen(found)


def measure(case: ChartCase, condition: Condition) -> Seen | None:
    """The newest value of a concept is within the bounds, unless a later fact of `except_of` answers it."""
    found = [one for concept in condition.of if (one := _newest(case, concept, condition)) and _warns(case, one, condition)]
    return _seen(found)


def unmeasured(case: ChartCase, condition: Condition) -> Seen | None:
    """Concepts without a dated value within the days: what was not measured, or too long ago."""
    missing = [concept for concept in condition.of if not _is_fresh(case, concept, condition)]
    return Seen(_named(case, missing)) if missing else None


def none_measured(case: ChartCase, condition: Condition) -> Seen | None:
    """Not one of the concepts has a dated value within the days."""
    return None if any(_is_fresh(case, concept, condition) for concept in condition.of) else Seen(_named(case, condition.of))


def unit_unknown(case: ChartCase, condition: Condition) -> Seen | None:
    """The newest value of a concept is in a unit that is none of `units`."""
    newest = [next(iter(measurements(case, concept)), None) for concept in condition.of]
    return _seen([one for one in newest if one is not None and not _has_unit(one, condition)])


def measurements(case: ChartCase, concept: str) -> tuple[Fact, ...]:
    """Facts of a concept with a value, newest first, none from after the day."""
    return tuple(one for one in case.facts.having(concept) if one.value is not None and (one.on or date.min) <= case.as_of)


def _newest(case: ChartCase, concept: str, condition: Condition) -> Fact | None:
    return next((one for one in measurements(case, concept) if _has_unit(one, condition)), None)


def _warns(case: ChartCase, one: Fact, condition: Condition) -> bool:
    if one.value is None or not condition.holds_for(one.value):
        return False
    if condition.within_days is not None and one.on is not None and not _is_within(one, case.as_of, condition.within_days):
        return False
    answers = [answer.on for concept in condition.except_of for answer in case.facts.having(concept) if answer.on is not None]
    return one.on is None or not any(answered >= one.on for answered in answers)


def _is_fresh(case: ChartCase, concept: str, condition: Condition) -> bool:
    within = condition.within_days
    found = measurements(case, concept)
    return any(within is None or _is_within(one, case.as_of, within) for one in found)


def _is_within(one: Fact, as_of: date, days: int) -> bool:
    return one.on is not None and as_of - timedelta(days=days) <= one.on <= as_of


def _has_unit(one: Fact, condition: Condition) -> bool:
    return not condition.units or one.unit.startswith(condition.units)


def _seen(found: list[Fact]) -> Seen | None:
    if not found:
        return None
    says = dict.fromkeys(_words(one) for one in found)
    return Seen("; ".join(says), tuple(dict.fromkeys(one.source for one in found)))


def _named(case: ChartCase, concepts: Iterable[str]) -> str:
    return ", ".join(case.names.get(concept, concept) for concept in concepts)


def _words(one: Fact) -> str:
    value = "" if one.value is None or _ends_with(one.says, plain(one.value)) else f" {plain(one.value)}"
    unit = f" {one.unit}" if one.value is not None and one.unit and not one.unit.startswith("{") else ""
    day = "" if one.on is None or one.on.isoformat() in one.says else f" on {one.on.isoformat()}"
    return f"{one.says or one.concept}{value}{unit}{day}"


def _ends_with(says: str, number: str) -> bool:
    """Whether the words already end with this number ("eGFR <25"): the digits of "PHQ-9" or of a code are none."""
    return re.search(rf"(?<![\w.-]){re.escape(number)}$", says) is not None


SIGNS: dict[str, Callable[[ChartCase, Condition], Seen | None]] = {
    "deceased": deceased,
    "age": age,
    "age-unknown": age_unknown,
    "fact": fact,
    "measure": measure,
    "unmeasured": unmeasured,
    "none-measured": none_measured,
    "unit-unknown": unit_unknown,
}
