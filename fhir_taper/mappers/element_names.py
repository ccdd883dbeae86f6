"""Which elements a resource type of FHIR R4B has: a look-up by name, for which no model needs to be imported."""

from functools import lru_cache
from typing import Final

from fhir_taper.mappers.element_table import DOMAIN_RESOURCES, OF_EVERY_DOMAIN_RESOURCE, OF_EVERY_RESOURCE, RESOURCES

_BESIDE: Final = frozenset({"resourceType", "fhir_comments"})
"""No elements, but at home in the JSON of every resource (`fhir_comments` is what DSTU 2 had)."""


@lru_cache(maxsize=256)
def element_names(resource_type: str) -> frozenset[str]:
    """Every name that the JSON of this type may have, `_birthDate` beside `birthDate` too. Raises KeyError for what is no R4B type."""
    names: set[str] = set(_BESIDE)
    for name in _listed()[resource_type]:
        names |= {name, name.removeprefix("_")}
    return frozenset(names)


@lru_cache(maxsize=1)
def _listed() -> dict[str, list[str]]:
    """Names by type as the table writes them, with what every type has."""
    found: dict[str, list[str]] = {}
    for text, of_every in ((RESOURCES, OF_EVERY_RESOURCE), (DOMAIN_RESOURCES, OF_EVERY_DOMAIN_RESOURCE)):
        for entry in text.replace("\n  ", " ").split("\n"):
            kind, *names = entry.split() or [""]
            found[kind] = [*of_every.split(), *names]
    del found[""]
    return found
