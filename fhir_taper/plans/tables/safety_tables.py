"""The safety tables: which findings exist (findings.toml), what makes a risk tier (tiers.csv), what governs a plan's life (plan_life.csv),
and what a patient is told to do when something happens (contingency.toml).

Rows only; nothing is judged here: `tapers.safety` and `tapers.tier` judge. Every number that a finding compares with stands in a row
with its source. Tiers are words here ("low", "standard", "high"): their type lives with the plan, which knows these rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.contingency_rows import CONTINGENCY, AdviceRow, load_advice
from fhir_taper.plans.tables.life_rules import PLAN_LIFE, LifeRules, load_life_rules
from fhir_taper.plans.tables.reading import csv_rows, decimal_of, edition_of, expect_keys, integer_of, source_of, toml_rows
from fhir_taper.plans.tables.rows import TableEdition
from fhir_taper.plans.tapers.finding import Severity

FINDINGS = "findings.toml"
TIERS = "tiers.csv"
TIER_WORDS = ("low", "standard", "high")
_CONDITION_KEYS = {"sign", "of", "except", "at_least", "above", "below", "units", "within_days", "after_days"}
_RULE_KEYS = {"id", "code", "severity", "classes", "when", "any", "unless", "message", "clears", "source", "edition", "year", "state"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing to look for. `sign` names a predicate of `tapers.signs`, which says what it makes of the rest.

    `of` are concepts, ingredients, classes or strategies, `except_of` ("except" in the file) what takes one of them away; bounds are in
    `units` (empty: the sign's own unit); `within_days` and `after_days` bound the age or distance of facts, both inclusive.
    """

    sign: str
    of: tuple[str, ...] = ()
    except_of: tuple[str, ...] = ()
    at_least: Decimal | None = None
    above: Decimal | None = None
    below: Decimal | None = None
    units: tuple[str, ...] = ()
    within_days: int | None = None
    after_days: int | None = None

    def __hash__(self) -> int:
        return hash((self.sign, self.of, self.except_of))  # asked for by every rule of every candidate; the bounds seldom tell two apart

    def holds_for(self, value: Exact | int) -> bool:
        """True where the value is within every bound that the row states."""
        too_low = (self.at_least is not None and value < self.at_least) or (self.above is not None and value <= self.above)
        return not too_low and (self.below is None or value < self.below)


@dataclass(frozen=True, slots=True)
class FindingRule:
    """One row of findings.toml: fires when all of `when`, at least one of `any_of` (if there are any) and none of `unless` are seen.

    `classes` are the classes of what is tapered, empty for all. `message` may hold {seen} and {drug}.
    """

    id: str
    code: str
    severity: Severity
    classes: frozenset[DrugClass]
    when: tuple[Condition, ...]
    any_of: tuple[Condition, ...]
    unless: tuple[Condition, ...]
    message: str
    clears: str
    source: Source

    def __hash__(self) -> int:
        return hash(self.id)  # no two rows of a table have one


@dataclass(frozen=True, slots=True)
class TierRow:
    """One row of tiers.csv of kind `factor`: seeing `condition` while tapering one of `classes` (empty: any) makes at least `tier`."""

    factor: str
    classes: frozenset[DrugClass]
    tier: str
    condition: Condition
    says: str
    source: Source


@dataclass(frozen=True, slots=True)
class TierMeaning:
    """What a tier means for a plan: the cap of the first cut in percent, days between steps, and check-ins.

    Check-ins are every `check_in_days` days, and daily for `daily_check_ins` days after each step.
    """

    tier: str
    first_cut_percent: Decimal
    interval_days: int
    check_in_days: int
    daily_check_ins: int
    source: Source


@dataclass(frozen=True, slots=True)
class SafetyTables:
    """Findings in the order in which they are shown, tier rows, what each tier means, the rules of a plan's life, and advice
    for patients in its order."""

    finding_rules: tuple[FindingRule, ...]
    tier_rows: tuple[TierRow, ...]
    tier_meanings: tuple[TierMeaning, ...]
    life: LifeRules
    advice: tuple[AdviceRow, ...]
    editions: tuple[TableEdition, ...]

    def meaning(self, tier: str) -> TierMeaning:
        """What a tier means. Raises KeyError for a word that is not a tier."""
        for meaning in self.tier_meanings:
            if meaning.tier == tier:
                return meaning
        raise KeyError(tier)

    def rule(self, rule_id: str) -> FindingRule:
        """The row of this name. Raises KeyError for a name that is none."""
        for rule in self.finding_rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

    def sources(self) -> tuple[tuple[str, Source], ...]:
        """Every row as (place, source), for the list of values that await sign-off."""
        rules = tuple((f"{FINDINGS}[{rule.id}]", rule.source) for rule in self.finding_rules)
        rows = tuple((f"{TIERS}: {row.factor}, {row.tier}", row.source) for row in self.tier_rows)
        meanings = tuple((f"{TIERS}: meaning of {meaning.tier}", meaning.source) for meaning in self.tier_meanings)
        life = tuple((f"{PLAN_LIFE}: {name}", source) for name, source in self.life.sources)
        advice = tuple((f"{CONTINGENCY}[{row.id}]", row.source) for row in self.advice)
        return rules + rows + meanings + life + advice


def load_safety(findings_text: str | None = None, tiers_text: str | None = None) -> SafetyTables:
    """All of them; texts are for tests. Raises TableError naming the row that is not acceptable."""
    rules = tuple(_rule(place, row) for place, row in toml_rows(FINDINGS, findings_text))
    rows = list(csv_rows(TIERS, tiers_text))
    factors = tuple(_tier_row(place, row) for place, row in rows if row["kind"] == "factor")
    means = [(place, row) for place, row in rows if row["kind"] == "means"]
    meanings = tuple(_meaning(word, [(place, row) for place, row in means if row["tier"] == word]) for word in TIER_WORDS)
    for place, row in rows:
        if row["kind"] not in ("factor", "means"):
            raise TableError(f"{place}: kind {row['kind']!r} is neither factor nor means")
    editions = (edition_of(FINDINGS), edition_of(TIERS), edition_of(PLAN_LIFE), edition_of(CONTINGENCY))
    return SafetyTables(rules, factors, meanings, load_life_rules(), load_advice(TIER_WORDS), editions)


def _rule(place: str, row: Mapping[str, Any]) -> FindingRule:
    expect_keys(place, row, _RULE_KEYS, needed=("severity", "message", "clears"))
    if not row.get("when") and not row.get("any"):
        raise TableError(f"{place}: neither when nor any")
    if row["severity"] not in set(Severity):
        raise TableError(f"{place}: severity {row['severity']!r} is not one of {', '.join(Severity)}")
    return FindingRule(
        id=row["id"],
        code=row.get("code", row["id"]),
        severity=Severity(row["severity"]),
        classes=_classes(place, row.get("classes", [])),
        when=_conditions(place, row.get("when", [])),
        any_of=_conditions(place, row.get("any", [])),
        unless=_conditions(place, row.get("unless", [])),
        message=row["message"],
        clears=row["clears"],
        source=source_of(place, row),
    )


def _classes(place: str, words: list[str]) -> frozenset[DrugClass]:
    try:
        return frozenset(DrugClass(word) for word in words)
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None


def _conditions(place: str, rows: list[dict[str, Any]]) -> tuple[Condition, ...]:
    return tuple(_condition(place, row) for row in rows)


def _condition(place: str, row: Mapping[str, Any]) -> Condition:
    unknown = set(row) - _CONDITION_KEYS
    if unknown or "sign" not in row:
        raise TableError(f"{place}: a condition with {', '.join(sorted(unknown)) or 'no sign'}")
    return Condition(
        sign=row["sign"],
        of=tuple(row.get("of", ())),
        except_of=tuple(row.get("except", ())),
        at_least=decimal_of(place, row, "at_least") if "at_least" in row else None,
        above=decimal_of(place, row, "above") if "above" in row else None,
        below=decimal_of(place, row, "below") if "below" in row else None,
        units=tuple(row.get("units", ())),
        within_days=integer_of(place, row, "within_days") if "within_days" in row else None,
        after_days=integer_of(place, row, "after_days") if "after_days" in row else None,
    )


def _tier_row(place: str, row: Mapping[str, str]) -> TierRow:
    if row["tier"] not in TIER_WORDS:
        raise TableError(f"{place}: tier {row['tier']!r} is not one of {', '.join(TIER_WORDS)}")
    bounds = {"": {}, ">=": {"at_least": row["value"]}, ">": {"above": row["value"]}, "<": {"below": row["value"]}}
    if row["op"] not in bounds:
        raise TableError(f"{place}: op {row['op']!r} is not one of >=, >, <")
    condition: dict[str, Any] = {"sign": row["sign"], "of": row["of"].split(), **bounds[row["op"]]}
    if row["within_days"]:
        condition["within_days"] = row["within_days"]
    classes = _classes(place, row["classes"].split())
    return TierRow(row["factor"], classes, row["tier"], _condition(place, condition), row["says"], source_of(place, row))


def _meaning(word: str, rows: list[tuple[str, dict[str, str]]]) -> TierMeaning:
    by_name = {row["factor"]: (place, row) for place, row in rows}
    missing = {"first_cut_percent", "interval_days", "check_in_days", "daily_check_ins"} - set(by_name)
    if missing:
        raise TableError(f"{TIERS}: tier {word} does not say its {', '.join(sorted(missing))}")
    place, first = by_name["first_cut_percent"]
    return TierMeaning(
        tier=word,
        first_cut_percent=decimal_of(place, first, "value"),
        interval_days=integer_of(*by_name["interval_days"], "value"),
        check_in_days=integer_of(*by_name["check_in_days"], "value"),
        daily_check_ins=integer_of(*by_name["daily_check_ins"], "value"),
        source=source_of(place, first),
    )
