"""A person whose app is called in this process; their EHR is the running demo."""

from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI

from tests.web.in_process import InProcess
from tests.web.running import Person, Stage


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
