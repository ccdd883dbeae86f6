"""Scopes as SMART spells them, v1 and v2: what is granted of what is asked, and what a granted scope allows."""

import re
from dataclasses import dataclass
from typing import Final

from fhir_taper.sandbox.users import User

_PATTERN: Final = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)")
_V1: Final = {"read": "rs", "write": "cud", "*": "cruds"}
_READING: Final = {"read": "read", "*": "read"}
_PLAIN: Final = frozenset({"openid", "fhirUser", "profile", "launch/patient", "launch/encounter", "offline_access", "online_access"})
REFRESHING: Final = frozenset({"offline_access", "online_access"})


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """One scope on resources. A scope restricted by search parameters is never granted here, so none is read."""

    level: str
    """patient, user or system."""
    resource_type: str
    letters: str

    def allows(self, resource_type: str, letter: str) -> bool:
        """Whether an interaction (c, r, u, d, s) with a type is within it; `*` is every type at once."""
        return self.resource_type in ("*", resource_type) and letter in self.letters


def resource_scope(text: str) -> ResourceScope | None:
    """A scope on resources as it is written, or None for any other."""
    match = _PATTERN.fullmatch(text)
    if match is None or not match[3]:
        return None
    return ResourceScope(match[1], match[2], _V1.get(match[3], match[3]))


def granted_to_user(asked: str, user: User, *, in_ehr: bool) -> tuple[str, ...]:
    """What of the asked scopes a person's grant gets: none of the system's, none that write unless the person may, `launch` in the EHR."""
    granted = []
    for text in dict.fromkeys(asked.split()):
        scope = resource_scope(text)
        if text in _PLAIN or (text == "launch" and in_ehr):
            granted.append(text)
        elif scope and scope.level != "system" and (kept := text if user.may_write else _reading_only(text)):
            granted.append(kept)
    return tuple(granted)


def granted_to_system(asked: str) -> tuple[str, ...]:
    """What of the asked scopes a backend gets: those of the system."""
    return tuple(text for text in dict.fromkeys(asked.split()) if (scope := resource_scope(text)) and scope.level == "system")


def _reading_only(text: str) -> str | None:
    head, _, letters = text.rpartition(".")
    if letters in _V1:
        return f"{head}.{_READING[letters]}" if letters in _READING else None
    kept = "".join(letter for letter in letters if letter in "rs")
    return f"{head}.{kept}" if kept else None
