"""A browser whose app is called in this process, so that a test sees every answer and chooses the app; all other hosts are reached."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import FastAPI

from fhir_taper.cli.demo_walk import Browser, Shown, _keep
from tests.web.asking import Run, ask

FORM = "application/x-www-form-urlencoded"


@dataclass
class InProcess(Browser):
    """Requests to the app's host are asked of `app`; all others go out."""

    app: FastAPI | None = None
    host: str = ""
    run: Run = asyncio.run
    """What runs a request: by itself each in an event loop of its own."""
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path and status of every answer of the app."""
    led_well: set[int] = field(default_factory=set)
    """Places in `seen` of answers from which the browser, led on by them, came to a page with 2xx: the app's, or the EHR's."""

    def _ask(self, method: str, url: str, body: bytes | None) -> Shown:
        first = len(self.seen)
        shown = super()._ask(method, url, body)
        if 200 <= shown.status < 300:
            self.led_well.update(range(first, len(self.seen)))
        return shown

    def once(self, method: str, url: str, body: bytes | None = None, beside: Mapping[str, str] | None = None) -> Shown:
        parts = urlsplit(url)
        if parts.netloc != self.host or self.app is None:
            return super().once(method, url, body, beside)
        jar = self.cookies.setdefault(parts.netloc, {})
        headers = [("Cookie", "; ".join(f"{name}={value}" for name, value in jar.items()))] if jar else []
        if body is not None:
            headers.append(("Content-Type", FORM))
        headers += (beside or {}).items()
        answer = ask(self.app, method, parts.path or "/", query=parts.query, headers=headers, body=body or b"", run=self.run)
        self.seen.append((method, parts.path, answer.status))
        for name, value in answer.headers:
            if name == "set-cookie":
                _keep(jar, value)
        return Shown(answer.status, answer.headers, answer.text)
