"""The sandbox's own clock, which tests may set ahead or behind: tokens, codes and the Date header all go by it."""

import time
from email.utils import formatdate


class SandboxClock:
    """Seconds since 1970 by the machine, plus `ahead`."""

    def __init__(self, ahead: float = 0) -> None:
        self.ahead = ahead

    def now(self) -> float:
        """The time that the sandbox believes in, in seconds since 1970."""
        return time.time() + self.ahead

    def http_date(self) -> str:
        """The same as a Date header."""
        return formatdate(self.now(), usegmt=True)
