"""What a text that the grammar does not read still gives away: that the dose changes, or that there is another one beside it.

A text beside a complete structure is shown, not refused, unless it names a change (domain rule 5): these words tell which is which. They
are looked for in what is not understood only; what is understood needs no guess. Forbidden ones ("do not double the dose") are none.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from fhir_taper.mappers.read.clause import Refusal
from fhir_taper.mappers.read.sig_free_words import changes_over_time, joint_total
from fhir_taper.mappers.read.sig_numbers import text_at
from fhir_taper.mappers.read.sig_timing import Phrases
from fhir_taper.mappers.read.sig_tokens import LONGEST_TEXT, Token, tokens_of
from fhir_taper.mappers.read.sig_words import ADDING_PHRASES, CHANGE_PHRASES, FORBIDDING, HARMLESS_AFTER, NUMBERS
from fhir_taper.plans.medicines.regimen import Reason


class Hint(StrEnum):
    """What words that are not understood say of the dose."""

    NONE = ""
    CHANGES = "changes"
    ADDS = "adds"


_HINTS: Final = Phrases(
    [*((phrase, Hint.CHANGES) for phrase in CHANGE_PHRASES), *((phrase, Hint.ADDS) for phrase in ADDING_PHRASES)],
)
_ENDS: Final = frozenset({".", ",", ";", "and", "or"})
_NEAR: Final = 4
_DOSE_WORDS: Final = frozenset(
    {"dose", "doses", "dosing", "tablet", "tablets", "tab", "tabs", "capsule", "capsules", "pill", "pills", "patch"}
)
_STORY_WORDS: Final = frozenset({"then", "thereafter", "afterward", "afterwards", "followed"})
_TAPER_NAMES: Final = frozenset({"taper", "tapers", "tapered", "tapering", "reduction", "titration", "weaning"})


@lru_cache(maxsize=1024)
def hint_of(text: str) -> Hint:
    """What a text that is not understood hints at; a change before an addition."""
    found = _hints(tokens_of(text[:LONGEST_TEXT]))
    return Hint.CHANGES if Hint.CHANGES in found else Hint.ADDS if found else Hint.NONE


def change_in_note(text: str, *, has_end: bool = False) -> Refusal | None:
    """The refusal of a free note that says that the dose is not the same every day, or is part of a joint one; else None.

    Notes tell of more than doses ("seen on Monday, then referred"): words that may stand in any story need a number or a dose beside them.
    So do those that only name a taper, where the direction itself `has_end`: that is how its steps are ordered.
    """
    tokens = tokens_of(text[:LONGEST_TEXT])
    is_of_doses = any(token.value is not None or token.text in NUMBERS or token.text in _DOSE_WORDS for token in tokens)
    names = frozenset[str]() if is_of_doses else _STORY_WORDS | _TAPER_NAMES if has_end else _STORY_WORDS
    change = changes_over_time([token for token in tokens if token.text not in names])
    if change or (is_of_doses and Hint.CHANGES in _hints(tokens)):
        return Refusal(Reason.TEXT_CHANGES_OVER_TIME, f"a note changes the dose{f' ({change})' if change else ''}: “{text}”")
    joint = joint_total(tokens)
    return Refusal(Reason.JOINT_TOTAL, f"a note counts another product in ({joint}): “{text}”") if joint else None


def _hints(tokens: Sequence[Token]) -> set[Hint]:
    found: set[Hint] = set()
    for place in range(len(tokens)):
        hint = _HINTS.at(tokens, place)
        if hint is not None and not _is_forbidden(tokens, place) and not _is_of_no_dose(tokens, *hint):
            found.add(hint[0])
    return found


def _is_of_no_dose(tokens: Sequence[Token], hint: Hint, end: int) -> bool:
    """For example "more than", "additional refills"; "skip the missed dose"."""
    if hint is Hint.ADDS:
        return text_at(tokens, end) in HARMLESS_AFTER
    return text_at(tokens, end + (text_at(tokens, end) == "the")) == "missed"


def _is_forbidden(tokens: Sequence[Token], place: int) -> bool:
    """Whether "do not" or the like stands shortly before, in the same breath."""
    if text_at(tokens, place - 1) == "no" and place:
        return True
    for start in range(place - 1, max(place - _NEAR, 0) - 1, -1):
        if text_at(tokens, start) in _ENDS:
            return False
        if any(all(text_at(tokens, start + offset) == word for offset, word in enumerate(words)) for words in FORBIDDING):
            return True
    return False
