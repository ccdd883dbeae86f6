"""What an update would take from a resource that somebody else put there: what stands and is not ours must be in the body as it stands.

Ours is what looks like it (our extensions, identifiers, steps) and, of the elements that this program writes, what it wrote last. Where
that is not known, the merge has shown every difference; here only what this program never writes can be told.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhir_taper.mappers.references import address, key_of
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.writeback.element_references import references
from fhir_taper.writeback.known import stands
from fhir_taper.writeback.merge import looks_like_ours
from fhir_taper.writeback.ours import Ours

_NOT_LOOKED_AT: Final = frozenset({"resourceType", "id", "meta", "text", "implicitRules", "language"})
"""What the server sets, and what is looked at elsewhere: labels, and the narrative, which a person accepts."""


_WRITTEN: Final[Mapping[str, frozenset[str]]] = {
    "CarePlan": frozenset({
        "instantiatesCanonical", "replaces", "status", "intent", "category", "title", "description", "subject", "period", "created",
        "author", "addresses", "supportingInfo", "goal", "activity", "contained",
    }),
    "RequestGroup": frozenset({"status", "intent", "code", "subject", "authoredOn", "author", "reasonCode", "action"}),
    "Goal": frozenset({"lifecycleStatus", "category", "description", "subject", "startDate", "target"}),
}  # fmt: skip
"""The elements that some version of this program's resources has."""


def left_out(said: Mapping[str, Any], there: Mapping[str, Any], ours: Ours, may_lack: frozenset[str]) -> Iterator[str]:
    """What an update leaves out or writes over, each a sentence. `there` is what stands, `may_lack` what this EHR does not take."""
    kind = str(said.get("resourceType"))
    written = _WRITTEN.get(kind, frozenset())
    base = ours.bodies.get(key_of(there))
    for name, value in there.items():
        if name in _NOT_LOOKED_AT or name in may_lack:
            continue
        is_unknown = base is None and name in written
        if isinstance(value, list):
            wrote = (base or {}).get(name, [])
            others = [item for item in value if not (looks_like_ours(name, item) or is_unknown or _is_of_base(item, wrote, ours))]
            if any(not _is_in(item, said.get(name)) for item in others):
                yield f"{kind}.{name} leaves out what somebody else put there"
        elif not is_unknown and not (name in written and stands((base or {}).get(name), value)) and not stands(said.get(name), value):
            yield f"{kind}.{name} is written over, and somebody else changed it"


def _is_of_base(item: Any, wrote: Any, ours: Ours) -> bool:
    """Whether we wrote an item; where we wrote it as a reference to something of ours, it must be one."""
    alike = [one for one in wrote if stands(one, item)] if isinstance(wrote, list) else []
    if any(not _has_urn(one) for one in alike):
        return True
    # A urn that stands there meant something only inside a transaction of ours.
    return bool(alike) and (_has_urn(item) or any(address(one).key in ours.references for one in references(item)))


def _is_in(item: Any, items: Any) -> bool:
    """Whether an item stands in a list; a reference to what is made by this very write is none to anything that stands."""
    return isinstance(items, list) and any(stands(one, item) and _has_urn(one) == _has_urn(item) for one in items)


def _has_urn(item: Json) -> bool:
    return any(str(one.get("reference", "")).startswith("urn:uuid:") for one in references(item))
