"""What a strategy works with: one ingredient's doses, limits and parameters, made ready, and the draft steps that it gives back.

A `Course` is made once per ingredient of a plan (a substitution has two). All doses in it are whole numbers of its maker's measure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose_words import amount, daily
from fhir_taper.plans.medicines.measure import MICRO
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.rounding import half_even
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tables.rows import LimitsRow, Part
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.limits_words import limit_in_words, limits_in_words
from fhir_taper.plans.tapers.making import Made, Maker, as_decimal, decimal_of
from fhir_taper.plans.tapers.pace import History, Pace
from fhir_taper.plans.tapers.paired import PairedMaker
from fhir_taper.plans.tapers.parameters import Parameters
from fhir_taper.plans.tapers.plan import Dose, StepKind, Units
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.schedule import Point, Segment, Stuck, Walked, walk


class DraftStep(NamedTuple):
    """A step before it has dates: `day` counts from the start of the plan."""

    day: int
    kind: StepKind
    doses: tuple[Dose, ...]
    ideal: Decimal
    every_days: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """The doses that limits are judged by, as whole numbers of one measure: mean mg a day of the tapered agent.

    First what was in force before the draft, from `before` on (a re-plan, the stages of a crossing), then the draft's own steps. `has_cut`
    where the taper itself had reduced before.
    """

    per_mg: int
    original: int
    before: int
    days: tuple[int, ...]
    doses: tuple[int, ...]
    kinds: tuple[StepKind, ...]
    has_cut: bool = False


@dataclass(frozen=True, slots=True)
class Drafted:
    """A strategy's answer: steps, the track of limits and the row they were held to, and the products that the plan may use.

    `waits` are the days on which the walk waited, `rises` the steps that raise one time of day, `notes` become findings.
    """

    steps: tuple[DraftStep, ...]
    track: Track
    row: LimitsRow
    products: tuple[Product, ...]
    waits: tuple[int, ...] = ()
    rises: tuple[int, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Course:
    """One ingredient of one plan.

    `taken_mg` is what the patient takes at each time today, or None, and `taken` the very units, where they are known; `day` is when the
    course's first step starts. `is_trial` where only whether there is a plan is asked: its doses are not made of units then.
    """

    request: PlanRequest
    tables: Tables
    ingredient: str
    maker: Maker | PairedMaker
    row: LimitsRow
    params: Parameters
    baseline: int
    target: int
    original: int
    history: History
    taken_mg: Mapping[Slot, Fraction] | None = None
    taken: tuple[Units, ...] = ()
    day: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    is_trial: bool = False
    _pace: Pace | None = None

    @property
    def per_mg(self) -> int:
        return self.maker.measure.per_mg

    @property
    def pace(self) -> Pace:
        """The course's limits, made once its original is known."""
        if self._pace is None or (self._pace.original, self._pace.since) != (self.original, self.day):
            self._pace = Pace(self.row, self.original, self.per_mg, self.day)
        return self._pace

    def first(self, amount: int) -> Made:
        """The dose of the first step: as it is taken today, where that is known and can be dispensed."""
        return self.maker.first(amount, self.taken_mg, self.taken)

    @property
    def smallest(self) -> int:
        """The smallest dose above zero."""
        return self.maker.doses.at_least(1) or self.baseline

    def mg(self, amount: int) -> Decimal:
        """An amount of the measure in mg."""
        return decimal_of(amount, self.per_mg)

    @property
    def is_patch(self) -> bool:
        """True where the course's doses are patches, which people speak of by their rate."""
        return any(product.is_patch for product in self.maker.products)

    def rounded(self, ideal: Fraction) -> int:
        """An ideal, in whole numbers of the measure, rounded half-even to six decimals of a mg."""
        grain = self.per_mg // MICRO
        return half_even(ideal.numerator, ideal.denominator * grain) * grain

    def lengthened(self, days: int) -> int:
        """An interval that this medicine allows: not below its shortest step, and a multiple of a patch's wear time. A change is noted."""
        allowed = lengthened(self.row, days)
        if allowed != days:
            self.notes["interval-lengthened"] = f"{days} to {allowed} days"
        return allowed

    def percent(self) -> Fraction:
        """The parameter `percent`, by default the tier's first cut."""
        return self.params.percent("percent", self._meaning_percent())

    def interval_days(self) -> int:
        """The parameter `interval_days`, in the length that the medicine allows.

        By default the tier's, or the window of the advised pace where that is longer: a default must not exceed what we advise.
        """
        advised = max((limit.days for limit in self.row.advised if limit.part is Part.PACE), default=0)
        default = max(self.tables.safety.meaning(self._tier()).interval_days, advised)
        return self.lengthened(self.params.whole("interval_days", default))

    def _meaning_percent(self) -> Decimal:
        return self.tables.safety.meaning(self._tier()).first_cut_percent

    def _tier(self) -> str:
        return self.request.tier or "standard"


def lengthened(row: LimitsRow, days: int) -> int:
    """An interval in the length that a row allows: not below its shortest step, and a multiple of its wear time."""
    multiple = row.step_multiple_days
    return -(-max(days, row.min_step_days) // multiple) * multiple


def walked(course: Course, points: Iterable[Point], *, strict: bool = False) -> Walked | Stuck:
    """Walk ideal points over the course's own doses and limits. The course's history is not touched."""
    history = History(list(course.history.days), list(course.history.doses), course.history.last_reduction, course.history.has_cut)
    return walk(points, course.maker.doses, course.pace, history, course.target, strict=strict)


def drafted(course: Course, outcome: Walked | Stuck) -> Drafted | Infeasible:
    """The walk's segments as steps with units, or why there are none; a trial has no steps."""
    if isinstance(outcome, Stuck):
        return infeasible(course, outcome)
    steps: list[DraftStep] = []
    rises: list[int] = []
    state: tuple[int, ...] | None = None
    for index, segment in enumerate(outcome.segments if not course.is_trial else ()):
        made = course.maker.next(segment.dose, state) if index else course.first(segment.dose)
        state = made.state
        if made.rises:
            rises.append(index)
        ideal = course.mg(segment.ideal)
        steps.append(DraftStep(course.day + segment.day, segment.kind, (Dose(course.ingredient, made.units),), ideal))
    waits = tuple(course.day + day for day in outcome.waits)
    track = track_of(course, outcome.segments)
    return Drafted(tuple(steps), track, course.row, course.maker.products, waits, tuple(rises), tuple(course.notes.items()))


def track_of(course: Course, segments: Iterable[Segment], times: int = 1) -> Track:
    """What limits are judged by, for findings: the doses before the course and its own, in `times` the course's measure."""
    own, past = tuple(segments), course.history
    days = (*past.days[1:-1], *(segment.day for segment in own))  # the last of the past is the first segment's dose
    return Track(
        course.per_mg * times,
        course.original * times,
        past.doses[0] * times,
        tuple(course.day + day for day in days),
        (*(dose * times for dose in past.doses[1:-1]), *(segment.dose for segment in own)),
        (*(StepKind.BASELINE for _ in past.doses[1:-1]), *(segment.kind for segment in own)),
        past.has_cut,
    )


_SAYS = {
    "duration": "at {at} the taper is longer than the {max_days} days that its limits row allows",
    "notch-above-unit-max": "from {at} the next lower dose that can be made is {below}: {limit} ({row})",
    "waits-at-limit": "no number of steps up to the most that are tried keeps to the limits ({row}) without waiting at {at}",
}


def infeasible(course: Course, stuck: Stuck, per_mg: int | None = None) -> Infeasible:
    """A stuck walk as the engine's typed no, still without ways out. `per_mg` is the walk's measure where it is not the course's."""
    measure = per_mg or course.per_mg
    at = as_decimal(Fraction(stuck.dose, measure))
    below = None if stuck.below is None else as_decimal(Fraction(stuck.below, measure))
    lower = amount(below or 0, is_patch=course.is_patch)
    at_dose = daily(at, is_patch=course.is_patch)
    says = _SAYS[stuck.reason].format(at=at_dose, below=lower, limit=limit_in_words(stuck.limit), **_row_in_words(course))
    if stuck.reason == "notch-above-unit-max" and course.row.unit is None:
        return Infeasible("no-unit-rule", f"{says}; {course.ingredient} has no unit rule", at, below)
    return Infeasible(stuck.reason, says, at, below)


def _row_in_words(course: Course) -> dict[str, str]:
    return {"row": limits_in_words(course.row), "max_days": str(course.row.max_days)}
