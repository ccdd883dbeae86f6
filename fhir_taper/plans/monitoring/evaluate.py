"""What a condition of the rule language says of a moment: so, not so, or not known, for a reason.

One function per kind of condition. Nothing is guessed: no reading, one that is too old, one without consent, a record that was not read,
all are "not known". No clinical number stands here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from fhir_taper.plans.medicines.dose import Exact, as_exact, divide, multiply
from fhir_taper.plans.monitoring.baseline import reference
from fhir_taper.plans.monitoring.condition import (
    Answered,
    Compare,
    Condition,
    Earlier,
    Enters,
    Every,
    Happened,
    Match,
    Missing,
    No,
    NotKnown,
    Of,
    Op,
    Patient,
    Persist,
    Quantity,
    Some,
    Takes,
)
from fhir_taper.plans.monitoring.derived import Derived
from fhir_taper.plans.monitoring.moment import Moment
from fhir_taper.plans.monitoring.quantities import QUANTITIES
from fhir_taper.plans.monitoring.reading import Reading
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.taken import is_taken, taken_since
from fhir_taper.plans.monitoring.timeline import Record
from fhir_taper.plans.monitoring.verdict import Evidence, Verdict, every, known, no, not_known, some, unknown
from fhir_taper.plans.tables.signal_tables import Worse

_HUNDRED: Final = Fraction(100)
_SEXES: Final = frozenset({"female", "male"})
_COMPARE: Final[Mapping[Op, Callable[[Any, Any], bool]]] = {
    Op.ABOVE: lambda left, right: left > right,
    Op.AT_LEAST: lambda left, right: left >= right,
    Op.BELOW: lambda left, right: left < right,
    Op.AT_MOST: lambda left, right: left <= right,
    Op.EQUAL: lambda left, right: left == right,
}


def evaluate(condition: Condition, moment: Moment) -> Verdict:
    """The answer to a condition."""
    return _ANSWERS[type(condition)](condition, moment)


def persists(condition: Condition, persist: Persist, moment: Moment) -> Verdict:
    """Whether a condition held at the time of each of the last readings of a signal: see `Persist`."""
    latest = _latest(persist.signal, moment)
    if isinstance(latest, Verdict):
        return latest
    readings = moment.readings(persist.signal)
    if persist.within is not None:
        begins = latest.start - persist.within.delta
        readings = tuple(one for one in readings if one.end >= begins)
    held: list[Verdict] = []
    first = last = None
    for reading in reversed(readings):
        verdict = evaluate(condition, moment.at(reading.start))
        if not verdict.is_so:
            if not held:
                return _unless_doubted(verdict, latest, moment)
            break
        held.append(verdict)
        last, first = last or reading, reading
        if len(held) >= persist.readings and _is_apart(first, last, persist):
            return every(reversed(held))
    return _unless_doubted(known((one for verdict in held for one in verdict.evidence), is_so=False), latest, moment)


def holds(op: Op, left: Exact, right: Exact) -> bool:
    """A comparison of exact numbers."""
    return _COMPARE[op](Fraction(left), Fraction(right))


def _is_apart(first: Reading, last: Reading, persist: Persist) -> bool:
    """Certainly so: what is known to the day only may have been at its end, and the last at its beginning."""
    return persist.apart is None or last.start - first.end >= persist.apart.delta


def _latest(name: str, moment: Moment) -> Reading | Verdict:
    """The latest reading that is not too old; else why there is none."""
    readings = moment.readings(name)
    if not readings:
        return unknown(moment.why_none(name))
    latest = _worst_of_the_last(readings, moment.signal(name).worse)
    counts_for = moment.rule.stale_after(name)
    if counts_for is not None and moment.as_of - latest.end > counts_for.delta:
        when = latest.end.isoformat(sep=" ", timespec="minutes")
        return unknown(f"{moment.signal(name).title}: stale, the last reading is of {when} and counts for {counts_for}")
    return latest


def _worst_of_the_last(readings: tuple[Reading, ...], worse: Worse) -> Reading:
    """Of readings that may be of one instant (a day, and a time of that day) the worst: nobody knows which came last."""
    together = [one for one in readings if one.end >= readings[-1].start and one.value is not None]
    if len(together) <= 1 or worse is Worse.EITHER:
        return readings[-1]
    pick = max if worse is Worse.HIGHER else min
    return pick(together, key=lambda one: Fraction(one.value or 0))


def _unless_doubted(verdict: Verdict, latest: Reading, moment: Moment, begins: datetime | None = None) -> Verdict:
    """What is not so by the latest reading is not known where a newer value was set aside or withheld: that one may have been so.

    `begins`: the same of any value since then, where one of any age in a window decides.
    """
    if verdict.is_so is not False:
        return verdict
    since = latest.start if begins is None else min(begins, latest.start)
    why = moment.why_doubted(latest.signal, since, is_newer=since == latest.start)
    return unknown(why) if why else verdict


def _compare(condition: Compare, moment: Moment) -> Verdict:
    latest = _latest(condition.signal, moment)
    if isinstance(latest, Verdict):
        return latest
    begins = moment.as_of - condition.over.delta if condition.over and condition.of is not Of.MEAN else None
    return _unless_doubted(_compared(condition, latest, moment), latest, moment, begins)


def _compared(condition: Compare, latest: Reading, moment: Moment) -> Verdict:
    readings = _within(condition.over, moment.readings(condition.signal), moment) if condition.over else (latest,)
    if condition.of is Of.COUNT:
        return _count(condition, readings, moment)
    if len(readings) < condition.readings:
        return unknown(f"{moment.signal(condition.signal).title}: {len(readings)} of {condition.readings} readings that are needed")
    value = _figure(condition.of, readings)
    evidence = tuple(moment.evidence(one) for one in (readings if condition.of is Of.MEAN else (_which(condition.of, readings, value),)))
    if condition.less is None:
        return known(evidence, is_so=holds(condition.op, value, condition.value), **{condition.signal: value})
    compared = reference(condition, moment, latest)
    if isinstance(compared, str):
        return unknown(compared)
    change: Exact = as_exact(Fraction(value) - Fraction(compared.value))
    evidence = (*(replace(one, is_reference=True) for one in compared.evidence), *evidence)
    values = {condition.signal: value, f"{condition.signal}.change": change, f"{condition.signal}.before": compared.value}
    if not condition.percent:
        return known(evidence, is_so=holds(condition.op, change, condition.value), **values)
    if compared.value == 0:  # a rise from nothing is above every percent, and no change is none
        is_beyond = bool(change) and (change > 0) == (condition.value > 0)
        return known(evidence, is_so=is_beyond if condition.op in (Op.ABOVE, Op.AT_LEAST) else not is_beyond, **values)
    percent = divide(multiply(change, as_exact(_HUNDRED)), compared.value)
    return known(evidence, is_so=holds(condition.op, percent, condition.value), **values)


def _within(span: Span, readings: tuple[Reading, ...], moment: Moment) -> tuple[Reading, ...]:
    begins = moment.as_of - span.delta
    return tuple(one for one in readings if one.end > begins)


def _count(condition: Compare, readings: tuple[Reading, ...], moment: Moment) -> Verdict:
    matching = tuple(one for one in readings if _meets(one, condition.matching))
    evidence = tuple(moment.evidence(one) for one in matching)
    is_so = holds(condition.op, as_exact(len(matching)), condition.value)
    if not is_so and len(readings) < condition.readings:
        return unknown(f"{moment.signal(condition.signal).title}: {len(readings)} of {condition.readings} readings that are needed")
    return known(evidence, is_so=is_so, **{f"{condition.signal}.count": as_exact(len(matching))})


def _meets(reading: Reading, match: Match | None) -> bool:
    return match is None or (reading.value is not None and holds(match.op, reading.value, match.value))


def _figure(of: Of, readings: tuple[Reading, ...]) -> Exact:
    values = [Fraction(one.value or 0) for one in readings]
    if of is Of.MEAN:
        return as_exact(sum(values, Fraction(0)) / len(values))
    return as_exact({Of.LOWEST: min, Of.HIGHEST: max}.get(of, lambda found: found[-1])(values))


def _which(of: Of, readings: tuple[Reading, ...], value: Exact) -> Reading:
    return readings[-1] if of is Of.LATEST else next(one for one in readings if Fraction(one.value or 0) == Fraction(value))


def _enters(condition: Enters, moment: Moment) -> Verdict:
    latest = _latest(condition.signal, moment)
    if isinstance(latest, Verdict):
        return latest
    is_higher = moment.signal(condition.signal).worse is not Worse.LOWER
    op = Op.AT_LEAST if is_higher else Op.AT_MOST
    value = latest.value if latest.value is not None else as_exact(0)
    if not holds(op, value, condition.value):
        return _unless_doubted(known((moment.evidence(latest),), is_so=False, **{condition.signal: value}), latest, moment)
    before = [one for one in moment.readings(condition.signal) if one.start < latest.start and one.value is not None]
    is_entry = not before or not holds(op, before[-1].value or as_exact(0), condition.value)
    return known((moment.evidence(one) for one in (*before[-1:], latest)), is_so=is_entry, **{condition.signal: value})


def _answered(condition: Answered, moment: Moment) -> Verdict:
    latest = _latest(condition.signal, moment)
    if isinstance(latest, Verdict):
        return latest
    together = [one for one in moment.readings(condition.signal) if one.end >= latest.start]  # nobody knows which came last
    named = [one for one in together if one.answer in condition.answers]
    return _unless_doubted(known((moment.evidence(one) for one in named or [latest]), is_so=bool(named)), latest, moment)


def _happened(condition: Happened, moment: Moment) -> Verdict:
    begins = moment.as_of - condition.within.delta if condition.within else None
    until = moment.as_of - condition.ago.delta if condition.ago else moment.as_of
    named = (one for one in moment.readings(condition.signal) if not condition.answers or one.answer in condition.answers)
    found = tuple(one for one in named if (begins is None or one.end >= begins) and (condition.ago is None or one.end <= until))
    evidence = tuple(moment.evidence(one) for one in found)
    if len(found) >= condition.times:
        return known(evidence, is_so=True, **{condition.signal: evidence[-1].says})
    return _not_looked_for(condition.signal, moment, begins) or known(evidence, is_so=False)


def _not_looked_for(name: str, moment: Moment, since: datetime | None) -> Verdict | None:
    """Not known, where something that could say it was not read, where nothing of the kind was there at all, or where something was set
    aside that may be of the time since then."""
    signal, timeline = moment.signal(name), moment.timeline
    unread = [why for kind in signal.records if (why := timeline.why_unread(Record(kind)))]
    if unread:
        return unknown(f"{signal.title}: not read ({'; '.join(unread)})")
    if not any(Record(kind) in timeline.read for kind in signal.records):
        return unknown(f"{signal.title}: no {' or '.join(signal.records)} was read")
    aside = [one for one in timeline.put_aside(name) if one.at <= moment.as_of and (since is None or one.at >= since)]
    return unknown(f"{signal.title}: set aside ({aside[-1].why})") if aside else None


def _missing(condition: Missing, moment: Moment) -> Verdict:
    latest = _latest(condition.after, moment)
    if isinstance(latest, Verdict):
        return latest
    counts_for = moment.rule.stale_after(condition.after)
    asked = [one for one in moment.readings(condition.after) if _meets(one, condition.matching)]
    asked = [one for one in asked if counts_for is None or moment.as_of - one.end <= counts_for.delta]
    if not asked:
        return _unless_doubted(known((moment.evidence(latest),), is_so=False), latest, moment)
    after = asked[-1]
    since = [one for one in moment.readings(condition.signal) if one.start >= after.end or (one.start, one.end) == (after.start, after.end)]
    if since:
        return known((moment.evidence(since[-1]),), is_so=False)
    has_waited = condition.waited is None or moment.as_of - after.end >= condition.waited.delta
    values = {} if after.value is None else {condition.after: after.value}
    return known((moment.evidence(after),), is_so=has_waited, **values)


def _quantity(condition: Quantity, moment: Moment) -> Verdict:
    derived: Derived = QUANTITIES[condition.quantity](moment, condition)
    if derived.value is None:
        return unknown(derived.why) if derived.why else known(is_so=False)
    name, is_so = condition.quantity, holds(condition.op, derived.value, condition.value)
    if derived.why and is_so is (condition.op in (Op.ABOVE, Op.AT_LEAST, Op.EQUAL)):
        return unknown(derived.why)
    evidence = derived.evidence or (Evidence(name, derived.says, moment.as_of),)
    return known(evidence, is_so=is_so, **{name: derived.value, f"{name}.says": derived.says})


def _takes(condition: Takes, moment: Moment) -> Verdict:
    why = moment.timeline.why_unseen(Record.ORDER)
    taken = [one for one in moment.timeline.orders if is_taken(one, condition.medicine, moment.today)]
    if condition.begun_within:
        first, gap_days = (moment.as_of - condition.begun_within.delta).date(), moment.tables.safety.life.renewal_gap_days
        taken = [one for one in taken if taken_since(one, moment.timeline.orders, gap_days) >= first]
    if taken:
        return known((Evidence(condition.medicine, one.words, moment.midnight(one.start), one.source) for one in taken), is_so=True)
    return unknown(f"orders were not read ({why})") if why else known(is_so=False)


def _earlier(condition: Earlier, moment: Moment) -> Verdict:
    rule = condition.rule or moment.rule.id
    courses = moment.history.of(rule)
    asked_again = {one.began for one in courses}  # what goes on under a new question has not ended
    ended = [one for one in courses if one.ended is not None and one.ended <= moment.as_of and one.ended not in asked_again]
    if condition.within:
        ended = [one for one in ended if one.began >= moment.as_of - condition.within.delta]
    evidence = (Evidence(f"rule {rule}", f"level {one.level}", one.began) for one in ended)
    return known(evidence, is_so=len(ended) >= condition.times)


def _patient(condition: Patient, moment: Moment) -> Verdict:
    sex = moment.timeline.sex
    return known(is_so=sex == condition.value) if sex in _SEXES else unknown("the sex is not known")


_ANSWERS: Final[Mapping[type, Callable[[Any, Moment], Verdict]]] = {
    Compare: _compare,
    Enters: _enters,
    Answered: _answered,
    Happened: _happened,
    Missing: _missing,
    Quantity: _quantity,
    Takes: _takes,
    Earlier: _earlier,
    Patient: _patient,
    Every: lambda condition, moment: every(evaluate(one, moment) for one in condition.of),
    Some: lambda condition, moment: some(evaluate(one, moment) for one in condition.of),
    No: lambda condition, moment: no(evaluate(condition.of, moment)),
    NotKnown: lambda condition, moment: not_known(evaluate(condition.of, moment)),
}
