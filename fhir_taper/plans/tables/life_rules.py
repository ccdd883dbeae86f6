"""The numbers that govern a plan's life: how long a prescription window is, how far reductions of two drugs lie apart (plan_life.csv)."""

from dataclasses import dataclass, fields

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import csv_rows, integer_of, source_of

PLAN_LIFE = "plan_life.csv"


@dataclass(frozen=True, slots=True)
class LifeRules:
    """Days unless said otherwise. `schedule_ii` are ingredients whose prescriptions may not be refilled (21 CFR 1306.12)."""

    window_days: int
    window_days_option: int
    window_shortest_days: int
    surplus_days: int
    fill_lead_days: int
    supply_urgent_days: int
    supply_carried_days: int
    supply_longest_days: int
    renewal_gap_days: int
    review_early_days: int
    step_back_days: int
    reductions_apart_days: int
    slow_factor: int
    schedule_ii: frozenset[str]
    sources: tuple[tuple[str, Source], ...]


def load_life_rules(text: str | None = None) -> LifeRules:
    """The rules; text is for tests. Raises TableError for a row that is missing, unknown, without source, or no whole number."""
    rows = {row["name"]: (place, row) for place, row in csv_rows(PLAN_LIFE, text)}
    names = {field.name for field in fields(LifeRules)} - {"sources"}
    for name in sorted(names ^ set(rows)):
        raise TableError(f"{PLAN_LIFE}: {name} is {'missing' if name in names else 'not known'}")
    sources = tuple((name, source_of(place, row)) for name, (place, row) in rows.items())
    numbers = {name: integer_of(place, row, "value") for name, (place, row) in rows.items() if name != "schedule_ii"}
    return LifeRules(**numbers, schedule_ii=frozenset(rows["schedule_ii"][1]["of"].split()), sources=sources)
