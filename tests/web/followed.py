"""A person who follows a plan that stood in the EHR already, in an app of one test alone; and what becomes of that plan."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_taper.cli.demo import running_demo
from fhir_taper.cli.demo_walk import Page
from tests.web.running import Person, Stage, another_app

TAPERED = "mid-taper"


@pytest.fixture
def own(served: Stage, kept_in: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """An app of one test alone, in the EHR of all: what is approved in it runs, and is not written."""
    with another_app(served, _new_database(kept_in, request, tmp_path)) as made:
        yield made


@pytest.fixture
def written_to(kept_in: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """An app of one test alone in an EHR of its own: what is approved in it is written."""
    with running_demo() as (demo, services), another_app(Stage(demo, services), _new_database(kept_in, request, tmp_path)) as made:
        yield made


def _new_database(kept_in: str, request: pytest.FixtureRequest, folder: Path) -> str:
    is_sqlite = kept_in == "sqlite"
    return f"sqlite:///{folder / 'own.db'}" if is_sqlite else str(request.getfixturevalue("postgresql_server").database())


def follower(own: Stage, patient: str = TAPERED) -> Person:
    """A prescriber who took over the plan that stands in the EHR."""
    opened = own.opened(patient)
    assert "It is the version that is kept here." in opened.send("versions", "/adopt").text
    return opened


def turn(person: Person, name: str, **values: str) -> str:
    """Ask, look, save; the text of the page after it."""
    shown = person.send("course", f"/course/{name}", **values)
    assert shown.status == 200, shown.text
    form = Page(shown.text).form(f"/course/{name}")
    assert form is not None
    saved = person.browser.post(form.action, form.fields)
    assert saved.status == 200, saved.text
    return Page(saved.text).text
