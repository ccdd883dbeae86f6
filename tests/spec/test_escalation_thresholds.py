"""One unit more or less of any number of a rule, or of a signal that a rule uses, changes what comes of a case: no number is unwatched."""

import tomllib
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.plans.monitoring.acceptance import accept
from fhir_taper.plans.monitoring.rule import Rule
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.tables.signal_tables import SignalTables, load_signals
from tests.spec.escalation_cases import FOLDER, Case, cases, mismatches, outcome_of, tables
from tests.spec.escalation_mutants import (
    baseline_mutants,
    baselines_used,
    numbers_used,
    one_unit,
    range_mutants,
    rule_mutants,
)
from tests.spec.escalation_sentences import scene_of

RULES = load_rules().rules
SIGNALS: dict[str, dict[str, list[str]]] = tomllib.loads((FOLDER / "signals.toml").read_text(encoding="utf-8"))
USED = numbers_used(RULES, load_signals())


def cases_of(rule: str) -> tuple[Case, ...]:
    return tuple(case for case in cases() if case.rule == rule)


@pytest.mark.feature("F65")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_number_of_a_rule_is_watched_by_a_case(rule: Rule) -> None:
    same = {key for table in tables() if table.rule == rule.id for key, why in table.same if why}
    survivors = {
        mutant.key: mutant.says
        for mutant in rule_mutants(rule)
        if not any(mismatches(case, outcome_of(case, mutant.rule)) for case in cases_of(rule.id))
    }

    assert not survivors.keys() - same, "\n".join(survivors.values())
    assert not same - survivors.keys(), "a case notices it after all"


def test_every_baseline_that_a_rule_asks_for_is_watched_by_a_case() -> None:
    using: dict[str, list[Case]] = {}
    for rule in RULES:
        for name in baselines_used(rule):
            using.setdefault(name, []).extend(cases_of(rule.id))

    survivors = [
        mutant.says
        for name, watching in sorted(using.items())
        for mutant in baseline_mutants(name, load_signals())
        if not any(mismatches(case, outcome_of(case, signals=mutant.tables)) for case in watching)
    ]

    assert not survivors, "\n".join(survivors)


@pytest.mark.parametrize("name", sorted(SIGNALS))
def test_a_value_is_taken_or_set_aside_as_the_table_of_signals_says(name: str) -> None:
    assert wrong(name, load_signals()) == []


@pytest.mark.parametrize("name", USED)
def test_both_ends_of_what_is_plausible_are_watched(name: str) -> None:
    survivors = [mutant.says for mutant in range_mutants(name, load_signals()) if name not in SIGNALS or not wrong(name, mutant.tables)]

    assert not survivors, "\n".join(survivors)


def test_one_unit_is_the_last_digit_that_a_number_is_written_with() -> None:
    assert [one_unit(Decimal(text)) for text in ("38", "38.0", "1E+1")] == [Decimal(1), Decimal("0.1"), Decimal(1)]


def wrong(name: str, tables: SignalTables) -> list[str]:
    """Rows of signals.toml that come out otherwise under these tables."""
    found: list[str] = []
    row: dict[str, Any] = SIGNALS[name]
    for said in row["taken"]:
        written, _, value = said.partition(" -> ")
        readings, aside = accept(scene_of("signals", [f"{name} {written} now"]).raws, tables)
        if [one.value for one in readings] != [Decimal(value or written.split()[0])]:
            found.append(f"{said}: {readings or aside}")
    for written in row["set_aside"]:
        readings, _ = accept(scene_of("signals", [f"{name} {written} now"]).raws, tables)
        if readings:
            found.append(f"{written}: {readings}")
    return found
