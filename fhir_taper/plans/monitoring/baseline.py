"""What a change is measured from: the own baseline, the score before a step, the last one, the lowest, the mean before a window."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from fhir_taper.plans.medicines.dose import Exact, as_exact, brief
from fhir_taper.plans.monitoring.condition import Compare, Less
from fhir_taper.plans.monitoring.moment import Moment, first_reduction, reduction_in_force
from fhir_taper.plans.monitoring.reading import DAY, Reading
from fhir_taper.plans.monitoring.verdict import Evidence
from fhir_taper.plans.tables.signal_tables import BaselineOf


@dataclass(frozen=True, slots=True)
class Reference:
    """A number to compare with, and what it rests on."""

    value: Exact
    evidence: tuple[Evidence, ...]


def reference(condition: Compare, moment: Moment, latest: Reading) -> Reference | str:
    """What the condition compares with, or why there is none."""
    earlier = tuple(one for one in moment.readings(condition.signal) if one.start < latest.start and one.value is not None)
    title = moment.signal(condition.signal).title
    match condition.less:
        case Less.LAST:
            return _of_one(earlier[-1], moment) if earlier else f"{title}: no earlier reading"
        case Less.PRE_STEP:
            return _before_step(condition.signal, moment)
        case Less.LOWEST_SINCE:
            return _lowest_since(condition.signal, moment, earlier)
        case Less.LOWEST_WITHIN:
            return _lowest_within(condition, moment, latest, earlier)
        case Less.BEFORE:
            return _mean_before(condition, moment)
        case _:
            return baseline(condition.signal, moment)


def baseline(name: str, moment: Moment) -> Reference | str:
    """The patient's own baseline of a signal, or why there is none: readings before the first reduction, as the signal's row says."""
    signal = moment.signal(name)
    within = _between(moment, name, moment.plan.steps[0].start, first_reduction(moment.plan))
    if len(within) < signal.baseline_readings:
        return f"{signal.title}: no baseline ({len(within)} of {signal.baseline_readings} readings before the first reduction)"
    return _of_one(within[-1], moment) if signal.baseline is BaselineOf.LAST else _mean(within, moment, "own baseline")


def _before_step(name: str, moment: Moment) -> Reference | str:
    signal = moment.signal(name)
    began = reduction_in_force(moment.plan, moment.today)
    if began is None:
        return f"{signal.title}: no reduction yet to compare with"
    before = _between(moment, name, began, began)
    return _of_one(before[-1], moment) if before else f"{signal.title}: no reading before the last reduction"


def _lowest_since(name: str, moment: Moment, earlier: tuple[Reading, ...]) -> Reference | str:
    """The lowest since the rule's last hit, or since the baseline: the baseline itself counts where there was no hit."""
    own = baseline(name, moment)
    episodes = [one for one in moment.history.of(moment.rule.id) if one.began < moment.as_of]
    if episodes:
        since = [one for one in earlier if one.end >= episodes[-1].began]
    else:
        begins = first_reduction(moment.plan)
        since = [one for one in earlier if begins is not None and one.day >= begins]
    references = [_of_one(one, moment) for one in since] + ([own] if isinstance(own, Reference) and not (episodes and since) else [])
    if not references:
        return own if isinstance(own, str) else f"{moment.signal(name).title}: no earlier reading"
    return min(references, key=lambda one: Fraction(one.value))


def _lowest_within(condition: Compare, moment: Moment, latest: Reading, earlier: tuple[Reading, ...]) -> Reference | str:
    """The lowest of the readings before the latest, in the span that ends with it."""
    span = condition.before
    within = [_of_one(one, moment) for one in earlier if span is None or one.end >= latest.start - span.delta]
    if not within:
        return f"{moment.signal(condition.signal).title}: no reading in the {span} before the latest"
    return min(within, key=lambda one: Fraction(one.value))


def _mean_before(condition: Compare, moment: Moment) -> Reference | str:
    ends = moment.as_of - condition.over.delta if condition.over else moment.as_of
    begins = ends - condition.before.delta if condition.before else ends
    signal = moment.signal(condition.signal)
    within = tuple(one for one in moment.readings(condition.signal) if begins < one.end <= ends and one.value is not None)
    if len(within) < signal.baseline_readings:
        return f"{signal.title}: {len(within)} of {signal.baseline_readings} earlier readings that are needed"
    return _mean(within, moment, "earlier")


def _mean(readings: tuple[Reading, ...], moment: Moment, words: str) -> Reference:
    value = as_exact(sum((Fraction(one.value or 0) for one in readings), Fraction(0)) / len(readings))
    signal = moment.signal(readings[0].signal)
    sources = ", ".join(source for one in (readings[0], readings[-1]) for source in one.sources)
    says = f"{words}: mean {signal.with_unit(brief(value))} of {len(readings)} readings"
    return Reference(value, (Evidence(signal.id, says, readings[-1].start, sources),))


def _of_one(reading: Reading, moment: Moment) -> Reference:
    return Reference(reading.value if reading.value is not None else as_exact(0), (moment.evidence(reading),))


def _between(moment: Moment, name: str, since: date, until: date | None) -> tuple[Reading, ...]:
    """Numbers of a signal before a day (None: all), but not older than its row says before `since`. Days are the patient's own."""
    days = moment.signal(name).baseline_days
    first = since - days * DAY if days else date.min
    return tuple(one for one in moment.readings(name) if one.value is not None and first <= one.day and (until is None or one.day < until))
