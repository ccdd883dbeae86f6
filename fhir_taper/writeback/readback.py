"""Whether what an EHR holds means what we wrote: dose, unit, steps, status, intent, subject. Not whether the bytes are equal.

A server may reorder members, write 0.50 as 0.5, add ids and versions, and lay a narrative out anew. It may not change a number, a day, a
code, a status or a subject, nor drop one. Every difference is a sentence for a person.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from fhir_taper.mappers.references import address
from fhir_taper.mappers.write.namespace import BASE

_SAYS: Final[Mapping[str, frozenset[str]]] = {
    "CarePlan": frozenset({"status", "intent", "subject", "period", "title", "description", "extension", "activity", "contained"}),
    "RequestGroup": frozenset({"status", "intent", "subject", "action"}),
    "Goal": frozenset({"lifecycleStatus", "description", "subject", "startDate", "target"}),
    "MedicationRequest": frozenset({
        "status", "intent", "doNotPerform", "reportedBoolean", "medicationCodeableConcept", "medicationReference", "subject",
        "dosageInstruction", "dispenseRequest",
    }),
    "Provenance": frozenset({"activity", "recorded", "entity"}),
    "Device": frozenset({"deviceName", "version"}),
}  # fmt: skip
"""The elements that carry meaning, by type; of a type that is not here, all but those that a server may set."""
_OF_THE_SERVER: Final = frozenset({"resourceType", "id", "meta", "text", "identifier", "implicitRules", "language"})
_NOT_MEANT: Final = frozenset({"id", "display", "userSelected"})
"""Inside an element: its id, and the words of a code, which a server may write in its own way."""
_LONGEST: Final = 120


def same_meaning(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, ...]:
    """Every difference in meaning, as "path: we wrote …, the EHR holds …"; empty where there is none."""
    return tuple(f"{path}: we wrote {_short(mine)}, the EHR holds {_short(other)}" for path, mine, other in differences(ours, theirs))


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str | None]]:
    """Path, our value and theirs for every difference in meaning; None is nothing."""
    mine, other = meaning(ours), meaning(theirs)
    for path in dict.fromkeys([*mine, *other]):
        if mine.get(path) != other.get(path):
            yield path, mine.get(path), other.get(path)


def meaning(resource: Mapping[str, Any]) -> dict[str, str]:
    """What a resource says, as path → value in one spelling. References other than to the patient are left out: ids are the server's."""
    kind = str(resource.get("resourceType"))
    says = _SAYS.get(kind)
    elements = {name: _ours(name, value) for name, value in resource.items() if (name in says if says else name not in _OF_THE_SERVER)}
    return {"resourceType": kind, **dict(_leaves("", elements))}


def meaning_digest(resource: Mapping[str, Any]) -> str:
    """SHA-256 of the meaning: what a ledger keeps, so that a sweep can compare without the clinical content."""
    return sha256("\n".join(f"{path}={value}" for path, value in sorted(meaning(resource).items())).encode()).hexdigest()


def _ours(name: str, value: Any) -> Any:
    """Of extensions, ours: others may add theirs."""
    if name != "extension" or not isinstance(value, list):
        return value
    return [item for item in value if isinstance(item, Mapping) and str(item.get("url", "")).startswith(BASE)]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if isinstance(value.get("reference"), str):
            target = address(value)
            yield f"{path}.reference", target.key if target.resource_type == "Patient" else "(a resource)"
            return
        for name, item in value.items():
            if name not in _NOT_MEANT:
                yield from _leaves(f"{path}.{name}" if path else name, item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(f"{path}[{index}]", item)
    else:
        yield path, _instant(value) if path == "recorded" else _spelled(value)


def _spelled(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return str(value)
    return format(Decimal(value).normalize() + 0, "f")


def _instant(value: object) -> str:
    """One instant has many spellings (Z, +00:00, fractions of nothing)."""
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC).isoformat()
    except ValueError:
        return str(value)


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
