"""A digest of everything that a plan says, written with it: so that a change in data that nobody can see does not pass unseen.

It is made from values, not from bytes: a server may write 0.50 as 0.5, order members otherwise and add ids. The state of the plan is left
out, because a status that changed is a difference that can be named.
"""

import json
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from hashlib import sha256
from typing import Any

from fhir_taper.plans.medicines.dose import canonical
from fhir_taper.plans.tapers.plan import TaperPlan


def digest_of(plan: TaperPlan) -> str:
    """SHA-256 in hexadecimal."""
    said = [_plain(getattr(plan, field.name)) for field in fields(plan) if field.name != "state"]
    return sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value
    kind: Any = type(value)
    names = _fields_of(kind)
    if names is not None:
        return [_plain(getattr(value, name)) for name in names]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(canonical(value), "f")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Fraction) else value


@cache
def _fields_of(kind: type) -> tuple[str, ...] | None:
    """Names of the fields of one of our values; None for numbers, words and nothing."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None
