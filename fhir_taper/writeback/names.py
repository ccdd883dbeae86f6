"""One space of references for base, ours and theirs: what stands in the EHR, or stood there, by the fullUrls of this version.

Inside it nothing that nobody edited differs: the EHR says `MedicationRequest/7`, the version before said `urn:uuid:` of what it wrote or
found there, and both are the same resource. The way back is `known_references`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.read.care_plan import read_bundle
from fhir_taper.mappers.references import address, key_of
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json
from fhir_taper.records import Fetched
from fhir_taper.writeback.element_references import identifier_value, references, with_references
from fhir_taper.writeback.readback import same_meaning
from fhir_taper.writeback.recorded import Recorded
from fhir_taper.writeback.standing import Standing

_URN: Final = "urn:uuid:"


class Names:
    """The names of one write. `known` is what our ledger has, `base` the Bundle of the version that was written before."""

    def __init__(self, bundle: Json, standing: Standing, base: Json | None, known: Recorded) -> None:
        self.standing = standing
        self._known = known
        self._urns = urns(standing, known)
        before = {f"{_URN}{write}": self._urns[at] for write, at in known.references.items() if at in self._urns}
        before |= {urn_of(one): urn for urn, one in standing.by_urn.items() if is_marked(one)}
        there = [one for one in (*standing.by_urn.values(), *standing.stale) if key_of(one.resource) in self._urns]
        for old, one in tuple(_same_proposals(base, there, before)) if base is not None else ():
            before[old] = self._urns[key_of(one.resource)]
        self._before = {old: new for old, new in before.items() if old != new}
        self._unknown = standing.gone - set(self._urns)
        self._base = self._resources(base) if base is not None else self._unedited(bundle)

    def in_our_words(self, theirs: Json) -> Json:
        """What stands, in the names of this version."""
        made: Json = with_references(theirs, lambda text: self._urns.get(address(text).key))
        return made

    def base_of(self, urn: str, ours: Json, there: Json) -> Json:
        """What stood when we last wrote it; nothing where that is not known, so that every difference shows."""
        sent = self._known.bodies.get(identifier_value(there, WRITE_SYSTEM))
        if sent is None and not identifier_value(there, WRITE_SYSTEM):
            sent = self._known.body_at(key_of(there))
        if sent is not None:
            made: Json = with_references(sent, lambda text: self._before.get(text) or self._urns.get(address(text).key))
            return made
        if identifier_value(there, WRITE_SYSTEM) == identifier_value(ours, WRITE_SYSTEM):
            return ours  # this very version was written before
        return self._base.get(urn, {})

    def narrative_of(self, there: Json) -> str | None:
        """A digest of the words that the EHR showed when we last wrote it; None where that is not known."""
        return self._known.narratives.get(identifier_value(there, WRITE_SYSTEM))

    def mended(self, there: Json, ours: Json) -> Json:
        """What stands, with its references to what never came to be as we mean them: our own leftovers are no edit of somebody else.

        What our ledger knows to have stood needs no such guess by its place.
        """
        made: Json = _mended(there, ours, self._unknown)
        return made

    def dangles(self, theirs: Json) -> bool:
        """Whether it refers to what this write makes again, or by a urn that only meant anything inside a transaction."""
        again = set(self.standing.deleted.values()) - {""}
        named = [str(one.get("reference", "")) for one in references(theirs)]
        return any(one.startswith(_URN) or address(one).key in again for one in named)

    def _resources(self, base: Json) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for entry in base["entry"]:
            urn = self._before.get(str(entry["fullUrl"]), str(entry["fullUrl"]))
            found[urn] = with_references(entry["resource"], self._before.get)
        return found

    def _unedited(self, bundle: Json) -> dict[str, Json]:
        """The care plan and its steps as they stand, where their own digest and texts say that nobody changed them."""
        stand = {urn: self.in_our_words(one.resource) for urn, one in self.standing.by_urn.items()}
        whole = [{"fullUrl": urn, "resource": resource} for urn, resource in stand.items()]
        try:
            mapped = read_bundle({"resourceType": "Bundle", "type": "collection", "entry": whole})
        except BadInput:
            return {}
        if any(issue.severity != "information" for issue in mapped.issues):
            return {}
        ours = {str(entry["fullUrl"]): entry["resource"] for entry in bundle["entry"]}
        return {urn: {name: value for name, value in one.items() if name in ours[urn]} for urn, one in stand.items() if urn in ours}


def urns(standing: Standing, known: Recorded) -> dict[str, str]:
    """By "Type/id" in the EHR its name here: the fullUrl of what it is in this version, or will be again; else that of the version of this
    plan that wrote it."""
    named = {at: f"{_URN}{write}" for write, at in known.references.items() if at and write in known.writes}
    named |= {key_of(one.resource): urn_of(one) for one in standing.stale if is_marked(one)}
    named |= {at: urn for urn, at in standing.deleted.items() if at}
    return named | {key_of(one.resource): urn for urn, one in standing.by_urn.items()}


def known_references(created: Iterable[str], standing: Standing, known: Recorded) -> dict[str, str]:
    """fullUrl with us → "Type/id" in the EHR, for everything that has a place there. `created` are fullUrls that get one by this write."""
    places = {urn: at for at, urn in urns(standing, known).items()} | {urn: key_of(one.resource) for urn, one in standing.by_urn.items()}
    for urn in created:
        places.pop(urn, None)
    return places


def is_marked(one: Fetched) -> bool:
    """Whether it bears a write identifier of ours."""
    return bool(identifier_value(one.resource, WRITE_SYSTEM))


def urn_of(one: Fetched) -> str:
    """The fullUrl that a resource of ours has by its write identifier."""
    return f"{_URN}{identifier_value(one.resource, WRITE_SYSTEM)}"


def _same_proposals(base: Json, there: Iterable[Fetched], named: Collection[str]) -> Iterator[tuple[str, Fetched]]:
    """Proposals of the version before that stand by what they say, where neither ledger nor identifier tells so."""
    requests = [one for one in there if one.resource["resourceType"] == "MedicationRequest"]
    for entry in base["entry"]:
        old, resource = str(entry["fullUrl"]), entry["resource"]
        if resource["resourceType"] == "MedicationRequest" and old not in named:
            yield from ((old, one) for one in requests if not same_meaning(resource, one.resource))


def _mended(there: Any, ours: Any, gone: AbstractSet[str]) -> Any:
    if isinstance(there, Mapping) and isinstance(ours, Mapping):
        text = there.get("reference")
        if isinstance(text, str) and text in gone and str(ours.get("reference", "")).startswith(_URN):
            return {**there, "reference": ours["reference"]}
        return {name: _mended(value, ours.get(name), gone) for name, value in there.items()}
    if isinstance(there, list) and isinstance(ours, list) and len(there) == len(ours):
        return [_mended(value, other, gone) for value, other in zip(there, ours, strict=True)]
    return there
