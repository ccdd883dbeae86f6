"""The strip above every screen: who the patient is, how fresh the chart is, until when the session stays open. Words only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhir_taper.workflow.load_chart import Loaded
from fhir_taper.workflow.open_chart import OpenChart

_ALLERGIES: Final = "AllergyIntolerance"
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Strip:
    """`needs_banner`: the EHR shows none of its own, so ours is large and names the allergies. `age_of_chart` is "" of a fresh chart."""

    name: str
    born: str
    age: str
    sex: str
    record_number: str
    allergies: str
    named_allergies: str
    read_at: str
    age_of_chart: str
    is_deceased: bool
    is_test: bool
    needs_banner: bool


@dataclass(frozen=True, slots=True)
class Session:
    """Who is at the screen, and until when, if nothing is done. `unnamed` says what that means where the EHR gave no name."""

    who: str
    role: str
    until: str
    unnamed: str


def strip_of(chart: OpenChart, loaded: Loaded, now: datetime) -> Strip:
    """The strip above every screen."""
    local = chart.local(loaded.read_at)
    reading = loaded.reading(local.date())
    person, age = reading.person, reading.facts.age_on(local.date())
    return Strip(
        person.name or "name not in the chart",
        person.born or "date of birth not in the chart",
        f"{age} years" if age is not None else "age not known",
        person.gender or "sex not in the chart",
        person.record_number,
        _allergies(loaded, reading.allergies.names, reading.allergies.denied),
        _named(reading.allergies.names),
        f"{local:%H:%M}",
        f"{(now - loaded.read_at).seconds // 60} minutes ago" if loaded.is_old(now) else "",
        person.deceased,
        person.is_test,
        chart.launch.need_patient_banner,
    )


def session_of(chart: OpenChart) -> Session:
    """What the line of the session says."""
    launch = chart.launch
    nameless = "" if chart.is_named else "The EHR did not give your name: you stand in every record by your id."
    return Session(launch.user_name, launch.role.value, f"{chart.local(chart.until):%H:%M}", nameless)


def _allergies(loaded: Loaded, names: tuple[str, ...], denied: tuple[str, ...]) -> str:
    """How many there are, and where that is not known, that it is not: no list is not the same as no allergy."""
    if _ALLERGIES in loaded.not_read:
        return "allergies could not be read"
    counted = f"{len(names)} {'allergy' if len(names) == 1 else 'allergies'}"
    if _ALLERGIES in loaded.in_part:
        return f"at least {counted}"
    if names:
        return counted
    return f"recorded: {', '.join(denied)}" if denied else "no allergy on record"


def _named(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
