"""The pace tables: limits (how fast a dose may fall), the unit rule, named protocols, and the defaults of the strategies.

Rows only, read once by `load_limits`; nothing is judged here. Which row a plan gets is the work of `tapers.envelope`, what a protocol
means that of `tapers.protocol`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import SOURCE_COLUMNS, csv_rows, decimal_of, edition_of, expect_keys, integer_of, source_of, toml_rows
from fhir_taper.plans.tables.rows import Basis, Bound, Limit, LimitsRow, Part, TableEdition, UnitRule

LIMITS = "limits.csv"
UNIT_RULE = "unit_rule.csv"
PROTOCOLS = "protocols.toml"
STRATEGIES = "strategies.toml"
USES = ("<1m", "1m-1y", ">=1y")
DEFAULT_ROW = "default"
_STRATEGY_WORDS = ("linear", "proportional", "hyperbolic", "stepped", "substitution", "interval-extension")
_SPLITS = ("fewest", "even")
_DEMANDS = ("", "reason", "life-threatening")
_BASES = ("mg", "baseline", "current")
_PROTOCOL_KEYS = {"id", "title", "strategy", "limits", "split", "params", "bands", "applies", "demands", "target_pct", *SOURCE_COLUMNS}
_APPLIES_KEYS = {"class", "ingredient", "not_ingredient", "use", "patches", "baseline_mg_max"}


@dataclass(frozen=True, slots=True)
class BandRow:
    """One band as a table or a person states it: cuts of `cut` every `every_days` while the dose is above `above`.

    `of` is "mg", "baseline" or "current": for the last two, `cut` is a percent of it and `above` a percent of the baseline.
    `hold_days` is added once, before the first cut of the band.
    """

    above: Fraction
    cut: Fraction
    of: str
    every_days: int
    hold_days: int = 0


@dataclass(frozen=True, slots=True)
class Applies:
    """When a protocol applies. Empty sets and None ask nothing."""

    classes: frozenset[DrugClass] = frozenset()
    ingredients: frozenset[str] = frozenset()
    not_ingredients: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    patches: bool = True
    baseline_mg_max: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ProtocolRow:
    """One row of protocols.toml. `limits` names a row of limits.csv, or is "default": the default row of class and duration of use."""

    id: str
    title: str
    strategy: str
    limits: str
    split: str
    params: tuple[tuple[str, str], ...]
    bands: tuple[BandRow, ...]
    applies: Applies
    demands: str
    target_pct: Decimal | None
    source: Source


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of strategies.toml: numbers by name, with their source."""

    id: str
    numbers: Mapping[str, Decimal]
    source: Source

    def number(self, name: str) -> Decimal:
        """A number of the row. Raises TableError where the row has none of this name."""
        try:
            return self.numbers[name]
        except KeyError:
            raise TableError(f"{STRATEGIES}[{self.id}]: no {name}") from None

    def whole(self, name: str) -> int:
        """A whole number of the row."""
        return int(self.number(name))


@dataclass(frozen=True, slots=True)
class LimitTables:
    """All four tables. `rows` are by row name, `unit_rules` by ingredient, `protocols` and `settings` by id, in file order."""

    rows: Mapping[str, LimitsRow]
    durations: Mapping[str, Source]
    unit_rules: Mapping[str, UnitRule]
    protocols: Mapping[str, ProtocolRow]
    settings: Mapping[str, Setting]
    editions: tuple[TableEdition, ...]

    def setting(self, name: str) -> Setting:
        """A row of strategies.toml. Raises TableError where there is none."""
        try:
            return self.settings[name]
        except KeyError:
            raise TableError(f"{STRATEGIES}: no [{name}]") from None

    def default_row(self, drug_class: DrugClass, use: str) -> LimitsRow | None:
        """The default row of a class and duration of use ("<1m" | "1m-1y" | ">=1y"); None for a class that we do not taper."""
        for row in self.rows.values():
            if row.drug_class is drug_class and row.use in ("any", use):
                return row
        return None

    def sources(self) -> tuple[tuple[str, Source], ...]:
        """Every row as (place, source), for the list of values that await sign-off."""
        limits = tuple(
            (f"{LIMITS}: {row.row}, {limit.part}, {limit.bound}", limit.source) for row in self.rows.values() for limit in row.limits
        )
        durations = tuple((f"{LIMITS}: {name}, duration", source) for name, source in self.durations.items())
        units = tuple((f"{UNIT_RULE}: {name}", rule.source) for name, rule in self.unit_rules.items())
        protocols = tuple((f"{PROTOCOLS}[{name}]", row.source) for name, row in self.protocols.items())
        settings = tuple((f"{STRATEGIES}[{name}]", row.source) for name, row in self.settings.items())
        return limits + durations + units + protocols + settings


def load_limits(
    limits_text: str | None = None, units_text: str | None = None, protocols_text: str | None = None, strategies_text: str | None = None
) -> LimitTables:
    """All four tables; texts are for tests. Raises TableError naming the row that is not acceptable."""
    rows, durations = _limit_rows(csv_rows(LIMITS, limits_text))
    units = {row["ingredient"]: _unit_rule(place, row) for place, row in csv_rows(UNIT_RULE, units_text)}
    protocols = {row["id"]: _protocol(place, row, rows) for place, row in toml_rows(PROTOCOLS, protocols_text)}
    settings = {row["id"]: _setting(place, row) for place, row in toml_rows(STRATEGIES, strategies_text)}
    editions = tuple(edition_of(name) for name in (LIMITS, UNIT_RULE, PROTOCOLS, STRATEGIES))
    return LimitTables(rows, durations, units, protocols, settings, editions)


def _limit_rows(lines: Iterable[tuple[str, dict[str, str]]]) -> tuple[dict[str, LimitsRow], dict[str, Source]]:
    limits: dict[str, list[Limit]] = {}
    heads: dict[str, tuple[DrugClass, str]] = {}
    durations: dict[str, tuple[int, Source]] = {}
    for place, line in lines:
        name, head = line["row"], (_drug_class(place, line["class"]), line["use"])
        if line["use"] not in ("any", "published", *USES) or heads.setdefault(name, head) != head:
            raise TableError(f"{place}: use {line['use']!r} of class {line['class']!r} does not fit row {name}")
        if line["part"] == "duration":
            durations[name] = (integer_of(place, line, "days"), source_of(place, line))
        else:
            limits.setdefault(name, []).append(_limit(place, line))
    for name in heads:
        if name not in durations or not any(limit.bound is Bound.HARD for limit in limits.get(name, ())):
            raise TableError(f"{LIMITS}: row {name} has no hard limit or no duration")
    rows = {name: LimitsRow(name, head[0], head[1], tuple(limits[name]), durations[name][0]) for name, head in heads.items()}
    return rows, {name: source for name, (_, source) in durations.items()}


def _limit(place: str, line: Mapping[str, str]) -> Limit:
    fraction = decimal_of(place, line, "fraction")
    if not 0 < fraction <= 1:
        raise TableError(f"{place}: fraction {fraction} is not above 0 and at most 1")
    try:
        bound, basis, part = Bound(line["bound"]), Basis(line["basis"]), Part(line["part"])
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
    days = integer_of(place, line, "days")
    if days < 1:
        raise TableError(f"{place}: days {days} is below 1")
    above = decimal_of(place, line, "above") if line["above"] else Decimal(0)
    up_to = decimal_of(place, line, "up_to") if line["up_to"] else None
    return Limit(bound, days, fraction, basis, source_of(place, line), part, above, up_to)


def _unit_rule(place: str, line: Mapping[str, str]) -> UnitRule:
    return UnitRule(line["ingredient"], decimal_of(place, line, "unit_max_mg"), source_of(place, line))


def _protocol(place: str, row: Mapping[str, Any], rows: Mapping[str, LimitsRow]) -> ProtocolRow:
    expect_keys(place, row, _PROTOCOL_KEYS)
    split, demands = row.get("split", "fewest"), row.get("demands", "")
    wrong_words = row.get("strategy") not in _STRATEGY_WORDS or split not in _SPLITS or demands not in _DEMANDS
    if wrong_words or (row.get("limits") != DEFAULT_ROW and row.get("limits") not in rows):
        raise TableError(f"{place}: strategy, limits, split or demands is not one that exists")
    return ProtocolRow(
        id=row["id"],
        title=row["title"],
        strategy=row["strategy"],
        limits=row["limits"],
        split=split,
        params=tuple((name, str(value)) for name, value in row.get("params", {}).items()),
        bands=tuple(_band(place, band) for band in row.get("bands", ())),
        applies=_applies(place, row.get("applies", {})),
        demands=demands,
        target_pct=decimal_of(place, row, "target_pct") if "target_pct" in row else None,
        source=source_of(place, row),
    )


def _band(place: str, band: list[Any]) -> BandRow:
    try:
        above, cut, of, every_days, hold_days = band
        row = BandRow(Fraction(str(above)), Fraction(str(cut)), of, int(every_days), int(hold_days))
    except (ValueError, ZeroDivisionError) as error:
        raise TableError(f"{place}: band {band!r}: {error}") from None
    if row.of not in _BASES or row.cut <= 0 or row.above < 0 or row.every_days < 1 or row.hold_days < 0:
        raise TableError(f"{place}: band {band!r} cannot be meant")
    return row


def _applies(place: str, row: Mapping[str, Any]) -> Applies:
    unknown = set(row) - _APPLIES_KEYS
    if unknown:
        raise TableError(f"{place}: applies has unknown {', '.join(sorted(unknown))}")
    return Applies(
        classes=frozenset(_drug_class(place, word) for word in row.get("class", ())),
        ingredients=frozenset(row.get("ingredient", ())),
        not_ingredients=frozenset(row.get("not_ingredient", ())),
        uses=frozenset(row.get("use", ())),
        patches=bool(row.get("patches", True)),
        baseline_mg_max=decimal_of(place, row, "baseline_mg_max") if "baseline_mg_max" in row else None,
    )


def _setting(place: str, row: Mapping[str, Any]) -> Setting:
    source = source_of(place, row)
    names = [name for name in row if name not in ("id", *SOURCE_COLUMNS)]
    return Setting(row["id"], {name: decimal_of(place, row, name) for name in names}, source)


def _drug_class(place: str, word: str) -> DrugClass:
    try:
        return DrugClass(word)
    except ValueError:
        raise TableError(f"{place}: class {word!r} is not one of ours") from None
