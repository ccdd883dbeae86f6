"""How urgent what a form says is, before any rule looks at a timeline: for the page that answers whoever filled it in.

Only what a rule looks for by itself counts (a seizure, an overdose, a C-SSRS that is not negative, food and drink that does not stay down):
of red flags, and of what is urgent on the same day; and an answer that calls for another form at once. The rules judge afterwards with
everything they know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fhir_taper.plans.monitoring.condition import Answered, Condition, Happened, Some
from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.monitoring.rule import Level, SameDay
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.scoring import Said, Scored
from fhir_taper.plans.monitoring.span import Span


@dataclass(frozen=True, slots=True)
class Alarm:
    """A signal that a rule looks for, with these answers (none: whatever it says), and how urgent it is."""

    signal: str
    answers: tuple[str, ...]
    level: Level


def alarm_of(scored: Scored) -> Level | None:
    """The highest level of what a form says by itself; None where nothing of it is urgent."""
    levels = [alarm.level for said in scored.said for alarm in _alarms() if _is_meant(alarm, said)]
    if scored.next_forms:
        levels.append(Level.URGENT)
    return max(levels, default=None)


@lru_cache(maxsize=1)
def _alarms() -> tuple[Alarm, ...]:
    urgent = [(rule, clause) for rule in load_rules().rules for clause in rule.clauses if clause.level >= Level.URGENT]
    at_once = [clause for rule, clause in urgent if rule.red_flag or _is_of_the_day(clause.due)]
    return tuple(alarm for clause in at_once for alarm in _of(clause.when, clause.level))


def _is_of_the_day(due: Span | SameDay | None) -> bool:
    return isinstance(due, SameDay) or (due is not None and due.delta < DAY)


def _of(condition: Condition, level: Level) -> Iterator[Alarm]:
    """What a condition looks for by itself; what must come together with something else is left to the rule."""
    if isinstance(condition, (Happened, Answered)):
        yield Alarm(condition.signal, condition.answers, level)
    elif isinstance(condition, Some):
        for one in condition.of:
            yield from _of(one, level)


def _is_meant(alarm: Alarm, said: Said) -> bool:
    return said.signal == alarm.signal and (not alarm.answers or said.answer in alarm.answers)
