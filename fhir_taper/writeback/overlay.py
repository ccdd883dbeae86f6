"""Overlays: what a vendor's server really does with what it is sent. Data, one TOML file each in `overlays/`.

    name, says, source, mark          what the file is about, and where that is known from
    statement = "required|optional"   whether a server without a CapabilityStatement may be written to at all
    validate = "offered|never"        whether $validate is asked before a write, where the CapabilityStatement offers it
    [Type.interaction]                create, update; Bundle.transaction
    allowed = true|false              whether anything of ours may go that way
    meaning                           what the server makes of it, in words (the trap, where there is one)
    rung                              where it is not allowed: the rung of the ladder that takes it instead
    required = { element = value }    values that it must have there; null-like absence is a difference
    forbidden = { element = [ … ] }   values that it must not have there
    strip = [ "element" ]             top-level elements that the server refuses: taken away, and said
    limits = { element = length }     longest text of a top-level element: a longer one is not sent
    sign_off = "before|none"          whether a clinician's decision must be recorded first
    idempotent = true|false           whether the same request again makes no second record
    atomic = true|false               Bundle.transaction: whether a refusal undoes every entry
    stale_if_match = [409, 412]       the answers that mean "not the version that you read"
    search = "identifier|target|"     what finds it again after a lost answer ("": nothing does, a person looks)
    facts = [ "…" ]                   what the server does not advertise
    advertised = true|false           false: the CapabilityStatement does not list it although it works
    source, mark                      where the row is known from: P vendor or HL7 artefact, S third party, M measured, D our choice

An unknown key, a row without source, or a value of the wrong type is a TableError naming file and key.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from fhir_taper.errors import SettingsError, TableError

GENERIC: Final = "generic"
_MARKS: Final = frozenset("PSMD")
_INTERACTIONS: Final = frozenset({"create", "update", "transaction"})
_STATEMENTS: Final = frozenset({"required", "optional"})
_VALIDATORS: Final = frozenset({"offered", "never"})
_SIGN_OFFS: Final = frozenset({"before", "none"})
_SEARCHES: Final = frozenset({"identifier", "target", ""})
_TOP: Final[Mapping[str, type]] = {"name": str, "says": str, "statement": str, "validate": str, "source": str, "mark": str}
_ROW: Final[Mapping[str, type]] = {
    "allowed": bool,
    "meaning": str,
    "rung": str,
    "required": dict,
    "forbidden": dict,
    "strip": list,
    "limits": dict,
    "sign_off": str,
    "idempotent": bool,
    "atomic": bool,
    "stale_if_match": list,
    "search": str,
    "facts": list,
    "advertised": bool,
    "source": str,
    "mark": str,
}
_NEEDED: Final = ("allowed", "meaning", "sign_off", "idempotent", "stale_if_match", "source", "mark")


@dataclass(frozen=True, slots=True)
class Row:
    """What one interaction with one type means on one vendor's server. The module's docstring says what each field is."""

    resource_type: str
    interaction: str
    allowed: bool
    meaning: str
    sign_off: str
    idempotent: bool
    stale_if_match: tuple[int, ...]
    source: str
    mark: str
    rung: str = ""
    required: Mapping[str, Any] = field(default_factory=dict)
    forbidden: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    strip: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    atomic: bool = True
    search: str = "identifier"
    facts: tuple[str, ...] = ()
    advertised: bool = True


@dataclass(frozen=True, slots=True)
class Overlay:
    """One vendor's rows."""

    name: str
    says: str
    statement: str
    validate: str
    source: str
    mark: str
    rows: Mapping[tuple[str, str], Row]

    def row(self, resource_type: str, interaction: str) -> Row | None:
        """What is known of this interaction; None for one that the file does not name, which is then not allowed."""
        return self.rows.get((resource_type, interaction))

    def types(self) -> frozenset[str]:
        """Every type that may go out in some way."""
        return frozenset(row.resource_type for row in self.rows.values() if row.allowed)


@lru_cache(maxsize=16)
def load_overlay(name: str) -> Overlay:
    """The overlay of a tenant's vendor. Raises SettingsError where there is none of this name, TableError where its file is wrong."""
    folder = resources.files(__package__).joinpath("overlays")
    known = sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
    if name not in known:
        raise SettingsError(f"vendor {name!r} has no overlay; there are {', '.join(known)}")
    return overlay_of(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


def overlay_of(text: str, file: str) -> Overlay:
    """The overlay in the text of a file; `file` is what errors name."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"{file}: {error}") from error
    rows: dict[tuple[str, str], Row] = {}
    top = {key: value for key, value in document.items() if not isinstance(value, dict)}
    _check(top, _TOP, file, "")
    _present(top, tuple(_TOP), file, "")
    _one_of(top["statement"], _STATEMENTS, file, "statement")
    _one_of(top["validate"], _VALIDATORS, file, "validate")
    _one_of(top["mark"], _MARKS, file, "mark")
    for kind, interactions in document.items():
        if not isinstance(interactions, dict):
            continue
        for interaction, values in interactions.items():
            rows[kind, interaction] = _row(kind, interaction, values, file)
    return Overlay(**top, rows=rows)


def _row(kind: str, interaction: str, values: object, file: str) -> Row:
    place = f"{kind}.{interaction}"
    if interaction not in _INTERACTIONS or not kind.isalpha() or not isinstance(values, dict):
        raise TableError(f"{file}: {place} is no interaction of a resource type")
    _check(values, _ROW, file, f"{place}.")
    _present(values, _NEEDED, file, f"{place}.")
    for key, allowed in (("sign_off", _SIGN_OFFS), ("mark", _MARKS), ("search", _SEARCHES)):
        if key in values:
            _one_of(values[key], allowed, file, f"{place}.{key}")
    return Row(kind, interaction, **{key: _frozen(key, value, file, place) for key, value in values.items()})


def _frozen(key: str, value: Any, file: str, place: str) -> Any:
    if key == "forbidden":
        if not all(isinstance(one, list) for one in value.values()):
            raise TableError(f"{file}: {place}.{key} is not a list of values for each element")
        return {name: tuple(one) for name, one in value.items()}
    if key == "limits" and not all(type(one) is int and one > 0 for one in value.values()):
        raise TableError(f"{file}: {place}.{key} is not a length for each element")
    wanted = int if key == "stale_if_match" else str
    if isinstance(value, list):
        if not all(type(one) is wanted for one in value):
            raise TableError(f"{file}: {place}.{key} holds another kind of value than {wanted.__name__}")
        return tuple(value)
    return value


def _check(values: Mapping[str, Any], known: Mapping[str, type], file: str, place: str) -> None:
    for key, value in values.items():
        if key not in known:
            raise TableError(f"{file}: {place}{key} is not a key of an overlay; known are {', '.join(sorted(known))}")
        if type(value) is not known[key]:
            raise TableError(f"{file}: {place}{key} is not a {known[key].__name__}")


def _present(values: Mapping[str, Any], needed: tuple[str, ...], file: str, place: str) -> None:
    for key in needed:
        if values.get(key) in (None, "", []):
            raise TableError(f"{file}: {place}{key} is missing")


def _one_of(value: str, known: frozenset[str], file: str, place: str) -> None:
    if value not in known:
        raise TableError(f"{file}: {place} is none of {', '.join(sorted(known))}")
