"""What a request to a FHIR server does, as SMART scopes count it: c create, r read, u update, d delete, s search, and to what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fhir_taper.errors import NotJson
from fhir_taper.exact_json import decode
from fhir_taper.records import Json

EVERYTHING: Final = "*"
_LETTERS: Final = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}
_BY_PATIENT: Final = frozenset({"patient", "subject"})
_WITH_ID: Final = 2
_WITH_COMPARTMENT: Final = 3


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction. `resource_id` where it is about one that exists; `resource` where it brings one; `patients` those it names."""

    letter: str
    resource_type: str
    resource_id: str | None = None
    resource: Json | None = None
    patients: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it changes something that exists."""
        return self.letter in "ud" and self.resource_id is not None


def interactions(method: str, path: str, query: str, body: bytes) -> tuple[Interaction, ...]:
    """All interactions of a request; a Bundle posted to the base has one per entry. A body that is no JSON brings no resource."""
    resource = _decoded(body) if method in _LETTERS else None
    if path.strip("/") == "" and method == "POST":
        return tuple(_of_entry(entry) for entry in (resource or {}).get("entry") or [] if isinstance(entry, dict))
    form = body.decode(errors="replace") if path.endswith("_search") else ""
    return (_interaction(method, path, f"{query}&{form}", resource),)


def _of_entry(entry: Json) -> Interaction:
    asked = entry.get("request") or {}
    url = urlsplit(str(asked.get("url", "")))
    resource = entry.get("resource")
    return _interaction(str(asked.get("method", "")), url.path, url.query, resource if isinstance(resource, dict) else None)


def _interaction(method: str, path: str, query: str, resource: Json | None) -> Interaction:
    parts = [part for part in path.split("/") if part]
    operation = next((part for part in parts if part.startswith("$")), None)
    named = _patients(query)
    if not parts or operation or parts[0].startswith("_"):
        if operation == "$validate" and len(parts) == _WITH_ID and method == "POST":
            return Interaction("c", parts[0], resource=resource)  # who may make one may ask what would be said of it
        of_patient = (parts[1],) if operation and parts[0] == "Patient" and not parts[1].startswith("$") else ()
        return Interaction("r" if method in ("GET", "HEAD") else "c", EVERYTHING, patients=named + of_patient)
    kind = parts[0]
    if len(parts) == _WITH_COMPARTMENT and not parts[2].startswith("_"):
        return Interaction("s", parts[2], patients=(parts[1],))
    if method in ("GET", "HEAD"):
        found = len(parts) >= _WITH_ID and not parts[1].startswith("_")
        return Interaction("r", kind, parts[1]) if found else Interaction("s", kind, patients=named)
    if parts[-1] == "_search":
        return Interaction("s", kind, patients=named)
    return Interaction(_LETTERS.get(method, "u"), kind, parts[1] if len(parts) >= _WITH_ID else None, resource)


def _patients(query: str) -> tuple[str, ...]:
    """The patients that a search names by its patient or subject parameter."""
    return tuple(
        one.rpartition("/")[2]
        for name, value in parse_qsl(query)
        if name.partition(":")[0].partition(".")[0] in _BY_PATIENT and "." not in name
        for one in value.split(",")
        if "/" not in one or one.rpartition("/")[0].endswith("Patient")
    )


def _decoded(body: bytes) -> Json | None:
    try:
        found = decode(body)
    except NotJson:
        return None
    return found if isinstance(found, dict) else None


def form_of(body: bytes) -> Mapping[str, str] | None:
    """A form's fields; None where one stands twice (RFC 6749, 3.1: refuse)."""
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None
