"""Assessments as documents: the JSON of the command line (schema 1), the history between two of them, and what is kept to replay one.

A kept assessment holds everything that went into it, so that the same program version makes the same bytes of it again, years later. JSON
itself is not this module's work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fhir_taper.errors import BadInput
from fhir_taper.plans.document_values import completed, expect_fields, from_plain, record, the_object, to_plain
from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.assessment import Assessment, Hit
from fhir_taper.plans.monitoring.history import History
from fhir_taper.plans.monitoring.policy import Policy
from fhir_taper.plans.monitoring.timeline import Timeline
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.plan_document import from_document, to_document

SCHEMA: Final = 1
_KEPT: Final = frozenset({"schema", "inputs", "assessment"})
_INPUTS: Final = frozenset({"plan", "timeline", "policy", "history", "as_of"})


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that an assessment is made of."""

    plan: TaperPlan
    timeline: Timeline
    policy: Policy
    history: History
    as_of: datetime

    def assess(self) -> Assessment:
        """What this program version makes of them."""
        return assess(self.plan, self.timeline, self.policy, self.history, self.as_of)


def assessment_to_document(assessment: Assessment) -> dict[str, Any]:
    """The assessment in the JSON shape of schema 1; instants are ISO 8601 with their offset."""
    return {
        "schema": SCHEMA,
        "plan": assessment.plan,
        "plan_version": assessment.plan_version,
        "patient": assessment.patient,
        "as_of": assessment.as_of.isoformat(),
        "level": int(assessment.level),
        "blocks_reduction": assessment.blocks_reduction,
        "actions": list(assessment.actions),
        "due": assessment.due.isoformat() if assessment.due else None,
        "keep_taking": assessment.keep_taking,
        "hits": [_hit(hit) for hit in assessment.hits],
        "coverage": to_plain(assessment.coverage),
        "proposals": to_plain(assessment.proposals),
        "set_aside": to_plain(assessment.set_aside),
        "remarks": list(assessment.remarks),
        "policy": assessment.policy,
        "program_version": assessment.program_version,
        "tables": to_plain(assessment.tables),
    }


def _hit(hit: Hit) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(hit)
    return plain


def history_to_document(history: History) -> dict[str, Any]:
    """The history as plain values."""
    return {"schema": SCHEMA, "episodes": to_plain(history.episodes)}


def history_from_document(document: Mapping[str, Any]) -> History:
    """The history of a document. Raises BadInput naming the path of the first field that is wrong."""
    there = the_object(document, "history")
    expect_fields(there, frozenset({"schema", "episodes"}), "")
    _check_schema(there)
    history: History = record(History, completed(History, {"episodes": there["episodes"]}), "")
    return history


def kept(inputs: Inputs, assessment: Assessment) -> dict[str, Any]:
    """An assessment with all that went into it."""
    return {
        "schema": SCHEMA,
        "inputs": {
            "plan": to_document(inputs.plan),
            "timeline": to_plain(inputs.timeline),
            "policy": to_plain(inputs.policy),
            "history": history_to_document(inputs.history),
            "as_of": inputs.as_of.isoformat(),
        },
        "assessment": assessment_to_document(assessment),
    }


def inputs_of(document: Mapping[str, Any]) -> Inputs:
    """What went into a kept assessment, of this program version or an earlier one: what that did not know has its default.

    Raises BadInput naming the path of the first field that is wrong.
    """
    there = the_object(document, "kept")
    expect_fields(there, _KEPT, "")
    _check_schema(there)
    inputs = the_object(there["inputs"], "inputs")
    expect_fields(inputs, _INPUTS, "inputs")
    return Inputs(
        plan=from_document(inputs["plan"]),
        timeline=record(Timeline, completed(Timeline, inputs["timeline"]), "inputs.timeline"),
        policy=record(Policy, completed(Policy, inputs["policy"]), "inputs.policy"),
        history=history_from_document(inputs["history"]),
        as_of=from_plain(datetime, inputs["as_of"], "inputs.as_of"),
    )


def differences(was: Any, now: Any, path: str = "") -> tuple[str, ...]:
    """Where two documents say something else, each a path with both values: what another program version makes of the same inputs."""
    if was == now:
        return ()
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        names = dict.fromkeys([*was, *now])
        return tuple(line for name in names for line in differences(was.get(name), now.get(name), f"{path}.{name}" if path else name))
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        return tuple(
            line for index, (one, other) in enumerate(zip(was, now, strict=True)) for line in differences(one, other, f"{path}[{index}]")
        )
    return (f"{path}: {was!r} became {now!r}",)


def _check_schema(document: Mapping[str, Any]) -> None:
    if document["schema"] != SCHEMA:
        raise BadInput(f"schema {document['schema']} is not {SCHEMA}", "schema")
