"""A line of our audit as a FHIR R4 AuditEvent, for whoever collects the audits of several systems.

Nothing is added to the line: ids, codes and counts, never words. The chain that makes the log tamper-evident stays with us; the number of
the line is in the event, so that a gap shows.
"""

from collections.abc import Iterator
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from fhir_taper.exact_json import encode
from fhir_taper.mappers.write.namespace import BASE, Json, code_system
from fhir_taper.records import AuditEntry

_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_EVENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_SIGN_IN: Final = {"system": _DICOM, "code": "110114", "display": "User Authentication"}
_REST: Final = {"system": _EVENT_TYPE, "code": "rest", "display": "RESTful Operation"}
_EXPORT: Final = {"system": _DICOM, "code": "110106", "display": "Export"}
_ACTIVITY: Final = {"system": _DICOM, "code": "110100", "display": "Application Activity"}
_KINDS: Final = {
    "launch": (_SIGN_IN, "E"),
    "log-out": (_SIGN_IN, "E"),
    "open": (_SIGN_IN, "E"),
    "read": (_REST, "R"),
    "preview": (_REST, "R"),
    "view": (_REST, "R"),
    "print": (_REST, "R"),
    "version": (_REST, "R"),
    "export": (_EXPORT, "R"),
    "recover-write": (_REST, "R"),
    "write": (_REST, "C"),
    "settle-write": (_REST, "C"),
}
_OUTCOMES: Final = {"refused": "4", "rejected": "4", "partly": "4", "unknown": "8", "mismatch": "8", "failed": "8"}
"""R4 audit-event-outcome: 4 minor, 8 serious failure; whatever else is a success (0)."""


def to_audit_event(sequence: int, entry: AuditEntry, program: str) -> Json:
    """One line of a tenant's chain. `program` is the actor that is no person."""
    kind, action = _KINDS.get(entry.action, (_ACTIVITY, "E"))
    is_person = "/" in entry.actor
    who: Json = {"who": {"reference": entry.actor}} if is_person else {"name": entry.actor}
    return {
        "resourceType": "AuditEvent",
        "id": str(uuid5(NAMESPACE_URL, f"{BASE}/audit/{entry.tenant_id}/{sequence}")),
        "type": kind,
        "subtype": [{"system": code_system("audit-action"), "code": entry.action}],
        "action": action,
        "recorded": entry.at.isoformat(),
        "outcome": _OUTCOMES.get(entry.outcome, "0"),
        "outcomeDesc": entry.outcome,
        "agent": [{**who, "requestor": entry.actor != program}],
        "source": {"site": entry.tenant_id, "observer": {"display": "fhir-taper"}},
        "entity": list(_entities(sequence, entry)),
    }


def _entities(sequence: int, entry: AuditEntry) -> Iterator[Json]:
    if entry.patient_id is not None:
        person = {"system": _ENTITY_TYPE, "code": "1", "display": "Person"}
        patient = {"system": _ROLE, "code": "1", "display": "Patient"}
        yield {"what": {"reference": f"Patient/{entry.patient_id}"}, "type": person, "role": patient}
    said = {"sequence": str(sequence), **({"launch": entry.launch_id} if entry.launch_id else {})}
    told = {name: value if isinstance(value, str) else encode(value).decode() for name, value in entry.detail.items()}
    details = [{"type": name, "valueString": value} for name, value in {**said, **told}.items() if value]
    yield {"what": {"display": "line of the audit"}, "type": {"system": _ENTITY_TYPE, "code": "4", "display": "Other"}, "detail": details}
