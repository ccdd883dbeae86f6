"""One record of a medicine (MedicationRequest, MedicationStatement, MedicationDispense) with its elements under one set of names.

The three resources say the same things in different places; after this module nobody needs to know which one it was. Nothing is judged
here: whether a record counts is `status`, what its dosages mean is `dosage`. Wrong types raise BadInput with the path. FHIR R4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any, Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.elements import Json, child, children, first_day, last_day, refuse_modifiers, truth, words
from fhir_taper.mappers.read.quantity import hours_of
from fhir_taper.mappers.read.window import Length
from fhir_taper.mappers.references import address, resolve
from fhir_taper.mappers.systems import codings, words_of
from fhir_taper.plans.medicines.regimen import Setting

REQUEST, STATEMENT, DISPENSE = "MedicationRequest", "MedicationStatement", "MedicationDispense"
KINDS: Final = (REQUEST, STATEMENT, DISPENSE)

OUR_SYSTEMS: Final = "https://fhir-taper.org/"
"""Every identifier and profile of ours begins with this name (the writing side publishes them)."""

_SETTINGS: Final = {
    "inpatient": Setting.INPATIENT,
    "discharge": Setting.DISCHARGE,
    "outpatient": Setting.COMMUNITY,
    "community": Setting.COMMUNITY,
}


@dataclass(frozen=True, slots=True)
class Order:
    """A record as read. `start` and `end` are the days that the record as a whole names; bounds of its dosages are not among them.

    `supply` is the quantity with its unit, `supply_days` how long it lasts, `supply_end` the last day on which it may be dispensed.
    `follows` are the records that this one replaces; `groups` name what it belongs to together with others.
    """

    entry: Entry
    kind: str
    status: str
    intent: str
    setting: Setting
    is_reported: bool
    do_not_perform: bool
    is_ours: bool
    dosages: Sequence[Json]
    dosage_path: str
    authored: date | None
    start: date | None
    end: date | None
    supply: Json
    supply_days: Fraction | None
    prescriber: str | None
    reasons: str
    supply_end: date | None = None
    follows: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        return self.entry.reference

    @property
    def runs_from(self) -> date | None:
        """The day from which durations run that name no other: when it was written, and not before it is valid (domain rules 3, 9)."""
        return max((day for day in (self.authored, self.start) if day is not None), default=None)


def read_order(chart: Chart, entry: Entry) -> Order:
    """The record in this entry. Raises BadInput naming what has the wrong type."""
    resource = entry.resource
    if "modifierExtension" in resource:
        refuse_modifiers(resource, "")
    own = {REQUEST: _request, STATEMENT: _statement, DISPENSE: _dispense}[entry.resource_type](chart, entry)
    reasons = children(resource, "reasonCode")
    return Order(
        entry=entry,
        kind=entry.resource_type,
        status=words(resource, "status"),
        do_not_perform=bool(truth(resource, "doNotPerform")),
        is_ours=is_ours(resource),
        reasons=" ".join(words_of(reason) for reason in reasons) if reasons else "",
        **own,
    )


def _request(chart: Chart, entry: Entry) -> dict[str, Any]:
    resource = entry.resource
    dispense = child(resource, "dispenseRequest")
    validity = child(dispense, "validityPeriod", "dispenseRequest")
    reported = bool(truth(resource, "reportedBoolean")) or bool(child(resource, "reportedReference"))
    group = child(resource, "groupIdentifier")
    shared = (f"{group.get('system') or ''}|{group['value']}",) if group.get("value") else ()
    return {
        "intent": words(resource, "intent"),
        "setting": Setting.REPORTED if reported else _setting(children(resource, "category")),
        "is_reported": reported,
        "dosages": children(resource, "dosageInstruction"),
        "dosage_path": "dosageInstruction",
        "authored": first_day(resource, "authoredOn"),
        "start": first_day(validity, "start", "dispenseRequest.validityPeriod"),
        "end": None,
        "supply": child(dispense, "quantity", "dispenseRequest"),
        "supply_days": _days(child(dispense, "expectedSupplyDuration", "dispenseRequest"), "dispenseRequest.expectedSupplyDuration"),
        "supply_end": last_day(validity, "end", "dispenseRequest.validityPeriod"),
        "prescriber": _prescriber(chart, entry),
        "follows": _addresses([child(resource, "priorPrescription")]),
        "groups": shared + _addresses(children(resource, "basedOn")),
    }


def _statement(chart: Chart, entry: Entry) -> dict[str, Any]:
    resource = entry.resource
    period = child(resource, "effectivePeriod")
    sources = [*children(resource, "basedOn"), *children(resource, "derivedFrom")]
    return {
        "intent": "statement",
        "setting": Setting.REPORTED,
        "is_reported": True,
        "dosages": children(resource, "dosage"),
        "dosage_path": "dosage",
        "authored": first_day(resource, "dateAsserted") or first_day(resource, "effectiveDateTime"),
        "start": first_day(period, "start", "effectivePeriod") or first_day(resource, "effectiveDateTime"),
        "end": last_day(period, "end", "effectivePeriod"),
        "supply": {},
        "supply_days": None,
        "prescriber": _prescriber_of_first(chart, entry, sources),
    }


def _dispense(chart: Chart, entry: Entry) -> dict[str, Any]:
    resource = entry.resource
    handed_over = first_day(resource, "whenHandedOver") or first_day(resource, "whenPrepared")
    days = _days(child(resource, "daysSupply"), "daysSupply")
    return {
        "intent": "dispense",
        "setting": Setting.DISPENSED,
        "is_reported": False,
        "dosages": children(resource, "dosageInstruction"),
        "dosage_path": "dosageInstruction",
        "authored": handed_over,
        "start": handed_over,
        "end": _last_day_of_supply(handed_over, days),
        "supply": child(resource, "quantity"),
        "supply_days": days,
        "prescriber": _prescriber_of_first(chart, entry, children(resource, "authorizingPrescription")),
    }


def _last_day_of_supply(handed_over: date | None, days: Fraction | None) -> date | None:
    if handed_over is None or not days:
        return None
    return Length(days=ceil(days)).end(handed_over)


def _prescriber(chart: Chart, entry: Entry) -> str | None:
    """Who ordered it: the address, else identifier, else display of the requester."""
    requester = entry.resource.get("requester")
    if not isinstance(requester, dict):
        return None
    found = resolve(chart, entry, requester)
    if found is not None:
        return f"{found.resource_type}/{found.id}"
    named = address(requester)
    identifier = requester.get("identifier")
    if isinstance(identifier, dict) and identifier.get("value"):
        return f"{identifier.get('system') or ''}|{identifier['value']}"
    display = requester.get("display")
    return named.key or named.urn or (display if isinstance(display, str) and display else None)


def _prescriber_of_first(chart: Chart, entry: Entry, references: Sequence[Json]) -> str | None:
    """A dispense or a report names its prescriber through the order that it comes from."""
    for reference in references:
        found = resolve(chart, entry, reference)
        if found is not None and found.resource_type == REQUEST:
            return _prescriber(chart, found)
    return None


def setting_of(request: Json) -> Setting:
    """Where a MedicationRequest is of, by its categories; of wrong types as if it had none."""
    try:
        return _setting(children(request, "category"))
    except BadInput:
        return Setting.COMMUNITY


def _setting(categories: Sequence[Json]) -> Setting:
    for category in categories:
        for coding in codings(category):
            if coding.code.lower() in _SETTINGS:
                return _SETTINGS[coding.code.lower()]
        found = _SETTINGS.get(words_of(category).lower())
        if found is not None:
            return found
    return Setting.COMMUNITY


def _days(duration: Json, path: str) -> Fraction | None:
    if not duration:
        return None
    hours = hours_of(duration, path)
    return None if hours is None else hours / 24


def _addresses(references: Sequence[Json]) -> tuple[str, ...]:
    named = [address(reference) for reference in references if reference]
    return tuple(name for one in named if (name := one.key or one.urn))


def is_ours(resource: Json) -> bool:
    """Whether this program wrote it: it carries one of our identifiers or profiles."""
    listed = resource.get("identifier")
    meta = resource.get("meta")
    if listed is None and meta is None:
        return False
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    systems = [item.get("system") for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    names = [*systems, *(profiles if isinstance(profiles, list) else [])]
    return any(isinstance(name, str) and name.startswith(OUR_SYSTEMS) for name in names)
