"""One taper plan from a reading and a person's options, and its printed forms.

Where the answer must be no, it is a typed `Infeasible` with ways out, never an exception and never a guess. Findings of the chart and of
the schedule travel
on the plan; a Stop leaves it a draft that cannot be approved.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.dispensing import next_window
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible, infeasible_to_document
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.safety import blocks_approval, findings_in
from fhir_taper.plans.tapers.use import FROM_1_YEAR, UNKNOWN_COUNTS_AS
from fhir_taper.workflow.plan_request import UNKNOWN_ZONE, PlanOptions, ingredient_of, request_of, use_from_chart, zone_of
from fhir_taper.workflow.regimen import Reading

__all__ = ["Outcome", "PlanOptions", "is_blocked", "make_plan", "plan_of", "plan_output", "stops_of_chart"]

Outcome = TaperPlan | Infeasible
_RUNNING = frozenset({PlanState.ACTIVE, PlanState.ON_HOLD})


def make_plan(reading: Reading, options: PlanOptions) -> Outcome:
    """A draft plan with its findings, or why there is none. Raises WrongUsage naming the option that cannot be meant."""
    request = request_of(reading, options)
    outcome = request if isinstance(request, Infeasible) else plan_of(reading, options, request)
    return replace(outcome, findings=stops_of_chart(reading, options)) if isinstance(outcome, Infeasible) else outcome


def stops_of_chart(reading: Reading, options: PlanOptions) -> tuple[Finding, ...]:
    """What stops any taper of this medicine, whatever the schedule: said too where there is no schedule."""
    ingredient = ingredient_of(reading, options.drug).name
    found = findings_in(reading.case_on(options.start), None, reading.tables.safety, ingredient=ingredient)
    return tuple(one for one in found if one.severity is Severity.STOP)


def plan_of(reading: Reading, options: PlanOptions, request: PlanRequest) -> Outcome:
    """The same from a request that was made already."""
    outcome = propose(request, reading.tables)
    if isinstance(outcome, Infeasible):
        return outcome
    of_chart = findings_in(reading.case_on(options.start), outcome, reading.tables.safety)
    said = _not_said(reading, options, outcome)
    return replace(outcome, findings=(*of_chart, *outcome.findings, *said))


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
            return _json(_bundle(outcome, reading))
        case "table":
            from fhir_taper.render.terminal_plan import plan_text

            return plan_text(outcome).encode()
        case "text":
            from fhir_taper.render.pages import page_text

            return page_text(outcome).encode()
        case "svg":
            from fhir_taper.render.charts import step_chart
            from fhir_taper.render.series import series_of

            return step_chart([series_of(outcome)], f"{outcome.drug}, mg per day").encode()
        case _:
            from fhir_taper.render.pages import page_html
            from fhir_taper.render.pdf import pdf_of

            return pdf_of(page_html(outcome))


def _no(outcome: Infeasible, form: str) -> bytes:
    if form not in ("table", "text"):
        return _json(infeasible_to_document(outcome))
    from fhir_taper.render.terminal_plan import infeasible_text

    return infeasible_text(outcome).encode()


def _bundle(plan: TaperPlan, reading: Reading) -> dict[str, Any]:
    """The plan and the proposals of its next window, labelled at least as strictly as the chart that it came from."""
    from fhir_taper.mappers.write.bundle import to_bundle

    start = plan.steps[0].start
    supply = next_window(plan, start, reading.tables.safety.life)
    return to_bundle(plan, as_of=start, instant=datetime.now(UTC), windows=supply.windows, labels=reading.labels)


def _json(document: Any) -> bytes:
    return encode(document, indent=2) + b"\n"


def _not_said(reading: Reading, options: PlanOptions, plan: TaperPlan) -> list[Finding]:
    """What was assumed because neither the person nor the chart said it."""
    said = _already_tapered(reading, plan)
    if zone_of(reading, options) is None:
        said.append(
            _assumed("zone-not-known", f"The patient's time zone is not known: the plan's days are days in {UNKNOWN_ZONE}.", "Give --zone.")
        )
    if options.use is None:
        said += _duration(plan, use_from_chart(reading, plan.ingredient, options.start))
    return said


def _already_tapered(reading: Reading, plan: TaperPlan) -> list[Finding]:
    """One active taper per ingredient: a second one is a revision of the first (domain I13)."""
    running = [one.value for one in reading.own_plans if one.value.ingredient == plan.ingredient and one.value.state in _RUNNING]
    if not running:
        return []
    message = f"A taper of {plan.drug} is {running[0].state} in this chart (plan {running[0].id}, version {running[0].version})."
    return [_assumed("taper-exists", message, "Revise that plan, or end it.", Severity.STOP)]


def _duration(plan: TaperPlan, from_chart: str | None) -> list[Finding]:
    """A chart may begin in the middle of a long use: a short duration that only the chart vouches for must be confirmed."""
    if from_chart is None:
        message = f"How long {plan.drug} has been taken is not known: it counts as a year or longer ({UNKNOWN_COUNTS_AS})."
        return [_assumed("use-not-known", message, "Give --use.")]
    if from_chart == FROM_1_YEAR:
        return []
    message = (
        f"By the orders in this chart {plan.drug} has been taken {from_chart}; earlier orders may be elsewhere. The limits depend on it."
    )
    return [_assumed("use-read-from-chart", message, "Confirm it with --use.", Severity.ACKNOWLEDGE)]


def _assumed(code: str, message: str, clears: str, severity: Severity = Severity.INFORMATION) -> Finding:
    return Finding(severity, code, message, "design: what is not known is said", clears=clears)
