"""Requests from server to server on loopback: one connection each, nothing followed, nothing repeated."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from fhir_taper.errors import SandboxError
from fhir_taper.exact_json import decode

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})
_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decimals exact."""
        return decode(self.body)


def send(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answer:
    """One request to a server on loopback. Raises SandboxError where no whole answer comes."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        raise SandboxError(f"the sandbox talks to this machine alone, not to {parts.hostname}")
    connection = HTTPConnection(parts.hostname, parts.port or 80, timeout=_SECONDS)
    try:
        connection.request(method, f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    except (OSError, HTTPException) as error:
        raise SandboxError(f"no answer from port {parts.port}: {error!r}") from error
    finally:
        connection.close()
