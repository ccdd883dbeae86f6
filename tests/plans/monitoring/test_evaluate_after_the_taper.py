"""What aftercare and red flags ask beyond the rest: the lowest of a span, ever, answers of one instant, the class ordered again."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.condition import Answered, Compare, Condition, Happened, Less, Op, Quantity
from fhir_taper.plans.monitoring.evaluate import evaluate
from fhir_taper.plans.monitoring.reading import DAY, Raw
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.timeline import Ordered, Record, Unread
from fhir_taper.plans.monitoring.verdict import Verdict
from fhir_taper.plans.tapers.plan import Phase, PlanState
from tests.plans.monitoring.watched import HOUR, moment, plan, raw, rule, timeline

ROSE = Compare("craving", Op.AT_LEAST, Decimal(3), less=Less.LOWEST_WITHIN, before=Span(7, "d"))
AGAIN = Quantity("tapered-class-ordered-days", Op.AT_LEAST, Decimal(0))
STOPPED = replace(plan(), phase=Phase.AFTERCARE, state=PlanState.COMPLETED)
LAST_STEP = date(2026, 4, 27)


def asked(condition: Condition, raws: list[Raw], **rest: object) -> Verdict:
    return evaluate(condition, moment(timeline(raws, **rest), rule(condition)))


def test_a_rise_is_measured_from_the_lowest_of_the_span_before_the_latest() -> None:
    days = [raw("craving", 9, 9 * DAY), raw("craving", 2, 5 * DAY), raw("craving", 4, 3 * DAY), raw("craving", 5)]

    assert asked(ROSE, days).values["craving.change"] == Decimal(3)
    assert asked(ROSE, days).is_so is True


def test_a_low_that_is_older_than_the_span_is_not_compared_with() -> None:
    assert asked(ROSE, [raw("craving", 2, 8 * DAY), raw("craving", 4, 3 * DAY), raw("craving", 5)]).is_so is False
    assert asked(ROSE, [raw("craving", 2, 8 * DAY), raw("craving", 5)]).why == (
        "Craving from 0 to 10: no reading in the 7 d before the latest",
    )


def test_an_event_without_a_span_is_asked_for_as_far_back_as_the_chart_goes() -> None:
    assert asked(Happened("death", None), [raw("death", None, 3000 * DAY)]).is_so is True
    assert asked(Happened("death", None), []).is_so is False


def test_of_two_answers_of_one_instant_the_one_that_is_asked_for_counts() -> None:
    together = [raw("cssrs", None, HOUR, answer="high"), raw("cssrs", None, HOUR, answer="negative")]

    assert asked(Answered("cssrs", ("high",)), together).is_so is True
    assert asked(Answered("cssrs", ("negative",)), together).is_so is True
    assert asked(Answered("cssrs", ("low",)), together).is_so is False


def order(ingredient: str, drug_class: DrugClass, start: date, end: date | None = None, **changes: object) -> Ordered:
    return Ordered(ingredient, drug_class, start, end, f"MedicationRequest/{ingredient}-{start}", ingredient, **changes)  # type: ignore[arg-type]


def again(*orders: Ordered, days: int = 60, **rest: object) -> Verdict:
    """The class ordered again, asked so many days after the last step began."""
    asked_then = moment(timeline([], orders=orders, **rest), rule(AGAIN), of=STOPPED)
    return evaluate(AGAIN, replace(asked_then, as_of=asked_then.as_of + (LAST_STEP - asked_then.today) + days * DAY))


@pytest.mark.parametrize(("ingredient", "drug_class"), [("diazepam", DrugClass.BENZODIAZEPINE), ("zolpidem", DrugClass.Z_DRUG)])
def test_the_tapered_class_ordered_after_the_last_step_is_seen(ingredient: str, drug_class: DrugClass) -> None:
    found = again(order(ingredient, drug_class, LAST_STEP + 50 * DAY))

    assert found.is_so is True
    assert found.values["tapered-class-ordered-days"] == Decimal(10)


@pytest.mark.parametrize(
    "orders",
    [
        (order("oxycodone", DrugClass.OPIOID, LAST_STEP + 50 * DAY),),
        (order("diazepam", DrugClass.BENZODIAZEPINE, LAST_STEP - DAY),),
        (order("diazepam", DrugClass.BENZODIAZEPINE, LAST_STEP + 61 * DAY),),
        (
            order("zolpidem", DrugClass.Z_DRUG, LAST_STEP - DAY, LAST_STEP + 49 * DAY),
            order("zolpidem", DrugClass.Z_DRUG, LAST_STEP + 50 * DAY),
        ),
        (order("clonazepam", DrugClass.BENZODIAZEPINE, LAST_STEP + 50 * DAY, is_oud_treatment=True),),
    ],
    ids=["another class", "before the last step", "in the future", "a renewal of another medicine", "treatment of opioid use disorder"],
)
def test_what_is_no_new_order_of_the_tapered_class_is_none(orders: tuple[Ordered, ...]) -> None:
    assert again(*orders).is_so is False


def test_without_orders_that_were_read_nobody_knows_whether_the_class_was_ordered_again() -> None:
    assert again(unread=(Unread(Record.ORDER, "403"),)).why == ("orders were not read (403)",)
