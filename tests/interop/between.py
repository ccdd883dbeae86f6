"""What stands between the app and a FHIR server: it passes requests on, and does to writes what networks, gateways and servers do.

A fault is told the request and how to pass it on; it gives an answer, or None to cut the connection. Faults are used up one per write.
"""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from fhir_taper.errors import SandboxError
from fhir_taper.sandbox.forwarding import Answer, send
from fhir_taper.sandbox.server import LOOPBACK, port_of

WRITES = ("POST", "PUT", "PATCH", "DELETE")
_KEPT = ("accept", "content-type", "if-match", "if-none-exist", "prefer")
_PATH = "/fhir"


@dataclass(frozen=True)
class Asked:
    """One request; `path` is that under the base."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_operation(self) -> bool:
        """Whether it only asks for an opinion ($validate)."""
        return "$" in self.path


Forward = Callable[[Asked], Answer]
Fault = Callable[[Asked, Forward], Answer | None]


@dataclass
class Between:
    """A server on a reserved socket before the server at `behind`, for the length of a `with` block."""

    door: socket.socket
    behind: str
    faults: list[Fault | None] = field(default_factory=list)
    writes: list[Asked] = field(default_factory=list)
    reads_fault: Fault | None = None

    @property
    def base(self) -> str:
        """The FHIR base."""
        return f"http://{LOOPBACK}:{port_of(self.door)}{_PATH}"

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer((LOOPBACK, 0), _handler_of(self), bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = self.door
        self._server.daemon_threads = True
        self._server.server_activate()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, asked: Asked) -> Answer | None:
        """The answer to one request, None for a cut connection."""
        is_write = asked.method in WRITES and not asked.is_operation
        if is_write:
            self.writes.append(asked)
        fault = (self.faults.pop(0) if self.faults else None) if is_write else self.reads_fault
        return fault(asked, self.forward) if fault else self.forward(asked)

    def forward(self, asked: Asked) -> Answer:
        """What the server itself answers."""
        url = f"{self.behind}/{asked.path}" if asked.path else self.behind
        kept = {name: value for name, value in asked.headers.items() if name in _KEPT}
        return send(asked.method, f"{url}{f'?{asked.query}' if asked.query else ''}", kept, asked.body or None)


def _handler_of(between: Between) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            path, _, query = self.path.removeprefix(_PATH).strip("/").partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, path.strip("/"), query, headers, self.rfile.read(int(headers.get("content-length", 0))))
            try:
                answer = between.answer(asked)
            except SandboxError:
                answer = None
            if answer is None:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            with suppress(OSError):  # whoever asked was killed
                self.send_response_only(answer.status)
                for name, value in ({"date": self.date_time_string()} | dict(answer.headers)).items():
                    if name not in ("connection", "content-length", "keep-alive", "server", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 as the library names them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


# ---- faults


def lost_before(_asked: Asked, _forward: Forward) -> Answer | None:
    """The connection breaks before the server has it."""
    return None


def lost_after(asked: Asked, forward: Forward) -> Answer | None:
    """The server did it, and its answer is lost."""
    forward(asked)
    return None


def slow(seconds: float) -> Fault:
    """The server does it, and answers later than anybody waits."""

    def fault(asked: Asked, forward: Forward) -> Answer | None:
        answer = forward(asked)
        time.sleep(seconds)
        return answer

    return fault


def answers(status: int, *, commits: bool = False, **headers: str) -> Fault:
    """A status, from the server or from a gateway before it; `commits`: the server did it all the same."""

    def fault(asked: Asked, forward: Forward) -> Answer | None:
        if commits:
            forward(asked)
        outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(status, {"content-type": "application/fhir+json", **named}, json.dumps(outcome).encode())

    return fault


def breaking(entry: int) -> Fault:
    """One entry of a transaction is refused by the server: some servers keep those before it."""

    def fault(asked: Asked, forward: Forward) -> Answer | None:
        body = json.loads(asked.body)
        if body.get("type") != "transaction":
            return answers(422)(asked, forward)
        broken = body["entry"][entry % len(body["entry"])]
        # A version that never was of a resource that is not there: no server does that, whatever it validates.
        broken["request"] = {"method": "PUT", "url": f"{broken['resource']['resourceType']}/nobody", "ifMatch": 'W/"never"'}
        broken["resource"]["id"] = "nobody"
        return forward(Asked(asked.method, asked.path, asked.query, asked.headers, json.dumps(body).encode()))

    return fault


def killing(process: Callable[[], int], *, commits: bool) -> Fault:
    """The app is killed while its request is with the server, which does it or not."""

    def fault(asked: Asked, forward: Forward) -> Answer | None:
        os.kill(process(), signal.SIGKILL)
        if commits:
            forward(asked)
        return None

    return fault


def edited_first(edit: Callable[[], Any]) -> Fault:
    """Somebody else changes what is about to be changed."""

    def fault(asked: Asked, forward: Forward) -> Answer | None:
        edit()
        return forward(asked)

    return fault
