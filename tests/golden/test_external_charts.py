"""Every external chart through the command line, against the golden files and against a second reading of the same JSON."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from tests.golden import chart_results as golden
from tests.golden import raw_orders
from tests.golden.chart_results import COUNTED, ItemRow, OrderRow
from tests.golden.chart_runs import (
    ACCEPTED,
    NO_ANSWER,
    REFUSED,
    Json,
    Run,
    all_orders,
    chart_names,
    is_controlled,
    medicines_of,
    run_chart,
    run_command,
    run_order,
    run_trial,
)

FAMILIES = golden.families()
ROWS: list[ItemRow | OrderRow] = [*golden.items(), *golden.orders()]
CONFLICTS = frozenset(
    {"text-conflict", "unit-conflict", "dose-conflict", "timing-conflict", "entries-contradict", "dose-product-cannot-make"}
)
_HISTORY = re.compile(r"/_history/\S+")


@dataclass(frozen=True, slots=True)
class Line:
    """A listed item beside the resources that it was read from."""

    item: ItemRow
    resources: tuple[Json, ...]


@pytest.fixture(scope="module")
def data(shared_data: Path) -> Path:
    return shared_data / "data"


@pytest.fixture(scope="module")
def runs(data: Path) -> dict[str, Run]:
    return {name: run_chart(name, data) for name in chart_names(data)}


@pytest.fixture(scope="module")
def lines(data: Path, runs: dict[str, Run]) -> list[Line]:
    found = []
    for name, run in runs.items():
        resources = dict(medicines_of(name, data))
        found += [Line(item, tuple(resources[source] for source in _sources(item.resource))) for item in run.items]
    return found


@pytest.mark.shared
def test_every_chart_ends_as_the_golden_file_says(runs: dict[str, Run]) -> None:
    assert tuple(run.row for run in runs.values()) == golden.charts()


@pytest.mark.feature("F53")
@pytest.mark.shared
def test_every_item_is_as_the_golden_file_says(runs: dict[str, Run]) -> None:
    assert tuple(item for run in runs.values() for item in run.items) == golden.items()


@pytest.mark.shared
def test_every_order_read_alone_is_as_the_golden_file_says(data: Path, tmp_path: Path) -> None:
    assert tuple(run_order(*order, tmp_path) for order in all_orders(data)) == golden.orders()


@pytest.mark.shared
@pytest.mark.parametrize("trial", golden.trials(), ids=lambda trial: f"{trial.drug} of {trial.chart}")
def test_a_taper_of_every_candidate_is_as_the_golden_file_says(trial: golden.Trial, data: Path) -> None:
    expected = next(row for row in golden.tapers() if (row.chart, row.drug) == (trial.chart, trial.drug))
    assert run_trial(trial, data) == expected


@pytest.mark.shared
def test_a_refused_chart_prints_one_line_and_nothing_else(runs: dict[str, Run]) -> None:
    refused = [run.ended for run in runs.values() if run.row.status == REFUSED]
    assert [(ended.out, ended.err.count("\n"), bool(ended.err.strip())) for ended in refused] == [(b"", 1, True)] * len(refused)


@pytest.mark.shared
def test_an_accepted_chart_is_also_shown_as_a_table(data: Path, runs: dict[str, Run]) -> None:
    shown = {
        name: run_command("regimen", str(data / name), "--as-of", run.row.as_of) for name, run in runs.items() if run.row.status != REFUSED
    }
    assert {name: ended.status for name, ended in shown.items()} == {name: runs[name].row.status for name in shown}
    assert all(ended.out.startswith(b"Regimen of ") for ended in shown.values())


@pytest.mark.shared
@pytest.mark.parametrize("family", FAMILIES)
def test_the_program_as_a_process_answers_as_it_does_here(family: str, data: Path, runs: dict[str, Run]) -> None:
    """One chart of each family: the one with most items."""
    run = max((run for name, run in runs.items() if golden.family_of(name) == family), key=lambda run: len(run.items))
    chart = run.row
    command = [sys.executable, "-m", "fhir_taper", "regimen", str(data / chart.chart), "--as-of", chart.as_of, "--format", "json"]
    process = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert (str(process.returncode), process.stdout, process.stderr.decode()) == (run.ended.status, run.ended.out, run.ended.err)


@pytest.mark.shared
def test_every_medicine_of_an_accepted_chart_has_an_item(data: Path, runs: dict[str, Run]) -> None:
    """Nothing is lost between the JSON and the answer."""
    for name, run in runs.items():
        if run.row.status == REFUSED:
            continue
        listed = Counter(source for item in run.ended.json["items"] for source in _sources(" ".join(item["sources"])))
        assert listed == Counter(reference for reference, _ in medicines_of(name, data)), name


@pytest.mark.shared
def test_an_item_is_counted_as_controlled_if_and_only_if_its_name_is(data: Path, runs: dict[str, Run]) -> None:
    """Nothing of another class is counted, and nothing controlled passes as another class; what has no name is unknown."""
    for name, run in runs.items():
        resources = dict(medicines_of(name, data))
        for item in run.ended.json["items"] if run.row.status != REFUSED else ():
            for source in _sources(" ".join(item["sources"])):
                is_of_class = item["class"] in COUNTED
                assert is_of_class == is_controlled(resources[source]), f"{name} {source}: {item['class']}"


@pytest.mark.shared
def test_whatever_has_dose_and_timing_is_computed_or_its_conflict_is_named(lines: list[Line]) -> None:
    with_both = [line for line in lines if any(raw_orders.has_dose_and_timing(one) for one in line.resources)]
    wrong = [line.item for line in with_both if line.item.drug_class in COUNTED and not _is_answered(line.item)]
    assert (len(with_both) > 30, wrong) == (True, [])


@pytest.mark.shared
def test_the_reason_of_every_item_without_a_number_is_true(lines: list[Line]) -> None:
    untrue = [line.item for line in lines if line.item.state != "computed" and not _is_true(line)]
    assert untrue == []


@pytest.mark.shared
def test_a_second_reading_of_the_simple_orders_gets_the_same_numbers(data: Path) -> None:
    by_hand = {(name, reference): raw_orders.daily_mg(resource) for name, reference, resource in all_orders(data)}
    checked = [order for order in golden.orders() if by_hand[order.chart, order.resource] is not None and order.state == "computed"]
    differing = [
        order for order in checked if {Fraction(order.scheduled_mg), Fraction(order.max_mg)} != {by_hand[order.chart, order.resource]}
    ]
    assert (len(checked) >= 30, differing) == (True, [])


@pytest.mark.shared
def test_what_the_second_reading_can_read_is_computed_or_contradicts_itself(data: Path) -> None:
    by_hand = {(name, reference): raw_orders.daily_mg(resource) for name, reference, resource in all_orders(data)}
    refused = [order for order in golden.orders() if by_hand[order.chart, order.resource] is not None and order.state != "computed"]
    assert [order for order in refused if order.reason not in CONFLICTS] == []


def test_what_is_not_known_has_no_number_and_what_is_known_has_two() -> None:
    for row in ROWS:
        known = [bool(row.scheduled_mg), bool(row.max_mg)]
        is_right = known == [True, True] or row.reason == "unknown-maximum" if row.state == "computed" else known == [False, False]
        assert is_right, row


def test_nothing_is_scheduled_as_zero_unless_it_is_as_needed() -> None:
    nothing = [row for row in ROWS if row.scheduled_mg and not Fraction(row.scheduled_mg)]
    assert [row for row in nothing if "as needed" not in row.how] == []


def test_a_chart_has_no_safe_answer_if_and_only_if_one_of_its_items_is_not_computable() -> None:
    open_charts = {item.chart for item in golden.items() if item.state == "not-computable"}
    assert {chart.chart for chart in golden.charts() if chart.status == NO_ANSWER} == open_charts
    assert {chart.status for chart in golden.charts()} == {ACCEPTED, REFUSED, NO_ANSWER}


def test_a_total_without_one_of_its_items_says_at_least() -> None:
    totals = {chart.chart: {"opioid": chart.mme_max, "benzodiazepine": chart.diazepam_mg_max} for chart in golden.charts()}
    unknown = [item for item in golden.items() if item.state == "not-computable"]
    for item in unknown:
        said = totals[item.chart]
        assert all("at least" in said[each] for each in ([item.drug_class] if item.drug_class in said else said)), item


def test_every_computed_candidate_is_tried() -> None:
    tried = {trial.chart for trial in golden.trials()}
    assert {item.chart for item in golden.items() if item.state == "computed"} <= tried


def test_every_family_has_charts_and_every_chart_a_family() -> None:
    assert {golden.family_of(chart.chart) for chart in golden.charts()} == set(FAMILIES)


def test_a_golden_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "charts.csv").write_text("chart,status\na,0\n")
    with pytest.raises(ValueError, match=r"charts\.csv"):
        golden.charts(tmp_path)


def _sources(text: str) -> list[str]:
    return _HISTORY.sub("", text).split()


def _is_answered(item: ItemRow) -> bool:
    """A number; a conflict with its readings; or a reason that is no matter of dose and timing."""
    if item.reason == "text-conflict":
        return "the structure says" in item.how and "the text says" in item.how
    if item.reason in CONFLICTS:
        return bool(re.search(r"\d", item.how))
    return item.state in {"computed", "excluded"} or (item.reason == "no-strength" and "strength is not known" in item.how)


def _is_true(line: Line) -> bool:
    """Whether the reason of an item without a number stands in the JSON."""
    return _TRUE_IF[line.item.reason](line.resources[0], line.item)


def _has_ended(resource: Json, item: ItemRow) -> bool:
    as_of = next(chart.as_of for chart in golden.charts() if chart.chart == item.chart)
    end: str = min(re.findall(r'"end": "(\d{4}-\d\d-\d\d)', json.dumps(resource)))
    return end < as_of and end in item.how


_TRUE_IF: dict[str, Callable[[Json, ItemRow], bool]] = {
    "no-dose": lambda resource, _: raw_orders.has_no_dose(resource),
    "no-strength": lambda resource, _: not re.search(r"\d", resource["contained"][0]["code"]["coding"][0]["display"]),
    "unknown-medication": lambda resource, _: raw_orders.names_no_medicine(resource),
    "text-conflict": lambda resource, item: all(one["text"] for one in resource["dosageInstruction"]) and "the text says" in item.how,
    "not-active": lambda resource, item: resource["status"] in item.how and resource["status"] != "active",
    "entered-in-error": lambda resource, _: bool(resource["status"] == "entered-in-error"),
    "not-an-order": lambda resource, _: bool(resource["intent"] == "plan" and not resource.get("reportedBoolean")),
    "ended": _has_ended,
    "parenteral": lambda resource, _: "injection" in json.dumps(resource).lower(),
}
