"""What the reading of one chart shares, and what it gathers: raw values, and what was set aside with its reason.

A reader asks what a code means (`index`), when something was (`clock`), and puts down what a record says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.signals.meanings import SignalIndex
from fhir_taper.mappers.read.signals.said import Said, said_of, shown
from fhir_taper.mappers.read.signals.when import Clock, Stretch
from fhir_taper.mappers.write.form_codes import SIGNAL_SYSTEM
from fhir_taper.plans.monitoring.reading import Raw, SetAside
from fhir_taper.plans.monitoring.timeline import Record
from fhir_taper.plans.tables.chart_tables import ChartTables, load_chart_tables
from fhir_taper.plans.tables.signal_codes import Meaning, SignalCodes, load_signal_codes, own_meanings
from fhir_taper.plans.tables.signal_tables import SignalTables, load_signals

MODIFIED: Final = "a modifier extension may change its meaning, and is not understood"


@dataclass(slots=True)
class Gathered:
    """The reading of one chart. `as_of` stands for the time of what has none."""

    chart: Chart
    clock: Clock
    index: SignalIndex
    as_of: datetime
    signals: SignalTables = field(default_factory=load_signals)
    codes: SignalCodes = field(default_factory=load_signal_codes)
    tables: ChartTables = field(default_factory=load_chart_tables)
    raws: list[Raw] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)

    def gather(
        self, meaning: Meaning, part: Mapping[str, Any], when: Stretch, entry: Entry, *, says: str = "", is_remote: bool = False
    ) -> None:
        """Gather what a part of a record (an Observation, a component, an answer) says of a signal. An absent value is nothing."""
        said = said_of(meaning, part, self.signals.signals[meaning.signal], self.codes, self.tables)
        if isinstance(said, str):
            self.aside.append(SetAside(meaning.signal, when[1], entry.reference, shown(part, self.tables), said))
        elif said is not None:
            self.raws.append(_raw(meaning, said, when, entry.reference, says, is_remote=is_remote))

    def happened(self, signal: str, when: Stretch, entry: Entry, *, answer: str = "", words: str = "") -> None:
        """Put down that something happened."""
        self.raws.append(Raw(signal, *when, entry.reference, answer=answer, words=words))

    def set_aside(self, meanings: Iterable[Meaning], entry: Entry, why: str, written: object = None, said: str = "") -> None:
        """Put down that a record cannot be used for these signals. Where it has a date of any precision, it is of the end of that."""
        at = self.clock.latest(written) or self.as_of
        self.aside.extend(SetAside(one.signal, at, entry.reference, said, why) for one in meanings)

    def own(self, signal: str) -> tuple[Meaning, ...]:
        """What our own code for a signal means."""
        return tuple(own_meanings(SIGNAL_SYSTEM, (self.signals.signals[signal],)))

    def meanings(self, concept: object, record: Record) -> tuple[Meaning, ...]:
        """What the codes of a concept mean, of what this kind of record can say."""
        return self.index.meanings(concept, record)


def word_in(resource: Mapping[str, Any], name: str) -> str:
    """The code under this name; "" where there is none, or no text."""
    value = resource.get(name)
    return value.strip() if isinstance(value, str) else ""


def is_modified(resource: Mapping[str, Any]) -> bool:
    """Whether a modifier extension stands on it: it may negate everything (FHIR R4, extensibility.html)."""
    return bool(resource.get("modifierExtension"))


def _raw(meaning: Meaning, said: Said, when: Stretch, source: str, says: str, *, is_remote: bool) -> Raw:
    start, end = when
    return Raw(
        meaning.signal, start, end, source, said.value, said.unit, said.answer, said.words or (says if said.value is None else ""),
        meaning.variant, is_remote, said.comparator,
    )  # fmt: skip
