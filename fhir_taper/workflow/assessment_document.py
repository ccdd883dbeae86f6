"""The intake as a document, and back without loss. Sealed by the store; the revision is the store's."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from fhir_taper.errors import BadInput
from fhir_taper.records import Json
from fhir_taper.workflow.assessed_document import entered_from_document, entered_to_document, score_from_document, score_to_document
from fhir_taper.workflow.assessment import Assessment, Attempt, AttemptEnd, AverageIntake

_SCHEMA: Final = 1


def to_document(assessment: Assessment) -> Json:
    """Plain values; amounts as text, so that 0.50 stays 0.50."""
    return {
        "schema": _SCHEMA,
        "attempts": [{"drug": one.drug, "when": one.when, "ended": one.ended.value, "says": one.says} for one in assessment.attempts],
        "no_attempts": assessment.no_attempts,
        "averages": [_average(one) for one in assessment.averages],
        "entered": [entered_to_document(one) for one in assessment.entered],
        "scores": [score_to_document(one) for one in assessment.scores],
        "minimum_function": assessment.minimum_function,
        "goals": assessment.goals,
        "agreed_who": assessment.agreed_who,
        "agreed_what": assessment.agreed_what,
        "by": assessment.by,
        "at": assessment.at.isoformat() if assessment.at else None,
    }


def from_document(document: Mapping[str, Any]) -> Assessment:
    """The intake of a document. Raises BadInput for one that this program did not write."""
    if document.get("schema") != _SCHEMA:
        raise BadInput("is of another schema than this program writes", "intake")
    return Assessment(
        tuple(Attempt(one["drug"], one["when"], AttemptEnd(one["ended"]), one["says"]) for one in document["attempts"]),
        document["no_attempts"],
        tuple(
            AverageIntake(one["ingredient"], Decimal(one["mg"]), one["how"], one["by"], date.fromisoformat(one["on"]))
            for one in document["averages"]
        ),
        tuple(entered_from_document(one) for one in document["entered"]),
        tuple(score_from_document(one) for one in document["scores"]),
        document["minimum_function"],
        document["goals"],
        document["agreed_who"],
        document["agreed_what"],
        document["by"],
        datetime.fromisoformat(document["at"]) if document["at"] else None,
    )


def _average(one: AverageIntake) -> Json:
    return {"ingredient": one.ingredient, "mg": str(one.mg), "how": one.how, "by": one.by, "on": one.on.isoformat()}
