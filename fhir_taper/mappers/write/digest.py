"""A digest of everything that a plan says, written with it: so that a change in data that nobody can see does not pass unseen.

It is made from values, not from bytes: a server may write 0.50 as 0.5, order members otherwise and add ids. The state of the plan is left
out, because a status that changed is a difference that can be named.
"""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from hashlib import sha256
from operator import attrgetter
from typing import Any

from fhir_taper.plans.tapers.plan import TaperPlan


def digest_of(plan: TaperPlan) -> str:
    """SHA-256 in hexadecimal."""
    said = [_plain(getattr(plan, field.name)) for field in fields(plan) if field.name != "state"]
    return sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def _plain(value: object) -> object:
    kind: Any = type(value)
    return value if kind is str else _plainer(kind)(value)


@cache
def _plainer(kind: Any) -> Callable[[Any], object]:
    """How values of one type become JSON: ours as the list of their fields, numbers and words as themselves."""
    if is_dataclass(kind):
        names = [field.name for field in fields(kind)]
        all_of = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
        return lambda value: [_plain(held) for held in all_of(value)]
    if issubclass(kind, tuple):
        return lambda value: [_plain(item) for item in value]
    if issubclass(kind, Decimal):
        return _digits
    if issubclass(kind, date):
        return date.isoformat
    return str if issubclass(kind, Fraction) else lambda value: value


def _digits(amount: Decimal) -> str:
    """The number whatever it was written like: 0.50 and 0.5 are one."""
    return format(amount.normalize(), "f") if amount else "0"
