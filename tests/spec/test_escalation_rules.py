"""Each escalation rule against its table of cases, which a clinician can read and correct (docs/escalation-rules.md)."""

import pytest

from fhir_taper.plans.monitoring.condition import Compare, Op
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.tables.signal_tables import load_signals
from tests.spec.escalation_cases import NEEDED, Case, Table, cases, mismatches, outcome_of, table_of, tables
from tests.spec.escalation_mutants import conditions

RULES = tuple(rule.id for rule in load_rules().rules)
# Capabilities (tests/features.csv) that the cases of a rule show.
FEATURES = {
    "B01": ("F24",),
    "B03": ("F23",),
    "B04": ("F23",),
    "B05": ("F24",),
    "B06": ("F10", "F42", "F60", "F64"),
    "B07": ("F64",),
    "B09": ("F64",),
    "B10": ("F17",),
    "B12": ("F18",),
    "B14": ("F22",),
    "B19": ("F63",),
    "B23": ("F23",),
    "B29": ("F58",),
    "B30": ("F59",),
    "A01": ("F88",),
    "A06": ("F90",),
    "A07": ("F89",),
    "A09": ("F87",),
    "A12": ("F48", "F99"),
    "A13": ("F48",),
    "A14": ("F87",),
    "A15": ("F47",),
    "A17": ("F88",),
}
SUICIDE = ("B03", "B04", "B23")


def features_of(case: Case) -> tuple[pytest.MarkDecorator, ...]:
    shown = FEATURES.get(case.rule, ())
    if case.rule in SUICIDE and "plan: phase aftercare" in case.seen:
        shown += ("F99",)
    return (pytest.mark.feature(*shown),) if shown else ()


@pytest.mark.feature("F26")
@pytest.mark.parametrize("case", [pytest.param(case, marks=features_of(case), id=case.id) for case in cases()])
def test_a_case_comes_out_as_its_table_says(case: Case) -> None:
    assert mismatches(case, outcome_of(case)) == [], case.says


def test_every_rule_has_a_table_and_every_table_a_rule() -> None:
    assert {table.rule for table in tables()} == set(RULES)


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.rule)
def test_a_table_has_a_case_in_every_column_or_says_why_there_can_be_none(table: Table) -> None:
    said = {case.column for case in table.cases} | {column for column, why in table.not_applicable if why}

    assert set(NEEDED) - said == set()


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.rule)
def test_every_clause_of_a_rule_is_what_some_case_comes_out_with(table: Table) -> None:
    hit = {found.clause for case in table.cases if (found := outcome_of(case).hit) is not None}

    assert hit == set(range(len(load_rules().rule(table.rule).clauses)))


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.rule)
def test_what_fires_has_a_level_and_what_does_not_fire_has_none(table: Table) -> None:
    fires = [case for case in table.cases if case.column in ("fires", "just-over")]
    silent = [case for case in table.cases if case.column == "does-not-fire"]
    unknown = [case for case in table.cases if case.column == "not-evaluable"]

    assert all(isinstance(case.expected.get("level"), int) for case in fires)
    assert all(case.expected.get("level") == "none" for case in silent)
    assert all("not_evaluable" in case.expected for case in unknown)


@pytest.mark.parametrize(
    "row",
    [
        'column = "sometimes"\nsays = "x"\nseen = []\nexpect = { level = 1 }',
        'column = "fires"\nsays = "x"\nseen = []\nexpect = { colour = "red" }',
        'column = "fires"\nsays = "x"\nseen = []\nexpect = {}',
    ],
)
def test_a_row_that_is_not_in_order_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="B10: case 1"):
        table_of("B10", f"[[case]]\n{row}\n")


def test_a_sentence_that_nobody_understands_is_refused() -> None:
    case = Case("B10", 1, "fires", "", ("heart-rate went up",), ())

    with pytest.raises(ValueError, match="nobody understands 'heart-rate went up'"):
        case.scene()


def test_no_red_flag_falls_silent_over_a_value_that_is_too_low_to_be_true() -> None:
    rules = [rule for rule in load_rules().rules if rule.red_flag]
    asked_low = {
        one.signal for one in conditions(tuple(rules)) if isinstance(one, Compare) and one.matching and one.matching.op is Op.BELOW
    }

    assert {name: load_signals().signals[name].low for name in asked_low} == {"respiratory-rate": 0, "oxygen-saturation": 0}


def test_a_case_that_comes_out_otherwise_is_seen() -> None:
    [case] = table_of(
        "B10", '[[case]]\ncolumn = "fires"\nsays = ""\nseen = ["heart-rate 80 60 d ago"]\nexpect = { level = 4, not_evaluable = "consent" }'
    ).cases

    why = "Resting heart rate: stale, the last reading is of 2026-01-14 12:00+00:00 and counts for 48 h; Body temperature: no data"
    assert mismatches(case, outcome_of(case)) == [f"level none ({why})", f"not evaluable because '{why}'"]
