"""The command line as a process, on input that nobody should send: what it said, how it ended, what it cost.

The bounds are requirements: whatever comes in, an answer within 10 seconds and 1 GB. Seconds are of the processor, which no neighbour uses
up; a run that waits for nothing is killed by the clock.
"""

import atexit
import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-01-05"
MAX_SECONDS = 10
MAX_MB = 1024
# By the clock: what takes so long hangs, on however busy a machine.
GIVE_UP_SECONDS = 60
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of the command line ended."""

    status: int
    out: bytes
    err: str
    seconds: float
    peak_mb: float

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_float=Decimal)


@cache
def _server() -> subprocess.Popen[str]:
    """The process that runs the command line for all tests of this one; it ends with it."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tests.faults.forking"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _measured(arguments: tuple[str, ...], streams: list[Path]) -> dict[str, Any]:
    """How one run ended. What hangs is killed, and with it the process that runs the rest."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    print(json.dumps({"arguments": arguments, "streams": [str(path) for path in streams]}), file=server.stdin, flush=True)
    if not select.select([server.stdout], [], [], GIVE_UP_SECONDS)[0]:
        _end(server)
        _server.cache_clear()
        raise AssertionError(f"no answer within {GIVE_UP_SECONDS} s")
    measured: dict[str, Any] = json.loads(server.stdout.readline())
    return measured


def run(*arguments: str, stdin: bytes = b"") -> Outcome:
    """Run `fhir-taper` with these arguments; asserts the bounds of time and memory, and that nothing was thrown at the user."""
    with tempfile.TemporaryDirectory() as folder:
        read, out, err = (Path(folder) / name for name in ("in", "out", "err"))
        for path, held in ((read, stdin), (out, b""), (err, b"")):
            path.write_bytes(held)
        measured = _measured(arguments, [read, out, err])
        outcome = Outcome(out=out.read_bytes(), err=err.read_bytes().decode(), **measured)
    assert "Traceback" not in outcome.err, outcome.err[-2000:]
    assert outcome.status in {0, 2, 3, 4}, outcome.err
    assert outcome.seconds < MAX_SECONDS, f"{outcome.seconds:.1f} s"
    assert outcome.peak_mb < MAX_MB, f"{outcome.peak_mb:.0f} MB"
    return outcome


def regimen(chart: bytes, folder: Path, *, name: str = "chart.json") -> Outcome:
    """Run `regimen` as JSON on a file with these bytes."""
    path = folder / name
    path.write_bytes(chart)
    return regimen_of(path)


def regimen_of(path: Path | str, *, stdin: bytes = b"") -> Outcome:
    """Run `regimen` as JSON on a file, a folder, or standard input ("-")."""
    return run("regimen", str(path), "--as-of", AS_OF, "--format", "json", stdin=stdin)


def assert_refused(outcome: Outcome, *mentions: str) -> None:
    """Bad input: status 3, one clear line on standard error that names the place, nothing on standard output."""
    assert outcome.status == 3, (outcome.status, outcome.err, outcome.out[:500])
    assert outcome.out == b""
    assert outcome.err.endswith("\n")
    line = outcome.err[:-1]
    assert line.strip()
    assert "\n" not in line
    assert len(line) < 600, len(line)
    assert not _CONTROL.search(line), repr(line)
    assert [text for text in mentions if text.lower() not in line.lower()] == [], line


def assert_answered(outcome: Outcome) -> dict[str, Any]:
    """An answer: status 0 or 4 with a regimen in JSON and nothing on standard error. Returns the regimen."""
    assert outcome.status in {0, 4}, (outcome.status, outcome.err)
    assert outcome.err == ""
    answer: dict[str, Any] = outcome.json
    assert answer["schema"] == 1
    return answer


def item_of(answer: dict[str, Any], source: str) -> dict[str, Any]:
    """Return the one item that comes from this resource."""
    found: list[dict[str, Any]] = [i for i in answer["items"] if any(s.split("/_history")[0] == source for s in i["sources"])]
    assert len(found) == 1, answer["items"]
    return found[0]


def said(answer: dict[str, Any]) -> str:
    """Return everything that the regimen says about how the chart was read, in lower case."""
    return json.dumps(answer["issues"], default=str).lower()
