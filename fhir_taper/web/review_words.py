"""What a screen says of a pharmacist's review: of what the draft is now, and where there is none, of what it was before it was edited."""

from dataclasses import dataclass
from typing import Final

from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.pharmacist import Standing

_REQUIRED: Final = "This site asks for a review before a plan becomes active"


@dataclass(frozen=True, slots=True)
class ReviewWords:
    """`look`: the class of the line, "" for a plain one."""

    look: str
    says: str


def review_words(chart: OpenChart, standing: Standing, zone: str) -> ReviewWords:
    """The line for a draft. A site that requires a review says so where there is none."""
    if standing.earlier is not None:
        return _of_before(chart, standing, zone)
    if standing.was_accepted:
        return ReviewWords("done", f"Accepted by {_answered(chart, standing, zone)}")
    if standing.was_returned:
        return ReviewWords("stop", f"Given back by {_answered(chart, standing, zone)}")
    if standing.is_open:
        return ReviewWords("state", "A pharmacist is asked, and has not answered yet.")
    if standing.is_required:
        return ReviewWords("state", f"{_REQUIRED}; nobody asked yet.")
    return ReviewWords("", "Not asked for. This site leaves it to you.")


def _of_before(chart: OpenChart, standing: Standing, zone: str) -> ReviewWords:
    """An answer, or a request, that an edit overtook."""
    required = f" {_REQUIRED}." if standing.is_required else ""
    if standing.was_accepted:
        says = f"Accepted by {_answered(chart, standing, zone)}. Edited since: what it is now was not looked at."
        return ReviewWords("state", f"{says}{required}")
    if standing.was_returned:
        says = f"Given back by {_answered(chart, standing, zone)}. Edited since: ask for a review of what it is now."
        return ReviewWords("stop", f"{says}{required}")
    asked = f" on {chart.day(standing.earlier.asked_at, zone).isoformat()}" if standing.earlier else ""
    says = f"A pharmacist was asked{asked}, and has not answered. Edited since: ask about what it is now, or withdraw the request."
    return ReviewWords("stop", f"{says}{required}")


def _answered(chart: OpenChart, standing: Standing, zone: str) -> str:
    """Who answered, when, and in which words."""
    said = standing.said
    if said is None or said.answered_at is None:
        return ""
    words = said.detail.get("answer", "")
    return f"{said.detail.get('answered_by', '')} on {chart.day(said.answered_at, zone).isoformat()}{f': {words}' if words else ''}"
