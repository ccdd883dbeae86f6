"""When an EHR asked to be left alone: nothing new is sent to that address before. Kept per process; the ledger's rows say it too."""

from datetime import datetime
from threading import Lock


class Pauses:
    """The latest pause by FHIR base. Safe to share between threads."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._lock = Lock()

    def note(self, base: str, until: datetime) -> None:
        """The EHR asked for a pause; a longer one stays."""
        with self._lock:
            self._until[base] = max(until, self._until.get(base, until))

    def until(self, base: str, now: datetime) -> datetime | None:
        """The instant before which nothing new is sent; None where there is no pause."""
        with self._lock:
            until = self._until.get(base)
            return until if until is not None and until > now else None
