"""Timelines (fhir_taper.workflow.timeline) of charts with anything anywhere, of a whole year, in any order, in any unit and zone."""

import copy
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_taper.errors import BadInput
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.systems import LOINC, SNOMED
from fhir_taper.plans.monitoring.timeline import Timeline
from fhir_taper.workflow.timeline import timeline_of_chart
from tests.mappers.charts import PATIENT, bundle, concept, order, resource
from tests.mappers.test_hostile_charts import anything, places
from tests.plans.monitoring.watched import plan

NOW = datetime(2026, 12, 31, 12, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Etc/GMT+12", "Australia/Lord_Howe", "Asia/Kathmandu")
QUANTITY = {"value": 72, "unit": "/min", "code": "/min", "system": "http://unitsofmeasure.org"}
PERIOD = {"start": "2026-03-01T08:00:00Z", "end": "2026-03-02"}
SOUND = bundle(
    PATIENT | {"deceasedDateTime": "2026-12-01", "gender": "female"},
    order("m1", authoredOn="2026-01-01", category=[concept("x", "community")], dispenseRequest={"validityPeriod": PERIOD}),
    resource("Observation", "o1", status="final", code=concept(LOINC, "8867-4"), effectiveDateTime="2026-03-01", valueQuantity=QUANTITY),
    resource(
        "Observation",
        "o2",
        status="final",
        code=concept(LOINC, "85354-9"),
        effectivePeriod=PERIOD,
        performer=[{"reference": "Patient/p1", "type": "Patient"}],
        component=[{"code": concept(LOINC, "8480-6"), "valueQuantity": {"value": 120, "unit": "mmHg"}}],
    ),
    resource("Condition", "c1", code=concept(SNOMED, "91175000"), onsetDateTime="2026-03-01", verificationStatus=concept("x", "confirmed")),
    resource("Encounter", "e1", status="finished", period=PERIOD, reasonCode=[{"text": "x"}], **{"class": {"code": "EMER"}}),
    resource("MedicationAdministration", "g1", status="completed", medicationCodeableConcept={"text": "naloxone"}, effectivePeriod=PERIOD),
    resource(
        "MedicationDispense",
        "d1",
        status="completed",
        medicationCodeableConcept={"text": "oxycodone 5 mg tablet"},
        whenHandedOver="2026-03-01",
        daysSupply={"value": 30, "unit": "days"},
        quantity={"value": 60, "unit": "tablet"},
        authorizingPrescription=[{"reference": "MedicationRequest/m1"}],
    ),
    {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "noshow",
        "start": "2026-03-01T08:00:00Z",
        "participant": [{"actor": {"reference": "Patient/p1"}}],
    },
    {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "completed",
        "questionnaire": "https://fhir-taper.org/fhir/Questionnaire/daily|1.0.0",
        "subject": {"reference": "Patient/p1"},
        "authored": "2026-03-01T08:00:00Z",
        "item": [
            {"linkId": "44260-8", "code": [{"system": LOINC, "code": "44260-8"}], "answer": [{"valueCoding": {"code": "LA6568-5"}}]},
            {"linkId": "craving", "answer": [{"valueInteger": 3, "item": [{"linkId": "72514-3", "answer": [{"valueDecimal": 3}]}]}]},
        ],
    },
    {
        "resourceType": "Consent",
        "id": "k1",
        "status": "active",
        "scope": concept("x", "patient-privacy"),
        "category": [concept(LOINC, "59284-0")],
        "patient": {"reference": "Patient/p1"},
        "dateTime": "2026-01-01",
        "organization": [{"reference": "Organization/o"}],
        "policyRule": concept("x", "OPTIN"),
        "provision": {
            "type": "permit",
            "period": {"start": "2026", "end": "2027-02"},
            "code": [concept(LOINC, "8867-4"), concept(LOINC, "93832-4")],
            "class": [{"code": "Observation"}],
            "purpose": [{"code": "TREAT"}],
            "actor": [{"reference": {"reference": "Organization/o"}}],
            "provision": [{"type": "deny", "code": [concept(LOINC, "93832-4")]}],
        },
    },
)


def timeline(whole: Any, zone: str = "Europe/Berlin") -> Timeline:
    chart = decode_chart([("chart.json", json.dumps(whole).encode())])
    return timeline_of_chart(chart, plan(zone=zone), NOW).value


def test_the_sound_chart_says_everything() -> None:
    made = timeline(SOUND)
    signals = {one.signal for one in made.readings}
    assert signals >= {"heart-rate", "systolic", "seizure", "admission", "naloxone-given", "appointment", "death", "check-in"}
    assert (len(made.permits), len(made.supplies) > 0, len(made.orders) > 0) == (3, True, True)


@settings(max_examples=150)
@given(place=st.sampled_from(places(SOUND)), value=anything)
def test_anything_anywhere_never_raises_but_for_a_chart_that_is_none(place: tuple[str | int, ...], value: Any) -> None:
    hostile: Any = copy.deepcopy(SOUND)
    holder = hostile
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = value
    try:
        made = timeline(hostile)
    except BadInput:
        return
    assert made == timeline(hostile)


@settings(max_examples=30)
@given(zone=st.sampled_from(ZONES), shuffled=st.randoms(use_true_random=False), repeats=st.integers(0, 3))
def test_a_year_in_any_order_and_told_again_is_the_same_year(zone: str, shuffled: Any, repeats: int) -> None:
    records = list(a_year("h"))
    again = [*records, *records[: 50 * repeats]]
    shuffled.shuffle(again)
    assert timeline(bundle(PATIENT, *again), zone) == timeline(bundle(PATIENT, *records), zone)


@settings(max_examples=10)
@given(zone=st.sampled_from(ZONES))
def test_units_do_not_matter(zone: str) -> None:
    hours, minutes = (timeline(bundle(PATIENT, *a_year(unit)), zone) for unit in ("h", "min"))
    assert hours.readings == minutes.readings


@settings(max_examples=len(ZONES))
@given(zone=st.sampled_from(ZONES))
def test_a_year_of_days_has_a_reading_on_each_of_the_patients_own_days(zone: str) -> None:
    steps = timeline(bundle(PATIENT, *a_year("h")), zone).of("steps")
    days = [one.day for one in steps]
    assert days == [datetime(2026, 1, 1, tzinfo=UTC).date() + timedelta(days=number) for number in range(365)]
    assert all(one.start.date() == one.end.date() for one in steps)


def a_year(unit: str) -> list[dict[str, Any]]:
    """A night of sleep as an instant, and a day of steps as a date, for every day of 2026."""
    made = []
    for number in range(365):
        day = datetime(2026, 1, 1, 6, tzinfo=UTC) + timedelta(days=number)
        hours = Decimal(20 + number % 12) / 4
        value = hours * 60 if unit == "min" else hours
        made.append(measure(f"s{number}", "93832-4", day.isoformat(), {"value": float(value), "unit": unit}))
        made.append(measure(f"w{number}", "55423-8", day.date().isoformat(), {"value": 4000 + number, "unit": "{steps}"}))
    return made


def measure(name: str, code: str, written: str, quantity: dict[str, Any]) -> dict[str, Any]:
    return resource("Observation", name, status="final", code=concept(LOINC, code), effectiveDateTime=written, valueQuantity=quantity)
