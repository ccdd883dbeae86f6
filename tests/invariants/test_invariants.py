"""Ten thousand random requests: every plan keeps every invariant, every refusal is true, and every way to taper is seen often enough.

`proof` makes it all once; each test here reads one thing off it. To look at a failing case: `python -m tests.invariants.cases NUMBER`.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_taper.plans.medicines.codes import RxNormCode
from fhir_taper.plans.medicines.products import Ingredient
from fhir_taper.plans.tables import Tables, load
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.propose import propose
from tests.invariants import cases
from tests.invariants.conftest import TABLE
from tests.invariants.proof import ALL, Proof
from tests.invariants.round_trip import judged

ROOT = Path(__file__).resolve().parents[2]
FURTHER = ("i13_reductions_of_two_plans_lie_apart", "i18_infeasible_means_no_plan", "i18_no_case_is_refused_as_wrong_usage")
ENOUGH = 100
CURVES = ("linear", "proportional", "hyperbolic", "stepped")
MUST_BE_SEEN = (
    *(("opioid", way) for way in (*CURVES, "substitution", "interval-extension")),
    *(("benzodiazepine", way) for way in (*CURVES, "substitution")),
    *(("z-drug", way) for way in (*CURVES, "interval-extension")),
)
MUST_BE_REFUSED = (("benzodiazepine", "interval-extension"), ("z-drug", "substitution"))


@pytest.mark.slow
@pytest.mark.parametrize("invariant", [*ALL, *FURTHER])
def test_every_case_keeps_the_invariant(proof: Proof, invariant: str) -> None:
    broken = [(number, says) for number, name, says in proof.broken if name == invariant]
    assert not broken, f"{len(broken)} cases, the first: {broken[:10]}"


@pytest.mark.slow
def test_no_invariant_is_judged_that_no_test_reads(proof: Proof) -> None:
    assert {name for _, name, _ in proof.broken} <= {*ALL, *FURTHER}


@pytest.mark.slow
def test_at_least_six_in_ten_of_ten_thousand_cases_are_plans(proof: Proof) -> None:
    assert proof.cases >= 10_000
    assert proof.planned >= 0.6 * proof.cases


@pytest.mark.slow
@pytest.mark.parametrize("cell", MUST_BE_SEEN, ids=" ".join)
def test_each_class_has_enough_plans_by_each_strategy(proof: Proof, cell: tuple[str, str]) -> None:
    assert proof.plans[cell] >= ENOUGH


@pytest.mark.slow
@pytest.mark.parametrize("cell", MUST_BE_REFUSED, ids=" ".join)
def test_what_must_never_be_planned_is_refused_every_time(proof: Proof, cell: tuple[str, str]) -> None:
    assert proof.plans[cell] == 0
    assert proof.refused[cell] >= ENOUGH


@pytest.mark.slow
def test_all_that_makes_a_plan_hard_is_seen(proof: Proof) -> None:
    assert all(count >= 50 for count in proof.shapes.values()), proof.shapes
    assert set(proof.kinds) >= {"baseline", "reduction", "limited", "unit-limited", "substitution", "interval", "stop"}


@pytest.mark.slow
def test_the_counts_are_printed(proof: Proof, record_property: Callable[[str, object], None]) -> None:
    table = proof.table()
    record_property(TABLE, table)
    assert all(way in table for _, way in MUST_BE_SEEN)


@pytest.mark.slow
def test_the_validators_find_no_error_in_three_hundred_plans_as_fhir() -> None:
    plans, errors = judged()
    assert not errors, errors[:5]
    assert plans >= 300


# interval extension of a benzodiazepine: both sides of the half-life bound (57.8 h)


def tables_where_diazepam_lasts(low: str, high: str) -> Tables:
    def other(ingredient: Ingredient) -> Ingredient:
        return replace(ingredient, half_life_h=(Decimal(low), Decimal(high))) if ingredient.name == "diazepam" else ingredient

    tables = load()
    medicines = replace(tables.medicines, ingredients=tuple(map(other, tables.medicines.ingredients)))
    return replace(tables, medicines=medicines)


def less_often(low: str, high: str) -> TaperPlan | Infeasible:
    """Diazepam 1 mg at night, less and less often, if its half-life were this."""
    numbers = (number for number in range(1000) if cases.case(number).cell[1] == "interval-extension")
    asked = next(cases.case(number).request for number in numbers if cases.case(number).cell[0] == "benzodiazepine")
    plain = replace(asked, ingredient="diazepam", taken=(), intakes=(), params=(), past=None, unit_override=None, tier=None)
    halves = replace(load().medicines.products[RxNormCode("197590")], parts=2)
    one_mg = replace(plain, baseline=replace(asked.baseline, mg=Decimal(1)), products=(halves,))
    return propose(one_mg, tables_where_diazepam_lasts(low, high))


@pytest.mark.parametrize("hours", ["57", "57.79"])
def test_a_benzodiazepine_whose_missed_day_loses_more_than_a_quarter_is_never_taken_less_often(hours: str) -> None:
    made = less_often(hours, hours)
    assert isinstance(made, Infeasible)
    assert made.reason == "half-life-below-bound"


@pytest.mark.parametrize("hours", ["57.8", "60"])
def test_a_benzodiazepine_with_one_long_half_life_may_be_taken_less_often(hours: str) -> None:
    made = less_often(hours, hours)
    assert isinstance(made, TaperPlan)
    assert max(step.every_days for step in made.steps) > 1


def test_a_half_life_that_is_a_range_blocks_whatever_its_ends() -> None:
    made = less_often("60", "100")
    assert isinstance(made, Infeasible)
    assert made.reason == "half-life-range"


# exact and repeatable


def test_no_number_of_the_core_is_a_float() -> None:
    found = []
    for path in sorted((ROOT / "fhir_taper" / "plans").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
            if is_float or (isinstance(node, ast.Name) and node.id == "float"):
                found.append(f"{path.name}:{getattr(node, 'lineno', 0)}")
    assert not found


def test_another_process_with_other_hashes_makes_the_same_plans_to_the_byte() -> None:
    def digest(seed: str) -> str:
        run = subprocess.run(
            [sys.executable, "-m", "tests.invariants.proof"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout.strip()

    assert digest("1") == digest("4711") != ""


def test_a_case_is_made_from_its_number_alone() -> None:
    assert cases.case(4711) == cases.case(4711) != cases.case(4712)
