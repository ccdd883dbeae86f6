"""How fast one EHR is asked: a token bucket of so many requests a minute, and the pause that the EHR itself asked for (Retry-After).

One per tenant and process, shared by all its threads. Whoever is too early waits for its turn, as long as a person at a screen would;
beyond that nothing is sent, and that is said: for a write it means that certainly nothing was done.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from fhir_taper.errors import EhrBusy

_AT_ONCE: Final = 10
"""A tenth of a minute's requests may go at once; the rest comes evenly, so that no minute, wherever it begins, holds more than allowed."""
_SECONDS: Final = 60.0


class Pace:
    """`per_minute` None is no limit. `clock` gives now (aware), `monotonic` seconds for the bucket, `sleep` waits."""

    def __init__(
        self,
        per_minute: int | None,
        *,
        patience: float,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._burst = max(1.0, per_minute / _AT_ONCE) if per_minute else 0.0
        self._rate = max(per_minute - self._burst, 1.0) / _SECONDS if per_minute else 0.0
        self._patience = patience
        self._clock, self._monotonic, self._sleep = clock, monotonic, sleep
        self._tokens, self._filled = self._burst, monotonic()
        self._until: datetime | None = None
        self._lock = threading.Lock()

    def turn(self, *, is_again: bool = False) -> None:
        """Wait for the turn of one request. `is_again`: it waited for the EHR's own pause already.

        Raises EhrBusy, and nothing is sent, where the turn is further away than anybody waits.
        """
        wait = 0.0 if is_again else self._pause()
        if wait <= self._patience:
            wait = max(wait, self._take(wait))
        if wait > self._patience:
            raise EhrBusy(timedelta(seconds=wait))
        if wait > 0:
            self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """The EHR asked for a pause; a longer one stays."""
        until = self._clock() + timedelta(seconds=seconds)
        with self._lock:
            self._until = max(until, self._until or until)

    def _pause(self) -> float:
        with self._lock:
            return max(0.0, (self._until - self._clock()).total_seconds()) if self._until else 0.0

    def _take(self, ahead: float) -> float:
        """Seconds until a token is free, which is taken; none is where that is too long. `ahead`: it is needed in so many seconds."""
        if not self._burst:
            return 0.0
        with self._lock:
            now = self._monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
            self._filled = now
            wait = max(0.0, (1.0 - self._tokens) / self._rate)
            if max(wait, ahead) <= self._patience:
                self._tokens -= 1.0
            return wait
