"""Everything that we publish about our FHIR: StructureDefinitions of the extensions, made from the shapes that write and read them, code
systems with their value sets, the protocols, the rules, and the forms.

`definitions()` gives every conformance resource that we publish, by file name; the package carries them as files under definitions/,
and a test holds that the files are what this module says. FHIR R4 (4.0.1): differential and snapshot, sub-extensions sliced by url. No I/O.
"""

from collections.abc import Iterator
from typing import Any, Final

from fhir_taper.mappers.write.aftercare import AFTERCARE
from fhir_taper.mappers.write.degraded_mark import DEGRADED
from fhir_taper.mappers.write.extensions import ALL, Published
from fhir_taper.mappers.write.form_codes import to_signal_vocabularies
from fhir_taper.mappers.write.namespace import Json, value_set
from fhir_taper.mappers.write.plan_definitions import to_plan_definitions
from fhir_taper.mappers.write.questionnaires import FORMS_VERSION, to_questionnaires
from fhir_taper.mappers.write.rule_definitions import ATTRIBUTE_NAMES, SOURCE_ATTRIBUTE, to_rule_definitions
from fhir_taper.mappers.write.shapes import Kind, Part, Shape
from fhir_taper.mappers.write.vocabularies import VOCABULARIES, to_code_system, to_value_set
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tables.signal_tables import load_signals

DEFINITIONS_VERSION: Final = "1.0.0"
"""Version of what we publish; it rises when a shape changes."""

_TEXTS: Final = r"In texts, what a FHIR string cannot hold is written as \uXXXX, a backslash as \\, an empty text as \0."
_SLICED: Final = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}
_ELEMENT: Final = "http://hl7.org/fhir/StructureDefinition/Element"
_CONSTRAINTS: Final = [
    {
        "key": "ele-1",
        "severity": "error",
        "human": "All FHIR elements must have a @value or children",
        "expression": "hasValue() or (children().count() > id.count())",
        "source": _ELEMENT,
    },
    {
        "key": "ext-1",
        "severity": "error",
        "human": "Must have either extensions or value[x], not both",
        "expression": "extension.exists() != value.exists()",
        "source": "http://hl7.org/fhir/StructureDefinition/Extension",
    },
]


def definitions() -> dict[str, Json]:
    """Every conformance resource of ours by file name ("StructureDefinition-taper.json", "CodeSystem-tier.json", …)."""
    resources = [to_structure_definition(extension) for extension in (*ALL, DEGRADED, AFTERCARE, SOURCE_ATTRIBUTE)]
    for vocabulary in (*VOCABULARIES, ATTRIBUTE_NAMES):
        resources += [to_code_system(vocabulary, DEFINITIONS_VERSION), to_value_set(vocabulary, DEFINITIONS_VERSION)]
    resources += to_plan_definitions(load().limits.protocols.values(), DEFINITIONS_VERSION)
    resources += to_rule_definitions(load_rules().rules)
    forms = tuple(load_forms().forms.values())
    resources += to_signal_vocabularies(load_signals().signals.values(), forms, DEFINITIONS_VERSION)
    resources += to_questionnaires(forms, FORMS_VERSION)
    return {f"{resource['resourceType']}-{resource['id']}.json": resource for resource in resources}


def to_structure_definition(extension: Published) -> Json:
    """One extension with its differential and its snapshot."""
    snapshot = list(_snapshot(extension))
    return {
        "resourceType": "StructureDefinition",
        "id": extension.name,
        "url": extension.url,
        "version": DEFINITIONS_VERSION,
        "name": "".join(word.capitalize() for word in extension.name.split("-")),
        "title": extension.title,
        "status": "active",
        "experimental": False,
        "publisher": "fhir-taper",
        "description": f"{extension.title}. {_TEXTS}",
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": context} for context in extension.contexts],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "snapshot": {"element": snapshot},
        "differential": {"element": [_difference(element) for element in snapshot if _differs(element)]},
    }


def _snapshot(extension: Published) -> Iterator[Json]:
    root = _element("Extension", "Extension", extension.title, 0, "*" if extension.repeats else "1")
    yield root | {"base": {"path": "Extension", "min": 0, "max": "*"}, "constraint": _CONSTRAINTS, "isModifier": False}
    yield from _inside("Extension", "Extension", extension.url, extension.shape, None)


def _inside(ident: str, path: str, url: str, shape: Shape[Any] | None, part: Part | None) -> Iterator[Json]:
    """The children of one extension: id, sub-extensions, url, value."""
    yield _element(f"{ident}.id", f"{path}.id", "Unique id for inter-element referencing", 0, "1", "Element.id") | {
        "type": [_string_type()]
    }
    least = sum(inner.least for inner in shape.parts) if shape else 0
    yield _extension_element(f"{ident}.extension", f"{path}.extension", "Parts", least, "*" if shape else "0") | {"slicing": _SLICED}
    for inner in shape.parts if shape else ():
        name = f"{ident}.extension:{inner.url}"
        many = "*" if inner.many else "1"
        yield _extension_element(name, f"{path}.extension", inner.says, inner.least, many) | {"sliceName": inner.url}
        yield from _inside(name, f"{path}.extension", inner.url, inner.shape, inner)
    yield _element(f"{ident}.url", f"{path}.url", "Identifies the meaning of the extension", 1, "1", "Extension.url") | {
        "type": [{"code": "uri"}],
        "fixedUri": url,
    }
    yield _value_element(ident, path, part)


def _value_element(ident: str, path: str, part: Part | None) -> Json:
    if part is None or part.kind is Kind.GROUP:
        return _element(f"{ident}.value[x]", f"{path}.value[x]", "Not used", 0, "0", "Extension.value[x]") | {"type": [{"code": "string"}]}
    types = [{"code": _type_code(name)} for name in part.kind.types]
    value = _element(f"{ident}.value[x]", f"{path}.value[x]", part.says, 1, "1", "Extension.value[x]", base_min=0) | {"type": types}
    if part.kind is Kind.CODE:
        address = part.vocabulary if "://" in part.vocabulary else value_set(part.vocabulary)
        value["binding"] = {"strength": "required", "valueSet": address}
    return value


def _type_code(name: str) -> str:
    """FHIR writes primitive types with a small letter."""
    return name if name == "Ratio" else name[0].lower() + name[1:]


def _extension_element(ident: str, path: str, short: str, least: int, most: str) -> Json:
    element = _element(ident, path, short, least, most, "Element.extension", base_min=0)
    return element | {"type": [{"code": "Extension"}], "constraint": _CONSTRAINTS}


def _element(ident: str, path: str, short: str, least: int, most: str, base: str = "", base_min: int | None = None) -> Json:
    element: Json = {"id": ident, "path": path, "short": short, "definition": short, "min": least, "max": most}
    if base:
        element["base"] = {"path": base, "min": least if base_min is None else base_min, "max": "*" if base == "Element.extension" else "1"}
        element |= {"isModifier": False, "isSummary": False}
    return element


def _string_type() -> Json:
    fhir_type = {"url": "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type", "valueUrl": "string"}
    return {"extension": [fhir_type], "code": "http://hl7.org/fhirpath/System.String"}


def _differs(element: Json) -> bool:
    """Whether an element says more than FHIR's own Extension: its id never does, a slicing alone is implied."""
    return not element["id"].endswith(".id")


def _difference(element: Json) -> Json:
    kept = ("id", "path", "slicing", "sliceName", "short", "definition", "min", "max", "type", "fixedUri", "binding")
    without_type = element["path"].endswith(".url") or element["max"] == "0"
    return {key: element[key] for key in kept if key in element and not (key == "type" and without_type)}
