"""Writes to a real FHIR server that go wrong, seed by seed: killed, lost, refused, slow, committed in part; then looked for and made whole.

    python -m tests.faults.writes [SEEDS [FIRST]]        (make faults: 200 seeds)

A seed draws a server, a database, whether the plan stood before, and up to three faults in a row. Between two faults a person does what the
screen says: launches again, lets the app look, presses the button again. At the end one undisturbed write must leave what a run without a
fault leaves: one record of everything, nothing lost, and a ledger and an audit that tell it.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_taper.mappers.write.namespace import WRITE_SYSTEM
from fhir_taper.records import WriteState
from fhir_taper.store.audit_verify import verify
from fhir_taper.store.database import upgrade
from fhir_taper.workflow.recover_writes import told_by_person, unresolved_writes
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.readback import meaning
from tests.faults.writer import POINTS, SECONDS
from tests.interop.between import Fault, answers, breaking, killing, lost_after, lost_before, slow
from tests.interop.fhir_servers import SERVERS, Server, started
from tests.interop.writing_to import TENANT, Clock, Scene, services_on
from tests.postgresql import running_server

ROOT = Path(__file__).resolve().parents[2]
_OWN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,64}")
"""Ids and digests: they follow from the patient."""
BATCH = 25
"""Seeds that share servers and databases: a patient's resources are picked from all that a server holds, so each seed slows the next."""
MINUTES = 10
"""Between two tries: longer than a server may take to commit what it was sent."""
FAULTS: dict[str, Callable[["Writer"], Fault]] = {
    "lost before": lambda _: lost_before,
    "lost after": lambda _: lost_after,
    "too slow": lambda _: slow(2 * SECONDS),
    "429 seconds": lambda _: answers(429, retry_after="30"),
    "429 date": lambda _: answers(429, retry_after="Sun, 04 Jan 2026 10:00:40 GMT", date="Sun, 04 Jan 2026 10:00:00 GMT"),
    "500": lambda _: answers(500),
    "500 after": lambda _: answers(500, commits=True),
    "503": lambda _: answers(503, retry_after="20"),
    "504 after": lambda _: answers(504, commits=True),
    "409": lambda _: answers(409),
    "412": lambda _: answers(412),
    "412 after": lambda _: answers(412, commits=True),
    "403": lambda _: answers(403),
    "broken entry 1": lambda _: breaking(1),
    "broken entry 3": lambda _: breaking(3),
    "broken entry last": lambda _: breaking(-1),
    "killed, not done": lambda writer: killing(writer.process, commits=False),
    "killed, done": lambda writer: killing(writer.process, commits=True),
}


class Writer:
    """The process that forks one child per write."""

    def __init__(self) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._child = 0
        assert self._read() == "ready"

    def process(self) -> int:
        """The child that is writing now."""
        return self._child

    def write(self, job: dict[str, Any]) -> tuple[str, int]:
        """One child's write: what it said ("" where it was killed), and how it ended (a negative signal)."""
        assert self._program.stdin
        self._program.stdin.write(json.dumps(job) + "\n")
        self._program.stdin.flush()
        self._child, said = int(self._read().removeprefix("pid ")), ""
        while not (line := self._read()).startswith("ended "):
            said = line.removeprefix("said ")
        return said, int(line.removeprefix("ended "))

    def stop(self) -> None:
        """End it."""
        self._program.communicate(timeout=10)

    def _read(self) -> str:
        assert self._program.stdout
        return self._program.stdout.readline().strip()


@dataclass(frozen=True)
class Trouble:
    """One disturbed write: killed at a point, or met by a fault of the server's at one of its requests."""

    point: str = ""
    number: int = 1
    fault: str = ""
    after: int = 0

    def __str__(self) -> str:
        return f"killed {self.point} ({self.number})" if self.point else f"{self.fault} (request {self.after + 1})"


@dataclass(frozen=True)
class Course:
    """What a seed draws."""

    seed: int
    server: str
    database: str
    is_update: bool
    troubles: tuple[Trouble, ...]

    @classmethod
    def of(cls, seed: int) -> "Course":
        """The course of a seed: always the same."""
        drawn = random.Random(seed)
        server, database = SERVERS[seed % len(SERVERS)], ("sqlite", "postgresql")[seed // len(SERVERS) % 2]
        every: list[Trouble] = [Trouble(point=one) for one in POINTS] + [Trouble(fault=one) for one in FAULTS]
        # Two by turns, so that half as many seeds as there are troubles show each of them; the second further into the write.
        first, second = every[seed % len(every)], every[(seed + len(every) // 2) % len(every)]
        more = drawn.choices(every, k=drawn.randrange(2))
        placed = [
            Trouble(one.point, drawn.choice((1, 1, 2)) if one.point else 1, one.fault, drawn.choice((0, 0, 1, 2)) if one.fault else 0)
            for one in (second, *more)
        ]
        return cls(seed, server, database, drawn.random() < 0.5, (first, *placed))


@dataclass
class Found:
    """What a course left. `wrong` is empty where all is as it must be."""

    course: Course
    said: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    by_person: int = 0


@dataclass
class Stage:
    """Servers, databases and the writer of one run."""

    servers: dict[str, Server]
    urls: dict[str, str]
    writer: Writer
    _whole: dict[tuple[str, bool], dict[str, list[str]]] = field(default_factory=dict)

    def run(self, course: Course) -> Found:
        """Play a course to its end."""
        server, url = self.servers[course.server], self.urls[course.database]
        server.between.faults.clear()
        found = Found(course)
        with self._scene(server, url, is_update=course.is_update) as scene:
            job = {"url": url, "base": server.base, "patient": scene.patient, "point": "", "number": 1}
            for turn, trouble in enumerate(course.troubles):
                scene.clock.pass_time(minutes=MINUTES)
                if trouble.fault:
                    server.between.faults[:] = [*[None] * trouble.after, FAULTS[trouble.fault](self.writer)]
                said, ended = self.writer.write(job | {"point": trouble.point, "number": trouble.number, "minutes": (turn + 1) * MINUTES})
                found.said.append(f"{trouble}: {said or f'signal {-ended}'}")
                server.between.faults.clear()
                found.wrong += [f"after {trouble}: {one}" for one in copies(server, scene.patient)]
            self._make_whole(scene, found)
            found.wrong += self._judged(server, scene, course)
        return found

    @contextmanager
    def _scene(self, server: Server, url: str, *, is_update: bool) -> Iterator[Scene]:
        """A new patient, whose plan stands already where the course is an update; the next version waits to be written."""
        clock = Clock()
        services = services_on(url, server.base, clock)
        scene = Scene(services, server.new_patient(), clock)
        try:
            scene.approve()
            if is_update:
                assert scene.write().state is WriteState.WRITTEN
                scene.revise(reason="other words")
            yield scene
        finally:
            services.close()

    def _make_whole(self, scene: Scene, found: Found) -> None:
        """What the screens tell a person to do until the plan stands: look, say what is there, write."""
        for _ in range(4):
            scene.clock.pass_time(minutes=MINUTES)
            swept = scene.sweep()
            if swept.unresolved:
                found.by_person += tell(scene)
            receipt = scene.write()
            found.said.append(f"undisturbed: {receipt.state}: {receipt.says}")
            if receipt.state is WriteState.WRITTEN:
                return
        found.wrong.append(f"it does not become whole: {receipt.state}: {receipt.says}")

    def _judged(self, server: Server, scene: Scene, course: Course) -> Iterator[str]:
        yield from copies(server, scene.patient)
        stands = telling(server, scene.patient)
        wanted = self._undisturbed(course)
        for kind in sorted({*stands, *wanted}):
            if stands.get(kind) != wanted.get(kind):
                yield f"{kind} is not as without a fault: {len(stands.get(kind, ()))} for {len(wanted.get(kind, ()))}"
        if left := [row.state.value for row in scene.rows() if row.state in (WriteState.PENDING, WriteState.UNKNOWN)]:
            yield f"the ledger holds {left}"
        if scene.preview().preview.count:
            yield "writing again would change something"
        settled = {(one.detail.get("ledger"), one.outcome) for one in scene.audited() if one.action in ("settle-write", "recover-write")}
        yield from (f"the audit does not tell of {row.id}" for row in scene.rows() if (row.id, row.state.value) not in settled)

    def broken_audits(self) -> list[str]:
        """Databases whose chain of audit lines does not hold."""
        broken = []
        for name, url in self.urls.items():
            services = services_on(url, "http://127.0.0.1:1/fhir", Clock())
            broken += [f"{name}: {one}" for one in verify(services.database, services.settings.audit_key, TENANT)]
            services.close()
        return broken

    def _undisturbed(self, course: Course) -> dict[str, list[str]]:
        key = (course.server, course.is_update)
        if key not in self._whole:
            server, url = self.servers[course.server], self.urls["sqlite"]
            with self._scene(server, url, is_update=course.is_update) as scene:
                assert scene.write().state is WriteState.WRITTEN
                self._whole[key] = telling(server, scene.patient)
        return self._whole[key]


def tell(scene: Scene) -> int:
    """A person looks in the EHR for what the app cannot find, and says what is there; how many writes it was."""
    rows = unresolved_writes(scene.services, scene.chart)
    for row in rows:
        told_by_person(scene.services, scene.chart, row.id, WriteState.MISMATCH, "looked in the chart")
    return len(rows)


def copies(server: Server, patient: str) -> list[str]:
    """Our write identifiers that stand more than once in the EHR."""
    stands = [one for found in server.written(patient).values() for one in found]
    known = Counter((one["resourceType"], identifier_value(one, WRITE_SYSTEM) or str(meaning(one))) for one in stands)
    return [f"{kind} stands {many} times" for (kind, _), many in known.items() if many > 1]


def telling(server: Server, patient: str) -> dict[str, list[str]]:
    """Everything that stands, as what it says, whoever's it is: to compare the charts of two patients."""
    return {kind: sorted(said(one, patient) for one in found) for kind, found in server.written(patient).items()}


def said(resource: dict[str, Any], patient: str) -> str:
    """The meaning of a resource, without the patient and the ids that follow from who it is."""
    lines = (f"{path}={value}" for path, value in sorted(meaning(resource).items()))
    return "\n".join(_OWN.sub("(own)", line) for line in lines).replace(f"Patient/{patient}", "Patient/somebody")


@contextmanager
def stage(names: tuple[str, ...] = SERVERS) -> Iterator[Stage]:
    """Everything that a run needs."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="fhir-taper-faults-")))
        urls = {"sqlite": f"sqlite:///{folder / 'taper.db'}", "postgresql": running.enter_context(running_server()).database()}
        for url in urls.values():
            upgrade(url)
        servers = {name: running.enter_context(started(name)) for name in names}
        writer = Writer()
        running.callback(writer.stop)
        yield Stage(servers, urls, writer)


def figures(all_found: list[Found], seconds: float) -> list[str]:
    """What a run says at its end."""
    troubles = Counter(str(one).partition(" (")[0] for found in all_found for one in found.course.troubles)
    killed = sum(many for name, many in troubles.items() if name.startswith("killed"))
    wrong = [found for found in all_found if found.wrong]
    return [
        f"{len(all_found)} seeds, {sum(troubles.values())} faults of {len(troubles)} kinds, {killed} of them kill -9, in {seconds:.0f} s",
        f"second records: {sum('stands' in one for found in all_found for one in found.wrong)}",
        f"not as without a fault: {len(wrong)}",
        f"writes that only a person could resolve: {sum(found.by_person for found in all_found)}",
        *(f"seed {found.course.seed} ({found.course}): {'; '.join(found.wrong)}\n    {' | '.join(found.said)}" for found in wrong),
    ]


def main(seeds: int, first: int) -> int:
    """Run seeds and print the figures; 1 where any is wrong."""
    began = time.monotonic()
    all_found, broken = list[Found](), list[str]()
    for start in range(first, first + seeds, BATCH):
        with stage() as playing:
            for seed in range(start, min(start + BATCH, first + seeds)):
                all_found.append(playing.run(Course.of(seed)))
                print(f"seed {seed}: {'; '.join(all_found[-1].wrong) or 'whole'}", flush=True)
            broken += playing.broken_audits()
    print("\n".join(figures(all_found, time.monotonic() - began)))
    print(f"broken audit chains: {broken or 0}")
    return int(bool(broken) or any(found.wrong for found in all_found))


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:]]
    sys.exit(main(*(*numbers, *(200, 0)[len(numbers) :])))
