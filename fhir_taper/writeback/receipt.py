"""The receipt of a write: what became of each resource, and one state for all of them. Values to values."""

from collections.abc import Iterable
from typing import Final

from fhir_taper.records import WriteState, WrittenResource
from fhir_taper.writeback.ladder import MEDICATION_REQUEST, Choice

PARTLY: Final = "only a part was written: a person looks at what is there"
_SAYS: Final = {
    WriteState.WRITTEN: "written, and read back with the same meaning",
    WriteState.REJECTED: "the EHR did not take it: nothing was written",
    WriteState.UNKNOWN: "no answer came: whether it was written is not known, and nothing is sent again before that is known",
    WriteState.MISMATCH: "the EHR holds something else than was written: a person looks at it",
}


def overall(states: Iterable[WriteState]) -> WriteState:
    """One state for several resources: the worst of them; some written and some refused is a mismatch."""
    found = set(states)
    for worst in (WriteState.PENDING, WriteState.UNKNOWN, WriteState.MISMATCH):
        if worst in found:
            return WriteState.UNKNOWN if worst is WriteState.PENDING else worst
    if WriteState.REJECTED in found:
        return WriteState.MISMATCH if WriteState.WRITTEN in found else WriteState.REJECTED
    return WriteState.WRITTEN


def says(resources: Iterable[WrittenResource]) -> str:
    """The state in one sentence for the person at the screen."""
    kept = tuple(resources)
    states = {one.state for one in kept}
    state = overall(states)
    if {WriteState.WRITTEN, WriteState.REJECTED} <= states:
        return PARTLY
    if state is WriteState.WRITTEN and not all(one.is_read_back or one.doing == "none" for one in kept):
        return "written; it could not be read back"
    return _SAYS[state]


def skipped(plan: Choice, proposals: Choice) -> tuple[tuple[str, str], ...]:
    """Why no better rung was taken, for the plan and for the proposed prescriptions where they took another way."""
    if proposals.rung is MEDICATION_REQUEST:
        return plan.skipped
    return plan.skipped + tuple((f"{proposals.output}: {rung}", why) for rung, why in proposals.skipped)
