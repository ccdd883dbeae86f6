from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.mappers.read.taper_forms import read_taper_forms
from fhir_taper.plans.medicines.regimen import Reason
from fhir_taper.plans.tables.medicine_tables import load_medicines
from tests.mappers.read.orders import DIAZEPAM_2, TABLET, TODAY, chart, dosage, medicine, read, request

Json = dict[str, object]


def part(sequence: int, start: str, end: str, tablets: int, text: str = "") -> Json:
    bounds = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": start, "end": end}}}
    doses = [{"doseQuantity": TABLET | {"value": tablets}}]
    return dosage(sequence=sequence, timing=bounds, doseAndRate=doses, text=text or None)


WHOLE = request(
    medicationCodeableConcept=medicine(*DIAZEPAM_2),
    dosageInstruction=[
        part(1, "2025-12-19", "2026-01-01", 4, "Take 4 tablets daily for 14 days starting December 19, 2025"),
        part(2, "2026-01-02", "2026-01-15", 3),
        part(3, "2026-01-16", "2026-01-29", 2),
    ],
)


def forms(*resources: Json) -> tuple[object, ...]:
    return read_taper_forms(chart(*resources), load_medicines(), TODAY).value


def test_a_whole_taper_in_one_order_has_its_steps_with_days_and_mg() -> None:
    (form,) = read_taper_forms(chart(WHOLE), load_medicines(), TODAY).value
    assert form.ingredient == "diazepam"
    assert [(step.start, step.end, step.scheduled_mg) for step in form.steps] == [
        (date(2025, 12, 19), date(2026, 1, 1), Decimal(8)),
        (date(2026, 1, 2), date(2026, 1, 15), Decimal(6)),
        (date(2026, 1, 16), date(2026, 1, 29), Decimal(4)),
    ]


def test_of_a_whole_taper_only_today_counts_in_the_regimen() -> None:
    assert read(WHOLE)[0].scheduled_mg == 6


def test_a_gap_in_the_schedule_is_said_and_is_not_zero() -> None:
    gap = request(dosageInstruction=[part(1, "2025-12-19", "2026-01-01", 4), part(2, "2026-01-08", "2026-01-15", 3)])
    only = read(gap)[0]
    assert (only.reason, only.scheduled_mg) == (Reason.TIMING_CONFLICT, None)
    assert "2026-01-08" in only.how


def chain(number: int, start: str, end: str, tablets: int) -> Json:
    return request(
        f"m{number}",
        dosageInstruction=[dosage(doseAndRate=[{"doseQuantity": TABLET | {"value": tablets}}])],
        dispenseRequest={"validityPeriod": {"start": start, "end": end}},
        priorPrescription={"reference": f"MedicationRequest/m{number - 1}"},
    )


def test_one_order_per_step_is_one_taper_past_and_future_steps_too() -> None:
    orders = [chain(1, "2025-11-24", "2025-12-21", 4), chain(2, "2025-12-22", "2026-01-18", 3), chain(3, "2026-01-19", "2026-02-15", 2)]
    (form,) = read_taper_forms(chart(*orders), load_medicines(), TODAY).value
    assert [(step.start, step.scheduled_mg, step.source) for step in form.steps] == [
        (date(2025, 11, 24), Decimal(80), "MedicationRequest/m1"),
        (date(2025, 12, 22), Decimal(60), "MedicationRequest/m2"),
        (date(2026, 1, 19), Decimal(40), "MedicationRequest/m3"),
    ]


def test_the_first_order_of_a_chain_names_no_other_and_is_its_first_step() -> None:
    first = chain(1, "2025-11-24", "2025-12-21", 4)
    del first["priorPrescription"]
    (form,) = read_taper_forms(chart(first, chain(2, "2025-12-22", "2026-01-18", 3)), load_medicines(), TODAY).value
    assert [step.source for step in form.steps] == ["MedicationRequest/m1", "MedicationRequest/m2"]


def test_a_taper_goes_on_until_its_last_reduction_has_begun() -> None:
    (form,) = read_taper_forms(chart(WHOLE), load_medicines(), TODAY).value
    assert [form.goes_on_after(day) for day in (TODAY, date(2026, 1, 15), date(2026, 1, 16))] == [True, True, False]


def test_renewals_of_one_dose_and_a_dose_that_rises_are_no_taper_that_goes_on() -> None:
    for tablets in ((2, 2, 2), (1, 2, 3)):
        parts = [part(number, f"2026-0{number}-01", f"2026-0{number}-28", count) for number, count in enumerate(tablets, 1)]
        (form,) = read_taper_forms(chart(request(dosageInstruction=parts)), load_medicines(), TODAY).value
        assert not form.goes_on_after(TODAY)


def bounded(number: int, start: str, end: str, tablets: int, elements: Json | None = None) -> Json:
    """One order per step, its days in boundsPeriod as we write them ourselves."""
    return request(f"m{number}", dosageInstruction=[part(1, start, end, tablets)], **(elements or {}))


BOUNDED = (("2026-01-01", "2026-01-07", 3), ("2026-01-08", "2026-01-14", 2), ("2026-01-15", "2026-01-21", 1))
LINKS: dict[str, Json] = {
    "groupIdentifier": {"groupIdentifier": {"system": "https://example.org/g", "value": "t1"}},
    "basedOn": {"basedOn": [{"reference": "CarePlan/c1"}]},
}


@pytest.mark.parametrize("link", ["groupIdentifier", "basedOn", "priorPrescription"])
@pytest.mark.parametrize("is_authored_per_step", [True, False])
def test_one_order_per_step_is_one_taper_wherever_its_days_stand(link: str, is_authored_per_step: bool) -> None:
    orders = []
    for number, (start, end, tablets) in enumerate(BOUNDED, 1):
        prior: Json = {"priorPrescription": {"reference": f"MedicationRequest/m{number - 1}"}} if number > 1 else {}
        authored: Json = {"authoredOn": start} if is_authored_per_step else {}
        orders.append(bounded(number, start, end, tablets, LINKS.get(link, prior) | authored))
    (form,) = read_taper_forms(chart(*orders), load_medicines(), TODAY).value
    assert [(step.start, step.end, step.scheduled_mg) for step in form.steps] == [
        (date(2026, 1, 1), date(2026, 1, 7), Decimal(15)),
        (date(2026, 1, 8), date(2026, 1, 14), Decimal(10)),
        (date(2026, 1, 15), date(2026, 1, 21), Decimal(5)),
    ]
    assert form.goes_on_after(TODAY)


def test_the_days_of_the_doses_go_before_those_of_the_supply() -> None:
    supply: Json = {"dispenseRequest": {"validityPeriod": {"start": "2026-01-01", "end": "2026-03-31"}}}
    orders = [bounded(number, *step, LINKS["basedOn"] | supply) for number, step in enumerate(BOUNDED, 1)]
    (form,) = read_taper_forms(chart(*orders), load_medicines(), TODAY).value
    assert [(step.start, step.end, step.scheduled_mg) for step in form.steps] == [
        (date(2026, 1, 1), date(2026, 1, 7), Decimal(15)),
        (date(2026, 1, 8), date(2026, 1, 14), Decimal(10)),
        (date(2026, 1, 15), date(2026, 1, 21), Decimal(5)),
    ]


def test_steps_that_last_so_many_days_from_when_they_were_written_follow_each_other() -> None:
    orders = []
    for number, (start, _, tablets) in enumerate(BOUNDED, 1):
        week = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsDuration": {"value": 7, "unit": "d", "code": "d"}}}
        doses = [{"doseQuantity": TABLET | {"value": tablets}}]
        step = {"dosageInstruction": [dosage(timing=week, doseAndRate=doses)], "authoredOn": start}
        orders.append(request(f"m{number}", **LINKS["basedOn"], **step))
    (form,) = read_taper_forms(chart(*orders), load_medicines(), TODAY).value
    assert [(step.start, step.end) for step in form.steps] == [
        (date(2026, 1, 1), date(2026, 1, 7)),
        (date(2026, 1, 8), date(2026, 1, 14)),
        (date(2026, 1, 15), date(2026, 1, 21)),
    ]


def test_linked_orders_of_the_same_days_are_one_step_and_no_taper() -> None:
    same = [bounded(number, "2026-01-01", "2026-01-28", number, LINKS["basedOn"]) for number in (1, 2)]
    assert forms(*same) == ()


def test_two_orders_that_nothing_links_have_no_steps_by_their_bounds_either() -> None:
    assert forms(*(bounded(number, *step) for number, step in enumerate(BOUNDED, 1))) == ()


def test_two_orders_that_nothing_links_are_no_taper() -> None:
    separate = [chain(1, "2025-11-24", "2025-12-21", 4), chain(5, "2025-12-22", "2026-01-18", 3)]
    assert forms(*separate) == ()


def test_a_step_that_cannot_be_computed_has_its_reason() -> None:
    drops = part(2, "2026-01-02", "2026-01-15", 3) | {"doseAndRate": [{"doseQuantity": {"value": 3, "unit": "drop"}}]}
    (form,) = read_taper_forms(
        chart(request(dosageInstruction=[part(1, "2025-12-19", "2026-01-01", 4), drops])), load_medicines(), TODAY
    ).value
    assert [(step.scheduled_mg, step.reason) for step in form.steps] == [(Decimal(20), None), (None, Reason.DROPS_NEED_FACTOR)]


def test_an_ordinary_order_is_no_taper() -> None:
    assert forms(request(dosageInstruction=[dosage()])) == ()
