"""The engine's one door: from a request to a draft plan whose every dose can be dispensed, or a typed no with its ways out.

A pure function: the same request and the same tables give the same plan, ids included. Findings are the ones that the schedule itself
causes; what the chart says is `safety`'s work. Nothing is approved here.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from fhir_taper import __version__
from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import RxNormCode
from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.medicines.dose_words import daily
from fhir_taper.plans.medicines.equivalence import factors_for
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tapers.companions import refused_step, rises, shares
from fhir_taper.plans.tapers.course import Course, Drafted, DraftStep
from fhir_taper.plans.tapers.identity import plan_id, plan_key
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.judgement import check_ends, sound
from fhir_taper.plans.tapers.parameters import Parameters
from fhir_taper.plans.tapers.plan import EquivalentFactor, PlanGoal, PlanProduct, ReviewGate, Step, TaperPlan
from fhir_taper.plans.tapers.preparing import bench, prepare
from fhir_taper.plans.tapers.product_findings import product_findings
from fhir_taper.plans.tapers.protocol import Chosen, choose
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.schedule_findings import schedule_findings
from fhir_taper.plans.tapers.strategies import STRATEGIES
from fhir_taper.plans.tapers.strategies.curves import CURVES, Draft
from fhir_taper.plans.tapers.ways_out import with_ways_out

_FIRST_VERSION = 1
_REMEMBERED = 1024
_CROSSES_OVER = "substitution"  # its target is in mg of the agent that it crosses over to


def propose(request: PlanRequest, tables: Tables) -> TaperPlan | Infeasible:
    """A draft plan with its review gates and the findings of its schedule, or why there is none.

    Raises WrongUsage for a parameter that cannot be meant; the message names it. Raises BrokenPlan for a plan that does not start at the
    baseline, end at the target, or that its units do not make. Its limits are judged where it is handed to a person: that costs as much as
    making it.
    """
    outcome = _attempt(request, tables)
    if isinstance(outcome, Infeasible):
        return with_ways_out(outcome, request, tables, _refusal)
    return sound(outcome, check_ends(outcome))


def _attempt(request: PlanRequest, tables: Tables) -> TaperPlan | Infeasible:
    started = _started(request, tables)
    if isinstance(started, Infeasible):
        return started
    drafted = _drafted(started, request, tables)
    if isinstance(drafted, Infeasible):
        return drafted
    return _plan(request, tables, started.chosen, started.course, _with_rise_of_companions(drafted, request, tables))


def _refusal(request: PlanRequest, tables: Tables) -> Infeasible | None:
    """Why a request has no plan, None where it has one: a plan is not made to know it.

    Every dose that exists can be divided over the times of day; only how much of a companion it brings depends on how.
    """
    started = _started(request, tables)
    if isinstance(started, Infeasible):
        return started
    started.course.is_trial = started.chosen.strategy in CURVES and not shares(request, started.course.maker.products, tables)
    drafted = _drafted(started, request, tables)
    return drafted if isinstance(drafted, Infeasible) else None


@dataclass(frozen=True, slots=True)
class _Started:
    chosen: Chosen
    draft: Draft
    course: Course


def _started(request: PlanRequest, tables: Tables) -> _Started | Infeasible:
    """The strategy and the course that a request means; the no to an end of it that cannot be made."""
    _refuse_nonsense(request)
    chosen = choose(request, tables)
    if isinstance(chosen, Infeasible):
        return chosen
    draft, known = STRATEGIES[chosen.strategy]
    params = Parameters(chosen.params, chosen.bands)
    params.refuse_unknown(known, chosen.strategy)
    params.refuse_nonsense()
    on = bench(request, tables, request.ingredient, max(request.baseline.mg, chosen.target_mg), chosen.row, chosen.even)
    if isinstance(on, Infeasible):
        return on
    target = Decimal(0) if chosen.strategy == _CROSSES_OVER else chosen.target_mg  # the agent crossed over from always ends
    course = prepare(request, tables, on, params, target)
    return course if isinstance(course, Infeasible) else _Started(chosen, draft, course)


def _drafted(started: _Started, request: PlanRequest, tables: Tables) -> Drafted | Infeasible:
    drafted = started.draft(started.course)
    if isinstance(drafted, Infeasible):
        return drafted
    allowed = shares(request, drafted.products, tables)
    return refused_step((step.doses for step in drafted.steps), drafted.products, allowed) or drafted


def _with_rise_of_companions(drafted: Drafted, request: PlanRequest, tables: Tables) -> Drafted:
    """Other tablets than today's may bring more of a companion, within its limit: that is said."""
    says = rises(drafted.steps[0].doses, drafted.products, request, tables)
    return replace(drafted, notes=(*drafted.notes, ("companion-rise", says))) if says else drafted


def _refuse_nonsense(request: PlanRequest) -> None:
    """Raise WrongUsage for a baseline or a target that cannot be meant."""
    baseline, target = request.baseline.mg, request.target_mg
    if not baseline.is_finite() or baseline <= 0:
        raise WrongUsage(f"baseline: {baseline} mg a day is nothing to taper from")
    if not target.is_finite() or target < 0:
        raise WrongUsage(f"target: {target} mg a day cannot be meant")
    if target >= baseline and request.strategy != _CROSSES_OVER:
        is_patch = _is_patch(request)
        says = f"target: {daily(target, is_patch=is_patch)} is not below the baseline of {daily(baseline, is_patch=is_patch)}"
        raise WrongUsage(says)


def _is_patch(request: PlanRequest) -> bool:
    return any(product.is_patch for product in request.products if product.ingredient == request.ingredient)


def _plan(request: PlanRequest, tables: Tables, chosen: Chosen, course: Course, drafted: Drafted) -> TaperPlan:
    name = request.protocol or chosen.strategy
    params = course.params.resolved
    products = tuple(_plan_product(product) for product in drafted.products)
    key = plan_key(name, *_asked(request, chosen, params, products), *_changed_otherwise(products, tables))
    steps = _dated(drafted.steps, request)
    target = chosen.target_mg
    if chosen.protocol is not None and target != request.target_mg:
        note = f"Protocol {chosen.protocol.id} ends at {daily(target, is_patch=_is_patch(request))}: {chosen.protocol.title}"
        drafted = replace(drafted, notes=(*drafted.notes, ("protocol-target", note)))
    return TaperPlan(
        id=plan_id(request.tenant, request.patient, request.ingredient, key, _FIRST_VERSION),
        version=_FIRST_VERSION,
        patient=request.patient,
        zone=request.zone,
        drug=request.drug,
        ingredient=request.ingredient,
        drug_class=request.drug_class,
        reason=request.reason,
        goal=PlanGoal.TARGET if target else PlanGoal.DISCONTINUE,
        strategy=chosen.strategy,
        params=params,
        use=request.use,
        baseline=request.baseline,
        target_mg=target,
        products=products,
        limits=drafted.row,
        steps=steps,
        tables=(*tables.limits.editions, *tables.medicines.editions, *tables.safety.editions),
        created=request.created or request.start,
        program_version=__version__,
        key=key,
        protocol=request.protocol,
        equivalents=_equivalents(request, tables, drafted),
        tier=request.tier,
        tier_factors=request.tier_factors,
        author=request.author,
        gates=tuple(ReviewGate(step.number, step.start) for step in steps[1:]),  # every step after the baseline lowers something
        findings=(*product_findings(request, drafted, tables), *schedule_findings(request, chosen, drafted)),
        sources=request.sources,
    )


def _asked(request: PlanRequest, chosen: Chosen, params: tuple[tuple[str, str], ...], products: tuple[PlanProduct, ...]) -> tuple[str, ...]:
    """Everything that makes one plan another plan, as text for its key."""
    return (
        request.start.isoformat(),
        plain(request.baseline.mg),
        plain(chosen.target_mg),
        request.use,
        str(request.tier or ""),
        str(request.benzo_table or ""),
        *(f"{name}={value}" for name, value in params),
        *(f"{product.rxcui}/{product.parts}" for product in products),
        *(f"{intake.slot}:{intake.units}" for intake in request.intakes),
        *(f"{entry.rxcui}@{entry.slot}:{entry.units}" for entry in request.taken),
        *(f"{name}:{plain(mg)}" for name, mg in request.companions_elsewhere),
        *(f"at-most@{one.slot}:{plain(one.mg)}" for one in request.at_most if not request.taken),
    )


def _changed_otherwise(products: tuple[PlanProduct, ...], tables: Tables) -> tuple[str, ...]:
    """Patches that are changed at another interval than the built-in table has for them: by it, it is another plan."""
    found = ((one, tables.medicines.product(RxNormCode(one.rxcui))) for one in products if one.wear_h)
    return tuple(f"{one.rxcui} every {one.wear_h} h" for one, known in found if known is None or known.wear_h != one.wear_h)


def _dated(drafts: tuple[DraftStep, ...], request: PlanRequest) -> tuple[Step, ...]:
    """Draft steps with whole days, both inclusive; the last has no end."""
    first = request.start.toordinal()
    starts = [date.fromordinal(first + step.day) for step in drafts]
    ends = [date.fromordinal(first + step.day - 1) for step in drafts[1:]]
    return tuple(
        Step(number, start, end, step.kind, step.doses, step.ideal, step.every_days, step.note)
        for number, (step, start, end) in enumerate(zip(drafts, starts, (*ends, None), strict=True))
    )


@lru_cache(maxsize=_REMEMBERED)
def _plan_product(product: Product) -> PlanProduct:
    parts = product.parts if product.may_be_split else 1
    return PlanProduct(
        product.rxcui,
        product.name,
        product.ingredient,
        product.form,
        product.release,
        product.mg,
        parts,
        product.smallest_ml,
        product.wear_h,
    )


def _equivalents(request: PlanRequest, tables: Tables, drafted: Drafted) -> tuple[EquivalentFactor, ...]:
    """What one mg a day of each ingredient equals, by the tables that were chosen."""
    first = {product.ingredient: product for product in reversed(drafted.products)}
    names = dict.fromkeys(dose.ingredient for step in drafted.steps for dose in step.doses)
    found = (factors_for(name, request.drug_class, first[name], tables.medicines, request.mme_table, request.benzo_table) for name in names)
    return tuple(factor for factors in found for factor in factors)
