"""Reading no more than was granted: for whoever concludes from "it is not there" that it is not there.

A server may answer what it does not grant with 404 or an empty list. A read or search of a type that is not granted, or granted for a part
of it only, is therefore not asked at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_taper.errors import NotGranted
from fhir_taper.records import Fetched
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.scopes import Granted
from fhir_taper.smart.search import Found


@dataclass(frozen=True, slots=True)
class GrantedReads:
    """The reads of a client within what was granted."""

    client: FhirClient
    granted: Granted

    def read(self, resource_type: str, resource_id: str) -> Fetched:
        """As the client's. Raises NotGranted before anything is sent."""
        self._require(resource_type, "r", "read")
        return self.client.read(resource_type, resource_id)

    def search(self, resource_type: str, parameters: Mapping[str, str]) -> Found:
        """As the client's. Raises NotGranted before anything is sent."""
        self._require(resource_type, "s", "search")
        return self.client.search(resource_type, parameters)

    def _require(self, resource_type: str, letter: str, doing: str) -> None:
        if not self.granted.covers(resource_type, letter):
            raise NotGranted(f"the access that was given does not cover to {doing} all of {resource_type}: nothing was sent")
