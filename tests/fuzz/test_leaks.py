"""Privacy P5 and S1: from launch to written-back plan, nothing of the patient and no secret is in logs, figures or addresses."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from prometheus_client import generate_latest

from fhir_taper.logs import configure_logs
from fhir_taper.records import Json
from fhir_taper.web.app import create_app
from fhir_taper.workflow.metrics import Metrics
from tests.fuzz.person_in_process import opened_by
from tests.web.in_process import InProcess
from tests.web.running import ELDER, Stage
from tests.workflow.opened import cookie_of

SHORTEST = 4
"""Shorter values ("1", "mg") stand everywhere and identify nobody."""
TOLD = frozenset({"lorazepam", "active", "order", "completed", "final"})


@pytest.fixture
def written() -> Iterator[StringIO]:
    """Everything that the process logs during a test, at the most talkative level."""
    root, stream = logging.getLogger(), StringIO()
    handlers, level = list(root.handlers), root.level
    configure_logs(stream, logging.DEBUG)
    yield stream
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def identifying(resources: tuple[Json, ...]) -> set[str]:
    """Ids of every resource of a chart, and names, numbers, addresses, days and free text of its patient."""
    patient = next(one for one in resources if one["resourceType"] == "Patient")
    ids = {one["id"] for one in resources}
    texts = set(_texts({name: patient.get(name) for name in ("name", "identifier", "telecom", "address", "birthDate", "contact")}))
    notes = {text for one in resources for text in _texts([one.get("note"), one.get("dosageInstruction"), one.get("text")])}
    urls = {text for text in texts | notes if text.startswith("http")}
    return {text for text in ids | texts | notes if len(text) >= SHORTEST and text.lower() not in TOLD} - urls


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inside in value.values():
            yield from _texts(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _texts(inside)


def found_in(text: str, secrets: set[str]) -> list[str]:
    return sorted(one for one in secrets if one in text)


def test_nothing_of_a_patient_and_no_secret_is_in_a_log_a_figure_or_an_address(stage: Stage, written: StringIO) -> None:
    services = replace(stage.services, metrics=Metrics())
    app = create_app(services)
    person = opened_by(app, stage, "prescriber", ELDER)
    person.draft()
    person.ready()
    assert person.send("approve", "/approve").status == 200
    assert "Written" in person.send("write-back", "/write-back").text
    for screen in ("regimen", "safety", "receipt", "no-such-screen"):
        person.get(screen)
    assert isinstance(person.browser, InProcess)

    held = services.tokens(services.settings.tenants[0]).get(person.launch)
    launch = services.launches.get(person.launch, services.clock())
    assert held is not None
    assert held.refresh_token is not None
    assert launch is not None
    secrets = {held.access_token.reveal(), held.refresh_token.reveal(), launch.csrf.reveal(), cookie_of(stage, person), launch.user_name}
    identities = identifying(stage.demo.charts[ELDER].resources)
    assert len(identities) > 20

    log = written.getvalue()
    assert log.count('"event": "request"') > 15
    assert '"/app/{launch}/write-back"' in log
    assert found_in(log, identities | secrets | {person.launch}) == []
    figures = generate_latest(services.metrics.registry).decode()
    assert 'route="/app/{launch}/write-back"' in figures
    assert "fhir_taper_ehr_requests_total" in generate_latest(stage.services.metrics.registry).decode()
    assert found_in(figures + generate_latest(stage.services.metrics.registry).decode(), identities | secrets | {person.launch}) == []
    addresses = "\n".join(path for _, path, _ in person.browser.seen)
    assert addresses.count("\n") > 15
    assert found_in(addresses, identities | secrets) == []
    assert urlsplit(person.browser.at).query == ""


def test_a_planted_leak_is_found(stage: Stage, written: StringIO) -> None:
    identities = identifying(stage.demo.charts[ELDER].resources)
    logging.getLogger("careless").warning(f"read the chart of {ELDER}")  # noqa: G004 (the leak)
    assert found_in(written.getvalue(), identities) == [ELDER]
