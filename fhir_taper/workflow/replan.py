"""The engine asked for a new schedule of a plan that runs: from today's dose, with the plan's own products, by the chart of today.

What a person confirmed for the plan stays confirmed, and the words of the plan stay with it; every finding is made anew. One finding is
left out: that this very taper runs already.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from fhir_taper.errors import BrokenPlan, WrongUsage
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tables.limit_tables import ProtocolRow
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.restart import Propose, Restart, request_for
from fhir_taper.plans.tapers.safety import findings_in
from fhir_taper.plans.tapers.use import is_shorter, use_of
from fhir_taper.workflow.assessed import NOTHING_SAID, Assessed
from fhir_taper.workflow.plan import answer_to
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.plan_request import question_of
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.said import CONFIRMED, with_confirmed
from fhir_taper.workflow.strategies import CROSS_OVER_TO, STRATEGIES, crosses_over, name_of_way

_CROSSES: Final = "substitution"
_RUNS_ALREADY: Final = "taper-exists"
_OF_ORDERED_TIMES: Final = frozenset({"times-not-ordered", "made-daily"})
"""What the plan's own units say better than the orders do."""


def proposing(
    reading_of: Callable[[str | None], Reading], plan: TaperPlan, decision: Decision, tenant: str, assessed: Assessed = NOTHING_SAID
) -> Propose:
    """How the engine is asked for a schedule that goes on from `plan`. `reading_of`: the chart by a table of diazepam equivalents;
    `assessed`: the intake of today.
    """

    def propose(restart: Restart) -> TaperPlan | Infeasible:
        options = replace(_options(plan, restart, decision, tenant), assessed=assessed)
        reading = reading_of(options.benzo_table)
        options = replace(options, use=_use(reading, plan, restart))
        reading = with_confirmed(reading, options)
        question = question_of(reading, options, {one.rxcui: one.wear_h for one in plan.products if one.wear_h})
        if isinstance(question, Infeasible):
            return question
        request = request_for(restart, _with_the_plans_parts(question.request, plan), decision)
        is_above = restart.mg > restart.now.mg_per_day(restart.ingredient)
        left_out = {_RUNS_ALREADY} | (set() if is_above else _OF_ORDERED_TIMES)
        said = tuple(one for one in question.said if one.code not in left_out)
        try:
            return answer_to(replace(question, request=request, said=said), reading)
        except BrokenPlan:
            if restart.strategy != _CROSSES:
                raise
            # The schedule after a crossing is made without the cuts before it, and judged with them.
            says = (
                "a cross-over to another medicine now, after the reductions of this plan, would go beyond its limits: hold the dose first"
            )
            return Infeasible("crossing-beyond-limits", says, restart.mg, ways_out=(WayOut.OTHER_STRATEGY,))

    return propose


def stops_today(reading: Reading, plan: TaperPlan, assessed: Assessed = NOTHING_SAID) -> tuple[Finding, ...]:
    """What of today's chart and intake stops a reduction of this plan; what a person confirmed for the plan stays confirmed."""
    day, confirmed = reading.regimen.as_of, _confirmed(plan)
    said = PlanOptions(plan.ingredient, day, confirmed=confirmed, confirmed_by=_confirmed_by(plan), assessed=assessed)
    known = with_confirmed(reading, said)
    found = findings_in(known.case_on(day), plan, reading.tables.safety)
    return tuple(one for one in found if one.severity is Severity.STOP)


def ways_on(reading: Reading, plan: TaperPlan) -> tuple[str, ...]:
    """The ways by which a plan may go on, as `name_of_way` names them; whether one can be made is seen when it is asked."""
    taken = {dose.ingredient for dose in step_in_force(plan, reading.regimen.as_of).doses if dose.units}
    crosses = len(taken) == 1 and all(crosses_over(plan.drug_class, one) for one in taken)
    strategies = [name_of_way(None, one) for one in STRATEGIES if one != _CROSSES or crosses]
    rows = reading.tables.limits.protocols.values()
    fitting = (row for row in rows if all(_is_meant_for(row, plan.drug_class, one) for one in taken or {plan.ingredient}))
    return (*strategies, *(name_of_way(row.id, None) for row in fitting))


def way_asked(plan: TaperPlan, way: str, params: tuple[tuple[str, str], ...]) -> tuple[str | None, str | None, tuple[tuple[str, str], ...]]:
    """(strategy, protocol, parameters) of a way by its name. Raises WrongUsage for a name that is none."""
    kind, _, name = way.partition(" ")
    if kind == "protocol" and name:
        return None, name, params
    if kind != "strategy" or name not in STRATEGIES:
        raise WrongUsage(f"{way[:60]!r} is no way to go on")
    return name, None, (*params, ("to", CROSS_OVER_TO)) if name == _CROSSES and plan.ingredient != CROSS_OVER_TO else params


def _is_meant_for(row: ProtocolRow, drug_class: DrugClass, ingredient: str) -> bool:
    """Whether a protocol is for what is taken now, which is another medicine than the plan's first after a cross-over."""
    applies = row.applies
    is_named = not applies.ingredients or ingredient in applies.ingredients
    return (not applies.classes or drug_class in applies.classes) and is_named and ingredient not in applies.not_ingredients


def benzo_table_of(plan: TaperPlan) -> str | None:
    """The table of diazepam equivalents that was chosen for the plan; None where none was."""
    chosen = {one.table for one in plan.equivalents if one.measure == "diazepam_mg" and one.low == one.high}
    ranges = any(one.measure == "diazepam_mg" and one.low != one.high for one in plan.equivalents)
    return next(iter(chosen)) if len(chosen) == 1 and not ranges else None


def _options(plan: TaperPlan, restart: Restart, decision: Decision, tenant: str) -> PlanOptions:
    return PlanOptions(
        drug=restart.ingredient,
        start=restart.on,
        target_mg=plan.target_mg,
        protocol=restart.protocol,
        strategy=restart.strategy,
        params=restart.params,
        baseline_mg=restart.mg,
        baseline_by=decision.by,
        confirmed=_confirmed(plan),
        confirmed_by=_confirmed_by(plan),
        benzo_table=benzo_table_of(plan),
        products=tuple(product.rxcui for product in plan.products),
        reason=plan.reason,
        zone=plan.zone,
        tenant=tenant,
    )


def _use(reading: Reading, plan: TaperPlan, restart: Restart) -> str | None:
    """How long it has been taken: as the plan says, or longer where the chart proves it by now."""
    in_chart = use_of(dict(reading.facts.first_use).get(restart.ingredient), restart.on)
    return None if is_shorter(plan.use, in_chart) else plan.use


def _with_the_plans_parts(request: PlanRequest, plan: TaperPlan) -> PlanRequest:
    """Products are cut as this plan permitted, no finer and no coarser."""
    parts = {product.rxcui: product.parts for product in plan.products}
    return replace(request, products=tuple(replace(one, parts=parts.get(one.rxcui, one.parts)) for one in request.products))


def _confirmed(plan: TaperPlan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.value for one in plan.findings if one.code == CONFIRMED))


def _confirmed_by(plan: TaperPlan) -> str:
    by = next((one.source for one in plan.findings if one.code == CONFIRMED), "")
    return f"{by} (of version 1)" if by and not by.endswith("(of version 1)") else by
