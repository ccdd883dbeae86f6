"""From a chart to a timeline: everything in it once, in the patient's zone, and what was not read."""

from dataclasses import replace
from datetime import UTC, date, datetime
from time import perf_counter
from typing import Any

import pytest

from fhir_taper.exact_json import encode
from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.read.signals.meanings import SignalIndex
from fhir_taper.mappers.systems import LOINC
from fhir_taper.mappers.write.check_in import FilledForm, to_observations, to_response
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.scoring import Answer, score
from fhir_taper.plans.monitoring.timeline import CheckInSchedule, Record, Timeline
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tables.signal_codes import site_meanings
from fhir_taper.plans.tapers.plan import Tier
from fhir_taper.workflow.read_chart import read_chart_bytes
from fhir_taper.workflow.timeline import Watched, check_ins_of, timeline_of_chart
from tests.mappers.charts import PATIENT, bundle, concept, resource
from tests.plans.monitoring.watched import plan
from tests.workflow.made_readings import tablets

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
PLAN = replace(plan(), zone="Europe/Berlin")


def chart(*resources: Any) -> Chart:
    return read_chart_bytes(encode(bundle(*resources)), "chart")


def timeline(*resources: Any, **rest: Any) -> Timeline:
    return timeline_of_chart(chart(PATIENT, *resources), PLAN, NOW, **rest).value


def observed(name: str = "o1", value: Any = 12, **elements: Any) -> dict[str, Any]:
    usual = {"status": "final", "code": concept(LOINC, "44261-6"), "effectiveDateTime": "2026-03-01", "valueInteger": value}
    return resource("Observation", name, **{**usual, **elements})


def test_everything_of_a_chart_stands_in_one_timeline() -> None:
    records = (
        observed(),
        resource("Condition", "c1", code=concept("http://snomed.info/sct", "217082002", "Accidental fall"), onsetDateTime="2026-03-02"),
        resource("Encounter", "e1", status="finished", period={"start": "2026-03-03"}, **{"class": {"code": "EMER"}}),
        {"resourceType": "Appointment", "id": "a1", "status": "noshow", "start": "2026-03-04T09:00:00Z"},
        tablets("197591", "diazepam 5 MG Oral Tablet", 2),
    )
    made = timeline(*records)
    assert [(one.signal, one.day.isoformat()) for one in made.readings] == [
        ("phq9", "2026-03-01"),
        ("fall", "2026-03-02"),
        ("admission", "2026-03-03"),
        ("appointment", "2026-03-04"),
    ]
    assert [one.ingredient for one in made.orders] == ["diazepam"]
    assert {one.of for one in made.doses} == {"diazepam", "mme"}
    assert (made.patient, made.birth_date) == ("p1", date(1970, 3, 1))


def test_a_day_is_a_day_of_the_plans_zone() -> None:
    (reading,) = timeline(observed()).readings
    assert reading.start.isoformat() == "2026-03-01T00:00:00+01:00"


def test_the_same_resources_in_another_order_and_twice_are_the_same_timeline() -> None:
    records = [observed("o1"), observed("o2", 14, effectiveDateTime="2026-03-02"), observed("o3", 40)]
    assert timeline(*records) == timeline(*reversed(records)) == timeline(*records, records[0])


def test_one_value_that_two_resources_say_is_one_reading_with_both_sources() -> None:
    (reading,) = timeline(observed("o1"), observed("o2")).readings
    assert reading.sources == ("Observation/o1", "Observation/o2")


def test_a_form_that_was_filled_in_here_and_what_it_says_are_one_reading() -> None:
    form = load_forms().forms["gad7"]
    scored = score(form, [Answer(item.id, "1") for item in form.items])
    filled = FilledForm(form, scored, "p1", datetime(2026, 3, 14, 9, tzinfo=UTC))
    made = timeline(to_response(filled), *to_observations(filled, "QuestionnaireResponse/q"))
    assert [(one.signal, str(one.value or ""), len(one.sources)) for one in made.readings] == [("check-in", "", 1), ("gad7", "7", 2)]


def test_what_cannot_be_used_is_shown_with_its_reason() -> None:
    made = timeline(observed(value=40))
    assert [(one.signal, one.said) for one in made.put_aside("phq9")] == [("phq9", "40")]


def test_a_kind_is_read_where_one_of_it_is_there_or_the_ehr_was_asked() -> None:
    assert timeline(observed()).read == {Record.OBSERVATION, Record.PATIENT}
    asked = Watched(searched=frozenset({"Encounter", "MedicationRequest"}))
    assert timeline(observed(), watched=asked).read == {Record.OBSERVATION, Record.PATIENT, Record.ENCOUNTER, Record.ORDER}


def test_where_orders_were_not_read_no_dose_is_known() -> None:
    assert timeline(observed()).doses == ()
    asked = timeline(observed(), watched=Watched(searched=frozenset({"MedicationRequest"})))
    assert [(one.of, str(one.amount)) for one in asked.doses] == [("diazepam", "0"), ("mme", "0")]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("Observation", Record.OBSERVATION),
        ("MedicationStatement", Record.ORDER),
        ("Consent", Record.CONSENT),
        ("Encounter", Record.ENCOUNTER),
        ("MedicationAdministration", Record.ADMINISTRATION),
    ],
)
def test_what_the_ehr_refused_is_unread_with_its_words(source: str, kind: Record) -> None:
    refused = replace(chart(PATIENT), issues=(Issue("warning", "not-read", f"{source} could not be read: 403 (Forbidden)", source),))
    made = timeline_of_chart(refused, PLAN, NOW).value
    assert made.why_unread(kind) == f"{source} could not be read: 403 (Forbidden)"


def test_an_entry_that_was_set_aside_is_unread() -> None:
    made = timeline(observed("o1"), observed("o2", code="PHQ-9"))
    assert made.why_unread(Record.OBSERVATION).startswith("Observation/o2 was set aside")
    assert Record.OBSERVATION in made.read


def test_a_dispense_without_a_day_makes_supplies_unread() -> None:
    medicine = concept("http://www.nlm.nih.gov/research/umls/rxnorm", "197591", "diazepam 5 MG Oral Tablet")
    undated = resource("MedicationDispense", "d1", status="completed", medicationCodeableConcept=medicine)
    assert timeline(undated).why_unread(Record.DISPENSE) == "MedicationDispense/d1: it has no date"


def test_a_sites_own_codes_are_read() -> None:
    index = SignalIndex(site_meanings({"urn:site|COWS": "cows"}))
    made = timeline(observed(code=concept("urn:site", "COWS")), watched=Watched(index=index))
    assert [one.signal for one in made.readings] == ["cows"]


@pytest.mark.parametrize(("tier", "every", "daily"), [(Tier.LOW, 7, 0), (Tier.STANDARD, 7, 0), (Tier.HIGH, 7, 7)])
def test_check_ins_are_those_of_the_plans_tier(tier: Tier, every: int, daily: int) -> None:
    asked = check_ins_of(replace(PLAN, tier=tier), load().safety)
    assert asked == CheckInSchedule(PLAN.steps[0].start, every, daily, "the risk tier")


def test_a_plan_without_a_tier_asks_for_no_check_ins() -> None:
    assert check_ins_of(replace(PLAN, tier=None), load().safety) is None


def test_the_rhythm_that_the_patient_chose_comes_first() -> None:
    chosen = CheckInSchedule(date(2026, 2, 1), 3, 0, "the patient")
    assert timeline(watched=Watched(check_ins=chosen)).check_ins == chosen


def test_an_empty_chart_is_a_timeline_of_the_plans_patient() -> None:
    made = timeline_of_chart(chart(), PLAN, NOW).value
    assert (made.patient, made.readings, made.read) == (PLAN.patient, (), frozenset())


def test_a_thousand_observations_are_read_in_a_part_of_a_second() -> None:
    whole = chart(
        PATIENT,
        *(
            observed(f"o{number}", number % 28, effectiveDateTime=f"2025-{number % 12 + 1:02}-01T{number % 24:02}:00:00Z")
            for number in range(1000)
        ),
    )
    timeline_of_chart(whole, PLAN, NOW)
    begun = perf_counter()
    made = timeline_of_chart(whole, PLAN, NOW).value
    assert perf_counter() - begun < 1
    assert len({source for one in made.readings for source in one.sources}) == 1000


def test_a_value_of_a_time_that_ends_after_today_is_set_aside() -> None:
    typing_error = observed(effectiveDateTime=..., effectivePeriod={"start": "2025-06-01", "end": "2062-01-01"})
    made = timeline(typing_error)
    assert made.readings == ()
    assert [one.why for one in made.put_aside("phq9")] == ["of a time until 2062-01-01T23:59:59.999999+01:00, which is still to come"]


def test_a_value_of_a_time_until_today_counts() -> None:
    made = timeline(observed(effectiveDateTime=..., effectivePeriod={"start": "2026-03-10", "end": "2026-03-15"}))
    assert ([one.day.isoformat() for one in made.readings], made.set_aside) == (["2026-03-15"], ())


def test_what_happened_is_not_lost_for_a_wrong_end() -> None:
    code = concept("http://snomed.info/sct", "91175000", "Seizure")
    period = {"start": "2026-03-10", "end": "2062-01-01"}
    (reading,) = timeline(observed(code=code, valueInteger=..., effectiveDateTime=..., effectivePeriod=period)).readings
    assert (reading.signal, reading.day.isoformat()) == ("seizure", "2026-03-15")


@pytest.mark.parametrize(
    ("elements", "last"),
    [
        ({"status": "in-progress", "period": {"start": "2026-02-20"}}, "2026-03-15"),
        ({"status": "onleave", "period": {"start": "2026-02-20", "end": "2026-02-21"}}, "2026-03-15"),
        ({"status": "finished", "period": {"start": "2026-02-20", "end": "2026-03-14"}}, "2026-03-14"),
        ({"status": "finished", "period": {"start": "2026-02-20", "end": "2062-03-14"}}, "2026-03-15"),
        ({"status": "finished", "period": {"start": "2026-02-20"}}, "2026-02-20"),
        ({"status": "finished", "period": {"start": "2026-02-20", "end": "2026-02-19"}}, "2026-02-20"),
    ],
    ids=str,
)
def test_a_stay_lasts_from_its_beginning_to_its_end(elements: dict[str, Any], last: str) -> None:
    (reading,) = timeline(resource("Encounter", "e1", **{"class": {"code": "IMP"}, **elements})).readings
    assert (reading.start.date().isoformat(), reading.day.isoformat()) == ("2026-02-20", last)


def test_a_death_that_is_dated_later_is_a_death() -> None:
    tomorrow, typing_error = ({**PATIENT, "deceasedDateTime": written} for written in ("2026-03-16", "2062-03-01"))
    assert [one.signal for one in timeline_of_chart(chart(tomorrow), PLAN, NOW).value.readings] == ["death"]
    assert [one.signal for one in timeline_of_chart(chart(typing_error), PLAN, NOW).value.readings] == ["death"]


@pytest.mark.parametrize(("start", "end"), [("2026-02-01", "9999-12-31"), ("0001-01-01", "2026-12-31"), ("9999-12-31", "9999-12-31")])
def test_days_beyond_any_life_are_counted_with(start: str, end: str) -> None:
    order = tablets("197590", "diazepam 2 MG Oral Tablet", 2)
    order["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"] = {"start": start, "end": end}
    medicine = order["medicationCodeableConcept"]
    supply = resource("MedicationDispense", "d1", status="completed", whenHandedOver=end, medicationCodeableConcept=medicine)
    seen = timeline(order, supply)
    found = assess(PLAN, seen, as_of=NOW)
    assert len(found.coverage) > 50
    assert all(one.end is None or one.end.year < 2200 for one in seen.orders)
