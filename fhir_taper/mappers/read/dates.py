"""Dates of a chart as whole days, without ever failing: what is not a date is None.

The day is the one written there, in the offset in which it was written. A year or a month alone is a date too (FHIR R4,
datatypes.html#dateTime).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fhir_taper.mappers.read.elements import day_in


def first_day_of(resource: Mapping[str, Any], *names: str) -> date | None:
    """The first element of these names that is a date, as its first day. A name may be "effectivePeriod.start"."""
    return next((day for name in names if (day := _day(resource, name, is_end=False)) is not None), None)


def last_day_of(resource: Mapping[str, Any], *names: str) -> date | None:
    """The first element of these names that is a date, as its last day."""
    return next((day for name in names if (day := _day(resource, name, is_end=True)) is not None), None)


def _day(resource: Mapping[str, Any], path: str, *, is_end: bool) -> date | None:
    holder: object = resource
    name = path
    if "." in path:
        *parents, name = path.split(".")
        for parent in parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
            if holder is None:
                return None
    written = holder.get(name) if isinstance(holder, dict) else None
    return day_in(written.strip(), is_end=is_end) if isinstance(written, str) else None
