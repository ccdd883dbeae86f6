"""After the last step: the plan of what goes on, and what check-ins said over time, in words. No number here is judged: that is the rules'.

An aftercare plan follows a taper that was completed. It changes no medicine and proposes to stop none.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import one_decimal
from fhir_taper.plans.monitoring.scoring import Said
from fhir_taper.plans.tables.aftercare_rows import AftercareRow
from fhir_taper.plans.tables.signal_tables import SignalKind, load_signals
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.plan import Phase, PlanState, TaperPlan

WINDOW: Final = timedelta(days=28)
"""What "the last 4 weeks" are: a span to look back over, no threshold."""
_TOLD: Final = (
    "craving", "bam-craving", "mood", "sleep", "days-since-use", "substance-use", "dose-taken", "attendance", "contact-with-people",
    "appetite", "minimum-function", "symptom-return",
)  # fmt: skip
"""In the order in which they are said."""
_MINUTES: Final = "min"
_PER_HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that goes on, as it was worded when the plan was made. `snomed` is its code, "" where it has none."""

    id: str
    says: str
    snomed: str = ""


@dataclass(frozen=True, slots=True)
class AftercarePlan:
    """What goes on after a taper. `based_on` is the id of the version that was completed; `replaces` what it takes the place of: that
    version, or an earlier aftercare plan. `hard_days`: the id of the filled form with the patient's own plan, "" where there is none.
    `every_days`: the rhythm of check-ins.
    """

    id: str
    patient: str
    ingredient: str
    drug: str
    drug_class: DrugClass
    based_on: str
    replaces: str
    start: date
    every_days: int
    activities: tuple[Activity, ...]
    hard_days: str = ""
    author: str = ""


def aftercare_of(
    plan: TaperPlan,
    rows: Iterable[AftercareRow],
    every_days: int,
    hard_days: str = "",
    before: AftercarePlan | None = None,
    author: str = "",
) -> AftercarePlan:
    """The aftercare plan of a taper that is completed, with what goes on for its class. The same inputs give the same plan.

    Raises NotAllowed where the taper is not completed: of a plan that runs nothing is "after".
    """
    if not is_over(plan):
        raise NotAllowed(f"aftercare begins when the taper is completed, and this plan is {plan.state}")
    activities = tuple(Activity(row.id, row.says, row.snomed) for row in rows if not row.classes or plan.drug_class in row.classes)
    replaced = before.id if before else plan.id
    name = "/".join((plan.id, replaced, str(every_days), hard_days, *(one.says for one in activities)))
    return AftercarePlan(
        id=str(uuid5(NAMESPACE_URL, f"aftercare/{name}")),
        patient=plan.patient,
        ingredient=plan.ingredient,
        drug=plan.drug,
        drug_class=plan.drug_class,
        based_on=plan.id,
        replaces=replaced,
        start=before.start if before else plan.revisions[-1].on,
        every_days=every_days,
        activities=activities,
        hard_days=hard_days,
        author=author,
    )


def is_over(plan: TaperPlan) -> bool:
    """Whether the last step of a taper is behind the patient, and something goes on."""
    return plan.state is PlanState.COMPLETED and plan.phase is Phase.AFTERCARE


def is_followed(plan: TaperPlan) -> bool:
    """Whether somebody is asked and watched by a plan: it runs, or its aftercare has begun. A draft is nobody's plan yet."""
    return plan.state in RUNNING or is_over(plan)


@dataclass(frozen=True, slots=True)
class Told:
    """What a filled form said of one signal, and when."""

    at: datetime
    said: Said


@dataclass(frozen=True, slots=True)
class OverTime:
    """One thing over time: its name, the latest, and the last 4 weeks beside the 4 before; "" where there is nothing to say."""

    title: str
    latest: str
    lately: str
    before: str


def over_time(told: Iterable[Told], as_of: datetime) -> tuple[OverTime, ...]:
    """What forms said up to an instant, thing by thing. Nothing is said of what nobody told: silence is not "well"."""
    by_signal: dict[str, list[Told]] = {}
    for one in sorted(told, key=lambda each: each.at):
        if one.at <= as_of:
            by_signal.setdefault(one.said.signal, []).append(one)
    return tuple(_over_time(signal, by_signal[signal], as_of) for signal in _TOLD if signal in by_signal)


def _over_time(signal: str, told: Sequence[Told], as_of: datetime) -> OverTime:
    lately = [one for one in told if one.at > as_of - WINDOW]
    before = [one for one in told if as_of - 2 * WINDOW < one.at <= as_of - WINDOW]
    last = told[-1]
    latest = f"{_value(signal, last.said)} on {last.at.date().isoformat()}"
    return OverTime(load_signals().signals[signal].title, latest, _summed(signal, lately), _summed(signal, before))


def _summed(signal: str, told: Sequence[Told]) -> str:
    """Some tellings in one phrase: mean and range of numbers, how often each answer, how often it happened."""
    if not told:
        return ""
    row = load_signals().signals[signal]
    if row.kind is SignalKind.EVENT:
        return _times(len(told))
    if row.kind is SignalKind.ANSWER:
        return "; ".join(_counted(told))
    values = [one.said.value for one in told if one.said.value is not None]
    if not values:
        return ""
    mean = Fraction(sum(values, Decimal(0))) / len(values)
    low, high = min(values), max(values)
    between = f", from {_number(signal, low)} to {_number(signal, high)}" if low != high else ""
    return f"{_number(signal, mean)} on average{between} ({_times(len(values))})"


def _counted(told: Sequence[Told]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for one in told:
        counts[one.said.answer] = counts.get(one.said.answer, 0) + 1
    yield from (f"{answer.replace('-', ' ')}: {_times(count)}" for answer, count in counts.items())


def _value(signal: str, said: Said) -> str:
    if said.value is not None:
        return _number(signal, said.value)
    return said.answer.replace("-", " ") or "told"


def _number(signal: str, value: Decimal | Fraction) -> str:
    row = load_signals().signals[signal]
    if row.unit == _MINUTES:
        hours, minutes = divmod(round(Fraction(value)), _PER_HOUR)
        return f"{hours} h {minutes} min"
    of = f" of {one_decimal(row.high)}" if row.unit == "{score}" and row.high is not None else " days" if row.unit == "d" else ""
    return f"{one_decimal(value)}{of}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
