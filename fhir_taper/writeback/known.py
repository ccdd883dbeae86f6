"""Whether everything in a resource is what this program writes of the approved plan: what is not known is refused, whatever it says.

An allow-list, to the last element: what follows from the plan must be exactly that (`remade`); what comes from elsewhere has the shape that
we give it and nothing beside; and in an update what somebody else put there stays as it stands in the very version that is updated.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from fhir_taper.mappers.references import address
from fhir_taper.mappers.write.namespace import BASE, US_CORE_CARE_PLAN, WRITE_SYSTEM, Json
from fhir_taper.writeback.earlier import GOAL_ENDS
from fhir_taper.writeback.merge import looks_like_ours

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_URN: Final = "urn:uuid:"
_WORDS_INSTEAD: Final[tuple[Json, ...]] = (
    {"display": "fhir-taper"},
    {"type": "MedicationRequest", "display": "Not written to this EHR: shown to the prescriber as text"},
)
"""What a reference to something that the EHR does not take becomes (`shape`)."""
_WAITS: Final[Json] = {"type": "MedicationRequest", "display": "Proposed when its prescription window is next"}
_DETAIL_STATES: Final = frozenset({"not-started", "scheduled", "in-progress", "on-hold", "completed", "cancelled", "entered-in-error"})
_CARRY_THE_PLAN: Final = frozenset({"status", "lifecycleStatus", "intent", "subject", "period", "target", "text"})
"""Elements that are never left as somebody else made them."""

Check = Callable[[Any], bool]


def unknown(
    said: Mapping[str, Any], wanted: Json, there: Mapping[str, Any] | None, may_lack: frozenset[str], notes: tuple[str, ...]
) -> list[str]:
    """Paths inside a resource that are not as the plan has them. `there`: as it stands in the EHR in the version that is updated.

    `may_lack` are elements that this EHR does not take, `notes` what else a prescription may say.
    """
    kind = str(wanted["resourceType"])
    free = {**_FREE, **_FREE_IN.get(kind, {})}
    if kind == "MedicationRequest":
        wanted = (
            wanted | {"note": [*wanted.get("note", []), *({"text": note} for note in notes)]} if _has_more_notes(said, wanted) else wanted
        )
    found = [f"{kind}.{name} is missing" for name in wanted if name not in said and name not in free and name not in may_lack]
    for name, value in said.items():
        if name == "contained" and name in wanted:
            found += _contained(value, wanted[name])
        elif not (
            (name in free and free[name](value))
            or (name in wanted and name not in free and same(value, wanted[name]))
            or _is_left(name, value, wanted.get(name), (there or {}).get(name), free.get(name))
        ):
            found.append(f"{kind}.{name}")
    return found


def same(said: Any, wanted: Any) -> bool:
    """Whether a value is the wanted one, exactly; where a reference to something of this write is wanted, any such reference will do."""
    if isinstance(wanted, Mapping) and _is_of_this_write(wanted):
        return isinstance(said, Mapping) and _may_refer(said)
    if isinstance(wanted, Mapping):
        if not isinstance(said, Mapping) or set(said) != set(wanted):
            return False
        return all(_is_step_state(name, said[name], wanted) or same(said[name], wanted[name]) for name in wanted)
    if isinstance(wanted, list):
        return isinstance(said, list) and len(said) == len(wanted) and all(map(same, said, wanted))
    return _scalar(said) == _scalar(wanted)


def is_only_ended(said: Mapping[str, Any], there: Mapping[str, Any] | None) -> bool:
    """Whether a goal of an earlier version is ended and in no other way changed."""
    if there is None or said.get("resourceType") != "Goal" or said.get("lifecycleStatus") != "cancelled":
        return False
    if there.get("lifecycleStatus") in GOAL_ENDS:
        return False
    names = {*said, *there} - {"lifecycleStatus", "meta"}
    return _is_meta_of(said.get("meta", {}), there) and all(stands(said.get(name), there.get(name)) for name in names)


def _is_left(name: str, value: Any, wanted: Any, there: Any, free: Check | None) -> bool:
    """Whether an element is as somebody else left it: whole, where it carries no plan; item by item in a list, of which nothing of ours
    may be missing."""
    if name == "lifecycleStatus" and value in GOAL_ENDS:
        return stands(value, there)  # a goal that somebody ended stays so
    if there is None or name in _CARRY_THE_PLAN:
        return False
    if name == "meta":
        return _is_meta_of(value, {"meta": there})
    if not isinstance(value, list) or not isinstance(there, list):
        return stands(value, there)
    if free is not None:
        return _is_once(value) and all(free([item]) or any(stands(item, one) for one in there) for item in value)
    ours = wanted or []
    mine, others = _apart(value, ours, same)
    is_ours_again = any(any(same(item, one) for one in ours) or looks_like_ours(name, item) for item in others)
    return len(mine) == len(ours) and not is_ours_again and not _apart(others, there, stands)[1]


def _apart(items: list[Any], known: list[Any], alike: Callable[[Any, Any], bool]) -> tuple[list[Any], list[Any]]:
    """Items that are known, each at most as often as it is known, and all others."""
    left, found, others = list(known), list[Any](), list[Any]()
    for item in items:
        place = next((index for index, one in enumerate(left) if alike(item, one)), None)
        if place is None:
            others.append(item)
        else:
            del left[place]
            found.append(item)
    return found, others


def _is_meta_of(meta: Any, there: Mapping[str, Any]) -> bool:
    """Labels of ours, with profiles and tags that stand there."""
    meta_there = there.get("meta") or {}
    if not isinstance(meta, Mapping) or not set(meta) <= {"profile", "security", "tag"}:
        return False
    return all(
        _is_once(items) and all(_is_meta({name: [item]}) or any(stands(item, one) for one in meta_there.get(name, ())) for item in items)
        for name, items in meta.items()
    )


def _contained(said: Any, wanted: list[Json]) -> list[str]:
    """The steps inside a care plan."""
    if not isinstance(said, list) or len(said) != 1 or not isinstance(said[0], Mapping):
        return ["CarePlan.contained"]
    return [f"CarePlan.contained: {one}" for one in unknown(said[0], wanted[0], None, frozenset(), ())]


def _has_more_notes(said: Mapping[str, Any], wanted: Json) -> bool:
    notes = said.get("note")
    return isinstance(notes, list) and len(notes) > len(wanted.get("note", []))


def _is_of_this_write(wanted: Mapping[str, Any]) -> bool:
    return wanted == _WAITS or (set(wanted) == {"reference"} and str(wanted["reference"]).startswith(_URN))


def _may_refer(said: Mapping[str, Any]) -> bool:
    """A reference, one by our write identifier, or the words instead of one."""
    return _is_reference(said) or said == _WAITS or said in _WORDS_INSTEAD


def _is_reference(said: Any) -> bool:
    if not isinstance(said, Mapping):
        return False
    if set(said) == {"reference"}:
        return isinstance(said["reference"], str)
    named = said.get("identifier")
    return (
        set(said) == {"type", "identifier"}
        and isinstance(named, Mapping)
        and set(named) == {"system", "value"}
        and named["system"] == WRITE_SYSTEM
    )


def _is_step_state(name: str, said: Any, wanted: Mapping[str, Any]) -> bool:
    """How far a step is depends on the day: of the steps inside a care plan, the one element that the plan alone does not give."""
    return name == "status" and "scheduledPeriod" in wanted and isinstance(said, str) and said in _DETAIL_STATES


def stands(said: Any, there: Any) -> bool:
    """Whether a value is what stands in the EHR; references may be written otherwise."""
    if isinstance(said, Mapping) and isinstance(there, Mapping):
        return set(said) == set(there) and all(stands(said[name], there[name]) or _refers_alike(name, said, there) for name in said)
    if isinstance(said, list) and isinstance(there, list):
        return len(said) == len(there) and all(map(stands, said, there))
    return _scalar(said) == _scalar(there)


def _refers_alike(name: str, said: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    if name != "reference" or not all(isinstance(one[name], str) for one in (said, there)):
        return False
    return said[name].startswith(_URN) or there[name].startswith(_URN) or address(said[name]).key == address(there[name]).key


def _scalar(value: Any) -> tuple[str, Any]:
    """A value with what it is: True is not 1, a float is no exact number."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return "number", Decimal(value)
    return type(value).__name__, value


def _is_text_of(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _all(check: Check) -> Check:
    """A list of such items, none of them twice."""
    return lambda value: _is_once(value) and bool(value) and all(map(check, value))


def _is_once(items: Any) -> bool:
    """Whether it is a list in which nothing stands twice."""
    return isinstance(items, list) and len({repr(one) for one in items}) == len(items)


def _is_identifier(value: Any) -> bool:
    is_ours = isinstance(value, Mapping) and set(value) == {"use", "system", "value"} and str(value["system"]).startswith(f"{BASE}/")
    return is_ours and value["use"] in ("official", "secondary") and isinstance(value["value"], str)


def _is_label(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"system", "code"} and all(isinstance(one, str) for one in value.values())


def _is_meta(value: Any) -> bool:
    if not isinstance(value, Mapping) or not set(value) <= {"profile", "security"}:
        return False
    return value.get("profile", [US_CORE_CARE_PLAN]) == [US_CORE_CARE_PLAN] and (
        "security" not in value or _all(_is_label)(value["security"])
    )


_FREE: Final[Mapping[str, Check]] = {"id": _is_text_of(_ID), "meta": _is_meta, "identifier": _all(_is_identifier)}
_FREE_IN: Final[Mapping[str, Mapping[str, Check]]] = {
    "CarePlan": {"addresses": _all(_is_reference), "goal": _all(_is_reference)},
    "MedicationRequest": {
        "authoredOn": _is_text_of(_INSTANT),
        "reasonReference": _all(_is_reference),
        "priorPrescription": _is_reference,
        "groupIdentifier": _is_identifier,
    },
    "Provenance": {"recorded": _is_text_of(_INSTANT), "target": _all(_is_reference)},
}
"""What does not follow from the plan, with the one shape that it has."""
