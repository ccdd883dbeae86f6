"""From the EHR's click to the regimen on the screen, pages in bytes, many users at once, and memory per open launch.

EHR and app are processes of their own on loopback. The stub EHR answers each request after 30 ms from what it made beforehand. The floor
is a bare client that makes the very requests which the app made: one after another, or as the app does with a thread per resource type.
"""

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import requests

from benchmarks.measure import in_ms, table, take_turns
from benchmarks.person import Person, launched
from fhir_taper.cli.demo_walk import Browser, Page

SCREENS = ("regimen", "strategies")
STEPS = 60
USERS, CLICKS = 64, 8


def main() -> None:
    """Print every table."""
    with running(30, 1_000) as (stub, app, pid):
        launch_to_regimen(stub, app, pid)
        pages(stub, app)
        many_users(stub, app)
    with running(0, 50) as (stub, app, pid):
        memory(stub, app, pid)


@contextmanager
def running(milliseconds: int, resources: int) -> Iterator[tuple[str, str, int]]:
    """Origins of the stub and of the app, and the app's process id."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stub(milliseconds, resources) as stub,
        _served("benchmarks.launch_app", stub, folder) as (app, pid),
    ):
        yield stub, app, pid


@contextmanager
def running_stub(milliseconds: int, resources: int) -> Iterator[str]:
    """Origin of the stub alone."""
    with _served("benchmarks.stub_ehr", str(milliseconds), str(resources)) as (stub, _):
        yield stub


def launch_to_regimen(stub: str, app: str, pid: int) -> None:
    """The whole launch against the same requests made by a bare client."""
    launched(stub, app)
    requests.get(f"{stub}/log", timeout=10)
    launched(stub, app)
    made = [tuple(one) for one in requests.get(f"{stub}/log", timeout=10).json()]
    work: dict[str, Callable[[], object]] = {
        "floor: the same requests, one after another": lambda: _replay(stub, made, at_once=False),
        "floor: the same requests, resource types side by side": lambda: _replay(stub, made, at_once=True),
        "ours: click to rendered regimen": lambda: launched(stub, app),
    }
    taken = take_turns(work, 7)
    serial, parallel, ours = (one.median for one in taken)
    print(f"A chart of 1,000 resources, {len(made)} requests to the EHR, 30 ms each; median of 7, in turns:\n")
    rows = [
        (one.name, in_ms(one.median), in_ms(one.spread), f"{one.median / serial:.2f}×", f"{one.median / parallel:.2f}×") for one in taken
    ]
    print(table(("work", "ms", "spread", "of the EHR's own time", "of the same side by side"), rows))
    before = _processor_seconds(pid)
    for _ in range(5):
        launched(stub, app)
    own = (_processor_seconds(pid) - before) / 5
    print(f"\nours / EHR's own time for the same reads: {ours / serial:.2f}; processor time of the app for one launch: {in_ms(own)} ms")


def _replay(stub: str, made: list[tuple[str, str, str]], *, at_once: bool) -> None:
    """The requests of one launch; searches of one type follow each other page by page."""
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))
    searches: dict[str, list[str]] = {}
    for method, target, body in made:
        path = urlsplit(target).path
        if method == "GET" and "?" in target:
            searches.setdefault(path, []).append(target)
        elif method == "GET":
            session.get(stub + target, timeout=30).json()
        else:
            session.post(stub + target, data=dict(parse_qsl(body)), timeout=30).json()

    def pages_of(targets: list[str]) -> None:
        for target in targets:
            session.get(stub + target, timeout=30).content  # noqa: B018 (the bytes must have come)

    with ThreadPoolExecutor(8 if at_once else 1) as pool:
        list(pool.map(pages_of, searches.values()))


def pages(stub: str, app: str) -> None:
    """Bytes of each screen with everything that it loads, for a plan of sixty steps, drafted and then approved."""
    person = Person.opened(stub, app)
    person.ask(STEPS)
    rows = [
        weighed(person, app, screen) for screen in ("regimen", "intake", "strategies", "plan", "plan?step=1", "safety", "approve", "review")
    ]
    person.approve()
    rows += [weighed(person, app, screen) for screen in ("write-back", "course", "versions", "contingency")]
    print(f"\nPages, uncompressed; a plan of {STEPS} steps (aim: 150 kB in all):\n")
    print(table(("screen", "page kB", "style and scripts kB", "in all kB"), rows))


def weighed(person: Person, app: str, screen: str) -> tuple[str, ...]:
    """One screen, what it loads, and both."""
    shown = person.browser.get(f"{person.here}/{screen}")
    if shown.status != 200:
        raise RuntimeError(f"{screen}: {shown.status}")
    loads = {part.partition('"')[0] for mark in ('href="/static/', 'src="/static/') for part in shown.text.split(mark)[1:]}
    page, beside = len(shown.text.encode()), sum(len(person.browser.once("GET", f"{app}/static/{one}").text.encode()) for one in loads)
    return (screen, f"{page / 1000:.1f}", f"{beside / 1000:.1f}", f"{(page + beside) / 1000:.1f}")


def many_users(stub: str, app: str) -> None:
    """Each user has a chart open and clicks as soon as the last page came."""
    with ThreadPoolExecutor(8) as pool:
        users = list(pool.map(lambda _: launched(stub, app), range(USERS)))

    def clicks(user: tuple[Browser, str]) -> list[float]:
        browser, here = user
        taken = []
        for number in range(CLICKS):
            began = time.perf_counter()
            shown = browser.get(f"{app}{here}/{SCREENS[number % len(SCREENS)]}")
            taken.append(time.perf_counter() - began)
            if shown.status != 200:
                raise RuntimeError(f"{shown.status}: {Page(shown.text).text[:200]}")
        return taken

    began = time.perf_counter()
    with ThreadPoolExecutor(USERS) as pool:
        taken = sorted(one for user in pool.map(clicks, users) for one in user)
    seconds = time.perf_counter() - began
    middle, late = statistics.median(taken), taken[math.ceil(len(taken) * 0.99) - 1]
    print(f"\n{USERS} users at once on one process, {CLICKS} pages each without a pause, charts read before (aim: p99 at most 5 × p50):\n")
    row = (f"{len(taken) / seconds:.0f}", in_ms(middle), in_ms(late), f"{late / middle:.2f}×")
    print(table(("pages per second", "p50 ms", "p99 ms", "p99 / p50"), [row]))


def memory(stub: str, app: str, pid: int) -> None:
    """Resident memory of the app while launches are opened and none is ended."""
    rows, before = [], (0, 0.0)
    opened = 0
    for count in (50, 100, 250, 500, 1_000):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: launched(stub, app), range(count - opened)))
        opened, resident = count, _resident_mb(pid)
        each = (resident - before[1]) * 1000 / (opened - before[0])
        rows.append((f"{opened:,}", f"{resident:.0f}", f"{each:.0f}" if before[0] else ""))
        before = opened, resident
    print("\nMemory of the app's process, charts of 50 resources (the last 64 charts are kept in memory, launches in the database):\n")
    print(table(("open launches", "resident MB", "kB per further launch"), rows))


def _processor_seconds(pid: int) -> float:
    """User and system time so far: what another load on the machine does not lengthen as it does the clock's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


@contextmanager
def _served(module: str, *arguments: str) -> Iterator[tuple[str, int]]:
    """Origin and process id of a program of ours that prints its port."""
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 (our own program)
    try:
        line = process.stdout.readline().strip() if process.stdout else ""
        if not line:
            raise RuntimeError("it did not start")
        yield f"http://127.0.0.1:{line}", process.pid
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
