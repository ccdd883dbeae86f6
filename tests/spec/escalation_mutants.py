"""Every number of a rule and of a signal, one unit higher and one unit lower: what a case must notice (`test_escalation_thresholds`)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from fhir_taper.plans.monitoring.condition import Compare, Enters, Less
from fhir_taper.plans.monitoring.rule import Rule
from fhir_taper.plans.monitoring.thresholds import thresholds, with_number
from fhir_taper.plans.tables.signal_tables import Signal, SignalKind, SignalTables


@dataclass(frozen=True)
class RuleMutant:
    """A rule with one number changed, and which: `key` is its address and the changed number."""

    key: str
    says: str
    rule: Rule


@dataclass(frozen=True)
class SignalMutant:
    """All signals, with one number of one of them changed, and which."""

    says: str
    signal: str
    tables: SignalTables


def one_unit(number: Decimal) -> Decimal:
    """The last digit that a number is written with: 1 of 38, 0.1 of 38.0."""
    exponent = number.as_tuple().exponent
    return Decimal(1).scaleb(min(0, int(exponent)))


def rule_mutants(rule: Rule) -> Iterator[RuleMutant]:
    """The rule with each of its numbers one unit higher and one unit lower; no length of time and no count falls below nothing."""
    for one in thresholds(rule):
        for number in (one.number + one_unit(one.number), one.number - one_unit(one.number)):
            if number >= 0 or not one.unit:
                says = f"{rule.id} {one.address} ({one.says} {one.number} {one.unit}".rstrip() + f") as {number}"
                yield RuleMutant(f"{one.address} as {number}", says, with_number(rule, one.address, number))


def range_mutants(name: str, tables: SignalTables) -> Iterator[SignalMutant]:
    """The plausible range of a signal, each end one unit higher and lower."""
    signal = tables.signals[name]
    for end in ("low", "high"):
        number = getattr(signal, end)
        yield from (_with(tables, signal, end, changed) for changed in (number + one_unit(number), number - one_unit(number)))


def baseline_mutants(name: str, tables: SignalTables) -> Iterator[SignalMutant]:
    """The days and the readings of which a baseline is made, one more and one fewer; a baseline of no reading at all is none."""
    signal = tables.signals[name]
    for field in ("baseline_days", "baseline_readings"):
        number = getattr(signal, field)
        yield from (_with(tables, signal, field, changed) for changed in (number + 1, number - 1) if changed > 0)


def _with(tables: SignalTables, signal: Signal, field: str, number: Any) -> SignalMutant:
    changed: Any = replace(signal, **{field: number})
    says = f"{signal.id} {field} {getattr(signal, field)} as {number}"
    return SignalMutant(says, signal.id, replace(tables, signals=MappingProxyType({**tables.signals, signal.id: changed})))


def numbers_used(rules: Iterable[Rule], tables: SignalTables) -> tuple[str, ...]:
    """Signals that are numbers and that a rule compares."""
    used = {one.signal for rule in rules for one in conditions(rule) if isinstance(one, (Compare, Enters))}
    return tuple(sorted(name for name in used if tables.signals[name].kind is SignalKind.NUMBER))


def baselines_used(rule: Rule) -> tuple[str, ...]:
    """Signals of which a rule asks for the patient's own baseline."""
    asked = (Less.BASELINE, Less.LOWEST_SINCE)
    return tuple(sorted({one.signal for one in conditions(rule) if isinstance(one, Compare) and one.less in asked}))


def conditions(value: Any) -> Iterator[Any]:
    """Every part of a rule that is a value of its own."""
    if isinstance(value, tuple):
        for item in value:
            yield from conditions(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in fields(value):
            yield from conditions(getattr(value, field.name))
