"""What a person sees before anything is written: one card per resource, field · now · will be, the version read, the rung and why.

Made from the same changes that would be sent, from a fresh read. A conflict stands on its card and takes the button away.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fhir_taper import exact_json
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.writeback.ask import Ask
from fhir_taper.writeback.changes import MERGED, Change, Doing
from fhir_taper.writeback.ladder import Choice
from fhir_taper.writeback.readback import differences

_NOT_SHOWN: Final = frozenset({"resourceType", "id", "meta", "text"})
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Line:
    """One field: what the EHR holds now, what it will hold. "" is nothing."""

    field: str
    now: str
    will_be: str


@dataclass(frozen=True, slots=True)
class Card:
    """One resource. `version` is the one that was read (as the EHR gave it); `body` is the resource as it will be: as it stands where
    it is not written."""

    doing: Doing
    resource_type: str
    title: str
    reference: str
    version: str
    lines: tuple[Line, ...]
    body: Json
    kept: tuple[str, ...] = ()
    """Fields that somebody else changed and that stay as they are."""
    conflicts: tuple[Line, ...] = ()
    """Fields that somebody else changed and that carry the plan: field · now in the EHR · what we would write."""
    degraded: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    gone: str | None = None
    """Where it stood before somebody deleted it ("" where that is not known); None where it was never there."""
    differs: tuple[Line, ...] = ()
    """Where what stands does not say what we wrote, and a merge would not show it: the narrative, and all of what is written once and
    never changed. A person edited it, or signed it."""

    @property
    def is_held(self) -> bool:
        """Whether the EHR holds it as we have it."""
        return self.doing is Doing.NONE and not (self.kept or self.conflicts or self.differs)


@dataclass(frozen=True, slots=True)
class Preview:
    """All cards; `count` is what the button says; `may_write` is False where a card has a conflict or a refusal, or nothing changes."""

    cards: tuple[Card, ...]
    choices: tuple[Choice, ...]
    count: int
    may_write: bool
    notes: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()
    """What a person must accept, each for itself, before the button counts."""

    @property
    def is_held(self) -> bool:
        """Whether the EHR holds all of the plan as we have it: everything was compared, and nothing differs."""
        return bool(self.cards) and all(card.is_held for card in self.cards)


def preview(changes: Iterable[Change], choices: Iterable[Choice], notes: Iterable[str] = (), asks: Iterable[Ask] = ()) -> Preview:
    """The cards of some changes, in the order in which they are written."""
    cards = tuple(_card(change) for change in changes)
    count = sum(card.doing is not Doing.NONE for card in cards)
    stopped = any(card.conflicts or card.refused for card in cards)
    return Preview(cards, tuple(choices), count, bool(count) and not stopped, tuple(notes), tuple(asks))


def _card(change: Change) -> Card:
    standing = change.standing
    stands = standing.resource if standing and change.doing is Doing.NONE else None
    return Card(
        change.doing,
        change.resource_type,
        title_of(change.resource),
        change.reference,
        (standing.etag or "") if standing else "",
        tuple(_lines(change)) if change.doing is not Doing.NONE else (),
        stands or change.resource,
        change.kept,
        tuple(Line(one.element, words(one.theirs), words(one.ours)) for one in change.conflicts),
        change.degraded,
        change.refused,
        change.gone,
        (*_narrative(change), *(_differences(change.resource, stands) if stands and change.resource_type not in MERGED else ())),
    )


def _narrative(change: Change) -> Iterator[Line]:
    if change.edited is not None:
        yield Line("text", change.edited.now, change.edited.written)


def _differences(ours: Json, theirs: Json) -> Iterator[Line]:
    return (Line(path, words(other), words(mine)) for path, mine, other in differences(ours, theirs))


def title_of(resource: Json) -> str:
    """A resource in a few words of its own."""
    concept = resource.get("medicationCodeableConcept") or resource.get("description") or resource.get("code") or {}
    said = resource.get("title") or (concept.get("text") if isinstance(concept, dict) else "")
    return str(said or resource["resourceType"])


def words(value: Any) -> str:
    """A value as text: plain where it is, else its JSON, bounded."""
    if value in (None, [], {}):
        return ""
    said = value if isinstance(value, str) else exact_json.encode(value).decode()
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _lines(change: Change) -> Iterator[Line]:
    now: Json = change.standing.resource if change.standing else {}
    for name in dict.fromkeys([*change.resource, *now]):
        if name not in _NOT_SHOWN and now.get(name) != change.resource.get(name):
            yield Line(name, words(now.get(name)), words(change.resource.get(name)))
