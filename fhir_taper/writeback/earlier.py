"""Of which resource of an earlier version one takes the place, by our ledger: a goal by its words, a proposal by medicine and days.

What somebody made of it in the EHR since (reworded, stripped, unlinked, completed, signed, declined) does not matter for what it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from fhir_taper.mappers.write.namespace import Json
from fhir_taper.writeback.readback import same_meaning
from fhir_taper.writeback.recorded import Kept

GOAL_ENDS: Final = frozenset({"completed", "cancelled", "rejected", "entered-in-error"})
"""How a goal is over (FHIR R4, goal-status)."""
_SIGNED: Final = frozenset({"active", "on-hold"})
_PROPOSED: Final = frozenset({"proposal", "plan"})
_DAY: Final = timedelta(days=1)
NO_TIME: Final = (date.min, date.min)


def earlier_of(ours: Json, kept: Iterable[Kept]) -> Iterator[Kept]:
    """What arrived in the place of a resource, the last one first; of goals with the same words, those with the same target before."""
    places = [one for one in reversed(tuple(kept)) if one.kind == ours["resourceType"] and _is_place_of(ours, one.body)]
    return iter(sorted(places, key=lambda one: (one.body or {}).get("target") != ours.get("target")))


def other_products(ours: Json, kept: Iterable[Kept], proposals: Iterable[Json]) -> Iterator[Kept]:
    """Proposals of earlier versions for the days of a proposal, of a product that none of the `proposals` of now is of."""
    named = [one.get("medicationCodeableConcept") for one in proposals]
    for one in kept:
        body = one.body or {}
        if one.kind == "MedicationRequest" and body.get("medicationCodeableConcept") not in named and _share_days(ours, body):
            yield one


def ended_by_us(kept: Kept) -> bool:
    """Whether it is a goal that a later version no longer had, or that ended with the plan."""
    return kept.body is not None and kept.body.get("lifecycleStatus") in GOAL_ENDS


def is_same_proposal(ours: Json, kept: Kept, theirs: Json) -> bool:
    """Whether a proposal says what one that was made before said, when it was made: what stands is then what somebody made of it."""
    return not same_meaning(ours, theirs if kept.body is None else kept.body)


def is_draft(request: Mapping[str, Any]) -> bool:
    """Whether a prescription is still the proposal that it was made as."""
    return request.get("status") == "draft" and request.get("intent") in _PROPOSED


def is_signed(request: Mapping[str, Any]) -> bool:
    """Whether somebody made an order of it that goes on."""
    return request.get("status") in _SIGNED or (request.get("status") == "draft" and not is_draft(request))


def state_of(request: Mapping[str, Any]) -> str:
    """Intent and status as a person reads them."""
    return f"{request.get('intent')}, {request.get('status')}"


def says_proposal(reference: str, request: Mapping[str, Any] | None) -> str:
    """What became of a proposal, as a sentence; None: it is gone."""
    if request is None:
        return f"{reference} was proposed for these days, and is gone from the EHR: somebody deleted it there."
    state = state_of(request)
    if is_signed(request):
        return f"{reference} was proposed for these days, and somebody signed it in the EHR ({state}): it is the patient's prescription."
    return f"{reference} was proposed for these days, and it is {request.get('status')} in the EHR ({state}): declined, or done."


def days_of(request: Mapping[str, Any]) -> tuple[date, date]:
    """First and last day for which a prescription supplies; NO_TIME where it does not say."""
    try:
        supply = request["dispenseRequest"]
        end, days = date.fromisoformat(supply["validityPeriod"]["end"]), int(supply["expectedSupplyDuration"]["value"])
        return end - (days - 1) * _DAY, end
    except (KeyError, TypeError, ValueError, OverflowError):
        return NO_TIME


def _is_place_of(ours: Json, body: Json | None) -> bool:
    kind = ours["resourceType"]
    if kind == "RequestGroup":
        return True
    if body is None:  # from before this was kept
        return bool(kind == "MedicationRequest")
    if kind == "Goal":
        goes_on = body.get("lifecycleStatus") not in GOAL_ENDS or ours.get("lifecycleStatus") in GOAL_ENDS
        return goes_on and bool(ours.get("description") == body.get("description"))
    if kind != "MedicationRequest" or ours.get("medicationCodeableConcept") != body.get("medicationCodeableConcept"):
        return False
    return _share_days(ours, body)


def _share_days(one: Json, other: Json) -> bool:
    (start, end), (first, last) = days_of(one), days_of(other)
    return NO_TIME not in ((start, end), (first, last)) and start <= last and first <= end
