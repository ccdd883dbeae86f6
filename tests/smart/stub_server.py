"""A server on a loopback thread that answers what a test tells it to, and records every request that reached it.

`Reply` is one answer; a route has a list of them, the last of which stays. Faults: slow, cut off, any header, any status.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Reply:
    """One answer: `body` as bytes, text or a JSON value; `seconds` before it begins; `cut` bytes of it are announced and never sent."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0
    cut: int = 0
    drip: float = 0

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


class Stub:
    """The server: `on` sets the answers of a path, `requests` is what came."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self._routes: dict[tuple[str, str], list[Reply]] = {}
        self._lock = threading.Lock()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                del args

            def date_time_string(self, timestamp: float | None = None) -> str:
                return stub.date or super().date_time_string(timestamp)

            def _serve(self) -> None:
                stub.serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 (the names that http.server calls)

        self.date = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.base = f"{self.origin}/fhir"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def on(self, path: str, *replies: Reply, method: str = "GET") -> None:
        self._routes[method, path] = list(replies)

    def of(self, path: str, method: str = "GET") -> list[Received]:
        return [one for one in self.requests if one.path == path and one.method == method]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.requests.append(
                Received(handler.command, parts.path, parse_qs(parts.query, keep_blank_values=True), handler.path, headers, body)
            )
            known = self._routes.get((handler.command, handler.path)) or self._routes.get((handler.command, parts.path)) or [Reply(404)]
            reply = known.pop(0) if len(known) > 1 else known[0]
        time.sleep(reply.seconds)
        content = reply.content()
        try:
            handler.send_response(reply.status)
            for name, value in {"Content-Type": "application/fhir+json", **reply.headers}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            if reply.drip:
                for byte in content:
                    handler.wfile.write(bytes([byte]))
                    handler.wfile.flush()
                    time.sleep(reply.drip)
            else:
                handler.wfile.write(content[: len(content) - reply.cut])
        except OSError:
            pass
        if reply.cut:
            handler.close_connection = True

    @contextmanager
    def running(self) -> Iterator["Stub"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
