"""A year of one generated patient, assessed day by day: what was found on which day, and how often somebody would have been told."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY
from fhir_taper.plans.monitoring.remember import remember
from fhir_taper.plans.monitoring.rule import Level
from tests.plans.tapers.made_plans import START
from tests.property.generated_patients import DAYS, Patient

MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class Told:
    """A new alert: of which rule, how high, on which day."""

    rule: str
    level: Level
    on: date
    message: str


def told_in_a_year(patient: Patient) -> tuple[Told, ...]:
    """Every new alert of the year, level 0 among them. Nobody answers any: each stands until it is over."""
    timeline, history = patient.timeline(), NOTHING_BEFORE
    told: list[Told] = []
    for at in patient.instants():
        found = assess(patient.plan, timeline, DEFAULT_POLICY, history, at)
        history = remember(history, found)
        told += [Told(hit.rule, hit.level, at.date(), hit.message) for hit in found.hits if hit.is_new]
    return tuple(told)


def burden(years: Iterable[tuple[Told, ...]], at_least: Level = Level.HOLD) -> tuple[float, Counter[str]]:
    """New alerts of a level per patient-month, and how many of each rule there were in all."""
    listed = list(years)
    counted = Counter(one.rule for told in listed for one in told if one.level >= at_least)
    return sum(counted.values()) / (len(listed) * DAYS / MONTH), counted


def found_after(patient: Patient, told: tuple[Told, ...]) -> int | None:
    """Days from the planted deterioration until one of its rules told of it; None where none did."""
    worse = patient.deterioration
    assert worse is not None
    days = [(one.on - START).days - worse.day for one in told if one.rule in worse.rules and one.level >= worse.level]
    return min((day for day in days if day >= 0), default=None)
