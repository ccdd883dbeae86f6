"""What our resources promise beyond the base definitions: US Core where they claim it, and references inside bundles.

What it is: the rules of US Core 5.0.1 for CarePlan and MedicationRequest (a resource claims them in meta.profile), and the
rule that a urn:uuid reference inside a bundle finds an entry of an allowed kind. What it must not do: judge what the base
definitions already say.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
CARE_PLAN_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"


def us_core(resource: Json) -> Iterator[str]:
    """Judge what the resource claims in meta.profile."""
    claimed = {str(url).split("|")[0] for url in resource.get("meta", {}).get("profile", [])}
    if f"{US_CORE}us-core-careplan" in claimed:
        yield from _us_core_care_plan(resource)
    if f"{US_CORE}us-core-medicationrequest" in claimed:
        yield from _us_core_medication_request(resource)


def _us_core_care_plan(resource: Json) -> Iterator[str]:
    if resource.get("text", {}).get("status") not in {"generated", "additional"}:
        yield "CarePlan.text: US Core asks for a narrative that is generated or additional"
    codings = [c for concept in resource.get("category", []) for c in concept.get("coding", [])]
    plans = [c for c in codings if (c.get("system"), c.get("code")) == (CARE_PLAN_CATEGORY, "assess-plan")]
    if len(plans) != 1:
        yield "CarePlan.category: US Core asks for assess-plan, once"


def _us_core_medication_request(resource: Json) -> Iterator[str]:
    if "requester" not in resource:
        yield "MedicationRequest.requester: US Core asks for it"


def bundle_references(bundle: Json) -> Iterator[str]:
    """Yield each urn:uuid reference inside a bundle that finds no entry."""
    targets = {entry.get("fullUrl") for entry in bundle.get("entry", [])}
    for number, entry in enumerate(bundle.get("entry", [])):
        for reference in sorted(set(_urns(entry.get("resource", {})))):
            if reference not in targets:
                yield f"Bundle.entry[{number}]: {reference} is not in the bundle"


def resolved(resource: Json, bundle: Json) -> Json:
    """Return a copy whose urn:uuid references read `Type/id`, so that checks of reference targets can judge them."""
    kinds = {e.get("fullUrl"): e["resource"].get("resourceType") for e in bundle.get("entry", []) if "resource" in e}
    copy = _rewritten(resource, kinds)
    return copy if isinstance(copy, dict) else resource


def _rewritten(node: object, kinds: dict[object, Any]) -> object:
    if isinstance(node, dict):
        return {key: _reference(value, kinds) if key == "reference" else _rewritten(value, kinds) for key, value in node.items()}
    return [_rewritten(item, kinds) for item in node] if isinstance(node, list) else node


def _reference(value: object, kinds: dict[object, Any]) -> object:
    if isinstance(value, str) and value in kinds:
        return f"{kinds[value]}/{value.removeprefix('urn:uuid:')}"
    return _rewritten(value, kinds)


def _urns(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "reference" and isinstance(value, str) and value.startswith("urn:uuid:"):
                yield value
            yield from _urns(value)
    elif isinstance(node, list):
        for item in node:
            yield from _urns(item)
