"""What each rule says of itself: what it uses is read off the rule, and the table names the same rules."""

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.source_attributes import (
    attributes_of_protocol,
    attributes_of_rule,
    load_source_attributes,
    read_source_attributes,
    uses,
)
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.reading import text_of
from fhir_taper.plans.tables.signal_tables import load_signals

RULES = load_rules().rules


def said(rule: str) -> dict[str, str]:
    return {one.id: one.says for one in attributes_of_rule(load_rules().rule(rule), load_signals())}


@pytest.mark.parametrize("attribute", ["sex", "date-of-birth"])
def test_the_table_names_exactly_the_rules_that_use_it(attribute: str) -> None:
    assert load_source_attributes()[attribute].used_by == {rule.id for rule in RULES if attribute in uses(rule)}


def test_a_rule_that_uses_sex_says_so_and_every_other_says_that_it_does_not() -> None:
    assert said("B16")["sex"].startswith("The administrative sex")
    assert {said(rule.id)["sex"] for rule in RULES if rule.id != "B16"} == {"Not used."}
    assert "65 years" in said("B05")["date-of-birth"]


def test_race_and_all_that_no_rule_looks_at_is_not_used() -> None:
    for name in ("race", "ethnicity", "language", "sexual-orientation", "gender-identity", "social-determinants"):
        assert {said(rule.id)[name] for rule in RULES} == {"Not used."}


def test_what_a_rule_looks_at_is_listed_also_what_must_follow_something() -> None:
    assert said("B10")["health-status"].startswith("Looks at: Resting heart rate")
    assert "answer 9" in said("B04")["health-status"]


def test_a_citation_is_that_of_the_clauses_or_of_the_protocol() -> None:
    assert all(said(rule.id)["citation"] for rule in RULES)
    for protocol in load().limits.protocols.values():
        told = {one.id: one.says for one in attributes_of_protocol(protocol)}
        assert told["citation"] == str(protocol.source)
        assert told["race"] == "Not used."
        assert "65 years" in told["date-of-birth"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('used_by = ["B16"]\n', "", "stand there together"),
        ('says = "Released 2026-11."', "", "says nothing"),
        ('title = "Developer"', "", "no title"),
        ('title = "Developer"', 'title = "Developer"\nname = "x"', "unknown name"),
        ('state = "knowledge"', 'state = "rumour"', "rumour"),
    ],
)
def test_a_row_that_says_too_little_or_too_much_is_refused(old: str, new: str, says: str) -> None:
    text = text_of("source_attributes.toml")
    assert old in text
    with pytest.raises(TableError, match=says):
        read_source_attributes(text.replace(old, new, 1))
