"""Ways out of an Infeasible: what would really make a taper possible, tried out, and what only a person can enter.

Other products, another strategy, another pace, a lower goal, an override and a crossing to another benzodiazepine are named only where the
engine has a plan that way, with its defaults for whatever was not asked. A conversion, the buprenorphine pathway and missing facts about
the patient cannot be tried: `WayOut.is_tried` tells the two apart. Each way is tried with few requests, so a no costs little more than a
plan. Which ways belong to which reason is said here; no number is.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, RxNormCode, Use
from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.medicines.measure import is_measurable
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.request import AtMost, PlanRequest

Refusal = Callable[[PlanRequest, Tables], Infeasible | None]
"""Why a request has no plan; None where it has one. Raises WrongUsage for a parameter that cannot be meant."""

MADE_OF_DOSES = frozenset(
    {
        "baseline-not-on-grid", "target-not-on-grid", "notch-above-unit-max", "no-unit-rule", "waits-at-limit", "no-product",
        "companion-above-limit", "crossing-stage-not-made",
    }
)  # fmt: skip
"""Reasons that other products could remove."""

_NOTCH = frozenset({"notch-above-unit-max", "no-unit-rule"})
_PACE = frozenset({"waits-at-limit", "duration"})
_OTHER_WAYS_TO_TAPER = _NOTCH | _PACE | {"crossing-stage-not-made"}
_NEEDS_TO_BE_SAID = {
    "releases-not-known-apart": WayOut.STATE_WHAT_IS_TAKEN,
    "patches-with-other-forms": WayOut.ENTERED_CONVERSION,
    "no-product": WayOut.NAME_PRODUCTS,
    "baseline-not-on-grid": WayOut.NAME_PRODUCTS,
    "target-not-on-grid": WayOut.NAME_PRODUCTS,
    "doses-too-fine": WayOut.NAME_PRODUCTS,
}
_STRATEGIES = ("linear", "proportional", "stepped", "interval-extension", "hyperbolic")
_SUBSTITUTION = "substitution"
_HALF, _QUARTER = 2, 4
_CROSSED_TO = "diazepam"
_BUPRENORPHINE = "buprenorphine"
_OVERRIDES = 3
"""So many notches are tried one after the other: behind the first that is too large there may be a larger one."""


def with_ways_out(infeasible: Infeasible, request: PlanRequest, tables: Tables, refusal: Refusal) -> Infeasible:
    """The same no, with every way out that was found, in a fixed order. Ways that it names itself are tried like all others."""
    found = {way for way in infeasible.ways_out if not way.is_tried} | set(_to_be_entered(infeasible, request))
    for way, variants in _to_be_tried(infeasible, request, tables):
        if any(_gives_a_plan(variant, tables, refusal) for variant in variants):
            found.add(way)
    if infeasible.reason in _NOTCH and _is_overridden(infeasible, request, tables, refusal):
        found.add(WayOut.OVERRIDE)
    if not found:
        found |= set(_of_a_plain_taper(request, tables, refusal))
    return replace(infeasible, ways_out=tuple(way for way in WayOut if way in found))


def _gives_a_plan(request: PlanRequest, tables: Tables, refusal: Refusal) -> bool:
    """True where a request is a plan; one that lacks a parameter is none."""
    try:
        return refusal(request, tables) is None
    except WrongUsage:
        return False


def _is_overridden(infeasible: Infeasible, request: PlanRequest, tables: Tables, refusal: Refusal) -> bool:
    """True where a clinician's permission for the notches in the way makes a plan."""
    no: Infeasible | None = infeasible
    for _ in range(_OVERRIDES):
        if no is None or no.reason not in _NOTCH or no.at_mg is None or no.next_mg is None:
            break
        no = refusal(replace(request, unit_override=("a clinician", "to see whether it would do", no.at_mg - no.next_mg)), tables)
    return no is None


def _of_a_plain_taper(request: PlanRequest, tables: Tables, refusal: Refusal) -> tuple[WayOut, ...]:
    """Where neither this way of tapering nor another one leads on as it is: what would make the plainest one possible."""
    target = Decimal(0) if request.strategy == _SUBSTITUTION else request.target_mg
    plainest = replace(request, strategy=_STRATEGIES[0], protocol=None, params=(), target_mg=target)
    if plainest == request:
        return ()
    try:
        no = refusal(plainest, tables)
    except WrongUsage:
        return ()
    return () if no is None else with_ways_out(no, plainest, tables, refusal).ways_out


def _to_be_tried(infeasible: Infeasible, request: PlanRequest, tables: Tables) -> Iterator[tuple[WayOut, Iterable[PlanRequest]]]:
    """Each way out that could help, with the requests that would use it."""
    reason, named = infeasible.reason, infeasible.ways_out
    if reason in MADE_OF_DOSES | {"duration"}:
        others = _other_products(request, tables)
        yield from (
            (way, (other,)) for way, other in others if (reason, way) != ("duration", WayOut.LIQUID)
        )  # finer doses take no less time
        yield WayOut.SUBSTITUTION, _crossings(request, tables)
    if reason in _OTHER_WAYS_TO_TAPER or WayOut.OTHER_STRATEGY in named:
        yield WayOut.OTHER_STRATEGY, _other_strategies(request)
    if WayOut.SUBSTITUTION in named:
        yield WayOut.SUBSTITUTION, _crossings(request, tables)
    if reason in _PACE:
        yield from _other_paces(infeasible, request, tables)
    yield from _other_ends(infeasible, request)


def _other_ends(infeasible: Infeasible, request: PlanRequest) -> Iterator[tuple[WayOut, Iterable[PlanRequest]]]:
    """The request to a higher goal, to a target or from a baseline that exists."""
    reason, at_mg, next_mg = infeasible.reason, infeasible.at_mg, infeasible.next_mg
    if reason in _NOTCH | _PACE and at_mg is not None and 0 < at_mg < request.baseline.mg:
        yield WayOut.MAINTENANCE, (replace(request, target_mg=at_mg),)
    if reason in ("baseline-not-on-grid", "companion-above-limit") and next_mg:
        yield WayOut.OTHER_BASELINE, (_from(request, next_mg),)
    if reason == "target-not-on-grid" and next_mg is not None:
        yield WayOut.OTHER_TARGET, (replace(request, target_mg=next_mg),)


def _from(request: PlanRequest, mg: Decimal) -> PlanRequest:
    """The request from another baseline: at today's times, in units that are not today's any more."""
    times = request.intakes or tuple(Intake(entry.slot, Decimal(0)) for entry in request.taken)
    strengths = {product.rxcui: product.mg for product in request.products}
    own = tuple(AtMost(one.slot, one.units * strengths[RxNormCode(one.rxcui)]) for one in request.taken if one.rxcui in strengths)
    return replace(request, baseline=replace(request.baseline, mg=mg), taken=(), intakes=times, at_most=request.at_most or own)


def _to_be_entered(infeasible: Infeasible, request: PlanRequest) -> Iterator[WayOut]:
    """What only a person can say or decide."""
    if infeasible.reason in _NEEDS_TO_BE_SAID:
        yield _NEEDS_TO_BE_SAID[infeasible.reason]
    if infeasible.reason in MADE_OF_DOSES and request.drug_class is DrugClass.OPIOID:
        yield WayOut.ENTERED_CONVERSION
        if request.ingredient != _BUPRENORPHINE:
            yield WayOut.BUPRENORPHINE_PATHWAY


def _other_products(request: PlanRequest, tables: Tables) -> Iterator[tuple[WayOut, PlanRequest]]:
    """The request with other products: each way out with one variant that would use it."""
    own = [product for product in request.products if product.ingredient == request.ingredient]
    for way, parts in ((WayOut.HALF, _HALF), (WayOut.QUARTER, _QUARTER)):
        if any(product.may_be_split and product.parts < parts for product in own):
            yield way, replace(request, products=tuple(_cut(product, parts) for product in request.products))
    known = {product.rxcui for product in own}
    shelf = tuple(product for product in _shelf(request, tables) if product.rxcui not in known)
    alone = tuple(product for product in shelf if _is_plain_oral(product))
    liquids = tuple(product for product in alone if product.is_liquid)
    if own and not any(product.is_patch or product.is_liquid for product in own):
        for liquid in liquids:  # never two concentrations at once
            yield WayOut.LIQUID, replace(request, products=(*request.products, liquid))
    same = tuple(product for product in shelf if _is_sister(product, own) and not product.is_liquid) if own else alone
    if same:
        yield WayOut.OTHER_STRENGTHS, replace(request, products=(*request.products, *same))
    tablets = tuple(product for product in alone if product.form is Form.TABLET)
    if tablets and any(product.companions for product in own):
        yield WayOut.WITHOUT_COMPANION, replace(request, products=(*request.products, *tablets))


def _cut(product: Product, parts: int) -> Product:
    return replace(product, parts=max(product.parts, parts)) if product.may_be_split else product


def _shelf(request: PlanRequest, tables: Tables) -> Iterator[Product]:
    """What a pharmacy has of the ingredient, unbranded."""
    on_shelf = (one for one in tables.medicines.products_of(request.ingredient) if one.rxcui not in tables.off_shelf)
    return (product for product in on_shelf if product.use is Use.ORDINARY and not product.brand and is_measurable(product))


def _is_plain_oral(product: Product) -> bool:
    return product.route == "oral" and product.release is Release.IMMEDIATE and not product.companions


def _is_sister(product: Product, own: list[Product]) -> bool:
    """Of the same form, release and companions as one of the request's own products."""
    kinds = {(one.form, one.release, one.route, tuple(companion.ingredient for companion in one.companions)) for one in own}
    kind = (product.form, product.release, product.route, tuple(companion.ingredient for companion in product.companions))
    return kind in kinds


def _other_strategies(request: PlanRequest) -> Iterator[PlanRequest]:
    """The same taper by every other strategy of one agent, each with its defaults; to none where the target was one of another agent."""
    target = Decimal(0) if request.strategy == _SUBSTITUTION else request.target_mg
    for strategy in _STRATEGIES:
        if strategy != request.strategy:
            yield replace(request, strategy=strategy, protocol=None, params=(), target_mg=target)


def _other_paces(infeasible: Infeasible, request: PlanRequest, tables: Tables) -> Iterator[tuple[WayOut, Iterable[PlanRequest]]]:
    """Twice the interval where limits make every curve wait, half of it where the taper is too long."""
    if request.protocol is not None:
        return
    given = dict(request.params)
    days = Decimal(given.get("interval_days", tables.safety.meaning(request.tier or "standard").interval_days))
    is_long = infeasible.reason == "duration"
    other = plain(days / 2) if is_long else plain(days * 2)
    params = tuple({**given, "interval_days": other}.items())
    yield WayOut.SHORTER_INTERVAL if is_long else WayOut.LONGER_INTERVAL, (replace(request, params=params),)


def _crossings(request: PlanRequest, tables: Tables) -> Iterator[PlanRequest]:
    """Crossing over to diazepam, by the chosen equivalence table or, where none was chosen, by each that knows the medicine."""
    is_asked_already = request.strategy == _SUBSTITUTION or request.ingredient == _CROSSED_TO
    if is_asked_already or request.drug_class is not DrugClass.BENZODIAZEPINE:
        return
    rows = tables.medicines.benzo_table(request.benzo_table)
    for table in dict.fromkeys(row.table for row in rows if row.ingredient == request.ingredient):
        params = (("to", _CROSSED_TO),)
        yield replace(request, strategy=_SUBSTITUTION, protocol=None, params=params, target_mg=Decimal(0), benzo_table=table)
