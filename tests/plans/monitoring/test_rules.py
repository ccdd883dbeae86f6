"""The rules as they are read from their files: a row without sense is refused, with its place."""

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.monitoring.condition import NotKnown, Takes
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.rules import load_rules, read_rules

EDITION = "# edition: test\n"
RULE = 'version = 1\ntitle = "Pulse"\nphases = ["taper"]\n'
SOURCED = 'source = "test"\nedition = "1"\nyear = "2026"\nstate = "default"\n'
PULSE = '{ signal = "heart-rate", op = ">", value = 120 }'


def clause(level: int, when: str = PULSE, more: str = "") -> str:
    """The text of a rule of one clause."""
    row = f'level = {level}\nwhen = {when}\n{more}actions = ["hold"]\nsays = "So."\nclear_words = "Not so."\n{SOURCED}'
    return f"{EDITION}[T1]\n{RULE}\n[[T1.clause]]\n{row}"


@pytest.mark.parametrize("level", [4, 5])
def test_what_is_urgent_says_by_when(level: int) -> None:
    with pytest.raises(TableError, match=rf"clause\[0\]: level {level} is urgent and has no due"):
        read_rules("test.toml", clause(level))

    (rule,) = read_rules("test.toml", clause(level, more='due = "15 min"\n'))
    assert rule.clauses[0].level == level


def test_what_is_not_urgent_may_be_due_by_no_time() -> None:
    (rule,) = read_rules("test.toml", clause(3))
    assert rule.clauses[0].due is None


def test_every_emergency_of_the_package_is_due_in_minutes_but_a_death() -> None:
    due = {str(one.due) for rule in load_rules().rules if not rule.ends_everything for one in rule.clauses if one.level is Level.EMERGENCY}
    assert due == {"15 min"}


def test_a_rule_may_ask_whether_something_is_not_known() -> None:
    (rule,) = read_rules("test.toml", clause(1, '{ unknown = { takes = "clonidine" } }'))
    assert rule.clauses[0].when == NotKnown(Takes("clonidine"))


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("{ happens = 1 }", "a condition has one of .*; this has happens"),
        ("{ unknown = 3 }", "3 is no condition"),
        ("{ all = [] }", r"\[\] is no list of conditions"),
        ('{ signal = "pulse", op = ">", value = 1 }', "'pulse' is no number of signals.csv"),
        ('{ quantity = "moon", op = ">", value = 1 }', "'moon' is no quantity"),
    ],
)
def test_a_condition_without_sense_is_refused(when: str, why: str) -> None:
    with pytest.raises(TableError, match=why):
        read_rules("test.toml", clause(1, when))
