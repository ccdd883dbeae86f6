"""A rule says in words what it asks, with every number that it has."""

from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.monitoring.condition import (
    Answered,
    Compare,
    Condition,
    Earlier,
    Enters,
    Every,
    Happened,
    Less,
    Match,
    Missing,
    No,
    NotKnown,
    Of,
    Op,
    Patient,
    Persist,
    Quantity,
    Some,
    Takes,
)
from fhir_taper.plans.monitoring.quantities import QUANTITIES
from fhir_taper.plans.monitoring.rule import Rule
from fhir_taper.plans.monitoring.rule_words import QUANTITY_WORDS, condition_words, persist_words
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.thresholds import thresholds
from fhir_taper.plans.tables.signal_tables import load_signals

WEEK = Span(7, "d")
FAST = Compare("heart-rate", Op.ABOVE, Decimal(100))
TREMOR = Happened("severe-tremor", WEEK)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (FAST, "Resting heart rate above 100 /min"),
        (Compare("body-temperature", Op.AT_LEAST, Decimal("38.0")), "Body temperature 38 °C or more"),
        (
            Compare("phq9", Op.AT_LEAST, Decimal(5), less=Less.LOWEST_WITHIN, before=WEEK),
            "PHQ-9 at least 5 above the lowest of the 7 d before",
        ),
        (
            Compare("sleep", Op.AT_MOST, Decimal(-20), of=Of.MEAN, over=WEEK, readings=4, less=Less.BASELINE, percent=True),
            "mean of Sleep in a night over 7 d (at least 4 readings) at least 20 % below the patient's own baseline",
        ),
        (Compare("cows", Op.BELOW, Decimal(3), less=Less.LAST), "COWS less than 3 above the one before"),
        (
            Compare("poss", Op.AT_LEAST, Decimal(1), of=Of.COUNT, over=WEEK, matching=Match(Op.AT_LEAST, Decimal(3))),
            "Pasero Opioid-induced Sedation Scale 3 or more: at least 1 time in 7 d",
        ),
        (Enters("gad7", Decimal(15)), "GAD-7 newly 15 or more"),
        (Enters("bam-protective", Decimal(12)), "BAM, protective factors newly 12 or less"),
        (Answered("cssrs", ("low", "moderate")), None),
        (TREMOR, "New severe tremor or myoclonus within 7 d"),
        (Happened("death", None), "Death, ever"),
        (Happened("fall", WEEK, 2, ("injury",), Span(2, "d")), "Fall (injury) 2 times within 7 d, at least 2 d ago"),
        (Quantity("age", Op.AT_LEAST, Decimal(65)), "age in years: 65 or more"),
        (
            Quantity("doses-missed", Op.AT_LEAST, Decimal(2), "lorazepam", WEEK, Decimal(10)),
            "doses missed (lorazepam) by more than 10 % within 7 d: 2 or more",
        ),
        (Takes("clonidine"), "clonidine is ordered"),
        (Takes("clonidine", WEEK), "clonidine is ordered, begun within 7 d"),
        (Earlier("", 2, WEEK), "earlier hits of this rule that are over: at least 2 within 7 d"),
        (Earlier("B10"), "earlier hits of B10 that are over: at least 1"),
        (Patient("sex", "female"), "sex female"),
        (No(Some((FAST, TREMOR))), "not: (Resting heart rate above 100 /min, or New severe tremor or myoclonus within 7 d)"),
        (
            Every((FAST, Some((FAST, TREMOR)))),
            "Resting heart rate above 100 /min and (Resting heart rate above 100 /min, or New severe tremor or myoclonus within 7 d)",
        ),
        (NotKnown(Takes("clonidine", WEEK)), "not known whether: clonidine is ordered, begun within 7 d"),
        (Missing("check-in", "fall"), "no Check-in since the latest Fall"),
        (Missing("check-in", "fall", Span(24, "h")), "no Check-in since the latest Fall, which is 24 h ago or more"),
    ],
)
def test_a_condition_is_said_in_words(condition: Condition, words: str | None) -> None:
    found = condition_words(condition, load_signals())

    assert found == words if words else found.endswith(": the latest answer is low or moderate")


def test_persistence_is_said_in_words() -> None:
    twice = Persist("heart-rate", 2, Span(1, "h"), Span(24, "h"))

    assert persist_words(twice, load_signals()) == (
        "at each of the last 2 readings of Resting heart rate, the first and the last at least 1 h apart, all within 24 h"
    )
    assert persist_words(Persist("heart-rate"), load_signals()) == "at the time of the latest Resting heart rate"


def test_every_derived_number_has_words() -> None:
    assert QUANTITY_WORDS.keys() == QUANTITIES.keys()


@pytest.mark.parametrize("rule", load_rules().rules, ids=lambda rule: rule.id)
def test_every_number_of_what_a_rule_asks_is_in_its_words(rule: Rule) -> None:
    signals = load_signals()
    said = [
        " ".join(
            [
                condition_words(clause.when, signals),
                *([condition_words(clause.clears, signals)] if clause.clears else []),
                *([persist_words(clause.persist, signals)] if clause.persist else []),
            ]
        )
        for clause in rule.clauses
    ]
    for one in thresholds(rule):
        if one.address.startswith("clauses") and not one.address.endswith(".due"):
            number = int(one.address.partition("[")[2].partition("]")[0])
            assert brief(abs(one.number)) in said[number], one.address
