"""Who the patient is, as far as a taper depends on it: age, zone, whether they live, what to call them.

A birth date of which only the year or month is known is taken as its last possible day: the youngest reading never takes a minor for an
adult, and the issue says that the age is uncertain. The zone is the patient's own (extension tz-code, IANA name) or unknown.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.dates import first_day_of, last_day_of
from fhir_taper.mappers.systems import TIME_ZONE_EXTENSION
from fhir_taper.plans.medicines.regimen import Issue

_OTHER_ZONE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/timezone"
_RECORD_NUMBER = "MR"
"""Code of http://terminology.hl7.org/CodeSystem/v2-0203; systems write it with and without its system."""
_REASONS, _TEST_DATA = "http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST"
_ZONE = re.compile(r"[A-Za-z_]+(/[A-Za-z0-9_+-]+){0,2}")


@dataclass(frozen=True, slots=True)
class Person:
    """The patient. Everything but the id may be unknown. `born` is the birth date as charted, `birth_date` the day that a taper goes by."""

    id: str
    birth_date: date | None = None
    deceased: bool = False
    zone: str | None = None
    name: str = ""
    gender: str = ""
    born: str = ""
    record_number: str = ""
    is_test: bool = False
    """Nobody: a record that is labelled as test data."""


def read_patient(chart: Chart) -> Mapped[Person]:
    """The chart's patient; where there is no Patient resource, only the id by which the other resources call them."""
    patients = chart.of("Patient")
    entry = next((one for one in patients if one.id == chart.patient), next(iter(patients), None))
    if entry is None:
        issue = Issue("information", "no-patient", "no Patient resource in the chart: birth date and zone are unknown")
        return Mapped(Person(chart.patient), (issue,))
    resource = entry.resource
    issues = tuple(Issue(severity, code, message, entry.reference) for severity, code, message in _remarks(resource))
    person = Person(
        chart.patient,
        _birth_date(resource),
        any(_is_deceased(one.resource) for one in patients),
        _zone(resource),
        _name(resource),
        _text(resource.get("gender")),
        _text(resource.get("birthDate")) if _birth_date(resource) else "",
        _record_number(resource),
        any(_is_test(one.resource) for one in patients),
    )
    return Mapped(person, issues, (entry.reference,))


def _birth_date(resource: Mapping[str, Any]) -> date | None:
    return last_day_of(resource, "birthDate")


def _remarks(resource: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    youngest, oldest = _birth_date(resource), first_day_of(resource, "birthDate")
    if youngest != oldest:
        yield "warning", "birth-date-partial", f"only {resource['birthDate']} is known of the birth date: the youngest possible age is used"
    elif youngest is None and resource.get("birthDate") is not None:
        yield "warning", "birth-date-unreadable", "the birth date is not a date: age is unknown"


def _is_deceased(resource: Mapping[str, Any]) -> bool:
    return resource.get("deceasedBoolean") is True or resource.get("deceasedDateTime") is not None


def _is_test(resource: Mapping[str, Any]) -> bool:
    """Whether the record carries the label of test data (v3-ActReason HTEST), as a security label or, as some systems do, as a tag."""
    meta = resource.get("meta")
    listed = [meta.get(name) for name in ("security", "tag")] if isinstance(meta, dict) else []
    labels = [one for many in listed if isinstance(many, list) for one in many if isinstance(one, dict)]
    return any((one.get("system"), one.get("code")) == (_REASONS, _TEST_DATA) for one in labels)


def _zone(resource: Mapping[str, Any]) -> str | None:
    addresses = resource.get("address")
    holders = [resource, *(addresses if isinstance(addresses, list) else [])]
    zones = (_zone_of(extension) for holder in holders if isinstance(holder, dict) for extension in _extensions(holder))
    return next((zone for zone in zones if zone), None)


def _zone_of(extension: Mapping[str, Any]) -> str:
    if extension.get("url") not in (TIME_ZONE_EXTENSION, _OTHER_ZONE_EXTENSION):
        return ""
    zone = _text(extension.get("valueCode"))
    return zone if _ZONE.fullmatch(zone) else ""


def _extensions(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = holder.get("extension")
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _name(resource: Mapping[str, Any]) -> str:
    listed = resource.get("name")
    names = [name for name in listed if isinstance(name, dict)] if isinstance(listed, list) else []
    best = next((name for name in names if name.get("use") == "official"), names[0] if names else {})
    if _text(best.get("text")):
        return _text(best.get("text"))
    given = best.get("given")
    parts = [*(given if isinstance(given, list) else []), best.get("family")]
    return " ".join(_text(part) for part in parts if _text(part))


def _record_number(resource: Mapping[str, Any]) -> str:
    """The value of the first identifier that is a medical record number (type MR), "" where none says that it is one."""
    listed = resource.get("identifier")
    for identifier in listed if isinstance(listed, list) else []:
        kind = identifier.get("type") if isinstance(identifier, dict) else None
        codings = kind.get("coding") if isinstance(kind, dict) else None
        codes = [one.get("code") for one in codings if isinstance(one, dict)] if isinstance(codings, list) else []
        if _RECORD_NUMBER in codes and identifier.get("use") != "old" and _text(identifier.get("value")):
            return _text(identifier.get("value"))
    return ""


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
