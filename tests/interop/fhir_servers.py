"""The FHIR servers of other makers that the tests write to, each started once per process: SEKMET twice, and the Medplum router.

SEKMET as it ships lacks search parameters, and answers a search that it does not understand with everybody's resources unless it is told to
be strict. The Medplum router keeps the entries of a transaction that went well before one failed, and has no CapabilityStatement.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from fhir_taper.errors import SandboxError
from fhir_taper.exact_json import encode
from fhir_taper.sandbox.ehr import Ehr
from fhir_taper.sandbox.forwarding import send
from fhir_taper.sandbox.server import LOOPBACK, port_of, reserve
from tests.interop.between import Between
from tests.interop.node_programs import running

Json = dict[str, Any]
SERVERS = ("sekmet", "sekmet-more-search", "fhir-router")
WRITTEN = ("CarePlan", "RequestGroup", "Goal", "MedicationRequest", "Provenance")
"""Types of which a write leaves one or more in a patient's chart."""
_FHIR = {"Content-Type": "application/fhir+json"}
_MOST = 1000


@dataclass
class Server:
    """A server, and what stands before it. `behind` is the server itself: tests look there, the app never does."""

    name: str
    behind: str
    between: Between
    _patients: Iterator[int] = field(default_factory=count)

    @property
    def base(self) -> str:
        """The FHIR base for the app."""
        return self.between.base

    def new_patient(self) -> str:
        """Put a patient in, whom no other test knows; return the id."""
        known_as = f"{self.name}-{next(self._patients)}"
        self.put(
            {"resourceType": "Patient", "id": known_as, "name": [{"family": "Example"}], "birthDate": "1950-03-01", "gender": "female"}
        )
        return known_as

    def put(self, resource: Json, version: str = "") -> None:
        """Put a resource in as somebody else in the EHR would."""
        headers = _FHIR | ({"If-Match": version} if version else {})
        answer = send("PUT", f"{self.behind}/{resource['resourceType']}/{resource['id']}", headers, encode(resource))
        assert answer.status in (200, 201), answer.body

    def get(self, path: str) -> Json:
        """Read from the server itself."""
        answer = send("GET", f"{self.behind}/{path}")
        assert answer.status == 200, answer.body
        found: Json = answer.json()
        return found

    def of(self, patient: str, kind: str) -> list[Json]:
        """Everything of a type that stands in a patient's chart, whatever the server can search by."""
        return self.written(patient, (kind,)).get(kind, [])

    def written(self, patient: str, kinds: tuple[str, ...] = WRITTEN) -> dict[str, list[Json]]:
        """Everything that writes of ours may have left there, by type."""
        stand = {kind: self._all(kind) for kind in dict.fromkeys(("CarePlan", *kinds))}
        subject = f"Patient/{patient}"
        plans = {f"CarePlan/{one['id']}" for one in stand["CarePlan"] if _names(one["subject"], {subject})}
        about = {"Provenance": lambda one: any(_names(target, plans) for target in one["target"])}
        by_subject = lambda one: _names(one["subject"], {subject})  # noqa: E731 beside the one exception
        found = {kind: [one for one in stand[kind] if about.get(kind, by_subject)(one)] for kind in kinds}
        return {kind: some for kind, some in found.items() if some}

    def _all(self, kind: str) -> list[Json]:
        entries = self.get(f"{kind}?_count={_MOST}").get("entry", [])
        assert len(entries) < _MOST
        return [one["resource"] for one in entries]


def _names(reference: Json, wanted: set[str]) -> bool:
    return reference.get("reference", "").partition("/_history/")[0] in wanted


@contextmanager
def started(name: str) -> Iterator[Server]:
    """Start a server and what stands before it. What is missing fails the test in one sentence."""
    if name == "fhir-router":
        with running(Path(__file__).parent / "fhir_router", dict(os.environ)) as behind, Between(reserve(0), behind) as between:
            yield Server(name, behind, between)
        return
    door = reserve(0)
    base = f"http://{LOOPBACK}:{port_of(door)}/fhir"
    with Ehr(base, extra_search=name == "sekmet-more-search") as ehr:
        try:
            ehr.wait()
            ehr.be_strict()
        except SandboxError as error:
            pytest.fail(f"SEKMET (sekmet-fhir of requirements.lock) does not start: {error}")
        with Between(door, ehr.base) as between:
            yield Server(name, ehr.base, between)


@pytest.fixture(scope="session")
def sekmet() -> Iterator[Server]:
    """SEKMET as it ships."""
    with started("sekmet") as server:
        yield server


@pytest.fixture(scope="session")
def sekmet_more_search() -> Iterator[Server]:
    """SEKMET with the search parameters of FHIR R4 that it lacks."""
    with started("sekmet-more-search") as server:
        yield server


@pytest.fixture(scope="session")
def fhir_router() -> Iterator[Server]:
    """The Medplum router."""
    with started("fhir-router") as server:
        yield server


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Server:
    """Each of them in turn."""
    return the_server(request)


def the_server(request: pytest.FixtureRequest) -> Server:
    """The one that a test is about, by its name."""
    found: Server = request.getfixturevalue(request.param.replace("-", "_"))
    found.between.faults.clear()
    return found
