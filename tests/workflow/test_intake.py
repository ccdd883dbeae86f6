"""What is really taken: by the orders, or by a person who says it product by product."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from fhir_taper.plans.tapers.request import Taken
from fhir_taper.workflow.plan import make_plan
from fhir_taper.workflow.plan_request import Question, question_of
from fhir_taper.workflow.regimen import Reading
from tests.workflow.made_readings import METHADONE, MORPHINE_ER, MORPHINE_IR, asking, methadone, morphine_twice, reading_of, tablets

BY = "Dr. Example, pill count"
AS_TAKEN = (
    Taken(MORPHINE_ER, Slot.MORNING, Decimal(1)),
    Taken(MORPHINE_ER, Slot.NIGHT, Decimal(1)),
    Taken(MORPHINE_IR, Slot.NOON, Decimal(1)),
)


def test_the_sum_of_what_is_taken_is_the_baseline_with_who_said_it() -> None:
    question = question_of(morphine_twice(), asking("morphine", strategy="linear", taken=AS_TAKEN, baseline_by=BY))
    assert isinstance(question, Question)
    baseline = question.request.baseline
    assert (baseline.mg, baseline.confirmed_by) == (Decimal(75), BY)
    assert baseline.how == (
        "confirmed intake: 1 × morphine sulfate 30 MG Extended Release Oral Tablet (morning), "
        "1 × morphine sulfate 30 MG Extended Release Oral Tablet (night), 1 × morphine sulfate 15 MG Oral Tablet (noon)"
    )
    assert question.request.taken == AS_TAKEN
    assert [(intake.slot, intake.units) for intake in question.request.intakes] == [(one.slot, one.units) for one in AS_TAKEN]


def test_saying_how_much_of_each_release_is_taken_is_the_way_out_that_it_is_named_as() -> None:
    total_only = make_plan(morphine_twice(), asking("morphine", strategy="linear", baseline_mg=Decimal(75), baseline_by=BY))
    assert isinstance(total_only, Infeasible)
    assert total_only.reason == "releases-not-known-apart"
    assert WayOut.STATE_WHAT_IS_TAKEN in total_only.ways_out
    plan = make_plan(morphine_twice(), asking("morphine", strategy="linear", taken=AS_TAKEN, baseline_by=BY))
    assert isinstance(plan, TaperPlan)
    first = {unit.rxcui: dict(unit.slots) for dose in plan.steps[0].doses for unit in dose.units}
    assert first == {MORPHINE_ER: {Slot.MORNING: 1, Slot.NIGHT: 1}, MORPHINE_IR: {Slot.NOON: 1}}


def test_what_was_said_goes_through_the_plan_document_and_back() -> None:
    plan = make_plan(morphine_twice(), asking("morphine", strategy="linear", taken=AS_TAKEN, baseline_by=BY))
    assert isinstance(plan, TaperPlan)
    again = from_document(decode(encode(to_document(plan))))
    assert again.baseline == plan.baseline


def test_without_a_time_of_day_the_usual_times_are_taken() -> None:
    question = question_of(methadone(), asking("methadone", taken=(Taken(METHADONE, None, Decimal(3)),), baseline_by=BY))
    assert isinstance(question, Question)
    assert Fraction(question.request.baseline.mg) == 15
    assert question.request.taken == (Taken(METHADONE, None, Decimal(3)),)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"taken": AS_TAKEN}, "--taken needs --baseline-by"),
        ({"taken": AS_TAKEN, "baseline_by": BY, "baseline_mg": Decimal(60)}, "--baseline 60 is not what --taken adds up to: 75 mg a day"),
        ({"taken": (Taken("1", None, Decimal(1)),), "baseline_by": BY}, "--taken 1: no product"),
        ({"taken": (Taken(METHADONE, None, Decimal(1)),), "baseline_by": BY}, "not a product of morphine"),
        ({"taken": AS_TAKEN[:1] * 2, "baseline_by": BY}, "twice for one time of day"),
    ],
)
def test_an_intake_that_cannot_be_meant_is_named(said: dict[str, object], names: str) -> None:
    with pytest.raises(WrongUsage, match=names):
        question_of(morphine_twice(), asking("morphine", **said))


def test_a_baseline_that_agrees_with_what_is_taken_may_be_given_beside_it() -> None:
    question = question_of(morphine_twice(), asking("morphine", taken=AS_TAKEN, baseline_by=BY, baseline_mg=Decimal("75.0")))
    assert isinstance(question, Question)
    assert question.request.baseline.mg == 75


def test_a_plan_without_an_order_can_start_from_what_is_taken() -> None:
    taken = (Taken(METHADONE, Slot.MORNING, Decimal(2)),)
    question = question_of(morphine_twice(), asking("methadone", taken=taken, baseline_by=BY))
    assert isinstance(question, Question)
    assert METHADONE in {product.rxcui for product in question.request.products}


def oxycodone(times_a_day: int, *, as_needed: bool) -> Reading:
    """Oxycodone 5 mg so often."""
    return reading_of(tablets("1049621", "oxycodone hydrochloride 5 MG Oral Tablet", times_a_day, as_needed=as_needed))


def first_units(reading: Reading, **said: object) -> dict[Slot, Decimal]:
    """What step 0 takes at each time, in tablets of 5 mg; the test fails where other products are taken."""
    plan = make_plan(reading, asking("oxycodone", strategy="linear", **said))
    assert isinstance(plan, TaperPlan)
    (unit,) = (unit for dose in plan.steps[0].doses for unit in dose.units)
    assert unit.strength_mg == 5
    return dict(unit.slots)


def test_a_dose_as_needed_is_never_put_together_with_the_next_one() -> None:
    assert first_units(oxycodone(6, as_needed=True), baseline_mg=Decimal(30), baseline_by=BY) == dict.fromkeys(Slot, 1)


def test_six_times_a_day_are_six_times() -> None:
    assert first_units(oxycodone(6, as_needed=False)) == dict.fromkeys(Slot, 1)


def test_more_than_is_ordered_is_taken_more_often_and_a_person_looks_at_it() -> None:
    asked = asking("oxycodone", strategy="linear", baseline_mg=Decimal(20), baseline_by=BY)
    question = question_of(oxycodone(3, as_needed=False), asked)
    assert isinstance(question, Question)
    assert [one.mg for one in question.request.at_most] == [5] * 4
    (said,) = (finding for finding in question.said if finding.code == "times-not-ordered")
    assert said.severity is Severity.ACKNOWLEDGE
    assert said.message.startswith("20 mg oxycodone a day are more than the orders allow: they are laid on 4 times a day, at most 5 mg")


@pytest.mark.parametrize("baseline", ["35", "60"])
def test_a_dose_that_fits_on_no_times_must_be_said(baseline: str) -> None:
    no = make_plan(oxycodone(6, as_needed=True), asking("oxycodone", strategy="linear", baseline_mg=Decimal(baseline), baseline_by=BY))
    assert isinstance(no, Infeasible)
    assert (no.reason, no.ways_out) == ("state-what-is-taken", (WayOut.STATE_WHAT_IS_TAKEN,))


def test_what_a_person_says_is_taken_may_be_more_at_one_time_than_is_ordered() -> None:
    taken = (Taken("1049621", Slot.MORNING, Decimal(3)), Taken("1049621", Slot.NIGHT, Decimal(3)))
    assert first_units(oxycodone(6, as_needed=True), taken=taken, baseline_by=BY) == {Slot.MORNING: 3, Slot.NIGHT: 3}


@pytest.mark.parametrize(
    ("repeat", "said"),
    [
        ({"frequency": 1, "period": 2, "periodUnit": "d"}, "10 mg every 2 days"),
        ({"dayOfWeek": ["mon", "thu"]}, "10 mg on some days"),
    ],
)
def test_a_plan_that_makes_an_uneven_intake_daily_says_so_to_be_acknowledged(repeat: dict[str, Any], said: str) -> None:
    uneven = tablets("197589", "diazepam 10 MG Oral Tablet", 1)
    uneven["dosageInstruction"][0]["timing"]["repeat"] = {**repeat, "boundsPeriod": {"start": "2024-01-05"}}
    plan = make_plan(reading_of(uneven), asking("diazepam", strategy="linear", baseline_mg=Decimal(5), baseline_by=BY))
    assert isinstance(plan, TaperPlan)
    found = next(finding for finding in plan.findings if finding.code == "made-daily")

    assert (found.severity, said in found.message) == (Severity.ACKNOWLEDGE, True)
    assert "This plan gives 5 mg every day" in found.message


def test_a_daily_intake_is_not_said_to_change_its_rhythm() -> None:
    twice = reading_of(tablets("197589", "diazepam 10 MG Oral Tablet", 2))
    plan = make_plan(twice, asking("diazepam", strategy="linear"))
    assert isinstance(plan, TaperPlan)

    assert "made-daily" not in {finding.code for finding in plan.findings}
