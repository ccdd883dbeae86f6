"""Candidates in a terminal: side by side on a chart and in a table, what all of them bring said once, and why some cannot be made."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fhir_taper.plans.medicines.dose import brief, dose_for_people, one_decimal
from fhir_taper.plans.tapers.candidates import Candidate, Candidates, figures_of
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.printable import printable
from fhir_taper.render.series import series_of
from fhir_taper.render.terminal import (
    MARKS,
    QUIET,
    STRONG,
    WARNING,
    draw,
    indented,
    print_findings,
    print_first_that_fits,
    said,
    stacked,
    table_of,
)
from fhir_taper.render.terminal_chart import LETTERS, terminal_chart
from fhir_taper.render.terminal_plan import print_refusal
from fhir_taper.render.words import finding_in_words, way_in_words

_CHARTED = 5
"""More lines than this on one chart cannot be told apart."""
_WIDEST_CHART = 100
_NAMED = (Severity.STOP, Severity.ACKNOWLEDGE)
Feasible = list[tuple[Candidate, TaperPlan]]
Found = tuple[Severity, str]


def candidates_text(found: Candidates, titles: Mapping[str, str]) -> str:
    """A chart, a table, and under it why some cannot be made. `titles` are those of the protocols, by id."""

    def paint(console: Console) -> None:
        if found.refused is not None:
            console.print(said(f"No candidate for {found.drug}", style=WARNING))
            print_findings(console, found.refused.findings)
            print_refusal(console, found.refused)
            return
        start = f" from {brief(found.baseline_mg)} mg a day" if found.baseline_mg else ""
        console.print(said(f"{found.drug}{start}: ways to taper", style=STRONG))
        if found.stops:
            print_findings(console, found.stops)
        feasible = [(one, one.outcome) for one in found.candidates if isinstance(one.outcome, TaperPlan)]
        if feasible:
            _print_feasible(console, feasible, titles)
        for labels, no in _by_reason(found.candidates):
            console.print(Text.assemble(("✗ ", WARNING), printable("; ".join(labels))))
            print_refusal(console, no)

    return draw(paint)


def name_of(one: Candidate) -> str:
    """What is typed for it: the protocol, or the strategy with its parameters."""
    return one.protocol or way_in_words(one.strategy, one.params)


def _print_feasible(console: Console, feasible: Feasible, titles: Mapping[str, str]) -> None:
    drawn = [series_of(plan, name_of(one)) for one, plan in feasible[:_CHARTED]]
    console.print(Text(terminal_chart(drawn, min(console.width, _WIDEST_CHART))), no_wrap=True)
    if feasible[_CHARTED:]:
        indented(console, f"Not drawn: {', '.join(name_of(one) for one, _ in feasible[_CHARTED:])}", by=4, style=QUIET)
    shared = _shared(feasible)
    print_first_that_fits(console, _table(feasible, titles, shared), _narrow_table(feasible, titles, shared))
    if shared:
        indented(console, f"Every way: {', '.join(_in_words(one) for one in shared)}", by=1)
    indented(console, ", ".join(f"{MARKS[severity]} {severity.value}" for severity in Severity), by=1, style=QUIET)


def _table(feasible: Feasible, titles: Mapping[str, str], shared: list[Found]) -> Table:
    numbers = ("first\ncut", "steps", "weeks", "smallest\nmg", "units")
    headings = ("way", "first\ncut", "steps", "weeks", "end", "smallest\nmg", "units", "findings of its own")
    table = table_of(*headings, numbers=numbers, flowing=("way", "findings of its own"), readable=24)
    for (one, plan), letter in zip(feasible, _letters(feasible), strict=True):
        table.add_row(stacked(_titled(one, titles, letter)), *_figures(plan), stacked(_own(plan, shared)))
    return table


def _narrow_table(feasible: Feasible, titles: Mapping[str, str], shared: list[Found]) -> Table:
    """The same with the findings under the way."""
    numbers = ("first\ncut", "steps", "weeks", "smallest\nmg", "units")
    table = table_of(
        "way", "first\ncut", "steps", "weeks", "end", "smallest\nmg", "units", numbers=numbers, flowing=("way",), is_tight=True, leading=1
    )
    for (one, plan), letter in zip(feasible, _letters(feasible), strict=True):
        table.add_row(stacked((*_titled(one, titles, letter), *_own(plan, shared))), *_figures(plan))
    return table


def _letters(feasible: Feasible) -> list[str]:
    """The letters of the lines that are drawn; "" for a way without one."""
    return [LETTERS[index] if index < _CHARTED else "" for index in range(len(feasible))]


def _titled(one: Candidate, titles: Mapping[str, str], letter: str) -> tuple[str, ...]:
    title, name = titles.get(one.protocol or "", ""), f"{letter}  {name_of(one)}" if letter else name_of(one)
    return (name, title) if title else (name,)


def _figures(plan: TaperPlan) -> list[Text]:
    figures = figures_of(plan)
    words = (
        f"{one_decimal(figures.first_cut_pct)} %",
        str(figures.steps),
        str(figures.weeks),
        figures.end,
        dose_for_people(figures.smallest_mg),
        brief(figures.tablets),
    )
    return [said(word) for word in words]


def _findings(plan: TaperPlan) -> list[Found]:
    """What must be resolved or acknowledged, each kind once."""
    kinds = ((one.severity, one.code) for severity in _NAMED for one in plan.findings if one.severity is severity)
    return list(dict.fromkeys(kinds))


def _shared(feasible: Feasible) -> list[Found]:
    """What every candidate brings, where there are several."""
    first, *rest = [_findings(plan) for _, plan in feasible]
    return [one for one in first if all(one in other for other in rest)] if rest else []


def _own(plan: TaperPlan, shared: list[Found]) -> list[str]:
    return [_in_words(one) for one in _findings(plan) if one not in shared]


def _in_words(found: Found) -> str:
    severity, code = found
    return f"{MARKS[severity]} {finding_in_words(code)}"


def _by_reason(candidates: Iterable[Candidate]) -> list[tuple[list[str], Infeasible]]:
    """What cannot be made, with those that fail at the same dose for the same reason told together."""
    grouped: dict[tuple[object, ...], tuple[list[str], Infeasible]] = {}
    for one in candidates:
        if isinstance(one.outcome, Infeasible):
            no = one.outcome
            alike = (no.reason, no.at_mg, no.next_mg, no.ways_out) if no.at_mg is not None else (no.reason, no.message)
            grouped.setdefault(alike, ([], no))[0].append(name_of(one))
    return list(grouped.values())
