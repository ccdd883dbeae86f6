"""What the tests of the store do in processes of their own, so that several work at once and one can be killed.

`python -m tests.store.processes WORK URL [MARK]`: prints one line per thing that is committed, and its result last.
"""

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

from fhir_taper.errors import NotInTurn, StoreConflict, StoreError
from fhir_taper.records import WriteState
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.leases import exclusive
from fhir_taper.store.ledger import Ledger
from fhir_taper.store.plans import PlanStore
from fhir_taper.store.rotation import rotate
from fhir_taper.store.tokens import TokenStore
from tests.store import kept

ROOT = Path(__file__).resolve().parents[2]
OLD = KeyRing({"2025": kept.OLD_KEY}, "2025")
BOTH = KeyRing({"2026": kept.NEW_KEY, "2025": kept.OLD_KEY}, "2026")
THREADS = 8
EACH = 10


def processes(work: str, url: str, number: int) -> list[str]:
    """Run a work in several processes at once; return the last line of each."""
    commands = [[sys.executable, "-m", "tests.store.processes", work, url, f"process-{one}"] for one in range(number)]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for command in commands]
    said = [one.communicate(timeout=120)[0] for one in running]
    assert [one.returncode for one in running] == [0] * number
    return [one.split()[-1] for one in said]


def renew(database: Database, mark: str) -> None:
    """Renew one grant from eight threads; print how often this process did."""
    del mark
    store = TokenStore(database, OLD, "hospital")
    done: list[bool] = []

    def once() -> None:
        with store.exclusive("g1"):
            if store.get("g1") == kept.tokens(0):
                time.sleep(0.02)
                store.put("g1", kept.tokens(1))
                done.append(True)

    _in_threads(once)
    print(len(done))


def hold(database: Database, mark: str) -> None:
    """Hold a name, say so, and wait to be killed."""
    del mark
    with exclusive(database, "held", timedelta(seconds=2)):
        print("holding", flush=True)
        time.sleep(60)


def audit(database: Database, mark: str) -> None:
    """Append to one chain from eight threads."""
    log = AuditLog(database, kept.AUDIT_KEY)

    def some() -> None:
        for number in range(EACH):
            log.append(kept.entry(number, actor=f"{mark}-{threading.get_ident()}"))

    _in_threads(some)
    print("done")


def append(database: Database, mark: str) -> None:
    """Append versions of one plan from eight threads, each going on from what it read; print how many went in."""
    store = PlanStore(database, OLD)
    done: list[int] = []

    def some() -> None:
        for _ in range(EACH):
            latest = store.latest(kept.PLAN)
            seen = latest.version if latest else 0
            try:
                store.append(kept.plan_version(seen + 1, by=mark), expected_version=seen)
            except StoreConflict:
                continue
            done.append(seen + 1)

    _in_threads(some)
    print(len(done))


def work_without_end(database: Database, mark: str) -> None:
    """Append to the audit, plans and ledger until killed; say what is committed after it is."""
    log, plans, ledger = AuditLog(database, kept.AUDIT_KEY), PlanStore(database, OLD), Ledger(database, OLD)
    for number in count(1):
        with database.begin():
            plans.append(kept.plan_version(number), expected_version=number - 1)
            log.append(kept.entry(number, actor=mark))
        print(f"plan {number}", flush=True)
        kept.open_write(ledger, kept.write(f"w{number}"))
        print(f"opened {number}", flush=True)
        ledger.settle(f"w{number}", WriteState.WRITTEN, at=kept.NOW, detail={"number": number})
        print(f"settled {number}", flush=True)


def turn(database: Database, mark: str) -> None:
    """Take the turn of one patient from eight threads and write under it; print how many could. Nobody ends a turn."""
    ledger, done = Ledger(database, OLD), list[int]()

    def once() -> None:
        with suppress(NotInTurn):
            mine = ledger.take_turn("hospital", "p1", at=kept.NOW, until=kept.NOW + timedelta(minutes=1))
            ledger.open_row(kept.write(f"{mark}-{mine.number}"), mine)
            done.append(mine.number)

    _in_threads(once)
    print(len(done))


def rotate_slowly(database: Database, mark: str) -> None:
    """Seal everything again, one row at a time."""
    del mark
    print("begun", flush=True)
    print(rotate(database, BOTH, batch=1))


def fill(database: Database, mark: str) -> None:
    """Append until no file may grow any more, then let them grow again and go on; print what happened."""
    plans = PlanStore(database, OLD)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    for number in count(1):
        made = kept.plan_version(number, document=os.urandom(40_000), by=mark)
        try:
            plans.append(made, expected_version=number - 1)
        except StoreError as error:
            print(f"refused {number} {type(error).__name__}: {error}")
            break
    print(f"newest {len(plans.history(kept.PLAN))}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    plans.append(made, expected_version=number - 1)
    print(f"went-on-with {len(plans.history(kept.PLAN))}")


def _in_threads(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        for one in [pool.submit(work) for _ in range(THREADS)]:
            one.result()


WORKS = {
    "renew": renew,
    "hold": hold,
    "audit": audit,
    "append": append,
    "work": work_without_end,
    "turn": turn,
    "rotate": rotate_slowly,
    "fill": fill,
}


def main(arguments: list[str]) -> None:
    """Do one work on one database."""
    work, url, mark = [*arguments, str(os.getpid())][:3]
    database = Database.open(url)
    WORKS[work](database, mark)
    database.close()


if __name__ == "__main__":
    main(sys.argv[1:])
