"""Findings that a schedule itself causes: what a person must know of how it was made, before approving it.

Unit-limited cuts, pace beyond the advised bound, tails beyond a quarter where the row only lists them, limits that bound and points that were met again, a time of
day that rises, a protocol that was edited or that demands a reason, and the default rows that await sign-off. Findings of the chart are `safety`'s work.
"""

from collections.abc import Iterator
from fractions import Fraction

from fhir_taper.plans.medicines.codes import AWAITS_SIGN_OFF, DrugClass
from fhir_taper.plans.medicines.dose import plain, shown
from fhir_taper.plans.tables.rows import Basis, Limit, LimitsRow, Part
from fhir_taper.plans.tapers.course import Drafted, Track
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.making import as_decimal
from fhir_taper.plans.tapers.plan import StepKind
from fhir_taper.plans.tapers.protocol import Chosen
from fhir_taper.plans.tapers.request import PlanRequest

_HUNDRED = 100
_UNCHANGED = frozenset({StepKind.BASELINE, StepKind.SUBSTITUTION})
_DESIGN = "design: what a schedule does is said"


def schedule_findings(request: PlanRequest, chosen: Chosen, drafted: Drafted) -> tuple[Finding, ...]:
    """All findings of one draft, the ones to acknowledge first."""
    row = drafted.row
    found = [
        *_of_protocol(chosen, row),
        *_unit_limited(row, drafted),
        *_advised(row, drafted.track),
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
    source = str(chosen.protocol.source)
    if chosen.edited:
        says = f"Parameters of protocol {chosen.protocol.id} were edited: the limits are those of the default row {row.row}."
        yield Finding(Severity.INFORMATION, "protocol-edited", says, source, rule=chosen.protocol.id, clears="Run the protocol unedited.")
    elif chosen.protocol.demands == "life-threatening":
        says = f"Protocol {chosen.protocol.id} is only for a life-threatening reason: document it."
        yield Finding(Severity.ACKNOWLEDGE, "life-threatening-reason", says, source, rule=chosen.protocol.id, clears="A slower protocol.")
    elif chosen.protocol.demands:
        says = f"Protocol {chosen.protocol.id} is faster than usual: say why."
        yield Finding(Severity.ACKNOWLEDGE, "reason-required", says, source, rule=chosen.protocol.id, clears="A slower protocol.")


def _unit_limited(row: LimitsRow, drafted: Drafted) -> Iterator[Finding]:
    cuts = [cut for cut in _cuts(drafted.track) if cut[3] is StepKind.UNIT_LIMITED]
    if not cuts or row.unit is None:
        return
    _, before, now, _ = cuts[0]
    says = (
        f"{_mg(drafted.track, now)} mg is {_percent(before - now, before)} % below {_mg(drafted.track, before)} mg; "
        f"{_which(row, drafted.track, cuts[0])}. No smaller cut can be made with these products."
    )
    if len(cuts) > 1:
        says += f" The same holds for {_list([_mg(drafted.track, cut[2]) for cut in cuts[1:]])} mg."
    value = f"{len(cuts)} cuts of one notch, at most {plain(row.unit.unit_max_mg)} mg"
    source = f"unit_rule.csv: {row.unit.ingredient}, {row.unit.source}{_sign_off(row.unit.source.state in AWAITS_SIGN_OFF)}"
    clears = "Products that make smaller doses: other parts, a liquid, other strengths."
    yield Finding(Severity.ACKNOWLEDGE, "unit-limited", says, source, value, "unit-rule", clears)


def _which(row: LimitsRow, track: Track, cut: tuple[int, int, int, StepKind]) -> str:
    """Which limit a cut is beyond, in words."""
    day, before, now, _ = cut
    cap = row.first_cut
    if cap is not None and day == _cuts(track)[0][0] and Fraction(before - now) > Fraction(cap.fraction) * track.original:
        return f"the first step should not exceed {_percent_of(cap)} %"
    for limit in row.hard:
        if _excess(limit, track, day, now):
            return f"{_percent_of(limit)} % in {limit.days} days should not be exceeded"
    return "a limit should not be exceeded"


def _advised(row: LimitsRow, track: Track) -> Iterator[Finding]:
    """One finding per advised bound that some reductions are beyond: the worst of them and how many."""
    for limit in row.advised:
        beyond = [(_size(limit, track, day, now), now) for day, _, now, _ in _cuts(track) if _excess(limit, track, day, now)]
        if not beyond:
            continue
        worst, at = max(beyond)
        basis = "the original dose" if limit.basis is Basis.ORIGINAL else "the dose then"
        says = (
            f"{len(beyond)} of {len(_cuts(track))} reductions are beyond {_percent_of(limit)} % of {basis} in {limit.days} days; "
            f"the largest is {_shown_percent(worst)} %, to {_mg(track, at)} mg."
        )
        is_tail = limit.part is Part.TAIL
        code = "tail-excess" if is_tail else "pace-advised"
        clears = "A slower pace." if not is_tail else "A slower end, or products that make smaller doses."
        yield Finding(Severity.ACKNOWLEDGE, code, says, _source(limit), f"{_shown_percent(worst)} %", row.row, clears)


def _rises(drafted: Drafted) -> Iterator[Finding]:
    if drafted.rises:
        steps = _list([str(index) for index in drafted.rises])
        says = f"At one time of day the dose rises in step {steps}, although the day's dose falls: these products cannot be divided otherwise."
        clears = "Products that make smaller doses, or other times of day."
        yield Finding(Severity.ACKNOWLEDGE, "slot-rise", says, _DESIGN, f"step {steps}", "split", clears)


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
        waits = f" and the plan waited {len(drafted.waits)} times" if drafted.waits else ""
        says = f"A limit of row {row.row} set {limited} doses{waits}; nothing is caught up, so the taper is longer than its strategy alone."
        yield Finding(Severity.INFORMATION, "limited", says, f"limits.csv: {row.row}", f"{limited} limited, {len(drafted.waits)} waits", row.row)


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
        yield Finding(Severity.INFORMATION, "defaults-await-sign-off", says, f"limits.csv: {row.row}; tiers.csv; unit_rule.csv", rule=row.row)


def _cuts(track: Track) -> list[tuple[int, int, int, StepKind]]:
    """(day, dose before, dose, kind) of every reduction that the taper itself makes."""
    before = (track.before, *track.doses[:-1])
    rows = zip(track.days, before, track.doses, track.kinds, strict=True)
    return [row for row in rows if row[3] not in _UNCHANGED and row[2] < row[1]]


def _then(track: Track, day: int) -> int:
    """The dose in force on a day of the track."""
    return next((dose for start, dose in zip(track.days[::-1], track.doses[::-1], strict=True) if start <= day), track.before)


def _excess(limit: Limit, track: Track, day: int, now: int) -> bool:
    then = Fraction(_then(track, day - limit.days))
    if then <= limit.above * track.original or (limit.up_to is not None and then > limit.up_to * track.original):
        return False
    return _size(limit, track, day, now) > limit.fraction


def _size(limit: Limit, track: Track, day: int, now: int) -> Fraction:
    """The reduction within the limit's days as a fraction of its basis."""
    then = _then(track, day - limit.days)
    basis = track.original if limit.basis is Basis.ORIGINAL else then
    return Fraction(then - now, basis) if basis else Fraction(0)


def _mg(track: Track, amount: int) -> str:
    return plain(as_decimal(Fraction(amount, track.per_mg)))


def _percent(part: int, whole: int) -> str:
    return _shown_percent(Fraction(part, whole))


def _shown_percent(fraction: Fraction) -> str:
    return plain(shown(as_decimal(Fraction(round(fraction * _HUNDRED * 10), 10))))


def _percent_of(limit: Limit) -> str:
    return plain(as_decimal(Fraction(limit.fraction) * _HUNDRED))


def _source(limit: Limit) -> str:
    return f"{limit.source}{_sign_off(limit.source.state in AWAITS_SIGN_OFF)}"


def _sign_off(awaits: bool) -> str:
    return " (awaits sign-off)" if awaits else ""


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
