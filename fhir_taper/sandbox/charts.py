"""The synthetic patients: read from their files, moved to the day of the demo, and with a running taper where one belongs.

Two files make a chart: `fixtures/patients` holds what the tests of the core read too (the orders and what belongs to them); `patients`
beside this module holds what a real chart has around that, and whole charts that only the demo has. Dates are those of `WRITTEN`; a
demo moves them all, birthdays excepted, so that what was written two weeks ago stays two weeks old.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from fhir_taper.errors import SandboxError
from fhir_taper.exact_json import decode
from fhir_taper.records import Json
from fhir_taper.sandbox.mid_taper import MID_TAPER, with_own_plan
from fhir_taper.sandbox.pages import Listed
from fhir_taper.sandbox.year_taper import YEAR, with_a_year

WRITTEN: Final = date(2026, 1, 5)
"""The day that the charts were written for."""

_HERE: Final = Path(__file__).parent
_AROUND: Final = _HERE / "patients"
# In the checkout the core's charts stand at the top; in an installed package they lie beside ours.
_CORES: Final = (_HERE / "patients" / "core", _HERE.parents[1] / "fixtures" / "patients")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?=T|$)")
_UNMOVED: Final = frozenset({"birthDate"})
_ABOUT: Final = {
    "diazepam-oxycodone": "diazepam and oxycodone together, sleep apnoea",
    "lorazepam-elder": "lorazepam in old age, falls",
    "fentanyl-patch": "two fentanyl patches",
    "text-sigs": "orders whose dose stands in the text alone",
    "incomplete-chart": "an order that cannot be read, others held back",
    "mid-taper": "diazepam, ten weeks into a taper of ours",
    "year-taper": "diazepam, a year into a taper of ours, with check-ins",
}
"""Who is in the demo, in the order of the list, and what each is there to show."""


@dataclass(frozen=True, slots=True)
class PatientChart:
    """One patient. `notices` are what the EHR says beside the chart: OperationOutcomes that go with a search."""

    patient_id: str
    resources: tuple[Json, ...]
    notices: tuple[Json, ...]

    def listed(self) -> Listed:
        """As the EHR's list shows the patient."""
        patient = next(one for one in self.resources if one["resourceType"] == "Patient")
        name = patient["name"][0]
        return Listed(self.patient_id, f"{name['family']}, {' '.join(name['given'])}", patient["birthDate"], _ABOUT[self.patient_id])

    @property
    def encounter_id(self) -> str | None:
        """The visit that is open."""
        return next((one["id"] for one in self.resources if one["resourceType"] == "Encounter"), None)


def load_charts(today: date) -> tuple[PatientChart, ...]:
    """Every synthetic patient, as of a day. Raises SandboxError where the charts are not installed."""
    return tuple(_chart(patient_id, today) for patient_id in _ABOUT)


def _chart(patient_id: str, today: date) -> PatientChart:
    found = [_moved(resource, today - WRITTEN) for path in _files(patient_id) for resource in _resources(path)]
    notices = tuple(one for one in found if one["resourceType"] == "OperationOutcome")
    kept: Iterable[Json] = (one for one in found if one["resourceType"] != "OperationOutcome")
    return PatientChart(patient_id, tuple(_with_plan(patient_id, kept, today)), notices)


def _with_plan(patient_id: str, chart: Iterable[Json], today: date) -> Iterable[Json]:
    """The chart with the taper that runs in it, where one does."""
    if patient_id == MID_TAPER.patient_id:
        return with_own_plan(chart, today)[0]
    return with_a_year(chart, today) if patient_id == YEAR.patient_id else chart


def _files(patient_id: str) -> list[Path]:
    core = next((folder for folder in _CORES if folder.is_dir()), None)
    if core is None:
        raise SandboxError("the charts of the synthetic patients are not installed")
    return [path for path in (core / f"{patient_id}.json", _AROUND / f"{patient_id}.json") if path.is_file()]


def _resources(path: Path) -> list[Json]:
    bundle = decode(path.read_bytes(), path.name)
    return [entry["resource"] for entry in bundle["entry"]]


def _moved(resource: Json, by: timedelta) -> Json:
    """The resource with every date moved by whole days; times of day stay."""

    def moved(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(key, item) for key, item in value.items()}
        if isinstance(value, list):
            return [moved(name, item) for item in value]
        if isinstance(value, str) and name not in _UNMOVED and (found := _DATE.match(value)):
            return (date.fromisoformat(found[0]) + by).isoformat() + value[found.end() :]
        return value

    return {key: moved(key, item) for key, item in resource.items()}
