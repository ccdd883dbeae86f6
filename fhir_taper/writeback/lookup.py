"""Searching the EHR for what may be ours of one patient. A list that may be incomplete is no proof that there is nothing: it is refused."""

from dataclasses import dataclass

from fhir_taper.errors import WriteRefused
from fhir_taper.records import Fetched
from fhir_taper.writeback.ports import Reader


@dataclass(frozen=True, slots=True)
class Lookup:
    """`searchable` are the types that this EHR finds by an identifier; of the others all are listed. Its answers raise EhrError."""

    reader: Reader
    patient_id: str
    searchable: frozenset[str]

    def listed(self, kind: str, token: str = "") -> tuple[Fetched, ...]:
        """What the EHR holds of a type, by an identifier ("system|value") where it can be asked for one: more may come, never less.

        Raises WriteRefused where the answer may be incomplete.
        """
        params = {"patient": self.patient_id} if kind != "Device" else {}
        found = self.reader.search(kind, params | ({"identifier": token} if token and kind in self.searchable else {}))
        if not found.complete:
            raise WriteRefused(f"the EHR's answer for {kind} may be incomplete: whether this was written before is not known")
        return tuple(found.resources)

    def with_version(self, one: Fetched) -> Fetched:
        """A list does not always tell versions; reading does."""
        return one if one.etag else self.reader.read(one.resource["resourceType"], str(one.resource.get("id")))
