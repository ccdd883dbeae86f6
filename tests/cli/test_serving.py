"""`serve` as a process: what must hold is refused first, it tells where it serves, and told to stop it finishes what is under way."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from fhir_taper.sandbox.demo import Demo
from tests.cli.conftest import Run
from tests.cli.installation import Installation, of_demo


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serving(here: Installation) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """The process, and what it says first."""
    command = [sys.executable, "-m", "fhir_taper", "serve", "--config", here.config, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        first = next((line for line in process.stderr if '"serving"' in line), "{}")
        yield process, json.loads(first)
    finally:
        process.kill()
        process.communicate()


def get(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


@pytest.fixture
def here(ehr: Demo, tmp_path: Path) -> Installation:
    made = of_demo(tmp_path, ehr)
    made.top = f"metrics_port = {free_port()}\nsweep_seconds = 1"
    return made.write()


def test_it_serves_keeps_up_and_ends_when_it_is_told_to(here: Installation) -> None:
    with serving(here) as (process, said):
        assert get(said["port"], "/readyz")[0] == 200
        assert get(said["port"], "/metrics")[0] == 404
        status, figures = get(said["metrics_port"], "/metrics")
        assert status == 200
        assert 'fhir_taper_requests_total{method="GET",route="/readyz",status="200"} 1.0' in figures
        assert 'fhir_taper_upkeep_total{outcome="done",task="recover-writes"}' in figures
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == ""
    assert json.loads(err.splitlines()[-1])["event"] == "stopped"


def test_a_port_that_is_taken_is_wrong_usage_and_names_it(here: Installation, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, out, err = run("serve", "--config", here.config, "--port", str(port))
    assert (status, out) == (2, "")
    assert f"port {port} of 127.0.0.1 cannot be used" in err


def test_a_vendor_without_an_overlay_is_told_before_anything_is_served(here: Installation, run: Run) -> None:
    here.tenant = 'vendor = "nobody"\n'
    here.write()
    status, out, err = run("serve", "--config", here.config, "--port", "0")
    assert (status, out) == (2, "")
    assert "vendor 'nobody' has no overlay" in err


def test_keys_of_an_example_serve_one_machine_and_no_patients(here: Installation, run: Run) -> None:
    here.public_base_url = "https://taper.hospital.test"
    here.write()
    status, out, err = run("serve", "--config", here.config, "--port", "0")
    assert (status, out) == (2, "")
    assert "this is not safe to serve" in err
    assert "the encryption key old is not random" in err
    assert "allow_insecure_loopback is for one machine alone" in err


def test_rows_under_a_key_that_is_not_configured_are_told_before_anything_is_served(here: Installation, run: Run) -> None:
    here.drafts(1)
    here.encryption = ("new",)
    here.write()
    status, out, err = run("serve", "--config", here.config, "--port", "0")
    assert (status, out) == (1, "")
    assert "a key that is not configured: old" in err
