"""The app in a running demo EHR, and a person in it: pages opened, forms of pages sent.

The app is served over SQLite. Every test that uses it runs a second time with an app over PostgreSQL, called in the test's process, in the
same EHR: a demo takes seconds to start, an app does not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import FastAPI

from fhir_taper.cli.demo import running_demo
from fhir_taper.cli.demo_walk import Browser, Page, Shown
from fhir_taper.sandbox.demo import Demo
from fhir_taper.store.reviews import ReviewState, ReviewStore
from fhir_taper.web.app import create_app
from fhir_taper.workflow.services import Services, open_services, upgrade_database
from tests.web.in_process import InProcess

DATABASES = ("sqlite", "postgresql")
ELDER, MIXED = "lorazepam-elder", "diazepam-oxycodone"


@dataclass
class Person:
    """Somebody with a chart open: `here` is the path of the launch."""

    browser: Browser
    here: str

    @property
    def launch(self) -> str:
        return self.here.rpartition("/")[2]

    def get(self, screen: str) -> Shown:
        return self.browser.get(f"{self.here}/{screen}")

    def form(self, screen: str, action: str) -> dict[str, str]:
        """The fields of a form as the page holds them."""
        form = Page(self.get(screen).text).form(action)
        assert form is not None, screen
        return form.fields

    def send(self, screen: str, action: str, **values: str) -> Shown:
        """Fill a form of a page in, and send it."""
        return self.browser.post(f"{self.here}{action}", self.form(screen, action) | values)

    def answer_alerts(self) -> None:
        """Answer every alert that is open: the charts of the demo are older than their plans, and nobody filled anything in."""
        while Page(self.get("alerts").text).form("/alerts"):
            assert self.send("alerts", "/alerts", decision="called", reason="talked with the patient").status == 200

    def draft(self, way: str = "strategy linear") -> None:
        """Ask, and choose a way."""
        self.send("strategies", "/strategies", benzo_table="va-dod-2021", reason="falls")
        assert self.send("strategies", "/choose", way=way).status == 200

    def ready(self) -> None:
        """Acknowledge what asks for it, and note the agreement."""
        while Page(self.get("safety").text).form("/safety"):
            self.send("safety", "/safety", reason="discussed")
        self.send("approve", "/agreement", who="the patient", what="slowly")


@dataclass
class Stage:
    """A running demo, its app, and what an app needs of it. `app` is one that is called here instead of the one that is served."""

    demo: Demo
    services: Services
    app: FastAPI | None = None

    def browser(self) -> Browser:
        """A new browser."""
        return Browser() if self.app is None else InProcess(app=self.app, host=urlsplit(self.demo.app_url).netloc)

    def begun(self, patient: str | None = ELDER, user: str = "prescriber", **beside: object) -> tuple[Browser, str]:
        """A browser that the app sent to the EHR, and the address to which the EHR sends it back."""
        browser = self.browser()
        launch = self.demo.new_launch(patient, user, **beside)  # type: ignore[arg-type]
        sent = browser.once("GET", f"{self.demo.launch_url}?iss={self.demo.issuer}&launch={launch}")
        assert sent.status == 303, sent.text
        back = browser.once("GET", sent.header("location"))
        assert back.status == 303, back.text
        return browser, back.header("location")

    def opened(self, patient: str = ELDER, user: str = "prescriber", browser: Browser | None = None) -> Person:
        """A person with the regimen of a patient on the screen."""
        used = browser or self.browser()
        shown = used.get(self.demo.launch_address(patient, user))
        assert shown.status == 200, shown.text
        return Person(used, urlsplit(used.at).path.rpartition("/")[0])

    def forget(self, patient: str) -> None:
        """Drop everything that is kept of the patient unapproved, so that a test begins without it."""
        drafts = self.services.drafts
        for name in drafts.names("demo", patient):
            if (kept := drafts.get("demo", patient, name)) is not None:
                drafts.drop("demo", patient, name, kept.revision)
        reviews = ReviewStore(self.services.database, self.services.keys)
        for review in reviews.of_patient("demo", patient):
            if review.state is ReviewState.REQUESTED:
                at = self.services.clock()
                reviews.answer(review.id, "demo", ReviewState.WITHDRAWN, by="the next test", at=at, detail={})


def parameters(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query)


@contextmanager
def another_app(stage: Stage, database_url: str) -> Iterator[Stage]:
    """The same EHR with an app of its own, over a new database."""
    settings = replace(stage.services.settings, database_url=database_url)
    upgrade_database(settings)
    services = open_services(settings)
    try:
        yield Stage(stage.demo, services, create_app(services))
    finally:
        services.close()


def on_both_databases(metafunc: pytest.Metafunc) -> None:
    """Run each test that uses the app once over each database."""
    if "kept_in" in metafunc.fixturenames:
        metafunc.parametrize("kept_in", DATABASES, indirect=True, scope="session")


@pytest.fixture(scope="session")
def kept_in(request: pytest.FixtureRequest) -> str:
    """Which database a test is about."""
    return str(getattr(request, "param", DATABASES[0]))


@pytest.fixture(scope="session")
def served() -> Iterator[Stage]:
    """One demo for all tests of a process that only look, or that use a draft of their own."""
    with running_demo() as (demo, services):
        yield Stage(demo, services)


@pytest.fixture(scope="session")
def over_postgresql(request: pytest.FixtureRequest, served: Stage) -> Iterator[Stage]:
    """The same with what is kept in PostgreSQL."""
    with another_app(served, request.getfixturevalue("postgresql_server").database()) as made:
        yield made


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest, kept_in: str, served: Stage) -> Stage:
    """The one of the database that the test is about."""
    return served if kept_in == DATABASES[0] else request.getfixturevalue("over_postgresql")
