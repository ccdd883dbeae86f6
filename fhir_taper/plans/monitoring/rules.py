"""Reads the rules of escalation as they stand in tables/escalation_*.toml: text in, rules out; a row without source or sense is refused.

`load_rules` is the door; the grammar of the files stands on top of the first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeVar

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.monitoring.condition import (
    Answered,
    Compare,
    Condition,
    Earlier,
    Enters,
    Every,
    Happened,
    Less,
    Match,
    Missing,
    No,
    NotKnown,
    Of,
    Op,
    Patient,
    Persist,
    Quantity,
    Some,
    Takes,
)
from fhir_taper.plans.monitoring.quantities import QUANTITIES
from fhir_taper.plans.monitoring.rule import Clause, Level, Rule, SameDay
from fhir_taper.plans.monitoring.span import Span, span_of
from fhir_taper.plans.tables.action_tables import load_actions
from fhir_taper.plans.tables.reading import edition_of, expect_keys, source_of, toml_rows
from fhir_taper.plans.tables.rows import TableEdition
from fhir_taper.plans.tables.signal_tables import SignalKind, load_signals
from fhir_taper.plans.tapers.plan import Phase

ESCALATION: Final = "escalation.toml"
RULE_FILES: Final = ("escalation_red_flags.toml", "escalation_taper.toml", "escalation_aftercare.toml")
_RULE_KEYS: Final = frozenset(
    "id version title classes phases stale red_flag loosenable stands quiet no_continuation ends_everything clause".split()
)
_SPANS: Final = ("asks_again", "asks_again_urgent", "longest_unstaffed")
_SEXES: Final = ("female", "male")
_CLAUSE_KEYS: Final = frozenset("level when persist clears due actions says clear_words source edition year state".split())
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class RuleTables:
    """All rules in the order of the files. `asks_again`: so long an answer to a hit that is no red flag holds, `asks_again_urgent`
    where it is urgent. `longest_unstaffed`: a site where nobody is there for longer keeps no due time."""

    rules: tuple[Rule, ...]
    asks_again: Span
    asks_again_urgent: Span
    longest_unstaffed: Span
    asks_again_source: Source
    editions: tuple[TableEdition, ...]

    def rule(self, rule_id: str) -> Rule:
        """The rule of this id. Raises KeyError where there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)


@lru_cache(maxsize=1)
def load_rules() -> RuleTables:
    """The package's own rules. Raises TableError naming file and row of the first that is not acceptable."""
    rules = tuple(rule for name in RULE_FILES for rule in read_rules(name))
    doubled = {rule.id for rule in rules if sum(one.id == rule.id for one in rules) > 1}
    if doubled:
        raise TableError(f"{', '.join(sorted(doubled))} stands in the rules twice")
    place, answers = next(iter(toml_rows(ESCALATION)))
    expect_keys(place, answers, frozenset({"id", *_SPANS, "source", "edition", "year", "state"}), _SPANS)
    editions = tuple(edition_of(name) for name in (ESCALATION, *RULE_FILES))
    again, urgent, unstaffed = (_span(place, answers[name]) for name in _SPANS)
    return RuleTables(rules, again, urgent, unstaffed, source_of(place, answers), editions)


def read_rules(name: str, text: str | None = None) -> tuple[Rule, ...]:
    """The rules of one file, or of a text. Raises TableError."""
    return tuple(_rule(place, row) for place, row in toml_rows(name, text))


def _rule(place: str, row: Mapping[str, Any]) -> Rule:
    expect_keys(place, row, _RULE_KEYS, ("version", "title", "phases", "clause"))
    clauses = tuple(_clause(f"{place}.clause[{number}]", one) for number, one in enumerate(row["clause"]))
    stale = tuple((_signal(place, name), _span(place, text)) for name, text in row.get("stale", {}).items())
    rule = Rule(
        id=row["id"],
        version=row["version"],
        title=row["title"],
        classes=tuple(_word(place, DrugClass, name) for name in row.get("classes", ())),
        phases=tuple(_word(place, Phase, name) for name in row["phases"]),
        clauses=clauses,
        stale=stale,
        red_flag=row.get("red_flag", False),
        loosenable=row.get("loosenable", False),
        stands=row.get("stands", False),
        quiet=_span(place, row["quiet"]) if "quiet" in row else None,
        no_continuation=row.get("no_continuation", False),
        ends_everything=row.get("ends_everything", False),
    )
    if rule.red_flag and (rule.loosenable or rule.quiet or any(clause.persist for clause in clauses)):
        raise TableError(f"{place}: a red flag does not wait, is not quiet, and cannot be loosened")
    return rule


def _clause(place: str, row: Mapping[str, Any]) -> Clause:
    expect_keys(place, row, _CLAUSE_KEYS, ("when", "actions", "says", "clear_words"))
    level = row.get("level")
    if level not in list(Level) or isinstance(level, bool):
        raise TableError(f"{place}: level {level!r} is not one of 0 to 5")
    actions = tuple(row["actions"])
    unknown = [one for one in actions if one not in load_actions()]
    if unknown:
        raise TableError(f"{place}: {', '.join(unknown)} is no action of actions.csv")
    if level >= Level.URGENT and "due" not in row:
        raise TableError(f"{place}: level {level} is urgent and has no due")
    persist = row.get("persist")
    return Clause(
        level=Level(level),
        when=_condition(place, row["when"]),
        actions=actions,
        says=row["says"],
        clear_words=row["clear_words"],
        source=source_of(place, row),
        persist=_persist(place, persist) if persist is not None else None,
        clears=_condition(place, row["clears"]) if "clears" in row else None,
        due=_due(place, row["due"]) if "due" in row else None,
    )


def _condition(place: str, node: Any) -> Condition:
    if not isinstance(node, Mapping):
        raise TableError(f"{place}: {node!r} is no condition")
    kinds = [kind for kind in _KINDS if kind in node]
    if not kinds:
        raise TableError(f"{place}: a condition has one of {', '.join(_KINDS)}; this has {', '.join(node) or 'nothing'}")
    return _KINDS[kinds[0]](place, node)


def _conditions(place: str, nodes: Any) -> tuple[Condition, ...]:
    if not isinstance(nodes, Sequence) or not nodes or isinstance(nodes, str):
        raise TableError(f"{place}: {nodes!r} is no list of conditions")
    return tuple(_condition(place, node) for node in nodes)


def _compare(place: str, node: Mapping[str, Any]) -> Condition:
    expect_keys(place, node, frozenset("signal op value of over readings less percent before matching".split()), ("signal", "op"))
    matching = node.get("matching")
    if node.get("of") == Of.COUNT and not isinstance(matching, Mapping):
        raise TableError(f"{place}: a count says what it counts, in `matching`")
    if ("over" in node) != (node.get("of", Of.LATEST) != Of.LATEST):
        raise TableError(f"{place}: a mean, a count, a lowest or a highest, and nothing else, is over a span")
    if ("before" in node) != (node.get("less") in (Less.BEFORE, Less.LOWEST_WITHIN)):
        raise TableError(f"{place}: `before` belongs to less = before or lowest-within, and to nothing else")
    return Compare(
        signal=_signal(place, node["signal"], SignalKind.NUMBER),
        op=_word(place, Op, node["op"]),
        value=_number(place, node, "value"),
        of=_word(place, Of, node.get("of", Of.LATEST)),
        over=_optional_span(place, node, "over"),
        readings=_count(place, node, "readings"),
        less=_word(place, Less, node["less"]) if "less" in node else None,
        percent=bool(node.get("percent", False)),
        before=_optional_span(place, node, "before"),
        matching=_match(place, matching) if matching is not None else None,
    )


def _match(place: str, node: Any) -> Match:
    if not isinstance(node, Mapping):
        raise TableError(f"{place}: {node!r} is no bound")
    return Match(_word(place, Op, node.get("op")), _number(place, node, "value"))


def _enters(place: str, node: Mapping[str, Any]) -> Condition:
    expect_keys(place, node, frozenset({"enters", "value"}), ("enters",))
    return Enters(_signal(place, node["enters"], SignalKind.NUMBER), _number(place, node, "value"))


def _answered(place: str, node: Mapping[str, Any]) -> Condition:
    expect_keys(place, node, frozenset({"answered", "answers"}), ("answered", "answers"))
    name = _signal(place, node["answered"], SignalKind.ANSWER)
    return Answered(name, _answers(place, name, node["answers"]))


def _happened(place: str, node: Mapping[str, Any]) -> Condition:
    expect_keys(place, node, frozenset("event within times answers ago".split()), ("event",))
    name = _signal(place, node["event"])
    answers = _answers(place, name, node["answers"]) if "answers" in node else ()
    within, ago = _optional_span(place, node, "within"), _optional_span(place, node, "ago")
    return Happened(name, within, _count(place, node, "times"), answers, ago)


def _missing(place: str, node: Mapping[str, Any]) -> Condition:
    expect_keys(place, node, frozenset("missing after waited matching".split()), ("missing", "after"))
    matching = _match(place, node["matching"]) if "matching" in node else None
    return Missing(_signal(place, node["missing"]), _signal(place, node["after"]), _optional_span(place, node, "waited"), matching)


def _quantity(place: str, node: Mapping[str, Any]) -> Condition:
    expect_keys(place, node, frozenset("quantity op value of within percent".split()), ("quantity", "op"))
    if node["quantity"] not in QUANTITIES:
        raise TableError(f"{place}: {node['quantity']!r} is no quantity")
    percent = _number(place, node, "percent") if "percent" in node else None
    op, value = _word(place, Op, node["op"]), _number(place, node, "value")
    return Quantity(node["quantity"], op, value, node.get("of", ""), _optional_span(place, node, "within"), percent)


def _takes(place: str, node: Mapping[str, Any]) -> Condition:
    expect_keys(place, node, frozenset({"takes", "begun_within"}), ("takes",))
    return Takes(node["takes"], _optional_span(place, node, "begun_within"))


def _earlier(place: str, node: Mapping[str, Any]) -> Condition:
    expect_keys(place, node, frozenset({"earlier", "times", "within"}))
    return Earlier(node["earlier"], _count(place, node, "times"), _optional_span(place, node, "within"))


def _patient(place: str, node: Mapping[str, Any]) -> Condition:
    expect_keys(place, node, frozenset({"patient", "is"}), ("patient", "is"))
    if node["patient"] != "sex" or node["is"] not in _SEXES:
        raise TableError(f"{place}: of a patient a rule may ask the sex only: {', '.join(_SEXES)}")
    return Patient(node["patient"], node["is"])


_KINDS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Condition]]] = {
    "all": lambda place, node: Every(_conditions(place, node["all"])),
    "any": lambda place, node: Some(_conditions(place, node["any"])),
    "not": lambda place, node: No(_condition(place, node["not"])),
    "unknown": lambda place, node: NotKnown(_condition(place, node["unknown"])),
    "signal": _compare,
    "enters": _enters,
    "answered": _answered,
    "event": _happened,
    "missing": _missing,
    "quantity": _quantity,
    "takes": _takes,
    "earlier": _earlier,
    "patient": _patient,
}


def _persist(place: str, node: Mapping[str, Any]) -> Persist:
    expect_keys(place, node, frozenset("signal readings apart within".split()), ("signal",))
    if ("readings" in node) != ("apart" in node):
        raise TableError(f"{place}: several readings, and nothing else, lie apart")
    apart, within = _optional_span(place, node, "apart"), _optional_span(place, node, "within")
    return Persist(_signal(place, node["signal"]), _count(place, node, "readings"), apart, within)


def _signal(place: str, name: Any, kind: SignalKind | None = None) -> str:
    signal = load_signals().signals.get(name)
    if signal is None or (kind is not None and signal.kind is not kind):
        raise TableError(f"{place}: {name!r} is no {kind or 'signal'} of signals.csv")
    return signal.id


def _answers(place: str, signal: str, answers: Any) -> tuple[str, ...]:
    known = load_signals().signals[signal].answers
    if not isinstance(answers, list) or not answers or not set(answers) <= set(known):
        raise TableError(f"{place}: {answers!r} are not answers of {signal} ({', '.join(known)})")
    return tuple(answers)


def _word(place: str, kind: type[_Word], text: Any) -> _Word:
    try:
        return kind(text)
    except ValueError:
        raise TableError(f"{place}: {text!r} is not one of {', '.join(kind)}") from None


def _number(place: str, node: Mapping[str, Any], name: str) -> Decimal:
    value = node.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise TableError(f"{place}: {name} {value!r} is not a number")
    return Decimal(value)


def _count(place: str, node: Mapping[str, Any], name: str) -> int:
    value = node.get(name, 1)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TableError(f"{place}: {name} {value!r} is no count")
    return value


def _span(place: str, text: Any) -> Span:
    try:
        return span_of(str(text))
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None


def _optional_span(place: str, node: Mapping[str, Any], name: str) -> Span | None:
    return _span(place, node[name]) if name in node else None


def _due(place: str, text: Any) -> Span | SameDay:
    return SameDay() if text == "same day" else _span(place, text)
