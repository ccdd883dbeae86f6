"""Findings that a schedule itself causes: what a person must know of how it was made, before approving it.

Unit-limited cuts, pace beyond the advised bound, tails beyond a quarter where the row only lists them, limits that bound and points that
were met again, a time of day that rises, a protocol that was edited or that demands a reason, and the default rows that await sign-off.
Findings of the chart are `safety`'s work.
"""

from collections.abc import Iterator
from fractions import Fraction

from fhir_taper.plans.medicines.codes import AWAITS_SIGN_OFF, DrugClass
from fhir_taper.plans.medicines.dose import canonical, plain
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.rows import Basis, Limit, LimitsRow, Part
from fhir_taper.plans.tapers.course import Drafted
from fhir_taper.plans.tapers.cuts import Cut, cuts_of, excess_of, shown_percent
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import StepKind
from fhir_taper.plans.tapers.protocol import Chosen
from fhir_taper.plans.tapers.request import PlanRequest

_DESIGN = "design: what a schedule does is said"


def schedule_findings(request: PlanRequest, chosen: Chosen, drafted: Drafted) -> tuple[Finding, ...]:
    """All findings of one draft, the ones to acknowledge first."""
    row = drafted.row
    cuts = cuts_of(drafted.track)
    found = [
        *_of_protocol(chosen, row),
        *_unit_limited(row, cuts),
        *_advised(row, cuts),
        *_rises(drafted),
        *_of_class(request, drafted),
        *_limited(row, drafted),
        *_notes(drafted),
        *_defaults(row),
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity is Severity.INFORMATION))


def _of_protocol(chosen: Chosen, row: LimitsRow) -> Iterator[Finding]:
    if chosen.protocol is None:
        return
    source, name = str(chosen.protocol.source), chosen.protocol.id
    if chosen.edited:
        says = f"Parameters of protocol {name} were edited: the limits are those of the default row {row.row}."
        yield Finding(Severity.INFORMATION, "protocol-edited", says, source, rule=name, clears="Run the protocol unedited.")
    elif chosen.protocol.demands == "life-threatening":
        says = f"Protocol {name} is only for a life-threatening reason: document it."
        yield Finding(Severity.ACKNOWLEDGE, "life-threatening-reason", says, source, rule=name, clears="A slower protocol.")
    elif chosen.protocol.demands:
        says = f"Protocol {name} is faster than usual: say why."
        yield Finding(Severity.ACKNOWLEDGE, "reason-required", says, source, rule=name, clears="A slower protocol.")


def _unit_limited(row: LimitsRow, cuts: tuple[Cut, ...]) -> Iterator[Finding]:
    found = [cut for cut in cuts if cut.kind is StepKind.UNIT_LIMITED]
    if not found or row.unit is None:
        return
    first = found[0]
    says = (
        f"{first.mg(first.now)} mg is {shown_percent(first.before - first.now, first.before)} % below {first.mg(first.before)} mg; "
        f"{_which(row, first, first is cuts[0])}. No smaller cut can be made with these products."
    )
    if len(found) > 1:
        says += f" The same holds for {_list([cut.mg(cut.now) for cut in found[1:]])} mg."
    value = f"{len(found)} cuts of one notch, at most {plain(row.unit.unit_max_mg)} mg"
    source = f"unit_rule.csv: {row.unit.ingredient}, {_said(row.unit.source)}"
    clears = "Products that make smaller doses: other parts, a liquid, other strengths."
    yield Finding(Severity.ACKNOWLEDGE, "unit-limited", says, source, value, "unit-rule", clears)


def _which(row: LimitsRow, cut: Cut, is_first: bool) -> str:
    """Which limit a cut is beyond, in words."""
    cap = row.first_cut
    if cap is not None and is_first and Fraction(cut.before - cut.now) > Fraction(cap.fraction) * cut.track.original:
        return f"the first step should not exceed {_percent_of(cap)} %"
    for limit in row.hard:
        if excess_of(limit, cut) is not None:
            return f"{_percent_of(limit)} % in {limit.days} days should not be exceeded"
    return "a limit should not be exceeded"


def _advised(row: LimitsRow, cuts: tuple[Cut, ...]) -> Iterator[Finding]:
    """One finding per advised bound that some reductions are beyond: the worst of them and how many."""
    for limit in row.advised:
        sizes = ((excess_of(limit, cut), cut) for cut in cuts)
        beyond = [(size, cut) for size, cut in sizes if size is not None]
        if not beyond:
            continue
        worst, cut = max(beyond, key=lambda pair: pair[0])
        percent = shown_percent(worst.numerator, worst.denominator)
        basis = "the original dose" if limit.basis is Basis.ORIGINAL else "the dose then"
        says = (
            f"{len(beyond)} of {len(cuts)} reductions are beyond {_percent_of(limit)} % of {basis} in {limit.days} days; "
            f"the largest is {percent} %, to {cut.mg(cut.now)} mg."
        )
        is_tail = limit.part is Part.TAIL
        code, clears = ("tail-excess", "A slower end, or smaller doses.") if is_tail else ("pace-advised", "A slower pace.")
        yield Finding(Severity.ACKNOWLEDGE, code, says, _said(limit.source), f"{percent} %", f"{row.row}, {_place_of(limit)}", clears)


def _rises(drafted: Drafted) -> Iterator[Finding]:
    if 0 in drafted.rises:
        says = (
            "From the first day on one time of day holds more than it does by the orders of the chart: "
            "check that so much is really taken at once."
        )
        clears = "A baseline that the orders can supply, the orders corrected, or products that divide it as it is taken."
        yield Finding(Severity.ACKNOWLEDGE, "slot-rise", says, _DESIGN, "step 0", "split, step 0", clears)
    rises = [index for index in drafted.rises if index]
    if rises:
        steps = _list([str(index) for index in rises])
        says = f"One time of day takes more in step {steps}, although the day's dose falls: these products cannot be divided otherwise."
        clears = "Products that make smaller doses, or other times of day."
        yield Finding(Severity.ACKNOWLEDGE, "slot-rise", says, _DESIGN, f"step {steps}", "split, later steps", clears)


def _of_class(request: PlanRequest, drafted: Drafted) -> Iterator[Finding]:
    notes = dict(drafted.notes)
    if "drug-free-nights" in notes:
        says = f"Nights without {request.drug} ({notes['drug-free-nights']}) may bring rebound insomnia."
        yield Finding(Severity.ACKNOWLEDGE, "drug-free-nights", says, "deprescribing.org BZRA algorithm", notes["drug-free-nights"])
    elif any(step.every_days > 1 for step in drafted.steps):
        severity = Severity.ACKNOWLEDGE if request.drug_class is DrugClass.BENZODIAZEPINE else Severity.INFORMATION
        says = f"{request.drug} is taken less than once a day at the end; limits use the mean over the interval."
        yield Finding(severity, "interval-extension", says, _DESIGN)
    if request.unit_override is not None:
        who, reason, mg = request.unit_override
        says = f"{who} set the largest notch beyond a limit to {plain(mg)} mg for this plan: {reason}."
        yield Finding(Severity.ACKNOWLEDGE, "unit-override", says, f"override by {who}", plain(mg))


def _limited(row: LimitsRow, drafted: Drafted) -> Iterator[Finding]:
    limited = sum(kind is StepKind.LIMITED for kind in drafted.track.kinds)
    if limited or drafted.waits:
        value = f"{limited} limited, {len(drafted.waits)} waits"
        doses, times = _counted(limited, "dose"), _counted(len(drafted.waits), "time")
        says = (
            f"Limits of row {row.row} set {doses} and let the plan wait {times}; nothing is caught up, "
            "so the taper is longer than its strategy alone."
        )
        yield Finding(Severity.INFORMATION, "limited", says, f"limits.csv: {row.row}", value, row.row)


_NOTES = {
    "interval-lengthened": "Steps were lengthened from {note}: this medicine or its wear time needs it.",
    "times-assumed": "The chart does not say when doses are taken; assumed: {note}.",
    "shape-parameter": "The curve's {note} is a shape, not pharmacology.",
    "crossing": "{note}.",
    "protocol-target": "{note}.",
}


def _notes(drafted: Drafted) -> Iterator[Finding]:
    for code, note in drafted.notes:
        if code in _NOTES:
            yield Finding(Severity.INFORMATION, code, _NOTES[code].format(note=note), _DESIGN, note)


def _defaults(row: LimitsRow) -> Iterator[Finding]:
    """Numbers of this plan's envelope that await a clinician's sign-off."""
    waiting = [f"{limit.part} {_percent_of(limit)} %" for limit in row.limits if limit.source.state in AWAITS_SIGN_OFF]
    if row.first_cut is not None and row.first_cut.source.state in AWAITS_SIGN_OFF:
        waiting.append(f"first cut {_percent_of(row.first_cut)} %")
    if row.unit is not None and row.unit.source.state in AWAITS_SIGN_OFF:
        waiting.append(f"unit rule {plain(row.unit.unit_max_mg)} mg")
    if waiting:
        says = f"Limits of this plan that await a clinician's sign-off: {', '.join(waiting)}."
        source = f"limits.csv: {row.row}; tiers.csv; unit_rule.csv"
        yield Finding(Severity.INFORMATION, "defaults-await-sign-off", says, source, rule=row.row)


def _percent_of(limit: Limit) -> str:
    return plain(canonical(limit.fraction.scaleb(2)))


def _place_of(limit: Limit) -> str:
    """Which limit of a row it is, in words: rows hold several of one part."""
    share = "" if limit.up_to is None else f" up to {plain(canonical(limit.up_to.scaleb(2)))} % of the original"
    over = "" if not limit.above else f" above {plain(canonical(limit.above.scaleb(2)))} % of the original"
    return f"{limit.part} of {_percent_of(limit)} % of {limit.basis} in {limit.days} days{over}{share}"


def _said(source: Source) -> str:
    return f"{source}{' (awaits sign-off)' if source.state in AWAITS_SIGN_OFF else ''}"


def _counted(many: int, of: str) -> str:
    return f"{many} {of}{'' if many == 1 else 's'}"


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
