"""assess(plan, timeline, policy, history, as_of): every rule asked of one moment. Pure: the same inputs give the same assessment.

The highest level sets the urgency, the actions of all hits are united, and any level from 1 on blocks the next reduction. Nothing here
raises a dose, and a hold always says what goes on being taken. What cannot be evaluated is listed with its reason, never taken as normal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from fhir_taper import __version__
from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.monitoring.asked_rule import HOLD, AskedRule
from fhir_taper.plans.monitoring.assessment import Assessment, Hit, Proposal
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, History
from fhir_taper.plans.monitoring.moment import Moment
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY, Policy, rules_under
from fhir_taper.plans.monitoring.released import released_reduction
from fhir_taper.plans.monitoring.rule import Level, Rule
from fhir_taper.plans.monitoring.rules import RuleTables, load_rules
from fhir_taper.plans.monitoring.timeline import Timeline
from fhir_taper.plans.tables import Tables, load
from fhir_taper.plans.tables.action_tables import load_actions
from fhir_taper.plans.tables.rows import TableEdition
from fhir_taper.plans.tables.signal_tables import SignalTables, load_signals
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.plan import Phase, PlanState, TaperPlan

CONTINUE: Final = "continue"
_LOOKED_INTO: Final = frozenset({"ingredients.csv", "findings.toml", "plan_life.csv"})


def assess(
    plan: TaperPlan,
    timeline: Timeline,
    policy: Policy = DEFAULT_POLICY,
    history: History = NOTHING_BEFORE,
    as_of: datetime | None = None,
    *,
    rules: RuleTables | None = None,
    tables: Tables | None = None,
    signals: SignalTables | None = None,
) -> Assessment:
    """Every rule asked of the plan and the timeline at an instant, which has the patient's own offset.

    `rules`, `tables` and `signals` None: the package's own. Raises WrongUsage for an instant without offset, a policy that is not
    allowed, and a timeline of another patient.
    """
    if as_of is None or as_of.utcoffset() is None:
        raise WrongUsage("as_of is an instant with its offset")
    if timeline.patient and plan.patient and timeline.patient != plan.patient:
        raise WrongUsage(f"the plan is of patient {plan.patient}, the chart of {timeline.patient}")
    known = rules or load_rules()
    applied, own_tables, looked_at = rules_under(policy, known), tables or load(), signals or load_signals()
    before, followed = history.before(as_of), _as_followed(plan)
    moments = (Moment(followed, timeline, before, as_of, as_of, rule, looked_at, own_tables) for rule in applied)
    asked = [AskedRule(moment, known.asks_again, known.asks_again_urgent) for moment in moments]
    by_id = {rule.id: rule for rule in applied}
    hits = _ranked(hit for one in asked if (hit := one.hit(policy)) is not None)
    ending = tuple(hit for hit in hits if by_id[hit.rule].ends_everything)
    hits = ending or hits
    open_hits = ending or tuple(hit for hit in hits if hit.answer is None)  # what ends everything is not answered away
    level = max((hit.level for hit in open_hits), default=Level.NOTE)
    keep = _keep_taking(followed, as_of, open_hits, by_id)
    return Assessment(
        plan=plan.id,
        plan_version=plan.version,
        patient=plan.patient,
        as_of=as_of,
        level=level,
        blocks_reduction=level >= Level.HOLD,
        proposals=_proposals(open_hits, keep, by_id),
        due=min((hit.due for hit in open_hits if hit.due is not None), default=None),
        keep_taking=keep,
        hits=hits,
        coverage=tuple(one.coverage() for one in asked),
        set_aside=tuple(one for one in timeline.set_aside if one.at <= as_of),
        remarks=tuple(_remarks(plan, timeline, released_reduction(plan, open_hits, as_of.date()))),
        policy=policy.version,
        program_version=__version__,
        tables=(*known.editions, *looked_at.editions, *_editions(own_tables)),
    )


def _as_followed(plan: TaperPlan) -> TaperPlan:
    """A draft as if it was followed from its first day: nobody can have passed its reviews."""
    return replace(plan, gates=()) if plan.state is PlanState.DRAFT else plan


def _ranked(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(hits, key=lambda hit: (-hit.level, hit.answer is not None, hit.rule)))


def _keep_taking(plan: TaperPlan, as_of: datetime, hits: tuple[Hit, ...], rules: Mapping[str, Rule]) -> str:
    """What a hold says goes on: today's dose. Nothing where a clinician decides first, or nothing is taken."""
    if plan.phase is Phase.AFTERCARE or not any(hit.level >= Level.HOLD for hit in hits):
        return ""
    if any(rules[hit.rule].no_continuation or rules[hit.rule].ends_everything for hit in hits):
        return ""
    step = step_in_force(plan, as_of.date())
    doses = [(dose.ingredient, step.mg_per_day(dose.ingredient)) for dose in step.doses if dose.units]
    if not doses:
        return ""
    said = " and ".join(f"{brief(mg)} mg {name} a day" for name, mg in doses)
    return f"pause reductions, keep taking {said}, and keep it supplied"


def _proposals(hits: tuple[Hit, ...], keep: str, rules: Mapping[str, Rule]) -> tuple[Proposal, ...]:
    """The actions of all hits, each once, those of the most urgent first; continuation last.

    A hold keeps today's dose: where a clinician decides first, that is not said beside it.
    """
    without = HOLD if any(rules[hit.rule].no_continuation for hit in hits) else ""
    proposing: dict[str, list[str]] = {}
    for hit in hits:
        for action in hit.actions:
            if action != without:
                proposing.setdefault(action, []).append(hit.rule)
    known = load_actions()
    proposed = [Proposal(action, known[action].says, tuple(of)) for action, of in proposing.items()]
    if keep:
        holding = tuple(hit.rule for hit in hits if hit.level >= Level.HOLD)
        proposed.append(Proposal(CONTINUE, keep, holding))
    return tuple(proposed)


def _editions(tables: Tables) -> Iterable[TableEdition]:
    """The tables that derived numbers look into: half-lives and groups of medicines, what changes whose level, the life of a plan."""
    return (one for one in (*tables.medicines.editions, *tables.safety.editions) if one.table in _LOOKED_INTO)


def _remarks(plan: TaperPlan, timeline: Timeline, released: date | None) -> Iterable[str]:
    if plan.state is PlanState.DRAFT:
        yield "the plan is a draft that nobody has approved: assessed as if it was followed from its first day"
    if released is not None:
        yield f"no open review keeps back the reduction on {released.isoformat()}: it begins by itself unless the plan is held"
    for one in timeline.unread:
        yield f"{one.kind} records were not read: {one.why}"
    yield "this is not a monitoring service outside staffed hours"
