"""What was found out before a taper as a document, and back without loss: part of a draft, and of the intake."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fhir_taper.records import Json
from fhir_taper.workflow.assessed import Assessed, EnteredDose, Score


def assessed_to_document(assessed: Assessed) -> Json:
    """Plain values; amounts as text, so that 0.50 stays 0.50."""
    return {
        "entered": [entered_to_document(one) for one in assessed.entered],
        "scores": [score_to_document(one) for one in assessed.scores],
        "failed_tapers": assessed.failed_tapers,
        "by": assessed.by,
        "minimum_function": assessed.minimum_function,
    }


def assessed_from_document(document: Mapping[str, Any]) -> Assessed:
    """The values of a document; of an empty one those of nothing said."""
    return Assessed(
        tuple(entered_from_document(one) for one in document.get("entered", ())),
        tuple(score_from_document(one) for one in document.get("scores", ())),
        document.get("failed_tapers"),
        document.get("by", ""),
        document.get("minimum_function", ""),
    )


def entered_to_document(one: EnteredDose) -> Json:
    """One entered dose."""
    return {"source": one.source, "drug": one.drug, "mg": str(one.mg), "how": one.how, "by": one.by, "on": one.on.isoformat()}


def entered_from_document(document: Mapping[str, Any]) -> EnteredDose:
    """One entered dose."""
    return EnteredDose(**{**document, "mg": Decimal(document["mg"]), "on": date.fromisoformat(document["on"])})


def score_to_document(one: Score) -> Json:
    """One score."""
    return {"scale": one.scale, "value": str(one.value), "by": one.by, "on": one.on.isoformat()}


def score_from_document(document: Mapping[str, Any]) -> Score:
    """One score. Raises WrongUsage for one that the scale does not have."""
    return Score(document["scale"], Decimal(document["value"]), document["by"], date.fromisoformat(document["on"]))
