"""Outcomes of one plan: medicine load, pace, pain, function, mood, sleep and check-ins, now against where it began. Pure; nothing judges.

What is ordered is held against the plan's first dose, what was measured against the patient's own baseline, as signals.csv defines it:
where that is a mean, it is compared with the mean of as many days up to now. What is not known says why. A dose that is lower and goes on
is an end that was reached (`kept_mg`), not a taper that failed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from fhir_taper.plans.medicines.dose import ZERO, Exact, add, as_exact, multiply
from fhir_taper.plans.monitoring.baseline import Reference, baseline
from fhir_taper.plans.monitoring.dose_quantities import MME, ordered_on
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE
from fhir_taper.plans.monitoring.moment import Moment
from fhir_taper.plans.monitoring.reading import DAY, Reading
from fhir_taper.plans.monitoring.retention import Retention, retention
from fhir_taper.plans.monitoring.rule import Rule
from fhir_taper.plans.monitoring.timeline import Record, Timeline
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.signal_tables import BaselineOf, Signal, Worse, load_signals
from fhir_taper.plans.tapers.holds import days_on_hold
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.plan import Phase, PlanState, Step, TaperPlan
from fhir_taper.plans.tapers.reductions import ingredients_of

Range = tuple[Exact, Exact]
"""From the lower to the higher end, both the same where there is one value."""

PACE_DAYS: Final = (14, 28)
"""A pace is said in percent of the first dose in so many days: the two spans in which guidelines and plans speak."""
PAIN: Final = ("pain", "peg")
MOOD: Final = ("phq9", "gad7")
SLEEP: Final = ("sleep", "isi")
FUNCTION: Final = "minimum-function"
_MET: Final = "met"
_HUNDRED: Final = 100
_NOBODY: Final = Rule("outcomes", 1, "Outcomes of a plan", (), (), ())
"""No rule asks: what is stale, and what was said before, is not looked at."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is ordered a day, in one measure: mg of an ingredient, "mme" (of all opioids), or the plan's own equivalents.

    `before` is the plan's first dose ("mme": what was ordered on its first day), `now` what is ordered today, `planned` what the plan says
    today. `why` says what is not known.
    """

    of: str
    before: Range | None
    now: Range | None
    planned: Range | None = None
    why: str = ""

    @property
    def reduction(self) -> Exact | None:
        """By how many percent it is lower than at first, by the higher ends; below zero where it is more."""
        if self.before is None or self.now is None or not self.before[1]:
            return None
        return as_exact(_HUNDRED * (1 - Fraction(self.now[1]) / Fraction(self.before[1])))


@dataclass(frozen=True, slots=True)
class Pace:
    """By how many percent of the first dose the dose fell within the last `days` days, as ordered and as planned.

    `per`: the fall is said per so many days (the whole course), else it is that of the span. None: not known, because `why`.
    """

    days: int
    ordered: Exact | None
    planned: Exact | None
    per: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One signal now against the patient's own baseline. `now_on`: the day of the latest reading; `of`: of how many readings `now` is the
    mean, 1 for a single one. `why_no_baseline`, `why_not_now`: why the one or the other is not known."""

    signal: Signal
    before: Exact | None
    now: Exact | None
    now_on: date | None = None
    of: int = 1
    why_no_baseline: str = ""
    why_not_now: str = ""

    @property
    def change(self) -> Exact | None:
        """Now minus then."""
        return None if self.before is None or self.now is None else as_exact(Fraction(self.now) - Fraction(self.before))

    @property
    def is_worse(self) -> bool | None:
        """Whether the change is in the direction in which the signal is worse; None where there is none, or nobody can say."""
        if not self.change or self.signal.worse is Worse.EITHER:
            return None
        return (Fraction(self.change) > 0) == (self.signal.worse is Worse.HIGHER)


@dataclass(frozen=True, slots=True)
class Function:
    """On how many of the answers since the plan began the function that was agreed was met. `agreed` is that function in words."""

    met: int
    of: int
    agreed: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`kept_mg` is the lower dose that goes on, where the taper ended there; `is_completed`: at zero."""

    plan: str
    on: date
    loads: tuple[Load, ...]
    paces: tuple[Pace, ...]
    pain: tuple[Measured, ...]
    function: Function
    mood: tuple[Measured, ...]
    sleep: tuple[Measured, ...]
    days_on_hold: int
    days_so_far: int
    kept_mg: Exact | None
    is_completed: bool
    retention: Retention


def outcomes_of(plan: TaperPlan, timeline: Timeline, as_of: datetime) -> Outcomes:
    """The outcomes of a plan at an instant, which has the patient's own offset."""
    moment = watched_from(plan, timeline, as_of)
    return Outcomes(
        plan.id,
        moment.today,
        tuple(_loads(moment)),
        tuple(_paces(moment)),
        _measured(PAIN, moment),
        _function(moment),
        _measured(MOOD, moment),
        _measured(SLEEP, moment),
        days_on_hold(plan, moment.today),
        max(0, (moment.today - plan.steps[0].start).days),
        plan.target_mg if plan.phase is Phase.MAINTENANCE else None,
        plan.state is PlanState.COMPLETED,
        retention(moment),
    )


def measured(name: str, moment: Moment) -> Measured:
    """One signal now against its baseline."""
    signal = moment.signal(name)
    own = baseline(name, moment)
    before, no_baseline = (own.value, "") if isinstance(own, Reference) else (None, own)
    readings = tuple(one for one in moment.readings(name) if one.value is not None)
    if not readings:
        return Measured(signal, before, None, why_no_baseline=no_baseline, why_not_now=moment.why_none(name))
    if signal.baseline is BaselineOf.LAST or not signal.baseline_days:
        return Measured(signal, before, readings[-1].value, readings[-1].day, why_no_baseline=no_baseline)
    lately = tuple(one for one in readings if (moment.today - one.day).days < signal.baseline_days)
    if len(lately) < signal.baseline_readings:
        why = f"{signal.title}: {len(lately)} of {signal.baseline_readings} readings in {signal.baseline_days} days"
        return Measured(signal, before, None, readings[-1].day, why_no_baseline=no_baseline, why_not_now=why)
    return Measured(signal, before, _mean(lately), lately[-1].day, len(lately), no_baseline)


def watched_from(plan: TaperPlan, timeline: Timeline, as_of: datetime) -> Moment:
    """The moment at which `measured` looks at a plan."""
    return Moment(plan, timeline, NOTHING_BEFORE, as_of, as_of, _NOBODY, load_signals(), load())


def _measured(names: Iterable[str], moment: Moment) -> tuple[Measured, ...]:
    return tuple(measured(name, moment) for name in names)


def _mean(readings: tuple[Reading, ...]) -> Exact:
    return as_exact(sum((Fraction(one.value or 0) for one in readings), Fraction(0)) / len(readings))


def _loads(moment: Moment) -> Iterator[Load]:
    """mg of the plan's medicine, the plan's equivalents where it has any, and all opioids together."""
    plan, factors = moment.plan, _factors(moment.plan)
    own: dict[str, Range] = {plan.ingredient: (as_exact(1), as_exact(1))}
    if len(_given(plan)) == 1:
        yield _load(moment, plan.ingredient, own)
    if factors and factors != own:  # mg of diazepam are their own equivalents
        yield _load(moment, plan.equivalents[0].measure, factors)
    if any(one.measure == MME for one in plan.equivalents):
        yield _all_opioids(moment)


def _given(plan: TaperPlan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for step in plan.steps for name in ingredients_of(step)))


def _factors(plan: TaperPlan) -> dict[str, Range]:
    """Equivalent per mg of every ingredient that the plan gives; empty where one of them has none."""
    known = {one.ingredient: (one.low, one.high) for one in plan.equivalents}
    given = _given(plan)
    return {name: known[name] for name in given} if all(name in known for name in given) else {}


def _load(moment: Moment, of: str, factors: Mapping[str, Range]) -> Load:
    plan = moment.plan
    now = _ordered(moment, factors, moment.today)
    planned = _planned(step_in_force(plan, moment.today), factors)
    before = _planned(plan.steps[0], factors)
    return Load(of, before, None, planned, now) if isinstance(now, str) else Load(of, before, now, planned)


def _all_opioids(moment: Moment) -> Load:
    """Everything that is ordered of opioids, also beside the plan: on its first day, and today."""
    then, now = ordered_on(moment, MME, moment.plan.steps[0].start), ordered_on(moment, MME, moment.today)
    amounts = [None if one is None or one.amount is None else (one.amount, one.amount) for one in (then, now)]
    why = _why_not_ordered(moment) or next((one.why for one in (then, now) if one is not None and one.why), "")
    unknown = "" if all(amounts) else why or "what is ordered of all opioids is not known"
    return Load("all opioids", amounts[0], amounts[1], None, unknown)


def _ordered(moment: Moment, factors: Mapping[str, Range], day: date) -> Range | str:
    """What is ordered on a day, by factors per mg; or why that is not known."""
    if why := _why_not_ordered(moment):
        return why
    found = {name: ordered_on(moment, name, day) for name in factors}
    for name, one in found.items():
        if one is None or one.amount is None:
            return (one.why if one else "") or f"what was ordered of {name} on {day.isoformat()} is not known"
    amounts = {name: one.amount for name, one in found.items() if one is not None and one.amount is not None}
    return _summed(amounts, factors)


def _why_not_ordered(moment: Moment) -> str:
    why = moment.timeline.why_unread(Record.ORDER)
    return f"orders were not read ({why})" if why else ""


def _planned(step: Step, factors: Mapping[str, Range]) -> Range:
    return _summed({name: step.mg_per_day(name) for name in factors}, factors)


def _summed(amounts: Mapping[str, Exact], factors: Mapping[str, Range]) -> Range:
    low, high = (add(ZERO, *(multiply(mg, factors[name][end]) for name, mg in amounts.items())) for end in (0, 1))
    return low, high


def _paces(moment: Moment) -> Iterator[Pace]:
    """The last fourteen days, the last 28, and the whole course per 28 days."""
    plan = moment.plan
    so_far = (moment.today - plan.steps[0].start).days
    for days in PACE_DAYS:
        why = f"the plan has run for {max(0, so_far)} days" if so_far < days else ""
        yield Pace(days, None, None, why=why) if why else _pace(moment, days)
    if so_far > 0:
        yield _pace(moment, so_far, PACE_DAYS[-1])


def _pace(moment: Moment, days: int, per: int | None = None) -> Pace:
    plan, then = moment.plan, moment.today - days * DAY
    given = _given(plan)
    one: dict[str, Range] = {plan.ingredient: (as_exact(1), as_exact(1))}
    factors = one if len(given) == 1 else _factors(plan)
    if not factors:
        return Pace(days, None, None, per, f"{' and '.join(given)} have no equivalent in this plan by which they could be added")
    first = _planned(plan.steps[0], factors)[1]
    if not first:
        return Pace(days, None, None, per, "the plan's first dose is zero")
    scale = Fraction(_HUNDRED) / Fraction(first) * (Fraction(per, days) if per else 1)
    fell = Fraction(_planned(plan.step_on(then), factors)[1]) - Fraction(_planned(plan.step_on(moment.today), factors)[1])
    planned = as_exact(fell * scale)
    before, now = _ordered(moment, factors, then), _ordered(moment, factors, moment.today)
    if isinstance(before, str) or isinstance(now, str):
        return Pace(days, None, planned, per, before if isinstance(before, str) else str(now))
    return Pace(days, as_exact((Fraction(before[1]) - Fraction(now[1])) * scale), planned, per)


def _function(moment: Moment) -> Function:
    """The answers since the plan's first day."""
    agreed, began = moment.plan.minimum_function, moment.plan.steps[0].start
    said = [one for one in moment.readings(FUNCTION) if one.day >= began]
    why = "" if said else moment.why_none(FUNCTION)
    return Function(sum(one.answer == _MET for one in said), len(said), agreed, why)
