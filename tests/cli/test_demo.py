"""`demo --check` drives the whole way; `serve` and `db upgrade` say what they need."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_taper.cli.demo_walk import Page, StepFailed, walk
from fhir_taper.sandbox.demo import start_demo
from tests.cli.opened_demo import opened

# A process that was started in the background of a shell ignores the interrupt: this one is a program in the foreground.
FOREGROUND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from fhir_taper.cli import main
main(["demo"])
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "fhir_taper", *arguments], capture_output=True, text=True, check=False, timeout=300)


def test_the_demo_checks_itself_from_launch_to_what_the_ehr_holds() -> None:
    done = run("demo", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    steps = [line.partition(":")[0] for line in done.stdout.splitlines()]
    assert steps == [
        "launch",
        "strategies",
        "plan",
        "safety",
        "approve",
        "preview",
        "write",
        "read back",
        "hold",
        "read back",
        "the demo works",
    ]
    assert done.stderr == ""


def test_the_demo_prints_one_address_that_shows_the_patients_and_ends_quietly_at_an_interrupt() -> None:
    line, page, status = opened([sys.executable, "-c", FOREGROUND])
    assert re.fullmatch(r"Open http://ehr\.localhost:\d+/ .*\n", line)
    assert page.startswith("200 ")
    assert "Edna" in page
    assert "app.localhost" not in page  # a chart launches the app anew; the list alone launches nothing
    assert status == 0


def test_a_walk_that_does_not_go_on_names_the_step() -> None:
    with start_demo() as demo, pytest.raises(StepFailed) as failed:
        list(walk(demo))
    assert failed.value.step == "connection"


def test_a_page_gives_its_forms_as_a_browser_would_send_them() -> None:
    select = '<select name="s"><option value="">none<option selected>two</select>'
    html = f'<form action="/a"><input name="x" value="1">{select}<button name="b" value="c">Go</button></form><p>Words'
    page = Page(html)
    assert page.form("/a") is not None
    assert (page.forms[0].fields, page.forms[0].buttons) == ({"x": "1", "s": "two"}, [("b", "c")])
    assert page.text.endswith("Words")


def test_a_server_without_a_configuration_says_what_is_missing(tmp_path: Path) -> None:
    done = run("serve", "--config", str(tmp_path / "none.toml"))
    assert done.returncode != 0
    assert done.stderr.startswith("fhir-taper: ")
    assert len(done.stderr.splitlines()) == 1
