"""What the tests of the EHR's side share: a stub EHR, a second one on another host, a clock that stands, and a sleep that only notes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from fhir_taper.records import Secret, Tenant
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.patients import Refusal
from fhir_taper.smart.transport import Transport, new_session
from tests.smart.stub_server import Stub
from tests.smart.tls_server import tls_server

__all__ = ["tls_server"]

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """An instant that moves only when somebody sleeps or moves it."""

    instant: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.instant

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.instant += timedelta(seconds=seconds)


@pytest.fixture
def ehr() -> Iterator[Stub]:
    with Stub().running() as stub:
        yield stub


@pytest.fixture
def stranger() -> Iterator[Stub]:
    with Stub().running() as stub:
        yield stub


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tenant(ehr: Stub) -> Tenant:
    return Tenant("clinic", ehr.base, "taper", "America/New_York", insecure_loopback=True)


MakeTransport = Callable[[Tenant], Transport]


@pytest.fixture
def transport_of(clock: Clock) -> Iterator[MakeTransport]:
    session = new_session()
    yield lambda tenant: Transport(tenant, session=session, clock=clock.now, sleep=clock.sleep)
    session.close()


@pytest.fixture
def transport(transport_of: MakeTransport, tenant: Tenant) -> Transport:
    return transport_of(tenant)


@pytest.fixture
def refused() -> list[Refusal]:
    return []


@pytest.fixture
def client(ehr: Stub, transport: Transport, refused: list[Refusal]) -> FhirClient:
    return FhirClient(ehr.base, transport, lambda: Secret("t0ken"), "p1", refused.append)
