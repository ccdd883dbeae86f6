"""Three-way merge by element: what stood when we last wrote (base), what we want now (ours), what the EHR holds now (theirs).

A change that only one side made is kept; a change that both made alike is one. Where a person changed what carries the plan itself
(status, days, steps, doses, subject, our extensions), nothing is decided here: it is a conflict, and a person sees it. What a person added
and we never write (notes, team, other activities) stays. All three are in one space of references: see `changes`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhir_taper.mappers.write.extensions import TAPER_STEP, given
from fhir_taper.mappers.write.namespace import BASE, PLAN_SYSTEM, TAPER_SYSTEM, WRITE_SYSTEM, Json

_OF_THE_SERVER: Final = frozenset({"resourceType", "id", "meta", "text"})
_CLINICAL: Final = frozenset({
    "status", "lifecycleStatus", "intent", "subject", "period", "activity", "action", "extension", "contained", "target", "doNotPerform",
    "reportedBoolean", "medicationCodeableConcept", "medicationReference", "dosageInstruction", "dispenseRequest", "modifierExtension",
})  # fmt: skip
"""Elements that carry the plan: changed by somebody else, they are never merged silently. The narrative: `narratives`."""
_LISTS: Final = frozenset({
    "identifier", "goal", "addresses", "careTeam", "category", "supportingInfo", "note", "contributor", "partOf", "basedOn", "activity",
    "extension", "action",
})  # fmt: skip
_OUR_SYSTEMS: Final = frozenset({PLAN_SYSTEM, WRITE_SYSTEM, TAPER_SYSTEM})


@dataclass(frozen=True, slots=True)
class Conflict:
    """One element that somebody else changed and that carries the plan, or that both sides changed."""

    element: str
    base: Any
    ours: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged resource; it may be written only where there are no conflicts. `kept` names what somebody else changed and stays."""

    resource: Json
    kept: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def merge(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merged:
    """The three as one. Narrative and labels are ours with theirs added (`meta.security` only grows); id and version are theirs."""
    merging = _Merging(base, ours, theirs)
    names = dict.fromkeys([*ours, *theirs])
    made = {name: value for name in names if name not in _OF_THE_SERVER and (value := merging.element(name)) not in (None, [], {})}
    head = {"resourceType": ours["resourceType"]} | ({"id": theirs["id"]} if "id" in theirs else {})
    text = {"text": ours["text"]} if "text" in ours else {}
    return Merged(head | {"meta": _meta(ours, theirs)} | text | made, tuple(merging.kept), tuple(merging.conflicts))


def looks_like_ours(name: str, item: Any) -> bool:
    """Whether an item of a list is one that this program writes there, changed or not."""
    return name in _OURS and _OURS[name](item)


class _Merging:
    def __init__(self, base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
        self.base, self.ours, self.theirs = base, ours, theirs
        self.kept: list[str] = []
        self.conflicts: list[Conflict] = []

    def element(self, name: str) -> Any:
        base, ours, theirs = self.base.get(name), self.ours.get(name), self.theirs.get(name)
        if name in _LISTS and all(value is None or isinstance(value, list) for value in (base, ours, theirs)):
            return self._list(name, base or [], ours or [], theirs or [])
        return self._value(name, name, base, ours, theirs)

    def _value(self, name: str, place: str, base: Any, ours: Any, theirs: Any) -> Any:
        if theirs in (ours, base):
            return ours
        if ours == base and name not in _CLINICAL:
            self.kept.append(place)
            return theirs
        self.conflicts.append(Conflict(place, base, ours, theirs))
        return theirs

    def _list(self, name: str, base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
        """Our items are compared one by one, by key; what is not ours is kept as it is."""
        key = _KEYS.get(name, _whole)
        is_ours = _OURS.get(name)
        mine = [item for item in theirs if is_ours(item)] if is_ours else [item for item in theirs if item in base or item in ours]
        added = [item for item in theirs if item not in mine]
        if added:
            self.kept.append(name)
        result: list[Any] = []
        grouped = (_by_key(base, key), _by_key(ours, key), _by_key(mine, key))
        for one in dict.fromkeys([*grouped[1], *grouped[2], *grouped[0]]):
            b, o, t = (group.get(one, []) for group in grouped)
            place = f"{name}[{one}]" if is_ours and one else name
            result += self._value(name, place, b, o, t)
        return result + [item for item in added if item not in result]


def _by_key(items: list[Any], key: Callable[[Any], str]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for item in items:
        grouped.setdefault(key(item), []).append(item)
    return grouped


def _whole(item: Any) -> str:
    return repr(sorted(item.items(), key=str)) if isinstance(item, Mapping) else repr(item)


def _step_key(item: Any) -> str:
    return f"step {item.get('prefix', '')}" if isinstance(item, Mapping) else _whole(item)


def _is_step(item: Any) -> bool:
    return isinstance(item, Mapping) and bool(given(item, TAPER_STEP))


def _is_our_activity(item: Any) -> bool:
    """The steps: a detail of ours, or the reference to our steps, which `changes` wrote as a urn or a fragment."""
    if not isinstance(item, Mapping):
        return False
    reference = item.get("reference")
    target = reference.get("reference") if isinstance(reference, Mapping) else None
    return _is_step(item.get("detail")) or (isinstance(target, str) and target.startswith(("urn:uuid:", "#")))


_KEYS: Final[Mapping[str, Callable[[Any], str]]] = {
    "action": _step_key,
    "extension": lambda item: str(item.get("url", "")) if isinstance(item, Mapping) else _whole(item),
    "identifier": lambda item: str(item.get("system", "")) if isinstance(item, Mapping) else _whole(item),
    "activity": lambda item: "detail" if isinstance(item, Mapping) and "detail" in item else "reference",
}
_OURS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "action": _is_step,
    "extension": lambda item: isinstance(item, Mapping) and str(item.get("url", "")).startswith(BASE),
    "identifier": lambda item: isinstance(item, Mapping) and item.get("system") in _OUR_SYSTEMS,
    "activity": _is_our_activity,
}
"""Which items of a list are ours by their look, changed or not; elsewhere an item is ours where we wrote the same."""


def _meta(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Json:
    """Profiles, tags and labels of both; what the server sets is not sent back."""
    mine, other = ours.get("meta") or {}, theirs.get("meta") or {}
    merged: Json = {}
    for name in ("profile", "security", "tag"):
        items = [*mine.get(name, []), *(item for item in other.get(name, []) if not _is_there(item, mine.get(name, [])))]
        merged |= {name: items} if items else {}
    return merged


def _is_there(item: Any, items: list[Any]) -> bool:
    return any(_identity(item) == _identity(one) for one in items)


def _identity(item: Any) -> tuple[Any, ...]:
    return (item.get("system"), item.get("code")) if isinstance(item, Mapping) else (item,)
