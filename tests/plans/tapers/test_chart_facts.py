"""Facts are found by concept, whatever their number; and what was seen in a chart once is not looked for again."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.chart_facts import ChartFacts, Fact
from fhir_taper.plans.tapers.signs.case import ChartCase, Seen
from fhir_taper.plans.tapers.signs.chart_signs import SIGNS

OLD = Fact("falls", "Condition/1", "a fall", on=date(2020, 1, 1))
NEW = Fact("falls", "Condition/2", "a fall", on=date(2025, 1, 1))
UNDATED = Fact("falls", "Condition/3", "a fall")
OVER = replace(NEW, source="Condition/4", is_active=False)
APNOEA = Fact("sleep-apnoea", "Condition/5", "sleep apnoea")
FACTS = ChartFacts("p1", facts=(UNDATED, OLD, APNOEA, OVER, NEW))


def test_active_facts_of_a_concept_come_newest_first_and_undated_last() -> None:
    assert FACTS.having("falls") == (NEW, OLD, UNDATED)
    assert FACTS.having("pregnancy") == ()


def test_facts_of_several_concepts_come_in_the_order_of_the_chart_whether_or_not_they_are_over() -> None:
    assert FACTS.of(["sleep-apnoea", "falls"]) == (UNDATED, OLD, APNOEA, OVER, NEW)
    assert FACTS.of([]) == ()


def test_every_concept_is_named_once() -> None:
    assert list(FACTS.concepts) == ["falls", "sleep-apnoea"]


def test_facts_with_others_in_their_place_are_found_anew_and_equal_facts_are_equal() -> None:
    assert replace(FACTS, facts=(APNOEA,)).having("falls") == ()
    assert replace(FACTS) == FACTS


def test_a_sign_of_the_chart_is_asked_once_for_each_condition() -> None:
    case = ChartCase(Regimen("p1", date(2026, 1, 5), ()), FACTS, date(2026, 1, 5))
    asked: list[Condition] = []

    def sign(_: ChartCase, condition: Condition) -> Seen | None:
        asked.append(condition)
        return None

    first, second = Condition("fact", ("falls",)), Condition("fact", ("sleep-apnoea",))
    for condition in (first, second, Condition("fact", ("falls",))):
        assert case.look_once(sign, condition) is None
    assert asked == [first, second]


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (Fact("phq9", "o", "PHQ-9", on=date(2026, 1, 2), value=Decimal(9), unit="{score}"), "PHQ-9 9 on 2026-01-02"),
        (Fact("phq9-item9", "o", "44260-8", value=Decimal(2)), "44260-8 2"),
        (Fact("egfr", "o", "eGFR", value=Decimal(25), unit="mL/min"), "eGFR 25 mL/min"),
        (Fact("egfr", "o", "eGFR <25", value=Decimal(25), unit="mL/min"), "eGFR <25 mL/min"),
    ],
)
def test_a_measure_is_told_with_its_value_its_unit_and_its_day(fact: Fact, said: str) -> None:
    case = ChartCase(Regimen("p1", date(2026, 1, 5), ()), ChartFacts("p1", facts=(fact,)), date(2026, 1, 5))
    seen = SIGNS["measure"](case, Condition("measure", (fact.concept,), at_least=Decimal(1)))
    assert seen is not None
    assert seen.says == said


def test_what_was_not_measured_is_called_by_its_name() -> None:
    case = ChartCase(Regimen("p1", date(2026, 1, 5), ()), FACTS, date(2026, 1, 5), names={"phq9": "PHQ-9 total score"})
    seen = SIGNS["unmeasured"](case, Condition("unmeasured", ("phq9", "gad7")))
    assert seen is not None
    assert seen.says == "PHQ-9 total score, gad7"
