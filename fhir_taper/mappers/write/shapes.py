"""Shapes: how a frozen value of ours becomes a complex FHIR extension and comes back, declared once.

A shape names the parts of a value; from it come the extension that is written, the reading of it, and the StructureDefinition that is
published (`structure_definitions`), so that the three cannot drift apart. Nothing here knows what a taper is. Reading is strict: a part
that is missing, given twice, of another type or unknown is a BadInput that names its place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from functools import cache
from operator import attrgetter
from typing import Any, Final, Generic, Never, TypeVar

from fhir_taper.errors import BadInput
from fhir_taper.mappers.write.fhir_text import from_fhir, to_fhir
from fhir_taper.mappers.write.namespace import Json

T = TypeVar("T")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = 18  # FHIR R4: a decimal has no more
_INTEGERS = 2**31  # FHIR R4: an integer has 32 bits


class Kind(Enum):
    """What a part holds, and as which FHIR types (the last letters of value[x]) it may be written."""

    TEXT = ("String",)
    CODE = ("Code",)
    DECIMAL = ("Decimal",)
    EXACT = ("Decimal", "Ratio")  # a Ratio where the number does not terminate (10 mg / 3)
    INTEGER = ("Integer",)
    POSITIVE = ("PositiveInt",)
    DATE = ("Date",)
    GROUP = ()

    def __init__(self, *types: str) -> None:
        self.types = types


_CALLED = {Kind.POSITIVE: "positive integer", Kind.EXACT: "number", Kind.DATE: "whole day (YYYY-MM-DD)"}


class Required(Enum):
    """Marks a part that is always written."""

    YES = "required"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a shape. `absent` is the value that is written as absence; `attribute` where it stands in our value."""

    url: str
    kind: Kind
    says: str
    attribute: str
    absent: object = Required.YES
    many: bool = False
    at_least: int = 0
    words: type[StrEnum] | None = None
    vocabulary: str = ""
    shape: "Shape[Any] | None" = None
    get: Callable[[Any], Any] | None = None
    least: int = field(init=False)
    """How often it must be there."""
    of: Callable[[Any], Any] = field(init=False)
    """This part of a value of ours."""
    key: str = field(init=False)
    """The element that holds it: `valueString`."""
    write: Callable[[Any], Any] = field(init=False)
    read: Callable[[Any], Any] = field(init=False)

    def __post_init__(self) -> None:
        known = {
            "least": self.at_least if self.many else int(self.absent is Required.YES),
            "of": self.get or attrgetter(self.attribute),
            "key": f"value{self.kind.types[0]}" if self.kind.types else "extension",
            "write": _WRITERS.get(self.kind, _itself),
            "read": _reader(self.kind, self.words),
        }
        for name, value in known.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    """All parts of one kind of value, and how it is made from them (by attribute name)."""

    make: Callable[..., T]
    parts: tuple[Part, ...]
    by_url: Mapping[str, Part] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_url", {part.url: part for part in self.parts})


def text(url: str, says: str, absent: object = Required.YES, *, many: bool = False, attribute: str = "") -> Part:
    """A part of free text."""
    return Part(url, Kind.TEXT, says, attribute or _snake(url), absent, many=many)


def code(url: str, words: type[StrEnum], vocabulary: str, says: str, absent: object = Required.YES) -> Part:
    """A part that is one of our words; `vocabulary` names our code system for them, or is the address of somebody else's value set."""
    return Part(url, Kind.CODE, says, _snake(url), absent, words=words, vocabulary=vocabulary)


def number(url: str, kind: Kind, says: str, absent: object = Required.YES, attribute: str = "") -> Part:
    """A part that is a number of this kind."""
    return Part(url, kind, says, attribute or _snake(url), absent)


def day(url: str, says: str, absent: object = Required.YES, attribute: str = "") -> Part:
    """A part that is a whole day."""
    return Part(url, Kind.DATE, says, attribute or _snake(url), absent)


def group(url: str, shape: Shape[Any], says: str, absent: object = Required.YES) -> Part:
    """A part that has parts of its own."""
    return Part(url, Kind.GROUP, says, _snake(url), absent, shape=shape)


def groups(url: str, shape: Shape[Any], says: str, attribute: str, at_least: int = 0) -> Part:
    """A part that has parts of its own and may be given several times."""
    return Part(url, Kind.GROUP, says, attribute, many=True, at_least=at_least, shape=shape)


def to_parts(value: object, shape: Shape[Any]) -> list[Json]:
    """The inner extensions of one value, in the order of its shape."""
    written: list[Json] = []
    for part in shape.parts:
        held = part.of(value)
        if part.many:
            written += [_one(part, item) for item in held]
        elif held != part.absent:
            written.append(_one(part, held))
    return written


def from_parts(extensions: object, shape: Shape[T], place: str) -> T:
    """The value that `to_parts` was given. Raises BadInput naming the place of the first thing that is not as we write it.

    JSON is dicts and lists: asking for those is many times faster than for what is like them.
    """
    if not isinstance(extensions, list):
        raise BadInput("a list of extensions is missing", place)
    found: dict[str, list[Any]] = {}
    for item in extensions:
        url = item.get("url") if isinstance(item, dict) else None
        if not isinstance(url, str):
            raise BadInput("an extension without a url", place)
        part = shape.by_url.get(url)
        if part is not None:
            values = found.setdefault(url, [])
            values.append(_value(part, item, f"{place}.{url}[{len(values)}]" if part.many else f"{place}.{url}"))
        elif ":" not in url:  # a part of ours that this version does not know; an absolute address is somebody else's
            raise BadInput(f"has a part {url!r} that this version does not know", place)
    return shape.make(**{part.attribute: _given(part, found.get(part.url, []), place) for part in shape.parts})


def _given(part: Part, values: list[Any], place: str) -> Any:
    if len(values) < part.least:
        raise BadInput("is missing", f"{place}.{part.url}")
    if part.many:
        return tuple(values)
    if len(values) > 1:
        raise BadInput("is given twice", f"{place}.{part.url}")
    return values[0] if values else part.absent


def _one(part: Part, value: Any) -> Json:
    if part.shape is not None:
        return {"url": part.url, "extension": to_parts(value, part.shape)}
    if isinstance(value, Fraction):
        ratio = {"numerator": {"value": value.numerator}, "denominator": {"value": value.denominator}}
        return {"url": part.url, "valueRatio": ratio}
    return {"url": part.url, part.key: part.write(value)}


def _value(part: Part, item: Mapping[str, Any], place: str) -> Any:
    if part.shape is not None:
        return from_parts(item.get("extension"), part.shape, place)
    keys = [key for key in item if key.startswith("value")]
    if keys == [part.key]:
        given = item[part.key]
        value = part.read(given)
        return value if value is not _WRONG else _refuse(given, part.kind, place, part.words)
    if len(keys) != 1 or keys[0].removeprefix("value") not in part.kind.types:
        raise BadInput(f"must have one value{' or value'.join(part.kind.types)}, and has {', '.join(keys) or 'none'}", place)
    return _ratio(item["valueRatio"], place)


def read_primitive(value: object, kind: Kind, place: str, words: type[StrEnum] | None = None) -> Any:
    """One JSON value as the kind that it must be. Raises BadInput naming the place."""
    found = _reader(kind, words)(value)
    return found if found is not _WRONG else _refuse(value, kind, place, words)


def _refuse(value: object, kind: Kind, place: str, words: type[StrEnum] | None) -> Never:
    if words and isinstance(value, str):
        raise BadInput(f"{value!r} is not one of {', '.join(words)}", place)
    raise BadInput(f"{value!r} is no {_CALLED.get(kind, kind.name.lower())}", place)


# How each kind is written and read. A reader answers _WRONG where a value is not of its kind.

_WRONG: Final = object()


def _itself(value: Any) -> Any:
    return value


def _as_text(value: object) -> object:
    return from_fhir(value) if isinstance(value, str) else _WRONG


def _as_day(value: object) -> object:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):  # the standard library also reads 20260105 and 2026-W01-1
            return date.fromisoformat(value)
    except ValueError:
        pass
    return _WRONG


def _as_integer(value: object) -> object:
    return value if _is_integer(value) else _WRONG


def _as_positive(value: Any) -> object:
    return value if _is_integer(value) and value > 0 else _WRONG


def _as_decimal(value: Any) -> object:
    return Decimal(value) if _is_number(value) else _WRONG


@cache
def _reader(kind: Kind, words: type[StrEnum] | None) -> Callable[[Any], Any]:
    if words is not None:
        known = {str(word): word for word in words}
        return lambda value: known.get(value, _WRONG) if isinstance(value, str) else _WRONG
    return _READERS.get(kind, _itself)


_WRITERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {Kind.TEXT: to_fhir, Kind.DATE: date.isoformat, Kind.CODE: str}
_READERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    Kind.TEXT: _as_text,
    Kind.DATE: _as_day,
    Kind.INTEGER: _as_integer,
    Kind.POSITIVE: _as_positive,
    Kind.DECIMAL: _as_decimal,
    Kind.EXACT: _as_decimal,
}


def _ratio(value: object, place: str) -> Fraction:
    parts = [_ratio_part(value, name) for name in ("numerator", "denominator")]
    if not all(_is_number(part) for part in parts) or not parts[1]:
        raise BadInput("is not a ratio of two numbers", place)
    return Fraction(parts[0]) / Fraction(parts[1])


def _ratio_part(value: object, name: str) -> Any:
    part = value.get(name) if isinstance(value, Mapping) else None
    return part.get("value") if isinstance(part, Mapping) else None


def _is_number(value: object) -> bool:
    """An integer or a finite Decimal of FHIR's size. A float is refused: it has lost its digits, so `exact_json` did not read it."""
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) < _DIGITS and len(value.as_tuple().digits) <= _DIGITS
    return _is_integer(value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _INTEGERS


def _snake(url: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", url).lower()
