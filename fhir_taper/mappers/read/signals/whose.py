"""Whether a record names another patient. A chart is one patient's when it is decoded; an Appointment says whose it is in its own way."""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.references import Address, address

_PATIENT = "Patient"
_SAME = ("replaces", "replaced-by")


def is_of_another(chart: Chart, entry: Entry) -> bool:
    """True where it names patients, and none of them is the patient of this chart."""
    named = {target.id for one in _people(entry.resource) if (target := address(one)).resource_type == _PATIENT and target.id}
    own = {chart.patient, *(one.id for one in chart.of(_PATIENT)), *(one.id for entry in chart.of(_PATIENT) for one in _merged(entry))}
    return bool(named) and bool(own - {""}) and not named & own


def _merged(patient: Entry) -> Iterator[Address]:
    """Records of the same patient that this one replaced, or that replaced it."""
    listed = patient.resource.get("link")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("type") in _SAME:
            yield address(one.get("other"))


def _people(resource: Mapping[str, Any]) -> Iterator[object]:
    yield resource.get("subject")
    yield resource.get("patient")
    listed = resource.get("participant")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            yield one.get("actor")
