"""The fields of a posted form, read one by one: what cannot be meant is collected under the name of its field, and nothing is lost.

A page that is shown again holds what was typed (`Shown`), with the list of what is wrong above everything else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, TypeVar

from markupsafe import Markup

from fhir_taper.errors import WrongUsage
from fhir_taper.web.dependencies import Form

_Value = TypeVar("_Value")
LONGEST_LINE: Final = 500
LONGEST_TEXT: Final = 4000


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: its id on the page ("" for the form as a whole), its label, a sentence."""

    name: str
    label: str
    says: str


class FormRefused(WrongUsage):
    """A form that cannot be taken, with everything that is wrong with it, and what was typed."""

    def __init__(self, errors: Sequence[FieldError], form: Form) -> None:
        self.errors = tuple(errors)
        self.form = form
        super().__init__("; ".join(f"{one.name}: {one.says}" if one.name else one.says for one in errors))


@dataclass(slots=True)
class Fields:
    """Reads a form. `labels` are the names of its fields for people; `done` raises FormRefused where anything was wrong."""

    form: Form
    labels: Mapping[str, str]
    errors: list[FieldError] = field(default_factory=list)

    def fail(self, name: str, says: str) -> None:
        """Note what is wrong with a field."""
        self.errors.append(FieldError(name, self.labels.get(name, name), says))

    def text(self, name: str, longest: int = LONGEST_LINE) -> str:
        """The text of a field, "" where it is empty."""
        try:
            text = self.form.one(name)
        except WrongUsage as error:
            self.fail(name, str(error))
            return ""
        if len(text) > longest:
            self.fail(name, f"is longer than {longest} characters")
            return ""
        return text

    def read(self, name: str, reader: Callable[[str], _Value]) -> _Value | None:
        """What a field says; None where it is empty, or where what it says cannot be meant."""
        text = self.text(name)
        if not text:
            return None
        try:
            return reader(text)
        except WrongUsage as error:
            self.fail(name, str(error))
            return None

    def must(self, name: str, reader: Callable[[str], _Value], default: _Value) -> _Value:
        """The same of a field that may not be empty; the default keeps the reading going until `done`."""
        if not self.text(name):
            self.fail(name, "is empty")
            return default
        found = self.read(name, reader)
        return default if found is None else found

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """One of the choices, None where nothing was chosen."""
        text = self.text(name)
        if text and text not in choices:
            self.fail(name, f"{text[:40]!r} is none of {', '.join(choices)}")
            return None
        return text or None

    def done(self) -> None:
        """Raise FormRefused with everything that was wrong."""
        if self.errors:
            raise FormRefused(self.errors, self.form)


@dataclass(frozen=True, slots=True)
class Shown:
    """A form on a page: with what is known, or, where it was refused, with what was typed and what is wrong with it."""

    refused: FormRefused | None = None
    line_end: ClassVar[Markup] = Markup("\n")
    """Between the lines of an area: in text of a chart a line end is made visible."""

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Everything that is wrong, in the order of the form."""
        return self.refused.errors if self.refused else ()

    def value(self, name: str, known: object = "") -> str:
        """What stands in a field."""
        if self.refused is not None:
            return next((value for key, value in self.refused.form.pairs if key == name), "")
        return "" if known is None else str(known)

    def lines(self, name: str, known: str = "") -> tuple[str, ...]:
        """What stands in an area of several lines."""
        return tuple(self.value(name, known).splitlines())

    def is_ticked(self, name: str, value: str, *, known: bool = False) -> bool:
        """Whether a box is ticked."""
        return known if self.refused is None else (name, value) in self.refused.form.pairs

    def is_wrong(self, *beginnings: str) -> bool:
        """Whether something is wrong with a field whose name begins so."""
        return any(one.name.startswith(beginnings) for one in self.errors)

    def error(self, name: str) -> str:
        """What is wrong with a field; "" where nothing is."""
        return next((one.says for one in self.errors if one.name == name), "")
