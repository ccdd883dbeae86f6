"""Findings that a schedule itself causes: what a person must know of how it was made, before approving it.

The size of its cuts (`cut_findings`), limits that bound and points that were met again, a time of day that rises, a protocol that was
edited or that demands a reason, and, last and in one line, the default rows that await sign-off.
Findings of the chart are `safety`'s work.
"""

from collections.abc import Iterator

from fhir_taper.plans.medicines.codes import AWAITS_SIGN_OFF, DrugClass
from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.medicines.dose_words import amount
from fhir_taper.plans.tables.rows import LimitsRow
from fhir_taper.plans.tapers.course import Drafted
from fhir_taper.plans.tapers.cut_findings import beyond_advised, percent_of, unit_limited
from fhir_taper.plans.tapers.cuts import cuts_of
from fhir_taper.plans.tapers.finding import SIGN_OFF_AWAITED, Finding, Severity, ranked
from fhir_taper.plans.tapers.limits_words import limits_in_words
from fhir_taper.plans.tapers.plan import StepKind
from fhir_taper.plans.tapers.protocol import Chosen
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.rise_findings import rises_at_first, rises_later

_DESIGN = "design: what a schedule does is said"


def schedule_findings(request: PlanRequest, chosen: Chosen, drafted: Drafted) -> tuple[Finding, ...]:
    """All findings of one draft, the ones to acknowledge first."""
    row = drafted.row
    is_patch = _is_patch(drafted)
    cuts = cuts_of(drafted.track, is_patch=is_patch)
    found = [
        *_of_protocol(request, chosen, row),
        *unit_limited(row, cuts),
        *beyond_advised(row, cuts),
        *_rises(drafted),
        *_of_class(request, drafted),
        *_limited(row, drafted),
        *_notes(request, drafted),
        *_defaults(row, is_patch=is_patch),
    ]
    return ranked(found)


def _is_patch(drafted: Drafted) -> bool:
    """True where what is tapered, after a crossing the new agent, is worn as patches."""
    agent = drafted.steps[-1].doses[-1].ingredient
    return any(product.is_patch for product in drafted.products if product.ingredient == agent)


def _of_protocol(request: PlanRequest, chosen: Chosen, row: LimitsRow) -> Iterator[Finding]:
    if chosen.protocol is None:
        return
    source, name = str(chosen.protocol.source), chosen.protocol.id
    if chosen.edited:
        says = f"Parameters of protocol {name} were edited: the limits are those of the default row {row.row}."
        yield Finding(Severity.INFORMATION, "protocol-edited", says, source, rule=name, clears="Run the protocol unedited.")
    elif chosen.protocol.demands == "life-threatening" and not request.reason.strip():
        says = f"Protocol {name} is only for a documented life-threatening reason, and none is given."
        yield Finding(Severity.STOP, "life-threatening-reason-missing", says, source, rule=name, clears="The reason (--reason).")
    elif chosen.protocol.demands == "life-threatening":
        says = f"Protocol {name} is only for a life-threatening reason: document it."
        yield Finding(Severity.ACKNOWLEDGE, "life-threatening-reason", says, source, rule=name, clears="A slower protocol.")
    elif chosen.protocol.demands:
        says = f"Protocol {name} is faster than usual: say why."
        yield Finding(Severity.ACKNOWLEDGE, "reason-required", says, source, rule=name, clears="A slower protocol.")


def _rises(drafted: Drafted) -> Iterator[Finding]:
    if 0 in drafted.rises:
        yield rises_at_first()
    yield from rises_later(index for index in drafted.rises if index)


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
        says = f"{who} set the largest notch beyond a limit to {amount(mg, is_patch=_is_patch(drafted))} for this plan: {reason}."
        yield Finding(Severity.ACKNOWLEDGE, "unit-override", says, f"override by {who}", plain(mg))


def _limited(row: LimitsRow, drafted: Drafted) -> Iterator[Finding]:
    limited = sum(kind is StepKind.LIMITED for kind in drafted.track.kinds)
    if limited or drafted.waits:
        value = f"{limited} limited, {len(drafted.waits)} waits"
        set_by = [f"set {_counted(limited, 'dose')}"] if limited else []
        waited = [f"let the plan wait {_counted(len(drafted.waits), 'time')}"] if drafted.waits else []
        says = (
            f"The limits ({limits_in_words(row)}) {' and '.join(set_by + waited)}; nothing is caught up, "
            "so the taper is longer than its strategy alone."
        )
        yield Finding(Severity.INFORMATION, "limited", says, f"limits.csv: {row.row}", value, row.row)


_NOTES = {
    "interval-lengthened": "Steps were lengthened from {note}: this medicine or its wear time needs it.",
    "times-assumed": "The chart does not say when doses are taken; assumed: {note}.",
    "shape-parameter": "The curve's {note} is a shape, not pharmacology.",
    "crossing": "{note}.",
    "protocol-target": "{note}.",
    "companion-rise": "The tablets of this plan bring more of what stands beside {drug}: {note}.",
}
_TO_ACKNOWLEDGE = frozenset({"companion-rise"})


def _notes(request: PlanRequest, drafted: Drafted) -> Iterator[Finding]:
    for code, note in drafted.notes:
        if code in _NOTES:
            severity = Severity.ACKNOWLEDGE if code in _TO_ACKNOWLEDGE else Severity.INFORMATION
            yield Finding(severity, code, _NOTES[code].format(note=note, drug=request.drug), _DESIGN, note)


def _defaults(row: LimitsRow, *, is_patch: bool) -> Iterator[Finding]:
    """Numbers of this plan's envelope that await a clinician's sign-off."""
    waiting = [f"{limit.part} {percent_of(limit)} %" for limit in row.limits if limit.source.state in AWAITS_SIGN_OFF]
    if row.first_cut is not None and row.first_cut.source.state in AWAITS_SIGN_OFF:
        waiting.append(f"first cut {percent_of(row.first_cut)} %")
    if row.unit is not None and row.unit.source.state in AWAITS_SIGN_OFF:
        waiting.append(f"unit rule {amount(row.unit.unit_max_mg, is_patch=is_patch)}")
    if waiting:
        says = f"Limits of this plan that await a clinician's sign-off: {', '.join(waiting)}."
        source = f"limits.csv: {row.row}; tiers.csv; unit_rule.csv"
        yield Finding(Severity.INFORMATION, SIGN_OFF_AWAITED, says, source, rule=row.row)


def _counted(many: int, of: str) -> str:
    return f"{many} {of}{'' if many == 1 else 's'}"
