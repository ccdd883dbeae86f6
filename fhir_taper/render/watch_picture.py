"""From a plan and its timeline to the picture of it (`watch_chart`), and to the table with the same data.

The dose is drawn in mg of the plan's first medicine; where the plan gives two, both as mg of the first by the plan's own equivalents.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import Exact, as_exact, divide, dose_for_people, larger
from fhir_taper.plans.monitoring.contact_quantities import CHECK_IN, answered_days
from fhir_taper.plans.monitoring.history import History
from fhir_taper.plans.monitoring.moment import Moment, reductions_begun
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.timeline import Timeline
from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.plans.tables.signal_tables import SignalKind, load_signals
from fhir_taper.plans.tapers.holds import holds_of
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.reductions import ingredients_of
from fhir_taper.plans.tapers.revision import dose_words
from fhir_taper.render.level_words import LEVEL_WORDS
from fhir_taper.render.series import is_cross_over, series_of
from fhir_taper.render.signal_words import unit_words, value_words
from fhir_taper.render.watch_chart import Panel, Point, Stretch, Watched
from fhir_taper.render.watch_marks import Happened, Mark

_DAY: Final = timedelta(days=1)
_SCORE: Final = "{score}"
_MINUTES: Final = 60
_AHEAD: Final = 56 * _DAY
"""So much of what is planned is drawn to the right of today; a plan of two years would leave no room for what was."""
_BEFORE: Final = 14 * _DAY
_BENZODIAZEPINE: Final = ("ciwa-b", "bwsq", "gad7", "isi", "phq9", "symptoms", "sleep")
_MOST_RELEVANT: Final = {
    DrugClass.OPIOID: ("cows", "sows", "peg", "pain", "phq9", "symptoms", "sleep"),
    DrugClass.BENZODIAZEPINE: _BENZODIAZEPINE,
    DrugClass.Z_DRUG: ("isi", "sleep", *_BENZODIAZEPINE),
}
_APPOINTMENTS: Final = {"fulfilled": Happened.VISIT, "noshow": Happened.MISSED_VISIT, "cancelled": Happened.MISSED_VISIT}
_BOOKED: Final = "booked"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table beside the chart."""

    on: date
    what: str
    says: str


def scores_to_choose(plan: TaperPlan, timeline: Timeline) -> tuple[str, ...]:
    """The numbers that have readings: first those that matter most for the class of the plan, the others in the order of signals.csv."""
    there = [name for name, one in load_signals().signals.items() if one.kind is SignalKind.NUMBER and timeline.of(name)]
    first = [name for name in _MOST_RELEVANT.get(plan.drug_class, ()) if name in there]
    return (*first, *(name for name in there if name not in first))


def picture_of(moment: Moment, history: History, score: str = "") -> Watched:
    """What is drawn of a plan at a moment. `score` is a signal; "" leaves the second panel out."""
    plan, timeline, today = moment.plan, moment.timeline, moment.today
    line = series_of(plan)
    panel = _panel(moment, score) if score else None
    title = f"{plan.drug}: dose{f' and {panel.title}' if panel else ''} over time"
    return Watched(
        title,
        _first(moment, panel),
        max(today + _BEFORE, min(line.end, today + _AHEAD)),
        today,
        line,
        tuple(_ordered(plan, timeline)),
        holds_of(plan, today),
        panel,
        tuple(sorted(set(_marks(moment, history)), key=lambda mark: (mark.on, mark.kind.name, mark.says))),
        f"mg {plan.ingredient} per day",
    )


def rows_of(seen: Watched) -> tuple[Row, ...]:
    """The table of a picture, the newest first. Everything that is drawn up to its last day stands in it."""
    rows = [Row(level.start, "Planned dose", f"{dose_for_people(level.mg)} mg a day") for level in seen.planned.levels]
    rows += [Row(one.start, "Ordered dose", f"{dose_for_people(one.mg)} mg a day, until {one.end.isoformat()}") for one in seen.ordered]
    rows += [Row(start, "Hold", f"reductions paused until {end.isoformat()}") for start, end in seen.holds]
    if seen.panel is not None:
        rows += [Row(one.on, seen.panel.title, one.says) for one in seen.panel.points]
    rows += [Row(mark.on, mark.kind.value.capitalize(), mark.says) for mark in seen.marks]
    return tuple(sorted((row for row in rows if row.on <= seen.last), key=lambda row: row.on, reverse=True))


def _first(moment: Moment, panel: Panel | None) -> date:
    """The plan's first day, or that of the first value that is drawn."""
    return min([moment.plan.steps[0].start, *(one.on for one in (panel.points if panel else ()))])


def _panel(moment: Moment, name: str) -> Panel:
    """The values of a score since the plan began, and as long before as its baseline goes back."""
    signal, scale = moment.signal(name), load_scales().get(name)
    since = moment.plan.steps[0].start - signal.baseline_days * _DAY
    readings = [one for one in moment.readings(name) if one.value is not None and one.day >= since]
    per = _MINUTES if signal.unit == "min" else 1
    values = [(one.day, divide(one.value, as_exact(per)), value_words(signal, one.value)) for one in readings if one.value is not None]
    low: Exact = signal.low if signal.low is not None else as_exact(0)
    high: Exact = signal.high if signal.high is not None else as_exact(1)
    if signal.unit != _SCORE and values:  # of what has no worst value, the axis goes as far as was measured
        low, high = as_exact(0), larger(as_exact(0), *(value for _, value, _ in values)) or as_exact(1)
    points = tuple(Point(day, value, says) for day, value, says in values)
    return Panel(f"{signal.title}{unit_words(signal)}", low, high, points, scale.bands if scale else ())


def _ordered(plan: TaperPlan, timeline: Timeline) -> Iterator[Stretch]:
    """What was ordered, as mg of the first medicine; nothing where it is not known."""
    factors = _per_mg(plan)
    stretches = [one for one in timeline.doses if one.of in factors]
    days = sorted({one.start for one in stretches} | {one.end + _DAY for one in stretches})
    for start, after in pairwise(days):
        now = {one.of: one.amount for one in stretches if one.start <= start <= one.end}
        amounts = [Fraction(amount) * factors[name] for name, amount in now.items() if amount is not None]
        if factors and len(amounts) == len(factors):
            yield Stretch(start, after - _DAY, as_exact(sum(amounts, Fraction(0))))


def _per_mg(plan: TaperPlan) -> dict[str, Fraction]:
    """mg of the first medicine that one mg of each of the plan's is as much as; empty where the plan cannot convert."""
    if not is_cross_over(plan):
        return {plan.ingredient: Fraction(1)}
    known = {one.ingredient: Fraction(one.high) for one in plan.equivalents}
    names = dict.fromkeys(name for step in plan.steps for name in ingredients_of(step))
    own = known.get(plan.ingredient)
    return {name: known[name] / own for name in names} if own and all(name in known for name in names) else {}


def _marks(moment: Moment, history: History) -> Iterator[Mark]:
    yield from _of_the_plan(moment)
    yield from _visits(moment)
    yield from _check_ins(moment)
    titles = {rule.id: rule.title for rule in load_rules().rules}
    for episode in history.episodes:
        is_open = episode.ended is None and episode.answer is None
        after = "" if is_open else f", answered: {episode.answer.what}" if episode.answer else ", over"
        says = f"{titles.get(episode.rule, episode.rule)} ({LEVEL_WORDS[episode.level]}){after}"
        yield Mark(Happened.ALERT if is_open else Happened.ANSWERED, episode.began.date(), says)


def _of_the_plan(moment: Moment) -> Iterator[Mark]:
    plan, today = moment.plan, moment.today
    for day in reductions_begun(plan, today):
        yield Mark(Happened.REDUCTION, day, f"reduction to {dose_words(plan.step_on(day))}")
    for start, end in holds_of(plan, today):
        yield Mark(Happened.HOLD, start, "reductions paused")
        if end < today:
            yield Mark(Happened.RESUME, end, "the pause ended")


def _visits(moment: Moment) -> Iterator[Mark]:
    for one in moment.timeline.of("appointment"):
        words = one.words or "appointment"
        if one.start > moment.as_of and one.answer == _BOOKED:
            yield Mark(Happened.BOOKED, one.day, words)
        elif one.start <= moment.as_of and one.answer in _APPOINTMENTS:
            kind = _APPOINTMENTS[one.answer]
            yield Mark(kind, one.day, f"{words}{': not kept' if kind is Happened.MISSED_VISIT else ''}")
    for one in moment.readings("admission"):
        yield Mark(Happened.VISIT, one.day, f"{one.answer or 'admission'} {one.words}".strip())


def _check_ins(moment: Moment) -> Iterator[Mark]:
    """One mark a day, however many forms came on it."""
    for one in moment.readings(CHECK_IN):
        yield Mark(Happened.CHECK_IN, one.day, "check-in came")
    answered = answered_days(moment)
    for day, came in answered if not isinstance(answered, str) else ():
        if not came:
            yield Mark(Happened.MISSED_CHECK_IN, day, "no check-in came")
