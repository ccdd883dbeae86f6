"""The app in a running demo EHR, and a person in it: pages opened, forms of pages sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import pytest

from fhir_taper.cli.demo import running_demo
from fhir_taper.cli.demo_walk import Browser, Page, Shown
from fhir_taper.sandbox.demo import Demo
from fhir_taper.workflow.services import Services

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
    """A running demo, its app, and what an app needs of it."""

    demo: Demo
    services: Services

    def begun(self, patient: str | None = ELDER, user: str = "prescriber", **beside: object) -> tuple[Browser, str]:
        """A browser that the app sent to the EHR, and the address to which the EHR sends it back."""
        browser = Browser()
        launch = self.demo.new_launch(patient, user, **beside)  # type: ignore[arg-type]
        sent = browser.once("GET", f"{self.demo.launch_url}?iss={self.demo.issuer}&launch={launch}")
        assert sent.status == 303, sent.text
        back = browser.once("GET", sent.header("location"))
        assert back.status == 303, back.text
        return browser, back.header("location")

    def opened(self, patient: str = ELDER, user: str = "prescriber", browser: Browser | None = None) -> Person:
        """A person with the regimen of a patient on the screen."""
        used = browser or Browser()
        shown = used.get(self.demo.launch_address(patient, user))
        assert shown.status == 200, shown.text
        return Person(used, urlsplit(used.at).path.rpartition("/")[0])

    def forget(self, patient: str) -> None:
        """Drop everything that is kept of the patient unapproved, so that a test begins without it."""
        for name in self.services.drafts.names("demo", patient):
            self.services.drafts.drop("demo", patient, name)


def parameters(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """One demo for all tests of a process that only look, or that use a draft of their own."""
    with running_demo() as (demo, services):
        yield Stage(demo, services)
