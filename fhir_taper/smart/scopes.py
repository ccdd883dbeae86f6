"""SMART scopes: the least that is asked for, and what was granted, in version 1, version 2 and the spellings of vendors. SMART 2.2.

What is granted, not what was asked for, decides what is offered. A scope that is not understood grants nothing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fhir_taper.errors import SettingsError
from fhir_taper.records import Tenant
from fhir_taper.smart.launch.discovery import SmartConfiguration

LETTERS: Final = "cruds"
# What the chart and the write-back need of one patient, and nothing beside (letters: create read update delete search).
_NEEDS: Final = {
    "Patient": "r",
    "AllergyIntolerance": "rs",
    "Appointment": "rs",
    "CarePlan": "crus",
    "Communication": "c",
    "Condition": "rs",
    "Consent": "rs",
    "Device": "crs",
    "DocumentReference": "c",
    "Encounter": "rs",
    "Goal": "crus",
    "Medication": "rs",
    "MedicationAdministration": "rs",
    "MedicationDispense": "rs",
    "MedicationRequest": "crus",
    "MedicationStatement": "rs",
    "Observation": "rs",
    "Provenance": "crs",
    "QuestionnaireResponse": "rs",
    "RequestGroup": "crus",
}
# Of the person who launches: their own name, and the identifiers by which a tenant's table may know them.
_USER_NEEDS: Final = {"Practitioner": "r"}
_IDENTITY: Final = ("openid", "fhirUser")
_VERSION_1: Final = {"read": "rs", "write": "cud", "*": LETTERS}
_SCOPE: Final = re.compile(
    r"(?P<level>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]+)\.(?P<rights>read|write|\*|c?r?u?d?s?)(?:\?(?P<only>[^\s]+))?"
)
# One vendor lists the names of its interfaces: "MedicationRequest.Search (Signed Medication Order) (R4)".
_NAMED: Final = re.compile(r"\b([A-Z][A-Za-z]+)[.:](Create|Read|Update|Delete|Search|View|VRead|Patch)\b", re.IGNORECASE)
_NAMED_RIGHTS: Final = {"create": "c", "read": "r", "vread": "r", "view": "r", "update": "u", "patch": "u", "delete": "d", "search": "s"}
_URIS: Final = ("http://smarthealthit.org/fhir/scopes/", "https://smarthealthit.org/fhir/scopes/")
_OPENID_URI: Final = "http://openid.net/specs/openid-connect-core-1_0#"
_CONTEXT: Final = re.compile(r"launch(?:/(?P<type>[a-z]+)(?:\?role=(?P<role>\S+))?)?")


def least_scopes(configuration: SmartConfiguration, tenant: Tenant, *, in_chart: bool, refresh: bool = True) -> str:
    """The scopes of an authorization request: what the tenant is configured for, else the least, in the version that the EHR speaks.

    `in_chart`: an EHR launch brings its context; outside a chart the patient must be asked for. `refresh`: ask for a session that is
    renewed while the person is there (online), where the EHR offers one.
    """
    if tenant.scopes is not None:
        return tenant.scopes
    context = ["launch"] if in_chart else ["launch/patient"]
    renewing = ["online_access"] if refresh and configuration.offers("permission-online") else []
    if refresh and not renewing and configuration.offers("permission-offline"):
        renewing = ["offline_access"]
    old = _is_old(configuration)
    clinical = [scope for kind, letters in _NEEDS.items() for scope in _written(kind, letters, old=old, level="patient")]
    person = [scope for kind, letters in _USER_NEEDS.items() for scope in _written(kind, letters, old=old, level="user")]
    return " ".join([*context, *_IDENTITY, *renewing, *person, *clinical])


def system_scopes(configuration: SmartConfiguration, kinds: Iterable[str], letters: str) -> str:
    """The scopes of this program's own access (backend services) to some types, in the version that the EHR speaks."""
    old = _is_old(configuration)
    return " ".join(scope for kind in kinds for scope in _written(kind, letters, old=old, level="system"))


def context_scope(resource_type: str, role: str | None = None) -> str:
    """The scope that asks for a further resource in context: launch/<lowercase type>, at most one role per scope."""
    scope = f"launch/{resource_type.lower()}" + (f"?role={role}" if role else "")
    if not _CONTEXT.fullmatch(scope):
        raise SettingsError(f"{scope} is no launch scope")
    return scope


def shortest(scopes: Iterable[str]) -> str:
    """The same rights in fewer scopes: letters of one type are joined, repetitions left out. Scopes for part of a type stay apart."""
    rights: dict[tuple[str, str, str], str] = {}
    others: dict[str, None] = {}
    for scope in scopes:
        found = _SCOPE.fullmatch(scope)
        if found is None or found["rights"] in _VERSION_1 or not found["rights"]:
            others[scope] = None
            continue
        key = (found["level"], found["type"], found["only"] or "")
        rights[key] = _ordered(rights.get(key, "") + found["rights"])
    joined = [f"{level}/{kind}.{letters}{'?' if only else ''}{only}" for (level, kind, only), letters in rights.items()]
    return " ".join([*others, *joined])


@dataclass(frozen=True, slots=True)
class Right:
    """One granted right: a level, a type ("*" for all), letters, and the query that limits it to part of the type ("" for all of it)."""

    level: str
    resource_type: str
    letters: str
    only: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """What an EHR granted. `others` are the scopes that are no rights (openid, launch)."""

    rights: tuple[Right, ...]
    others: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> "Granted":
        """The scopes of a token answer. Never raises: what is not understood grants nothing."""
        rights: list[Right] = []
        others: set[str] = set()
        for word in text.split():
            scope = _without_uri(word)
            found = _SCOPE.fullmatch(scope)
            if found is None:
                others.add(scope)
            elif found["rights"]:
                letters = _VERSION_1.get(found["rights"], found["rights"])
                rights.append(Right(found["level"], found["type"], letters, found["only"] or ""))
        # A scope that says its level was judged above: read once more without it, a right to part of a type would be one to all of it.
        named = " ".join(word for word in text.split() if "/" not in word)
        rights += [Right("user", kind, _NAMED_RIGHTS[verb.lower()]) for kind, verb in _NAMED.findall(named)]
        return cls(tuple(dict.fromkeys(rights)), frozenset(others))

    def allows(self, resource_type: str, letter: str) -> bool:
        """Whether the interaction (c, r, u, d or s) is granted for the type, or for part of it: see `limits`."""
        return any(letter in right.letters and right.resource_type in ("*", resource_type) for right in self.rights)

    def limits(self, resource_type: str, letter: str) -> tuple[str, ...]:
        """The queries to which the right is limited ("category=vital-signs"); () where it is not granted or not limited."""
        given = [right.only for right in self.rights if letter in right.letters and right.resource_type in ("*", resource_type)]
        return () if "" in given else tuple(given)

    def covers(self, resource_type: str, letter: str) -> bool:
        """Whether the interaction is granted for all of the type: only then does "not there" say something."""
        return self.allows(resource_type, letter) and not self.limits(resource_type, letter)

    def lacks(self, asked: "Granted") -> Mapping[str, str]:
        """What was asked for and is not granted: letters by type. Of "*" only what is granted for no type at all."""
        lacking: dict[str, str] = {}
        for right in asked.rights:
            found = "".join(letter for letter in right.letters if not self._grants(right.resource_type, letter))
            if found:
                lacking[right.resource_type] = _ordered(lacking.get(right.resource_type, "") + found)
        return lacking

    def _grants(self, resource_type: str, letter: str) -> bool:
        return any(letter in right.letters for right in self.rights) if resource_type == "*" else self.allows(resource_type, letter)

    def within(self, bounds: "Granted") -> "Granted":
        """What both grant: a token that was renewed never brings more than was granted first (RFC 6749, section 6)."""
        both = [found for right in self.rights for bound in bounds.rights if (found := _shared(right, bound)) is not None]
        return Granted(tuple(dict.fromkeys(both)), self.others & bounds.others)

    @property
    def letters(self) -> Mapping[str, str]:
        """All granted letters by type, in their order, for a page that shows them."""
        by_type: dict[str, str] = {}
        for right in self.rights:
            by_type[right.resource_type] = _ordered(by_type.get(right.resource_type, "") + right.letters)
        return by_type


def _is_old(configuration: SmartConfiguration) -> bool:
    return configuration.offers("permission-v1") and not configuration.offers("permission-v2")


def _written(kind: str, letters: str, *, old: bool, level: str) -> list[str]:
    if not old:
        return [f"{level}/{kind}.{letters}"]
    reads, writes = set(letters) & {"r", "s"}, set(letters) & {"c", "u", "d"}
    return [f"{level}/{kind}.{word}" for word, wanted in (("read", reads), ("write", writes)) if wanted]


def _shared(one: Right, other: Right) -> Right | None:
    """The part of a right that another one grants, too; None where they have nothing in common."""
    if one.resource_type != other.resource_type and "*" not in (one.resource_type, other.resource_type):
        return None
    letters = "".join(letter for letter in one.letters if letter in other.letters)
    kind = other.resource_type if one.resource_type == "*" else one.resource_type
    only = "&".join(dict.fromkeys(query for query in (one.only, other.only) if query))
    return Right(one.level, kind, letters, only) if letters else None


def _ordered(letters: str) -> str:
    return "".join(letter for letter in LETTERS if letter in letters)


def _without_uri(scope: str) -> str:
    """A scope in its short form; some servers write them as URIs."""
    for prefix in (*_URIS, _OPENID_URI):
        if scope.startswith(prefix):
            return scope.removeprefix(prefix)
    return scope
