"""Whether a measure was taken outside a visit, so that a Consent must permit it (privacy P7; docs/decisions/0029)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.references import address, resolve

_OF_THE_CLINIC: Final = frozenset({"Practitioner", "PractitionerRole", "Organization"})


def is_remote(chart: Chart, entry: Entry) -> bool:
    """True unless it was taken in an encounter, or by somebody of a clinic."""
    resource = entry.resource
    encounter = resource.get("encounter")
    if isinstance(encounter, dict) and (encounter.get("reference") or encounter.get("identifier")):
        return False
    return not any(_kind(chart, entry, who) in _OF_THE_CLINIC for who in _people(resource))


def _people(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Who measured (Observation.performer), or who answered and who wrote it down (QuestionnaireResponse.source, author)."""
    listed = resource.get("performer")
    for who in (*(listed if isinstance(listed, list) else ()), resource.get("source"), resource.get("author")):
        if isinstance(who, dict):
            yield who


def _kind(chart: Chart, entry: Entry, who: Mapping[str, Any]) -> str:
    target = address(who)
    if target.resource_type:
        return target.resource_type
    found = resolve(chart, entry, who)
    stated = who.get("type")
    return found.resource_type if found is not None else stated if isinstance(stated, str) else ""
