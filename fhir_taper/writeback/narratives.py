"""What somebody made of the narrative (`text`) of what we wrote: seen by its words, never by its markup.

A server may take a narrative away or lay it out anew while it stores it: what it showed when the write was read back is what it made of it,
and is no edit. A narrative that a server makes itself follows the data, and no person's words can stand in it. Everything else that is
other by now was changed by somebody, and only a person decides that ours takes its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import takewhile
from typing import Any, Final

from fhir_taper.mappers.narrative_words import narrative_words

_AROUND: Final = 6
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class EditedWords:
    """The place that differs, with a few words around it: as it stands in the EHR, and as it was written. "" is nothing."""

    now: str
    written: str

    def says(self, reference: str) -> str:
        """The difference as a sentence."""
        quoted = [f"“{words}”" if words else "nothing" for words in (self.now, self.written)]
        return (
            f"Somebody changed the narrative of {reference} in the EHR: it says {quoted[0]} where {quoted[1]} was written."
            " Writing puts the plan's own narrative in its place."
        )


def narrative_digest(resource: Mapping[str, Any]) -> str:
    """SHA-256 of the words of a resource's narrative: what a ledger keeps of what the EHR showed."""
    return _digest(narrative_words(resource.get("text")))


def edited_words(base: Any, theirs: Any, shown: str | None) -> EditedWords | None:
    """What somebody made of a narrative; None where nobody did. `base` is the narrative as it was written, `shown` the digest of what the
    EHR showed then (None: not known)."""
    written, now = narrative_words(base), narrative_words(theirs)
    is_generated = isinstance(theirs, Mapping) and theirs.get("status") == "generated"
    if is_generated and not written:
        return None  # we gave it none
    if shown is None:
        is_edited = bool(now) and bool(written) and now != written
    elif is_generated and shown not in (_digest(written), _digest(())):
        is_edited = False  # the server makes its own
    else:
        is_edited = _digest(now) != shown
    return _difference(now, written) if is_edited else None


def _difference(now: tuple[str, ...], written: tuple[str, ...]) -> EditedWords:
    start = _alike(now, written)
    end = min(_alike(now[::-1], written[::-1]), min(len(now), len(written)) - start)
    return EditedWords(*(_excerpt(words, start, len(words) - end) for words in (now, written)))


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many words two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _excerpt(words: tuple[str, ...], start: int, end: int) -> str:
    if not words:
        return ""
    first, last = max(0, start - _AROUND), min(len(words), end + _AROUND)
    said = " ".join(words[first:last])
    short = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
    return f"{'… ' if first else ''}{short}{' …' if last < len(words) else ''}"


def _digest(words: tuple[str, ...]) -> str:
    return sha256(" ".join(words).encode()).hexdigest()
