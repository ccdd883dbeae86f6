"""The forms of a page as a browser would send them: what is filled in stays, what is empty and needed gets a plain answer.

What is empty and not marked as needed gets one too, apart: a page may need one of several.
"""

from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from fhir_taper.sandbox.demo import ZONE

WORDS = "discussed with the patient"


@dataclass
class FormSeen:
    """Where a form goes, its fields with every value that each may have, and the values that would be sent now."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, set[str]] = field(default_factory=dict)
    left_empty: dict[str, str] = field(default_factory=dict)
    """A plain answer to each field that `values` leaves empty."""

    @property
    def key(self) -> tuple[str, ...]:
        """The same form on another day: its token and revision do not tell it apart."""
        return (self.action, *sorted(f"{name}={value}" for name, value in self.values.items() if name not in ("csrf", "revision")))


class PageForms(HTMLParser):
    """Every form of a page: those that are posted, one per button that has a name, and those that ask; links too."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.found: list[FormSeen] = []
        self.asked: list[FormSeen] = []
        """Forms that only ask: their answer has an address."""
        self._form: FormSeen | None = None
        self._buttons: list[tuple[str, str]] = []
        self._select = ""
        self._is_needed = self._is_asked = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.add(given.get("href", ""))
        if tag == "form":
            self._form, self._buttons = FormSeen(given.get("action", "")), []
            self._is_asked = given.get("method", "get").lower() != "post"
        form = self._form
        if form is None:
            return
        name = given.get("name", "")
        if tag == "button" and name:
            self._buttons.append((name, given.get("value", "")))
        elif tag == "select":
            self._select, self._is_needed = name, "required" in given
        elif tag == "option" and self._select:
            value = given.get("value", "")
            form.choices.setdefault(self._select, set()).add(value)
            is_lacking = self._is_needed and not form.values.get(self._select)
            if "selected" in given or is_lacking or self._select not in form.values:
                form.values[self._select] = value
        elif tag == "textarea" and name:
            form.values[name] = WORDS if "required" in given else ""
            form.left_empty[name] = WORDS
        elif tag == "input" and name:
            self._input(form, name, given)

    def _input(self, form: FormSeen, name: str, given: dict[str, str]) -> None:
        kind, value = given.get("type", "text"), given.get("value", "")
        form.choices.setdefault(name, set()).add(value)
        if kind in ("checkbox", "radio"):
            if "checked" in given or "required" in given:
                form.values.setdefault(name, value or "on")
            elif kind == "radio":
                form.left_empty.setdefault(name, value)
        elif kind in ("submit", "button"):
            self._buttons.append((name, value))
        elif value:
            form.values.setdefault(name, value)
        else:
            today = datetime.now(ZoneInfo(ZONE)).date().isoformat()
            is_number = kind == "number" or given.get("inputmode") in ("numeric", "decimal")
            plain = today if kind == "date" else given.get("min", "1") if is_number else WORDS
            form.left_empty[name] = plain
            form.values.setdefault(name, plain if "required" in given else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "form" and self._form is not None:
            form, self._form = self._form, None
            if self._is_asked:
                self.asked.append(form)
                return
            for name, value in self._buttons:
                form.choices.setdefault(name, set()).add(value)
            ways = [{name: value} for name, value in self._buttons] or [{}]
            self.found += [FormSeen(form.action, form.values | way, form.choices, form.left_empty) for way in ways]
