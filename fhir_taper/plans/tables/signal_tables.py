"""The signals that rules may look at (signals.csv) and the units in which they are written (signal_units.csv).

Rows only; `load_signals` is the door. Which codes of a chart mean a signal is `signal_codes`; which values may be used is `acceptance`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import csv_rows, edition_of, integer_of, source_of
from fhir_taper.plans.tables.rows import TableEdition

SIGNALS, SIGNAL_UNITS = "signals.csv", "signal_units.csv"


class SignalKind(StrEnum):
    NUMBER = "number"
    ANSWER = "answer"
    EVENT = "event"


class Worse(StrEnum):
    """In which direction a number of a signal is worse; neither where both ends are."""

    HIGHER = "higher"
    LOWER = "lower"
    EITHER = "either"


class BaselineOf(StrEnum):
    """How the patient's own baseline of a signal is made of the readings before the first reduction."""

    LAST = "last"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Signal:
    """One row of signals.csv.

    A number lies in [low, high] of `unit` (UCUM); outside it is implausible. `answers` are the words of an answer. `consent` names the
    class of remote measures that a Consent must permit. `needs_variant` is the one variant of an instrument that counts. `records` are the
    kinds of record that can say it. The baseline is made of readings of the last `baseline_days` days before the first reduction, at least
    `baseline_readings` of them.
    """

    id: str
    title: str
    kind: SignalKind
    source: Source
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    is_whole: bool = False
    worse: Worse = Worse.HIGHER
    answers: tuple[str, ...] = ()
    consent: str = ""
    needs_variant: str = ""
    records: tuple[str, ...] = ()
    baseline: BaselineOf = BaselineOf.LAST
    baseline_days: int = 0
    baseline_readings: int = 1

    def with_unit(self, value: str) -> str:
        """A number as its evidence says it: a score has no unit that is said."""
        return value if self.unit == "{score}" else f"{value} {self.unit}"


@dataclass(frozen=True, slots=True)
class Conversion:
    """canonical = (written + before) × factor, exactly."""

    factor: Fraction
    before: Decimal


@dataclass(frozen=True, slots=True)
class SignalTables:
    """`units` by (unit of a signal, unit as written in lower case)."""

    signals: Mapping[str, Signal]
    units: Mapping[tuple[str, str], Conversion]
    editions: tuple[TableEdition, ...]


@lru_cache(maxsize=1)
def load_signals() -> SignalTables:
    """The package's own tables. Raises TableError naming file and line of the first row that is not acceptable."""
    return read_signals()


def read_signals(signals: str | None = None, units: str | None = None) -> SignalTables:
    """Tables from texts; None is the package's own file. Raises TableError as `load_signals`."""
    rows: dict[str, Signal] = {}
    for place, row in csv_rows(SIGNALS, signals):
        if row["signal"] in rows:
            raise TableError(f"{place}: {row['signal']} stands in this table twice")
        rows[row["signal"]] = _signal(place, row)
    conversions: dict[tuple[str, str], Conversion] = {}
    for place, row in csv_rows(SIGNAL_UNITS, units):
        key = (row["unit"], row["written"].lower())
        if not row["unit"] or key in conversions:
            raise TableError(f"{place}: {key} is empty or stands in this table twice")
        source_of(place, row)
        conversions[key] = Conversion(_fraction(place, row["factor"]), _signed(place, row["before"]))
    for name in SIGNALS, SIGNAL_UNITS:
        edition_of(name)
    return SignalTables(MappingProxyType(rows), MappingProxyType(conversions), (edition_of(SIGNALS), edition_of(SIGNAL_UNITS)))


def _signal(place: str, row: Mapping[str, str]) -> Signal:
    if not row["signal"] or not row["title"]:
        raise TableError(f"{place}: a signal needs an id and a title")
    try:
        kind, worse = SignalKind(row["kind"]), Worse(row["worse"] or Worse.HIGHER)
        baseline = BaselineOf(row["baseline"] or BaselineOf.LAST)
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
    low, high = (_signed(place, row[name]) if row[name] else None for name in ("low", "high"))
    if (kind is SignalKind.NUMBER) != (low is not None and high is not None):
        raise TableError(f"{place}: a number, and nothing else, has a low and a high end")
    if low is not None and high is not None and low >= high:
        raise TableError(f"{place}: {low} to {high} is no range")
    answers = tuple(row["answers"].split())
    if (kind is SignalKind.ANSWER) != bool(answers) and kind is not SignalKind.EVENT:
        raise TableError(f"{place}: an answer, and no number, has the words that answer it")
    return Signal(
        id=row["signal"],
        title=row["title"],
        kind=kind,
        source=source_of(place, row),
        unit=row["unit"],
        low=low,
        high=high,
        is_whole=row["whole"] == "yes",
        worse=worse,
        answers=answers,
        consent=row["consent"],
        needs_variant=row["needs_variant"],
        records=tuple(row["records"].split()),
        baseline=baseline,
        baseline_days=integer_of(place, row, "baseline_days") if row["baseline_days"] else 0,
        baseline_readings=integer_of(place, row, "baseline_readings") if row["baseline_readings"] else 1,
    )


def _fraction(place: str, text: str) -> Fraction:
    try:
        factor = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise TableError(f"{place}: factor {text!r} is not a number") from None
    if factor <= 0:
        raise TableError(f"{place}: factor {text} is not above zero")
    return factor


def _signed(place: str, text: str) -> Decimal:
    try:
        return Decimal(text or "0")
    except ArithmeticError:
        raise TableError(f"{place}: {text!r} is not a number") from None
