"""The approved plan as its patient reads it: what to take today, what comes next, how far the way is, what is asked, whom to call.

Only versions that were approved are looked at, never a draft. No chart is read and nothing is judged here: a patient's own launch may see
less than the clinic's, and what it does not see must not pass for an assessment.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.exact_json import decode
from fhir_taper.mappers.write.wording import step_words
from fhir_taper.plans.monitoring.scoring import YES, Scored
from fhir_taper.plans.tables.patient_words import PatientWords, load_patient_words
from fhir_taper.plans.tapers.gates import is_waiting
from fhir_taper.plans.tapers.in_force import held_since, in_force
from fhir_taper.plans.tapers.lifecycle import is_success
from fhir_taper.plans.tapers.plan import Phase, PlanState, Step, TaperPlan
from fhir_taper.plans.tapers.reductions import reduction_numbers
from fhir_taper.store.watch_log import NoteKind
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.check_ins import CLINICIANS, PAUSE, followed_named
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import Kept
from fhir_taper.workflow.watching import fill_form, keep_note, name_of

_PRAISE: Final = "praise"
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Take:
    """One product and what to do with it: "diazepam 2 mg Oral Tablet", "Take 1/2 tablet in the morning and 1 tablet at night"."""

    product: str
    says: str


@dataclass(frozen=True, slots=True)
class OwnStep:
    """One step as its patient reads it. `until` None: from then on. No `takes`: nothing is taken any more."""

    start: date
    until: date | None
    takes: tuple[Take, ...]
    is_now: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of the way is done: percent of the way to the goal (None where it cannot be said in one number), and steps down of all."""

    percent: int | None
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class OwnPlan:
    """A plan on one day. `takes` is today's dose; empty where nothing is taken, or not today: then `next_dose` is the day of the next.

    `held`: no cut may start. `waits`: the next step waits for a visit. `asked_pause`: the day of a wish to pause that nobody has answered;
    until somebody does, the dose of that day stays, and no next step is named. `is_dose_known`: False where somebody set the plan on hold
    elsewhere and nobody noted the day: the dose that stays is then not known, and none is named.
    """

    plan: TaperPlan
    day: date
    takes: tuple[Take, ...]
    next_dose: date | None
    has_begun: bool
    held: bool
    upcoming: OwnStep | None
    waits: bool
    steps: tuple[OwnStep, ...]
    progress: Progress
    is_finished: bool
    is_at_goal: bool
    asked_pause: date | None = None
    is_dose_known: bool = True


def own_plan(plan: TaperPlan, day: date, asked_pause: date | None = None) -> OwnPlan:
    """A plan as its patient reads it on a day. `asked_pause`: see OwnPlan. Raises WrongUsage for a draft: it is nobody's plan."""
    if plan.state is PlanState.DRAFT:
        raise WrongUsage("a draft is not shown to a patient")
    is_finished = plan.state is PlanState.COMPLETED
    asked_pause = None if is_finished else asked_pause
    now = in_force(plan, day)
    if asked_pause is not None and _has_fallen(plan, in_force(plan, asked_pause).step, now.step):
        now = in_force(plan, asked_pause)
    stays = now.is_held or asked_pause is not None
    later = [] if stays else list(plan.steps[now.step.number + 1 :])
    is_dose_known = plan.state is not PlanState.ON_HOLD or held_since(plan) is not None
    next_dose = _next_dose(now.step, day) if is_dose_known else None
    return OwnPlan(
        plan=plan,
        day=day,
        takes=() if next_dose or not is_dose_known else _takes(plan, now.step),
        next_dose=next_dose,
        has_begun=day >= plan.steps[0].start,
        held=now.is_held,
        upcoming=_own_step(plan, later[0]) if later else None,
        waits=bool(later) and is_waiting(plan, later[0].number),
        steps=tuple(
            replace(_own_step(plan, step), is_now=step is now.step, until=None if stays else step.end)
            for step in ((now.step, *later) if is_dose_known else ())
        ),
        progress=_progress(plan, now.step),
        is_finished=is_finished,
        is_at_goal=not is_finished and is_success(plan),
        asked_pause=asked_pause,
        is_dose_known=is_dose_known,
    )


def praise_due(own: OwnPlan, approved: Iterable[str]) -> PatientWords | None:
    """The praise for the way that is done so far, where a clinician approved its words: never one that the patient has passed."""
    row = max(_praises(own), key=lambda one: one.at_percent or 0, default=None)
    return row if row is not None and row.words in set(approved) else None


def praise_to_approve(approved: Iterable[str]) -> tuple[PatientWords, ...]:
    """Praise that no clinician of this patient has approved yet, in the order of the way."""
    wordings = set(approved)
    return tuple(row for row in load_patient_words().values() if row.at_percent is not None and row.words not in wordings)


def approved_praise(services: Services, chart: OpenChart, plan: TaperPlan) -> tuple[str, ...]:
    """The words of praise that a clinician approved for this patient's plan, as they were worded then."""
    notes = services.watch.of_patient(chart.launch.tenant_id, chart.launch.patient_id, NoteKind.CHOICE)
    said = (decode(one.document) for one in notes if one.plan == name_of(plan))
    return tuple(one["words"] for one in said if one.get("what") == _PRAISE)


def approve_praise(services: Services, chart: OpenChart, plan: TaperPlan, words: str) -> None:
    """Note that a clinician lets this patient read these words of praise. Raises LaunchRefused ("role"), WrongUsage for other words."""
    require(services, chart, "approve words for a patient", CLINICIANS)
    row = next((one for one in load_patient_words().values() if one.at_percent is not None and one.words == words), None)
    if row is None:
        raise WrongUsage("these words of praise are not among those of the table: look at the page again")
    with services.database.begin():
        keep_note(services, chart, NoteKind.CHOICE, name_of(plan), {"what": _PRAISE, "id": row.id, "words": words, "by": chart.who})
        note(services, chart.launch, "approve-words", "done", {"plan": plan.id, "words": row.id})


def ask_for_pause(services: Services, chart: OpenChart, name: str) -> tuple[Kept, Scored]:
    """Keep the patient's wish to pause. Nothing of the plan changes by it: a person calls, and rule B35 sees to that."""
    kept = followed_named(services, chart, name)
    return kept, fill_form(services, chart, kept.plan, PAUSE, {"pause": (YES,)})


def words_for(own: OwnPlan) -> tuple[PatientWords, ...]:
    """What is said of where the plan stands, before everything else."""
    if own.is_finished:
        names = ["finished", "lost-tolerance", "treatment-goes-on"]
    elif own.is_at_goal:
        names = ["at-a-lower-dose", "do-not-stop"]
    else:
        held = "held" if own.is_dose_known else "held-unknown"
        names = ([held] if own.held else []) + ["do-not-stop"]
    rows = (load_patient_words()[name] for name in names)
    return tuple(row for row in rows if not row.classes or own.plan.drug_class in row.classes)


def _has_fallen(plan: TaperPlan, then: Step, now: Step) -> bool:
    """Whether a reduction began between two steps; after a step back the dose is higher, and that is the one that is taken."""
    return any(then.number < number <= now.number for number in reduction_numbers(plan))


def _praises(own: OwnPlan) -> tuple[PatientWords, ...]:
    percent = _WHOLE if own.is_finished or own.is_at_goal else own.progress.percent
    rows = (row for row in load_patient_words().values() if row.at_percent is not None)
    return tuple(row for row in rows if percent is not None and row.at_percent is not None and percent >= row.at_percent)


def _own_step(plan: TaperPlan, step: Step) -> OwnStep:
    return OwnStep(step.start, step.end, _takes(plan, step))


def _takes(plan: TaperPlan, step: Step) -> tuple[Take, ...]:
    return tuple(Take(name.replace(" MG", " mg"), says) for name, says in step_words(plan, step).products)


def _next_dose(step: Step, day: date) -> date | None:
    """The day of the next dose where none is taken today: steps that are taken every other day."""
    past = (day - step.start).days % step.every_days if step.every_days > 1 and day >= step.start else 0
    return day + timedelta(days=step.every_days - past) if past else None


def _progress(plan: TaperPlan, now: Step) -> Progress:
    """By milligrams where one medicine is taken from the first to the last step; of a cross-over, by steps alone."""
    down = reduction_numbers(plan)
    done = len(down) if plan.phase is Phase.AFTERCARE else sum(number <= now.number for number in down)
    medicines = {dose.ingredient for step in plan.steps for dose in step.doses if dose.units}
    if medicines != {plan.ingredient}:
        return Progress(None, done, len(down))
    first, last, here = (Fraction(step.mg_per_day(plan.ingredient)) for step in (plan.steps[0], plan.steps[-1], now))
    whole = first - last
    percent = int(min(max((first - here) / whole, Fraction(0)), Fraction(1)) * _WHOLE) if whole > 0 else None
    return Progress(percent, done, len(down))
