"""Facts are found by concept, whatever their number; and what was seen in a chart once is not looked for again."""

from dataclasses import replace
from datetime import date

from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.chart_facts import ChartFacts, Fact
from fhir_taper.plans.tapers.signs.case import ChartCase, Seen

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
