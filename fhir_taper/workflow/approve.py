"""Approval: a prescriber makes the draft the plan that is followed. Every reason against it at once; nothing is approved on an old chart.

What is approved is what was shown (`rests_on`), compared before the chart is read again and once more while it is kept. The plan is made
again from the same question: a draft that no longer follows from the orders is not approved. Draft and approved version are appended, and
the work in progress ended, in one transaction with the audit line.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Final

from fhir_taper.errors import NotAllowed, StoreConflict
from fhir_taper.mappers.write.labels import Label
from fhir_taper.plans.medicines.dose import brief, plain
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers import lifecycle
from fhir_taper.plans.tapers.baseline import why_unconfirmed
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.lifecycle import ApprovalRules
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Role
from fhir_taper.store.plans import PlanName
from fhir_taper.workflow.assessment import Assessment, is_overtaken, is_withdrawn
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.chosen_plan import Work, drop_work, has_other_doses, reading_for, remade, work_of
from fhir_taper.workflow.keep_assessment import assessment_of
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.made_from import made_from
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.other_plans import other_plans
from fhir_taper.workflow.own_words import with_crisis_lines
from fhir_taper.workflow.pharmacist import reviewed
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.rests_on import RestsOn, rests_on
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.unread import unread_plans
from fhir_taper.workflow.versions import as_version

_INTAKE_CHANGED: Final = "the intake changed since this draft was made, and the plan does not count it: ask for the ways to taper again"


@dataclass(frozen=True, slots=True)
class Judged:
    """A draft as it would be approved, and what it is judged by; `unconfirmed`: why its baseline is not confirmed.

    `against`: every reason why it cannot be approved; empty where it can.
    """

    draft: TaperPlan
    decision: Decision
    findings: tuple[Finding, ...]
    rules: ApprovalRules
    others: tuple[TaperPlan, ...]
    life: LifeRules
    unconfirmed: str
    against: tuple[str, ...]


def reasons_against(services: Services, chart: OpenChart, loaded: Loaded, work: Work) -> tuple[str, ...]:
    """Why the draft cannot be approved as it stands today; empty where it can."""
    if work.plan is None:
        return ("there is no draft yet: choose a way to taper first",)
    return _judged(services, chart, loaded, work, work.plan).against


def work_rests_on(services: Services, chart: OpenChart) -> RestsOn | None:
    """What an approval of the draft rests on now; None where there is none."""
    work = work_of(services, chart)
    return None if work is None or work.plan is None else rests_on(services, chart, work.plan)


def approve_plan(services: Services, chart: OpenChart, seen: str) -> TaperPlan:
    """The plan that was seen (`str(work_rests_on(…))`), approved.

    Raises NotAllowed with every reason, LaunchRefused ("role"), StoreConflict that says what changed, EhrError.
    """
    require(services, chart, "approve", (Role.PRESCRIBER,))
    work, now = work_of(services, chart), partial(work_rests_on, services, chart)
    shown = as_shown(services, chart, seen, now)
    if work is None or work.plan is None:
        raise StoreConflict("there is no draft any more")
    is_kept = services.plans.latest(_name(chart, work.plan)) is not None
    judged = partial(_judged, services, chart, work=work, plan=work.plan)
    return approve_shown(services, chart, shown, now, judged, partial(drop_work, services, chart, work.revision), is_kept=is_kept)


def as_shown(services: Services, chart: OpenChart, seen: str, now: Callable[[], RestsOn | None]) -> RestsOn:
    """What a button carried, where it is what there is `now`. Raises WrongUsage, StoreConflict."""
    shown = RestsOn.read(seen)
    _refuse_unseen(services, chart, shown, now())
    return shown


def approve_shown(
    services: Services,
    chart: OpenChart,
    shown: RestsOn,
    now: Callable[[], RestsOn | None],
    judged_by: Callable[[Loaded], Judged],
    end_draft: Callable[[], None],
    *,
    is_kept: bool = False,
) -> TaperPlan:
    """The draft that was shown, judged by a chart that is read anew, approved and kept. `is_kept`: the draft is a version already.

    Raises NotAllowed, StoreConflict where something else is there `now`, EhrError.
    """
    loaded = load_chart(services, chart, afresh=True)
    judged = judged_by(loaded)
    _refuse_unseen(services, chart, shown, now())
    approved = _approved_as(services, chart, judged)
    _keep_approved(services, chart, shown, now, (approved,) if is_kept else (judged.draft, approved), loaded.labels, end_draft)
    return approved


def _refuse_unseen(services: Services, chart: OpenChart, seen: RestsOn, now: RestsOn | None) -> None:
    """Raise StoreConflict, audited, where an approval would be of something else than was seen."""
    try:
        seen.refuse_other(now)
    except StoreConflict:
        note(services, chart.launch, "approve", "refused", {"reason": "changed"})
        raise


def _keep_approved(
    services: Services,
    chart: OpenChart,
    seen: RestsOn,
    now: Callable[[], RestsOn | None],
    made: Sequence[TaperPlan],
    labels: tuple[Label, ...],
    end_draft: Callable[[], None],
) -> None:
    """Append what was `made` (the draft, where it is not kept yet, and its approved version) and end the draft: all of it, or nothing.

    What the approval rests on is compared again, while nobody else can change it. Raises StoreConflict.
    """
    launch, approved, at = chart.launch, made[-1], services.clock()
    name = _name(chart, approved)
    try:
        with services.database.begin():
            services.drafts.hold(launch.tenant_id, launch.patient_id)
            services.plans.hold(launch.tenant_id, launch.patient_id)
            seen.refuse_other(now())
            inputs = made_from(labels, assessment_of(services, chart), services.plans.latest(name))
            versions = [as_version(chart, name, one, at, inputs) for one in made]
            services.plans.append(*versions, expected_version=versions[0].version - 1)
            end_draft()
            accepted = len(approved.acknowledgements)
            detail = {"plan": approved.id, "version": approved.version, "replaces": approved.replaces or "", "accepted": accepted}
            note(services, launch, "approve", "done", detail | {"sources": list(approved.sources)})
    except StoreConflict:
        note(services, launch, "approve", "refused", {"reason": "changed"})
        raise


def _name(chart: OpenChart, plan: TaperPlan) -> PlanName:
    return PlanName(chart.launch.tenant_id, chart.launch.patient_id, plan.ingredient, plan.key)


def judge(
    services: Services, chart: OpenChart, draft: TaperPlan, reading: Reading, findings: tuple[Finding, ...], unconfirmed: str = ""
) -> Judged:
    """A draft judged as it would be approved now: with its pharmacist's answer and the site's crisis lines, beside the other plans.

    `findings` are today's.
    """
    plan, rules = reviewed(services, chart, with_crisis_lines(chart.tenant, draft))
    decision = Decision(chart.who, chart.day(services.clock(), plan.zone), "approved on screen")
    others, life = other_plans(services, chart, reading), reading.tables.safety.life
    against = lifecycle.refusals(plan, decision.on, findings, rules, others, life, why_unconfirmed=unconfirmed)
    return Judged(plan, decision, findings, rules, others, life, unconfirmed, against)


def _approved_as(services: Services, chart: OpenChart, judged: Judged) -> TaperPlan:
    """The approved version of a draft that was judged. Raises NotAllowed with every reason against it, audited."""
    if judged.against:
        note(services, chart.launch, "approve", "refused", {"plan": judged.draft.id, "reasons": len(judged.against)})
        raise NotAllowed(*judged.against)
    asked = judged.decision, judged.findings, judged.rules, judged.others, judged.life
    return lifecycle.approve(judged.draft, *asked, why_unconfirmed=judged.unconfirmed)


def _judged(services: Services, chart: OpenChart, loaded: Loaded, work: Work, plan: TaperPlan) -> Judged:
    reading = reading_for(loaded, work.options)
    changed, findings = _compared(loaded, work, plan)
    unconfirmed = why_unconfirmed(reading.regimen, plan.ingredient)
    judged = judge(services, chart, plan, reading, findings, unconfirmed)
    past = _first_day_is_past(work.options, judged.decision.on)
    intake = _against_intake(work.options, plan, assessment_of(services, chart))
    return replace(judged, against=(*unread_plans(services, chart, loaded, plan), *past, *changed, *intake, *judged.against))


def _first_day_is_past(options: PlanOptions, today: date) -> tuple[str, ...]:
    """The chart is judged as of the first day: of one that is past, what was ordered since would not be seen."""
    if options.start >= today:
        return ()
    first = options.start.isoformat()
    return (f"the first day of this draft, {first}, is past, and what was ordered since is not in it: set a first day anew",)


def _against_intake(options: PlanOptions, plan: TaperPlan, intake: Assessment) -> Iterator[str]:
    """Where the draft and the intake do not say the same."""
    if is_overtaken(options, intake):
        yield _INTAKE_CHANGED
    average = intake.average(plan.ingredient)
    if average is not None and Fraction(average.mg) != Fraction(plan.baseline.mg):
        taken = f"{plain(average.mg)} mg {plan.ingredient} a day are really taken"
        yield f"the intake says that {taken}, and this draft starts from {brief(plan.baseline.mg)} mg: make both say the same"
    elif is_withdrawn(options, intake):
        baseline = f"{brief(plan.baseline.mg)} mg ({options.baseline_by})"
        yield f"the intake does not say any more that {baseline} a day are taken, where this draft starts: ask for the ways to taper again"


def _compared(loaded: Loaded, work: Work, plan: TaperPlan) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """What changed in the chart since the draft was made, and the findings of the plan as it would be made today."""
    made = remade(loaded, work.options, work.edits)
    if isinstance(made, Infeasible):
        return (f"the chart changed since this draft was made, and the plan is not possible any more: {made.message}",), made.findings
    if has_other_doses(made, plan):
        return ("the chart changed since this draft was made, and the doses would be others: choose again",), made.findings
    return (), made.findings
