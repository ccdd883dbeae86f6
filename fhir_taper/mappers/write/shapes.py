"""Shapes: how a frozen value of ours becomes a complex FHIR extension and comes back, declared once.

A shape names the parts of a value; from it come the extension that is written, the reading of it, and the StructureDefinition that is
published (`structure_definitions`), so that the three cannot drift apart. Nothing here knows what a taper is. Reading is strict: a part
that is missing, given twice, of another type or unknown is a BadInput that names its place.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Any, Generic, TypeVar

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


_CALLED = {Kind.POSITIVE: "positive integer", Kind.EXACT: "number", Kind.DATE: "day"}


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

    def of(self, value: object) -> Any:
        """This part of a value of ours."""
        return self.get(value) if self.get else getattr(value, self.attribute)

    @property
    def least(self) -> int:
        """How often it must be there."""
        return self.at_least if self.many else int(self.absent is Required.YES)


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    """All parts of one kind of value, and how it is made from them (by attribute name)."""

    make: Callable[..., T]
    parts: tuple[Part, ...]


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
    return [item for part in shape.parts for item in _written(part, part.of(value))]


def from_parts(extensions: object, shape: Shape[T], place: str) -> T:
    """The value that `to_parts` was given. Raises BadInput naming the place of the first thing that is not as we write it."""
    given = _by_url(extensions, shape, place)
    return shape.make(**{part.attribute: _read(part, given[part.url], f"{place}.{part.url}") for part in shape.parts})


def _written(part: Part, value: Any) -> Iterable[Json]:
    if part.many:
        return [_one(part, item) for item in value]
    return [] if value == part.absent else [_one(part, value)]


def _one(part: Part, value: Any) -> Json:
    if part.shape is not None:
        return {"url": part.url, "extension": to_parts(value, part.shape)}
    if isinstance(value, Fraction):
        ratio = {"numerator": {"value": value.numerator}, "denominator": {"value": value.denominator}}
        return {"url": part.url, "valueRatio": ratio}
    return {"url": part.url, f"value{part.kind.types[0]}": _primitive(part.kind, value)}


def _primitive(kind: Kind, value: Any) -> Any:
    if kind is Kind.TEXT:
        return to_fhir(value)
    if kind is Kind.DATE:
        return value.isoformat()
    return str(value) if kind is Kind.CODE else value


def _by_url(extensions: object, shape: Shape[Any], place: str) -> dict[str, list[Mapping[str, Any]]]:
    """The extensions of each part of a shape. JSON is dicts and lists: asking for those is many times faster than for what is like them."""
    if not isinstance(extensions, list):
        raise BadInput("a list of extensions is missing", place)
    found: dict[str, list[Mapping[str, Any]]] = {part.url: [] for part in shape.parts}
    for item in extensions:
        url = item.get("url") if isinstance(item, dict) else None
        if not isinstance(url, str):
            raise BadInput("an extension without a url", place)
        if url in found:
            found[url].append(item)
        elif ":" not in url:  # a part of ours that this version does not know; an absolute address is somebody else's
            raise BadInput(f"has a part {url!r} that this version does not know", place)
    return found


def _read(part: Part, items: list[Mapping[str, Any]], place: str) -> Any:
    if len(items) < part.least:
        raise BadInput("is missing", place)
    if part.many:
        return tuple(_value(part, item, f"{place}[{index}]") for index, item in enumerate(items))
    if len(items) > 1:
        raise BadInput("is given twice", place)
    return _value(part, items[0], place) if items else part.absent


def _value(part: Part, item: Mapping[str, Any], place: str) -> Any:
    if part.shape is not None:
        return from_parts(item.get("extension"), part.shape, place)
    keys = [key for key in item if key.startswith("value")]
    if len(keys) != 1 or keys[0].removeprefix("value") not in part.kind.types:
        raise BadInput(f"must have one value{' or value'.join(part.kind.types)}, and has {', '.join(keys) or 'none'}", place)
    if keys == ["valueRatio"]:
        return _ratio(item["valueRatio"], place)
    return read_primitive(item[keys[0]], part.kind, place, part.words)


def read_primitive(value: object, kind: Kind, place: str, words: type[StrEnum] | None = None) -> Any:
    """One JSON value as the kind that it must be. Raises BadInput naming the place."""
    if kind is Kind.TEXT and isinstance(value, str):
        return from_fhir(value)
    if kind in (Kind.CODE, Kind.DATE) and isinstance(value, str):
        return _word(value, words, place) if words else _day(value, place)
    if kind in (Kind.INTEGER, Kind.POSITIVE) and _is_integer(value) and (kind is Kind.INTEGER or value > 0):  # type: ignore[operator]
        return value
    if kind in (Kind.DECIMAL, Kind.EXACT) and _is_number(value):
        return Decimal(value)  # type: ignore[arg-type]
    raise BadInput(f"{value!r} is no {_CALLED.get(kind, kind.name.lower())}", place)


def _word(value: str, words: type[StrEnum], place: str) -> StrEnum:
    try:
        return words(value)
    except ValueError:
        raise BadInput(f"{value!r} is not one of {', '.join(words)}", place) from None


def _day(value: str, place: str) -> date:
    try:
        if _DAY.fullmatch(value):  # the standard library also reads 20260105 and 2026-W01-1
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise BadInput(f"{value!r} is no whole day (YYYY-MM-DD)", place)


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
