"""Retention: how many of the check-ins that were due came, in the last 4 weeks and in the 4 before. No number here is judged: that is the
rules', A04 and A05 among them. A check-in of today is not counted yet: the day is not over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fhir_taper.plans.monitoring.aftercare import WINDOW, OverTime
from fhir_taper.plans.monitoring.contact_quantities import CHECK_IN, answered_days
from fhir_taper.plans.monitoring.moment import Moment


@dataclass(frozen=True, slots=True)
class Share:
    """Of `due` check-ins, `came` came."""

    came: int
    due: int

    @property
    def says(self) -> str:
        """In words, like "6 of 8"; "" where none was due."""
        return f"{self.came} of {self.due}" if self.due else ""


@dataclass(frozen=True, slots=True)
class Retention:
    """The last 4 weeks, and the 4 before. `why`: why neither is known, "" where both are."""

    lately: Share
    before: Share
    why: str = ""


def retention(moment: Moment) -> Retention:
    """Of one plan. A check-in counts for its day where it came on that day or before the next one was due."""
    answered = answered_days(moment)
    if isinstance(answered, str):
        return Retention(Share(0, 0), Share(0, 0), answered)
    begins = moment.today - WINDOW
    return Retention(_share(answered, begins, moment.today), _share(answered, begins - WINDOW, begins))


def came_over_time(moment: Moment) -> OverTime:
    """The same as a row beside what check-ins said: the day of the latest one, and how many came."""
    found = retention(moment)
    last = next((one.day.isoformat() for one in reversed(moment.readings(CHECK_IN))), "")
    lately, before = (f"{share.says} came" if share.due else "" for share in (found.lately, found.before))
    return OverTime("Check-ins that were due", f"one came on {last}" if last else "none came", "not known" if found.why else lately, before)


def _share(answered: Iterable[tuple[date, bool]], first: date, end: date) -> Share:
    """From the first day on, without the end."""
    came = [is_there for day, is_there in answered if first <= day < end]
    return Share(sum(came), len(came))
