"""One rule, asked of one moment: whether a clause holds or stands, whether somebody answered it, and what could not be judged."""

import re
from dataclasses import replace
from fractions import Fraction
from typing import Final

from fhir_taper.plans.medicines.dose import Exact, as_exact, one_decimal
from fhir_taper.plans.monitoring.assessment import Coverage, Hit
from fhir_taper.plans.monitoring.evaluate import evaluate, persists
from fhir_taper.plans.monitoring.history import Answer
from fhir_taper.plans.monitoring.moment import Moment
from fhir_taper.plans.monitoring.policy import Policy
from fhir_taper.plans.monitoring.rule import Clause, Level, Rule
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.staffed import due_at
from fhir_taper.plans.monitoring.verdict import Evidence, Verdict
from fhir_taper.plans.tables.action_tables import load_actions
from fhir_taper.plans.tapers.plan import Phase, PlanState, TaperPlan

HOLD: Final = "hold"
"""The word of an answer, and of an action, that pauses the plan."""
_NAMED: Final = re.compile(r"\{([^{}]+)\}")
_PAUSES: Final = "suspend"
_OVER: Final = frozenset({PlanState.REVOKED, PlanState.ENTERED_IN_ERROR})
_IN_AFTERCARE: Final = {Level.HOLD: Level.SLOW, Level.STEP_BACK: Level.URGENT}
"""After the last step there is nothing to hold: a hold is more contact, a step back an urgent review (escalation: levels in aftercare)."""


class AskedRule:
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
    """The sentence with what was seen in it. What was seen is not read as a sentence: words of a chart may hold braces."""

    def seen(named: re.Match[str]) -> str:
        value = verdict.values.get(named[1])
        if value is None:
            return named[0]
        return value if isinstance(value, str) else _number(value, named[1])

    return _NAMED.sub(seen, says)


def _number(value: Exact, name: str) -> str:
    return one_decimal(as_exact(abs(Fraction(value))) if name.endswith(".change") else value)
