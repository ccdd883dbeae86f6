"""The cases of the escalation rules (tests/spec/escalation/*.toml): read, asked of `assess` with that rule alone, and judged.

Knows no rule.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.assessment import Coverage, Hit
from fhir_taper.plans.monitoring.history import History
from fhir_taper.plans.monitoring.policy import Policy
from fhir_taper.plans.monitoring.rule import Level, Rule, SameDay
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.span import span_of
from fhir_taper.plans.monitoring.staffed import due_at
from fhir_taper.plans.monitoring.timeline import Timeline
from fhir_taper.plans.tables.signal_tables import SignalTables, load_signals
from fhir_taper.plans.tapers.plan import TaperPlan
from tests.spec.escalation_plans import plan_for
from tests.spec.escalation_sentences import AS_OF, Scene, instant, scene_of

FOLDER = Path(__file__).with_name("escalation")
NEEDED = ("fires", "does-not-fire", "not-evaluable", "just-over", "just-under", "wrong-unit", "stale", "no-consent")
COLUMNS = (*NEEDED, "persistence", "clears", "further")
_EXPECTED = frozenset({"level", "due", "actions", "clause", "says", "not_evaluable", "clears", "answered", "keeps_taking"})


@dataclass(frozen=True)
class Case:
    """One row: `seen` sentences, and what must come of them (tests/spec/README.md)."""

    rule: str
    number: int
    column: str
    says: str
    seen: tuple[str, ...]
    expect: tuple[tuple[str, Any], ...]

    @property
    def id(self) -> str:
        """The test's name."""
        return f"{self.rule}-{self.number:02d}-{self.column}"

    @property
    def expected(self) -> dict[str, Any]:
        """What must come of it, by name."""
        return dict(self.expect)

    def scene(self) -> Scene:
        """What its sentences say."""
        return scene_of(self.rule, list(self.seen))


@dataclass(frozen=True)
class Table:
    """All cases of one rule, for each column without a case why there can be none, and for each number that changes nothing why."""

    rule: str
    cases: tuple[Case, ...]
    not_applicable: tuple[tuple[str, str], ...]
    same: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=1)
def tables() -> tuple[Table, ...]:
    """The tables of all rules, by the names of their files. Raises ValueError for a row that is not in order."""
    return tuple(table_of(path.stem, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("[A-Z]*.toml")))


def table_of(rule: str, text: str) -> Table:
    """The table of one rule."""
    document = tomllib.loads(text, parse_float=Decimal)
    cases = tuple(_case(rule, number, row) for number, row in enumerate(document.get("case", ()), 1))
    not_applicable = tuple(document.get("not_applicable", {}).items())
    for column, _ in not_applicable:
        if column not in NEEDED or any(case.column == column for case in cases):
            raise ValueError(f"{rule}: {column} is no column, or has a case")
    return Table(rule, cases, not_applicable, tuple(document.get("same", {}).items()))


def cases() -> tuple[Case, ...]:
    """All cases of all rules."""
    return tuple(case for table in tables() for case in table.cases)


def _case(rule: str, number: int, row: dict[str, Any]) -> Case:
    if set(row) != {"column", "says", "seen", "expect"} or row["column"] not in COLUMNS:
        raise ValueError(f"{rule}: case {number} has column (one of {', '.join(COLUMNS)}), says, seen and expect, and nothing else")
    if not row["expect"] or not set(row["expect"]) <= _EXPECTED:
        raise ValueError(f"{rule}: case {number} expects {', '.join(row['expect'])}; known are {', '.join(sorted(_EXPECTED))}")
    return Case(rule, number, row["column"], row["says"], tuple(row["seen"]), tuple(row["expect"].items()))


@dataclass(frozen=True)
class Outcome:
    """What `assess` says of one rule alone."""

    hit: Hit | None
    coverage: Coverage
    keep_taking: str


@dataclass(frozen=True)
class _Inputs:
    """What the sentences of a case make of the inputs of `assess`."""

    plan: TaperPlan
    timeline: Timeline
    policy: Policy
    history: History


@lru_cache(maxsize=4096)
def _inputs(rule: str, seen: tuple[str, ...]) -> _Inputs:
    """Made once for all that is asked of a case."""
    scene = scene_of(rule, list(seen))
    return _Inputs(plan_for(scene.asked), scene.timeline(load_signals()), scene.policy(), scene.history())


def outcome_of(case: Case, rule: Rule | None = None, signals: SignalTables | None = None) -> Outcome:
    """What comes of a case, under another rule or other signals where they are given."""
    known, own = load_rules(), _inputs(case.rule, case.seen)
    rules = replace(known, rules=(rule or known.rule(case.rule),))
    timeline = case.scene().timeline(signals) if signals else own.timeline
    found = assess(own.plan, timeline, own.policy, own.history, AS_OF, rules=rules, signals=signals)
    return Outcome(next(iter(found.hits), None), found.coverage[0], found.keep_taking)


def mismatches(case: Case, outcome: Outcome) -> list[str]:
    """In what an outcome is not as the case expects, in words."""
    found = list(_of_the_level(case.expected, outcome))
    if outcome.hit is not None:
        found += _of_the_hit(case, outcome.hit)
    if case.expected.get("keeps_taking", bool(outcome.keep_taking)) != bool(outcome.keep_taking):
        found.append(f"keep taking: {outcome.keep_taking or 'nothing'}")
    return found


def _of_the_level(expected: dict[str, Any], outcome: Outcome) -> Iterator[str]:
    hit, coverage = outcome.hit, outcome.coverage
    level = expected.get("level", "none")
    found: object = "none" if hit is None else int(hit.level)
    if found != level:
        yield f"level {found} ({hit.message if hit else coverage.why or 'it does not hold'})"
    if "not_evaluable" in expected:
        if coverage.evaluable or expected["not_evaluable"] not in coverage.why:
            yield f"not evaluable because {coverage.why!r}" if coverage.why else "it was evaluable"
    elif level == "none" and not coverage.evaluable:
        yield f"not evaluable because {coverage.why!r}"


def _of_the_hit(case: Case, hit: Hit) -> Iterator[str]:
    expected = case.expected
    found = {
        "due": (hit.due, "due" not in expected or hit.due == _due(expected["due"], hit, case.scene())),
        "actions": (hit.actions, set(expected.get("actions", ())) <= set(hit.actions)),
        "clause": (hit.clause, expected.get("clause", hit.clause) == hit.clause),
        "says": (hit.message, expected.get("says", "") in hit.message and "{" not in hit.message),
        "clears": (hit.clears, expected.get("clears", "") in hit.clears),
        "answered": (hit.answer, expected.get("answered", hit.answer is not None) == (hit.answer is not None)),
    }
    yield from (f"{name}: {value}" for name, (value, is_right) in found.items() if not is_right)


def _due(words: str, hit: Hit, scene: Scene) -> datetime | None:
    """When that is: "24 h", "same day", "none"; "24 h after 3 d ago" where the hit has stood for a while."""
    if words == "none":
        return None
    span, _, after = words.partition(" after ")
    due = SameDay() if span == "same day" else span_of(span)
    by_the_clock = hit.level is Level.EMERGENCY or hit.red_flag
    return due_at(instant(after) if after else AS_OF, due, scene.policy().hours, by_the_clock=by_the_clock)
