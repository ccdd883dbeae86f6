"""Watching a plan: its timeline, what the rules say of it today, what people answered, the forms that were filled in here.

An assessment is kept with all that went into it whenever it saw a new form, or says something else than the last one that was kept.
Nothing here changes a plan: what is proposed is decided elsewhere (`course`), and answered here with who decided and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from fhir_taper.errors import StoreConflict, WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.write.check_in import FilledForm, to_observations, to_response
from fhir_taper.mappers.write.namespace import BASE
from fhir_taper.plans.monitoring.aftercare import is_followed
from fhir_taper.plans.monitoring.asked_rule import HOLD
from fhir_taper.plans.monitoring.assessment import Assessment, Hit
from fhir_taper.plans.monitoring.assessment_document import Inputs, history_to_document, kept
from fhir_taper.plans.monitoring.cadence import DueForm, due_forms, rechosen, schedule_of
from fhir_taper.plans.monitoring.history import History
from fhir_taper.plans.monitoring.policy import Policy
from fhir_taper.plans.monitoring.remember import remember
from fhir_taper.plans.monitoring.scoring import Answer as FormAnswer
from fhir_taper.plans.monitoring.scoring import Scored, score
from fhir_taper.plans.monitoring.timeline import CheckInSchedule, Timeline
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.form_rows import Form
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.records import Role
from fhir_taper.store.plans import PlanName
from fhir_taper.store.watch_log import NoteKind, WatchNote
from fhir_taper.workflow.assess import in_zone
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.chosen_plan import plan_of
from fhir_taper.workflow.last_look import caught_up, history_since, says_something_new, unwatched_from
from fhir_taper.workflow.load_chart import Loaded
from fhir_taper.workflow.load_watched import load_watched, searched
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.site_codes import site_index
from fhir_taper.workflow.site_policy import site_policy
from fhir_taper.workflow.timeline import Watched, timeline_of_chart
from fhir_taper.workflow.versions import Kept, newest_of_each

ANSWERERS: Final = (Role.PRESCRIBER, Role.PHARMACIST)
ENTERERS: Final = (Role.PRESCRIBER, Role.PHARMACIST, Role.COACH, Role.PATIENT)
ANSWERS: Final = (HOLD, "slow", "step-back", "go-on", "called", "reviewed", "dismissed")
"""What a person may have decided about a hit. What becomes of the plan is decided on its own page."""
_LONGEST_REASON: Final = 500
_RHYTHM: Final = "rhythm"


@dataclass(frozen=True, slots=True)
class Watch:
    """A plan as it is watched at an instant. `history` has the assessment in it; `filled`: the forms that were filled in here."""

    kept: Kept
    timeline: Timeline
    assessment: Assessment
    history: History
    schedule: CheckInSchedule
    filled: tuple[WatchNote, ...]

    @property
    def plan(self) -> TaperPlan:
        return self.kept.plan

    @property
    def open_hits(self) -> tuple[Hit, ...]:
        """Hits that nobody answered, the most urgent first."""
        return tuple(hit for hit in self.assessment.hits if hit.answer is None)


def watched_plans(services: Services, chart: OpenChart) -> tuple[Kept, ...]:
    """The newest versions of the plans that are watched, and for which somebody is asked: see `is_followed`."""
    kept = (Kept(one, plan_of(one)) for one in newest_of_each(services, chart))
    return tuple(one for one in kept if is_followed(one.plan))


def watch(services: Services, chart: OpenChart, loaded: Loaded, one: Kept) -> Watch:
    """What the rules say of a plan now, by the chart and by what was noted here. Kept where it says something new."""
    launch, plan = chart.launch, one.plan
    zone = plan.zone or chart.tenant.timezone
    at = in_zone(services.clock(), zone)
    notes = services.watch.of_patient(launch.tenant_id, launch.patient_id, NoteKind.FORM, NoteKind.ANSWER, NoteKind.CHOICE)
    filled = tuple(one for one in notes if one.kind is NoteKind.FORM)
    schedule = rhythm_of(plan, notes)
    whole = _with_forms(load_watched(chart, loaded), filled)
    beside = Watched(searched(loaded) | ({"QuestionnaireResponse"} if filled else set()), site_index(chart.tenant), schedule)
    timeline = timeline_of_chart(whole, plan, at, beside).value
    name = name_of(plan)
    last = services.watch.newest(launch.tenant_id, launch.patient_id, name, NoteKind.ASSESSMENT)
    answers = [one for one in notes if one.kind is NoteKind.ANSWER and one.plan == name]
    document = decode(last.document) if last is not None else None
    before = history_since(document, answers)
    told = [one.at for one in filled if one.plan == name]
    inputs = caught_up(Inputs(plan, timeline, policy_of(chart), before, at), unwatched_from(document, told, at), told, zone)
    found = inputs.assess()
    forms = [one.id for one in filled]
    if document is None or document.get("forms") != forms or says_something_new(document, found):
        _keep(services, chart, name, inputs, found, {"answers": [one.id for one in answers], "forms": forms})
    return Watch(one, timeline, found, remember(inputs.history, found), schedule, filled)


def watched_named(services: Services, chart: OpenChart, version_id: str) -> Kept:
    """The watched plan whose newest version has an id. Raises StoreConflict where it has another by now, or is watched no more."""
    for one in watched_plans(services, chart):
        if one.version.id == version_id:
            return one
    raise StoreConflict("the plan has another version by now, or has ended, and nothing was noted: look at the page again")


def policy_of(chart: OpenChart) -> Policy:
    """The rules as the site has them."""
    return site_policy(chart.tenant)


def name_of(plan: TaperPlan | PlanName) -> str:
    """Which taper a note is about, whatever its version."""
    return f"{plan.ingredient}/{plan.key}"


def shown_of(hit: Hit) -> str:
    """A digest of what is shown of a hit: an answer counts for that, and not for what came since, another person's answer among it."""
    answered = hit.answer.at.isoformat() if hit.answer is not None else ""
    seen = (hit.rule, int(hit.level), hit.since.isoformat(), sorted({one.source for one in hit.evidence if one.source}), answered)
    return sha256(encode(seen)).hexdigest()


def answer_hit(services: Services, chart: OpenChart, seen: Watch, rule: str, what: str, reason: str, shown: str) -> None:
    """Note what a person decided about a hit that stands. `shown`: the digest of what the person saw of it.

    Raises LaunchRefused ("role"), WrongUsage, StoreConflict where the hit is another one by now.
    """
    require(services, chart, "answer an alert", ANSWERERS)
    hit = next((one for one in seen.assessment.hits if one.rule == rule), None)
    if hit is None:
        raise WrongUsage("this alert does not stand any more: look at the page again")
    if shown != shown_of(hit):
        raise StoreConflict("this alert is not as it was when the page was opened, and nothing was noted: look at it again")
    if what not in ANSWERS:
        raise WrongUsage("the form does not say what was decided")
    if what == HOLD and seen.plan.state is not PlanState.ON_HOLD:
        raise WrongUsage("this plan is not on hold: hold it on its own page first, then answer; or say what else was decided")
    document = {"rule": rule, "what": what, "reason": reason_of(reason), "by": chart.who}
    with services.database.begin():
        keep_note(services, chart, NoteKind.ANSWER, name_of(seen.plan), document)
        note(services, chart.launch, "answer-alert", "done", {"plan": seen.plan.id, "rule": rule, "what": what, "level": int(hit.level)})


def reason_of(typed: str) -> str:
    """The reason of a decision, as it is kept. Raises WrongUsage where there is none to read, or too much of it."""
    said = typed.strip()
    if not any(letter.isalnum() for letter in said) or len(said) > _LONGEST_REASON:
        raise WrongUsage(f"a decision needs a reason, of at most {_LONGEST_REASON} letters")
    return said


def fill_form(services: Services, chart: OpenChart, plan: TaperPlan, form_id: str, answers: Mapping[str, tuple[str, ...]]) -> Scored:
    """Keep a filled form: by the patient, or by a person of the clinic who enters what the patient said. The same form, once a minute.

    Raises LaunchRefused ("role"), WrongUsage for a form that is none, or nothing that can be kept of it.
    """
    require(services, chart, "fill in a form", ENTERERS)
    form = form_named(form_id)
    if not form.is_for(plan.drug_class, plan.phase):
        raise WrongUsage(f"“{form.title}” is not for this part of the plan, and nothing was kept: look at the page again")
    if form.needs_person and chart.may(Role.PATIENT):
        raise WrongUsage("this form is filled in by the clinic")
    scored = score(form, [FormAnswer(item, one) for item, said in answers.items() for one in said if one.strip()])
    if not scored.answers:
        raise WrongUsage("nothing was answered")
    at = in_zone(services.clock(), plan.zone or chart.tenant.timezone).replace(microsecond=0)
    entered_by = "" if chart.may(Role.PATIENT) else chart.launch.user
    filled = FilledForm(form, scored, chart.launch.patient_id, at, entered_by, chart.launch.tenant_id, name_of(plan))
    document = {
        "form": form.id,
        "resources": [to_response(filled)],
        "derived": to_observations(filled, f"urn:uuid:{filled.id_of()}"),
        "scores": [one.words for one in scored.said],
        "signals": [one.signal for one in scored.said],
        "words": list(scored.free_words),
    }
    with services.database.begin():
        keep_note(services, chart, NoteKind.FORM, name_of(plan), document, filled.id_of())
        note(services, chart.launch, "fill-form", "done", {"plan": plan.id, "form": form.id, "for-patient": bool(entered_by)})
    return scored


def choose_rhythm(services: Services, chart: OpenChart, plan: TaperPlan, every_days: int) -> CheckInSchedule:
    """Note how often the patient wants to be asked. Raises WrongUsage for what is no rhythm."""
    require(services, chart, "choose a rhythm", ENTERERS)
    start = in_zone(services.clock(), plan.zone or chart.tenant.timezone).date()
    schedule = schedule_of(plan, load().safety, start, every_days)
    with services.database.begin():
        keep_note(services, chart, NoteKind.CHOICE, name_of(plan), {"what": _RHYTHM, "every_days": every_days, "start": start.isoformat()})
        note(services, chart.launch, "choose-rhythm", "done", {"plan": plan.id, "days": every_days})
    return schedule


def due_today(chart: OpenChart, seen: Watch) -> tuple[DueForm, ...]:
    """The forms that are due today."""
    return due_on(chart, seen.plan, seen.schedule, seen.filled, seen.assessment.as_of.date())


def due_on(chart: OpenChart, plan: TaperPlan, schedule: CheckInSchedule, filled: tuple[WatchNote, ...], day: date) -> tuple[DueForm, ...]:
    """The forms that are due on a day, by what was filled in here: an instrument for every plan, a check-in of ours for its own."""
    forms, last = load_forms(), dict[str, date]()
    for one in filled:
        form = decode(one.document)["form"]
        if one.plan == name_of(plan) or (form in forms.forms and not forms.forms[form].event):
            last[form] = chart.day(one.at, plan.zone or None)
    return due_forms(plan, schedule, forms, day, last)


def form_named(form_id: str) -> Form:
    """The form with an id. Raises WrongUsage."""
    form = load_forms().forms.get(form_id)
    if form is None:
        raise WrongUsage("there is no such form")
    return form


def rhythm_of(plan: TaperPlan, notes: tuple[WatchNote, ...]) -> CheckInSchedule:
    """The rhythm of the tier from the plan's first day on, and each that the patient chose since from its day on."""
    rhythm = schedule_of(plan, load().safety, plan.steps[0].start)
    for one in notes:
        said = decode(one.document) if one.kind is NoteKind.CHOICE and one.plan == name_of(plan) else {}
        if said.get("what") == _RHYTHM:
            rhythm = rechosen(rhythm, plan, load().safety, date.fromisoformat(said["start"]), said["every_days"])
    return rhythm


def _with_forms(chart: Chart, filled: tuple[WatchNote, ...]) -> Chart:
    """The chart with the forms that were filled in here, but for those that the EHR has by now."""
    there = {one.id for one in chart.of("QuestionnaireResponse")}
    ours = [resource for one in filled for resource in decode(one.document)["resources"] if resource["id"] not in there]
    entries = tuple(Entry(one["resourceType"], one["id"], f"{one['resourceType']}/{one['id']}", "filled in here", one) for one in ours)
    kinds: dict[str, tuple[Entry, ...]] = dict(chart.by_type)
    for entry in entries:
        kinds[entry.resource_type] = (*kinds.get(entry.resource_type, ()), entry)
    return replace(chart, by_type=kinds)


def _keep(services: Services, chart: OpenChart, name: str, inputs: Inputs, found: Assessment, noted: dict[str, list[str]]) -> None:
    """Keep an assessment with what it rests on; `noted` are the ids of the notes that it knew."""
    history = history_to_document(remember(inputs.history, found))
    document = {"kept": kept(inputs, found), "history": history, **noted}
    with services.database.begin():
        keep_note(services, chart, NoteKind.ASSESSMENT, name, document)
        rules = ",".join(hit.rule for hit in found.hits) or "none"
        note(services, chart.launch, "assess", "done", {"plan": inputs.plan.id, "level": int(found.level), "rules": rules})


def keep_note(services: Services, chart: OpenChart, kind: NoteKind, plan: str, document: Any, note_id: str = "") -> None:
    """Keep one note of this patient, by the person of the chart, now. The same id is kept once; without one it is of this instant, and of
    what it says."""
    launch, at, data = chart.launch, services.clock(), encode(document)
    of = f"{BASE}/{kind}/{launch.tenant_id}/{launch.patient_id}/{plan}/{at.isoformat()}/{sha256(data).hexdigest()}"
    made = note_id or str(uuid5(NAMESPACE_URL, of))
    services.watch.note(WatchNote(made, launch.tenant_id, launch.patient_id, plan, kind, at, launch.user, data))
