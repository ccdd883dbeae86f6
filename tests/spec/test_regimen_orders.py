"""The answer table of orders: the table itself is sound, and the program meets it to the digit."""

import csv
import importlib
import tomllib
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import ItemState, Reason
from tests.spec import orders
from tests.spec.orders import Case, amount

if TYPE_CHECKING:
    from fhir_taper.plans.medicines.regimen import Regimen, RegimenItem

CASES = orders.cases()
BY_ID = {case.id: case for case in CASES}


def ids(cases: list[Case]) -> list[Any]:
    return [pytest.param(case, id=case.id) for case in cases]


# The table itself


def test_every_case_has_a_name_of_its_own() -> None:
    assert [name for name, n in Counter(case.id for case in CASES).items() if n > 1] == []


def test_every_rule_has_at_least_five_cases_and_the_table_is_large_enough() -> None:
    count = Counter(case.rule for case in CASES)
    assert set(count) == set(range(1, 13))
    assert min(count.values()) >= 5
    assert len(CASES) >= 120
    assert sum(case.is_refusal for case in CASES) >= 30


def test_every_clause_is_named_by_a_case_of_its_rule() -> None:
    assert {case.clause for case in CASES} == set(orders.clauses())
    assert [case.id for case in CASES if not case.clause.startswith(str(case.rule))] == []


@pytest.mark.parametrize("case", ids(list(CASES)))
def test_the_answer_is_stated_in_the_words_of_the_program(case: Case) -> None:
    assert case.says
    assert case.why
    for item in case.items:
        assert set(item) <= set(CHECKS) | {"source"}, case.id
        assert item.get("state", "computed") in set(ItemState)
        assert set(_listed(item.get("reason", []))) <= set(Reason)
        assert set(_listed(item.get("max_reason", []))) <= set(Reason)
        assert set(_listed(item.get("class", []))) <= set(DrugClass)
        if item.get("state") == ItemState.COMPUTED:
            assert "scheduled_mg" in item or "reason" in item
            assert "max_mg" in item or "max_reason" in item
        elif "state" in item:
            assert "reason" in item


@pytest.mark.parametrize("case", ids(list(CASES)))
def test_every_resource_is_valid_fhir_unless_the_case_says_otherwise(case: Case) -> None:
    import pydantic

    for entry in case.entries:
        kind = entry.resource["resourceType"]
        model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        if entry.invalid:
            with pytest.raises(pydantic.ValidationError):
                model.model_validate(entry.resource)
        else:
            model.model_validate(entry.resource)


@pytest.mark.parametrize("path", sorted(orders.FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_a_number_is_stated_as_text_so_that_it_stays_exact(path: Path) -> None:
    def floats(value: Any) -> list[float]:
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [value] if isinstance(value, float) else [one for child in children for one in floats(child)]

    assert floats(tomllib.loads(path.read_text())) == []


@pytest.mark.shared
def test_the_products_of_the_table_are_real(shared_data: Path) -> None:
    known: dict[str, set[str]] = {}
    for path in (shared_data / "knowledge").glob("rxnorm_*.csv"):
        for row in csv.DictReader(path.read_text().splitlines()):
            known.setdefault(row["rxcui"], set()).add(row["name"])
    assert [code for code, name in orders.product_names().items() if name not in known.get(code, set())] == []


# The program against the table


@pytest.mark.feature("F53")
@pytest.mark.parametrize("case", ids(list(CASES)))
def test_an_order_is_read_as_the_table_says(case: Case) -> None:
    regimen = orders.read_regimen(case)
    differences = [line for expected in case.items for line in _differences(regimen, case, expected)]
    assert differences == [], f"{case.says} {case.why}"


@pytest.mark.parametrize("case", ids([case for case in CASES if case.chart]))
def test_a_chart_is_read_as_the_table_says(case: Case) -> None:
    regimen = orders.read_regimen(case)
    said = " ".join(f"{issue.message} {issue.source}" for issue in regimen.issues).lower()
    assert regimen.complete == case.chart.get("complete", regimen.complete)
    assert len(regimen.items) == case.chart.get("items", len(regimen.items))
    assert [words for words in case.chart.get("issues_mention", []) if words.lower() not in said] == []


@pytest.mark.parametrize("case", ids([case for case in CASES if case.totals]))
def test_totals_and_exit_status_are_as_the_table_says(case: Case) -> None:
    status, answer = orders.command(case, "regimen", "--as-of", case.as_of.isoformat())
    assert status == case.totals.get("status", status)
    assert answer is not None
    wrong = []
    for name in ("mme", "diazepam_mg"):
        wrong += _wrong_amounts(name, case.totals.get(name, {}), answer["totals"][name])
    for name, expected in case.totals.get("by_ingredient", {}).items():
        wrong += _wrong_amounts(name, expected, answer["totals"]["by_ingredient"].get(name, {}))
    assert wrong == [], case.why


@pytest.mark.parametrize("case", ids([case for case in CASES if case.plan]))
def test_a_plan_starts_from_the_baseline_that_the_table_says(case: Case) -> None:
    words = ["strategies", "--drug", case.plan["drug"], "--start", case.as_of.isoformat()]
    status, answer = orders.command(case, *words)
    if case.plan["baseline"] == "required":
        assert status in {2, 4}
        assert (answer or {}).get("baseline_mg") is None
    else:
        assert status == 0
        assert Fraction(answer["baseline_mg"]) == amount(case.plan["baseline"])
        said = str(answer).lower()
        assert [text for text in case.plan.get("findings_mention", []) if text not in said] == []


@pytest.mark.parametrize("case", ids([case for case in CASES if "given" in case.plan]))
def test_a_baseline_is_taken_from_a_person_who_stands_for_it(case: Case) -> None:
    words = ["strategies", "--drug", case.plan["drug"], "--start", case.as_of.isoformat(), "--baseline", case.plan["given"]]
    if case.plan.get("without_who"):
        assert orders.command(case, *words) == (2, None)
        return
    status, answer = orders.command(case, *words, "--baseline-by", "Dr. Example, by dispense history")
    assert status == 0
    assert Fraction(answer["baseline_mg"]) == amount(case.plan["given"])


# How one expectation is compared


def _same_amount(expected: str | None, actual: Any) -> bool:
    return actual is None if expected is None else actual is not None and Fraction(actual) == amount(expected)


def _listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def _lacks(expected: list[str], text: str) -> bool:
    return any(words.lower() not in text.lower() for words in expected)


def _units_by_slot(item: "RegimenItem") -> dict[str, Fraction]:
    """Return the units per slot of the day; intakes without a slot stand under "any"."""
    units: dict[str, Fraction] = {}
    for intake in item.intakes:
        slot = str(intake.slot or "any")
        units[slot] = units.get(slot, Fraction(0)) + Fraction(intake.units)
    return units


# For each field of an expectation: does the item differ from what is expected?
CHECKS: dict[str, Callable[[Any, "RegimenItem"], bool]] = {
    "state": lambda want, item: item.state != want,
    "reason": lambda want, item: item.reason not in _listed(want),
    "scheduled_mg": lambda want, item: not _same_amount(want, item.scheduled_mg),
    "max_mg": lambda want, item: not _same_amount(want, item.max_mg),
    "max_reason": lambda want, item: item.max_reason not in _listed(want),
    "peak_day_mg": lambda want, item: not _same_amount(want, item.peak_day_mg),
    "class": lambda want, item: item.drug_class not in _listed(want),
    "ingredient": lambda want, item: item.ingredient != want,
    "rxcui": lambda want, item: item.rxcui != want,
    "taper_candidate": lambda want, item: item.taper_candidate != want,
    "oud_treatment": lambda want, item: item.oud_treatment != want,
    "as_needed": lambda want, item: item.as_needed != want,
    "every_days": lambda want, item: item.every_days != want,
    "setting": lambda want, item: item.setting != want,
    "intakes": lambda want, item: _units_by_slot(item) != {slot: amount(units) for slot, units in want.items()},
    "duplicate_of": lambda want, item: sorted(ref.split("/")[1] for ref in item.possible_duplicate_of) != want,
    "sources": lambda want, item: sorted("/".join(ref.split("/")[:2]) for ref in item.sources) != sorted(want),
    "how_mentions": lambda want, item: _lacks(want, item.how),
    "notes_mention": lambda want, item: _lacks(want, " ".join((item.how, item.why_not_candidate, *item.notes))),
}


def _differences(regimen: "Regimen", case: Case, expected: dict[str, Any]) -> list[str]:
    """Return what the program says otherwise about one item; a missing item is a difference."""
    source = str(expected.get("source", case.entries[0].resource["id"]))
    found = [item for item in regimen.items if any(ref.split("/")[1] == source for ref in item.sources)]
    if len(found) != 1:
        return [f"{len(found)} items of {source} among {[item.sources for item in regimen.items]}"]
    item = found[0]
    # What is not computable has no number; what is computed has exactly the numbers that are stated.
    silent = {"scheduled_mg": None, "max_mg": None} if expected.get("state") in {"computed", "not-computable"} else {}
    return [f"{name}: expected {want}, got {item}" for name, want in {**silent, **_answer(expected)}.items() if CHECKS[name](want, item)]


def _answer(expected: dict[str, Any]) -> dict[str, Any]:
    return {name: want for name, want in expected.items() if name != "source"}


def _wrong_amounts(name: str, expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """Compare amounts exactly and flags as they are; a flag that is left out is false."""
    return [
        f"{name}.{key}: expected {want}, got {actual.get(key)}"
        for key, want in expected.items()
        if (actual.get(key, False) != want if isinstance(want, bool) else not _same_amount(want, actual.get(key)))
    ]
