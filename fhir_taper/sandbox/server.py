"""A web server on a thread and an event loop of its own, on a port of loopback that was free.

Two servers never share an event loop: one that waits for the other would use up the threads that the other needs.
"""

import contextlib
import socket
import threading
import time
from typing import Any, Final, Self

import uvicorn

from fhir_taper.errors import SandboxError

LOOPBACK: Final = "127.0.0.1"
_START_SECONDS: Final = 15
_STOP_SECONDS: Final = 5


def reserve(port: int = 0) -> socket.socket:
    """A bound socket on loopback; port 0 takes a free one. Bound before anything else starts, so that addresses are known and kept."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise SandboxError(f"port {port} of {LOOPBACK} cannot be used: {error.strerror}") from error
    return listener


def port_of(listener: socket.socket) -> int:
    """The port that a reserved socket has."""
    port: int = listener.getsockname()[1]
    return port


class ServerThread:
    """Serves one ASGI app on a reserved socket until it is stopped. It takes the socket over and closes it."""

    def __init__(self, name: str, app: Any, listener: socket.socket, *, lifespan: bool = False) -> None:
        self._name = name
        self._listener = listener
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on" if lifespan else "off",
            ws="none",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name=name, daemon=True)

    def start(self) -> Self:
        """Return once it answers. Raises SandboxError where it does not."""
        self._thread.start()
        until = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                self.stop()
                raise SandboxError(f"the {self._name} did not start")
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        """End it and wait until its thread is gone."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)
        with contextlib.suppress(OSError):
            self._listener.close()
