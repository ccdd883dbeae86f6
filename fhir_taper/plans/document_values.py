"""Plain values (dicts, lists, numbers, text) from frozen ones and back, driven by the types of the fields: nothing lost, nothing guessed.

Decimal stays Decimal, a Fraction that does not terminate becomes {"numerator", "denominator"}, dates and instants (with their offset) are
ISO 8601, words are their text.
Reading is strict: an unknown or missing field, a wrong type or an unknown word is BadInput with the path to it ("steps[2].doses[0].mg").
Knows nothing of plans: `plan_document` gives the shape.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from functools import cache, partial
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from fhir_taper.errors import BadInput

T = TypeVar("T")
Json = Any
_AS_THEY_ARE = frozenset({type(None), bool, int, str, Decimal})


def to_plain(value: object) -> Json:
    """A frozen value as plain ones. Raises TypeError for what a document cannot hold."""
    kind: Any = type(value)
    return value if kind in _AS_THEY_ARE else _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], Json]:
    """How values of a type become plain: what its type is made of is looked up once."""
    if issubclass(kind, IntEnum):
        return int
    if issubclass(kind, (int, Decimal)):
        return lambda value: value
    if issubclass(kind, str):
        return str
    if issubclass(kind, tuple):
        return lambda value: [to_plain(item) for item in value]
    if issubclass(kind, frozenset):
        return lambda value: sorted(to_plain(item) for item in value)
    if issubclass(kind, date):
        return lambda value: value.isoformat()
    if is_dataclass(kind):
        names = _names_of(kind)
        return lambda value: {name: to_plain(getattr(value, name)) for name in names}
    if issubclass(kind, Fraction):
        return lambda value: {"numerator": value.numerator, "denominator": value.denominator}
    raise TypeError(f"a document cannot hold {kind.__name__}")


def from_plain(kind: Any, value: Json, path: str) -> Any:
    """The value of a type from plain ones. Raises BadInput naming the path."""
    return _reader(kind)(value, path)


@cache
def _reader(kind: Any) -> Callable[[Json, str], Any]:
    """How a value of a type is read: what its type is made of is looked up once."""
    if get_origin(kind) in (Union, UnionType):
        return partial(_one_of, get_args(kind))
    if get_origin(kind) is tuple:
        return partial(_tuple, get_args(kind))
    if get_origin(kind) is frozenset:
        return partial(_frozenset, get_args(kind)[0])
    if is_dataclass(kind) and isinstance(kind, type):
        return partial(_record, kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return partial(_enum_member, kind)
    if isinstance(kind, type) and issubclass(kind, IntEnum):
        return partial(_level, kind)
    return _SCALARS[kind]


def completed(kind: Any, value: Json) -> Json:
    """A document of an earlier program version with the fields that came since, each with its default. What is wrong stays as it is."""
    if get_origin(kind) in (Union, UnionType):
        kind = next((one for one in get_args(kind) if is_dataclass(one)), kind)
    if get_origin(kind) is tuple and get_args(kind)[-1] is Ellipsis and isinstance(value, list):
        return [completed(get_args(kind)[0], item) for item in value]
    if not is_dataclass(kind) or not isinstance(value, Mapping):
        return value
    types = field_types(kind)  # type: ignore[arg-type]  # a dataclass is a type here
    since = {one.name: to_plain(one.default) for one in fields(kind) if one.name not in value and one.default is not MISSING}
    return {**{name: completed(types.get(name), item) for name, item in value.items()}, **since}


def record(kind: type[T], value: Json, path: str) -> T:
    """A dataclass from an object with exactly its fields."""
    made: T = _record(kind, value, path)
    return made


def the_object(value: Json, path: str) -> Mapping[str, Json]:
    """An object. Raises BadInput where the value is none."""
    if not isinstance(value, Mapping):
        raise BadInput(f"an object is expected, not {_word(value)}", path)
    return value


def expect_fields(value: Mapping[str, Json], names: AbstractSet[str], path: str) -> None:
    """Raise BadInput naming the first field that is missing or unknown."""
    there = value.keys()
    if there == names:
        return
    for name in sorted(names - there):
        raise BadInput("the field is missing", inside(path, name))
    for name in sorted(there - names):
        raise BadInput("the field is not known", inside(path, name))


def inside(path: str, name: str | int) -> str:
    """The path to a field or an item of what stands at `path`."""
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name


@cache
def field_types(kind: type) -> dict[str, Any]:
    """The type of each field of a dataclass."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _names_of(kind: Any) -> tuple[str, ...]:
    return tuple(field_types(kind))


def _record(kind: Any, value: Json, path: str) -> Any:
    there = the_object(value, path)
    types = field_types(kind)
    expect_fields(there, types.keys(), path)
    return kind(**{name: from_plain(field_type, there[name], inside(path, name)) for name, field_type in types.items()})


def _tuple(kinds: tuple[Any, ...], value: Json, path: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise BadInput(f"a list is expected, not {_word(value)}", path)
    if len(kinds) == 2 and kinds[1] is Ellipsis:  # noqa: PLR2004 - tuple[T, ...] has these two arguments
        return tuple(from_plain(kinds[0], item, inside(path, index)) for index, item in enumerate(value))
    if len(value) != len(kinds):
        raise BadInput(f"{len(kinds)} items are expected, not {len(value)}", path)
    return tuple(from_plain(kind, item, inside(path, index)) for index, (kind, item) in enumerate(zip(kinds, value, strict=True)))


def _frozenset(kind: Any, value: Json, path: str) -> frozenset[Any]:
    if not isinstance(value, (list, tuple)):
        raise BadInput(f"a list is expected, not {_word(value)}", path)
    return frozenset(from_plain(kind, item, inside(path, index)) for index, item in enumerate(value))


def _one_of(kinds: tuple[Any, ...], value: Json, path: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    if Fraction in kinds:
        return _exact(value, path)
    rest = [kind for kind in kinds if kind is not type(None)]
    return from_plain(rest[0], value, path)


def _exact(value: Json, path: str) -> Decimal | Fraction:
    if not isinstance(value, Mapping):
        return _decimal(value, path)
    expect_fields(value, frozenset({"numerator", "denominator"}), path)
    denominator = _integer(value["denominator"], inside(path, "denominator"))
    if denominator == 0:
        raise BadInput("a denominator of zero", inside(path, "denominator"))
    return Fraction(_integer(value["numerator"], inside(path, "numerator")), denominator)


def _decimal(value: Json, path: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise BadInput(f"a number is expected, not {_word(value)}", path)
    number = Decimal(value)
    if not number.is_finite():
        raise BadInput("a finite number is expected", path)
    return number


def _integer(value: Json, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput(f"a whole number is expected, not {_word(value)}", path)
    return value


def _date(value: Json, path: str) -> date:
    text = _exactly(str, value, path)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a date", path) from None
    if day.isoformat() != text:
        raise BadInput(f"{text!r} is not written as YYYY-MM-DD", path)
    return day


def _enum_member(kind: type[StrEnum], value: Json, path: str) -> StrEnum:
    text = _exactly(str, value, path)
    try:
        return kind(text)
    except ValueError:
        raise BadInput(f"{text!r} is not one of {', '.join(kind)}", path) from None


def _level(kind: type[IntEnum], value: Json, path: str) -> IntEnum:
    number = _integer(value, path)
    if number not in list(kind):
        raise BadInput(f"{number} is not one of {', '.join(str(int(one)) for one in kind)}", path)
    return kind(number)


def _instant(value: Json, path: str) -> datetime:
    text = _exactly(str, value, path)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not an instant", path) from None
    if instant.utcoffset() is None or instant.isoformat() != text:
        raise BadInput(f"{text!r} is not written as YYYY-MM-DDThh:mm:ss with its offset", path)
    return instant


def _text(value: Json, path: str) -> str:
    return str(_exactly(str, value, path))


def _exactly(kind: type[T], value: Json, path: str) -> T:
    if not isinstance(value, kind):
        raise BadInput(f"{'text' if kind is str else 'true or false'} is expected, not {_word(value)}", path)
    return value


_SCALARS: Mapping[type, Callable[[Json, str], Any]] = {
    Decimal: _decimal,
    bool: partial(_exactly, bool),
    int: _integer,
    date: _date,
    datetime: _instant,
    str: _text,
}


def _word(value: Json) -> str:
    if value is None:
        return "null"
    words = {bool: "true or false", str: "text", dict: "an object", list: "a list", int: "a number", Decimal: "a number"}
    return words.get(type(value), type(value).__name__)
