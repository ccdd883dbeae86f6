"""Our own check of a resource against the base definitions, at every depth: the part that no packaged validator does whole.

What it is: element names, cardinality, choice elements, JSON types and regular expressions of primitives, required
bindings (system and code) and reference targets, driven by the index of `definitions`. What it must not do: judge a value
set that cannot be listed (UCUM, languages, MIME types) or anything that a profile adds. Source: FHIR 4.0.1 definitions;
JSON rules: hl7.org/fhir/R4/json.html.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tests.validators.extensions import Extensions

Json = dict[str, Any]
Invariant = Callable[[Json], Iterable[str]]

INTEGERS = {"integer", "positiveInt", "unsignedInt"}
SYSTEM_STRING = "http://hl7.org/fhirpath/System.String"
RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-\.]{1,64}(/_history/[A-Za-z0-9\-\.]{1,64})?")


@dataclass(frozen=True, slots=True)
class Members:
    """What an object of the definitions may hold: elements by name, (name, type) by JSON key, names that must be there."""

    elements: dict[str, Json]
    by_key: dict[str, tuple[str, Json]]
    required: list[str]


class Structure:
    """The base definitions, ready to judge resources.

    `index` is the file that `definitions` wrote; `invariants` maps a path of the definitions (`Timing.repeat`) to a
    function that yields what is wrong with an object there; `extensions` judges extensions wherever they stand.
    """

    def __init__(self, index: Path, invariants: Mapping[str, Invariant], extensions: Extensions) -> None:
        self._invariants = invariants
        self._extensions = extensions
        content: Json = json.loads(index.read_text())
        self._types: dict[str, dict[str, Json]] = content["types"]
        self._codes: dict[str, list[list[str]] | None] = content["codes"]
        self._children: dict[str, dict[str, dict[str, Json]]] = {name: _by_parent(e) for name, e in self._types.items()}
        self._known: dict[tuple[str, str], Members] = {}
        self.resource_types = frozenset(name for name, elements in self._types.items() if f"{name}.implicitRules" in elements)

    def issues(self, resource: Json) -> Iterator[str]:
        """Yield one line per error, each with the path of the element."""
        name = resource.get("resourceType")
        if not isinstance(name, str) or name not in self._types:
            yield f"{name}: unknown resourceType"
            return
        body = {key: value for key, value in resource.items() if key != "resourceType"}
        yield from self._members(body, name, name, name)

    def _members(self, node: Json, owner: str, parent: str, path: str, used_as: str = "") -> Iterator[str]:
        """Judge the members of an object whose elements are the children of `parent` in the definition of `owner`.

        `used_as` is the element that has the datatype `owner` (`MedicationRequest.dosageInstruction` for a Dosage).
        """
        yield from (f"{path}: {wrong}" for wrong in self._invariants.get(parent, _no_invariant)(node))
        if owner != "Extension":
            places = {parent, used_as} if owner != "Element" else set()
            for key in ("extension", "modifierExtension"):
                yield from self._extensions.issues(node.get(key), places, f"{path}.{key}")
        members = self._members_of(owner, parent)
        given: dict[str, list[str]] = {}
        for key in node:
            bare = key.removeprefix("_")
            if bare not in members.by_key:
                yield f"{path}.{key}: unknown element"
                continue
            if bare not in (used := given.setdefault(members.by_key[bare][0], [])):
                used.append(bare)
        yield from (f"{path}.{name}: required element missing" for name in members.required if name not in given)
        for name, keys in given.items():
            if members.elements[name]["max"] == "0":
                yield f"{path}.{name}: not allowed here"
            if len(keys) > 1:
                yield f"{path}.{name}: only one of {', '.join(sorted(keys))} may be given"
            for key in keys:
                yield from self._element(node, key, members.elements[name], members.by_key[key][1], owner, parent, path)

    def _members_of(self, owner: str, parent: str) -> "Members":
        if (owner, parent) not in self._known:
            elements = self._children[owner].get(parent, {})
            required = [name for name, element in elements.items() if element["min"] > 0]
            self._known[owner, parent] = Members(elements, dict(_keys(elements)), required)
        return self._known[owner, parent]

    def _element(self, node: Json, key: str, element: Json, kind: Json, owner: str, parent: str, path: str) -> Iterator[str]:
        where = f"{path}.{key}"
        repeats = element["max"] not in {"0", "1"}
        for member in (key, f"_{key}"):
            if node.get(member) is not None and isinstance(node[member], list) != repeats:
                yield f"{where}: {'must' if repeats else 'must not'} be a list"
                return
        values = _listed(node.get(key))
        if key in node and values == []:
            yield f"{where}: {'an empty list' if repeats else 'null'} is not allowed"
        beside = _listed(node.get(f"_{key}"))
        name = element["path"].rsplit(".", 1)[1]
        for number, value in enumerate(values):
            spot = f"{where}[{number}]" if repeats else where
            if value is None and number < len(beside) and beside[number] is not None:
                continue
            yield from self._value(value, element, kind, owner, f"{parent}.{name}", spot)
        for value in beside:
            if value is not None:
                yield from self._object(value, "Element", "Element", f"{path}._{key}")

    def _value(self, value: object, element: Json, kind: Json, owner: str, element_path: str, path: str) -> Iterator[str]:
        code = kind.get("code", "")
        if element["same_as"]:
            yield from self._object(value, owner, element["same_as"], path)
        elif code == "xhtml":
            if not isinstance(value, str):
                yield f"{path}: xhtml is a string"
        elif code in {"Resource", "DomainResource"}:
            yield from self.issues(value) if isinstance(value, dict) else [f"{path}: a resource is an object"]
        elif code in {"BackboneElement", "Element"} and element_path in self._children[owner]:
            yield from self._object(value, owner, element_path, path)
        elif code[:1].isupper():
            yield from self._object(value, code, code, path, element_path)
            if code == "Reference":
                yield from _target(value, kind["targets"], path)
        else:
            yield from self._primitive(value, code, element_path, path)
        if element["codes"]:
            yield from self._binding(value, element["codes"], path)

    def _object(self, value: object, owner: str, parent: str, path: str, used_as: str = "") -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: expected an object"
        elif not value:
            yield f"{path}: an empty object is not allowed"
        else:
            yield from self._members(value, owner, parent, path, used_as)

    def _primitive(self, value: object, code: str, element_path: str, path: str) -> Iterator[str]:
        code = "string" if code == SYSTEM_STRING else code
        if not _is_json_type(value, code):
            yield f"{path}: {json.dumps(value, default=str)} is not a {code}"
            return
        code = "id" if _is_resource_id(element_path, self._types) else code
        pattern = self._pattern(code)
        if pattern and not isinstance(value, bool) and not _compiled(pattern).fullmatch(str(value)):
            yield f"{path}: {value!r} is not a valid {code}"
        elif code in {"date", "dateTime", "instant"} and not _is_calendar_day(str(value)):
            yield f"{path}: {value!r} is not a day of the calendar"

    def _pattern(self, code: str) -> str:
        types = self._types[code][f"{code}.value"]["types"]
        return str(types[0]["regex"]) if types else ""

    def _binding(self, value: object, value_set: str, path: str) -> Iterator[str]:
        pairs = self._codes.get(value_set)
        if pairs is None:
            return
        if isinstance(value, str):
            if value not in {code for _, code in pairs}:
                yield f"{path}: {value!r} is not in the required value set {value_set}"
            return
        codings = value.get("coding", [value]) if isinstance(value, dict) else []
        coded = [c for c in codings if isinstance(c, dict) and "code" in c]
        if coded and not any([c.get("system"), c["code"]] in pairs for c in coded):
            yield f"{path}: no code of the required value set {value_set}"


def _no_invariant(_node: Json) -> Iterable[str]:
    return ()


def _by_parent(elements: dict[str, Json]) -> dict[str, dict[str, Json]]:
    """Group elements by the path of the object they are members of."""
    grouped: dict[str, dict[str, Json]] = {}
    for path, element in elements.items():
        if "." in path:
            parent, name = path.rsplit(".", 1)
            grouped.setdefault(parent, {})[name] = element | {"path": path}
    return grouped


def _keys(elements: dict[str, Json]) -> Iterator[tuple[str, tuple[str, Json]]]:
    """Yield (JSON key, (element name, its type)); a choice element has one key per type."""
    for name, element in elements.items():
        if name.endswith("[x]"):
            stem = name.removesuffix("[x]")
            for kind in element["types"]:
                yield stem + kind["code"][0].upper() + kind["code"][1:], (name, kind)
        else:
            yield name, (name, element["types"][0] if element["types"] else {})


def _is_resource_id(element_path: str, types: Mapping[str, Mapping[str, Json]]) -> bool:
    """FHIR types the id of a resource as string in its own definitions, and means the type id."""
    owner, _, name = element_path.partition(".")
    return name == "id" and f"{owner}.implicitRules" in types[owner]


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _is_json_type(value: object, code: str) -> bool:
    if code == "boolean":
        return isinstance(value, bool)
    if code in INTEGERS:
        return isinstance(value, int) and not isinstance(value, bool)
    if code == "decimal":
        return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return isinstance(value, str)


def _is_calendar_day(value: str) -> bool:
    day = value[:10]
    if len(day) < len("2026-01-01"):
        return True
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def _target(value: object, targets: list[str], path: str) -> Iterator[str]:
    """Judge the type that a relative reference names; `Resource` as a target allows every type."""
    text = value.get("reference", "") if isinstance(value, dict) else ""
    match = RELATIVE.fullmatch(text) if isinstance(text, str) else None
    if match and targets and "Resource" not in targets and match[1] not in targets:
        yield f"{path}: a reference to {match[1]} is not allowed, only to {', '.join(targets)}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
