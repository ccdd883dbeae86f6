"""What the program does by itself while it serves: look for writes whose answer was lost, end sessions that were left, clear those away.

One thread, at the start and then at intervals. What fails is logged, counted and audited, and tried again in the next round: it ends
neither the thread nor the app. Nothing here sends a write.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fhir_taper.errors import TaperError
from fhir_taper.logs import log
from fhir_taper.records import AuditEntry
from fhir_taper.workflow.end_session import end_session
from fhir_taper.workflow.recover_writes import PROGRAM, sweep
from fhir_taper.workflow.services import Services

_KEPT_FOR: Final = timedelta(days=1)
"""How long a session that ended is still told from one that never was."""
_MOST_AT_ONCE: Final = 200
"""Sessions of a tenant that a round ends: what else is kept up waits so long."""
_STOP_SECONDS: Final = 35.0
"""An EHR that is being asked answers within half a minute, or not at all."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to keep up: its name, and what does it; returns counts for the log."""

    name: str
    run: Callable[[Services], dict[str, int]]


def recover(services: Services) -> dict[str, int]:
    """Look for writes that were never settled."""
    found = sweep(services)
    services.metrics.unresolved(found.unresolved)
    return {"looked": len(found.states), "waiting": len(found.waiting), "unresolved": found.unresolved}


def end_left(services: Services) -> dict[str, int]:
    """End the sessions that nobody will end any more (a window that was closed): left alone, or their time ran out.

    What an EHR that cannot be reached is not asked for now, it is in the next round.
    """
    ended, now = 0, services.clock()
    for tenant in services.settings.tenants:
        alone = now - timedelta(minutes=tenant.idle_minutes)
        for launch in services.launches.left(tenant.id, now, alone, _MOST_AT_ONCE):
            why = "time-over" if launch.ends <= now else "left-alone"
            ended += 1
            if not end_session(services, tenant, launch, "log-out", why, actor=PROGRAM):
                break
    return {"ended": ended}


def purge(services: Services) -> dict[str, int]:
    """Remove launches that ended a day ago, or were never finished."""
    served = [tenant.id for tenant in services.settings.tenants]
    return {"removed": services.launches.purge(services.clock() - _KEPT_FOR, served)}


TASKS: Final = (Task("recover-writes", recover), Task("end-sessions", end_left), Task("purge-launches", purge))


class Upkeep:
    """The thread. `stop` waits for the round that runs."""

    def __init__(self, services: Services, tasks: tuple[Task, ...] = TASKS) -> None:
        self._services = services
        self._tasks = tasks
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin the first round."""
        self._thread.start()

    def stop(self) -> bool:
        """End after the task that runs; whether the thread is gone."""
        self._over.set()
        self._thread.join(_STOP_SECONDS)
        return not self._thread.is_alive()

    def _rounds(self) -> None:
        while True:
            for task in self._tasks:
                if self._over.is_set():
                    return
                keep_up(self._services, task)
            if self._over.wait(self._services.settings.sweep_seconds):
                return


def keep_up(services: Services, task: Task) -> bool:
    """One task, whatever comes of it; whether it was done."""
    try:
        counts = task.run(services)
    except Exception as error:  # noqa: BLE001 (the thread must outlive any error of a task)
        log("upkeep", {"task": task.name, "outcome": "failed"}, level=logging.ERROR, error=error)
        services.metrics.kept_up(task.name, "failed")
        _audit_failure(services, task, error)
        return False
    services.metrics.kept_up(task.name, "done")
    level = logging.INFO if any(counts.values()) else logging.DEBUG
    log("upkeep", {**counts, "task": task.name, "outcome": "done"}, level=level)
    return True


@contextmanager
def kept_up(services: Services) -> Iterator[None]:
    """Upkeep for the length of a block."""
    upkeep = Upkeep(services)
    upkeep.start()
    try:
        yield
    finally:
        upkeep.stop()


def _audit_failure(services: Services, task: Task, error: Exception) -> None:
    """One line per tenant: whoever audits one sees that nobody looked after it. A database that is away cannot be told."""
    with suppress(TaperError):
        for tenant in services.settings.tenants:
            detail = {"task": task.name, "error": type(error).__name__}
            services.audit.append(AuditEntry(tenant.id, services.clock(), PROGRAM, "upkeep", "failed", detail=detail))
