"""Two people press the button at once, in two processes: one care plan stands, of the newest version, and whoever came second is told.

The first process is stopped where a write was checked and is not in the ledger yet: there the EHR's own validation lies, and nothing that
was read before it is known to hold any more.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fhir_taper.mappers.write.extensions import read_core
from fhir_taper.records import WriteState
from tests.faults.writer import LONGEST_WAIT
from tests.faults.writes import Stage, Writer, copies, stage
from tests.interop.fhir_servers import Server
from tests.interop.writing_to import Clock, Scene, services_on

SERVER = "sekmet-more-search"


@pytest.fixture(scope="module")
def playing() -> Iterator[Stage]:
    """One server, both databases, and a first writer."""
    with stage((SERVER,)) as made:
        yield made


@pytest.fixture(scope="module")
def other() -> Iterator[Writer]:
    """A second writer."""
    writer = Writer()
    yield writer
    writer.stop()


@dataclass
class Pair:
    """One patient, and two processes that write to the same chart."""

    scene: Scene
    server: Server
    url: str
    first: Writer
    second: Writer
    folder: Path
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2))

    def write(self, writer: Writer, minutes: float = 0, *, waits: bool = False) -> Future[tuple[str, int]]:
        job = {"url": self.url, "base": self.server.base, "patient": self.scene.patient, "point": "", "number": 1, "minutes": minutes}
        return self.pool.submit(writer.write, job | ({"waits": str(self.folder)} if waits else {}))

    @contextmanager
    def first_stopped(self) -> Iterator[Future[tuple[str, int]]]:
        """The first writer has checked everything, and goes on when this ends."""
        writing, give_up = self.write(self.first, waits=True), time.monotonic() + LONGEST_WAIT
        while not (self.folder / "there").exists():
            assert time.monotonic() < give_up
            time.sleep(0.01)
        try:
            yield writing
        finally:
            (self.folder / "go").touch()

    def versions(self) -> list[int]:
        """The versions of our care plans that stand in the EHR."""
        return [read_core(one)["version"] for one in self.server.of(self.scene.patient, "CarePlan")]


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, playing: Stage, other: Writer, tmp_path: Path) -> Iterator[Pair]:
    """A patient with an approved plan that nobody wrote yet, on each database."""
    url, server, clock = playing.urls[request.param], playing.servers[SERVER], Clock()
    server.between.faults.clear()
    services = services_on(url, server.base, clock)
    scene = Scene(services, server.new_patient(), clock)
    scene.approve()
    made = Pair(scene, server, url, playing.writer, other, tmp_path)
    yield made
    made.pool.shutdown()
    services.close()


def test_a_version_that_was_saved_while_an_older_one_was_checked_is_the_only_one_that_is_written(pair: Pair) -> None:
    with pair.first_stopped() as first:
        pair.scene.revise(reason="other words")
        said, _ = pair.write(pair.second).result(LONGEST_WAIT)
        assert said.startswith("NotInTurn: another write for this patient is under way")
    assert first.result(LONGEST_WAIT)[0] == "rejected: there is a newer version of this plan: nothing was sent"
    assert pair.versions() == []
    assert pair.write(pair.second).result(LONGEST_WAIT)[0] == "written"
    assert pair.versions() == [pair.scene.plan.version]


def test_whoever_took_a_turn_over_writes_and_the_slow_one_sends_nothing_more(pair: Pair) -> None:
    with pair.first_stopped() as first:
        pair.scene.revise(reason="other words")
        assert pair.write(pair.second, minutes=10).result(LONGEST_WAIT)[0] == "written"
    assert first.result(LONGEST_WAIT)[0] == "rejected: another write for this patient began meanwhile: nothing was sent"
    assert pair.versions() == [pair.scene.plan.version]
    assert set(pair.scene.states()) == {WriteState.WRITTEN}


def test_two_who_write_the_same_version_at_once_leave_one_record_of_everything(pair: Pair) -> None:
    for turn in range(4):
        both = [pair.write(writer, minutes=10 * turn) for writer in (pair.first, pair.second)]
        said = [one.result(LONGEST_WAIT)[0] for one in both]
        assert any(one == "written" for one in said), said
        assert copies(pair.server, pair.scene.patient) == []
        assert pair.versions() == [pair.scene.plan.version]
        pair.scene.revise(reason=f"other words, {turn}")
