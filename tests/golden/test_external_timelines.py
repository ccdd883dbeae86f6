"""Every external chart as a timeline: nothing raises, each value that stands in the JSON is in it once, and events are those counted."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_taper.errors import ChartConflict, NotFhir
from fhir_taper.mappers.read.signals.when import Clock
from fhir_taper.plans.monitoring.timeline import Timeline
from fhir_taper.workflow.read_chart import read_chart
from fhir_taper.workflow.timeline import timeline_of_chart
from tests.golden.chart_runs import chart_names
from tests.plans.monitoring.watched import plan

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MEASURES = {
    "8867-4": "heart-rate",
    "8480-6": "systolic",
    "8462-4": "diastolic",
    "9279-1": "respiratory-rate",
    "8310-5": "body-temperature",
    "8331-1": "body-temperature",
    "44261-6": "phq9",
    "70274-6": "gad7",
    "72514-3": "pain",
    "38221-8": "pain",
    "91147-9": "peg",
    "75626-2": "audit-c",
    "82667-7": "dast-10",
}


@pytest.fixture(scope="module")
def timelines(shared_data: Path) -> dict[str, Timeline]:
    """The timeline of each chart that is one patient's."""
    found = {}
    for name in chart_names(shared_data / "data"):
        try:
            chart = read_chart(str(shared_data / "data" / name))
        except (ChartConflict, NotFhir):
            continue
        found[name] = timeline_of_chart(chart, plan(), NOW).value
    return found


def resources(whole: Any) -> Iterator[Mapping[str, Any]]:
    """Every resource of a document, by a walk that knows nothing of the program."""
    if isinstance(whole, list):
        for one in whole:
            yield from resources(one)
    elif isinstance(whole, dict) and whole.get("resourceType") == "Bundle":
        for entry in whole.get("entry", []):
            yield from resources(entry.get("resource"))
    elif isinstance(whole, dict):
        yield whole


def measured(path: Path) -> set[tuple[str, Decimal, object]]:
    """Signal, value and time of each measure in a file."""
    clock = Clock(UTC)
    whole = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return {
        (MEASURES[coding["code"]], Decimal(part["valueQuantity"]["value"]), clock.read(one.get("effectiveDateTime") or one.get("issued")))
        for one in resources(whole)
        if one["resourceType"] == "Observation"
        for part in (one, *one.get("component", ()))
        for coding in part["code"]["coding"]
        if coding.get("code") in MEASURES and "valueQuantity" in part
    }


@pytest.mark.shared
def test_every_measure_of_every_chart_is_in_its_timeline_once(shared_data: Path, timelines: dict[str, Timeline]) -> None:
    for name, timeline in timelines.items():
        path = shared_data / "data" / name
        expected = measured(path) if path.suffix == ".json" else set()
        read = [(one.signal, one.value, (one.start, one.end)) for one in timeline.readings if one.value is not None]
        assert (len(read), set(read)) == (len(expected), expected), name


@pytest.mark.shared
def test_the_events_of_all_charts_are_those_that_were_counted(timelines: dict[str, Timeline]) -> None:
    counted = Counter((one.signal, one.answer) for timeline in timelines.values() for one in timeline.readings if one.value is None)
    assert counted == {
        ("admission", "emergency"): 50,
        ("admission", "inpatient"): 33,
        ("death", ""): 6,
        ("pregnancy-status", "pregnant"): 5,
        ("pregnancy-status", "not-pregnant"): 5,
        ("appointment", "booked"): 2,
        ("loss-of-consciousness", ""): 1,
    }


@pytest.mark.shared
def test_nothing_of_these_charts_is_set_aside_and_nothing_is_lost_unsaid(timelines: dict[str, Timeline]) -> None:
    assert [one for timeline in timelines.values() for one in timeline.set_aside] == []
    assert len(timelines) > 150
