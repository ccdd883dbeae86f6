"""The aftercare plan in a CarePlan that `write.aftercare` made. Strict: what is missing or odd is named, never guessed."""

from collections.abc import Mapping
from typing import Any

from fhir_taper.errors import BadInput
from fhir_taper.mappers.write.aftercare import AFTERCARE, AFTERCARE_SYSTEM
from fhir_taper.mappers.write.extensions import given
from fhir_taper.mappers.write.fhir_text import from_fhir
from fhir_taper.mappers.write.namespace import PLAN_SYSTEM
from fhir_taper.mappers.write.plan_references import from_reference, from_subject
from fhir_taper.mappers.write.shapes import Kind, from_parts, read_primitive
from fhir_taper.plans.monitoring.aftercare import AftercarePlan


def is_aftercare(resource: object) -> bool:
    """Whether this is an aftercare plan of ours, whole or damaged."""
    return isinstance(resource, dict) and resource.get("resourceType") == "CarePlan" and bool(given(resource, AFTERCARE))


def from_aftercare(resource: Mapping[str, Any]) -> AftercarePlan:
    """The plan. Raises BadInput naming the place of what is missing, given twice, or not as we write it."""
    held = given(resource, AFTERCARE)
    if len(held) != 1:
        raise BadInput("is not given once", f"CarePlan.extension({AFTERCARE.name})")
    parts = from_parts(held[0].get("extension"), AFTERCARE.shape, f"CarePlan.extension({AFTERCARE.name})")
    based_on = _one_identifier(resource, "basedOn", (PLAN_SYSTEM,))
    author = resource.get("author")
    period = resource.get("period")
    start = period.get("start") if isinstance(period, Mapping) else None
    return AftercarePlan(
        id=_own_identifier(resource),
        patient=from_subject(resource.get("subject"), "CarePlan.subject"),
        based_on=based_on,
        replaces=_one_identifier(resource, "replaces", (PLAN_SYSTEM, AFTERCARE_SYSTEM)),
        start=read_primitive(start, Kind.DATE, "CarePlan.period.start"),
        author=from_reference(author, "CarePlan.author") if author is not None else "",
        **parts,
    )


def _own_identifier(resource: Mapping[str, Any]) -> str:
    listed = resource.get("identifier")
    found = [one.get("value") for one in listed if _is_in(one, (AFTERCARE_SYSTEM,))] if isinstance(listed, list) else []
    if len(found) != 1 or not isinstance(found[0], str):
        raise BadInput("does not carry our identifier once", "CarePlan.identifier")
    return found[0]


def _one_identifier(resource: Mapping[str, Any], element: str, systems: tuple[str, ...]) -> str:
    listed = resource.get(element)
    references = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    found = [one["identifier"].get("value") for one in references if _is_in(one.get("identifier"), systems)]
    if len(found) != 1 or not isinstance(found[0], str):
        raise BadInput("does not name one plan of ours", f"CarePlan.{element}")
    return from_fhir(found[0])


def _is_in(identifier: object, systems: tuple[str, ...]) -> bool:
    return isinstance(identifier, dict) and identifier.get("system") in systems
