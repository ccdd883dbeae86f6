"""A length of time as a rule writes it: "14 d", "48 h", "5 min". A day is 24 hours: a window is not a calendar day."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "min": timedelta(minutes=1)}


@dataclass(frozen=True, slots=True)
class Span:
    """`count` of `unit`, which is d, h or min."""

    count: int
    unit: str

    @property
    def delta(self) -> timedelta:
        """How long it is."""
        return self.count * _UNITS[self.unit]

    def __str__(self) -> str:
        return f"{self.count} {self.unit}"


def span_of(text: str) -> Span:
    """The span that a text says. Raises ValueError for a text that is none."""
    count, _, unit = text.strip().partition(" ")
    if unit not in _UNITS or not count.isdigit():
        raise ValueError(f"{text!r} is no span such as '14 d', '48 h' or '5 min'")
    return Span(int(count), unit)
