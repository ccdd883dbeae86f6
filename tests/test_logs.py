"""A log line is JSON with a fixed name and codes; what a person typed, an EHR sent or a library filled in is not in it."""

import json
import logging
import warnings
from collections.abc import Iterator
from io import StringIO

import pytest

from fhir_taper.logs import begin_request, configure_logs, log


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """Where the process logs to for the length of a test."""
    root, written = logging.getLogger(), StringIO()
    handlers, level = list(root.handlers), root.level
    configure_logs(written)
    yield written
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_is_one_line_of_json_with_its_facts_and_the_request_that_it_belongs_to(lines: StringIO) -> None:
    begin_request("0123456789abcdef")
    log("request", {"status": 200, "ms": 1.5})
    (line,) = lines.getvalue().splitlines()
    found = json.loads(line)
    assert {name: found[name] for name in ("event", "request", "status", "ms", "level")} == {
        "event": "request", "request": "0123456789abcdef", "status": 200, "ms": 1.5, "level": "info",
    }  # fmt: skip
    assert found["timestamp"].endswith("Z")


def test_an_error_is_told_by_its_type_and_where_it_came_from_never_by_its_words(lines: StringIO) -> None:
    def dose_of(patient: str) -> None:
        raise ValueError(patient)

    try:
        dose_of("Edna Example")
    except ValueError as error:
        log("failed", level=logging.ERROR, error=error)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    ours, theirs = map(json.loads, lines.getvalue().splitlines())
    for found in (ours, theirs):
        assert found["error"] == "ValueError"
        assert found["at"][-1].endswith(" dose_of")
    assert "Edna" not in lines.getvalue()


def test_another_library_s_line_is_its_text_without_what_it_fills_in(lines: StringIO) -> None:
    logging.getLogger("somebody").warning("Retrying %s", "https://ehr.test/fhir/Patient/p1")
    assert json.loads(lines.getvalue())["event"] == "Retrying %s"


def test_a_warning_of_python_is_told_without_its_words(lines: StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("about Edna", UserWarning, stacklevel=1)
    assert json.loads(lines.getvalue())["event"] == "a warning of Python"


def test_before_logs_are_set_up_an_error_tells_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, root.handlers[:] = list(root.handlers), []
    log("failed", level=logging.ERROR, error=RuntimeError("Edna Example"))
    root.handlers[:] = handlers
    said = capsys.readouterr()
    assert "failed" in said.err
    assert "Edna" not in said.out + said.err
