"""What happened while a taper is watched, as marks of a chart: each kind has a shape of its own, and words; no colour tells it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class Happened(StrEnum):
    """A kind of mark, in the words of its legend."""

    REDUCTION = "reduction"
    HOLD = "hold begins"
    RESUME = "plan resumed"
    VISIT = "visit"
    MISSED_VISIT = "missed or cancelled visit"
    BOOKED = "booked visit"
    CHECK_IN = "check-in"
    MISSED_CHECK_IN = "missed check-in"
    ALERT = "open alert"
    ANSWERED = "alert that was answered or is over"


LANES: Final = (
    ("Plan", (Happened.REDUCTION, Happened.HOLD, Happened.RESUME)),
    ("Visits", (Happened.VISIT, Happened.MISSED_VISIT, Happened.BOOKED)),
    ("Check-ins", (Happened.CHECK_IN, Happened.MISSED_CHECK_IN)),
    ("Alerts", (Happened.ALERT, Happened.ANSWERED)),
)
"""The lines below the panels, and what stands on each."""
_HOLLOW: Final = frozenset({Happened.BOOKED, Happened.ANSWERED})
_SHAPES: Final = {
    Happened.REDUCTION: "M-5 -4H5L0 5Z",
    Happened.HOLD: "M-4 -5H-1V5H-4ZM1 -5H4V5H1Z",
    Happened.RESUME: "M-4 -5L5 0L-4 5Z",
    Happened.VISIT: "M0 -5L5 0L0 5L-5 0Z",
    Happened.MISSED_VISIT: "M0 -5L5 0L0 5L-5 0ZM-6 -6L6 6M-6 6L6 -6",
    Happened.BOOKED: "M0 -5L5 0L0 5L-5 0Z",
    Happened.CHECK_IN: "M-3 0A3 3 0 1 0 3 0A3 3 0 1 0 -3 0Z",
    Happened.MISSED_CHECK_IN: "M-3.5 -3.5L3.5 3.5M-3.5 3.5L3.5 -3.5",
    Happened.ALERT: "M0 -6L6 5H-6Z",
    Happened.ANSWERED: "M0 -6L6 5H-6Z",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing on one day. `says` is the sentence of its title and of the table."""

    kind: Happened
    on: date
    says: str


def shape(kind: Happened, x: float, y: float, title: str) -> str:
    """The mark at a point; `title` is escaped already."""
    look = "mark hollow" if kind in _HOLLOW else "mark"
    return f'<path class="{look}" transform="translate({x} {y})" d="{_SHAPES[kind]}"><title>{title}</title></path>'
