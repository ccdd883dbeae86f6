"""A chart whose signals are gathered, for the tests of the readers of signals."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fhir_taper.mappers.read.signals.gathered import Gathered
from fhir_taper.mappers.read.signals.meanings import SignalIndex, standard_index
from fhir_taper.mappers.read.signals.when import Clock
from fhir_taper.mappers.systems import LOINC
from fhir_taper.plans.monitoring.acceptance import accept
from fhir_taper.plans.monitoring.reading import Reading, SetAside
from fhir_taper.plans.tables.signal_tables import load_signals
from tests.mappers.charts import PATIENT, bundle, chart_of, concept, resource

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


def gather(
    reader: Callable[[Gathered], object], *resources: Any, zone: str = "Europe/Berlin", index: SignalIndex | None = None
) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
    """What a reader makes of a chart of these resources, accepted as the timeline accepts it: readings, and what was set aside."""
    gathered = gathering(*resources, zone=zone, index=index)
    reader(gathered)
    readings, aside = accept(gathered.raws, load_signals())
    return readings, (*aside, *gathered.aside)


def gathering(*resources: Any, zone: str = "Europe/Berlin", index: SignalIndex | None = None) -> Gathered:
    """The reading of a chart of these resources, before anything was read."""
    clock = Clock(ZoneInfo(zone))
    whole = resources if any(one["resourceType"] == "Patient" for one in resources) else (PATIENT, *resources)
    return Gathered(chart_of(bundle(*whole)), clock, index or standard_index(), clock.fixed(NOW))


def observation(code: Any, value: Any = ..., unit: str = "", name: str = "o1", **elements: Any) -> dict[str, Any]:
    """A final Observation of a LOINC code, or of a CodeableConcept, on 2026-03-14; `value` is a quantity's number, `...` leaves it out."""
    quantity = {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"} if unit else {"value": value}
    usual = {
        "status": "final",
        "code": code if isinstance(code, dict) else concept(LOINC, code, "As coded"),
        "effectiveDateTime": "2026-03-14T08:00:00Z",
    }
    return resource("Observation", name, **{**usual, "valueQuantity": ... if value is ... else quantity, **elements})


def said(readings: tuple[Reading, ...]) -> list[tuple[str, str]]:
    """Signal and value or answer of each reading."""
    return [(one.signal, str(one.value) if one.value is not None else one.answer) for one in readings]


def whys(aside: tuple[SetAside, ...]) -> list[tuple[str, str]]:
    """Signal and reason of each value that was set aside."""
    return [(one.signal, one.why) for one in aside]
