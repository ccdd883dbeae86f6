"""Rules as PlanDefinitions: every one, with its clauses in words and its 13 attributes."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fhir_taper.mappers.write.rule_definitions import AttributeName, to_rule_definitions, url_of_rule
from fhir_taper.mappers.write.structure_definitions import definitions
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.source_attributes import load_source_attributes
from tests.mappers.write.extension_check import problems

RULES = {rule.id: rule for rule in load_rules().rules}
PUBLISHED = dict(zip(RULES, to_rule_definitions(RULES.values()), strict=True))
Gate = Callable[[Mapping[str, Any]], list[str]]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_passes_the_validator_gate_and_its_extensions_their_definitions(rule: str, validator_gate: Gate) -> None:
    assert validator_gate(PUBLISHED[rule]) == []
    assert problems(PUBLISHED[rule]) == []


@pytest.mark.feature("F26")
def test_every_clause_is_an_action_with_its_condition_in_words_and_where_it_is_known_from() -> None:
    for name, rule in RULES.items():
        actions = PUBLISHED[name]["action"]
        assert [one["prefix"] for one in actions] == [f"Level {int(clause.level)}" for clause in rule.clauses]
        assert all(one["textEquivalent"].startswith("When: ") for one in actions)
        assert [one["documentation"][0]["citation"] for one in actions] == [str(clause.source) for clause in rule.clauses]
        assert [len(one["action"]) for one in actions] == [len(clause.actions) for clause in rule.clauses]


def test_a_rule_is_known_by_address_and_version() -> None:
    assert (PUBLISHED["B10"]["url"], PUBLISHED["B10"]["version"]) == (url_of_rule("B10"), str(RULES["B10"].version))
    urls = [one["url"] for one in PUBLISHED.values()]
    assert len(set(urls)) == len(urls)


def test_every_rule_and_every_protocol_states_the_13_attributes_once_each() -> None:
    found = [one for one in definitions().values() if one["resourceType"] == "PlanDefinition"]
    assert len(found) > len(RULES)
    for one in found:
        stated = [part["valueCode"] for each in one["extension"] for part in each["extension"] if part["url"] == "name"]
        assert stated == [str(name) for name in AttributeName]
    assert [str(name) for name in AttributeName] == list(load_source_attributes())
    assert len(AttributeName) == 13
