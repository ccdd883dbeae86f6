"""Every answer has an id of our own; an error that nobody foresaw is a page with that id, and its words are nowhere."""

import logging
import re
from dataclasses import replace

import pytest
from prometheus_client import generate_latest

from fhir_taper.web.app import create_app
from fhir_taper.workflow.metrics import Metrics
from tests.web.asking import ask
from tests.web.running import Stage


def test_every_answer_carries_an_id_and_never_the_caller_s(stage: Stage) -> None:
    app = create_app(stage.services)
    given = [("X-Request-ID", "Edna-Example")]
    ids = [ask(app, "GET", path, headers=given).header("x-request-id") for path in ("/healthz", "/launch", "/nothing")]
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in ids)
    assert len(set(ids)) == 3


def test_an_error_nobody_foresaw_is_a_page_with_a_reference_that_the_log_has_too(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(stage.services)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("Edna Example takes lorazepam")

    caplog.set_level(logging.INFO)
    answer = ask(app, "GET", "/broken")
    assert answer.status == 500
    reference = answer.header("x-request-id")
    assert f"Reference for whoever runs this app: {reference}" in answer.text
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-security-policy").startswith("default-src 'none'")
    told = [record.getMessage() for record in caplog.records if "RuntimeError" in record.getMessage()]
    assert len(told) == 1
    assert reference in told[0]
    assert "Edna" not in answer.text + caplog.text


def test_what_is_counted_is_the_pattern_of_a_path(stage: Stage) -> None:
    services = replace(stage.services, metrics=Metrics())
    app = create_app(services)
    for path in ("/app/Edna/regimen", "/no/such/Edna", "/healthz"):
        ask(app, "GET", path)
    ask(app, "EDNA", "/healthz")
    figures = generate_latest(services.metrics.registry).decode()
    assert 'fhir_taper_requests_total{method="GET",route="/app/{launch}/regimen",status="403"} 1.0' in figures
    assert 'fhir_taper_requests_total{method="GET",route="unmatched",status="404"} 1.0' in figures
    assert 'method="other"' in figures
    assert "Edna" not in figures
    assert "EDNA" not in figures
