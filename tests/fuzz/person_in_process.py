"""A person whose app is called in this process, so that a test sees every answer; their EHR is the running demo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI

from fhir_taper.cli.demo_walk import Browser, Shown, _keep
from tests.web.asking import ask
from tests.web.running import Person, Stage

FORM = "application/x-www-form-urlencoded"


@dataclass
class InProcess(Browser):
    """Requests to the app's host are asked of `app`; all others go out."""

    app: FastAPI | None = None
    host: str = ""
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path and status of every answer of the app."""

    def once(self, method: str, url: str, body: bytes | None = None, beside: Mapping[str, str] | None = None) -> Shown:
        parts = urlsplit(url)
        if parts.netloc != self.host or self.app is None:
            return super().once(method, url, body, beside)
        jar = self.cookies.setdefault(parts.netloc, {})
        headers = [("Cookie", "; ".join(f"{name}={value}" for name, value in jar.items()))] if jar else []
        if body is not None:
            headers.append(("Content-Type", FORM))
        headers += (beside or {}).items()
        answer = ask(self.app, method, parts.path or "/", query=parts.query, headers=headers, body=body or b"")
        self.seen.append((method, parts.path, answer.status))
        for name, value in answer.headers:
            if name == "set-cookie":
                _keep(jar, value)
        return Shown(answer.status, answer.headers, answer.text)


def opened_by(app: FastAPI, stage: Stage, user: str, patient: str) -> Person:
    """A user of the demo with a chart open in `app`."""
    browser = InProcess(app=app, host=urlsplit(stage.demo.app_url).netloc)
    shown = browser.get(stage.demo.launch_address(patient, user))
    assert shown.status == 200, shown.text
    return Person(browser, urlsplit(browser.at).path.rpartition("/")[0])


def encoded(values: object) -> bytes:
    """What a generator made as the body of a form, as far as it can be one."""
    if isinstance(values, dict):
        return urlencode(
            {_text(name): value if isinstance(value, list) else _text(value) for name, value in values.items()}, doseq=True
        ).encode()
    return values if isinstance(values, bytes) else _text(values).encode("utf-8", "replace")


def _text(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()
