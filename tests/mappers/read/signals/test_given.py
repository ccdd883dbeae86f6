"""That a medicine which reverses an opioid was given."""

from typing import Any

import pytest

from fhir_taper.mappers.read.signals.given import read_given
from fhir_taper.plans.monitoring.reading import Reading, SetAside
from fhir_taper.plans.tables import load
from tests.mappers.charts import resource
from tests.mappers.read.signals.gathering import gather, whys


def given(said: str = "naloxone hydrochloride 4 MG nasal spray", kind: str = "MedicationAdministration", **elements: Any) -> dict[str, Any]:
    usual = {"status": "completed", "medicationCodeableConcept": {"text": said}, "effectiveDateTime": "2026-03-10T03:00:00Z"}
    return resource(kind, "g1", **{**usual, **elements})


def read(*resources: Any) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
    return gather(lambda gathered: read_given(gathered, load().medicines), *resources)


def test_naloxone_that_was_given_is_an_event() -> None:
    (reading,), _ = read(given())
    assert (reading.signal, reading.start.isoformat()) == ("naloxone-given", "2026-03-10T04:00:00+01:00")
    assert reading.words == "naloxone hydrochloride 4 MG nasal spray"


@pytest.mark.parametrize("status", ["not-done", "entered-in-error", "on-hold", "unknown"])
def test_what_was_not_given_is_none(status: str) -> None:
    assert read(given(status=status)) == ((), ())


@pytest.mark.parametrize("said", ["morphine sulfate 10 MG", "buprenorphine 2 MG / naloxone 0.5 MG Sublingual Film", "something"])
def test_another_medicine_is_none(said: str) -> None:
    assert read(given(said)) == ((), ())


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationDispense"])
def test_a_kit_that_was_prescribed_or_handed_over_was_not_given(kind: str) -> None:
    assert read(given(kind=kind, intent="order")) == ((), ())


def test_it_was_given_when_it_began() -> None:
    (reading,), _ = read(given(effectiveDateTime=..., effectivePeriod={"start": "2026-03-10", "end": "2026-03-11"}))
    assert reading.day.isoformat() == "2026-03-10"


def test_without_a_day_it_is_set_aside() -> None:
    readings, aside = read(given(effectiveDateTime=...))
    assert (readings, whys(aside)) == ((), [("naloxone-given", "it has no date")])


def test_a_medicine_that_cannot_be_read_may_have_been_naloxone() -> None:
    readings, aside = read(given(medicationCodeableConcept=..., medicationReference={"reference": "Medication/gone"}))
    assert (readings, whys(aside)) == ((), [("naloxone-given", "which medicine was given cannot be read")])
