"""What a taper plan is made of, as FHIR extensions: one shape for each value in `plans.tapers.plan` that no FHIR element can hold.

Declarations only. Where FHIR R4 has an element (status, subject, author, created, replaces, the protocol, the days and the kind
of a step) the plan stands there, and not here; see `care_plan` and `request_group`. `extensions` gives the shapes their names.
"""

from operator import itemgetter
from typing import Any, Final

from fhir_taper import __version__
from fhir_taper.mappers.write.digest import digest_of
from fhir_taper.mappers.write.shapes import Kind, Part, Shape, code, day, group, groups, number, text
from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, SourceState
from fhir_taper.plans.medicines.dose import ZERO
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.contingency_rows import AdvicePart
from fhir_taper.plans.tables.rows import Basis, Bound, Limit, LimitsRow, TableEdition, UnitRule
from fhir_taper.plans.tables.rows import Part as LimitPart
from fhir_taper.plans.tapers.finding import Acknowledgement, Finding, Severity
from fhir_taper.plans.tapers.plan import (
    Advice,
    Agreement,
    Baseline,
    Contingency,
    EquivalentFactor,
    GateState,
    Milestone,
    PharmacistReview,
    Phase,
    PlanGoal,
    PlanProduct,
    PlanState,
    ReviewGate,
    RevisionNote,
    Tier,
    TierFactor,
)

SCHEMA: Final = 1
"""Version of these shapes. A CarePlan of a later one is refused, never half-read."""

REQUEST_STATUS: Final = "http://hl7.org/fhir/ValueSet/request-status"


def pair(**parts: Any) -> tuple[Any, ...]:
    """Make what our values hold as a pair, from its named parts."""
    return tuple(parts.values())


SOURCE: Final = Shape(
    Source,
    (
        text("name", "Where the number is known from."),
        text("edition", "Its edition."),
        text("year", "Its year, as printed."),
        code("state", SourceState, "source-state", "How well it is known; knowledge and default await a clinician's sign-off."),
    ),
)

LIMIT: Final = Shape(
    Limit,
    (
        code("bound", Bound, "limit-bound", "Advised (beyond it: a reason) or hard."),
        number("days", Kind.INTEGER, "Length of the window in days."),
        number("fraction", Kind.DECIMAL, "Largest reduction within the window, as a fraction."),
        code("basis", Basis, "limit-basis", "What the fraction is taken of."),
        group("source", SOURCE, "Where the limit is known from."),
        code("part", LimitPart, "limit-part", "Which part of the envelope it is."),
        number("above", Kind.DECIMAL, "The limit holds above this fraction of the original dose.", ZERO),
        number("upTo", Kind.DECIMAL, "The limit holds up to this fraction of the original dose.", None),
    ),
)

UNIT_RULE: Final = Shape(
    UnitRule,
    (
        text("ingredient", "Whose notch it is."),
        number("unitMaxMg", Kind.DECIMAL, "Largest single notch that may be taken beyond a fraction limit, mg."),
        group("source", SOURCE, "Where the rule is known from."),
    ),
)

LIMITS: Final = Shape(
    LimitsRow,
    (
        text("row", "Name of the row of the table of limits."),
        code("drugClass", DrugClass, "drug-class", "Class that the row is for."),
        text("use", "Duration of use that the row is for."),
        groups("limit", LIMIT, "One limit of the row.", "limits"),
        number("maxDays", Kind.INTEGER, "Longest duration of a plan, in days."),
        number("minStepDays", Kind.INTEGER, "Shortest step, in days."),
        number("stepMultipleDays", Kind.INTEGER, "Steps are multiples of so many days (wear time of patches)."),
        number("maxPieces", Kind.INTEGER, "Pieces per intake that the doses were made with."),
        group("firstCut", LIMIT, "Cap of the first reduction.", None),
        group("unit", UNIT_RULE, "The unit rule; without one no cut exceeds a fraction limit.", None),
    ),
)

BASELINE: Final = Shape(
    Baseline,
    (
        number("mg", Kind.DECIMAL, "Confirmed average intake, mg per day."),
        text("confirmedBy", "Who confirmed it, where that was needed.", ""),
        day("confirmedOn", "When it was confirmed.", None),
        text("how", "How it is known.", ""),
    ),
)

PRODUCT: Final = Shape(
    PlanProduct,
    (
        text("rxcui", "RxNorm code."),
        text("name", "Name."),
        text("ingredient", "The controlled ingredient."),
        code("form", Form, "form", "Dose form."),
        code("release", Release, "release", "How the dose leaves the product."),
        number("mg", Kind.DECIMAL, "mg per unit; per mL of a liquid; per 24 hours worn of a patch."),
        number("parts", Kind.POSITIVE, "What it may be cut into in this plan: 1 whole, 2 halves, 4 quarters."),
        number("smallestMl", Kind.DECIMAL, "Smallest volume of a liquid that can be measured, mL.", None),
        number("wearHours", Kind.POSITIVE, "Wear time of a patch, hours.", None, attribute="wear_h"),
    ),
)

TABLE_EDITION: Final = Shape(
    TableEdition,
    (
        text("table", "Name of a table of clinical numbers that the plan used."),
        text("edition", "Its edition."),
        text("sha256", "Hash of its bytes.", attribute="sha256"),
    ),
)

EQUIVALENT: Final = Shape(
    EquivalentFactor,
    (
        text("ingredient", "Whose equivalent it is."),
        text("table", "The table."),
        number("low", Kind.EXACT, "Equivalent per mg, lower end."),
        number("high", Kind.EXACT, "Equivalent per mg, upper end."),
        text("measure", "diazepam_mg or mme."),
        text("source", "Where the factor is known from."),
    ),
)

TIER_FACTOR: Final = Shape(
    TierFactor,
    (
        text("factor", "The factor."),
        code("tier", Tier, "tier", "The tier that it asks for."),
        text("says", "In words."),
        text("source", "The row of the table that it comes from."),
    ),
)

REVIEW_GATE: Final = Shape(
    ReviewGate,
    (
        number("step", Kind.INTEGER, "Number of the step whose reduction waits for the review."),
        day("due", "When the review is due."),
        code("state", GateState, "review-state", "Open, passed or overridden."),
        text("by", "Who reviewed or overrode.", ""),
        day("on", "When.", None),
        text("reason", "Why it was overridden.", ""),
    ),
)

MILESTONE: Final = Shape(
    Milestone,
    (
        text("says", "The milestone in words."),
        number("step", Kind.INTEGER, "Number of the step that reaches it."),
        day("due", "When it is due."),
    ),
)

ADVICE: Final = Shape(
    Advice,
    (
        text("id", "Name of the row of the table of advice."),
        code("part", AdvicePart, "advice-part", "For when something happened, or for comfort."),
        text("when", "What happened."),
        text("what", "What the patient does."),
        group("source", SOURCE, "Where the advice is known from."),
    ),
)

CONTINGENCY: Final = Shape(
    Contingency,
    (
        text("breakthrough", "What to do when symptoms break through, in a clinician's words.", ""),
        text("comfortPlan", "Measures of comfort, in a clinician's words.", ""),
        text("emergencyContact", "Whom to call.", many=True, attribute="emergency_contacts"),
        text("saidBy", "Whose words these are.", ""),
        day("saidOn", "When they were said.", None),
        groups("advice", ADVICE, "One piece of advice of the tables.", "advice"),
    ),
)

AGREEMENT: Final = Shape(
    Agreement,
    (text("who", "Who agreed."), text("what", "To what."), day("on", "When.")),
)

PHARMACIST_REVIEW: Final = Shape(
    PharmacistReview,
    (text("by", "Who reviewed."), day("on", "When."), text("verdict", "With what result.")),
)

FINDING: Final = Shape(
    Finding,
    (
        code("severity", Severity, "severity", "Stop, Acknowledge or Information."),
        text("code", "Code of the finding."),
        text("message", "The finding in one sentence."),
        text("source", "Where the rule is known from."),
        text("value", "What was seen.", ""),
        text("rule", "The rule that fired.", ""),
        text("clears", "What would clear it.", ""),
        text("evidence", "A resource that it rests on.", many=True),
    ),
)

ACKNOWLEDGEMENT: Final = Shape(
    Acknowledgement,
    (
        text("code", "Code of the finding that was accepted."),
        text("rule", "Rule of that finding: what it is about."),
        text("message", "The finding as it was worded when it was accepted."),
        text("by", "Who accepted it."),
        day("on", "When."),
        text("reason", "Why."),
    ),
)

REVISION: Final = Shape(
    RevisionNote,
    (
        text("kind", "What kind of change."),
        number("version", Kind.INTEGER, "The version that it made."),
        day("on", "When."),
        text("by", "Who decided."),
        text("reason", "Why."),
        text("says", "What changed, in words."),
        number("days", Kind.INTEGER, "By how many days later steps moved.", 0),
    ),
)

PARAM: Final = Shape(
    pair,
    (
        Part("name", Kind.TEXT, "Name of the parameter.", "name", get=itemgetter(0)),
        Part("value", Kind.TEXT, "Its value as given.", "value", get=itemgetter(1)),
    ),
)

CORE: Final[Shape[dict[str, Any]]] = Shape(
    dict,
    (
        Part("schema", Kind.INTEGER, "Version of these extensions.", "schema", get=lambda _plan: SCHEMA),
        number("version", Kind.POSITIVE, "Version of the plan."),
        text("key", "Key of the plan among the patient's plans for this ingredient.", ""),
        Part("state", Kind.CODE, "Status of the CarePlan when it was written.", "state", words=PlanState, vocabulary=REQUEST_STATUS),
        Part("digest", Kind.TEXT, "Digest of everything that the plan says.", "digest", get=digest_of),
        Part("stepCount", Kind.INTEGER, "How many steps the plan has.", "step_count", get=lambda plan: len(plan.steps)),
        text("drug", "What is tapered, as the clinician named it."),
        text("ingredient", "The ingredient that is tapered."),
        code("drugClass", DrugClass, "drug-class", "Its class."),
        code("goal", PlanGoal, "plan-goal", "What the taper aims at."),
        number("targetMg", Kind.DECIMAL, "Dose to end at, mg per day."),
        text("strategy", "How the dose is reduced."),
        groups("param", PARAM, "A parameter of the strategy.", "params"),
        text("use", "Duration of use."),
        text("reason", "Why the taper is done.", ""),
        text("zone", "Time zone of the patient's days (IANA)."),
        code("phase", Phase, "phase", "Taper, maintenance or aftercare."),
        code("tier", Tier, "tier", "Risk tier.", None),
        text("minimumFunction", "Minimum acceptable function during the taper.", ""),
        text("programVersion", "Version of the program that made the plan."),
        Part("writtenBy", Kind.TEXT, "Version of the program that wrote this resource.", "written_by", get=lambda _plan: __version__),
    ),
)
