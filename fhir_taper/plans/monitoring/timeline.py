"""Everything that was seen of one patient, in one order, each thing once: what the rules look at.

The same things in another order, or said twice, are the same timeline. Nothing here judges; `acceptance` decides which values may be used,
`evaluate` what they mean. What could not be read is named in `unread`: a rule that needs it says so instead of saying "normal".
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.monitoring.reading import Reading, SetAside
from fhir_taper.plans.worked_out import HasWorkedOut, worked_out


class Record(StrEnum):
    """Kinds of record that a rule may need. Each was read, or `Timeline.unread` says why not."""

    OBSERVATION = "observation"
    CONDITION = "condition"
    FORM = "form"
    APPOINTMENT = "appointment"
    ENCOUNTER = "encounter"
    ORDER = "order"
    DISPENSE = "dispense"
    ADMINISTRATION = "administration"
    CONSENT = "consent"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Unread:
    """A kind of record that was not read, or not wholly, and why, in words."""

    kind: Record
    why: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """One order of a medicine, as the timeline needs it. Days are whole, `end` None: no end is stated.

    `mg_per_day` is what is scheduled, None where it cannot be computed; `groups` are those of ingredients.csv. `written` is when it became
    known. `is_oud_treatment`: medication for opioid use disorder, which is never proposed to stop. `is_report`: somebody says that it
    is taken, which counts as taken, and nobody signed it. `is_as_needed`: it may be taken as needed too, beside what is scheduled.
    """

    ingredient: str
    drug_class: DrugClass
    start: date
    end: date | None
    source: str
    words: str
    mg_per_day: Exact | None = None
    groups: tuple[str, ...] = ()
    written: datetime | None = None
    is_oud_treatment: bool = False
    is_report: bool = False
    is_as_needed: bool = False


@dataclass(frozen=True, slots=True)
class Supplied:
    """One dispense: handed over on a day, lasting `days` days (None: it does not say). `rxcui` is the product, "" where it is not known."""

    ingredient: str
    on: date
    days: int | None
    source: str
    words: str = ""
    is_oud_treatment: bool = False
    rxcui: str = ""

    @property
    def product(self) -> str:
        """What is used up by itself: the product's code, or its words where that is not known."""
        return self.rxcui or self.words


@dataclass(frozen=True, slots=True)
class DoseStretch:
    """What the orders of a chart make of one measure on each day from `start` to `end`, both included, exact.

    `of` is an ingredient (mg a day) or "mme" (MME a day of all opioids). `amount` None: it cannot be computed, because `why`.
    """

    of: str
    start: date
    end: date
    amount: Exact | None
    sources: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Permit:
    """A Consent that permits measures of one class from `start` on, until `end` (None: no end). `is_denial`: it refuses them."""

    measures: str
    start: datetime
    end: datetime | None
    source: str
    is_denial: bool = False


@dataclass(frozen=True, slots=True)
class CheckInSchedule:
    """How often the patient is asked: every `every_days` days from `start` on, and daily on the first `daily_days` days after a reduction.

    `chosen_by` says whose choice the rhythm is. `earlier` are the rhythms before it, oldest first, each until the next begins: what was
    missed then stays missed.
    """

    start: date
    every_days: int
    daily_days: int = 0
    chosen_by: str = ""
    earlier: tuple["CheckInSchedule", ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline(HasWorkedOut):
    """One patient's timeline. Make it with `timeline_of`: it puts everything into its one order.

    `read` are kinds of record of which one was there, or of which it is known that there is none: that nothing of a kind was seen means
    something only there. A kind may be both read and, in part, unread.
    """

    patient: str
    readings: tuple[Reading, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    orders: tuple[Ordered, ...] = ()
    supplies: tuple[Supplied, ...] = ()
    doses: tuple[DoseStretch, ...] = ()
    permits: tuple[Permit, ...] = ()
    unread: tuple[Unread, ...] = ()
    read: frozenset[Record] = frozenset()
    birth_date: date | None = None
    sex: str = ""
    check_ins: CheckInSchedule | None = None

    def of(self, signal: str) -> tuple[Reading, ...]:
        """Readings of a signal, oldest first."""
        return worked_out(self, _by_signal).get(signal, ())

    def until(self, signal: str, at: datetime) -> tuple[Reading, ...]:
        """Readings of a signal that had begun at an instant, oldest first: what lies in the future has not been seen."""
        readings = self.of(signal)
        return readings[: bisect_right(worked_out(self, _starts).get(signal, ()), at)]

    def put_aside(self, signal: str) -> tuple[SetAside, ...]:
        """Values of a signal that no rule uses, oldest first."""
        return worked_out(self, _aside_by_signal).get(signal, ())

    def why_unread(self, kind: Record) -> str:
        """Why a kind of record was not read; "" where it was."""
        return "; ".join(one.why for one in self.unread if one.kind is kind)

    def why_unseen(self, kind: Record) -> str:
        """Why it means nothing that no record of a kind was seen; "" where it does: the kind was read."""
        return self.why_unread(kind) or ("" if kind in self.read else f"no {kind} was there, nor asked for")


def timeline_of(patient: str, readings: Iterable[Reading] = (), set_aside: Iterable[SetAside] = (), **rest: object) -> Timeline:
    """The timeline of these readings, in its one order, each once. `rest` are the other fields of Timeline."""
    made = Timeline(patient, _merged(readings), tuple(sorted(set(set_aside), key=_aside_key)), **rest)  # type: ignore[arg-type]
    return replace(
        made,
        orders=tuple(sorted(set(made.orders), key=lambda one: (one.start, one.ingredient, one.source, one.end or date.max))),
        supplies=tuple(sorted(set(made.supplies), key=lambda one: (one.on, one.ingredient, one.source))),
        doses=tuple(sorted(set(made.doses), key=lambda one: (one.of, one.start, one.end))),
        permits=tuple(sorted(set(made.permits), key=lambda one: (one.start, one.measures, one.source, one.is_denial))),
        unread=tuple(sorted(set(made.unread), key=lambda one: (one.kind, one.why))),
    )


def _merged(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """Each reading once, oldest first: the very same value at the very same time is one reading with all its sources."""
    alike: dict[tuple[object, ...], list[Reading]] = {}
    for one in readings:
        alike.setdefault((one.signal, one.start, one.end, one.value, one.answer, one.words, one.is_remote), []).append(one)
    return tuple(sorted((_one_of(same) for same in alike.values()), key=_key))


def _one_of(same: list[Reading]) -> Reading:
    sources = tuple(sorted({source for one in same for source in one.sources}))
    return same[0] if same[0].sources == sources else replace(same[0], sources=sources)


def _key(one: Reading) -> tuple[datetime, datetime, str, Decimal | int, str, tuple[str, ...], str]:
    value = one.value if one.value is not None else 0
    return one.start, one.end, one.signal, value, one.answer, one.sources, one.words  # type: ignore[return-value]


def _aside_key(one: SetAside) -> tuple[datetime, str, str, str]:
    return one.at, one.signal, one.source, one.said


def _by_signal(timeline: Timeline) -> Mapping[str, tuple[Reading, ...]]:
    found: dict[str, list[Reading]] = {}
    for one in timeline.readings:
        found.setdefault(one.signal, []).append(one)
    return MappingProxyType({signal: tuple(readings) for signal, readings in found.items()})


def _starts(timeline: Timeline) -> Mapping[str, tuple[datetime, ...]]:
    return {signal: tuple(one.start for one in readings) for signal, readings in worked_out(timeline, _by_signal).items()}


def _aside_by_signal(timeline: Timeline) -> Mapping[str, tuple[SetAside, ...]]:
    found: dict[str, list[SetAside]] = {}
    for one in timeline.set_aside:
        found.setdefault(one.signal, []).append(one)
    return {signal: tuple(values) for signal, values in found.items()}
