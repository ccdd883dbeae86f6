"""The demo as a whole: it starts, frames the app, and leaves nothing behind, however it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from fastapi import FastAPI

from fhir_taper.errors import SandboxError
from fhir_taper.records import AuthMethod, Role
from fhir_taper.sandbox.demo import Demo, start_demo
from tests.sandbox.plain_app import SECONDS
from tests.sandbox.running import TODAY


def is_open(url: str) -> bool:
    """Whether anything listens where a URL points."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 80)) == 0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the FHIR server of a demo that this test starts keeps its data: no other demo of this machine has a folder there."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def data_in(folder: Path) -> list[Path]:
    """The data folders of FHIR servers of the demo."""
    return list(folder.glob("fhir-taper-ehr-*"))


def greeter(demo: Demo) -> FastAPI:
    """An app that knows its EHR."""
    app = FastAPI()

    @app.get("/launch")
    def launch(iss: str) -> bool:
        return iss == demo.issuer

    return app


def test_the_page_lists_patients_and_frames_the_app_with_a_new_launch() -> None:
    with start_demo(greeter, today=TODAY) as demo:
        home = requests.get(demo.page_url, timeout=SECONDS)
        assert all(chart.listed().name in home.text for chart in demo.charts.values())
        shown = [requests.get(f"{demo.page_url}chart?patient=mid-taper&user=reader", timeout=SECONDS) for _ in range(2)]
        policy = shown[0].headers["Content-Security-Policy"]
        assert f"frame-src {demo.app_url} {demo.issuer.removesuffix('/fhir')};" in policy  # a frame is redirected to authorize and back
        framed = [page.text.partition('src="')[2].partition('"')[0].replace("&amp;", "&") for page in shown]
        asked = [parse_qs(urlsplit(url).query) for url in framed]
        assert asked[0]["iss"] == asked[1]["iss"] == [demo.issuer]
        assert asked[0]["launch"] != asked[1]["launch"]
        assert requests.get(framed[0], timeout=SECONDS).json() is True
    assert not is_open(demo.issuer)
    assert not is_open(demo.app_url)


def test_pages_ask_nothing_of_any_other_host(demo: Demo) -> None:
    for path in ("", "chart?patient=mid-taper", "chart?patient=nobody"):
        page = requests.get(f"{demo.page_url}{path}", timeout=SECONDS).text
        assert "http://" not in page.replace(demo.issuer, "")
        assert "https://" not in page
        assert "<script" not in page


def test_without_an_app_a_chart_frames_nothing(demo: Demo) -> None:
    page = requests.get(f"{demo.page_url}chart?patient=mid-taper", timeout=SECONDS)
    assert 'src="about:blank"' in page.text
    assert "frame-src 'none'" in page.headers["Content-Security-Policy"]


def test_an_app_that_does_not_start_takes_everything_down_with_it(folder: Path) -> None:
    seen = []

    def broken(demo: Demo) -> FastAPI:
        seen.append(demo)
        assert len(data_in(folder)) == 1
        raise SandboxError("the app has no settings")

    with pytest.raises(SandboxError, match="no settings"), start_demo(broken, today=TODAY):
        pass
    assert not is_open(seen[0].issuer)
    assert data_in(folder) == []


def test_page_and_app_can_be_two_sites_to_a_browser() -> None:
    with start_demo(greeter, today=TODAY, named_hosts=True) as demo:
        assert (urlsplit(demo.page_url).hostname, urlsplit(demo.app_url).hostname) == ("ehr.localhost", "app.localhost")
        assert urlsplit(demo.issuer).hostname == "127.0.0.1"
        page = requests.get(f"{demo.issuer.removesuffix('/fhir')}/chart?patient=mid-taper", timeout=SECONDS)
        assert f'src="{demo.launch_url}' in page.text


@pytest.mark.parametrize("method", [AuthMethod.PUBLIC, AuthMethod.SYMMETRIC, AuthMethod.ASYMMETRIC])
def test_the_demo_as_a_tenant_is_all_that_an_app_needs(demo: Demo, method: AuthMethod) -> None:
    tenant = demo.tenant(method)
    assert (tenant.issuer, tenant.auth, tenant.client_id) == (demo.issuer, method, demo.clients.of(method).id)
    assert bool(tenant.client_secret) == (method is AuthMethod.SYMMETRIC)
    assert bool(tenant.signing_keys) == (method is AuthMethod.ASYMMETRIC)
    assert tenant.roles[Role.PHARMACIST] == ("Practitioner/ph1",)
    assert f"{tenant.frame_ancestors[0]}/" == demo.page_url


def test_a_port_that_is_taken_is_named(demo: Demo) -> None:
    taken = urlsplit(demo.issuer).port or 0
    with pytest.raises(SandboxError, match=f"port {taken}"), start_demo(port=taken, today=TODAY):
        pass


# A process that was started in the background of a shell ignores the interrupt: this one is a program in the foreground.
RUNS = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from fhir_taper.sandbox.demo import start_demo
with start_demo() as demo:
    print(demo.issuer, demo.resources.behind, flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind_by_an_interrupt_or_a_kill(how: signal.Signals, folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", RUNS], stdout=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stdout
        addresses = running.stdout.readline().split()
        assert len(addresses) == 2
        assert all(is_open(url) for url in addresses)
        assert len(data_in(folder)) == 1
        os.killpg(running.pid, how)
        running.wait(SECONDS)
    until = time.monotonic() + SECONDS
    while (any(is_open(url) for url in addresses) or data_in(folder)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(is_open(url) for url in addresses)
    assert data_in(folder) == []
