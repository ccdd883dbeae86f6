"""What the provenance that stands tells of a version: R4 gives it no identifier, so it is known by what it is about and what it says.

It is written once per version, and again where it does not speak of something that is written later, or not of the care plan. Where a
server kept a part of a transaction, it may name what never came to be: that counts as told, since what is written now takes its place.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from fhir_taper.errors import EhrAnswered
from fhir_taper.mappers.references import address
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.writeback.following import read_if_there
from fhir_taper.writeback.ports import Reader


@dataclass(frozen=True, slots=True)
class Told:
    """`is_there`: this version's provenance stands, or that cannot be told. `named` are its targets, `lost` the types of absent ones."""

    is_there: bool = False
    named: frozenset[str] = frozenset()
    lost: tuple[str, ...] = ()

    def covers(self, changed: Iterable[tuple[str, str, str]]) -> bool:
        """Whether it speaks of everything that changes: (type, fullUrl with us, "Type/id" in the EHR or "")."""
        lost = list(self.lost)
        for kind, urn, reference in changed:
            if urn in self.named or reference in self.named:
                continue
            if kind not in lost:
                return False
            lost.remove(kind)
        return self.is_there


def told_of(reader: Reader, plan: str, ours: Json, there: Collection[str]) -> Told:
    """What stands of a provenance of ours about a care plan ("CarePlan/7"). `there` are references that are known to be there.

    Raises EhrError, except where the EHR does not search provenance: then it cannot be told.
    """
    try:
        found = reader.search("Provenance", {"target": plan})
    except EhrAnswered:
        return Told(is_there=True)
    same = next((one.resource for one in found.resources if _tells(one.resource) == _tells(ours)), None)
    if same is None:
        return Told(is_there=not found.complete)
    named = frozenset(one["reference"].partition("/_history/")[0] for one in same.get("target", ()) if one.get("reference"))
    unknown = [target for target in map(address, sorted(named - set(there))) if target.key]
    return Told(is_there=True, named=named, lost=tuple(one.resource_type for one in unknown if read_if_there(reader, one.key) is None))


def _tells(provenance: Mapping[str, object]) -> tuple[object, ...]:
    """What a provenance is of: the activity, and the version of the plan that came before."""
    entities, activity = provenance.get("entity"), provenance.get("activity")
    before = [
        one.get("what", {}).get("identifier", {}).get("value")
        for one in (entities if isinstance(entities, list) else ())
        if one.get("role") == "revision"
    ]
    codes = [coding.get("code") for coding in (activity.get("coding", []) if isinstance(activity, Mapping) else ())]
    return (codes, before)
