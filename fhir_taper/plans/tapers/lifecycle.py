"""The life of a plan in FHIR's own words: draft → active ⇄ on-hold → completed | revoked (| entered-in-error).

Phases are taper, maintenance and aftercare. Every transition is a decision of a person and makes a new version, or raises NotAllowed with
every reason at once. Nothing here changes a dose: that is `revision`. Ending a plan stops no medicine: a revoked plan says that supply is
the clinician's again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.tapers.finding import Acknowledgement, Finding, Severity
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.new_version import Decision, new_version
from fhir_taper.plans.tapers.plan import Agreement, PharmacistReview, Phase, PlanGoal, PlanState, TaperPlan

_RUNNING = frozenset({PlanState.ACTIVE, PlanState.ON_HOLD})
_UNFINISHED = frozenset({PlanState.DRAFT, *_RUNNING})
ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """What a site asks for before a plan may be active. A confirmed baseline and no Stop finding are asked everywhere."""

    needs_agreement: bool = True
    needs_pharmacist: bool = False


def acknowledge(plan: TaperPlan, code: str, decision: Decision, findings: Iterable[Finding] = ()) -> TaperPlan:
    """The draft with a finding accepted for a recorded reason.

    Raises NotAllowed without reason or finding, for a Stop (which is cleared, never accepted), or where the plan is no draft.
    """
    if not decision.reason.strip():
        raise NotAllowed(f"{code} is acknowledged only with a reason")
    severities = {finding.severity for finding in (*plan.findings, *findings) if finding.code == code}
    if not severities:
        raise NotAllowed(f"the plan has no finding {code}")
    if Severity.STOP in severities:
        raise NotAllowed(f"{code} stops the plan: it is cleared, not acknowledged")
    others = tuple(one for one in plan.acknowledgements if one.code != code)
    return _draft(plan, replace(plan, acknowledgements=(*others, Acknowledgement(code, decision.by, decision.on, decision.reason))))


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
    plan: TaperPlan, findings: Iterable[Finding], rules: ApprovalRules, others: Iterable[TaperPlan] = (), *, why_unconfirmed: str = ""
) -> tuple[str, ...]:
    """Every reason why the plan may not be active now; empty where it may.

    `findings` are today's (chart and schedule); those of the plan count too. `others` are the patient's other plans; the version that this
    one replaces is none. `why_unconfirmed` is why the chart cannot give the baseline (`baseline.why_unconfirmed`), empty where it can.
    """
    found = tuple(dict.fromkeys([*findings, *plan.findings]))
    accepted = {one.code for one in plan.acknowledgements}
    return (
        *_state_refusals(plan),
        *(f"stopped by {one.code}: {one.message}" for one in found if one.severity is Severity.STOP),
        *(f"not acknowledged: {one.code}: {one.message}" for one in found if _needs_acknowledgement(one) and one.code not in accepted),
        *([f"the baseline is not confirmed: {why_unconfirmed}"] if why_unconfirmed and not plan.baseline.confirmed_by else []),
        *(["the patient's agreement is missing"] if rules.needs_agreement and plan.agreement is None else []),
        *_pharmacist_refusals(plan, rules),
        *(f"another plan for {plan.ingredient} is {one.state}: {one.id}" for one in _rivals(plan, others)),
    )


def approve(
    plan: TaperPlan,
    decision: Decision,
    findings: Iterable[Finding],
    rules: ApprovalRules,
    others: Iterable[TaperPlan] = (),
    *,
    why_unconfirmed: str = "",
) -> TaperPlan:
    """Draft → active. Raises NotAllowed with every refusal: see `refusals` for the arguments."""
    reasons = refusals(plan, findings, rules, others, why_unconfirmed=why_unconfirmed)
    if reasons:
        raise NotAllowed(*reasons)
    approved = replace(plan, state=PlanState.ACTIVE, author=plan.author or decision.by)
    return new_version(approved, plan, decision, "approve", f"approved; starts on {plan.steps[0].start.isoformat()}")


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


def _needs_acknowledgement(finding: Finding) -> bool:
    return finding.severity is Severity.ACKNOWLEDGE


def _state_refusals(plan: TaperPlan) -> tuple[str, ...]:
    return () if plan.state is PlanState.DRAFT else (f"a plan that is {plan.state} cannot be approved",)


def _pharmacist_refusals(plan: TaperPlan, rules: ApprovalRules) -> tuple[str, ...]:
    if not rules.needs_pharmacist:
        return ()
    if plan.pharmacist_review is None:
        return ("the pharmacist's review is missing",)
    verdict = plan.pharmacist_review.verdict
    return () if verdict == ACCEPTED else (f"the pharmacist has not accepted the plan: {verdict}",)


def _rivals(plan: TaperPlan, others: Iterable[TaperPlan]) -> tuple[TaperPlan, ...]:
    """Other running plans of the patient for an ingredient that this plan doses, the replaced version excepted."""
    doses = {dose.ingredient for step in plan.steps for dose in step.doses} | {plan.ingredient}
    return tuple(
        one
        for one in others
        if one.patient == plan.patient and one.ingredient in doses and one.state in _RUNNING and one.id not in {plan.id, plan.replaces}
    )
