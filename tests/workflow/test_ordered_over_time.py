"""Orders of a chart as the timeline needs them, and the dose of every day."""

from datetime import UTC, date
from typing import Any

from fhir_taper.exact_json import encode
from fhir_taper.mappers.read.signals.when import Clock
from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.monitoring.timeline import DoseStretch, Ordered
from fhir_taper.plans.tables import load
from fhir_taper.workflow.ordered_over_time import OrderedOverTime
from fhir_taper.workflow.read_chart import read_chart_bytes
from tests.mappers.charts import PATIENT, bundle, concept
from tests.workflow.made_readings import tablets

FIRST, TODAY = date(2025, 6, 1), date(2026, 1, 5)
DIAZEPAM, OXYCODONE = ("197591", "diazepam 5 MG Oral Tablet"), ("1049621", "oxycodone hydrochloride 5 MG Oral Tablet")
CATEGORY = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"


def order(
    medicine: tuple[str, str], times: int, start: str | None, end: str | None = None, name: str = "m1", **elements: Any
) -> dict[str, Any]:
    made = tablets(*medicine, times) | {"id": name, "authoredOn": start} | elements
    made["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"] = {name: day for name, day in (("start", start), ("end", end)) if day}
    return {key: value for key, value in made.items() if value is not None}


def over_time(*orders: dict[str, Any]) -> OrderedOverTime:
    medicines = load().medicines
    return OrderedOverTime(read_chart_bytes(encode(bundle(PATIENT, *orders)), "chart"), medicines, medicines, FIRST, TODAY)


def orders(*made: dict[str, Any]) -> tuple[Ordered, ...]:
    return over_time(*made).orders(Clock(UTC))


def doses(of: str, *made: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.start.isoformat(), said(one)) for one in over_time(*made).doses(["diazepam"]) if one.of == of]


def said(one: DoseStretch) -> str:
    return one.why if one.amount is None else brief(one.amount)


def test_an_order_has_its_days_its_dose_and_when_it_was_written() -> None:
    (one,) = orders(order(DIAZEPAM, 2, "2025-09-01", authoredOn="2025-08-30T10:00:00Z"))
    assert (one.ingredient, one.start, one.end, brief(one.mg_per_day or 0)) == ("diazepam", date(2025, 9, 1), None, "10")
    assert (one.source, one.words, str(one.written)) == ("MedicationRequest/m1", DIAZEPAM[1], "2025-08-30 10:00:00+00:00")


def test_what_somebody_says_is_taken_is_a_report_and_no_order() -> None:
    statement = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": tablets(*DIAZEPAM, 1)["medicationCodeableConcept"],
        "effectivePeriod": {"start": "2025-09-01"},
    }
    assert [one.is_report for one in orders(order(DIAZEPAM, 2, "2025-09-01"), statement)] == [False, True]


def test_what_may_be_taken_as_needed_is_said() -> None:
    needed = order(DIAZEPAM, 2, "2025-09-01", name="m2")
    needed["dosageInstruction"][0]["asNeededBoolean"] = True
    found = {one.source: (one.is_as_needed, brief(one.mg_per_day or 0)) for one in orders(order(DIAZEPAM, 2, "2025-09-01"), needed)}
    assert found == {"MedicationRequest/m1": (False, "10"), "MedicationRequest/m2": (True, "0")}


def test_an_order_that_is_over_has_the_dose_that_it_had() -> None:
    (one,) = orders(order(DIAZEPAM, 4, "2025-07-01", "2025-08-31", status="completed"))
    assert (one.end, brief(one.mg_per_day or 0)) == (date(2025, 8, 31), "20")


def test_an_order_that_was_over_before_is_not_there() -> None:
    assert orders(order(DIAZEPAM, 4, "2024-07-01", "2024-08-31", status="completed")) == ()


def test_an_order_that_was_stopped_nobody_knows_when_is_of_its_first_day_and_says_so() -> None:
    (one,) = orders(order(DIAZEPAM, 4, "2025-07-01", status="stopped"))
    assert (one.start, one.end, one.words) == (
        date(2025, 7, 1),
        date(2025, 7, 1),
        f"{DIAZEPAM[1]} (stopped, since when is not in the chart)",
    )


def test_an_order_in_force_that_does_not_say_since_when_counts_from_the_first_day_and_says_so() -> None:
    (one,) = orders(order(DIAZEPAM, 2, None))
    assert (one.start, one.end, one.words) == (FIRST, None, f"{DIAZEPAM[1]} (since when is not in the chart)")


def test_what_is_given_in_hospital_is_no_home_dose() -> None:
    inside = order(OXYCODONE, 4, "2025-09-01", category=[concept(CATEGORY, "inpatient")])
    assert (orders(inside), doses("oxycodone", inside), doses("mme", inside)) == ((), [], [("2025-06-01", "0")])


def test_the_dose_of_every_day_is_that_of_the_orders_in_force() -> None:
    made = order(DIAZEPAM, 4, "2025-07-01", "2025-08-31", status="completed"), order(DIAZEPAM, 2, "2025-09-01", name="m2")
    assert doses("diazepam", *made) == [("2025-06-01", "0"), ("2025-07-01", "20"), ("2025-09-01", "10")]


def test_orders_of_one_ingredient_add_up_and_name_their_sources() -> None:
    made = order(DIAZEPAM, 1, "2025-07-01"), order(DIAZEPAM, 2, "2025-09-01", name="m2")
    last = [one for one in over_time(*made).doses(()) if one.of == "diazepam"][-1]
    assert (said(last), last.sources, last.end) == ("15", ("MedicationRequest/m1", "MedicationRequest/m2"), TODAY)


def test_opioids_count_together_in_mme() -> None:
    assert doses("mme", order(OXYCODONE, 4, "2025-07-01")) == [("2025-06-01", "0"), ("2025-07-01", "30")]


def test_what_is_taken_as_needed_is_not_scheduled() -> None:
    made = order(OXYCODONE, 4, "2025-07-01")
    made["dosageInstruction"][0]["asNeededBoolean"] = True
    assert doses("oxycodone", made) == [("2025-06-01", "0"), ("2025-07-01", "0")]


def test_a_dose_that_cannot_be_computed_is_not_known_and_says_why() -> None:
    made = order(DIAZEPAM, 2, "2025-07-01")
    made["dosageInstruction"] = [{"timing": {"repeat": {"boundsPeriod": {"start": "2025-07-01"}}}, "text": "as the moon goes"}]
    known, unknown = doses("diazepam", made)
    assert known == ("2025-06-01", "0")
    assert unknown[1].startswith(DIAZEPAM[1])


def test_an_order_that_was_stopped_nobody_knows_when_makes_the_days_before_today_unknown() -> None:
    why = f"{OXYCODONE[1]}: it was stopped, and the chart does not say on which day"
    made = order(OXYCODONE, 4, "2025-07-01", status="stopped")
    assert doses("mme", made) == doses("oxycodone", made) == [("2025-06-01", "0"), ("2025-07-01", why), ("2026-01-05", "0")]


def test_an_order_in_force_that_does_not_say_since_when_counts_today() -> None:
    why = f"{DIAZEPAM[1]}: the day on which it began is not in the chart"
    assert doses("diazepam", order(DIAZEPAM, 2, None)) == [("2025-06-01", why), ("2026-01-05", "10")]


def test_a_report_of_home_medication_is_an_order_and_no_dose_of_a_day() -> None:
    report = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "effectivePeriod": {"start": "2025-07-01"},
        "medicationCodeableConcept": {"text": "gabapentin 300 mg"},
    }
    assert [(one.ingredient, one.drug_class.value) for one in orders(report)] == [("gabapentin", "gabapentinoid")]
    assert doses("gabapentin", report) == []
