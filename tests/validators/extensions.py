"""Extensions judged by their definitions at every depth: name, place, parts, number and type of value.

What it is: the check that packaged validators make at the top of a resource only, while our steps carry extensions deep inside
a RequestGroup. What it must not do: accept an extension without a definition, except of example.org, which illustrates.
Source: FHIR 4.0.1, defining extensions; the definitions are HL7's and those that the package publishes.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ILLUSTRATIONS = ("http://example.org/", "http://example.com/", "https://example.org/", "https://example.com/")
HL7 = "http://hl7.org/fhir/"
ANYWHERE = {"Element", "Resource", "DomainResource", "BackboneElement"}


@dataclass(slots=True)
class ExtensionShape:
    """What one extension, or one part of one, may hold. `contexts` is empty for a part; `is_open` when its shape is another's."""

    least: int = 0
    most: str = "*"
    value_types: set[str] = field(default_factory=set)
    value_least: int = 0
    value_most: str = "1"
    parts: dict[str, "ExtensionShape"] = field(default_factory=dict)
    contexts: set[str] = field(default_factory=set)
    is_open: bool = False


class Extensions:
    """The definitions of all extensions in some folders, by canonical address."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._shapes: dict[str, ExtensionShape] = {}
        for path in (path for folder in folders for path in sorted(folder.glob("*.json"))):
            definition: Json = json.loads(path.read_text())
            if definition.get("resourceType") == "StructureDefinition" and definition.get("type") == "Extension":
                self._shapes[definition["url"]] = shape_of(definition)

    def issues(self, items: object, places: set[str], path: str) -> Iterator[str]:
        """Judge the extensions of one element; `places` are its paths in the definitions, empty for a primitive's."""
        for number, item in enumerate(items if isinstance(items, list) else []):
            url = item.get("url") if isinstance(item, dict) else None
            where = f"{path}[{number}]"
            if not isinstance(url, str) or url.startswith(ILLUSTRATIONS):
                continue
            if url not in self._shapes:
                yield f"{where}: extension {url} has no definition"
                continue
            shape = self._shapes[url]
            if places and not _is_allowed(url, places, shape.contexts):
                yield f"{where}: extension {url} is not allowed on {' or '.join(sorted(filter(None, places)))}"
            yield from _judge(item, shape, where)


def shape_of(definition: Mapping[str, Any]) -> ExtensionShape:
    """Return the shape that a StructureDefinition of an extension states."""
    elements = definition.get("snapshot", definition.get("differential", {})).get("element", [])
    root = ExtensionShape(contexts={context["expression"] for context in definition.get("context", [])})
    slices: dict[str, ExtensionShape] = {"Extension": root}
    names: dict[str, str] = {}
    for element in elements:
        identity = element.get("id", element["path"])
        owner, _, member = identity.rpartition(".")
        if member.startswith("extension:") and owner in slices:
            slices[identity] = _slice(element)
        elif member == "url" and owner in slices:
            names[owner] = element.get("fixedUri", "")
        elif member.startswith("value") and ":" not in member and owner in slices:
            _set_value(slices[owner], member, element)
    for identity, shape in slices.items():
        owner, _, member = identity.rpartition(".")
        if owner:
            slices[owner].parts[names.get(identity) or member.removeprefix("extension:")] = shape
    return root


def _slice(element: Mapping[str, Any]) -> ExtensionShape:
    is_open = any("profile" in kind for kind in element.get("type", []))
    return ExtensionShape(least=element.get("min", 0), most=str(element.get("max", "*")), is_open=is_open)


def _set_value(shape: ExtensionShape, member: str, element: Mapping[str, Any]) -> None:
    shape.value_least = element.get("min", 0)
    shape.value_most = str(element.get("max", "1"))
    codes = [kind["code"] for kind in element.get("type", [])]
    shape.value_types = {f"value{code[0].upper()}{code[1:]}" for code in codes} if member == "value[x]" else {member}


def _judge(item: Mapping[str, Any], shape: ExtensionShape, path: str) -> Iterator[str]:
    if shape.is_open:
        return
    values = {key.removeprefix("_") for key in item if key.removeprefix("_").startswith("value")}
    for value in sorted(values):
        if shape.value_most == "0" or (shape.value_types and value not in shape.value_types):
            yield f"{path}: {value} is not what {item.get('url')} holds"
    if shape.value_least and not values:
        yield f"{path}: {item.get('url')} has no value"
    inside = [part for part in item.get("extension", []) if isinstance(part, dict)]
    counted = Counter(str(part.get("url")) for part in inside)
    for name, part_shape in shape.parts.items():
        if counted[name] < part_shape.least or (part_shape.most != "*" and counted[name] > int(part_shape.most)):
            yield f"{path}: {name} is there {counted[name]} times, not {part_shape.least}..{part_shape.most}"
    for number, part in enumerate(inside):
        name = str(part.get("url"))
        if name in shape.parts:
            yield from _judge(part, shape.parts[name], f"{path}.extension[{number}]")
        elif "/" not in name:
            yield f"{path}.extension[{number}]: {name} is no part of {item.get('url')}"


def _is_allowed(url: str, places: set[str], contexts: set[str]) -> bool:
    """HL7 itself puts extensions of a primitive (`ElementDefinition.type.code`) on the object around it; ours are held to the word."""
    around = url.startswith(HL7) and any(context.startswith(f"{place}.") for context in contexts for place in places if place)
    return not contexts or around or bool(contexts & (places | ANYWHERE))
