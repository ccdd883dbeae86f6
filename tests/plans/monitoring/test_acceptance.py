"""Which values of a chart a rule may use, and why the others are set aside."""

from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.monitoring.acceptance import accept
from fhir_taper.plans.monitoring.reading import Raw
from fhir_taper.plans.tables.signal_tables import load_signals
from tests.plans.monitoring.watched import NOW, raw


@pytest.mark.parametrize(
    ("signal", "value", "unit", "is_"),
    [
        ("heart-rate", "101", "/min", Decimal(101)),
        ("heart-rate", "101", "beats/minute", Decimal(101)),
        ("heart-rate", "101", "Beats/Minute", Decimal(101)),
        ("body-temperature", "100.4", "[degF]", Decimal(38)),
        ("body-temperature", "100", "[degF]", Fraction(340, 9)),
        ("phq9", "15", "{score}", Decimal(15)),
        ("phq9", "15", "", Decimal(15)),
    ],
)
def test_a_number_is_compared_in_the_signals_own_unit_exactly(signal: str, value: str, unit: str, is_: Decimal | Fraction) -> None:
    readings, aside = accept([raw(signal, value, unit=unit)], load_signals())
    assert (readings[0].value, aside) == (is_, ())


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (raw("heart-rate", 600), "implausible: 600 is not from 20 to 250 /min"),
        (raw("heart-rate", 101, unit="kg"), "unit 'kg' is not one of /min"),
        (raw("heart-rate", 101, unit=""), "no unit, and /min is not to be guessed"),
        (raw("heart-rate", 101, comparator="<"), "<101 is not one number"),
        (raw("heart-rate"), "no number"),
        (raw("phq9", "7.5"), "7.5 is not a whole number"),
        (raw("phq9", "28"), "implausible: 28 is not from 0 to 27 {score}"),
        (raw("ciwa-b", 30), "CIWA-B counts as 22-item only: the chart does not say which"),
        (raw("ciwa-b", 30, variant="ciwa-ar"), "CIWA-B counts as 22-item only: it is of ciwa-ar"),
        (raw("dose-taken", answer="perhaps"), "answer 'perhaps' is not one of all, some, none, more"),
        (Raw("blood-type", NOW, NOW, "Observation/1"), "no signal that is known here"),
        (Raw("check-in", NOW, NOW.replace(hour=11), "Form/1"), "it ends before it begins"),
    ],
)
def test_what_cannot_be_used_is_set_aside_with_its_reason(one: Raw, why: str) -> None:
    readings, aside = accept([one], load_signals())
    assert (readings, [item.why for item in aside]) == ((), [why])


@pytest.mark.parametrize(
    ("signal", "value", "comparator"), [("oxygen-saturation", 85, "<"), ("oxygen-saturation", 85, "<="), ("heart-rate", 150, ">")]
)
def test_a_bound_on_the_worse_side_counts_as_at_least_so_bad_and_is_said(signal: str, value: int, comparator: str) -> None:
    readings, aside = accept([raw(signal, value, comparator=comparator)], load_signals())
    assert ([str(one.value) for one in readings], [one.said for one in aside]) == (
        [str(value)],
        [f"{comparator}{value} {load_signals().signals[signal].unit}"],
    )


def test_an_event_needs_no_kind_and_may_have_one() -> None:
    readings, _ = accept([raw("fall"), raw("fall", answer="head-injury")], load_signals())
    assert [one.answer for one in readings] == ["", "head-injury"]


def test_only_a_class_of_measures_that_needs_consent_is_remote() -> None:
    readings, _ = accept([raw("heart-rate", 80, is_remote=True), raw("phq9", 8, is_remote=True)], load_signals())
    assert [one.is_remote for one in readings] == [True, False]
