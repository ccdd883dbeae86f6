"""Parts of a direction that hold free words: reasons and hold parameters; and the words that forbid reading at all.

Free words are taken only where they cannot mean a dose: they end at every number, time word, unit or condition
(`sig_words.REASON_STOPS`). Each function answers the place after what it takes, or None.
"""

from collections.abc import Sequence
from typing import Final

from fhir_taper.mappers.read.clause import Unit
from fhir_taper.mappers.read.sig_amounts import cap_at, unit_at
from fhir_taper.mappers.read.sig_numbers import number_at, text_at
from fhir_taper.mappers.read.sig_tokens import Token
from fhir_taper.mappers.read.sig_words import CHANGE_WORDS, MONTHS, REASON_STARTS, REASON_STOPS, SCORE_WORDS, WEEKDAYS

_NOT_BEFORE_A_STEP: Final = frozenset({"every", "each", "a", "per", "other", "/", "in", "the", "second", "third", "any"})
_HARMLESS_CHANGES: Final = (("alternate", "sites"), ("alternate", "site"), ("alternating", "sites"))
_JOINS: Final = frozenset({"and", "or", "with", "to", "of", "/", "&", "-", "in"})
_JOINT_STARTS: Final = (
    ("along", "with"),
    ("together", "with"),
    ("in", "addition", "to"),
    ("combined", "with"),
    ("in", "combination", "with"),
    ("with",),
)
_LONGEST_REASON: Final = 12


def changes_over_time(tokens: Sequence[Token]) -> str:
    """The word that says the dose is not the same every day, or ""."""
    for place, token in enumerate(tokens):
        word = token.text
        if word in CHANGE_WORDS:
            if (word, text_at(tokens, place + 1)) not in _HARMLESS_CHANGES:
                return word
        elif word in {"day", "days", "week", "weeks"} and _is_step(tokens, place):
            return f"{word} {tokens[place + 1].text}"
        elif word == "first" and number_at(tokens, place + 1) is not None:
            return f"first {tokens[place + 1].text}"
    return ""


def joint_total(tokens: Sequence[Token]) -> str:
    """The words that count another product in ("with the 30 mg tablet"), or ""."""
    for place in range(len(tokens)):
        for start in _JOINT_STARTS:
            if all(text_at(tokens, place + offset) == word for offset, word in enumerate(start)):
                at = place + len(start)
                at += text_at(tokens, at) in {"the", "a", "your", "one", "another", "other"}
                number = number_at(tokens, at)
                unit = unit_at(tokens, number.end) if number else None
                if len(start) == 3 or (unit is not None and unit[0] is Unit.MG):  # noqa: PLR2004 - "in addition to" always means another
                    return " ".join(token.text for token in tokens[place : (unit[3] if unit else at)])
    return ""


def reason_end(tokens: Sequence[Token], place: int, *, is_after_as_needed: bool = False) -> int | None:
    """For example "for severe back pain", "(for pain)", "indications: panic disorder"; after "as needed" also bare words ("pain")."""
    at = place
    is_started = text_at(tokens, at) in REASON_STARTS
    if is_started:
        at += 1
        at += text_at(tokens, at) in {":", "to"}
    elif not is_after_as_needed:
        return None
    end = _free_words(tokens, at)
    return end if end > at else None


def hold_end(tokens: Sequence[Token], place: int) -> int | None:
    """For example "hold for RR < 10", "hold if sedated": to the end of the sentence, or to a cap."""
    if text_at(tokens, place) != "hold" or text_at(tokens, place + 1) not in {"for", "if", "when"}:
        return None
    at = place + 2
    while at < len(tokens) and text_at(tokens, at) not in {".", ";", ")"} and cap_at(tokens, at) is None:
        at += 1
    return at


def _free_words(tokens: Sequence[Token], place: int) -> int:
    at = place
    while at < len(tokens) and at - place < _LONGEST_REASON:
        word = text_at(tokens, at)
        if _is_free(word):
            at += 1
            if word in SCORE_WORDS:
                at = _past_score(tokens, at)
            elif word == "pain":
                at = _past_bracketed_score(tokens, at)
        elif (word in _JOINS and at > place and _is_free(text_at(tokens, at + 1))) or (
            word == "(" and text_at(tokens, at + 1) in {"pain", "score", "scale", "level"}
        ):
            at += 1
        else:
            break
    return at


def _past_score(tokens: Sequence[Token], place: int) -> int:
    at = place + (text_at(tokens, place) in {"of", "is", ":"})
    count = number_at(tokens, at)
    return count.end if count else place


def _past_bracketed_score(tokens: Sequence[Token], place: int) -> int:
    """For example "pain (7-10)"."""
    count = number_at(tokens, place + 1) if text_at(tokens, place) == "(" else None
    return count.end + 1 if count is not None and text_at(tokens, count.end) == ")" else place


def _is_free(word: str) -> bool:
    return word.isalpha() and word not in REASON_STOPS and word not in MONTHS and word not in WEEKDAYS


def _is_step(tokens: Sequence[Token], place: int) -> bool:
    """For example "day 1", "week 2:", "days 1-14"; not "every day 1 tablet" and not "7 days 2 times"."""
    if number_at(tokens, place + 1) is None:
        return False
    before = text_at(tokens, place - 1) if place else ""
    return before not in _NOT_BEFORE_A_STEP and not (before and (before.isdigit() or number_at(tokens, place - 1) is not None))
