"""A year of ordered doses as a picture, a table and sentences: what it rests on stands beside it, and what is not in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final

from fhir_taper.plans.medicines.dose import one_decimal
from fhir_taper.plans.medicines.dose_history import DoseHistory, Mean, Stretch
from fhir_taper.render.charts import Mark, step_chart
from fhir_taper.render.series import Level, Series

UNITS: Final = {"mme": "MME a day", "diazepam_mg": "diazepam equivalent, mg a day"}
_TITLES: Final = {"mme": "Opioids ordered in a year", "diazepam_mg": "Benzodiazepines ordered in a year"}
_NO_ORDERS: Final = "0 means that this chart has no order for those days; another prescriber may have written one elsewhere."
_BY: Final = {"diazepam_mg": " Equivalents are the larger ones, wherever the tables differ."}
_ORDERED: Final = "It shows what was ordered, not what was taken or handed over."


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One history for a page: `svg`, rows of the table (from, to, scheduled, maximum, note), rows of the means, and what must be known."""

    name: str
    title: str
    unit: str
    svg: str
    rows: tuple[tuple[str, str, str, str, str], ...]
    means: tuple[tuple[str, str, str, str], ...]
    says: tuple[str, ...]


def history_view(history: DoseHistory, means: Iterable[int], marks: Iterable[Mark], says: Iterable[str] = ()) -> HistoryView:
    """The picture is drawn for a page that has the style of its classes."""
    unit, title, name = UNITS[history.measure], _TITLES[history.measure], f"history-{history.measure.replace('_', '-')}"
    listed = tuple(marks)
    count = f"It rests on {history.rests_on} order{'' if history.rests_on == 1 else 's'} of this chart."
    drawn = step_chart(_series(history), title, unit, is_styled=False, marks=listed, name=name, by_month=True)
    by = _BY.get(history.measure, "")
    missing = (f"Not drawn: {one}." for one in history.not_drawn)
    return HistoryView(
        name,
        title,
        unit,
        drawn,
        tuple(_row(one) for one in history.stretches),
        tuple(_mean(history.mean(days)) for days in means),
        (f"{count} {_ORDERED} {_NO_ORDERS}{by}", *missing, *says),
    )


def _series(history: DoseHistory) -> list[Series]:
    """One line where nothing is as needed; else what is scheduled and what may be taken at most, apart."""
    end = history.stretches[-1].end + timedelta(days=1)
    maximum = Series("at most", tuple(Level(one.start, one.maximum) for one in history.stretches), end)
    if all(Fraction(one.scheduled) == Fraction(one.maximum) for one in history.stretches):
        return [Series("scheduled", maximum.levels, end)]
    return [maximum, Series("scheduled", tuple(Level(one.start, one.scheduled) for one in history.stretches), end)]


def _row(one: Stretch) -> tuple[str, str, str, str, str]:
    return one.start.isoformat(), one.end.isoformat(), one_decimal(one.scheduled), one_decimal(one.maximum), _note(one)


def _mean(one: Mean) -> tuple[str, str, str, str]:
    return f"last {one.days} days", one_decimal(one.scheduled), one_decimal(one.maximum), _note(one)


def _note(one: Stretch | Mean) -> str:
    notes = (("at least: something could not be counted", one.at_least), ("up to: one order may be counted twice", one.up_to))
    return "; ".join(words for words, holds in notes if holds)
