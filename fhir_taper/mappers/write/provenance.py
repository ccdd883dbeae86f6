"""Provenance of everything that was written for one plan: who, by which program, from which inputs, by which tables.

The clinician is named as author only once the plan was signed off; before that the program alone assembled it. Times come in as arguments.
"""

from collections.abc import Iterable
from datetime import datetime

from fhir_taper.errors import WrongUsage
from fhir_taper.mappers.write.care_plan import without_empty
from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.ids import Ids
from fhir_taper.mappers.write.labels import Label, to_security
from fhir_taper.mappers.write.namespace import TABLE_SYSTEM, Json, concept
from fhir_taper.mappers.write.plan_references import AGENTS, to_reference, to_replaced
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan

_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
SIGNED_OFF = frozenset({PlanState.ACTIVE, PlanState.ON_HOLD, PlanState.COMPLETED})
"""States that a plan reaches only through a clinician's approval."""


def to_provenance(plan: TaperPlan, ids: Ids, labels: Iterable[Label], targets: Iterable[str], instant: datetime, device: str) -> Json:
    """`targets` and `device` are fullUrls; `instant` must know its zone, else WrongUsage."""
    resource: Json = {
        "resourceType": "Provenance",
        "id": ids.of("Provenance"),
        "meta": {"security": to_security(labels)},
        "target": [{"reference": target} for target in targets],
        "recorded": to_instant(instant),
        "reason": [{"text": shown(note.reason)} for note in plan.revisions if note.version == plan.version and shown(note.reason)],
        "activity": concept(_OPERATION, "UPDATE" if plan.replaces is not None else "CREATE"),
        "agent": [*_people(plan), {"type": concept(_PARTICIPANT, "assembler", "Assembler"), "who": {"reference": device}}],
        "entity": _entities(plan),
    }
    return without_empty(resource)


def is_signed_off(plan: TaperPlan) -> bool:
    """Whether a named clinician stands behind the plan."""
    return plan.state in SIGNED_OFF and bool(plan.author)


def to_instant(instant: datetime) -> str:
    """A FHIR instant. Raises WrongUsage for a time without a zone."""
    if instant.tzinfo is None:
        raise WrongUsage("instant: a time without a zone says nothing")
    return instant.isoformat()


def _people(plan: TaperPlan) -> list[Json]:
    agents = []
    if is_signed_off(plan):
        agents.append({"type": concept(_PARTICIPANT, "author", "Author"), "who": to_reference(plan.author, AGENTS)})
    if plan.pharmacist_review:
        agents.append({"type": concept(_PARTICIPANT, "verifier", "Verifier"), "who": to_reference(plan.pharmacist_review.by, AGENTS)})
    return agents


def _entities(plan: TaperPlan) -> list[Json]:
    inputs = [{"role": "source", "what": to_reference(source)} for source in plan.sources]
    tables = [
        {
            "role": "source",
            "what": {"identifier": {"system": TABLE_SYSTEM, "value": shown(value)}, "display": shown(f"{table.table}, {table.edition}")},
        }
        for table in plan.tables
        if shown(value := f"{table.table}|{table.edition}|{table.sha256}")
    ]
    before = [{"role": "revision", "what": to_replaced(plan.replaces)}] if plan.replaces is not None else []
    return [*inputs, *tables, *before]
