"""What a request asks for: a strategy with its parameters, or a named protocol with its preset ones, and the limits row that follows.

A protocol that is run unedited brings its own published row; a parameter that differs from the preset returns the plan to the default row
of the class and duration of use. Presets are rows of tables/protocols.toml.
"""

from dataclasses import dataclass
from decimal import Decimal

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tables.limit_tables import DEFAULT_ROW, USES, BandRow, LimitTables, ProtocolRow
from fhir_taper.plans.tables.rows import LimitsRow
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.parameters import bands_from, number_from
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.strategies import STRATEGIES


@dataclass(frozen=True, slots=True)
class Chosen:
    """A request made plain: `row` is still the table's, `edited` says that a protocol's parameters are not its own any more."""

    strategy: str
    params: tuple[tuple[str, str], ...]
    bands: tuple[BandRow, ...]
    row: LimitsRow
    target_mg: Decimal
    even: bool = False
    protocol: ProtocolRow | None = None
    edited: bool = False


def choose(request: PlanRequest, tables: Tables) -> Chosen | Infeasible:
    """What the request asks for. Raises WrongUsage for names that do not exist; Infeasible where the protocol does not apply."""
    if (request.strategy is None) == (request.protocol is None):
        raise WrongUsage("strategy, protocol: give one of the two")
    if request.use not in USES:
        raise WrongUsage(f"use: {request.use!r} is not one of {', '.join(USES)}")
    default = tables.limits.default_row(request.drug_class, request.use)
    if default is None:
        says = f"{request.drug} is not an opioid, a benzodiazepine or a z-drug: there are no limits for it"
        return Infeasible("class-not-tapered", says, request.baseline.mg)
    if request.protocol is not None:
        return _protocol(request, tables.limits, default)
    strategy = request.strategy or ""
    if strategy not in STRATEGIES:
        raise WrongUsage(f"strategy: {strategy!r} is not one of {', '.join(STRATEGIES)}")
    return Chosen(strategy, request.params, (), default, request.target_mg)


def applies_to(row: ProtocolRow, request: PlanRequest) -> bool:
    """True where a protocol is meant for this medicine, dose, form and duration of use."""
    return why_not(row, request) == ""


def why_not(row: ProtocolRow, request: PlanRequest) -> str:
    """Why a protocol does not apply, in words; empty where it does."""
    applies = row.applies
    if applies.classes and request.drug_class not in applies.classes:
        return f"it is for {', '.join(sorted(applies.classes))}"
    if applies.ingredients and request.ingredient not in applies.ingredients:
        return f"it is for {', '.join(sorted(applies.ingredients))}"
    if request.ingredient in applies.not_ingredients:
        return f"it is never for {request.ingredient}"
    if applies.uses and request.use not in applies.uses:
        return f"it is for use of {', '.join(sorted(applies.uses))}"
    if not applies.patches and any(_is_own_patch(product, request) for product in request.products):
        return "it is never for patches"
    if applies.baseline_mg_max is not None and request.baseline.mg > applies.baseline_mg_max:
        return f"it starts from at most {applies.baseline_mg_max} mg a day"
    return ""


def _is_own_patch(product: Product, request: PlanRequest) -> bool:
    return product.is_patch and product.ingredient == request.ingredient


def _protocol(request: PlanRequest, limits: LimitTables, default: LimitsRow) -> Chosen | Infeasible:
    row = limits.protocols.get(request.protocol or "")
    if row is None:
        raise WrongUsage(f"protocol: {request.protocol!r} is not one of {', '.join(limits.protocols)}")
    reason = why_not(row, request)
    if reason:
        says = f"protocol {row.id} does not apply: {reason}"
        return Infeasible("protocol-does-not-apply", says, request.baseline.mg, None, (WayOut.OTHER_STRATEGY,))
    params = {**dict(row.params), **dict(request.params)}
    edited = _is_edited(row, request)
    own = default if edited or row.limits == DEFAULT_ROW else limits.rows[row.limits]
    target = request.target_mg
    if row.target_pct is not None and target == 0:
        target = (request.baseline.mg * row.target_pct).scaleb(-2)
    return Chosen(row.strategy, tuple(params.items()), row.bands, own, target, row.split == "even", row, edited)


def _is_edited(row: ProtocolRow, request: PlanRequest) -> bool:
    """True where a parameter was given that is not the protocol's own."""
    preset = dict(row.params)
    for name, value in request.params:
        if name == "bands":
            if bands_from(value) != row.bands:
                return True
        elif name not in preset or number_from(name, value) != number_from(name, preset[name]):
            return True
    return False
