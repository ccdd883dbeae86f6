"""assess(plan, timeline, policy, history, as_of): every rule asked of one moment. Pure: the same inputs give the same assessment.

The highest level sets the urgency, the actions of all hits are united, and any level from 1 on blocks the next reduction. Nothing here
raises a dose, and a hold always says what goes on being taken. What cannot be evaluated is listed with its reason, never taken as normal.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Final

from fhir_taper import __version__
from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.dose import Exact, as_exact, brief, one_decimal
from fhir_taper.plans.monitoring.assessment import Assessment, Coverage, Hit, Proposal
from fhir_taper.plans.monitoring.evaluate import evaluate, persists
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, Answer, Episode, History
from fhir_taper.plans.monitoring.moment import Moment
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY, Policy, rules_under
from fhir_taper.plans.monitoring.rule import Clause, Level, Rule
from fhir_taper.plans.monitoring.rules import RuleTables, load_rules
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.staffed import due_at
from fhir_taper.plans.monitoring.timeline import Timeline
from fhir_taper.plans.monitoring.verdict import Evidence, Verdict
from fhir_taper.plans.tables import Tables, load
from fhir_taper.plans.tables.action_tables import load_actions
from fhir_taper.plans.tables.rows import TableEdition
from fhir_taper.plans.tables.signal_tables import SignalTables, load_signals
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.plan import Phase, PlanState, TaperPlan

CONTINUE: Final = "continue"
HOLD: Final = "hold"
"""The word of an answer, and of an action, that pauses the plan."""
_PAUSES: Final = "suspend"
_LOOKED_INTO: Final = frozenset({"ingredients.csv", "findings.toml", "plan_life.csv"})
_OVER: Final = frozenset({PlanState.REVOKED, PlanState.ENTERED_IN_ERROR})
_IN_AFTERCARE: Final = {Level.HOLD: Level.SLOW, Level.STEP_BACK: Level.URGENT}
"""After the last step there is nothing to hold: a hold is more contact, a step back an urgent review (escalation: levels in aftercare)."""


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
    asked = [_Asked(moment, known.asks_again, known.asks_again_urgent) for moment in moments]
    hits = _ranked(hit for one in asked if (hit := one.hit(policy)) is not None)
    ending = tuple(hit for hit in hits if _rule(applied, hit.rule).ends_everything)
    hits = ending or hits
    open_hits = ending or tuple(hit for hit in hits if hit.answer is None)  # what ends everything is not answered away
    level = max((hit.level for hit in open_hits), default=Level.NOTE)
    keep = _keep_taking(followed, as_of, open_hits, applied)
    return Assessment(
        plan=plan.id,
        plan_version=plan.version,
        patient=plan.patient,
        as_of=as_of,
        level=level,
        blocks_reduction=level >= Level.HOLD,
        proposals=_proposals(open_hits, keep, applied),
        due=min((hit.due for hit in open_hits if hit.due is not None), default=None),
        keep_taking=keep,
        hits=hits,
        coverage=tuple(one.coverage() for one in asked),
        set_aside=tuple(one for one in timeline.set_aside if one.at <= as_of),
        remarks=tuple(_remarks(plan, timeline)),
        policy=policy.version,
        program_version=__version__,
        tables=(*known.editions, *load_signals().editions, *_editions(own_tables)),
    )


class _Asked:
    """One rule, asked of one moment."""

    def __init__(self, moment: Moment, asks_again: Span, asks_again_urgent: Span) -> None:
        self.rule = moment.rule
        self.moment = moment
        self.asks_again, self.asks_again_urgent = asks_again, asks_again_urgent
        self.why_not = _why_not(moment.rule, moment.plan)
        self.lasting = moment.history.lasting(moment.rule.id)
        seen = () if self.why_not else tuple(self._seen(clause) for clause in self.rule.clauses)
        self.standing = frozenset(number for number, verdict in enumerate(seen) if not verdict.is_so and self._stands(number, verdict))
        self.verdicts = tuple(replace(one, is_so=True) if number in self.standing else one for number, one in enumerate(seen))

    def hit(self, policy: Policy) -> Hit | None:
        """The hit of the highest clause that holds, or None; among those of one level, of one that rests on what was not shown before."""
        holding = [(self._level(clause), number) for number, clause in enumerate(self._clauses()) if self.verdicts[number].is_so]
        if not holding or self._is_quiet():
            return None
        level, _, number = max((level, self._is_unshown(number), number) for level, number in holding)
        clause, as_of, lasting = self.rule.clauses[number], self.moment.as_of, self.lasting
        others = (one for _, other in sorted(holding, reverse=True) if other != number for one in self.verdicts[other].evidence)
        evidence = tuple(dict.fromkeys((*self.verdicts[number].evidence, *others)))
        answer = self._answer(level, evidence)
        is_asked_anew = lasting is not None and lasting.answer is not None and answer is None
        begins = as_of if lasting is None or is_asked_anew else lasting.began
        is_new = lasting is None or is_asked_anew or level > lasting.level
        return Hit(
            rule=self.rule.id,
            version=self.rule.version,
            level=level,
            clause=number,
            title=self.rule.title,
            message=self._message(number),
            evidence=evidence,
            source=str(clause.source),
            actions=self._actions(clause),
            clears=clause.clear_words,
            due=due_at(as_of if is_new else begins, clause.due, policy.hours, by_the_clock=level is Level.EMERGENCY or self.rule.red_flag),
            since=begins,
            is_new=is_new,
            red_flag=self.rule.red_flag,
            answer=answer,
            clauses=tuple(sorted(one for _, one in holding)),
        )

    def _is_unshown(self, number: int) -> bool:
        shown = set(self.lasting.shown) if self.lasting is not None else set()
        return not {one.identity for one in self.verdicts[number].evidence if one.identity} <= shown

    def _message(self, number: int) -> str:
        """The sentence of a clause; of a hit that only stands, since when, and why nothing ended it."""
        clause, verdict = self.rule.clauses[number], self.verdicts[number]
        if self.lasting is None or number not in self.standing:
            return _worded(clause.says, verdict)
        now = f"now {verdict.evidence[-1].says}, " if verdict.evidence and clause.clears is not None else ""
        why = "; ".join(verdict.why) or f"{now}{'what clears it was not seen' if clause.clears else 'nobody has answered it'}"
        return f"{self.rule.title}: open since {self.lasting.began.date().isoformat()} ({why})."

    def coverage(self) -> Coverage:
        """Whether every clause that could have said more was answered."""
        if self.why_not:
            return Coverage(self.rule.id, evaluable=False, why=self.why_not, applies=False)
        found = max((self._level(clause) for number, clause in enumerate(self._clauses()) if self.verdicts[number].is_so), default=None)
        open_ones = [
            verdict
            for clause, verdict in zip(self._clauses(), self.verdicts, strict=True)
            if verdict.is_so is None and (found is None or self._level(clause) > found)
        ]
        why = tuple(dict.fromkeys(why for verdict in open_ones for why in verdict.why))
        return Coverage(self.rule.id, evaluable=not open_ones, why="; ".join(why))

    def _clauses(self) -> tuple[Clause, ...]:
        return () if self.why_not else self.rule.clauses

    def _seen(self, clause: Clause) -> Verdict:
        """Whether a clause holds now."""
        if clause.persist is None:
            return evaluate(clause.when, self.moment)
        return persists(clause.when, clause.persist, self.moment)

    def _stands(self, number: int, verdict: Verdict) -> bool:
        """Whether a clause that held in the course that lasts goes on (hysteresis).

        A red flag, and what `stands`, goes on until somebody answers, another until it is known to be over. What clears it ends it at once.
        That no data came since is not an end.
        """
        lasting, clause = self.lasting, self.rule.clauses[number]
        if lasting is None:
            return False
        held = lasting.clauses if lasting.version == self.rule.version else ()  # clauses of another version are other clauses
        if number not in held if held else lasting.level < self._level(clause):
            return False
        if clause.clears is not None:
            return not evaluate(clause.clears, self.moment).is_so
        return lasting.answer is None and (self.rule.red_flag or self.rule.stands or verdict.is_so is None)

    def _actions(self, clause: Clause) -> tuple[str, ...]:
        """What a clause proposes; after the last step there is nothing to pause."""
        is_after = self.moment.plan.phase is Phase.AFTERCARE
        return tuple(one for one in clause.actions if not (is_after and load_actions()[one].task == _PAUSES))

    def _level(self, clause: Clause) -> Level:
        is_after = self.moment.plan.phase is Phase.AFTERCARE
        return _IN_AFTERCARE.get(clause.level, clause.level) if is_after else clause.level

    def _is_quiet(self) -> bool:
        """Whether the rule had its say too recently to begin a new course."""
        if self.rule.quiet is None or self.lasting is not None:
            return False
        earlier = self.moment.history.of(self.rule.id)
        return bool(earlier) and self.moment.as_of - earlier[-1].began < self.rule.quiet.delta

    def _answer(self, level: Level, evidence: tuple[Evidence, ...]) -> Answer | None:
        """What a person decided, where it was about at least this level.

        About a red flag, what `stands` and what is urgent it was decided for what had been shown, and nothing newer. But for a red flag it
        is asked again after a while, sooner where it is urgent. Who answered with a hold is not asked for one again while it lasts.
        """
        lasting = self.lasting
        if lasting is None or lasting.answer is None or lasting.level < level:
            return None
        if level <= Level.HOLD and lasting.answer.what == HOLD and self.moment.plan.state is PlanState.ON_HOLD:
            return lasting.answer
        must_be_shown = self.rule.red_flag or self.rule.stands
        seen = {one.identity for one in evidence if one.identity}
        if seen and (must_be_shown or level >= Level.URGENT) and not seen <= set(lasting.shown):
            return None
        if seen and must_be_shown:
            return lasting.answer
        holds_for = self.asks_again_urgent if level >= Level.URGENT else self.asks_again
        return lasting.answer if self.moment.as_of - lasting.answer.at < holds_for.delta else None


def _as_followed(plan: TaperPlan) -> TaperPlan:
    """A draft as if it was followed from its first day: nobody can have passed its reviews."""
    return replace(plan, gates=()) if plan.state is PlanState.DRAFT else plan


def _why_not(rule: Rule, plan: TaperPlan) -> str:
    """Why a rule is not asked of this plan at all."""
    if plan.state in _OVER:
        return f"the plan is {plan.state}"
    if rule.classes and plan.drug_class not in rule.classes:
        return f"for {', '.join(rule.classes)} only"
    if plan.phase not in rule.phases:
        return f"for the phase {', '.join(rule.phases)} only"
    return ""


def _worded(says: str, verdict: Verdict) -> str:
    """The sentence with what was seen in it."""
    for name, value in verdict.values.items():
        says = says.replace(f"{{{name}}}", value if isinstance(value, str) else _number(value, name))
    return says


def _number(value: Exact, name: str) -> str:
    return one_decimal(as_exact(abs(Fraction(value))) if name.endswith(".change") else value)


def _ranked(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(hits, key=lambda hit: (-hit.level, hit.answer is not None, hit.rule)))


def _rule(rules: tuple[Rule, ...], rule_id: str) -> Rule:
    return next(rule for rule in rules if rule.id == rule_id)


def _keep_taking(plan: TaperPlan, as_of: datetime, hits: tuple[Hit, ...], rules: tuple[Rule, ...]) -> str:
    """What a hold says goes on: today's dose. Nothing where a clinician decides first, or nothing is taken."""
    if plan.phase is Phase.AFTERCARE or not any(hit.level >= Level.HOLD for hit in hits):
        return ""
    if any(_rule(rules, hit.rule).no_continuation or _rule(rules, hit.rule).ends_everything for hit in hits):
        return ""
    step = step_in_force(plan, as_of.date())
    doses = [(dose.ingredient, step.mg_per_day(dose.ingredient)) for dose in step.doses if dose.units]
    if not doses:
        return ""
    said = " and ".join(f"{brief(mg)} mg {name} a day" for name, mg in doses)
    return f"pause reductions, keep taking {said}, and keep it supplied"


def _proposals(hits: tuple[Hit, ...], keep: str, rules: tuple[Rule, ...]) -> tuple[Proposal, ...]:
    """The actions of all hits, each once, those of the most urgent first; continuation last.

    A hold keeps today's dose: where a clinician decides first, that is not said beside it.
    """
    without = HOLD if any(_rule(rules, hit.rule).no_continuation for hit in hits) else ""
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


def _remarks(plan: TaperPlan, timeline: Timeline) -> Iterable[str]:
    if plan.state is PlanState.DRAFT:
        yield "the plan is a draft that nobody has approved: assessed as if it was followed from its first day"
    for one in timeline.unread:
        yield f"{one.kind} records were not read: {one.why}"
    yield "this is not a monitoring service outside staffed hours"


def remember(history: History, assessment: Assessment) -> History:
    """The history with an assessment: courses that go on, begin and end. Answers stay with their course.

    An assessment of an instant before what is known of a course says nothing of that course.
    """
    hits = {hit.rule: hit for hit in assessment.hits}
    evaluable = {one.rule: one.evaluable for one in assessment.coverage}
    at = assessment.as_of
    kept: list[Episode] = []
    for one in history.episodes:
        is_later = at < one.seen
        if one.ended is not None or one.rule not in evaluable or is_later:
            kept.append(one)
            if is_later:
                hits.pop(one.rule, None)
            continue
        hit = hits.get(one.rule)
        if hit is None or (hit.is_new and one.answer is not None):
            kept.append(replace(one, ended=at) if hit is not None or evaluable[one.rule] else one)
        else:
            kept.append(_going_on(hits.pop(one.rule), one, at))
    kept.extend(
        Episode(hit.rule, hit.version, hit.level, at, at, _shown(hit), clauses=hit.clauses) for hit in assessment.hits if hit.rule in hits
    )
    return History(tuple(sorted(kept, key=lambda one: (one.began, one.rule))))


def _going_on(hit: Hit, one: Episode, at: datetime) -> Episode:
    """The course with one more hit. After an answer its level is that of the hit: what falls and rises again is told again."""
    if one.answer is not None:
        return replace(one, seen=at, level=hit.level, clauses=hit.clauses)
    level = Level(max(one.level, hit.level))
    shown = tuple(dict.fromkeys((*one.shown, *_shown(hit))))
    return replace(one, seen=at, version=hit.version, level=level, shown=shown, clauses=tuple(sorted({*one.clauses, *hit.clauses})))


def _shown(hit: Hit) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.identity for one in hit.evidence if one.identity))
