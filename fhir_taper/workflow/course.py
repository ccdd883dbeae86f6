"""A plan that runs goes on otherwise: held, resumed, slowed, stepped back, by another way, reviewed, or ended. First seen, then saved.

What is saved is what was shown: the button carries a digest of the version that it makes. Whatever keeps or ends a schedule is a
prescriber's decision and counts at once; a new schedule is a draft that is approved like every other (`next_version`). Nothing here
computes a dose: that is `plans.tapers`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import Final

from fhir_taper.errors import NotAllowed, StoreConflict, WrongUsage
from fhir_taper.exact_json import encode
from fhir_taper.plans.monitoring.assessment import Hit
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers import lifecycle, replanning, review, revision
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.plans.tapers.restart import Propose, Slower
from fhir_taper.records import Role
from fhir_taper.store.plans import PlanVersion
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.chosen_plan import plan_of
from fhir_taper.workflow.keep_assessment import assessment_of
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.made_from import made_from
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.other_plans import alone_with_plans, other_plans, plans_now
from fhir_taper.workflow.replan import proposing, stops_today
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.unread import SOURCES_OF_STOPS, unread_now, unread_tapers
from fhir_taper.workflow.versions import Kept, as_version, newest_of_each, version_named
from fhir_taper.workflow.watching import Watch, watch


class Turn(StrEnum):
    """What may become of a plan that runs."""

    HOLD = "hold"
    RESUME = "resume"
    REVIEW = "review"
    SLOW = "slow"
    STEP_BACK = "step-back"
    CHANGE_STRATEGY = "change-strategy"
    STOP_AT = "stop-at"
    COMPLETE = "complete"
    REVOKE = "revoke"


MAKES_A_DRAFT: Final = frozenset({Turn.SLOW, Turn.CHANGE_STRATEGY})
_NEW_SCHEDULES: Final = MAKES_A_DRAFT | {Turn.STEP_BACK}
_LETS_REDUCTIONS_GO: Final = frozenset({Turn.RESUME, Turn.REVIEW})
DECIDERS: Final = (Role.PRESCRIBER,)
DRAFTERS: Final = (Role.PRESCRIBER, Role.PHARMACIST)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks, as far as its turn needs it. `step`: the one to go back to, to review, or to end at (None: today's)."""

    turn: Turn
    reason: str
    days: int = 0
    step: int | None = None
    is_override: bool = False
    slower: Slower = Slower.INTERVAL
    strategy: str | None = None
    protocol: str | None = None
    params: tuple[tuple[str, str], ...] = ()
    actual_mg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """The version that runs, and what would follow it. `stops`: what today's chart says against any reduction."""

    before: TaperPlan
    after: TaperPlan
    stops: tuple[Finding, ...] = ()

    @property
    def is_draft(self) -> bool:
        """Whether it is a draft, to be approved."""
        return self.after.state is PlanState.DRAFT

    @property
    def seen(self) -> str:
        """A digest of the version: what the button carries."""
        return sha256(encode(to_document(self.after))).hexdigest()


def running_plans(services: Services, chart: OpenChart) -> tuple[Kept, ...]:
    """The plans that a patient follows now, by ingredient."""
    return tuple(Kept(one, plan_of(one)) for one in newest_of_each(services, chart) if one.state in RUNNING)


def turned(services: Services, chart: OpenChart, loaded: Loaded, version_id: str, asked: Asked) -> Turned | Infeasible:
    """What would become of the plan; nothing is saved.

    Raises LaunchRefused ("role"), NotAllowed with every reason, WrongUsage for what cannot be meant, StoreConflict where the version is
    not the newest one any more.
    """
    require(services, chart, "revise a plan", DRAFTERS if asked.turn in MAKES_A_DRAFT else DECIDERS)
    kept = version_named(services, chart, version_id)
    _refuse_superseded(services, kept.version)
    if not asked.reason.strip():
        raise NotAllowed("a change of a plan that runs needs a reason")
    plan, day = kept.plan, chart.day(services.clock(), kept.plan.zone)
    decision = Decision(chart.who, day, asked.reason.strip())
    stops = stops_of(services, chart, loaded, plan)
    if asked.turn in _LETS_REDUCTIONS_GO:
        _refuse_reductions(services, chart, loaded, kept, stops)
    after = what_follows(services, chart, loaded, plan, asked, decision)
    return after if isinstance(after, Infeasible) else Turned(plan, after, stops)


def save_turn(services: Services, chart: OpenChart, version_id: str, asked: Asked, seen: str) -> TaperPlan:
    """Keep what was seen as the next version, after a fresh read of the chart. Not for what makes a draft: `next_version.draft_next`.

    Raises like `turned`, and StoreConflict where what would be saved is not what was seen.
    """
    if asked.turn in MAKES_A_DRAFT:
        raise WrongUsage("a new schedule is approved first")
    others = plans_now(services, chart)
    loaded = load_chart(services, chart, afresh=True)
    after = as_seen(turned(services, chart, loaded, version_id, asked), seen)
    version = version_named(services, chart, version_id).version
    inputs = made_from(loaded.labels, assessment_of(services, chart), version)
    made = as_version(chart, version.plan, after, services.clock(), inputs)
    with alone_with_plans(services, chart, others):
        services.plans.append(made, expected_version=version.version)
        detail = {"plan": after.id, "version": after.version, "replaces": version.id, "state": after.state.value}
        note(services, chart.launch, f"revise-{asked.turn}", "done", detail)
    return after


def as_seen(found: Turned | Infeasible, seen: str) -> TaperPlan:
    """The version, where it is the one that a person saw. Raises StoreConflict."""
    if isinstance(found, Infeasible):
        raise StoreConflict(f"this is not possible any more: {found.message}")
    if found.seen != seen:
        raise StoreConflict("the plan, the chart or the day changed since this was shown: look at it again")
    return found.after


def stops_of(services: Services, chart: OpenChart, loaded: Loaded, plan: TaperPlan) -> tuple[Finding, ...]:
    """What today's chart and intake say against any reduction of a plan that runs; of one that ended, nothing is to be said."""
    if plan.state not in RUNNING:
        return ()
    day = chart.day(services.clock(), plan.zone)
    return stops_today(loaded.reading(day), plan, assessment_of(services, chart).assessed)


def waiting_for_answers(seen: Watch) -> tuple[Hit, ...]:
    """The hits for which the next reduction waits: of level 1 or more, and nobody answered."""
    return tuple(hit for hit in seen.open_hits if hit.level >= Level.HOLD)


def _refuse_reductions(services: Services, chart: OpenChart, loaded: Loaded, kept: Kept, stops: tuple[Finding, ...]) -> None:
    """Raises NotAllowed with every Stop of today, with each alert that nobody answered, and with what could not be read: whether there is
    another one is not known then."""
    plan = kept.plan
    unread = unread_now(loaded, plan, SOURCES_OF_STOPS)
    alerts = waiting_for_answers(watch(services, chart, loaded, kept))
    against = (
        *(f"today's chart stops a reduction: {one.message}" for one in stops),
        *(f"an alert that nobody answered stops a reduction: {one.message} Answer it on the page of alerts." for one in alerts),
        *(f"{says}: whether something stops a reduction is not known: read the chart again" for says in unread),
        *unread_tapers(services, chart, loaded),
    )
    if against:
        raise NotAllowed(*against)


def what_follows(
    services: Services, chart: OpenChart, loaded: Loaded, plan: TaperPlan, asked: Asked, decision: Decision, as_of: date | None = None
) -> TaperPlan | Infeasible:
    """The version that follows from a decision by the chart of now; the same decision again says whether a draft still follows from it.

    `as_of`: the day on which the chart is looked at, that of the decision or a later one. Raises NotAllowed, WrongUsage.
    """
    day = as_of or decision.on
    reading = loaded.reading(day)
    if asked.turn in _NEW_SCHEDULES:
        assessed = assessment_of(services, chart).assessed
        propose = proposing(partial(loaded.reading, day), plan, decision, chart.tenant.id, assessed)
        return _new_schedule(plan, asked, decision, propose, reading.tables.safety.life)
    return _same_schedule(plan, asked, decision, reading.tables.safety.life, other_plans(services, chart, reading))


def _same_schedule(plan: TaperPlan, asked: Asked, decision: Decision, life: LifeRules, others: tuple[TaperPlan, ...]) -> TaperPlan:
    match asked.turn:
        case Turn.HOLD:
            return revision.hold(plan, decision, asked.days)
        case Turn.RESUME:
            return revision.resume(plan, decision, life, others)
        case Turn.REVIEW:
            close = review.override_gate if asked.is_override else review.pass_gate
            return close(plan, _step(asked), decision, life, others)
        case Turn.STOP_AT:
            return revision.stop_at(plan, decision, asked.step)
        case Turn.COMPLETE:
            return lifecycle.complete(plan, decision)
    return lifecycle.revoke(plan, decision)


def _new_schedule(plan: TaperPlan, asked: Asked, decision: Decision, propose: Propose, life: LifeRules) -> TaperPlan | Infeasible:
    match asked.turn:
        case Turn.SLOW:
            return replanning.slow(plan, decision, propose, life, asked.slower)
        case Turn.STEP_BACK:
            return replanning.step_back(plan, decision, _step(asked), asked.days, life)
    strategy, protocol, mg = asked.strategy, asked.protocol, asked.actual_mg
    return replanning.change_strategy(plan, decision, propose, strategy=strategy, protocol=protocol, params=asked.params, actual_mg=mg)


def _step(asked: Asked) -> int:
    if asked.step is None:
        raise WrongUsage("the form does not say which step")
    return asked.step


def _refuse_superseded(services: Services, version: PlanVersion) -> None:
    newest = services.plans.latest(version.plan)
    if newest is None or newest.version != version.version:
        raise StoreConflict(f"version {version.version} is not the newest version of this plan any more")
