"""An edit in the plan editor: from the form that arrives to the part of the page that leaves, for plans of 10 to 60 steps.

The app is called in this process as a server would call it; its EHR is the stub, and the chart of 1,000 resources was read before. Every
round is another edit, on a draft that has one edit more: it is made, judged, saved with its line of the audit, and shown. The floor is what
the engine alone takes to make that plan of that question without an edit, judged day by day.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.launch import launched, running_stub
from benchmarks.launch_app import settings_for
from benchmarks.measure import in_ms, table
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
SOLUTION, TABLET = "1049604", "1049611"
Fields = dict[str, str]


@dataclass
class Editor:
    """A person whose draft has so many steps."""

    browser: InProcess
    here: str
    page: str = ""

    def ask(self, steps: int) -> None:
        """Oxycodone from 60 to 40 mg a day, with a solution of which 0.1 mg can be given: as many steps as are asked for."""
        asked = {"drug": "oxycodone", "benzo_table": "va-dod-2021", "reason": "falls", "use": ">=1y", "target": "40"}
        asked |= {"product": SOLUTION, "products_more": TABLET, "percent": f"{100 / 3 / (steps - 1):.4f}", "interval_days": "14"}
        self.send("strategies", "/strategies", asked)
        self.send("strategies", "/choose", {"way": "strategy linear"})
        self.open(1)
        made = self.page.count('<tr id="step-')
        if made != steps:
            raise RuntimeError(f"{made} steps: {Page(self.page).text[:500]}")

    def send(self, screen: str, action: str, values: Fields) -> None:
        """A form of a page, with these values."""
        form = Page(self.browser.get(f"{self.here}/{screen}").text).form(action)
        if form is None:
            raise RuntimeError(f"{screen} has no form {action}")
        self.browser.post(form.action, form.fields | values)

    def open(self, step: int) -> None:
        """The page with a step open."""
        self.page = self.browser.get(f"{self.here}/plan?step={step}").text

    def edit(self, kind: str, change: Callable[[Fields], Fields]) -> float:
        """One edit of the step that is open, the part of the page that comes back, and the seconds that it took."""
        fields = next(one.fields for one in Page(self.page).forms if one.fields.get("edit") == kind)
        body = urlencode(fields | change(fields)).encode()
        began = time.perf_counter()
        shown = self.browser.once("POST", f"{APP}{self.here}/plan/edit", body, LIVE)
        taken = time.perf_counter() - began
        if shown.status != 200:
            raise RuntimeError(f"{shown.status}: {Page(shown.text).text[:500]}")
        self.page = shown.text
        return taken


def main() -> None:
    """Print the table."""
    with running_stub(0, 1_000) as stub, tempfile.TemporaryDirectory() as folder:
        settings = settings_for(stub, APP, Path(folder))
        upgrade_database(settings)
        services = open_services(settings)
        app = create_app(services)
        rows = []
        for steps in SIZES:
            browser = InProcess(app=app, host=HOST)
            _, here = launched(stub, APP, browser)
            rows += measured(services, Editor(browser, here), steps)
        services.close()
    print(f"An edit of one step, from the form to the part of the page; median of {ROUNDS}, in turns (aim: 50 ms at any size):\n")
    print(table(("steps", "work", "ms", "least", "of the floor", "part of the page, kB"), rows))


def measured(services: Services, person: Editor, steps: int) -> list[tuple[str, ...]]:
    """Floor and edits in turns; one round is not counted."""
    person.ask(steps)
    walk = floor(services, person)
    of_floor, of_time, of_dose = list[float](), list[float](), list[float]()
    for number in range(ROUNDS + 1):
        began = time.perf_counter()
        walk()
        of_floor.append(time.perf_counter() - began)
        person.open(1 + number % (steps - 3))
        of_time.append(person.edit("lasts", lambda now: {"lasts": str(int(now["now"]) + 1)}))
        of_dose.append(person.edit("dose", lambda now: {"mg": str(Decimal(now["mg"]) - Decimal("0.1"))}))
    least, size = statistics.median(of_floor[1:]), f"{len(person.page.encode()) / 1000:.1f}"
    rows = (
        ("floor: the engine's walk, judged", of_floor, ""),
        ("a step made a day longer", of_time, size),
        ("a dose 0.1 mg lower", of_dose, size),
    )
    return [
        (str(steps), name, in_ms(middle := statistics.median(times[1:])), in_ms(min(times[1:])), f"{middle / least:.1f}×", kilobytes)
        for name, times, kilobytes in rows
    ]


def floor(services: Services, person: Editor) -> Callable[[], None]:
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
