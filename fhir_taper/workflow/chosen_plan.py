"""The plan under work: what was asked, which way was chosen, what was edited (`edit_plan`), what a person accepted; saved with a revision,
so that two tabs cannot overwrite each other, and kept when a session ends.

Every change is made again by the engine from the chart, the question and the edits: no dose is taken from a form that the engine does not
make.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from fhir_taper.errors import NotAllowed, StoreConflict, WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.document_values import inside
from fhir_taper.plans.tapers import lifecycle
from fhir_taper.plans.tapers.candidates import Candidates
from fhir_taper.plans.tapers.collisions import ENDED
from fhir_taper.plans.tapers.edits import Edited, edited_from_document, edited_to_document
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.identity import plan_id
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import Agreement, PlanState, TaperPlan
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from fhir_taper.records import Role
from fhir_taper.store.drafts import Draft
from fhir_taper.store.plans import PlanName, PlanVersion
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.options_document import options_from_document, options_to_document
from fhir_taper.workflow.own_words import Words, are_of, joined, words_from_document, words_to_document
from fhir_taper.workflow.plan import Outcome, make_plan
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.strategies import candidates, way_named

NAME = "plan"
_SCHEMA = 1
_KEPT_FOR: Final = timedelta(minutes=30)
_MOST_REMADE: Final = 2
EDITORS = (Role.PRESCRIBER, Role.PHARMACIST)
"""Who may change a draft."""


@dataclass(frozen=True, slots=True)
class Work:
    """A draft: what is asked, and the plan of the way that was chosen, if one was. `revision` 0 was never saved.

    `edits` are on the plan; `undone` are those that were taken back and could be made again, the next one last. `words` are what a person
    says for when something happens; the plan has them too.
    """

    options: PlanOptions
    plan: TaperPlan | None = None
    revision: int = 0
    edits: tuple[Edited, ...] = ()
    undone: tuple[Edited, ...] = ()
    words: Words | None = None


def work_of(services: Services, chart: OpenChart) -> Work | None:
    """The patient's draft, None where there is none."""
    launch = chart.launch
    kept = services.drafts.get(launch.tenant_id, launch.patient_id, NAME)
    if kept is None:
        return None
    key, now = (launch.tenant_id, launch.patient_id), services.clock()
    read: tuple[bytes, Work] | None = services.works.get(key, now)
    if read is None or read[0] != kept.document or read[1].revision != kept.revision:
        read = kept.document, _work_in(kept)
        services.works.put(key, read, now + _KEPT_FOR)
    return read[1]


def _work_in(kept: Draft) -> Work:
    document = decode(kept.document)
    plan = from_document(document["plan"]) if document["plan"] else None
    edits, undone = (_edits(document, name) for name in ("edits", "undone"))
    return Work(options_from_document(document["options"]), plan, kept.revision, edits, undone, words_from_document(document))


def newest_version(services: Services, chart: OpenChart) -> PlanVersion | None:
    """The newest version of the plan that was changed last; None where there is none. Inside a plan its number decides, not the clock."""
    newest = services.plans.newest_of_patient(chart.launch.tenant_id, chart.launch.patient_id)
    return max(newest, key=lambda one: (one.at, one.version), default=None)


def plan_of(version: PlanVersion) -> TaperPlan:
    """The plan of a stored version."""
    return from_document(decode(version.document))


def shown_plan(services: Services, chart: OpenChart) -> TaperPlan | None:
    """What the screens of a plan show: the draft, else the plan that was approved last."""
    work = work_of(services, chart)
    if work is not None and work.plan is not None:
        return work.plan
    version = newest_version(services, chart)
    return plan_of(version) if version else None


def reading_for(loaded: Loaded, options: PlanOptions) -> Reading:
    """The chart as a question looks at it: on the first day of the plan, by the table that was asked for."""
    return loaded.reading(options.start, options.benzo_table)


def ask(services: Services, chart: OpenChart, loaded: Loaded, options: PlanOptions, revision: int) -> Work:
    """Keep a question, and drop the plan of the one before; a clinician's words wait for the next plan of that medicine.

    Raises WrongUsage for what cannot be meant, StoreConflict for a stale tab.
    """
    require(services, chart, "edit", EDITORS)
    before = work_of(services, chart)
    candidates_of(chart, loaded, options)
    return save_work(services, chart, Work(options, None, revision, words=before.words if before else None), "ask")


def _at_this_site(chart: OpenChart, options: PlanOptions) -> PlanOptions:
    """What is asked, with whose ids the plan has, and in which zone its days lie where nobody knows the patient's."""
    return replace(options, tenant=chart.tenant.id, site_zone=chart.tenant.timezone)


def candidates_of(chart: OpenChart, loaded: Loaded, options: PlanOptions) -> Candidates:
    """Every way to taper what is asked. Raises WrongUsage. Made once per chart and question."""
    asked = _at_this_site(chart, options)
    if asked not in loaded.candidates:
        loaded.candidates[asked] = candidates(reading_for(loaded, asked), asked)
    return loaded.candidates[asked]


def remade(loaded: Loaded, options: PlanOptions, edits: tuple[Edited, ...]) -> Outcome:
    """The plan of a draft as the chart makes it now; the last few are kept, because the next edit and the approval ask for them again."""
    key = options, edits
    made = loaded.made.get(key)
    if made is None:
        made = make_plan(reading_for(loaded, options), options, edits)
        for older in list(loaded.made)[: 1 - _MOST_REMADE]:
            loaded.made.pop(older, None)
        loaded.made[key] = made
    return made


def has_other_doses(made: TaperPlan, plan: TaperPlan) -> bool:
    """Whether a plan that was made again is no longer the one that was drafted."""
    return (made.steps, made.baseline, made.products) != (plan.steps, plan.baseline, plan.products)


def choose(services: Services, chart: OpenChart, loaded: Loaded, way: str, revision: int) -> Work | Infeasible:
    """The plan of one way ("protocol asam-2025", "strategy linear") as the draft. Raises WrongUsage, StoreConflict."""
    require(services, chart, "edit", EDITORS)
    work = _current(services, chart, revision)
    reading = reading_for(loaded, work.options)
    options = way_named(reading, replace(_at_this_site(chart, work.options), strategy=None, protocol=None), way)
    return _made(services, chart, loaded, Work(options, None, revision, words=work.words))


def change(services: Services, chart: OpenChart, loaded: Loaded, options: PlanOptions, revision: int) -> Work | Infeasible:
    """The draft made anew from changed options; what was accepted before is to be accepted again. Raises WrongUsage, StoreConflict."""
    require(services, chart, "edit", EDITORS)
    work = _current(services, chart, revision)
    asked = _at_this_site(chart, options)
    return _made(services, chart, loaded, Work(asked, None, revision, words=work.words))


def acknowledge(services: Services, chart: OpenChart, place: int, reason: str, revision: int) -> Work:
    """Accept one finding of the draft, by its place in the list. Raises NotAllowed (no reason, a Stop), WrongUsage, StoreConflict."""
    require(services, chart, "edit", EDITORS)
    work, plan = work_with_plan(services, chart, revision)
    if not 0 <= place < len(plan.findings):
        raise WrongUsage("this finding is not on the draft any more: look at the list again")
    accepted = lifecycle.acknowledge(plan, plan.findings[place], Decision(chart.who, day_of(services, chart, plan), reason.strip()))
    return save_work(services, chart, replace(work, plan=accepted), "acknowledge")


def agree(services: Services, chart: OpenChart, who: str, what: str, revision: int) -> Work:
    """Note the patient's agreement to the draft. Raises NotAllowed where nobody is named, StoreConflict."""
    require(services, chart, "edit", EDITORS)
    work, plan = work_with_plan(services, chart, revision)
    agreed = lifecycle.agree(plan, Agreement(who.strip(), what.strip(), day_of(services, chart, plan)))
    return save_work(services, chart, replace(work, plan=agreed), "agree")


def is_accepted(plan: TaperPlan, finding: Finding) -> bool:
    """Whether a person accepted this very finding."""
    return any(one.accepts(finding) for one in plan.acknowledgements)


def _made(services: Services, chart: OpenChart, loaded: Loaded, work: Work) -> Work | Infeasible:
    outcome = remade(loaded, work.options, work.edits)
    return outcome if isinstance(outcome, Infeasible) else save_work(services, chart, replace(work, plan=outcome), "choose")


def _current(services: Services, chart: OpenChart, revision: int) -> Work:
    work = work_of(services, chart)
    if work is None or work.revision != revision:
        raise StoreConflict("the draft was changed elsewhere meanwhile")
    return work


def work_with_plan(services: Services, chart: OpenChart, revision: int) -> tuple[Work, TaperPlan]:
    """The draft that a page showed, with its plan. Raises StoreConflict where it was changed since, NotAllowed where there is no plan."""
    work = _current(services, chart, revision)
    if work.plan is None or work.plan.state is not PlanState.DRAFT:
        raise NotAllowed("choose a way to taper first: there is no draft yet")
    return work, work.plan


def save_work(services: Services, chart: OpenChart, work: Work, action: str, **detail: Any) -> Work:
    """Save as the draft's next revision, with a line of the audit. Raises StoreConflict where another one is there by now."""
    saved = _as_a_plan_of_its_own(services, chart, _with_words(work))
    launch, plan = chart.launch, saved.plan
    document = {
        "schema": _SCHEMA,
        "options": options_to_document(saved.options),
        "plan": to_document(plan) if plan else None,
        "edits": [edited_to_document(one) for one in saved.edits],
        "undone": [edited_to_document(one) for one in saved.undone],
        "words": words_to_document(saved.words),
    }
    kept = Draft(launch.tenant_id, launch.patient_id, NAME, work.revision + 1, encode(document), launch.user, services.clock())
    with services.database.begin():
        saved = replace(saved, revision=services.drafts.save(kept))
        detail |= {"revision": saved.revision, "plan": plan.id if plan else "", "sources": list(plan.sources) if plan else []}
        note(services, launch, f"draft-{action}", "done", detail)
    services.works.put((launch.tenant_id, launch.patient_id), (kept.document, saved), services.clock() + _KEPT_FOR)
    return saved


def drop_work(services: Services, chart: OpenChart, revision: int) -> None:
    """The draft is done, or given up, as it was seen. Raises StoreConflict where it is another one by now."""
    services.drafts.drop(chart.launch.tenant_id, chart.launch.patient_id, NAME, revision)


def _with_words(work: Work) -> Work:
    """The words in the plan that they were typed for; a plan of another medicine ends them."""
    if work.plan is None or work.words is None:
        return work
    return replace(work, plan=joined(work.plan, work.words), words=work.words if are_of(work.words, work.plan) else None)


def _as_a_plan_of_its_own(services: Services, chart: OpenChart, work: Work) -> Work:
    """The draft under a name that no ended plan has, here or in the EHR alone: what was asked before may be asked again, and the plan that
    ended stays as it is."""
    plan, launch = work.plan, chart.launch
    if plan is None:
        return work
    key, times, ended_there = plan.key, 1, _ended_in_ehr(services, chart, plan.ingredient)
    while _has_ended(services, PlanName(launch.tenant_id, launch.patient_id, plan.ingredient, key), ended_there):
        times += 1
        key = f"{plan.key}-{times}"
    if key == plan.key:
        return work
    named = replace(plan, id=plan_id(chart.tenant.id, plan.patient, plan.ingredient, key, plan.version), key=key)
    return replace(work, plan=named)


def _has_ended(services: Services, name: PlanName, ended_there: frozenset[str]) -> bool:
    """Whether a plan of this name ended: as it is kept here, else as it stands in the EHR."""
    last = services.plans.latest(name)
    return name.key in ended_there if last is None else last.state in ENDED


def _ended_in_ehr(services: Services, chart: OpenChart, ingredient: str) -> frozenset[str]:
    """Keys of the plans of a medicine that ended in the EHR."""
    plans = load_chart(services, chart).reading(chart.day(services.clock())).own_plans
    return frozenset(one.value.key for one in plans if one.value.ingredient == ingredient and one.value.state in ENDED)


def _edits(document: Mapping[str, Any], name: str) -> tuple[Edited, ...]:
    """The edits of a draft; a draft from before there were any has none."""
    return tuple(edited_from_document(one, inside(name, index)) for index, one in enumerate(document.get(name, ())))


def day_of(services: Services, chart: OpenChart, plan: TaperPlan) -> date:
    """Today, in the zone of a plan."""
    return chart.day(services.clock(), plan.zone)
