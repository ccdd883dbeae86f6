"""One request to an ASGI application without a server: what a test says about its address, headers and body is what arrives."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

Run = Callable[[Coroutine[Any, Any, None]], None]


@dataclass(frozen=True)
class Answered:
    """The whole answer; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def text(self) -> str:
        """The body, where it is words; of a file, what can be read of it."""
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


def ask(
    app: FastAPI,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    address: str | None = "192.0.2.1",
    run: Run = asyncio.run,
) -> Answered:
    """The app's answer. No Content-Length goes along unless it is among the headers. `run`: in a loop of its own, or in a given one."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        "client": (address, 40000) if address is not None else None,
        "server": ("taper.test", 443),
    }
    sent: list[MutableMapping[str, Any]] = []
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return left.pop() if left else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    run(app(scope, receive, send))
    start = sent[0]
    listed = tuple((name.decode().lower(), value.decode()) for name, value in start["headers"])
    return Answered(start["status"], listed, b"".join(one.get("body", b"") for one in sent[1:]))
