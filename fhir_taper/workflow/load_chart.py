"""From an open chart to a Reading: search what the regimen, the findings and our plans are made of, and say what could not be read.

Another patient's resource never gets past the client; a search that failed, or whose list may lack something, makes the chart incomplete
with the EHR's own words. References that stayed unresolved are read one by one, on the EHR's own base only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final

from fhir_taper.errors import AccessEnded, EhrAnswered, EhrError, EhrUnreachable, WrongPatient
from fhir_taper.exact_json import encode
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.read.care_plan import is_ours
from fhir_taper.mappers.references import address, key_of
from fhir_taper.mappers.write.labels import Label
from fhir_taper.plans.medicines.dose_history import DoseHistory
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tapers.candidates import Candidates
from fhir_taper.plans.tapers.edits import Edited
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Fetched, Json
from fhir_taper.smart.search import Found
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.dose_history import dose_history
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.regimen import Reading, labels_in, read
from fhir_taper.workflow.services import Services
from fhir_taper.writeback.element_references import references

SEARCHED: Final = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "Condition",
    "Observation",
    "AllergyIntolerance",
    "CarePlan",
)
NAMES: Final = {
    "MedicationRequest": "Prescriptions",
    "MedicationStatement": "Reported medicines",
    "MedicationDispense": "Dispenses",
    "Condition": "Diagnoses",
    "Observation": "Observations",
    "AllergyIntolerance": "Allergies",
    "CarePlan": "Care plans",
    "QuestionnaireResponse": "Filled forms",
    "Appointment": "Appointments",
    "Encounter": "Visits",
    "MedicationAdministration": "Medicines given",
    "Consent": "Consents",
}
_DOSES: Final = frozenset({"MedicationRequest", "MedicationStatement", "MedicationDispense"})
_OF_OUR_PLANS: Final = frozenset({"RequestGroup", "Goal", "MedicationRequest"})
FRESH_FOR: Final = timedelta(minutes=5)
_SHOWN_FOR: Final = timedelta(hours=1)
_ASKED_AGAIN_AFTER: Final = timedelta(minutes=1)
_FAILING, _TOO_MANY = 500, 429
_AT_ONCE: Final = 8
_MOST_READ: Final = 200
_MME_TABLE: Final = "cdc-2022"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A patient's chart as it was at `read_at`. `unread` are sentences about what could not be read, worst first.

    `not_read` are the types of which nothing could be read, `in_part` those whose list may lack something: that there is none in the chart
    then says nothing.
    """

    chart: Chart
    read_at: datetime
    unread: tuple[str, ...] = ()
    not_read: frozenset[str] = frozenset()
    in_part: frozenset[str] = frozenset()
    candidates: dict[PlanOptions, Candidates] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was made of this chart, by what was asked."""
    made: dict[tuple[PlanOptions, tuple[Edited, ...]], TaperPlan | Infeasible] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """The last few plans that were made of this chart, by what was asked and edited."""
    watched: dict[str, Chart] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The same chart with what only the watching of a plan looks at, once that was read (`load_watched`)."""
    _histories: dict[date, tuple[DoseHistory, DoseHistory]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _readings: dict[tuple[date, str | None], Reading] = field(default_factory=dict, init=False, repr=False, compare=False)

    def reading(self, on: date, benzo_table: str | None = None) -> Reading:
        """The chart as it stands on a day, by a table of diazepam equivalents (None: the range over all)."""
        key = on, benzo_table
        if key not in self._readings:
            self._readings[key] = read(self.chart, on, _MME_TABLE, benzo_table)
        return self._readings[key]

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels of everything in it."""
        return labels_in(self.chart)

    def histories(self, on: date) -> tuple[DoseHistory, DoseHistory]:
        """A year of ordered doses to this day: opioids, benzodiazepines."""
        if on not in self._histories:
            medicines = self.reading(on).tables.medicines
            lacks = self.may_lack("MedicationRequest")
            self._histories[on] = dose_history(self.chart, medicines, medicines, on, may_lack_orders=lacks)
        return self._histories[on]

    def is_old(self, now: datetime) -> bool:
        """Whether the chart should have been read again by now, and could not be."""
        return now - self.read_at > FRESH_FOR

    def may_lack(self, *kinds: str) -> bool:
        """Whether resources of these types may stand in the EHR that are not here."""
        return bool((self.not_read | self.in_part).intersection(kinds))


@dataclass(frozen=True, slots=True)
class _Held:
    """A chart that was read, and from when on it is to be read again."""

    loaded: Loaded
    again: datetime


def load_chart(services: Services, chart: OpenChart, *, afresh: bool = False) -> Loaded:
    """The chart, read now or at most five minutes ago; an older one where the EHR does not answer now (`is_old`), for an hour at most.

    `afresh`: read now or not at all, for what rests on the chart of this moment. Raises EhrError where not even the patient can be read.
    """
    now = services.clock()
    held: _Held | None = services.charts.get(chart.launch.id, now)
    if held is not None and not afresh and now < held.again:
        return held.loaded
    try:
        loaded = _load(services, chart, now)
    except EhrError as error:
        if held is None or afresh or not _is_out_of_reach(error):
            raise
        services.charts.put(chart.launch.id, _Held(held.loaded, now + _ASKED_AGAIN_AFTER), held.loaded.read_at + _SHOWN_FOR)
        return held.loaded
    services.charts.put(chart.launch.id, _Held(loaded, now + FRESH_FOR), now + _SHOWN_FOR)
    return loaded


def _is_out_of_reach(error: EhrError) -> bool:
    """Whether the EHR only could not answer just now: what it refuses is not shown from memory."""
    return isinstance(error, EhrUnreachable) or (isinstance(error, EhrAnswered) and (error.status >= _FAILING or error.status == _TOO_MANY))


def _load(services: Services, chart: OpenChart, now: datetime) -> Loaded:
    launch = chart.launch
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="chart") as pool:
        # Whose chart it is, and all that is in it, are asked for side by side: a person waits for the slowest answer and not for their sum.
        asked = pool.submit(chart.client.read, "Patient", launch.patient_id)
        answers = pool.map(lambda kind: search_of_patient(chart, kind), SEARCHED)
        try:
            patient = asked.result()
        except WrongPatient:
            note(services, launch, "read", "refused", {"resource": "Patient", "why": "another-patient"})
            raise
        except EhrError as error:
            note(services, launch, "read", "failed", {"resource": "Patient", "status": _status(error)})
            raise
        found = dict(zip(SEARCHED, answers, strict=True))
        known = [patient, *(one for answer in found.values() if isinstance(answer, Found) for one in answer.resources)]
        further, missing = _further(pool.map, chart, known)
    resources = [*known, *further]
    issues = [*issues_of(found), *missing]
    decoded = decode_chart(parts_of(resources))
    is_short = any(issue.severity != "information" for issue in issues)
    decoded = replace(decoded, issues=(*issues, *decoded.issues), complete=decoded.complete and not is_short)
    note(services, launch, "read", "done" if not issues else "partly", _counts(resources, found))
    unread = tuple(issue.message for issue in sorted(issues, key=lambda issue: issue.severity != "error"))
    failed = frozenset(kind for kind, answer in found.items() if isinstance(answer, EhrError))
    in_part = frozenset(kind for kind, answer in found.items() if isinstance(answer, Found) and not answer.complete)
    return Loaded(decoded, now, unread, failed, in_part)


def search_of_patient(chart: OpenChart, kind: str) -> Found | EhrError:
    """Everything of one type about the patient, or why it was not given. Raises AccessEnded."""
    try:
        return chart.client.search(kind, {"patient": chart.launch.patient_id})
    except AccessEnded:
        raise
    except EhrError as error:
        return error


def _further(
    at_once: Callable[..., Iterable[Fetched | EhrError]], chart: OpenChart, known: list[Fetched]
) -> tuple[list[Fetched], list[Issue]]:
    """What orders and our own plans refer to and no search gave: medications, steps, goals. Plans refer to steps, steps to orders."""
    there = {key_of(one.resource) for one in known}
    newest, found, issues = known, list[Fetched](), list[Issue]()
    while newest and len(found) < _MOST_READ:
        wanted = [key for key in dict.fromkeys(key for one in newest for key in _followed(one)) if key not in there][:_MOST_READ]
        there.update(wanted)
        answers = list(at_once(lambda reference: _read(chart, reference), wanted))
        newest = [one for one in answers if isinstance(one, Fetched)]
        found += newest
        failed = [(key, answer) for key, answer in zip(wanted, answers, strict=True) if isinstance(answer, EhrError)]
        issues += [Issue("warning", "not-read", f"{key} could not be read: {_words(error)}", key) for key, error in failed]
    return found, issues


def _followed(one: Fetched) -> Iterator[str]:
    resource = one.resource
    kind = resource["resourceType"]
    if kind in _DOSES and isinstance(resource.get("medicationReference"), Mapping):
        target = address(resource["medicationReference"])
        if target.resource_type == "Medication" and target.key:
            yield target.key
    elif is_ours(resource) or kind == "RequestGroup":
        yield from (target.key for target in map(address, references(resource)) if target.resource_type in _OF_OUR_PLANS and target.key)


def _read(chart: OpenChart, reference: str) -> Fetched | EhrError:
    try:
        return chart.client.read_reference(reference)
    except AccessEnded:
        raise
    except EhrError as error:
        return error


def issues_of(found: Mapping[str, Found | EhrError]) -> Iterator[Issue]:
    """What is to be said of answers that failed, or may lack something."""
    for kind, answer in found.items():
        severity = "error" if kind in _DOSES else "warning"
        if isinstance(answer, EhrError):
            yield Issue(severity, "not-read", f"{NAMES[kind]} could not be read: {_words(answer)}", kind)
        elif not answer.complete:
            yield Issue(severity, "maybe-incomplete", f"{NAMES[kind]} may be incomplete: {answer.why}", kind)
        if isinstance(answer, Found) and answer.refused:
            says = f"{len(answer.refused)} in the EHR's answer for {kind} did not belong here: not shown"
            yield Issue("information", "not-shown", says, kind)


def _words(error: EhrError) -> str:
    return f"{error.status}{f' ({error.words})' if error.words else ''}" if isinstance(error, EhrAnswered) else str(error)


def _status(error: EhrError) -> str:
    return str(error.status) if isinstance(error, EhrAnswered) else type(error).__name__


def parts_of(resources: Iterable[Fetched]) -> Iterator[tuple[str, bytes]]:
    """One Bundle per type, so that a place names where a resource came from."""
    by_type: dict[str, list[Json]] = {}
    for one in resources:
        entry = {"fullUrl": one.url, "resource": one.resource}
        by_type.setdefault(one.resource["resourceType"], []).append(entry)
    for kind, entries in by_type.items():
        yield kind, encode({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _counts(resources: Iterable[Fetched], found: Mapping[str, Found | EhrError]) -> dict[str, object]:
    """How many of each type, which could not be read, and a digest of every id with its version."""
    counted: dict[str, int] = {}
    digest = sha256()
    for one in resources:
        kind = one.resource["resourceType"]
        counted[kind] = counted.get(kind, 0) + 1
        digest.update(f"{key_of(one.resource)} {one.etag or ''}\n".encode())
    failed = {kind: _status(answer) for kind, answer in found.items() if isinstance(answer, EhrError)}
    return {"read": counted, "failed": failed, "versions": digest.hexdigest()}
