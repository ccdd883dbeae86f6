"""What a person said beyond the chart, and what was assumed because nobody said it: both stand on the plan as findings.

A confirmed fact counts as if the chart said it, and names who confirmed it. Which facts can be confirmed follows from the tables: those
that clear a finding and that no code of a chart can give.
"""

from dataclasses import replace

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.use import FROM_1_YEAR, IN_WORDS, UNKNOWN_COUNTS_AS, is_shorter
from fhir_taper.workflow.assessed import findings_of, with_assessed
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.running import RUNNING, in_words

UNKNOWN_ZONE = "UTC"
CONFIRMED = "fact-confirmed"
"""The code of a finding that says what a person confirmed."""


def confirmable(tables: Tables) -> frozenset[str]:
    """Facts that clear a finding and that only a person can give."""
    clearing = {
        concept for rule in tables.safety.finding_rules for condition in rule.unless if condition.sign == "fact" for concept in condition.of
    }
    return frozenset(clearing - {row.concept for row in tables.medicines.concepts})


def with_confirmed(reading: Reading, options: PlanOptions) -> Reading:
    """The reading with what a person found out and confirmed. Raises WrongUsage for a fact that cannot be confirmed, or by nobody."""
    reading = with_assessed(reading, options.assessed)
    if bool(options.confirmed) is not bool(options.confirmed_by):
        raise WrongUsage("--confirm and --confirmed-by belong together: which fact, and who confirms it")
    possible = confirmable(reading.tables)
    for concept in options.confirmed:
        if concept not in possible:
            raise WrongUsage(f"--confirm {concept!r} is not a fact that a person confirms here: there is {', '.join(sorted(possible))}")
    if not options.confirmed:
        return reading
    facts = tuple(Fact(concept, _source(options), concept, on=options.start) for concept in dict.fromkeys(options.confirmed))
    return replace(reading, facts=replace(reading.facts, facts=(*reading.facts.facts, *facts)))


def said_of(reading: Reading, options: PlanOptions, ingredient: str, zone: str | None, use_in_chart: str | None) -> tuple[Finding, ...]:
    """What was confirmed and what was assumed, as findings of every plan that is made of this.

    `zone` and `use_in_chart` are None where nobody says.
    """
    found = [
        *_confirmed(options),
        *_already_tapered(reading, ingredient),
        *_tapered_by_orders(reading, ingredient),
        *findings_of(reading, options.assessed),
    ]
    if zone is None:
        says = f"The patient's time zone is not known: the plan's days are days in {options.site_zone or UNKNOWN_ZONE}."
        found.append(_assumed("zone-not-known", says, "Give --zone."))
    if options.use is None:
        found += _duration(ingredient, use_in_chart)
    elif is_shorter(options.use, use_in_chart):
        found.append(_shorter_than_ordered(reading, ingredient, options.use))
    return tuple(found)


def _confirmed(options: PlanOptions) -> list[Finding]:
    return [
        Finding(Severity.INFORMATION, CONFIRMED, f"{concept}: confirmed by {options.confirmed_by}.", _source(options), value=concept)
        for concept in dict.fromkeys(options.confirmed)
    ]


def _source(options: PlanOptions) -> str:
    return f"{options.confirmed_by}, on the command line"


def _already_tapered(reading: Reading, ingredient: str) -> list[Finding]:
    """One active taper per ingredient: a second one is a revision of the first (domain I13)."""
    running = [one.value for one in reading.own_plans if one.value.ingredient == ingredient and one.value.state in RUNNING]
    if not running:
        return []
    message = f"A taper of {ingredient} is {running[0].state} in this chart (plan {running[0].id}, version {running[0].version})."
    return [_assumed("taper-exists", message, "Revise that plan, or end it.", Severity.STOP)]


def _tapered_by_orders(reading: Reading, ingredient: str) -> list[Finding]:
    """Somebody else's taper: which of the two holds is a person's decision."""
    return [
        Finding(
            Severity.ACKNOWLEDGE,
            "taper-ordered",
            f"A taper of {ingredient} is written in the orders of this chart already: {in_words(form)}.",
            "design: one taper of an ingredient at a time",
            clears="These orders end when this plan begins; or no plan is made beside them.",
            evidence=form.sources,
        )
        for form in reading.ordered_tapers
        if form.ingredient == ingredient
    ]


def _duration(ingredient: str, in_chart: str | None) -> list[Finding]:
    """A chart may begin in the middle of a long use: a short duration that only the chart vouches for must be confirmed."""
    if in_chart is None:
        message = f"How long {ingredient} has been taken is not known: it counts as a year or longer ({UNKNOWN_COUNTS_AS})."
        return [_assumed("use-not-known", message, "Give --use.")]
    if in_chart == FROM_1_YEAR:
        return []
    message = (
        f"By the orders in this chart {ingredient} has been taken {in_chart}; earlier orders may be elsewhere. The limits depend on it."
    )
    return [_assumed("use-read-from-chart", message, "Confirm it with --use.", Severity.ACKNOWLEDGE)]


def _shorter_than_ordered(reading: Reading, ingredient: str, use: str) -> Finding:
    """Limits of a short use are wider: nobody's word makes a use shorter than the orders of the chart prove."""
    since = dict(reading.facts.first_use)[ingredient].isoformat()
    message = (
        f"--use says that {ingredient} has been taken for {IN_WORDS[use]}, and the orders of this chart go on without a gap since {since}."
    )
    clears = "The duration that the orders prove (leave --use out), or the older orders corrected in the chart."
    return _assumed("use-contradicts-chart", message, clears, Severity.STOP)


def _assumed(code: str, message: str, clears: str, severity: Severity = Severity.INFORMATION) -> Finding:
    return Finding(severity, code, message, "design: what is not known is said", clears=clears)
