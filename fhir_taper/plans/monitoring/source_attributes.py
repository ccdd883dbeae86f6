"""The 13 source attributes of each rule and each protocol: what it rests on, whose it is, and which data of a person it uses.

What a rule uses is read off the rule; the words stand in tables/source_attributes.toml.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.monitoring.condition import (
    Answered,
    Compare,
    Condition,
    Enters,
    Every,
    Happened,
    Missing,
    No,
    NotKnown,
    Patient,
    Quantity,
    Some,
)
from fhir_taper.plans.monitoring.rule import Rule
from fhir_taper.plans.tables.limit_tables import ProtocolRow
from fhir_taper.plans.tables.reading import expect_keys, source_of, toml_rows
from fhir_taper.plans.tables.signal_tables import SignalTables

SOURCE_ATTRIBUTES = "source_attributes.toml"
CITATION, RELEASE, HEALTH_STATUS = "citation", "release", "health-status"
_KEYS: Final = {"id", "title", "says", "used_by", "used", "protocols", "source", "edition", "year", "state"}
_SIGNALS: Final = (Compare, Enters, Answered, Happened)
_AGE: Final = "age"
_SEX: Final = "sex"


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One attribute: its name, and what is said of what uses it and of what does not."""

    id: str
    title: str
    says: str
    used_by: frozenset[str]
    used: str
    protocols: str
    source: Source


@dataclass(frozen=True, slots=True)
class SourceAttribute:
    """What one attribute is of one rule or protocol."""

    id: str
    title: str
    says: str


@lru_cache(maxsize=1)
def load_source_attributes() -> Mapping[str, AttributeRow]:
    """The package's own rows, in their order. Raises TableError naming the row that is not acceptable."""
    return read_source_attributes()


def read_source_attributes(text: str | None = None) -> Mapping[str, AttributeRow]:
    """Rows of a text; None is the package's own file. Raises TableError."""
    return MappingProxyType({row["id"]: _row(place, row) for place, row in toml_rows(SOURCE_ATTRIBUTES, text)})


def attributes_of_rule(rule: Rule, signals: SignalTables) -> tuple[SourceAttribute, ...]:
    """All attributes of a rule, in the order of the table."""
    own = {
        CITATION: "; ".join(dict.fromkeys(str(clause.source) for clause in rule.clauses)),
        HEALTH_STATUS: _looks_at(rule, signals),
    }
    rows = load_source_attributes().values()
    return tuple(SourceAttribute(row.id, row.title, own.get(row.id) or (row.used if rule.id in row.used_by else row.says)) for row in rows)


def attributes_of_protocol(protocol: ProtocolRow) -> tuple[SourceAttribute, ...]:
    """All attributes of a named way to taper."""
    own = {CITATION: str(protocol.source)}
    rows = load_source_attributes().values()
    return tuple(SourceAttribute(row.id, row.title, own.get(row.id) or row.protocols or row.says) for row in rows)


def uses(rule: Rule) -> frozenset[str]:
    """Attributes of a person that a rule asks for: "sex", "date-of-birth"."""
    asked = list(_all_conditions(rule))
    is_sex = any(isinstance(one, Patient) and one.what == _SEX for one in asked)
    is_age = any(isinstance(one, Quantity) and one.quantity == _AGE for one in asked)
    return frozenset(name for name, is_used in ((_SEX, is_sex), ("date-of-birth", is_age)) if is_used)


def _looks_at(rule: Rule, signals: SignalTables) -> str:
    names = dict.fromkeys(one.signal for one in _all_conditions(rule) if isinstance(one, _SIGNALS))
    return f"Looks at: {'; '.join(signals.signals[name].title for name in names)}." if names else ""


def _all_conditions(rule: Rule) -> Iterator[Condition]:
    for clause in rule.clauses:
        for root in (clause.when, clause.clears):
            if root is not None:
                yield from _inside(root)


def _inside(condition: Condition) -> Iterator[Condition]:
    yield condition
    if isinstance(condition, (Every, Some)):
        for one in condition.of:
            yield from _inside(one)
    elif isinstance(condition, (No, NotKnown)):
        yield from _inside(condition.of)
    elif isinstance(condition, Missing):
        yield Happened(condition.after, None)


def _row(place: str, row: Mapping[str, Any]) -> AttributeRow:
    expect_keys(place, row, _KEYS, ("title",))
    used_by = frozenset(row.get("used_by", ()))
    if bool(used_by) != bool(row.get("used")):
        raise TableError(f"{place}: what uses it, and what is said of that, stand there together")
    if not row.get("says") and row["id"] != CITATION:
        raise TableError(f"{place}: says nothing")
    source = source_of(place, row)
    return AttributeRow(row["id"], row["title"], row.get("says", ""), used_by, row.get("used", ""), row.get("protocols", ""), source)
