"""What a page must say and a plan does not hold: who the patient is, the title of the protocol, when it was printed.

Handed in, never looked up.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

MUST_STAY: Final = "Must stay possible"
"""Label of the least function during the taper."""


@dataclass(frozen=True, slots=True)
class Patient:
    """The patient as the chart names them; what the chart does not say is empty. `born` is as charted: a year alone stays a year."""

    id: str = ""
    name: str = ""
    born: str = ""
    record_number: str = ""

    def __str__(self) -> str:
        """Name, date of birth and record number: on every page, so that pages of two patients are never taken for one."""
        told = (
            self.name or "name not in the chart",
            f"born {self.born}" if self.born else "date of birth not in the chart",
            f"MRN {self.record_number}" if self.record_number else "",
            f"id {self.id}" if self.id and not self.record_number else "",
        )
        return " · ".join(part for part in told if part)


@dataclass(frozen=True, slots=True)
class Cover:
    """`protocol` is the title of the plan's protocol, "" where it has none; `printed` an aware instant, None where time has stopped.

    `intake` is label and value of what was found out before the taper. `day` is the day of printing in the zone of the plan, None where
    nothing is said of a day; `replaced_by` the number of the newest version of the plan, 0 where this is it.
    """

    patient: Patient = field(default_factory=Patient)
    protocol: str = ""
    printed: datetime | None = None
    intake: tuple[tuple[str, str], ...] = ()
    day: date | None = None
    replaced_by: int = 0

    @property
    def followed(self) -> date | None:
        """The day on which the plan is looked at as one that is followed; None where another version is."""
        return None if self.replaced_by else self.day

    @property
    def when(self) -> str:
        """When it was printed, in words."""
        return f"printed {self.printed:%Y-%m-%d %H:%M} {self.printed.tzname()}" if self.printed else ""
