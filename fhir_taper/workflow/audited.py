"""One line for the audit of everything that happens to a patient's data: who, what, how it ended; ids, codes and counts, never sentences.

Whatever comes from outside (a code of an EHR's refusal, a resource's type, a user's name) stands there as one bounded word.
"""

from collections.abc import Mapping
from typing import Any

from fhir_taper.records import AuditEntry, Json, Launch
from fhir_taper.smart.patients import Refusal
from fhir_taper.workflow.services import Services

NOBODY = "nobody"
_LONGEST = 256


def note(services: Services, launch: Launch, action: str, outcome: str, detail: Json | None = None) -> None:
    """Append what somebody did in a launch. Raises StoreError: what cannot be audited does not go on."""
    entry = AuditEntry(
        launch.tenant_id,
        services.clock(),
        word(launch.user) or NOBODY,
        word(action),
        word(outcome),
        launch.patient_id,
        launch.id,
        _words(detail or {}),
    )
    services.audit.append(entry)


def note_refused(services: Services, launch: Launch, refused: Refusal) -> None:
    """Append that a resource of an answer was not handed on."""
    why = "another-patient" if "another" in refused.why else "not-usable"
    note(services, launch, "read", "refused", {"resource": f"{refused.resource_type}/{refused.id}", "why": why})


def note_stranger(services: Services, tenant_id: str, action: str, reason: str) -> None:
    """Append what was refused before there was a launch."""
    services.audit.append(AuditEntry(tenant_id, services.clock(), NOBODY, word(action), "refused", detail={"reason": word(reason)}))


def word(text: str) -> str:
    """Text from outside as one bounded word: the audit holds no sentences."""
    return "".join(letter if letter.isprintable() and not letter.isspace() else "-" for letter in text)[:_LONGEST]


def _words(detail: Mapping[str, Any]) -> Json:
    """A detail with all its text as bounded words, its names too."""
    return {word(name): _safe(value) for name, value in detail.items()}


def _safe(value: Any) -> Any:
    match value:
        case str():
            return word(value)
        case Mapping():
            return _words(value)
        case list() | tuple():
            return [_safe(one) for one in value]
    return value
