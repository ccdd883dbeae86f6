"""What the rules found, as the words of the page of alerts: open ones, answered ones, and what is over."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fhir_taper.plans.monitoring.assessment import Hit
from fhir_taper.plans.monitoring.history import Answer, Episode
from fhir_taper.plans.monitoring.released import released_reduction
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.tables.action_tables import load_actions
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.render.assessment_words import evidence_words, minute
from fhir_taper.render.level_words import ANSWER_WORDS, LEVEL_MARKS, LEVEL_WORDS
from fhir_taper.render.pages import title_of
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.watching import Watch, shown_of

_MOST_EARLIER: Final = 50


@dataclass(frozen=True, slots=True)
class Answered:
    """What a person decided, who, when and why."""

    what: str
    by: str
    when: str
    reason: str


@dataclass(frozen=True, slots=True)
class AlertView:
    """One hit. `id` is its own on the page; `shown` goes back with an answer, which counts for what was shown alone."""

    id: str
    rule: str
    version: int
    level: str
    mark: str
    title: str
    message: str
    since: str
    due: str
    evidence: tuple[tuple[str, str, str], ...]
    actions: tuple[str, ...]
    clears: str
    source: str
    is_red_flag: bool
    blocks: bool
    shown: str
    answer: Answered | None
    plan: str
    plan_title: str
    is_held: bool


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """One course of a rule that is over, or of which nobody can say now whether it is."""

    title: str
    level: str
    began: str
    ended: str
    answer: Answered | None


@dataclass(frozen=True, slots=True)
class Released:
    """A plan with an open alert whose reduction of a day begins, or began, by itself: its review was passed before it was found."""

    plan: str
    title: str
    day: str
    has_begun: bool


@dataclass(frozen=True, slots=True)
class AlertsView:
    """`open` and `notes` (nothing waits for them) are not answered yet; the most urgent first. `released`: what does not wait."""

    open: tuple[AlertView, ...]
    notes: tuple[AlertView, ...]
    answered: tuple[AlertView, ...]
    earlier: tuple[EarlierRow, ...]
    released: tuple[Released, ...]


def alerts_view(seen: tuple[Watch, ...], chart: OpenChart) -> AlertsView:
    """Everything that the rules say of the plans that are watched."""
    hits = [(one, hit) for one in seen for hit in one.assessment.hits]
    shown = [(hit, _alert(one, hit, chart)) for one, hit in sorted(hits, key=lambda pair: (-pair[1].level, pair[1].since, pair[1].rule))]
    over = [(one, watch) for watch in seen for one in _over(watch)]
    over.sort(key=lambda pair: pair[0].ended or pair[0].began, reverse=True)
    return AlertsView(
        tuple(view for hit, view in shown if hit.answer is None and hit.level >= Level.HOLD),
        tuple(view for hit, view in shown if hit.answer is None and hit.level < Level.HOLD),
        tuple(view for hit, view in shown if hit.answer is not None),
        tuple(_earlier(one, watch, chart) for one, watch in over[:_MOST_EARLIER]),
        tuple(released_view(seen)),
    )


def released_view(seen: Iterable[Watch]) -> Iterator[Released]:
    """The plans with an open alert of which one reduction does not wait."""
    for one in seen:
        today = one.assessment.as_of.date()
        day = released_reduction(one.plan, one.open_hits, today)
        if day is not None:
            yield Released(one.kept.version.id, title_of(one.plan), day.isoformat(), day <= today)


def _over(seen: Watch) -> Iterator[Episode]:
    """Courses that ended, and those that were answered and cannot be judged now: nobody knows whether they last."""
    standing = {hit.rule for hit in seen.assessment.hits}
    return (one for one in seen.history.episodes if one.ended is not None or one.rule not in standing)


def _alert(seen: Watch, hit: Hit, chart: OpenChart) -> AlertView:
    actions = load_actions()
    return AlertView(
        f"{seen.kept.version.id}-{hit.rule}",
        hit.rule,
        hit.version,
        LEVEL_WORDS[hit.level],
        LEVEL_MARKS[hit.level],
        hit.title,
        hit.message,
        minute(hit.since),
        minute(hit.due) if hit.due else "",
        tuple((evidence_words(one), minute(one.at), one.source) for one in reversed(hit.evidence)),
        tuple(actions[one].says for one in hit.actions),
        hit.clears,
        hit.source,
        hit.red_flag,
        hit.level >= Level.HOLD,
        shown_of(hit),
        _answer(hit.answer, seen, chart),
        seen.kept.version.id,
        title_of(seen.plan),
        seen.plan.state is PlanState.ON_HOLD,
    )


def _earlier(one: Episode, seen: Watch, chart: OpenChart) -> EarlierRow:
    titles = {rule.id: rule.title for rule in load_rules().rules}
    ended = minute(one.ended) if one.ended else "not known: it cannot be judged now"
    return EarlierRow(titles.get(one.rule, one.rule), LEVEL_WORDS[one.level], minute(one.began), ended, _answer(one.answer, seen, chart))


def _answer(found: Answer | None, seen: Watch, chart: OpenChart) -> Answered | None:
    if found is None:
        return None
    when = f"{chart.local(found.at, seen.plan.zone or None):%Y-%m-%d %H:%M}"
    return Answered(ANSWER_WORDS.get(found.what, found.what), found.by, when, found.reason)
