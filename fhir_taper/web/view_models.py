"""Values as the words of a page. Nothing is computed here: figures come from `plans`, words from `render`."""

from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_uppercase

from fhir_taper.plans.medicines.dose import brief, dose_for_people, one_decimal
from fhir_taper.plans.medicines.regimen import RegimenItem
from fhir_taper.plans.tapers.candidates import Candidate, Candidates, figures_of
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.series import Series, series_of
from fhir_taper.render.words import finding_in_words, refusal_in_words, way_in_words, way_out_in_words
from fhir_taper.workflow.assessed import can_be_entered
from fhir_taper.workflow.strategies import name_of_way

Kind = tuple[Severity, str]
"""A finding by how grave it is, and its code."""
MOST_LINES = 5
"""More lines than this on one chart cannot be told apart."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One way to taper in the table of strategies: `letter` is that of its line, if it is drawn; `no` says why it cannot be made."""

    key: str
    name: str
    letter: str = ""
    figures: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    no: str = ""
    ways_out: tuple[str, ...] = ()


def tapered(items: Iterable[RegimenItem]) -> tuple[str, ...]:
    """Ingredients of the regimen that a taper can be asked for, each once; also where the dose must be said by a person."""
    open_to_ask = (item for item in items if item.taper_candidate or (can_be_entered(item) and not item.oud_treatment))
    return tuple(dict.fromkeys(item.ingredient for item in open_to_ask if item.ingredient))


def candidate_rows(found: Candidates, titles: dict[str, str], chosen: str = "") -> tuple[CandidateRow, ...]:
    """One row per candidate: those that can be made first, in their order."""
    drawn = [one for one, _ in _drawn(found, chosen)]
    letters = {_key(one): letter for one, letter in zip(drawn, ascii_uppercase, strict=False) if len(drawn) > 1}
    shared = _shared(found)
    rows = [_row(one, titles, letters.get(_key(one), ""), shared) for one in found.candidates]
    return tuple(sorted(rows, key=lambda row: bool(row.no)))


def charted(found: Candidates, titles: dict[str, str], chosen: str = "") -> tuple[Series, ...]:
    """The lines of the first candidates that can be made, and of the one that was `chosen` (its key)."""
    return tuple(series_of(plan, _name(one, titles)) for one, plan in _drawn(found, chosen))


def shared_findings(found: Candidates) -> tuple[str, ...]:
    """What every way that can be made brings, by severity: said once above them, and not beside each."""
    return _by_severity_in_words(_shared(found))


def no_in_words(no: Infeasible) -> tuple[str, tuple[str, ...]]:
    """Why there is no plan, and the ways out."""
    return refusal_in_words(no.message), tuple(way_out_in_words(way) for way in no.ways_out)


def by_severity(findings: Iterable[Finding]) -> tuple[tuple[Severity, tuple[tuple[int, Finding], ...]], ...]:
    """Findings under their severity, each with its place in the plan's list."""
    numbered = tuple(enumerate(findings))
    groups = ((severity, tuple(pair for pair in numbered if pair[1].severity is severity)) for severity in Severity)
    return tuple((severity, group) for severity, group in groups if group)


def _drawn(found: Candidates, chosen: str) -> list[tuple[Candidate, TaperPlan]]:
    """What the chart has room for, in the order of the table."""
    plans = [(one, one.outcome) for one in found.candidates if isinstance(one.outcome, TaperPlan)]
    first, later = plans[:MOST_LINES], plans[MOST_LINES:]
    return [*first[:-1], *beyond] if (beyond := [pair for pair in later if _key(pair[0]) == chosen]) else first


def _kinds(plan: TaperPlan) -> tuple[Kind, ...]:
    """What must be resolved or acknowledged, each kind once."""
    return tuple(dict.fromkeys((one.severity, one.code) for one in plan.findings if one.severity is not Severity.INFORMATION))


def _shared(found: Candidates) -> tuple[Kind, ...]:
    """What all of several plans bring; nothing where there is one alone."""
    first, *rest = [_kinds(one.outcome) for one in found.candidates if isinstance(one.outcome, TaperPlan)] or [()]
    return tuple(kind for kind in first if all(kind in other for other in rest)) if rest else ()


def _by_severity_in_words(kinds: Iterable[Kind]) -> tuple[str, ...]:
    said: dict[Severity, list[str]] = {}
    for severity, code in kinds:
        said.setdefault(severity, []).append(finding_in_words(code))
    return tuple(f"{severity.value}: {', '.join(words)}" for severity, words in said.items())


def _row(one: Candidate, titles: dict[str, str], letter: str, shared: tuple[Kind, ...]) -> CandidateRow:
    key, name = _key(one), _name(one, titles)
    if isinstance(one.outcome, Infeasible):
        no, ways_out = no_in_words(one.outcome)
        return CandidateRow(key, name, no=no, ways_out=ways_out)
    figures = figures_of(one.outcome)
    return CandidateRow(
        key,
        name,
        letter,
        (
            f"{one_decimal(figures.first_cut_pct)} %",
            str(figures.steps),
            str(figures.weeks),
            figures.end,
            f"{dose_for_people(figures.smallest_mg)} mg",
            brief(figures.tablets),
        ),
        _by_severity_in_words(kind for kind in _kinds(one.outcome) if kind not in shared),
    )


def _key(one: Candidate) -> str:
    return name_of_way(one.protocol, one.strategy)


def _name(one: Candidate, titles: dict[str, str]) -> str:
    """A protocol by its title, a strategy with its parameters."""
    return titles.get(one.protocol, one.protocol) if one.protocol else way_in_words(one.strategy, one.params)
