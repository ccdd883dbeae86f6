"""An edit in the plan editor: from the form that arrives to the part of the page that leaves, for plans of 10 to 60 steps.

The app is called in this process as a server would call it, in one event loop; its EHR is the stub, and the chart of 1,000 resources was
read before. Every round is another edit, on a draft that has one edit more: it is made, judged, saved with its lines of audit, and shown.
The floor is what the engine alone takes to make that plan of that question without an edit, judged day by day.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from benchmarks.launch import running_stub
from benchmarks.launch_app import settings_for
from benchmarks.measure import in_ms, table
from benchmarks.person import Fields, Person
from fhir_taper.cli.demo_walk import Page
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.judgement import check
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.web.app import create_app
from fhir_taper.web.security import launch_cookie, session_secret
from fhir_taper.workflow.chosen_plan import reading_for, work_of
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.open_chart import open_chart
from fhir_taper.workflow.plan_request import question_of
from fhir_taper.workflow.services import Services, open_services, upgrade_database
from tests.web.in_process import InProcess

HOST = "127.0.0.1:9"
APP = f"http://{HOST}"
LIVE = {"HX-Request": "true"}
SIZES = (10, 20, 40, 60)
ROUNDS = 15
Taken = tuple[float, float]
"""Seconds by the clock, and of the processor."""
T = TypeVar("T")


@dataclass
class Editor:
    """A person whose draft has so many steps, with a page of its plan open."""

    person: Person
    page: str = ""

    def open(self, step: int) -> None:
        """The page with a step open."""
        self.page = self.person.browser.get(f"{self.person.here}/plan?step={step}").text

    def edit(self, kind: str, change: Callable[[Fields], Fields]) -> Taken:
        """One edit of the step that is open, the part of the page that comes back, and what it took."""
        fields = next(one.fields for one in Page(self.page).forms if one.fields.get("edit") == kind)
        body = urlencode(fields | change(fields)).encode()
        shown, taken = timed(lambda: self.person.browser.once("POST", f"{APP}{self.person.here}/plan/edit", body, LIVE))
        if shown.status != 200:
            raise RuntimeError(f"{shown.status}: {Page(shown.text).text[:500]}")
        self.page = shown.text
        return taken


def timed(run: Callable[[], T]) -> tuple[T, Taken]:
    """What came of it, and what it took: by the clock, and of the processor, which a busy machine lengthens less.

    Nothing is collected before: a server does not, and what its collector takes belongs to the edit.
    """
    began, worked = time.perf_counter(), time.process_time()
    found = run()
    return found, (time.perf_counter() - began, time.process_time() - worked)


def main() -> None:
    """Print the table."""
    with running_stub(0, 1_000) as stub, tempfile.TemporaryDirectory() as folder, asyncio.Runner() as loop:
        settings = settings_for(stub, APP, Path(folder))
        upgrade_database(settings)
        services = open_services(settings)
        app = create_app(services)
        rows = []
        for steps in SIZES:
            person = Person.opened(stub, APP, InProcess(app=app, host=HOST, run=loop.run))
            person.ask(steps)
            rows += measured(services, Editor(person), steps)
        services.close()
    print(f"An edit of one step, from the form to the part of the page; median of {ROUNDS}, in turns (aim: 50 ms at any size):\n")
    print(table(("steps", "work", "ms", "of the processor, ms", "of the floor", "part of the page, kB"), rows))


def measured(services: Services, person: Editor, steps: int) -> list[tuple[str, ...]]:
    """Floor and edits in turns; one round is not counted."""
    walk = floor(services, person.person)
    of_floor, of_time, of_dose = list[Taken](), list[Taken](), list[Taken]()
    for number in range(ROUNDS + 1):
        of_floor.append(timed(walk)[1])
        person.open(1 + number % (steps - 3))
        of_time.append(person.edit("lasts", lambda now: {"lasts": str(int(now["now"]) + 1)}))
        of_dose.append(person.edit("dose", lambda now: {"mg": str(Decimal(now["mg"]) - Decimal("0.1"))}))
    size, floors = f"{len(person.page.encode()) / 1000:.1f}", middle(of_floor)
    rows = (("floor: the engine's walk, judged", floors, ""), ("a step made a day longer", middle(of_time), size))
    return [
        (str(steps), name, in_ms(clock), in_ms(processor), f"{processor / floors[1]:.1f}×", kilobytes)
        for name, (clock, processor), kilobytes in (*rows, ("a dose 0.1 mg lower", middle(of_dose), size))
    ]


def middle(taken: list[Taken]) -> Taken:
    """Both medians, without the first round."""
    clock, processor = zip(*taken[1:], strict=True)
    return statistics.median(clock), statistics.median(processor)


def floor(services: Services, person: Person) -> Callable[[], None]:
    """The plan of the draft's own question, made and judged by the engine alone."""
    launch = person.here.rpartition("/")[2]
    cookie = person.browser.cookies[HOST][launch_cookie(launch)]
    chart = open_chart(services, launch, session_secret(cookie))
    work, loaded = work_of(services, chart), load_chart(services, chart)
    if work is None:
        raise RuntimeError("there is no draft")
    reading = reading_for(loaded, work.options)
    question = question_of(reading, work.options)
    if isinstance(question, Infeasible):
        raise RuntimeError(question.message)  # noqa: TRY004 (an answer, not a wrong type)

    def walk() -> None:
        plan = propose(question.request, reading.tables)
        if isinstance(plan, Infeasible) or check(plan):
            raise RuntimeError("the engine makes no such plan")

    return walk


if __name__ == "__main__":
    main()
