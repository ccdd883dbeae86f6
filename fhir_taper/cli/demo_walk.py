"""A person's way through the demo, over HTTP and without a browser: its own cookies, and only forms and links that the pages hold.

Every step is checked by what the page says and, at the end, by what the EHR holds. It knows no inside of the app.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

from fhir_taper.sandbox.demo import Demo
from fhir_taper.sandbox.forwarding import send

PATIENT: Final = "lorazepam-elder"
_MOST_REDIRECTS: Final = 8
_MOST_FINDINGS: Final = 20
_AT_ONCE: Final = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)">')
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200
_SECONDS: Final = 60
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class StepFailed(Exception):
    """The walk does not go on: at which step, and why."""

    def __init__(self, step: str, why: str) -> None:
        self.step, self.why = step, why
        super().__init__(f"{step}: {why}")


@dataclass(slots=True)
class PageForm:
    """A form of a page: where it goes, and its fields as they stand; `buttons` are names and values of those that have one."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """What a page holds for this walk: forms, the words of its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._select = ""
        self._area = ""
        self._words: list[str] = []
        self.feed(html)

    @property
    def text(self) -> str:
        """All words of the page."""
        return " ".join(" ".join(self._words).split())

    def form(self, ends_with: str) -> PageForm | None:
        """The first form whose action ends so."""
        return next((one for one in self.forms if one.action.endswith(ends_with)), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Forms and their fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(PageForm(given.get("action", "")))
        if not self.forms or tag not in ("input", "button", "select", "option", "textarea"):
            return
        if given.get("type") in ("checkbox", "radio") and "checked" not in given:
            return  # a browser sends only what is ticked
        form = self.forms[-1]
        if tag == "button" and "name" in given:
            form.buttons.append((given["name"], given.get("value", "")))
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select and ("selected" in given or self._select not in form.fields):
            form.fields[self._select] = given.get("value", "\x00")
        elif tag == "textarea":
            self._area = given.get("name", "")
            form.fields[self._area] = ""
        elif tag == "input" and "name" in given:
            form.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """A text area ends."""
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        """Words; those of an option without a value are its value."""
        self._words.append(data)
        if self._area:
            self.forms[-1].fields[self._area] += data
        if self.forms and self._select and self.forms[-1].fields.get(self._select) == "\x00":
            self.forms[-1].fields[self._select] = data.strip()


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer: its status, every header in its order (names in lower case), its text."""

    status: int
    headers: tuple[tuple[str, str], ...]
    text: str

    def header(self, name: str) -> str:
        """The first header of a name; "" where there is none."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(slots=True)
class Browser:
    """Cookies by host, redirects followed and pages that lead on by themselves, no script: as much of a browser as the app needs.

    `at` is the page that is open.
    """

    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    at: str = ""

    def get(self, url: str) -> Shown:
        """Open a page."""
        return self._ask("GET", url, None)

    def post(self, action: str, values: Mapping[str, str]) -> Shown:
        """Send a form."""
        return self._ask("POST", action, urlencode(values).encode())

    def _ask(self, method: str, url: str, body: bytes | None) -> Shown:
        target = urljoin(self.at, url)
        for _ in range(_MOST_REDIRECTS):
            self.at = target
            shown = self.once(method, target, body)
            onward = shown.header("location") if shown.status in _REDIRECTS else _leads_on(shown.text)
            if not onward:
                return shown
            method, body, target = "GET", None, urljoin(target, onward)
        raise StepFailed("redirects", "they do not end")

    def once(self, method: str, url: str, body: bytes | None = None, beside: Mapping[str, str] | None = None) -> Shown:
        """One request, with headers `beside` its own; a redirect is an answer."""
        parts = urlsplit(url)
        jar = self.cookies.setdefault(parts.netloc, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_SECONDS)
        try:
            path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            connection.request(method, path, body, {**headers, **(_FORM if body is not None else {}), **(beside or {})})
            response = connection.getresponse()
            listed = tuple((name.lower(), value) for name, value in response.getheaders())
            shown = Shown(response.status, listed, response.read().decode("utf-8", "replace"))
        except (OSError, HTTPException) as error:
            raise StepFailed("connection", repr(error)) from error
        finally:
            connection.close()
        for name, value in shown.headers:
            if name == "set-cookie":
                _keep(jar, value)
        return shown


def _leads_on(html: str) -> str:
    """Where a page leads by itself and at once; "" where it stays."""
    found = _AT_ONCE.search(html)
    return found[1] if found else ""


def _keep(jar: dict[str, str], cookie: str) -> None:
    name, _, value = cookie.partition(";")[0].strip().partition("=")
    if "Max-Age=0" in cookie:
        jar.pop(name, None)
    else:
        jar[name] = value


def walk(demo: Demo) -> Iterator[str]:
    """A line per step. Raises StepFailed."""
    browser = Browser()
    page = _page("launch", browser.get(demo.launch_address(PATIENT)), "What is taken")
    yield f"launch: {PATIENT} is open, regimen shown"
    here = urlsplit(browser.at).path.rpartition("/")[0]

    page = _page("strategies", browser.get(f"{here}/strategies"), "What is asked")
    page = _sent("strategies", browser, page, "/strategies", {"benzo_table": "va-dod-2021", "reason": "falls"}, "Nothing here ranks")
    ways = [value for form in page.forms for name, value in form.buttons if name == "way"]
    if not ways:
        raise StepFailed("strategies", f"none can be made: {page.text[:300]}")
    yield f"strategies: {len(ways)} ways to taper"

    page = _sent("plan", browser, page, "/choose", {"way": ways[0]}, "Draft – not approved")
    yield f"plan: {ways[0]}"
    page = _acknowledged(browser, _page("safety", browser.get(f"{here}/safety"), "Safety"))
    yield "safety: every finding that asks for it is acknowledged"

    page = _page("approve", browser.get(f"{here}/approve"), "The patient's agreement")
    page = _sent(
        "agreement", browser, page, "/agreement", {"who": "the patient", "what": "slowly, and with a pause if needed"}, "agreement"
    )
    if page.form("/approve") is None:
        raise StepFailed("approve", f"it is refused: {page.text[:600]}")
    page = _sent("approve", browser, page, "/approve", {}, "What will be written")
    yield "approve: the plan is approved"
    if page.form("/write-back") is None:
        raise StepFailed("preview", f"there is no button: {page.text[:600]}")
    yield f"preview: {page.text.count('Create ')} resources to create"
    page = _sent("write", browser, page, "/write-back", {}, "Written, and read back with the same meaning")
    yield "write: written once, and read back with the same meaning"
    yield _read_back(demo, "active")
    yield from _held(demo, browser, here)


def _held(demo: Demo, browser: Browser, here: str) -> Iterator[str]:
    """The plan that stands is held: looked at, saved, written back as an update, read back."""
    page = _page("hold", browser.get(f"{here}/course"), "Active")
    page = _sent("hold", browser, page, "/course/hold", {"days": "14", "reason": "a cold"}, "Pause reductions, keep taking")
    page = _sent("hold", browser, page, "/course/hold", {}, "What will be written")
    _sent("write the hold", browser, page, "/write-back", {}, "Written, and read back with the same meaning")
    yield "hold: reductions are paused, and the plan in the EHR is updated"
    yield _read_back(demo, "on-hold")


def _acknowledged(browser: Browser, page: Page) -> Page:
    for _ in range(_MOST_FINDINGS):
        if page.form("/safety") is None:
            return page
        page = _sent("safety", browser, page, "/safety", {"reason": "discussed with the patient"}, "Safety")
    raise StepFailed("safety", "acknowledging does not end")


def _sent(step: str, browser: Browser, page: Page, action: str, values: Mapping[str, str], expected: str) -> Page:
    form = page.form(action)
    if form is None:
        raise StepFailed(step, f"the page has no form for {action}: {page.text[:300]}")
    return _page(step, browser.post(form.action, form.fields | dict(values)), expected)


def _page(step: str, answer: Shown, expected: str) -> Page:
    page = Page(answer.text)
    if answer.status != _OK or expected not in page.text:
        raise StepFailed(step, f"{answer.status}, and not “{expected}”: {page.text[:600]}")
    return page


def _read_back(demo: Demo, state: str) -> str:
    """What the EHR itself holds of it, asked past the app: one care plan, in this state."""
    token = demo.access_token("patient/*.rs", PATIENT)
    headers = {"Authorization": f"Bearer {token}"}
    counts, states = {}, []
    for kind in ("CarePlan", "RequestGroup", "MedicationRequest"):
        found = send("GET", f"{demo.issuer}/{kind}?patient={PATIENT}", headers).json().get("entry", [])
        counts[kind] = sum(entry["resource"].get("status") in (state, "draft") for entry in found)
        states += [entry["resource"].get("status") for entry in found if kind == "CarePlan"]
    if states != [state] or not counts["RequestGroup"]:
        raise StepFailed("read back", f"the EHR holds {counts}, and care plans that are {', '.join(map(str, states)) or 'none'}")
    return f"read back: the EHR holds {', '.join(f'{count} {kind}' for kind, count in counts.items())}, {state}"
