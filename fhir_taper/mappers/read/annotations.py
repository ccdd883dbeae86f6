"""Notes that people wrote on a record (Annotation): shown as they are, never interpreted.

"Patient takes half" may change everything about a dose, and no program may decide what it means. Words that change a dose ("reduce by 1
tablet each week") do in a note what they do in a direction: nobody knows the dose of today (domain rule 5). A note is bounded in length
and loses what would move a cursor or break a line. FHIR R4, datatypes.html#Annotation.
"""

from collections.abc import Mapping
from typing import Any, Final

from fhir_taper.mappers.read.clause import Refusal
from fhir_taper.mappers.read.dates import first_day_of
from fhir_taper.mappers.read.sig_changes import change_in_note

MOST_NOTES: Final = 5
LONGEST: Final = 300
"""Letters of one note: enough for what concerns a dose."""


def annotations(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """The notes of a record, quoted, each with its day where it has one. Never raises: a note of the wrong type is told as unreadable."""
    listed = resource.get("note")
    if listed is None:
        return ()
    notes = listed if isinstance(listed, list) else [listed]
    more = (f"{len(notes) - MOST_NOTES} more notes are not shown",) if len(notes) > MOST_NOTES else ()
    return (*(_quoted(note) for note in notes[:MOST_NOTES]), *more)


def change_noted(resource: Mapping[str, Any], *, has_end: bool) -> Refusal | None:
    """The refusal of the first note that says that the dose changes or is part of a joint one; None where there is none. Never raises.

    `has_end`: the direction in force names its last day.
    """
    listed = resource.get("note")
    texts = [note.get("text") for note in listed if isinstance(note, dict)] if isinstance(listed, list) else []
    return next((found for text in texts if isinstance(text, str) and (found := change_in_note(_printable(text), has_end=has_end))), None)


def _printable(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * LONGEST]).split())


def _quoted(note: object) -> str:
    text = note.get("text") if isinstance(note, dict) else None
    if not isinstance(note, dict) or not isinstance(text, str):
        return "a note that cannot be read"
    day = first_day_of(note, "time")
    said = _printable(text)
    short = said if len(said) <= LONGEST and len(text) <= 4 * LONGEST else f"{said[:LONGEST]} …"
    return f"note of {day.isoformat()}: “{short}”" if day is not None else f"note: “{short}”"
