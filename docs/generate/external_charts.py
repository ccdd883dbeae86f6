"""Writes docs/external-charts.md from the golden files of tests/golden/external_charts: what the program made of charts that others wrote.

It reads results, not charts, so that the page can be made anywhere; the tests hold the results against the charts where these are at hand.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script's folder is on the path, its repository is not

from tests.golden import chart_results as golden  # noqa: E402 - after the path
from tests.golden.chart_results import ChartRow, Family, ItemRow, OrderRow, TaperRow  # noqa: E402

PAGE = ROOT / "docs" / "external-charts.md"
CLASSES = ("opioid", "benzodiazepine", "z-drug", "unknown")
STATES = ("computed", "not-computable", "excluded")
HEAD = """# Charts that others wrote

{charts} FHIR R4 files of {families} public sources went through `fhir-taper regimen`, each for the newest day on which one of its medicines
was written, dispensed or reported. Every one ended with status 0 (answered), 3 (refused in one line) or 4 (no safe answer: something is
not computable), never with a traceback. Of {items} orders, dispenses and reports of an opioid, a benzodiazepine, a z-drug or a medicine
that nobody can name, **{computed} are computed, {not_computable} are not computable and {excluded} are excluded**; each has its line, with
the reason, in `tests/golden/external_charts/items.csv`. Nothing is counted as zero because it could not be read.

The charts are not part of this repository. Where they lie beside it, `tests/golden/test_external_charts.py` runs all of them again and
holds every line; it also reads the same JSON a second time without the program's code: each number of a simple order, the truth of each
reason, that no medicine of a chart is lost, and that an item is counted in a class if and only if its name is of that class.
Every number and every reason was compared with the JSON when its line was first written. Generated from the golden files.

"""
ORDERS_ALONE = """{orders} orders of the tapered classes have an instruction; most are stopped, ended, or stand inside a file that is
refused. Here each is read alone as if it were current on its first day: {states}. Equal answers share a row.

"""
TAPERS = """For every ingredient of these charts that is computed, and for what is active without a number, a taper was asked for from the
day of the chart: `plan --strategy linear` without a confirmed baseline, then `strategies` and `plan` with one that a clinician might
confirm. {trials} trials ended with status 0 or 4, none with a traceback; {planned} linear plans, {no_answer} with no safe answer.

| source | medicine | baseline mg/d | because | linear, unconfirmed | feasible candidates | linear, confirmed | Stop findings |
|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Write the page."""
    charts, items, orders, tapers = golden.charts(), golden.items(), golden.orders(), golden.tapers()
    states = Counter(item.state for item in items)
    head = HEAD.format(
        charts=len(charts),
        families=len(golden.families()),
        items=len(items),
        computed=states["computed"],
        not_computable=states["not-computable"],
        excluded=states["excluded"],
    )
    parts = [head, *_overview(charts, items)]
    for family in golden.families().values():
        parts += _family(family, _of(family, charts), _of(family, items), _of(family, orders))
    PAGE.write_text("".join([*parts, *_orders_alone(orders), *_tapers(tapers)]).rstrip("\n") + "\n")


def _overview(charts: Iterable[ChartRow], items: Iterable[ItemRow]) -> Iterator[str]:
    """One row a family: files by status, items by state."""
    yield "| source | files | status 0 | 3 | 4 | computed | not computable | excluded |\n|---|---|---|---|---|---|---|---|\n"
    statuses = Counter((golden.family_of(chart.chart), chart.status) for chart in charts)
    states = Counter((golden.family_of(item.chart), item.state) for item in items)
    for name, family in golden.families().items():
        ended = [statuses[name, status] for status in ("0", "3", "4")]
        numbers = [sum(ended), *ended, *(states[name, state] for state in STATES)]
        yield f"| [{family.title}](#{_anchor(family.title)}) | {_cells(numbers)} |\n"
    ended = [sum(number for (_, status), number in statuses.items() if status == each) for each in ("0", "3", "4")]
    counted = [sum(number for (_, state), number in states.items() if state == each) for each in STATES]
    yield f"| all | {_cells([sum(ended), *ended, *counted])} |\n\n"


def _family(family: Family, charts: list[ChartRow], items: list[ItemRow], orders: list[OrderRow]) -> Iterator[str]:
    yield f"## {family.title}\n\nFrom {family.source} ({family.licence}), {len(charts)} {'file' if len(charts) == 1 else 'files'}"
    yield f", read for {_days(charts)}.\n\n"
    for refusal, number in Counter(_refusal(chart) for chart in charts if chart.says).items():
        yield f"- status 3, {number} {'file' if number == 1 else 'files'}: {refusal}\n"
    yield from (f"- {oddity}\n" for oddity in family.oddities)
    if not items:
        yield "\nNo opioid, benzodiazepine, z-drug or unknown medicine in an accepted chart.\n\n"
        return
    yield "\n| class | state | reason | orders |\n|---|---|---|---|\n"
    counts = Counter((item.drug_class, item.state, item.reason) for item in items)
    for key in sorted(counts, key=lambda key: (CLASSES.index(key[0]), STATES.index(key[1]), key[2])):
        yield f"| {key[0]} | {key[1]} | {key[2]} | {counts[key]} |\n"
    yield from _numbers(items, charts)
    if orders:
        yield f"\nOrders with an instruction, each [read alone](#each-order-alone): {_states(orders)}.\n"
    yield "\n"


def _numbers(items: list[ItemRow], charts: list[ChartRow]) -> Iterator[str]:
    """What was computed, and the totals of its chart."""
    computed = [item for item in items if item.state == "computed"]
    if not computed:
        return
    totals = {chart.chart: chart for chart in charts}
    yield "\n| computed | scheduled mg/d | maximum mg/d | how | chart: MME | diazepam mg |\n|---|---|---|---|---|---|\n"
    for item in computed:
        chart = totals[item.chart]
        numbers = [item.scheduled_mg or "not known", item.max_mg or "not known", _cell(item.how), chart.mme_max, chart.diazepam_mg_max]
        yield f"| {_cell(item.drug)} | {_cells(numbers)} |\n"


def _orders_alone(orders: Iterable[OrderRow]) -> Iterator[str]:
    """Every order that has an instruction as if it were current: the old ones are exercise for the reading too."""
    rows = list(orders)
    yield "## Each order alone\n\n"
    yield ORDERS_ALONE.format(orders=len(rows), states=_states(rows))
    yield "| source | medicine | state | reason | scheduled mg/d | maximum mg/d | how | orders |\n|---|---|---|---|---|---|---|---|\n"
    answers = Counter((golden.family_of(row.chart), row.drug, row.state, row.reason, row.scheduled_mg, row.max_mg, row.how) for row in rows)
    for (source, *answer), number in answers.items():
        yield f"| {golden.families()[source].title} | {_cells([*(_cell(part) for part in answer), number])} |\n"
    yield "\n"


def _tapers(tapers: Iterable[TaperRow]) -> Iterator[str]:
    """What `strategies` and `plan` made of every ingredient that is taken."""
    bases = {(trial.chart, trial.drug): trial.basis for trial in golden.trials()}
    rows = list(tapers)
    yield "## Tapers of what is taken\n\n"
    planned = sum(row.plan_status == "0" for row in rows)
    yield TAPERS.format(trials=len(rows), planned=planned, no_answer=len(rows) - planned)
    for row in rows:
        title = golden.families()[golden.family_of(row.chart)].title
        cells = [
            row.drug,
            row.baseline_mg,
            bases[row.chart, row.drug],
            row.without_baseline,
            f"{row.feasible} of {row.candidates}",
            f"{row.plan_status}: {row.plan}",
            row.stops,
        ]
        yield f"| {title} | {_cells(cells)} |\n"


def _of(family: Family, rows: Iterable[golden.Row]) -> list[golden.Row]:
    return [row for row in rows if golden.family_of(row.chart) == family.name]


def _days(charts: list[ChartRow]) -> str:
    days = sorted({chart.as_of for chart in charts})
    return days[0] if len(days) == 1 else f"days from {days[0]} to {days[-1]}"


def _refusal(chart: ChartRow) -> str:
    """The refusal without the names of the file and of its patients."""
    return "two patients in one chart" if chart.says.startswith("two patients") else chart.says


def _states(rows: Iterable[OrderRow]) -> str:
    counts = Counter(row.state for row in rows)
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])


def _anchor(title: str) -> str:
    kept = "".join(sign for sign in title.lower() if sign.isalnum() or sign in " -")
    return kept.replace(" ", "-")


def _cells(values: Iterable[object]) -> str:
    return " | ".join(str(value) for value in values)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
