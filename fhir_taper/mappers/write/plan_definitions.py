"""The PlanDefinition of each published protocol: what `CarePlan.instantiatesCanonical` points to.

It says which protocol was followed and where it was published. How a protocol is computed stands in tables/protocols.toml, whose edition
every plan names: a second copy of it here could only disagree.
"""

from collections.abc import Iterable
from typing import Final

from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.namespace import Json, concept
from fhir_taper.mappers.write.plan_references import to_protocol
from fhir_taper.mappers.write.rule_definitions import attribute_extensions
from fhir_taper.plans.monitoring.source_attributes import attributes_of_protocol
from fhir_taper.plans.tables.limit_tables import ProtocolRow

_TYPE: Final = "http://terminology.hl7.org/CodeSystem/plan-definition-type"


def to_plan_definitions(protocols: Iterable[ProtocolRow], version: str) -> list[Json]:
    """One resource per protocol, in the order of the table."""
    return [_plan_definition(protocol, version) for protocol in protocols]


def _plan_definition(protocol: ProtocolRow, version: str) -> Json:
    return {
        "resourceType": "PlanDefinition",
        "id": protocol.id,
        "extension": attribute_extensions(attributes_of_protocol(protocol)),
        "url": to_protocol(protocol.id),
        "version": version,
        "name": "Taper" + "".join(word.capitalize() for word in protocol.id.split("-")),
        "title": shown(protocol.title),
        "type": concept(_TYPE, "clinical-protocol", "Clinical Protocol"),
        "status": "active",
        "experimental": False,
        "publisher": "fhir-taper",
        "description": f"A named way to taper, computed by fhir-taper as its table of protocols says: {shown(protocol.title)}",
        "relatedArtifact": [{"type": "citation", "citation": shown(str(protocol.source))}],
    }
