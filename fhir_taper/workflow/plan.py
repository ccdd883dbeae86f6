"""One taper plan from a reading and a person's options, and its printed forms.

Where the answer must be no, it is a typed `Infeasible` with ways out, never an exception and never a guess. Findings of the chart and of
the schedule travel
on the plan; a Stop leaves it a draft that cannot be approved.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.collisions import collision_findings
from fhir_taper.plans.tapers.contingency import advised
from fhir_taper.plans.tapers.dispensing import next_window
from fhir_taper.plans.tapers.finding import Finding, Severity, ranked
from fhir_taper.plans.tapers.first_supply import first_supply
from fhir_taper.plans.tapers.infeasible import Infeasible, infeasible_to_document
from fhir_taper.plans.tapers.judgement import check, sound
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.safety import blocks_approval, findings_in
from fhir_taper.workflow.clock import now
from fhir_taper.workflow.cover import cover_of
from fhir_taper.workflow.inputs import addressed_by, inputs_of, prior_prescriptions
from fhir_taper.workflow.plan_options import LOCAL_TENANT, PlanOptions
from fhir_taper.workflow.plan_request import Question, ingredient_of, question_of
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.said import with_confirmed

if TYPE_CHECKING:  # the editor is loaded for a plan that was edited: a command never edits one
    from fhir_taper.plans.tapers.edits import Edited

Outcome = TaperPlan | Infeasible


def make_plan(reading: Reading, options: PlanOptions, edits: Sequence["Edited"] = ()) -> Outcome:
    """A draft plan with a person's edits and its findings, or why there is none. Raises WrongUsage naming what cannot be meant."""
    reading = with_confirmed(reading, options)
    question = question_of(reading, options)
    outcome = question if isinstance(question, Infeasible) else answer_to(question, reading, edits)
    return replace(outcome, findings=stops_of_chart(reading, options)) if isinstance(outcome, Infeasible) else outcome


def stops_of_chart(reading: Reading, options: PlanOptions) -> tuple[Finding, ...]:
    """What stops any taper of this medicine, whatever the schedule: said too where there is no schedule."""
    ingredient = ingredient_of(reading, options.drug).name
    found = findings_in(reading.case_on(options.start), None, reading.tables.safety, ingredient=ingredient)
    return tuple(one for one in found if one.severity is Severity.STOP)


def answer_to(question: Question, reading: Reading, edits: Sequence["Edited"] = ()) -> Outcome:
    """The plan that the engine makes, edited, with the findings of chart, schedule and question; or why it makes none.

    Raises BrokenPlan for a plan that breaks its own limits on any day: it is never shown.
    """
    outcome = propose(question.request, reading.tables)
    if isinstance(outcome, TaperPlan) and edits:
        from fhir_taper.plans.tapers.editing import edited

        outcome = edited(outcome, edits, question.request, reading.tables)  # judged there: what breaks a rule is refused, with its reason
    elif isinstance(outcome, TaperPlan):
        sound(outcome, check(outcome, question.request.past))
    if isinstance(outcome, Infeasible):
        return outcome
    of_chart = findings_in(reading.case_on(question.request.start, question.totals), outcome, reading.tables.safety)
    beside = collision_findings(outcome, (one.value for one in reading.own_plans), reading.tables.safety.life)
    lacking = first_supply(outcome, reading.regimen.items).findings()
    findings = ranked((*of_chart, *beside, *outcome.findings, *lacking, *question.said))
    return replace(
        outcome,
        findings=findings,
        minimum_function=question.minimum_function,
        contingency=advised(outcome, reading.tables.safety.advice),
        sources=inputs_of(outcome.sources, findings, reading),
    )


def is_blocked(outcome: Outcome) -> bool:
    """True where there is no plan, or one that cannot be approved."""
    return isinstance(outcome, Infeasible) or blocks_approval(outcome.findings)


def plan_output(outcome: Outcome, form: str, reading: Reading) -> bytes:
    """The outcome in one of the printed forms: json, table, fhir, text, svg, pdf.

    Without a plan, table and text say why in words and the rest in JSON.
    """
    if isinstance(outcome, Infeasible):
        return _no(outcome, form)
    match form:
        case "json":
            return _json(to_document(outcome))
        case "fhir":
            return _json(plan_bundle(outcome, reading, as_of=outcome.steps[0].start, instant=now()))
        case "table":
            from fhir_taper.render.terminal_plan import plan_text

            return plan_text(outcome, cover_of(outcome, reading)).encode()
        case "text":
            from fhir_taper.render.pages import page_text

            return page_text(outcome, cover_of(outcome, reading)).encode()
        case "svg":
            from fhir_taper.render.plan_chart import plan_chart

            return plan_chart(outcome, cover_of(outcome, reading)).encode()
        case _:
            from fhir_taper.render.pdf import pdf_of
            from fhir_taper.render.print_page import layouts_of

            return pdf_of(layouts_of(outcome, cover_of(outcome, reading)))


def _no(outcome: Infeasible, form: str) -> bytes:
    if form not in ("table", "text"):
        return _json(infeasible_to_document(outcome))
    from fhir_taper.render.terminal_plan import infeasible_text

    return infeasible_text(outcome).encode()


def plan_bundle(plan: TaperPlan, reading: Reading, *, as_of: date, instant: datetime, tenant: str = LOCAL_TENANT) -> dict[str, Any]:
    """The plan and the proposals of the window that begins on a day, labelled at least as strictly as the chart that it came from.

    Raises BadInput where the labels of the chart forbid writing.
    """
    from fhir_taper.mappers.write.bundle import to_bundle

    return to_bundle(
        plan,
        as_of=as_of,
        instant=instant,
        windows=next_window(plan, as_of, reading.tables.safety.life, lacks=first_supply(plan, reading.regimen.items)).windows,
        tenant=tenant,
        labels=reading.labels,
        addresses=addressed_by(plan, reading),
        prior_prescriptions=prior_prescriptions(plan, reading),
    )


def _json(document: Any) -> bytes:
    return encode(document, indent=2) + b"\n"
