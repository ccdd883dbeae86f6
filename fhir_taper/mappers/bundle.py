"""From files to one patient's chart: every resource of every file, each judged on its own, each id once, one patient.

    bytes → documents → unfold (Bundles) → versions (one copy per id) → subjects (one patient) → judge each → Chart

A bad entry is set aside with its reason and its place and makes the chart incomplete; it never sinks the rest. Only what makes the
whole input unusable raises: bytes that are not JSON, JSON that is not FHIR, two patients, one id twice. Nothing is read but the
bytes given.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from fhir_taper.mappers.chart import Chart, Entry, SetAside
from fhir_taper.mappers.documents import read_documents
from fhir_taper.mappers.fhir import judge
from fhir_taper.mappers.merged_patients import merges_of
from fhir_taper.mappers.outcomes import missing_pages
from fhir_taper.mappers.references import resolve
from fhir_taper.mappers.shape import element_error
from fhir_taper.mappers.subjects import has_no_subject, patient_of
from fhir_taper.mappers.systems import words_of
from fhir_taper.mappers.unfold import Found, Unfolded, unfold
from fhir_taper.mappers.versions import current, identity_of, reference_of
from fhir_taper.plans.medicines.regimen import Issue

_JUDGED_BY_MODEL: Final = frozenset({"MedicationRequest", "MedicationStatement", "MedicationDispense", "Medication", "Patient"})
_JUDGED_BY_SHAPE: Final = frozenset({"Observation", "Condition", "AllergyIntolerance"})
"""Hundreds in a chart, of which a dozen matter: the full model sees them when they become facts (read/facts.py)."""
_OF_A_PATIENT: Final = frozenset(
    {"MedicationRequest", "MedicationStatement", "MedicationDispense", "Condition", "Observation", "AllergyIntolerance"}
)
_MEDICINES: Final = frozenset({"MedicationRequest", "MedicationStatement", "MedicationDispense", "Medication"})
_OTHER_MEDICINE_TYPES: Final = frozenset({"MedicationAdministration", "MedicationKnowledge"})


def decode_chart(parts: Iterable[tuple[str, bytes]]) -> Chart:
    """The chart in these files, given as (name, bytes).

    Raises NotJson, NotFhir (naming the file) and ChartConflict (naming both places). An empty Bundle, and no file at all, is a chart with
    nothing in it.
    """
    unfolded = _unfold_all(parts)
    found, issues = current(unfolded.found, unfolded.deletions)
    merges = merges_of(found)
    patient = patient_of(found, merges)
    issues = [*unfolded.issues, *missing_pages(unfolded.pages), *issues, *merges.issues()]
    judging = _Judging()
    for copy in found:
        judging.take(copy)
    chart = Chart(patient, {kind: tuple(entries) for kind, entries in judging.by_type.items()}, index=judging.index)
    set_aside = tuple(_named(item, chart) for item in (*unfolded.set_aside, *judging.set_aside))
    issues += [_set_aside_issue(item) for item in set_aside]
    issues += judging.remarks()
    short = unfolded.is_short or judging.is_short or any(issue.code == "page-missing" for issue in issues)
    return Chart(patient, chart.by_type, tuple(issues), not (set_aside or short), set_aside, chart.index)


def _unfold_all(parts: Iterable[tuple[str, bytes]]) -> Unfolded:
    unfolded = Unfolded()
    for name, data in parts:
        documents, set_aside = read_documents(name, data)
        unfolded.set_aside.extend(set_aside)
        for document in documents:
            unfold(document, unfolded)
    return unfolded


class _Judging:
    """Each resource on its own: into the chart, or set aside; what is remarkable is counted, for it repeats."""

    def __init__(self) -> None:
        self.by_type: dict[str, list[Entry]] = {}
        self.index: dict[str, Entry] = {}
        self.set_aside: list[SetAside] = []
        self.is_short = False
        self._counted: Counter[tuple[str, str, str]] = Counter()
        self._first: dict[tuple[str, str, str], str] = {}

    def take(self, copy: Found) -> None:
        """Judge one resource."""
        entry = _entry(copy)
        error = self._error_in(entry)
        if error:
            self.set_aside.append(SetAside(error, entry.place, entry.resource_type, entry.reference, entry=entry))
            return
        self.by_type.setdefault(entry.resource_type, []).append(entry)
        self._make_findable(entry)
        self._remark_on(entry)

    def remarks(self) -> list[Issue]:
        """One issue per kind of remark, with how often and where first."""
        return [
            Issue(
                severity,
                code,
                message if times == 1 else f"{message} ({times} resources; first at {self._first[severity, code, message]})",
                place,
            )
            for (severity, code, message), times in self._counted.items()
            for place in [self._first[severity, code, message]]
        ]

    def _error_in(self, entry: Entry) -> str:
        if entry.resource_type in _JUDGED_BY_SHAPE:
            return element_error(entry.resource)
        if entry.resource_type not in _JUDGED_BY_MODEL:
            return ""
        verdict = judge(entry.resource)
        if not verdict.error:
            for remark in verdict.remarks:
                self._count("information", "not-conformant", f"{entry.resource_type} {remark}", entry)
        return verdict.error

    def _remark_on(self, entry: Entry) -> None:
        kind = entry.resource_type
        if kind in _OF_A_PATIENT and has_no_subject(entry.resource):
            self._count("warning", "no-subject", f"{kind} does not say whose it is: read as this patient's", entry)
        if kind.lower().startswith("medication") and kind not in _MEDICINES | _OTHER_MEDICINE_TYPES:
            self._count("warning", "not-read", f"{kind} is not a resource type of FHIR R4: its medicines are not read", entry)
            self.is_short = True

    def _make_findable(self, entry: Entry) -> None:
        if entry.full_url:
            self.index.setdefault(entry.full_url, entry)
        if entry.id:
            self.index.setdefault(f"{entry.resource_type}/{entry.id}", entry)
            self.index.setdefault(f"urn:uuid:{entry.id}", entry)

    def _count(self, severity: str, code: str, message: str, entry: Entry) -> None:
        key = (severity, code, message)
        self._counted[key] += 1
        self._first.setdefault(key, f"{entry.reference}, {entry.place}" if entry.id else entry.place)


def _entry(copy: Found) -> Entry:
    identity = identity_of(copy)
    kind = str(copy.resource["resourceType"])
    return Entry(kind, identity.removeprefix(f"{kind}/"), reference_of(copy, identity), copy.place, copy.resource, copy.full_url)


def _named(item: SetAside, chart: Chart) -> SetAside:
    """The same with the medicine's name, as far as its text can be read: an order that was set aside must not be an anonymous one."""
    if item.entry is None or item.resource_type not in _MEDICINES:
        return item
    medicine = _medicine_words(item.entry, chart) or "a medicine that cannot be named"
    return SetAside(item.why, item.place, item.resource_type, item.reference, medicine, item.entry)


def _medicine_words(entry: Entry, chart: Chart) -> str:
    resource = entry.resource
    said = words_of(resource.get("code" if entry.resource_type == "Medication" else "medicationCodeableConcept"))
    reference = resource.get("medicationReference")
    if said or not isinstance(reference, dict):
        return said
    display = reference.get("display")
    medication = resolve(chart, entry, reference)
    return display if isinstance(display, str) and display else words_of(medication.resource.get("code")) if medication else ""


def _set_aside_issue(item: SetAside) -> Issue:
    what = item.reference or item.resource_type or "an entry"
    named = f"{what} ({item.medicine})" if item.medicine else what
    return Issue("error", "set-aside", f"{named} was set aside: {item.why}", item.place)
