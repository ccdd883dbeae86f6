"""Every number of a rule, by an address: to list it for sign-off, to let a site tighten it, and to prove that a test watches it.

An address is the path to the number ("1.when.of[0].value": the second clause). Which way is tighter follows from what the number does: a
lower bound that must be passed is tighter when it is lower; under a "not" it is the other way round, under an "unknown" nobody can say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fhir_taper.plans.monitoring.condition import (
    Compare,
    Earlier,
    Enters,
    Happened,
    Match,
    Missing,
    No,
    NotKnown,
    Of,
    Op,
    Persist,
    Quantity,
    Takes,
)
from fhir_taper.plans.monitoring.rule import Clause, Rule
from fhir_taper.plans.monitoring.span import Span


class Tighter(StrEnum):
    """In which direction a number makes a rule fire sooner; neither where nobody can say."""

    DOWN = "down"
    UP = "up"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number of a rule. `number` is in `unit` ("" for a plain number); `says` is what it bounds."""

    rule: str
    address: str
    number: Decimal
    unit: str
    tighter: Tighter
    says: str


def thresholds(rule: Rule) -> tuple[Threshold, ...]:
    """All numbers of a rule, in the order in which they stand."""
    return tuple(_found(rule))


def with_number(rule: Rule, address: str, number: Decimal) -> Rule:
    """The rule with another number at an address. Raises KeyError for an address that is none."""
    changed = _replaced(rule, address, number)
    if not isinstance(changed, Rule):
        raise KeyError(address)
    return changed


_DOWN_OPS = frozenset({Op.ABOVE, Op.AT_LEAST})
_TIGHTER: dict[tuple[type, str], Tighter] = {
    (Happened, "within"): Tighter.UP,
    (Happened, "times"): Tighter.DOWN,
    (Happened, "ago"): Tighter.DOWN,
    (Missing, "waited"): Tighter.DOWN,
    (Takes, "begun_within"): Tighter.UP,
    (Earlier, "times"): Tighter.DOWN,
    (Earlier, "within"): Tighter.UP,
    (Enters, "value"): Tighter.DOWN,
    (Persist, "readings"): Tighter.DOWN,
    (Persist, "apart"): Tighter.DOWN,
    (Persist, "within"): Tighter.UP,
    (Compare, "readings"): Tighter.DOWN,
    (Quantity, "percent"): Tighter.DOWN,
    (Rule, "quiet"): Tighter.DOWN,
    (Clause, "due"): Tighter.DOWN,
}
_LEFT_ALONE = frozenset({"version", "level"})
_TURNED = {Tighter.UP: Tighter.DOWN, Tighter.DOWN: Tighter.UP}


def _found(rule: Rule) -> Iterator[Threshold]:
    for address, holder, name, value, above in _numbers(rule, "", ()):
        tighter = Tighter.NEITHER if NotKnown in above else _which_way(holder, name)
        if above.count(No) % 2 or ".clears" in f".{address}":
            tighter = _TURNED.get(tighter, tighter)
        number, unit = (Decimal(value.count), value.unit) if isinstance(value, Span) else (Decimal(value), "")
        yield Threshold(rule.id, address, number, unit, tighter, _words(holder, name))


def _which_way(holder: object, name: str) -> Tighter:
    if isinstance(holder, (Compare, Quantity, Match)) and name == "value":
        if holder.op is Op.EQUAL:
            return Tighter.NEITHER
        return Tighter.DOWN if holder.op in _DOWN_OPS else Tighter.UP
    if isinstance(holder, Compare) and name == "over" and holder.of is Of.COUNT and holder.op in _DOWN_OPS:
        return Tighter.UP  # more of them are counted
    return _TIGHTER.get((type(holder), name), Tighter.NEITHER)


def _numbers(value: Any, path: str, above: tuple[type, ...]) -> Iterator[tuple[str, object, str, Any, tuple[type, ...]]]:
    """Each number with its address, what holds it, under which name, and the kinds of what it stands under."""
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            if isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], Span):  # noqa: PLR2004 (signal and span)
                yield f"{path}[{item[0]}]", value, item[0], item[1], above
            else:
                yield from _numbers(item, f"{path}[{index}]", above)
        return
    if not is_dataclass(value) or isinstance(value, type):
        return
    for field in fields(value):
        inside = getattr(value, field.name)
        address = f"{path}.{field.name}" if path else field.name
        if isinstance(inside, (Span, Decimal, int)) and not isinstance(inside, bool):
            if field.name not in _LEFT_ALONE and inside != field.default:
                yield address, value, field.name, inside, above
        elif is_dataclass(inside) or isinstance(inside, tuple):
            yield from _numbers(inside, address, (*above, type(value)))


def _words(holder: object, name: str) -> str:
    if isinstance(holder, (Compare, Enters, Happened, Missing, Persist)):
        return f"{holder.signal} {name}"
    if isinstance(holder, Quantity):
        return f"{holder.quantity} {name}"
    return name


def _replaced(value: Any, address: str, number: Decimal) -> Any:
    head, _, rest = address.partition(".")
    name, _, index = head.partition("[")
    inside = getattr(value, name, None)
    if index:
        key = index.removesuffix("]")
        if inside is None:
            raise KeyError(address)
        items = tuple(
            _item(item, rest, number) if key in (str(place), item[0] if isinstance(item, tuple) else None) else item
            for place, item in enumerate(inside)
        )
        return replace(value, **{name: items})
    if rest:
        if inside is None:
            raise KeyError(address)
        return replace(value, **{name: _replaced(inside, rest, number)})
    if isinstance(inside, Span):
        return replace(value, **{name: Span(int(number), inside.unit)})
    if inside is None or isinstance(inside, (str, tuple)):
        raise KeyError(address)
    return replace(value, **{name: int(number) if isinstance(inside, int) else number})


def _item(item: Any, rest: str, number: Decimal) -> Any:
    if isinstance(item, tuple):
        return item[0], Span(int(number), item[1].unit)
    return _replaced(item, rest, number)
