"""A plan that is watched, as the words of its page. Nothing is computed here: numbers come from `plans`, words from `render`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup

from fhir_taper.plans.monitoring.assessment import Assessment
from fhir_taper.plans.monitoring.cadence import DueForm
from fhir_taper.plans.monitoring.contact_quantities import CHECK_IN, answered_days, due_days
from fhir_taper.plans.monitoring.moment import Moment, reductions_begun
from fhir_taper.plans.monitoring.outcomes import measured, outcomes_of, watched_from
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.tables.signal_tables import SignalKind, load_signals
from fhir_taper.plans.tapers.in_force import keep_taking
from fhir_taper.render.assessment_words import NotJudged, headline, minute, not_judged
from fhir_taper.render.level_words import LEVEL_MARKS
from fhir_taper.render.outcome_words import OutcomeRow, PaceRow, outcome_rows, outcome_sentences, pace_rows, unknown_outcomes
from fhir_taper.render.pages import title_of
from fhir_taper.render.signal_words import ago, change_words, reading_words, value_words
from fhir_taper.render.watch_chart import watch_chart
from fhir_taper.render.watch_picture import Row, picture_of, rows_of, scores_to_choose
from fhir_taper.workflow.watching import Watch

_ELSEWHERE: Final = frozenset({CHECK_IN, "appointment"})
"""Signals that stand in a section of their own."""
_AHEAD: Final = 28
_MOST_MISSED: Final = 6


@dataclass(frozen=True, slots=True)
class SignalRow:
    """The latest of one signal. `change`: against the patient's own baseline, "" where a signal has none. `note` says why none counts."""

    title: str
    latest: str
    change: str
    baseline: str
    when: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class CheckIns:
    """What is due and what was missed. `why`: why that is not known."""

    rhythm: str
    today: tuple[str, ...]
    next: str
    missed: tuple[str, ...]
    missed_in_all: int
    asked_in_all: int
    why: str


@dataclass(frozen=True, slots=True)
class WatchedPlan:
    """One plan on the page. `keep`: what goes on being taken. `open_alerts`: how many hits nobody answered."""

    id: str
    title: str
    headline: str
    mark: str
    is_blocked: bool
    keep: str
    open_alerts: int
    as_of: str
    signals: tuple[SignalRow, ...]
    set_aside: tuple[tuple[str, str, str, str, str], ...]
    not_judged: tuple[NotJudged, ...]
    unread: tuple[str, ...]
    appointments: tuple[tuple[str, str], ...]
    check_ins: CheckIns
    scores: tuple[tuple[str, str], ...]
    score: str
    chart: Markup
    rows: tuple[Row, ...]
    outcomes: tuple[OutcomeRow, ...]
    unknown: tuple[str, ...]
    paces: tuple[PaceRow, ...]
    sentences: tuple[str, ...]


def watched_view(seen: Watch, due: tuple[DueForm, ...], chosen: str) -> WatchedPlan:
    """The page's part of one plan. `chosen`: the score that was asked for; one without readings is not taken."""
    plan, found = seen.plan, seen.assessment
    moment = watched_from(plan, seen.timeline, found.as_of)
    scores = scores_to_choose(plan, seen.timeline)
    score = chosen if chosen in scores else next(iter(scores), "")
    picture, outcomes = picture_of(moment, seen.history, score), outcomes_of(plan, seen.timeline, found.as_of)
    signals = load_signals().signals
    words = headline(found)
    return WatchedPlan(
        seen.kept.version.id,
        title_of(plan),
        words[:1].upper() + words[1:],
        LEVEL_MARKS[found.level] if seen.open_hits else "",
        found.blocks_reduction,
        _keep(found, keep_taking(plan, moment.today)),
        len(seen.open_hits),
        minute(found.as_of),
        tuple(_signals(moment)),
        tuple(_set_aside(found)),
        not_judged(found, {rule.id: rule.title for rule in load_rules().rules}),
        unread_lines((seen,)),
        tuple(_appointments(moment)),
        _check_ins(seen, moment, due),
        tuple((name, signals[name].title) for name in scores),
        score,
        Markup(watch_chart(picture, f"watch-{plan.id}")),  # noqa: S704 (our own SVG, every text in it escaped)
        rows_of(picture),
        outcome_rows(outcomes),
        unknown_outcomes(outcomes),
        pace_rows(outcomes),
        outcome_sentences(outcomes),
    )


def unread_lines(watched: Iterable[Watch]) -> tuple[str, ...]:
    """What could not be read of what is watched, each once."""
    whys = (one.why for seen in watched for one in seen.timeline.unread)
    return tuple(dict.fromkeys(f"{why[:1].upper()}{why[1:]}" for why in whys))


def _keep(found: Assessment, held: str) -> str:
    words = found.keep_taking or held
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _signals(moment: Moment) -> Iterator[SignalRow]:
    """Every signal of which anything was seen, in the order of signals.csv."""
    for name, signal in load_signals().signals.items():
        anything = moment.timeline.until(name, moment.as_of)
        if name in _ELSEWHERE or not anything:
            continue
        counted = moment.readings(name)
        if not counted:
            many = len(anything)
            says = f"{moment.why_none(name)}: {many} {'value is' if many == 1 else 'values are'} not looked at"
            yield SignalRow(signal.title, "not looked at", "", "", "", "", says)
            continue
        latest, change, before = counted[-1], "", ""
        if signal.kind is SignalKind.NUMBER:
            against = measured(name, moment)
            before = value_words(signal, against.before) if against.before is not None else "no baseline"
            change = change_words(signal, against.change) if against.change is not None else ""
            if against.of > 1 and against.now is not None:
                change = f"{change} (mean of {against.of}: {value_words(signal, against.now)})"
        when = f"{latest.day.isoformat()} ({ago((moment.today - latest.day).days)})"
        yield SignalRow(signal.title, reading_words(signal, latest), change, before, when, ", ".join(latest.sources), "")


def _set_aside(found: Assessment) -> Iterator[tuple[str, str, str, str, str]]:
    """Signal, what was written, day, why it is not used, source; the newest first."""
    signals = load_signals().signals
    for one in sorted(found.set_aside, key=lambda one: one.at, reverse=True):
        title = signals[one.signal].title if one.signal in signals else one.signal
        yield title, one.said, one.at.date().isoformat(), one.why, one.source


def _appointments(moment: Moment) -> Iterator[tuple[str, str]]:
    """What is booked from now on, the next first."""
    for one in moment.timeline.of("appointment"):
        if one.start > moment.as_of and one.answer == "booked":
            yield minute(one.start), one.words or "appointment"


def _check_ins(seen: Watch, moment: Moment, due: tuple[DueForm, ...]) -> CheckIns:
    schedule, today = seen.schedule, moment.today
    rhythm = f"every {schedule.every_days} days" if schedule.every_days > 1 else "every day"
    daily = f", daily for {schedule.daily_days} days after a reduction" if schedule.daily_days else ""
    coming = (day for day in due_days(schedule, _reductions(moment), today + timedelta(days=_AHEAD)) if day > today)
    answered = answered_days(moment)
    missed: list[date] = [] if isinstance(answered, str) else [day for day, came in answered if not came]
    return CheckIns(
        f"{rhythm}{daily}, as chosen by {schedule.chosen_by or 'the risk tier'}",
        tuple(one.form.title for one in due),
        min((day.isoformat() for day in coming), default=""),
        tuple(day.isoformat() for day in missed[-_MOST_MISSED:]),
        len(missed),
        0 if isinstance(answered, str) else len(answered),
        answered if isinstance(answered, str) else "",
    )


def _reductions(moment: Moment) -> tuple[date, ...]:
    """Reductions that began: what is due after the next ones depends on whether they do."""
    return reductions_begun(moment.plan, moment.today)
