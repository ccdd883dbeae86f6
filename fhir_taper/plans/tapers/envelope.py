"""The safety envelope of one plan: a row of limits.csv with what the medicine, the tier and the request add to it.

A plan carries its envelope whole, so that it can be judged from its own data (`check`). Numbers come from tables, each with its source.
"""

from dataclasses import replace
from decimal import Decimal
from math import ceil, lcm

from fhir_taper.plans.medicines.codes import SourceState
from fhir_taper.plans.medicines.products import Product, Source
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tables.rows import Basis, Bound, Limit, LimitsRow, Part, UnitRule
from fhir_taper.plans.tapers.judgement import Violation, check
from fhir_taper.plans.tapers.request import PlanRequest

__all__ = ["Violation", "check", "resolve"]

_HOURS_PER_DAY = 24
_STANDARD = "standard"


def resolve(row: LimitsRow, request: PlanRequest, tables: Tables, ingredient: str, products: tuple[Product, ...], pieces: int) -> LimitsRow:
    """The row as one plan carries it: with the unit rule, the cap of the first cut, and the lengths that its steps may have.

    A published row has no cap of the first cut: the schedule brings its own.
    """
    shortest = tables.limits.settings.get(f"step-minimum-{ingredient}")
    wear = (ceil(Decimal(product.wear_h) / _HOURS_PER_DAY) for product in products if product.wear_h)
    return replace(
        row,
        min_step_days=shortest.whole("days") if shortest else 1,
        step_multiple_days=lcm(*wear),
        max_pieces=pieces,
        first_cut=None if row.is_published else _first_cut(request, tables),
        unit=_unit_rule(request, tables, ingredient),
    )


def _first_cut(request: PlanRequest, tables: Tables) -> Limit:
    meaning = tables.safety.meaning(request.tier or _STANDARD)
    return Limit(Bound.HARD, 0, meaning.first_cut_percent.scaleb(-2), Basis.ORIGINAL, meaning.source, Part.FIRST_CUT)


def _unit_rule(request: PlanRequest, tables: Tables, ingredient: str) -> UnitRule | None:
    """The ingredient's rule, or a named clinician's override of it for this plan."""
    if request.unit_override is None:
        return tables.limits.unit_rules.get(ingredient)
    who, reason, mg = request.unit_override
    source = Source(f"override by {who}: {reason}", "this plan", str(request.start.year), SourceState.READ)
    return UnitRule(ingredient, mg, source)
