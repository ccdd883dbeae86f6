"""Conditions as events: what a diagnosis says to have happened, when it began.

Refuted and erroneous ones say nothing; one that is not confirmed counts and says so: a possible seizure matters. When it began counts, not
when it was written, where both are known; of a month without a day, each of its days. FHIR R4, condition.html.
"""

from collections.abc import Mapping
from typing import Any, Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.condition import NOT_A_FACT, UNCERTAIN, status_word
from fhir_taper.mappers.read.signals.gathered import MODIFIED, Gathered, is_modified
from fhir_taper.mappers.read.signals.when import NO_DATE, Stretch
from fhir_taper.plans.monitoring.timeline import Record
from fhir_taper.plans.tables.signal_codes import Meaning

_PREGNANCY, _NOT_PREGNANT = "pregnancy-status", "not-pregnant"
_BEGAN: Final = ("onsetDateTime", "onsetPeriod", "recordedDate")
_OVER: Final = ("abatementDateTime", "abatementPeriod")


def read_conditions(gathered: Gathered) -> None:
    """Put down what the chart's Conditions say."""
    for entry in gathered.chart.of("Condition"):
        meanings = gathered.meanings(entry.resource.get("code"), Record.CONDITION)
        if meanings and status_word(entry.resource, "verificationStatus") not in NOT_A_FACT:
            _read(entry, meanings, gathered)


def _read(entry: Entry, meanings: tuple[Meaning, ...], gathered: Gathered) -> None:
    when, written = _when(entry.resource, _BEGAN, gathered, "start")
    if is_modified(entry.resource) or isinstance(when, str):
        gathered.set_aside(meanings, entry, MODIFIED if is_modified(entry.resource) else str(when), written, _words(entry, gathered))
        return
    for one in meanings:
        gathered.happened(one.signal, when, entry, answer=one.answer, words=_words(entry, gathered))
        if one.signal == _PREGNANCY:
            over, _ = _when(entry.resource, _OVER, gathered, "end")
            if not isinstance(over, str):
                gathered.happened(_PREGNANCY, over, entry, answer=_NOT_PREGNANT, words=f"{_words(entry, gathered)}: over")


def _when(resource: Mapping[str, Any], names: tuple[str, ...], gathered: Gathered, of_period: str) -> tuple[Stretch | str, object]:
    """The first of these elements that has a date, and what is written there."""
    for name in names:
        value = resource.get(name)
        written = value.get(of_period) if isinstance(value, dict) else value
        if written is not None:
            return gathered.clock.month(written) or gathered.clock.read(written), written
    return NO_DATE, None


def _words(entry: Entry, gathered: Gathered) -> str:
    doubt = status_word(entry.resource, "verificationStatus")
    named = gathered.index.words_of(entry.resource.get("code"))
    return f"{named} ({doubt})" if doubt in UNCERTAIN else named
