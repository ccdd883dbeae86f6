"""What a server says that it can do (CapabilityStatement, FHIR R4). Necessary, never sufficient.

It over-reports, under-reports and may be years old.
Only the interaction codes of FHIR count; what some servers write instead ("write") promises nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhir_taper.records import Json

_OF_A_TYPE: Final = frozenset(
    {"read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"},
)
_OF_THE_SYSTEM: Final = frozenset({"transaction", "batch", "search-system", "history-system"})


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One server's statement, as far as it makes sense. The type "" stands for the whole server."""

    fhir_version: str = ""
    software: str = ""
    interactions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parameters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    conditional_create: frozenset[str] = frozenset()
    """Types for which If-None-Exist is honoured."""
    operations: frozenset[str] = frozenset()
    """Names of operations on any type, without the $."""

    @classmethod
    def of(cls, statement: Json) -> "Capabilities":
        """The statement taken apart. Never raises: what makes no sense promises nothing."""
        interactions: dict[str, frozenset[str]] = {}
        parameters: dict[str, frozenset[str]] = {}
        conditional: set[str] = set()
        operations: set[str] = set()
        for rest in _objects(statement.get("rest")):
            if rest.get("mode", "server") != "server":
                continue
            interactions[""] = interactions.get("", frozenset()) | (_codes(rest) & _OF_THE_SYSTEM)
            operations |= _names(rest.get("operation"))
            for resource in _objects(rest.get("resource")):
                kind = resource.get("type")
                if not isinstance(kind, str):
                    continue
                interactions[kind] = interactions.get(kind, frozenset()) | (_codes(resource) & _OF_A_TYPE)
                parameters[kind] = parameters.get(kind, frozenset()) | _names(resource.get("searchParam"))
                operations |= _names(resource.get("operation"))
                if resource.get("conditionalCreate") is True:
                    conditional.add(kind)
        software = statement.get("software")
        return cls(
            _text(statement.get("fhirVersion")),
            _text(software.get("name")) if isinstance(software, Mapping) else "",
            interactions,
            parameters,
            frozenset(conditional),
            frozenset(operations),
        )

    def may(self, resource_type: str, interaction: str) -> bool:
        """Whether the server declares this interaction ("read", "create", "search-type" …) for the type; "" asks for the system's."""
        return interaction in self.interactions.get(resource_type, frozenset())

    def search_params(self, resource_type: str) -> frozenset[str]:
        """The search parameters that it declares for the type."""
        return self.parameters.get(resource_type, frozenset())


def _objects(value: object) -> Iterator[Json]:
    return (one for one in (value if isinstance(value, list) else ()) if isinstance(one, dict))


def _codes(element: Json) -> frozenset[str]:
    return frozenset(one["code"] for one in _objects(element.get("interaction")) if isinstance(one.get("code"), str))


def _names(value: object) -> frozenset[str]:
    return frozenset(one["name"].removeprefix("$") for one in _objects(value) if isinstance(one.get("name"), str))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
