"""The life of a plan in FHIR's own words: draft → active ⇄ on-hold → completed | revoked (| entered-in-error).

Phases are taper, maintenance and aftercare. Every transition is a decision of a person and makes a new version, or raises NotAllowed with
every reason at once. Nothing here changes a dose: that is `revision`. Ending a plan stops no medicine: a revoked plan says that supply is
the clinician's again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers.collisions import RUNNING, rivals, too_close
from fhir_taper.plans.tapers.finding import Acknowledgement, Finding, Severity
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.judgement import Judge, broken_from, check
from fhir_taper.plans.tapers.new_version import Decision, new_version
from fhir_taper.plans.tapers.plan import Agreement, PharmacistReview, Phase, PlanGoal, PlanState, TaperPlan
from fhir_taper.plans.tapers.reductions import reduction_days

_UNFINISHED = frozenset({PlanState.DRAFT, *RUNNING})
ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """What a site asks for before a plan may be active. A confirmed baseline and no Stop finding are asked everywhere."""

    needs_agreement: bool = True
    needs_pharmacist: bool = False


def acknowledge(plan: TaperPlan, finding: Finding, decision: Decision, findings: Iterable[Finding] = ()) -> TaperPlan:
    """The draft with one finding accepted for a recorded reason: this one, as it is worded, and no other of the same code.

    `findings` are today's. Raises NotAllowed without a reason, for a finding that neither the plan nor today has, for a Stop (which is
    cleared, never accepted), or where the plan is no draft.
    """
    if not decision.reason.strip():
        raise NotAllowed(f"{finding.code} is acknowledged only with a reason")
    if finding not in (*plan.findings, *findings):
        raise NotAllowed(f"the plan has no finding {finding.code}: {finding.message}")
    if finding.severity is Severity.STOP:
        raise NotAllowed(f"{finding.code} stops the plan: it is cleared, not acknowledged")
    accepted = Acknowledgement(finding.code, finding.rule, finding.message, decision.by, decision.on, decision.reason)
    others = tuple(one for one in plan.acknowledgements if (one.code, one.rule) != finding.identity)
    return _draft(plan, replace(plan, acknowledgements=(*others, accepted)))


def agree(plan: TaperPlan, agreement: Agreement) -> TaperPlan:
    """The draft with the patient's agreement. Raises NotAllowed where the plan is no draft, or nobody is named who agreed."""
    if not agreement.who.strip():
        raise NotAllowed("an agreement names who agreed")
    return _draft(plan, replace(plan, agreement=agreement))


def review_by_pharmacist(plan: TaperPlan, review: PharmacistReview) -> TaperPlan:
    """The draft with a pharmacist's review: "accepted", or the pharmacist's words. Raises NotAllowed where it is no draft, or unsigned."""
    if not review.by.strip():
        raise NotAllowed("a review names the pharmacist")
    return _draft(plan, replace(plan, pharmacist_review=review))


def refusals(
    plan: TaperPlan,
    on: date,
    findings: Iterable[Finding],
    rules: ApprovalRules,
    others: Iterable[TaperPlan],
    life: LifeRules,
    *,
    why_unconfirmed: str = "",
    judge: Judge = check,
) -> tuple[str, ...]:
    """Every reason why the plan may not be active from the day `on`; empty where it may. Each is a sentence for a clinician.

    `findings` are today's (chart and schedule); those of the plan count too, but where today words the same finding anew. `others` are the
    patient's other plans, ended ones too: no second plan for an ingredient, and no reduction of an opioid near one of a sedative
    (`life.reductions_apart_days`, domain I13). The version that this one replaces is no other plan, and must be among them: what is in
    force may not have changed since the draft was made. `why_unconfirmed` is why the chart cannot give the baseline
    (`baseline.why_unconfirmed`), empty where it can. A draft that was edited is judged again by its own limits (`judge`).
    """
    listed = tuple(others)
    found = _as_of_today(plan, tuple(findings))
    coming = tuple(day for day in reduction_days(plan) if day >= on)
    return (
        *_state_refusals(plan),
        *(f"stopped by {one.code}: {one.message}" for one in found if one.severity is Severity.STOP),
        *(f"not acknowledged: {one.message}" for one in found if _is_unaccepted(plan, one)),
        *([f"the baseline is not confirmed: {why_unconfirmed}"] if why_unconfirmed and not plan.baseline.confirmed_by else []),
        *(["the patient's agreement is missing"] if rules.needs_agreement and plan.agreement is None else []),
        *_pharmacist_refusals(plan, rules),
        *(f"another plan for {plan.ingredient} is {one.state}: {one.id}" for one in rivals(plan, listed)),
        *_newer(plan, listed),
        *(f"step {one.step} breaks a limit: {one.says}" for one in broken_from(plan, _revised_on(plan), judge)),
        *_changed_since(plan, on, listed),
        *(says for says in too_close(plan, listed, life, coming) if says not in {one.message for one in found}),
    )


def approve(
    plan: TaperPlan,
    decision: Decision,
    findings: Iterable[Finding],
    rules: ApprovalRules,
    others: Iterable[TaperPlan],
    life: LifeRules,
    *,
    why_unconfirmed: str = "",
    judge: Judge = check,
) -> TaperPlan:
    """Draft → active. Raises NotAllowed with every refusal: see `refusals` for the arguments."""
    reasons = refusals(plan, decision.on, findings, rules, others, life, why_unconfirmed=why_unconfirmed, judge=judge)
    if reasons:
        raise NotAllowed(*reasons)
    approved = replace(plan, state=PlanState.ACTIVE, author=plan.author or decision.by)
    told = plan.revisions[-1].says if plan.revisions else f"starts on {plan.steps[0].start.isoformat()}"
    return new_version(approved, plan, decision, "approve", f"approved; {told}")


def complete(plan: TaperPlan, decision: Decision) -> TaperPlan:
    """The last step is reached. At zero: completed, aftercare begins. At a dose: it goes on as maintenance, supplied as before.

    Raises NotAllowed before the last step, or where the plan is not active.
    """
    if plan.state is not PlanState.ACTIVE:
        raise NotAllowed(f"a plan that is {plan.state} cannot be completed")
    last = plan.steps[-1]
    if step_in_force(plan, decision.on).number != last.number:
        raise NotAllowed(f"the last step starts on {last.start.isoformat()} and is not in force")
    if any(dose.units for dose in last.doses):
        if plan.phase is Phase.MAINTENANCE:
            raise NotAllowed("the target is reached already: this dose goes on")
        kept = replace(plan, phase=Phase.MAINTENANCE)
        return new_version(kept, plan, decision, "complete", "the target is reached: this dose goes on")
    done = replace(plan, state=PlanState.COMPLETED, phase=Phase.AFTERCARE)
    return new_version(done, plan, decision, "complete", "the taper is completed: aftercare begins")


def revoke(plan: TaperPlan, decision: Decision) -> TaperPlan:
    """The plan ends without being completed; the medicine goes on until a clinician says otherwise. Raises NotAllowed without a reason."""
    if plan.state not in _UNFINISHED:
        raise NotAllowed(f"a plan that is {plan.state} cannot be revoked")
    if not decision.reason.strip():
        raise NotAllowed("a plan is revoked only with a reason")
    told = "the plan is revoked: today's dose goes on until a clinician decides, and supply is to be arranged"
    return new_version(replace(plan, state=PlanState.REVOKED), plan, decision, "revoke", told)


def enter_in_error(plan: TaperPlan, decision: Decision) -> TaperPlan:
    """The plan should never have been. Raises NotAllowed without a reason, or where it is in error already."""
    if plan.state is PlanState.ENTERED_IN_ERROR:
        raise NotAllowed("the plan is entered in error already")
    if not decision.reason.strip():
        raise NotAllowed("a plan is entered in error only with a reason")
    return new_version(replace(plan, state=PlanState.ENTERED_IN_ERROR), plan, decision, "entered-in-error", "entered in error")


def is_success(plan: TaperPlan) -> bool:
    """True for a plan that reached its end: zero, its target, or a lower dose that was chosen as the end."""
    return plan.state is PlanState.COMPLETED or (plan.phase is Phase.MAINTENANCE and plan.goal is not PlanGoal.DISCONTINUE)


def last_day_of_taper(plan: TaperPlan) -> date:
    """The first day of the last step: from then on nothing changes."""
    return plan.steps[-1].start


def _draft(plan: TaperPlan, changed: TaperPlan) -> TaperPlan:
    if plan.state is not PlanState.DRAFT:
        raise NotAllowed(f"a plan that is {plan.state} is not edited: make a new version")
    return changed


def _as_of_today(plan: TaperPlan, today: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Today's findings, and those of the plan that are not among them in today's words. A Stop of the plan is never reworded away."""
    worded = {finding.identity for finding in today}
    kept = (one for one in plan.findings if one.severity is Severity.STOP or one.identity not in worded)
    return tuple(dict.fromkeys([*today, *kept]))


def _is_unaccepted(plan: TaperPlan, finding: Finding) -> bool:
    return finding.severity is Severity.ACKNOWLEDGE and not any(one.accepts(finding) for one in plan.acknowledgements)


def _revised_on(plan: TaperPlan) -> date | None:
    return plan.revisions[-1].on if plan.revisions else None


def _newer(plan: TaperPlan, others: tuple[TaperPlan, ...]) -> tuple[str, ...]:
    """A version that has been followed by another one is history, however it went on."""
    return tuple(
        f"version {one.version} of this plan is {one.state} already: make the revision again from the newest version"
        for one in others
        if (one.patient, one.ingredient, one.key) == (plan.patient, plan.ingredient, plan.key)
        and one.state not in {PlanState.DRAFT, *RUNNING}  # a running one is a rival, and named as such
        and one.version >= plan.version
    )


def _changed_since(plan: TaperPlan, on: date, others: tuple[TaperPlan, ...]) -> tuple[str, ...]:
    """A revision goes on from the dose of its day: where the version before has come to another one since, it would bring the old back."""
    if not plan.revisions or plan.replaces is None:
        return ()
    before = next((one for one in others if one.id == plan.replaces), None)
    if before is None:
        return (f"the version that this draft replaces ({plan.replaces}) is not among the patient's plans",)
    made, now = step_in_force(before, plan.revisions[-1].on), step_in_force(before, on)
    if made.number == now.number:
        return ()
    return (f"the dose changed on {now.start.isoformat()}, after this draft was made: make the revision again from the dose of today",)


def _state_refusals(plan: TaperPlan) -> tuple[str, ...]:
    return () if plan.state is PlanState.DRAFT else (f"a plan that is {plan.state} cannot be approved",)


def _pharmacist_refusals(plan: TaperPlan, rules: ApprovalRules) -> tuple[str, ...]:
    if not rules.needs_pharmacist:
        return ()
    if plan.pharmacist_review is None:
        return ("the pharmacist's review is missing",)
    verdict = plan.pharmacist_review.verdict
    return () if verdict == ACCEPTED else (f"the pharmacist has not accepted the plan: {verdict}",)
