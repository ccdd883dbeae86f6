"""How fast one EHR is asked, by what it allows and by what it says."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from fhir_taper.errors import EhrBusy
from fhir_taper.records import Tenant
from fhir_taper.smart.pace import Pace
from fhir_taper.smart.transport import Transport
from tests.smart.conftest import NOW, Clock
from tests.smart.stub_server import Reply, Stub

PATIENCE = 20.0


@dataclass
class Passing:
    """Seconds that pass only while somebody waits."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def pace(self, per_minute: int | None) -> Pace:
        return Pace(
            per_minute,
            patience=PATIENCE,
            clock=lambda: NOW + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
        )


def sent_at(per_minute: int, number: int) -> list[float]:
    """Return the seconds at which requests leave that are all made as soon as they may."""
    time = Passing()
    pace, at = time.pace(per_minute), []
    for _ in range(number):
        pace.turn()
        at.append(time.seconds)
    return at


@pytest.mark.parametrize("per_minute", [20, 60, 250])
def test_no_minute_wherever_it_begins_holds_more_requests_than_are_allowed(per_minute: int) -> None:
    at = sent_at(per_minute, 4 * per_minute)
    assert max(sum(begin <= one < begin + 60 for one in at) for begin in at) <= per_minute
    assert at[-1] < 5 * 60  # and hardly less


def test_without_a_limit_nobody_waits() -> None:
    time = Passing()
    pace = time.pace(None)
    for _ in range(10_000):
        pace.turn()
    assert time.slept == []


def test_a_turn_further_away_than_anybody_waits_is_refused_and_takes_nothing_from_the_others() -> None:
    waiting = Pace(20, patience=PATIENCE, clock=lambda: NOW, monotonic=lambda: 0.0, sleep=lambda _: None)
    for _ in range(8):  # two at once, and six in twenty seconds
        waiting.turn()
    waits = []
    for _ in range(100):
        with pytest.raises(EhrBusy) as refused:
            waiting.turn()
        waits.append(refused.value.wait)
    assert set(waits) == {timedelta(seconds=7 / 0.3)}


def test_a_pause_that_the_ehr_asked_for_is_everybodys_until_it_is_over() -> None:
    time = Passing()
    pace = time.pace(None)
    pace.pause(5)
    pace.pause(2)
    pace.turn()
    assert time.slept == [5]
    pace.pause(30)
    with pytest.raises(EhrBusy, match="30 seconds"):
        pace.turn()
    pace.turn(is_again=True)
    time.seconds += 30
    pace.turn()
    assert time.slept == [5]


def test_threads_share_one_bucket() -> None:
    time = Passing()
    pace = time.pace(600)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.turn(), range(120)))
    assert time.seconds >= 60 / 9  # sixty at once, sixty more at nine a second


def test_after_429_to_one_read_no_other_read_leaves_before_its_time(ehr: Stub, tenant: Tenant, clock: Clock) -> None:
    ehr.on("/fhir", Reply(429, headers={"Retry-After": "40"}))
    transport = Transport(tenant, clock=clock.now, sleep=clock.sleep)
    assert transport.send("GET", ehr.base, headers={}).status == 429
    with pytest.raises(EhrBusy):
        transport.send("GET", ehr.base, headers={})
    assert len(ehr.requests) == 1
    clock.instant += timedelta(seconds=40)
    assert transport.send("GET", ehr.base, headers={}).status == 429
    assert len(ehr.requests) == 2


@pytest.mark.parametrize("asked", ["2592000", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_without_measure_stops_nobody_for_more_than_a_quarter_hour(asked: str, ehr: Stub, tenant: Tenant, clock: Clock) -> None:
    ehr.on("/fhir", Reply(429, headers={"Retry-After": asked}))
    transport = Transport(tenant, clock=clock.now, sleep=clock.sleep)
    assert transport.send("GET", ehr.base, headers={}).status == 429
    with pytest.raises(EhrBusy):
        transport.send("GET", ehr.base, headers={})
    clock.instant += timedelta(minutes=15)
    assert transport.send("GET", ehr.base, headers={}).status == 429


def test_a_tenant_that_names_a_limit_is_not_asked_more_often(ehr: Stub, tenant: Tenant, clock: Clock) -> None:
    ehr.on("/fhir", Reply(204))
    ehr.on("/fhir", Reply(204), method="POST")
    transport = Transport(replace(tenant, requests_per_minute=60), clock=clock.now, sleep=clock.sleep, monotonic=lambda: 0.0)
    for method in ("GET", "POST"):
        for _ in range(4):
            transport.send(method, ehr.base, headers={})
    assert clock.slept == pytest.approx([1 / 0.9, 2 / 0.9])  # six at once, then nine in ten seconds
