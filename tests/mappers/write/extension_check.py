"""Judges written extensions by the published StructureDefinitions alone: an independent reading of the files, not of our shapes.

Checked at every depth: known sub-extensions, cardinality, type of the value, required bindings, and where the extension may stand.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.mappers.write.publish_definitions import FOLDER

OURS = "https://fhir-taper.org/fhir/"
HL7_CODES = {
    "http://hl7.org/fhir/ValueSet/request-status": {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
}


def problems(resource: Mapping[str, Any]) -> list[str]:
    """Return every extension of ours in a resource that its definition does not allow."""
    return list(_walk(resource, str(resource.get("resourceType"))))


@cache
def _definition(url: str) -> dict[str, Any]:
    path = FOLDER / f"StructureDefinition-{url.rsplit('/', 1)[-1]}.json"
    definition: dict[str, Any] = json.loads(path.read_text())
    assert definition["url"] == url
    return definition


@cache
def _elements(url: str) -> dict[str, dict[str, Any]]:
    return {element["id"]: element for element in _definition(url)["snapshot"]["element"]}


@cache
def _codes(value_set: str) -> set[str]:
    if value_set in HL7_CODES:
        return HL7_CODES[value_set]
    name = value_set.rsplit("/", 1)[-1]
    included = json.loads((FOLDER / f"ValueSet-{name}.json").read_text())["compose"]["include"]
    system = json.loads((FOLDER / f"CodeSystem-{name}.json").read_text())
    assert [part["system"] for part in included] == [system["url"]]
    return {concept["code"] for concept in system["concept"]}


def _walk(node: object, path: str) -> Iterator[str]:
    if isinstance(node, Mapping):
        extensions = [item for item in node.get("extension", []) if str(item.get("url", "")).startswith(OURS)]
        yield from _counts(extensions, path)
        for extension in extensions:
            url = extension["url"]
            if path not in {context["expression"] for context in _definition(url)["context"]}:
                yield f"{path}: {url} may not stand here"
            yield from _inside(extension, url, "Extension", f"{path}.{url.rsplit('/', 1)[-1]}")
        for key, value in node.items():
            if key not in {"extension", "contained"}:
                yield from _walk(value, f"{path}.{key}")
        for inner in node.get("contained", []):
            yield from _walk(inner, inner["resourceType"])
    elif isinstance(node, list):
        for item in node:
            yield from _walk(item, path)


def _counts(extensions: list[dict[str, Any]], path: str) -> Iterator[str]:
    for url, count in Counter(item["url"] for item in extensions).items():
        most = _elements(url)["Extension"]["max"]
        if most != "*" and count > int(most):
            yield f"{path}: {url} is there {count} times"


def _inside(extension: Mapping[str, Any], url: str, ident: str, path: str) -> Iterator[str]:
    elements = _elements(url)
    inner = Counter(item["url"] for item in extension.get("extension", []))
    slices = {element["sliceName"]: element for element in elements.values() if element["id"].startswith(f"{ident}.extension:")
              and "." not in element["id"].removeprefix(f"{ident}.extension:")}  # fmt: skip
    yield from (f"{path}: {name} is not defined" for name in inner if name not in slices)
    for name, element in slices.items():
        if inner[name] < element["min"] or (element["max"] != "*" and inner[name] > int(element["max"])):
            yield f"{path}: {name} is there {inner[name]} times"
    yield from _value(extension, elements[f"{ident}.value[x]"], path)
    for item in extension.get("extension", []):
        if item["url"] in slices:
            yield from _inside(item, url, f"{ident}.extension:{item['url']}", f"{path}.{item['url']}")


def _value(extension: Mapping[str, Any], element: Mapping[str, Any], path: str) -> Iterator[str]:
    values = [key for key in extension if key.startswith("value")]
    if len(values) != (1 if element["max"] == "1" else 0):
        yield f"{path}: has the values {values}"
    allowed = {f"value{kind['code'][0].upper()}{kind['code'][1:]}" for kind in element["type"]}
    for key in values:
        if key not in allowed:
            yield f"{path}: {key} is not one of {sorted(allowed)}"
        if "binding" in element and extension[key] not in _codes(element["binding"]["valueSet"]):
            yield f"{path}: {extension[key]} is not in {element['binding']['valueSet']}"
