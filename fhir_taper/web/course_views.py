"""A plan that runs, and its versions, as the words of a page. Nothing is computed here: figures come from `plans`, words from `render`."""

from dataclasses import dataclass
from datetime import date

from fhir_taper.plans.tapers.gates import gate_of
from fhir_taper.plans.tapers.in_force import held_since, in_force, keep_taking
from fhir_taper.plans.tapers.plan import GateState, PlanState, TaperPlan
from fhir_taper.plans.tapers.revision import dose_words
from fhir_taper.render.pages import title_of
from fhir_taper.render.series import Series, paused_from, series_of
from fhir_taper.render.version_words import what_changed
from fhir_taper.workflow.course import Turn
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.versions import Kept


@dataclass(frozen=True, slots=True)
class Choice:
    """A step to choose in a form: its number, and what it is in words."""

    value: str
    words: str

    @property
    def pair(self) -> tuple[str, str]:
        """Both, for a list of options."""
        return self.value, self.words


@dataclass(frozen=True, slots=True)
class Running:
    """One plan that is followed: where it stands, and what may be asked of it. `held`: what to go on taking, empty where nothing holds.

    `earlier` are the doses to step back to, the last one first; `later` those to end at.
    """

    id: str
    title: str
    version: int
    state: str
    held: str
    why_held: str
    now: str
    next: str
    turns: frozenset[Turn]
    review: Choice | None
    earlier: tuple[Choice, ...]
    later: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version in the list."""

    id: str
    number: int
    state: str
    by: str
    when: str
    changed: str
    reason: str
    in_ehr: str


def running_view(kept: Kept, day: date) -> Running:
    """A plan that is followed, on a day."""
    plan, now = kept.plan, in_force(kept.plan, day)
    number = now.step.number
    upcoming = plan.steps[number + 1] if number + 1 < len(plan.steps) else None
    return Running(
        kept.version.id,
        title_of(plan),
        plan.version,
        plan.state.value,
        keep_taking(plan, day),
        now.why,
        f"{dose_words(now.step)} since {now.step.start.isoformat()} (step {number})",
        f"{dose_words(upcoming)} from {upcoming.start.isoformat()}" if upcoming else "",
        frozenset(_turns(plan, number)),
        _review(plan),
        tuple(_choice(plan, one) for one in reversed(range(number)) if _is_above(plan, one, number)),
        tuple(_choice(plan, one) for one in range(number + 1, len(plan.steps)) if any(dose.units for dose in plan.steps[one].doses)),
    )


def charted(plan: TaperPlan, day: date, label: str) -> Series:
    """The line of a plan; one that is held is marked from the day on which that began."""
    line = series_of(plan, label)
    if not in_force(plan, day).is_held or plan.state is not PlanState.ON_HOLD:
        return line
    return paused_from(line, max(held_since(plan) or day, plan.steps[0].start))


def paused_step(plan: TaperPlan, day: date) -> str:
    """The number of the step at which a plan is held; empty where it is not."""
    now = in_force(plan, day)
    return str(now.step.number) if now.is_held else ""


def version_row(kept: Kept, chart: OpenChart, in_ehr: str) -> VersionRow:
    """One version in words. `in_ehr`: where it stands there, empty where it does not."""
    plan, version = kept.plan, kept.version
    note = next((one for one in reversed(plan.revisions) if one.version == plan.version), None)
    return VersionRow(
        version.id,
        version.version,
        version.state.value,
        note.by if note else plan.author or version.by,
        f"{chart.local(version.at, plan.zone):%Y-%m-%d %H:%M}",
        what_changed(plan),
        note.reason if note else plan.reason,
        in_ehr,
    )


def _turns(plan: TaperPlan, now: int) -> set[Turn]:
    """What may be asked; whether it can be done, the plan itself says when it is."""
    turns = {Turn.CHANGE_STRATEGY, Turn.STOP_AT, Turn.REVOKE, Turn.SLOW}
    if plan.state is PlanState.ON_HOLD:
        turns.add(Turn.RESUME)
    if now + 1 < len(plan.steps):
        turns.add(Turn.HOLD)
    else:
        turns.add(Turn.COMPLETE)
    if _review(plan) is not None:
        turns.add(Turn.REVIEW)
    if any(_is_above(plan, one, now) for one in range(now)):
        turns.add(Turn.STEP_BACK)
    return turns


def _review(plan: TaperPlan) -> Choice | None:
    waiting = [step.number for step in plan.steps if (gate := gate_of(plan, step.number)) and gate.state is GateState.OPEN]
    return _choice(plan, min(waiting)) if waiting else None


def _is_above(plan: TaperPlan, earlier: int, now: int) -> bool:
    back, step = plan.steps[earlier], plan.steps[now]
    return any(back.mg_per_day(dose.ingredient) > step.mg_per_day(dose.ingredient) for dose in back.doses)


def _choice(plan: TaperPlan, number: int) -> Choice:
    step = plan.steps[number]
    return Choice(str(number), f"step {number}: {dose_words(step)}, from {step.start.isoformat()}")
