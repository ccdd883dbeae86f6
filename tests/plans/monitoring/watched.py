"""A patient whose taper is watched, for the tests of monitoring: diazepam 4, 3, 2, 1, 0 mg a day, four weeks each, from 2026-01-05.

Seen at noon of 2026-03-15, on 2 mg a day.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from fhir_taper.plans.medicines.codes import SourceState
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.monitoring.acceptance import accept
from fhir_taper.plans.monitoring.condition import Condition
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, History
from fhir_taper.plans.monitoring.moment import Moment
from fhir_taper.plans.monitoring.reading import DAY, INSTANT, Raw
from fhir_taper.plans.monitoring.rule import Clause, Level, Rule
from fhir_taper.plans.monitoring.rules import RuleTables
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.timeline import Permit, Record, Timeline, timeline_of
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.signal_tables import load_signals
from fhir_taper.plans.tapers.plan import GateState, Phase, PlanState, TaperPlan
from tests.plans.tapers.made_plans import diazepam_plan

ZONE = timezone(timedelta(hours=1))
NOW = datetime(2026, 3, 15, 12, tzinfo=ZONE)
HOUR = timedelta(hours=1)
SOURCE = Source("test", "1", "2026", SourceState.DEFAULT)
PERMITS = tuple(Permit(kind, NOW - 365 * DAY, None, f"Consent/{kind}") for kind in ("vital-signs", "sleep", "activity"))


def plan(**changes: object) -> TaperPlan:
    """The diazepam plan, running, its reviews passed."""
    made = diazepam_plan()
    gates = tuple(replace(gate, state=GateState.PASSED) for gate in made.gates)
    return replace(made, patient="p1", state=PlanState.ACTIVE, phase=Phase.TAPER, gates=gates, **changes)  # type: ignore[arg-type]


def raw(signal: str, value: str | int | None = None, ago: timedelta = HOUR, unit: str | None = None, **rest: object) -> Raw:
    """A value of an instant, in the signal's own unit unless said otherwise."""
    known = load_signals().signals[signal].unit if unit is None else unit
    at = NOW - ago
    number = None if value is None else Decimal(value)
    return Raw(signal, at, at, f"Observation/{signal}-{ago}", number, known, **rest)  # type: ignore[arg-type]


def whole_day(signal: str, value: str | int | None, days: int, **rest: object) -> Raw:
    """A value that is known to the day, so many days ago."""
    start = (NOW - days * DAY).replace(hour=0)
    known = load_signals().signals[signal].unit
    number = None if value is None else Decimal(value)
    return Raw(signal, start, start + DAY - INSTANT, f"Observation/{signal}-{days}", number, known, **rest)  # type: ignore[arg-type]


def timeline(raws: Iterable[Raw] = (), **rest: object) -> Timeline:
    """The patient's timeline: everything permitted and every kind of record read, unless said otherwise."""
    readings, aside = accept(raws, load_signals())
    whole: dict[str, object] = {"permits": PERMITS, "read": frozenset(Record), **rest}
    return timeline_of("p1", readings, aside, **whole)


def rule(when: Condition, **changes: object) -> Rule:
    """A rule of one clause, level 1, for every phase."""
    clause = Clause(Level.HOLD, when, ("hold",), "It is so.", "It is over.", SOURCE)
    clause = replace(clause, **{name: changes.pop(name) for name in ("level", "persist", "clears", "due", "says") if name in changes})  # type: ignore[arg-type]
    return Rule("T1", 1, "A test", (), tuple(Phase), (clause,), **changes)  # type: ignore[arg-type]


def tables_of(*rules: Rule) -> RuleTables:
    """Rules in the place of the package's own."""
    return RuleTables(rules, Span(14, "d"), Span(72, "h"), Span(96, "h"), SOURCE, ())


def moment(seen: Timeline, asked: Rule, history: History = NOTHING_BEFORE, of: TaperPlan | None = None) -> Moment:
    """The moment at which a rule is asked."""
    return Moment(of or plan(), seen, history, NOW, NOW, asked, load_signals(), load())
