"""MedicationRequest: the prescriptions of the next window, as proposals that a prescriber may sign.

Status draft, intent proposal, always: nothing here is an order. One request per strength, all of one window under one groupIdentifier,
each with its dosages in order (`sequence`; the same number means at the same time), the exact quantity, no refills, and the earliest
fill. A stop is not a request. The id is made from what is proposed, so that another dose for the same days is another proposal.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.mappers.systems import MEDICATION_REQUEST_CATEGORY, RXNORM
from fhir_taper.mappers.write.care_plan import without_empty
from fhir_taper.mappers.write.fhir_text import shown, to_fhir
from fhir_taper.mappers.write.ids import CARE_PLAN, Ids
from fhir_taper.mappers.write.labels import Label, to_security
from fhir_taper.mappers.write.namespace import WINDOW_SYSTEM, Json, concept, identifier
from fhir_taper.mappers.write.plan_references import AGENTS, to_reference, to_subject
from fhir_taper.mappers.write.provenance import is_signed_off, to_instant
from fhir_taper.mappers.write.units import to_days, to_quantity
from fhir_taper.mappers.write.wording import name_of
from fhir_taper.plans.medicines.codes import Form, Slot
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import PlanProduct, PlanState, TaperPlan, Units
from fhir_taper.plans.tapers.sig import sig
from fhir_taper.plans.tapers.windows import Line, Window

_WHEN: Final = {
    Slot.MORNING: "MORN",
    Slot.NOON: "NOON",
    Slot.AFTERNOON: "AFT",
    Slot.EVENING: "EVE",
    Slot.NIGHT: "NIGHT",
    Slot.OVERNIGHT: "PHS",  # "after subject goes to sleep": the closest that event-timing has
}
_FOLLOWED: Final = frozenset({PlanState.DRAFT, PlanState.ACTIVE, PlanState.ON_HOLD})
_PROPOSAL: Final = "Proposal of a taper plan, not an order: a prescriber decides."


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a proposal refers to: fullUrl of the Device, Conditions that are addressed, and by RxNorm code the prescription it follows."""

    instant: datetime
    device: str
    addresses: tuple[str, ...] = ()
    prior: Mapping[str, str] | None = None


def may_propose(plan: TaperPlan) -> bool:
    """Whether prescriptions may be proposed at all: the plan is followed or may be, and no Stop finding stands against it."""
    return plan.state in _FOLLOWED and not any(finding.severity is Severity.STOP for finding in plan.findings)


def to_medication_requests(
    plan: TaperPlan, windows: Iterable[Window], ids: Ids, labels: Iterable[Label], around: Surroundings
) -> list[Json]:
    """One request per strength of one window. Raises WrongUsage for windows of several periods: only the next one is ever proposed."""
    together = [window for window in windows if window.quantity and window.lines]
    if len({window.number for window in together}) > 1:
        raise WrongUsage("windows: only the next window is proposed, and these are several")
    if not together or not may_propose(plan):
        return []
    kept = tuple(labels)
    days = f"{min(window.start for window in together)}/{max(window.end for window in together)}"
    group = identifier(WINDOW_SYSTEM, ids.of(f"window/{together[0].number}/{days}"))
    return [_request(plan, window, ids, kept, around) | {"groupIdentifier": group} for window in together]


def role_of(window: Window) -> str:
    """The role of a proposal: product, days, quantity and directions."""
    return "|".join(("MedicationRequest", window.product.rxcui, str(window.start), str(window.end), str(window.quantity), window.sig))


def _request(plan: TaperPlan, window: Window, ids: Ids, labels: tuple[Label, ...], around: Surroundings) -> Json:
    role, product = role_of(window), window.product
    before = (around.prior or {}).get(product.rxcui)
    medication = {"coding": [{"system": RXNORM, "code": to_fhir(product.rxcui), "display": name_of(product)}], "text": name_of(product)}
    resource: Json = {
        "resourceType": "MedicationRequest",
        "id": ids.of(role),
        "meta": {"security": to_security(labels)},
        "identifier": ids.identifiers(role),
        "status": "draft",
        "intent": "proposal",
        "category": [concept(MEDICATION_REQUEST_CATEGORY, "community", "Community")],
        "reportedBoolean": False,
        "medicationCodeableConcept": medication,
        "subject": to_subject(plan.patient),
        "authoredOn": to_instant(around.instant),
        "requester": to_reference(plan.author, AGENTS) if is_signed_off(plan) else {"reference": around.device},
        "reasonCode": [{"text": shown(plan.reason)}] if shown(plan.reason) else [],
        "reasonReference": [{"reference": condition} for condition in around.addresses],
        "basedOn": [{"reference": ids.urn(CARE_PLAN)}],
        "note": [{"text": shown(note)} for note in (_PROPOSAL, *_review(window), *window.notes)],
        "dosageInstruction": [dosage for index, line in enumerate(window.lines) for dosage in _dosages(window, line, index + 1)],
        "dispenseRequest": {
            "validityPeriod": {"start": window.earliest_fill.isoformat(), "end": window.end.isoformat()},
            "numberOfRepeatsAllowed": window.refills,
            "quantity": to_quantity(window.quantity, product.form),
            "expectedSupplyDuration": to_days(window.days),
        },
        "priorPrescription": {"reference": before} if before else {},
    }
    return without_empty(resource)


def _review(window: Window) -> Iterator[str]:
    if window.review is not None:
        yield f"The review before step {window.review} is open: this starts only when it is passed or overridden."


def _dosages(window: Window, line: Line, sequence: int) -> Iterator[Json]:
    """The dosages of one line: one per amount, because a Dosage has one dose; times with the same amount stand together."""
    for amount, slots in _by_amount(line.units).items():
        part = replace(line.units, slots=tuple((slot, amount) for slot in slots))
        directions = sig(part, window.product, line.every_days)
        yield {
            "sequence": sequence,
            "text": _text(window, line, directions),
            "patientInstruction": f"From {line.first.isoformat()} to {line.end.isoformat()}: {directions}.",
            "timing": {"repeat": _repeat(window.product, line, slots)},
            "doseAndRate": [{"doseQuantity": to_quantity(amount, window.product.form)}],
        }


def _by_amount(units: Units) -> dict[Decimal, tuple[Slot, ...]]:
    grouped: dict[Decimal, tuple[Slot, ...]] = {}
    for slot, amount in units.slots:
        grouped[amount] = (*grouped.get(amount, ()), slot)
    return grouped


def _text(window: Window, line: Line, directions: str) -> str:
    """Directions; with the days where the dose changes inside the window, or where not every day is a dosing day."""
    if len(window.lines) == 1 and line.every_days == 1:
        return directions
    return f"From {line.first.isoformat()} to {line.end.isoformat()}: {directions}"


def _repeat(product: PlanProduct, line: Line, slots: tuple[Slot, ...]) -> Json:
    bounds = {"boundsPeriod": {"start": line.first.isoformat(), "end": line.end.isoformat()}}
    if product.form is Form.PATCH and product.wear_h:
        return bounds | {"frequency": 1, "period": product.wear_h, "periodUnit": "h"}
    return bounds | {"frequency": len(slots), "period": line.every_days, "periodUnit": "d", "when": [_WHEN[slot] for slot in slots]}
