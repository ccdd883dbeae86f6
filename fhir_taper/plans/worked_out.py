"""What was worked out of a frozen value, kept beside its fields: no part of the value, gone with it, and never another for the same one.

For what several parts of one answer need of one object. What only the values decide, whichever object has them, is a plain `lru_cache`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T", bound="HasWorkedOut")
R = TypeVar("R")


class HasWorkedOut:
    """A base of frozen, slotted dataclasses: a place that is no field, so that it is neither compared nor copied nor written."""

    __slots__ = ("_worked_out",)
    _worked_out: dict[Callable[..., Any], Any]


def worked_out(value: T, how: Callable[[T], R]) -> R:
    """What `how` makes of a value, made once. Two threads may both make it: it is the same."""
    try:
        kept = value._worked_out
    except AttributeError:
        kept = {}
        object.__setattr__(value, "_worked_out", kept)
    if how not in kept:
        kept[how] = how(value)
    found: R = kept[how]
    return found
