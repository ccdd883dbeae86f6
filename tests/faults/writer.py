"""The process that writes, so that it can be killed: `python -m tests.faults.writer` reads jobs from standard input, one JSON per line.

Each job runs in a child of its own, forked from this process once everything is imported; the child says its process id first, then, if
it lives to, what became of the write. It is the app's own use case over its own store and client; only the points at which it may be
killed are laid between.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fhir_taper.errors import TaperError
from fhir_taper.records import LedgerRow, WriteState, WriteTurn
from fhir_taper.smart.client import FhirClient
from fhir_taper.store.ledger import Ledger
from fhir_taper.workflow import write_back
from tests.interop.writing_to import Clock, Scene, services_on

POINTS = (
    "before the ledger row",
    "after the ledger row",
    "before the request",
    "after the answer",
    "before the row is settled",
    "while the row is settled",
    "after the row is settled",
    "before the receipt",
)
"""Where a writer may be killed by itself; the server may kill it between request and answer besides."""
LONGEST_WAIT = 30.0
SECONDS = 1.0
"""How long it waits for an answer."""


@dataclass
class Killed:
    """Kills this process at the `number`-th passing of a point."""

    point: str
    number: int = 1

    def passing(self, point: str) -> None:
        """Go on, or end here."""
        if point == self.point:
            self.number -= 1
            if self.number == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def wait_at(folder: Path) -> None:
    """Say that a point is reached, and go on when somebody says so."""
    (folder / "there").touch()
    give_up = time.monotonic() + LONGEST_WAIT
    while not (folder / "go").exists():
        if time.monotonic() > give_up:
            raise TimeoutError("nobody says to go on")
        time.sleep(0.01)


def lay(killed: Killed, waits: str = "") -> None:
    """Lay the points into ledger, client and use case. `waits` is the folder in which it is said to go on, just before the ledger row."""
    opened, settled, moved = Ledger.open_row, Ledger.settle, Ledger._move

    def open_row(self: Ledger, row: LedgerRow, turn: WriteTurn) -> None:
        killed.passing("before the ledger row")
        if waits:
            wait_at(Path(waits))
        opened(self, row, turn)
        killed.passing("after the ledger row")

    def settle(self: Ledger, row_id: str, state: WriteState, *, at: datetime, detail: dict[str, Any]) -> None:
        killed.passing("before the row is settled")
        settled(self, row_id, state, at=at, detail=detail)

    def move(self: Ledger, row_id: str, was: WriteState, state: WriteState, at: datetime, detail: dict[str, Any]) -> None:
        moved(self, row_id, was, state, at, detail)
        killed.passing("while the row is settled")  # inside the transaction: nothing of it may stay

    written = FhirClient._write

    def write(self: FhirClient, permitted: Any, method: str, **how: Any) -> Any:
        killed.passing("before the request")
        answer = written(self, permitted, method, **how)
        killed.passing("after the answer")
        return answer

    executed = write_back.execute  # type: ignore[attr-defined]

    def execute(*given: Any, **named: Any) -> Any:
        receipt = executed(*given, **named)
        killed.passing("after the row is settled")
        return receipt

    Ledger.open_row, Ledger.settle, Ledger._move = open_row, settle, move  # type: ignore[method-assign]
    FhirClient._write = write  # type: ignore[method-assign]
    write_back.execute = execute  # type: ignore[attr-defined]


def do(job: dict[str, Any]) -> str:
    """Look for what was left, then preview and write, as the next launch does; the state of the receipt, or why there is none."""
    killed = Killed(job["point"], job["number"])
    lay(killed, job.get("waits", ""))
    clock = Clock() if "minutes" not in job else Clock(Clock().now + timedelta(minutes=job["minutes"]))
    services = services_on(job["url"], job["base"], clock, seconds=SECONDS)
    scene = Scene(services, job["patient"], clock)
    try:
        scene.sweep()
        receipt = scene.write()
        state = f"{receipt.state.value}: {receipt.says}" if "waits" in job else receipt.state.value
    except TaperError as error:
        state = f"{type(error).__name__}: {error}"
    finally:
        services.close()
    killed.passing("before the receipt")
    return state


def main(say: Callable[[str], None]) -> None:
    """Serve until standard input ends."""
    say("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            say(f"pid {os.getpid()}")
            said = do(json.loads(line))
            say(f"said {said}")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main(_say)
