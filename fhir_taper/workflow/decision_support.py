"""What this program's decision support is, as a certified EHR shows it: every rule and every protocol with its source attributes."""

from dataclasses import dataclass
from typing import Any

from fhir_taper.mappers.write.plan_references import to_protocol
from fhir_taper.mappers.write.rule_definitions import url_of_rule
from fhir_taper.mappers.write.structure_definitions import DEFINITIONS_VERSION
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.source_attributes import SourceAttribute, attributes_of_protocol, attributes_of_rule
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.signal_tables import load_signals


@dataclass(frozen=True, slots=True)
class Intervention:
    """One rule or protocol. `kind`: "rule" or "protocol"; `url` is the canonical address of its PlanDefinition."""

    kind: str
    id: str
    version: str
    title: str
    url: str
    attributes: tuple[SourceAttribute, ...]


def interventions() -> tuple[Intervention, ...]:
    """Every rule, then every protocol, in the order of the tables."""
    signals = load_signals()
    rules = (
        Intervention("rule", one.id, str(one.version), one.title, url_of_rule(one.id), attributes_of_rule(one, signals))
        for one in load_rules().rules
    )
    protocols = (
        Intervention("protocol", one.id, DEFINITIONS_VERSION, one.title, to_protocol(one.id), attributes_of_protocol(one))
        for one in load().limits.protocols.values()
    )
    return (*rules, *protocols)


def as_document(listed: tuple[Intervention, ...]) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "interventions": [
            {
                "kind": one.kind,
                "id": one.id,
                "version": one.version,
                "title": one.title,
                "url": one.url,
                "attributes": [{"name": each.id, "title": each.title, "value": each.says} for each in one.attributes],
            }
            for one in listed
        ]
    }
