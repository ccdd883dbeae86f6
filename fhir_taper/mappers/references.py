"""References: taking them apart, and finding what they point at inside one chart.

A reference may be relative ("Medication/m1"), versioned, absolute, "urn:uuid:…", a fragment of the same resource ("#m1"), a
conditional search ("Patient?identifier=system|value", transaction bundles), or an identifier without any address. Nothing is
fetched: what is not in the chart is not found. FHIR R4, references.html.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from fhir_taper.mappers.chart import Chart, Entry

_URN = ("urn:uuid:", "urn:oid:")


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a reference string. `base` is "" unless absolute; `urn` is the whole URN; `query` and `fragment` exclude ? and #."""

    resource_type: str = ""
    id: str = ""
    version: str = ""
    base: str = ""
    urn: str = ""
    fragment: str = ""
    query: str = ""

    @property
    def key(self) -> str:
        """Type and id as in "Type/id"; "" where the reference names no resource that way."""
        return f"{self.resource_type}/{self.id}" if self.resource_type and self.id else ""


def key_of(resource: Mapping[str, Any]) -> str:
    """Type and id of a resource: the `Address.key` of what refers to it."""
    return f"{resource.get('resourceType')}/{resource.get('id', '')}"


def address(reference: object) -> Address:
    """The parts of a Reference element or of its string. Never raises: what makes no sense gives an empty address."""
    text = reference.get("reference") if isinstance(reference, dict) else reference
    if not isinstance(text, str) or not text.strip():
        return Address()
    return _address_in(text.strip())


@lru_cache(maxsize=64)
def _address_in(text: str) -> Address:
    """Nearly all references of one chart are to one patient and a few prescribers."""
    if text.startswith(_URN):
        return Address(urn=text)
    if text.startswith("#"):
        return Address(fragment=text[1:])
    path, _, query = text.partition("?")
    if query:
        return Address(resource_type=path.rsplit("/", 1)[-1], query=query)
    return _path_address(path.partition("#")[0])


def resolve(chart: Chart, entry: Entry, reference: object) -> Entry | None:
    """The entry that a reference inside `entry` points at, or None. A contained resource comes back as an entry of its own."""
    target = address(reference)
    if target.fragment:
        return contained(entry, target.fragment)
    if target.urn:
        return _by_urn(chart, target.urn)
    if target.key:
        return _by_key(chart, entry, target)
    pairs = list(identifier_pairs(target, reference))
    return next((found for pair in pairs for found in _by_identifier(chart, _wanted_type(target, reference), pair)), None)


def contained(entry: Entry, fragment: str) -> Entry | None:
    """The resource with this id inside `entry.resource.contained`, or None."""
    inside = entry.resource.get("contained")
    for resource in inside if isinstance(inside, list) else ():
        if isinstance(resource, dict) and resource.get("id") == fragment and isinstance(resource.get("resourceType"), str):
            return Entry(resource["resourceType"], fragment, f"{entry.reference}#{fragment}", entry.place, resource)
    return None


def identifier_pairs(target: Address, reference: object) -> Iterator[tuple[str, str]]:
    """(system, value) pairs by which a conditional or logical reference names its target."""
    for token in parse_qs(target.query).get("identifier", ()):
        system, bar, value = token.rpartition("|")
        yield (system if bar else "", value)
    logical = reference.get("identifier") if isinstance(reference, dict) else None
    if isinstance(logical, dict) and isinstance(logical.get("value"), str):
        yield (str(logical.get("system") or ""), logical["value"])


def has_identifier(resource: Mapping[str, Any], pair: tuple[str, str]) -> bool:
    """Whether the resource carries this identifier; a pair without a system matches any system."""
    listed = resource.get("identifier")
    items = listed if isinstance(listed, list) else [listed]
    return any(isinstance(item, dict) and item.get("value") == pair[1] and (not pair[0] or item.get("system") == pair[0]) for item in items)


def _path_address(path: str) -> Address:
    named, _, version = path.partition("/_history/")
    before, _, name = named.rpartition("/")
    base, _, kind = before.rpartition("/")
    # One server doubles the type ("Encounter/Encounter/3"): what stands before it is then no base.
    return Address(kind, name, version, base if "://" in base else "")


def _wanted_type(target: Address, reference: object) -> str:
    stated = reference.get("type") if isinstance(reference, dict) else None
    return target.resource_type or (stated if isinstance(stated, str) else "")


def _by_urn(chart: Chart, urn: str) -> Entry | None:
    if chart.index:
        return chart.index.get(urn)
    return next((entry for entry in _all(chart) if urn in (entry.full_url, f"urn:uuid:{entry.id}")), None)


def _by_key(chart: Chart, entry: Entry, target: Address) -> Entry | None:
    if chart.index:
        found = chart.index.get(target.key)
    else:
        found = next((other for other in chart.of(target.resource_type) if other.id == target.id), None)
    if found is None or not target.base:
        return found
    bases = {base for base in (address(found.full_url).base, address(entry.full_url).base) if base}
    return found if not bases or target.base in bases else None


def _by_identifier(chart: Chart, wanted: str, pair: tuple[str, str]) -> Iterator[Entry]:
    return (entry for entry in (chart.of(wanted) if wanted else ()) if has_identifier(entry.resource, pair))


def _all(chart: Chart) -> Iterator[Entry]:
    return (entry for entries in chart.by_type.values() for entry in entries)
