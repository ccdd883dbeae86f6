from decimal import Decimal

import pytest

from fhir_taper.mappers.chart import Chart, SetAside
from fhir_taper.mappers.read.regimen import read_items
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from fhir_taper.plans.tables.medicine_tables import load_medicines
from tests.mappers.read.orders import DIAZEPAM_2, TABLET, TODAY, chart, dosage, item, medicine, read, request

BAD = [True, -1, "x", "", [], {}, [None], [[]], {"value": {}}, 10**30, 1e-30, "2026-13-45", {"coding": "x"}, {"coding": [None]}]


def test_how_says_the_arithmetic_in_words() -> None:
    elements = {"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}
    (only,) = read(request(medicationCodeableConcept=medicine(*DIAZEPAM_2), dosageInstruction=[dosage(**elements)]))
    assert only.how == "2 mg × 1 tablet × 2 per day"


def test_an_order_of_nothing_is_listed_and_never_zero() -> None:
    only = item()
    assert (only.state, only.reason, only.scheduled_mg, only.max_mg) == (ItemState.NOT_COMPUTABLE, Reason.NO_DOSE, None, None)


def test_a_record_that_was_set_aside_is_listed_with_its_class() -> None:
    aside = SetAside("dosageInstruction is text", "a.json", "MedicationRequest", "MedicationRequest/m2", "oxycodone 5 MG Oral Tablet")
    (only,) = read_items(Chart("p1", set_aside=(aside,)), load_medicines(), TODAY).value
    assert (only.state, only.reason, only.drug_class) == (ItemState.NOT_COMPUTABLE, Reason.UNREADABLE, DrugClass.OPIOID)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "name", ["status", "dosageInstruction", "medicationCodeableConcept", "dispenseRequest", "authoredOn", "requester", "basedOn"]
)
def test_a_wrong_type_in_an_order_is_never_a_traceback_and_never_a_number(name: str, bad: object) -> None:
    only = item(**({"dosageInstruction": [dosage()]} | {name: bad}))
    assert only.state is not ItemState.COMPUTED or only.scheduled_mg == 20


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "name", ["timing", "doseAndRate", "sequence", "text", "asNeededBoolean", "maxDosePerPeriod", "additionalInstruction"]
)
def test_a_wrong_type_in_a_dosage_is_never_a_traceback_and_never_another_number(name: str, bad: object) -> None:
    only = item(dosageInstruction=[dosage(**{name: bad})])
    assert only.scheduled_mg in (None, 0, 20)
    assert only.scheduled_mg != 0 or only.as_needed


def test_a_wrong_type_is_named_with_its_path() -> None:
    only = item(dosageInstruction=[dosage(doseAndRate=[{"doseQuantity": TABLET | {"value": "5"}}])])
    assert only.reason is Reason.UNREADABLE
    assert "dosageInstruction[0].doseAndRate[0].doseQuantity.value" in only.how


@pytest.mark.parametrize("where", ["order", "dosage"])
def test_an_unknown_modifier_forbids_reading(where: str) -> None:
    modifier = {"modifierExtension": [{"url": "https://example.org/only-on-odd-days", "valueBoolean": True}]}
    only = item(dosageInstruction=[dosage()], **modifier) if where == "order" else item(dosageInstruction=[dosage(**modifier)])
    assert only.reason is Reason.UNREADABLE
    assert "only-on-odd-days" in only.how


def step(name: str, start: str, end: str, tablets: int, **elements: object) -> dict[str, object]:
    doses = [{"doseQuantity": TABLET | {"value": tablets}}]
    usual = {"groupIdentifier": {"system": "https://example.org/rx", "value": "taper-1"}}
    period = {"validityPeriod": {"start": start, "end": end}}
    return request(name, dosageInstruction=[dosage(doseAndRate=doses)], dispenseRequest=period, **(usual | elements))


def test_of_requests_that_are_the_steps_of_one_taper_only_todays_counts() -> None:
    steps = [
        step("m1", "2025-11-24", "2025-12-21", 4),
        step("m2", "2025-12-22", "2026-01-18", 3),
        step("m3", "2026-01-19", "2026-02-15", 2),
    ]
    found = {one.sources[0]: (one.state, one.reason, one.scheduled_mg) for one in read(*steps)}
    assert found["MedicationRequest/m1"] == (ItemState.EXCLUDED, Reason.ENDED, None)
    assert found["MedicationRequest/m2"] == (ItemState.COMPUTED, None, Decimal(60))
    assert found["MedicationRequest/m3"][1] is Reason.FUTURE


def test_the_last_step_goes_on_when_its_supply_has_ended() -> None:
    steps = [step("m1", "2025-10-24", "2025-11-21", 4), step("m2", "2025-11-22", "2025-12-18", 3)]
    assert [one.state for one in read(*steps)] == [ItemState.EXCLUDED, ItemState.COMPUTED]


def test_a_request_that_replaces_another_takes_its_place() -> None:
    first = request("m1", dosageInstruction=[dosage()])
    second = request("m2", dosageInstruction=[dosage()], priorPrescription={"reference": "MedicationRequest/m1"})
    assert [one.state for one in read(first, second)] == [ItemState.EXCLUDED, ItemState.COMPUTED]


def test_two_strengths_of_one_step_both_count() -> None:
    both = [step("m1", "2025-12-22", "2026-01-18", 1), step("m2", "2025-12-22", "2026-01-18", 2)]
    assert [one.state for one in read(*both)] == [ItemState.COMPUTED, ItemState.COMPUTED]


def test_the_same_order_read_twice_is_the_same_item() -> None:
    orders = [request(str(number), dosageInstruction=[dosage()]) for number in range(3)]
    whole = chart(*orders)
    assert read_items(whole, load_medicines(), TODAY) == read_items(whole, load_medicines(), TODAY)


def test_notes_of_the_reading_reach_the_issues() -> None:
    texts = {"text": "Take 1 tablet every 6 hours as needed", "asNeededBoolean": False}
    mapped = read_items(chart(request(dosageInstruction=[dosage(**texts)])), load_medicines(), TODAY)
    assert any("as needed although" in issue.message and issue.source == "MedicationRequest/m1" for issue in mapped.issues)


def dispense(handed_over: str, **elements: object) -> dict[str, object]:
    made = request("d1", whenHandedOver=handed_over, dosageInstruction=[dosage()], **elements)
    return {name: value for name, value in made.items() if name not in {"intent", "authoredOn"}} | {
        "resourceType": "MedicationDispense",
        "status": "completed",
    }


def test_a_dispense_without_days_of_supply_lasts_as_long_as_its_quantity() -> None:
    quantity = {"quantity": {"value": 40, "unit": "tablet"}}
    assert read(dispense("2025-12-31", **quantity))[0].state is ItemState.COMPUTED
    assert read(dispense("2025-12-20", **quantity))[0].reason is Reason.ENDED


def test_a_dispense_of_which_nobody_knows_how_long_it_lasts_counts_and_says_so() -> None:
    (only,) = read(dispense("2024-01-01"))
    assert only.state is ItemState.COMPUTED
    assert any("how long" in note for note in only.notes)


def test_orders_that_take_each_others_place_in_a_circle_all_stand() -> None:
    first = request("m1", dosageInstruction=[dosage()], priorPrescription={"reference": "MedicationRequest/m2"})
    second = request("m2", dosageInstruction=[dosage()], priorPrescription={"reference": "MedicationRequest/m1"})
    assert [item.state for item in read(first, second)] == [ItemState.COMPUTED, ItemState.COMPUTED]


def test_of_orders_that_follow_each_other_in_a_line_the_last_stands() -> None:
    chain = [request(f"m{n}", dosageInstruction=[dosage()], priorPrescription={"reference": f"MedicationRequest/m{n - 1}"}) for n in (2, 3)]
    states = [item.state for item in read(request("m1", dosageInstruction=[dosage()]), *chain)]
    assert states == [ItemState.EXCLUDED, ItemState.EXCLUDED, ItemState.COMPUTED]


@pytest.mark.parametrize(
    ("refills", "state"), [(None, "excluded"), (0, "excluded"), (1, "excluded"), (2, "not-computable"), (5, "not-computable")]
)
def test_a_duration_in_words_may_be_that_of_one_fill(refills: int | None, state: str) -> None:
    """30 days from 1 November end on 30 November; with one refill on 30 December, with two on 29 January: today is 5 January."""
    supply = {} if refills is None else {"numberOfRepeatsAllowed": refills}
    text = [{"text": "Take 1 tablet twice daily for 30 days"}]
    assert item(authoredOn="2025-11-01", dosageInstruction=text, dispenseRequest=supply).state == state


def test_a_duration_in_the_structure_ends_the_therapy_whatever_refills_are_allowed() -> None:
    bounds = {"frequency": 2, "period": 1, "periodUnit": "d", "boundsDuration": {"value": 30, "unit": "d", "code": "d"}}
    only = item(
        authoredOn="2025-11-01", dosageInstruction=[dosage(timing={"repeat": bounds})], dispenseRequest={"numberOfRepeatsAllowed": 5}
    )
    assert (only.state, only.reason) == (ItemState.EXCLUDED, Reason.ENDED)


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ([{"text": "patient takes half"}], "note: “patient takes half”"),
        ([{"text": "patient takes half", "time": "2026-01-02T08:00:00Z"}], "note of 2026-01-02: “patient takes half”"),
        ([{"text": "a\x1b[2J\r\nb\u202e c"}], "note: “a [2J b c”"),
        ([{"text": "x" * 5000}], f"note: “{'x' * 300} …”"),
        ([{"text": 5}], "a note that cannot be read"),
        ("half", "a note that cannot be read"),
    ],
)
def test_a_note_is_shown_and_never_interpreted(note: object, shown: str) -> None:
    found = item(dosageInstruction=[dosage()], note=note)
    assert (found.max_mg, found.notes) == (Decimal(20), (shown,))


def test_of_many_notes_the_number_that_is_not_shown_is_said() -> None:
    found = item(dosageInstruction=[dosage()], note=[{"text": str(number)} for number in range(8)])
    assert found.notes[4:] == ("note: “4”", "3 more notes are not shown")


def test_the_note_of_a_stopped_order_is_not_shown() -> None:
    assert item(status="stopped", note=[{"text": "too drowsy"}]).notes == ()


@pytest.mark.parametrize(("written", "state"), [("2026-01-05", "computed"), ("2026-01-06", "excluded"), ("2026-02", "excluded")])
def test_an_order_that_was_written_after_the_day_is_not_current_on_it(written: str, state: str) -> None:
    found = item(authoredOn=written, dosageInstruction=[dosage()])
    assert found.state == state
    assert state == "computed" or (found.reason, found.how[:10]) == (Reason.FUTURE, "written on")


def test_a_later_report_of_what_was_taken_before_counts() -> None:
    taken = {
        "resourceType": "MedicationStatement", "id": "s1", "status": "active", "medicationCodeableConcept": medicine(),
        "dateAsserted": "2026-02-01", "effectivePeriod": {"start": "2025-06-01"}, "dosage": [dosage()],
    }  # fmt: skip
    assert read(taken)[0].max_mg == Decimal(20)


def taken_from(day: str, asserted: str | None) -> RegimenItem:
    """The item of a report that something is taken on, or from, a day."""
    report = {"resourceType": "MedicationStatement", "id": "s1", "status": "active", "medicationCodeableConcept": medicine()}
    said = {"effectiveDateTime": day, "dosage": [dosage()]} | ({"dateAsserted": asserted} if asserted else {})
    return read(report | said)[0]


@pytest.mark.parametrize("asserted", [None, "2025-12-20"], ids=["not said when", "said before"])
def test_a_report_of_what_is_taken_from_a_later_day_on_does_not_count_today(asserted: str | None) -> None:
    found = taken_from("2026-02-01", asserted)
    assert (found.state, found.reason, found.max_mg, found.how) == (ItemState.EXCLUDED, Reason.FUTURE, None, "begins on 2026-02-01")


@pytest.mark.parametrize("asserted", [None, "2025-12-20", "2026-02-01"], ids=["not said when", "said before", "said later"])
def test_a_report_of_what_is_taken_since_today_or_before_counts(asserted: str | None) -> None:
    assert [taken_from(day, asserted).max_mg for day in ("2025-06-01", "2026-01-05")] == [Decimal(20), Decimal(20)]
