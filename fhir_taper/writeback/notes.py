"""What a person is to know beside the cards: what somebody did in the EHR to what this plan wrote, where this write leaves it as it is."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from fhir_taper.mappers.references import key_of
from fhir_taper.records import Fetched
from fhir_taper.writeback.changes import Change, Doing
from fhir_taper.writeback.earlier import GOAL_ENDS, NO_TIME, days_of, is_draft, is_signed, says_proposal, state_of
from fhir_taper.writeback.names import is_marked
from fhir_taper.writeback.standing import Standing

_NOT_AGAIN: Final = "It is not proposed again: whoever wants it after all orders it in the EHR"


def notes_of(standing: Standing, changes: Iterable[Change], as_of: date) -> tuple[str, ...]:
    """One sentence for each."""
    return tuple(_notes(standing, tuple(changes), as_of))


def _notes(standing: Standing, changes: tuple[Change, ...], as_of: date) -> Iterator[str]:
    if standing.stripped:
        yield standing.stripped
    requests = [one for one in standing.stale if one.resource["resourceType"] == "MedicationRequest"]
    drafts = [key_of(one.resource) for one in requests if is_draft(one.resource)]
    if drafts:
        yield f"Proposed for an earlier version and still in the EHR: {', '.join(drafts)}. Withdraw it there."
    yield from (_signed(one) for one in requests if is_signed(one.resource) and not _is_over(one, as_of))
    for one in changes:
        there = one.standing
        if there is None or one.doing is not Doing.NONE or one.resource_type != "MedicationRequest" or is_draft(there.resource):
            continue
        again = "It is not proposed again" if is_signed(there.resource) else _NOT_AGAIN
        yield f"{says_proposal(one.reference, there.resource)} {again}."
    yield from (
        f"{one.reference} is {one.standing.resource.get('lifecycleStatus')} in the EHR: somebody ended this goal there. It stays so."
        for one in changes
        if one.standing is not None and "lifecycleStatus" in one.kept
    )
    yield from (f"Somebody took {one} out of the care plan in the EHR. It stays out." for one in standing.unlinked)
    yield from (
        f"{key_of(one.resource)} was a goal of an earlier version, and somebody took our identifier off it in the EHR: it stays as it is."
        for one in standing.stale
        if one.resource["resourceType"] == "Goal" and not is_marked(one) and one.resource.get("lifecycleStatus") not in GOAL_ENDS
    )


def _signed(one: Fetched) -> str:
    return (
        f"Proposed for an earlier version, and signed in the EHR by somebody: {key_of(one.resource)} ({state_of(one.resource)})."
        " It is a prescription of the patient: what is to become of it is decided there."
    )


def _is_over(one: Fetched, as_of: date) -> bool:
    _, end = days_of(one.resource)
    return end < as_of and end != NO_TIME[1]
