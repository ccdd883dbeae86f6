"""When something was: dates and instants of FHIR as instants of the patient's own day, with the fixed offset of the zone at that instant.

A day covers its whole 23, 24 or 25 hours. A time without a zone counts as its day: which hour it was is not known. A year or a month alone
is no day, and says so; something that happened in a month may have been on any of its days. FHIR R4, datatypes.html#dateTime.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Final

from fhir_taper.mappers.read.elements import day_in
from fhir_taper.plans.monitoring.reading import DAY, INSTANT

Stretch = tuple[datetime, datetime]
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MONTH: Final = re.compile(r"\d{4}-\d\d", re.ASCII)
_PARTIAL: Final = re.compile(r"\d{4}(-\d\d)?", re.ASCII)
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_LEAP_SECOND: Final = ":60"
NO_DATE: Final = "it has no date"


class Clock:
    """Reads instants for one patient: `zone` is the patient's. A chart repeats its days, so what was read once is remembered."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._read: dict[str, Stretch | str] = {}
        self._days: dict[date, Stretch | str] = {}

    def fixed(self, instant: datetime) -> datetime:
        """The same instant in the patient's zone, with a fixed offset."""
        local = instant.astimezone(self._zone)
        offset = local.utcoffset() or timedelta(0)
        return local.replace(tzinfo=timezone(offset), fold=0)

    def day(self, day: date) -> Stretch | str:
        """The first and last instant of a day of the patient's."""
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = self._whole(day)
        return known

    def read(self, written: object) -> Stretch | str:
        """First and last instant of a date, dateTime or instant as written; a sentence where it is none."""
        if not isinstance(written, str) or not written.strip():
            return NO_DATE
        known = self._read.get(written)
        if known is None:
            known = self._read[written] = self._parsed(written.strip())
        return known

    def period(self, period: Mapping[str, Any]) -> Stretch | str:
        """From the beginning of a Period to its end; one that does not say when it ended, or when it began, is not dated."""
        first, last = self.read(period.get("start")), self.read(period.get("end"))
        if isinstance(first, str) or isinstance(last, str):
            wrong = first if isinstance(first, str) else last
            return "its period is open" if wrong == NO_DATE else str(wrong)
        return first[0], last[1]

    def month(self, written: object) -> Stretch | None:
        """From the first to the last instant of a month that is written without its day; None for anything else."""
        if not isinstance(written, str) or not _MONTH.fullmatch(written.strip()):
            return None
        first, last = self.earliest(written), self.latest(written)
        return None if first is None or last is None else (first, last)

    def latest(self, written: object) -> datetime | None:
        """The last instant that a date of any precision may mean; None where it is none."""
        found = self.read(written)
        if isinstance(found, str):
            last = day_in(written.strip(), is_end=True) if isinstance(written, str) else None
            found = self.day(last) if last is not None else found
        return None if isinstance(found, str) else found[1]

    def earliest(self, written: object) -> datetime | None:
        """The first instant that a date of any precision may mean; None where it is none."""
        found = self.read(written)
        if isinstance(found, str):
            first = day_in(written.strip(), is_end=False) if isinstance(written, str) else None
            found = self.day(first) if first is not None else found
        return None if isinstance(found, str) else found[0]

    def _parsed(self, text: str) -> Stretch | str:
        if _PARTIAL.fullmatch(text) and day_in(text, is_end=True) is not None:
            return f"{text} is not dated to the day"
        match = _INSTANT.fullmatch(text)
        if match is None and not _DAY.fullmatch(text):
            return f"{text[:40]!r} is not a date"
        try:
            if match is None or match[4] is None:
                return self.day(date.fromisoformat(text[:10]))
            return self._instant(match)
        except (ValueError, OverflowError):
            return f"{text[:40]!r} is not a date"

    def _instant(self, match: re.Match[str]) -> Stretch:
        clock = match[2] if len(match[2]) > len("hh:mm") else f"{match[2]}:00"
        is_leap = clock.endswith(_LEAP_SECOND)
        micro = (match[3] or ".0")[1:7].ljust(6, "0")
        zone = "+00:00" if match[4] == "Z" else match[4]
        at = datetime.fromisoformat(f"{match[1]}T{clock[:-2]}59.{micro}{zone}" if is_leap else f"{match[1]}T{clock}.{micro}{zone}")
        fixed = self.fixed(at + timedelta(seconds=1) if is_leap else at)
        return fixed, fixed

    def _whole(self, day: date) -> Stretch | str:
        try:
            return self._midnight(day), self._midnight(day + DAY, before=True)
        except (ValueError, OverflowError):
            return f"{day.isoformat()} is not a day that can be counted with"

    def _midnight(self, day: date, *, before: bool = False) -> datetime:
        """The first instant of a day, or the last before it. Where clocks are put forward at midnight the day begins an hour later."""
        begins = datetime.combine(day, time.min, self._zone).astimezone(UTC)
        return self.fixed(begins - INSTANT if before else begins)
