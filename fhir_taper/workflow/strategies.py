"""Candidate tapers side by side: every strategy and protocol that is meant for this medicine, made with the same baseline and products.

A candidate that cannot be made stays in the list, with the reason and the ways out. Nothing here ranks: a person chooses.
"""

from collections.abc import Iterator
from dataclasses import replace

from fhir_taper.errors import WrongUsage
from fhir_taper.exact_json import encode
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.candidates import Candidate, Candidates, candidates_document
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.protocol import applies_to
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.workflow.plan import Outcome, answer_to, stops_of_chart
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.plan_request import Question, question_of
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.said import with_confirmed

STRATEGIES = ("linear", "proportional", "hyperbolic", "stepped", "substitution", "interval-extension")
CROSS_OVER_TO = "diazepam"
"""What a substitution candidate of another benzodiazepine crosses over to unless somebody says otherwise."""


def candidates(reading: Reading, options: PlanOptions) -> Candidates:
    """Every strategy and every protocol that applies; with --strategy or --protocol only that one.

    Raises WrongUsage for an option that cannot be meant.
    """
    reading = with_confirmed(reading, options)
    question = question_of(reading, options)
    stops = stops_of_chart(reading, options)
    if isinstance(question, Infeasible):
        return Candidates(options.drug, question.at_mg, refused=replace(question, findings=stops), stops=stops)
    request = question.request
    asked = [options] if options.strategy or options.protocol else _all_options(reading, options, request)
    found = tuple(_stopped(_candidate(reading, one, question), stops) for one in asked)
    return Candidates(request.drug, request.baseline.mg, found, stops=stops)


def candidates_output(found: Candidates, form: str) -> bytes:
    """The answer of `fhir-taper strategies` as a chart and table for people, or as JSON (schema 1)."""
    if form == "json":
        return encode(candidates_document(found), indent=2) + b"\n"
    from fhir_taper.render.terminal_candidates import candidates_text

    titles = {row.id: row.title for row in load().limits.protocols.values()}
    return candidates_text(found, titles).encode()


def way_named(reading: Reading, options: PlanOptions, way: str) -> PlanOptions:
    """The options of one of the candidates: "protocol asam-2025", "strategy linear". Raises WrongUsage for one that is not among them."""
    question = question_of(with_confirmed(reading, options), options)
    asked = () if isinstance(question, Infeasible) else _all_options(reading, options, question.request)
    found = next((one for one in asked if way == name_of_way(one.protocol, one.strategy)), None)
    if found is None:
        raise WrongUsage(f"{way[:60]!r} is not one of the ways to taper this")
    return found


def without_a_way(options: PlanOptions) -> PlanOptions:
    """The question of a way that was chosen, as it was before: so that the others stay beside it. A cross-over's own agent goes with it."""
    own = ("to", CROSS_OVER_TO) if options.strategy == "substitution" else None
    return replace(options, strategy=None, protocol=None, params=tuple(pair for pair in options.params if pair != own))


def name_of_way(protocol: str | None, strategy: str | None) -> str:
    """What tells the candidates of one question apart."""
    return f"protocol {protocol}" if protocol else f"strategy {strategy}"


def crosses_over(drug_class: DrugClass, ingredient: str) -> bool:
    """Whether a medicine is crossed over to another one unless somebody says to which: other benzodiazepines, to diazepam."""
    return drug_class is DrugClass.BENZODIAZEPINE and ingredient != CROSS_OVER_TO


def _all_options(reading: Reading, options: PlanOptions, request: PlanRequest) -> Iterator[PlanOptions]:
    for strategy in STRATEGIES:
        params = dict(options.params)
        if strategy == "substitution":
            if crosses_over(request.drug_class, request.ingredient):
                params.setdefault("to", CROSS_OVER_TO)
            elif "to" not in params:
                continue
        yield replace(options, strategy=strategy, params=tuple(params.items()))
    for row in reading.tables.limits.protocols.values():
        if applies_to(row, request):
            yield replace(options, protocol=row.id)


def _stopped(candidate: Candidate, stops: tuple[Finding, ...]) -> Candidate:
    """A candidate that cannot be made says what stops every candidate, as a plan does."""
    no = candidate.outcome
    return replace(candidate, outcome=replace(no, findings=stops)) if isinstance(no, Infeasible) else candidate


def _candidate(reading: Reading, options: PlanOptions, question: Question) -> Candidate:
    try:
        outcome = _outcome(reading, options, question)
    except WrongUsage as error:
        outcome = Infeasible("needs-parameter", str(error))
    strategy = outcome.strategy if isinstance(outcome, TaperPlan) else options.strategy or ""
    if options.protocol and not strategy:
        strategy = reading.tables.limits.protocols[options.protocol].strategy
    params = outcome.params if isinstance(outcome, TaperPlan) else options.params
    return Candidate(strategy, options.protocol, params, outcome)


def _outcome(reading: Reading, options: PlanOptions, question: Question) -> Outcome:
    """A cross-over needs the products of its agent: only then the question is made anew."""
    if "to" in dict(options.params):
        crossing = question_of(reading, options)
        return crossing if isinstance(crossing, Infeasible) else answer_to(crossing, reading)
    request = replace(question.request, strategy=options.strategy, protocol=options.protocol, params=options.params)
    return answer_to(replace(question, request=request), reading)
