"""Finding what a write left in the EHR, without believing its answer: by our identifier, by what the care plan refers to, by version.

Used after every answer that leaves a doubt, and by the sweep over what was never answered. It reads only. "Not there" is said only where
the EHR can be searched and the list is whole; else it is "cannot be told". The care plan goes first in a transaction: where it is not
there, neither is anything else of the same request that cannot be told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from fhir_taper.errors import EhrAnswered
from fhir_taper.mappers.references import address
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json
from fhir_taper.records import Fetched
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.following import read_if_there, referred_to
from fhir_taper.writeback.ports import Reader
from fhir_taper.writeback.readback import meaning_digest


@dataclass(frozen=True, slots=True)
class Sent:
    """One resource of a request, as the ledger remembers it: no clinical content. `etag` is the version that was to be replaced."""

    resource_type: str
    doing: str
    write_identifier: str
    meaning: str
    reference: str = ""
    etag: str | None = None
    about: str = ""
    """Of a provenance that goes alone: the care plan that it is about, as the EHR names it."""

    def as_json(self) -> Json:
        """For a ledger row."""
        return {name: getattr(self, name) for name in self.__slots__}


def sent_of(detail: Mapping[str, Any]) -> tuple[Sent, ...]:
    """What a ledger row's detail says was sent."""
    return tuple(Sent(**item) for item in detail.get("sent", ()))


class Place(Enum):
    """Where a resource is."""

    THERE = "there"
    ABSENT = "absent"
    SEVERAL = "several"
    UNTOLD = "cannot be told"


@dataclass(frozen=True, slots=True)
class Located:
    """What was found of one resource. `is_same`: it means what was sent."""

    sent: Sent
    place: Place
    fetched: Fetched | None = None

    @property
    def is_same(self) -> bool:
        return self.fetched is not None and meaning_digest(self.fetched.resource) == self.sent.meaning

    @property
    def reference(self) -> str:
        """Type and id in the EHR; "" where it was not found."""
        return f"{self.sent.resource_type}/{self.fetched.resource.get('id')}" if self.fetched else self.sent.reference


def locate(sent: Iterable[Sent], patient_id: str, reader: Reader, searchable: Iterable[str]) -> tuple[Located, ...]:
    """Each resource of a request, where it is now. Raises EhrError where the EHR cannot be asked."""
    finding = _Locating(patient_id, reader, frozenset(searchable))
    first = {one.write_identifier: finding.one(one) for one in sent if one.resource_type != "Provenance"}
    plan = next((one for one in first.values() if one.sent.resource_type == "CarePlan"), None)
    if plan is not None:
        first = {key: finding.through(plan, one) for key, one in first.items()}
    return tuple(first.get(one.write_identifier) or finding.provenance(plan, one) for one in sent)


class _Locating:
    def __init__(self, patient_id: str, reader: Reader, searchable: frozenset[str]) -> None:
        self.patient_id, self.reader, self.searchable = patient_id, reader, searchable

    def one(self, sent: Sent) -> Located:
        if sent.reference:
            return self._updated(sent) if sent.doing == "update" else self._read(sent)
        if sent.resource_type not in self.searchable:
            return Located(sent, Place.UNTOLD)
        params = {"identifier": f"{WRITE_SYSTEM}|{sent.write_identifier}"}
        found = self.reader.search(sent.resource_type, params | ({"patient": self.patient_id} if sent.resource_type != "Device" else {}))
        matches = [one for one in found.resources if identifier_value(one.resource, WRITE_SYSTEM) == sent.write_identifier]
        if len(matches) == 1:
            return Located(sent, Place.THERE, matches[0])
        if matches:
            return Located(sent, Place.SEVERAL)
        return Located(sent, Place.ABSENT if found.complete else Place.UNTOLD)

    def through(self, plan: Located, one: Located) -> Located:
        """What cannot be searched is found by the care plan's own references; where the care plan is not there, neither is the rest."""
        if one.place is not Place.UNTOLD:
            return one
        if plan.place is Place.ABSENT:
            return replace(one, place=Place.ABSENT)
        referred = referred_to(self.reader, plan.fetched, (one.sent.resource_type,)) if plan.fetched else ()
        for fetched in referred:
            if identifier_value(fetched.resource, WRITE_SYSTEM) == one.sent.write_identifier:
                return Located(one.sent, Place.THERE, fetched)
        return one

    def provenance(self, plan: Located | None, sent: Sent) -> Located:
        """It has no identifier in R4: known by its target and what it says."""
        if sent.reference:
            return self._read(sent)
        if plan is not None and plan.fetched is None:
            return Located(sent, plan.place)
        about = plan.reference if plan is not None else sent.about
        if not about:
            return Located(sent, Place.UNTOLD)
        try:
            found = self.reader.search("Provenance", {"target": about})
        except EhrAnswered:
            return Located(sent, Place.UNTOLD)
        same = [one for one in found.resources if meaning_digest(one.resource) == sent.meaning and _is_about(one.resource, about)]
        if len(same) == 1:
            return Located(sent, Place.THERE, same[0])
        return Located(sent, Place.SEVERAL if same else Place.ABSENT if found.complete else Place.UNTOLD)

    def _read(self, sent: Sent) -> Located:
        fetched = read_if_there(self.reader, sent.reference)
        return Located(sent, Place.THERE if fetched else Place.ABSENT, fetched)

    def _updated(self, sent: Sent) -> Located:
        """An update is there where our identifier and meaning are; a version that did not move was not updated."""
        fetched = read_if_there(self.reader, sent.reference)
        if fetched is None:
            return Located(sent, Place.ABSENT)
        if fetched.etag == sent.etag:
            return Located(sent, Place.ABSENT)
        if identifier_value(fetched.resource, WRITE_SYSTEM) != sent.write_identifier:
            return Located(sent, Place.ABSENT)
        return Located(sent, Place.THERE, fetched)


def _is_about(resource: Json, reference: str) -> bool:
    return any(address(target).key == reference for target in resource.get("target", ()))
