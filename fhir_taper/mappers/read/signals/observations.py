"""Observations as raw values: scores, items, vital signs, sleep, steps, gait, and what was seen to happen.

The Observation's own code and that of each component is read, whatever panel it stands in. Which ones count: final, amended, corrected,
preliminary. FHIR R4, observation.html.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.observation import parts_of
from fhir_taper.mappers.read.signals.gathered import MODIFIED, Gathered, is_modified
from fhir_taper.mappers.read.signals.remote import is_remote
from fhir_taper.mappers.read.signals.when import NO_DATE, Stretch
from fhir_taper.plans.monitoring.timeline import Record
from fhir_taper.plans.tables.signal_codes import Meaning

USED: Final = frozenset({"final", "amended", "corrected", "preliminary"})
NOTHING_YET: Final = frozenset({"registered", "cancelled", "entered-in-error"})
_OF_A_DAY: Final = frozenset({"sleep", "steps"})
"""What is counted over a day or a night: of a week it is another number."""
_LONGEST_DAY: Final = timedelta(hours=25)
"""The day on which clocks are put back."""


def read_observations(gathered: Gathered) -> None:
    """Put down what the chart's Observations say."""
    for entry in gathered.chart.of("Observation"):
        found = [
            (part, meanings) for part in parts_of(entry.resource) if (meanings := gathered.meanings(part.get("code"), Record.OBSERVATION))
        ]
        if found and entry.resource.get("status") not in NOTHING_YET:
            _read(entry, found, gathered)


def _read(entry: Entry, found: list[tuple[Mapping[str, Any], tuple[Meaning, ...]]], gathered: Gathered) -> None:
    resource = entry.resource
    when, written = when_of(resource, gathered)
    why = ""
    if resource.get("status") not in USED:
        why = f"status {resource['status']}" if resource.get("status") else "it does not say whether it is final"
    why = why or (MODIFIED if is_modified(resource) else "")
    if why or isinstance(when, str):
        gathered.set_aside((one for _, meanings in found for one in meanings), entry, why or str(when), written)
        return
    for part, meanings in found:
        for one in meanings:
            if one.signal in _OF_A_DAY and when[1] - when[0] > _LONGEST_DAY:
                gathered.set_aside((one,), entry, "it is of more than a day", written)
                continue
            signal = gathered.signals.signals[one.signal]
            says = gathered.index.words_of(part.get("code")) if not signal.unit else ""
            gathered.gather(one, part, when, entry, says=says, is_remote=bool(signal.consent) and is_remote(gathered.chart, entry))


def when_of(resource: Mapping[str, Any], gathered: Gathered) -> tuple[Stretch | str, object]:
    """When it was measured, and the last date that is written there; the time at which it was issued where nothing else is said."""
    period = resource.get("effectivePeriod")
    if isinstance(period, dict):
        return gathered.clock.period(period), period.get("end") or period.get("start")
    if resource.get("effectiveTiming") is not None:
        return "its time is a schedule", resource.get("issued")
    written = next((one for name in ("effectiveDateTime", "effectiveInstant", "issued") if (one := resource.get(name)) is not None), None)
    return gathered.clock.read(written) if written is not None else NO_DATE, written
