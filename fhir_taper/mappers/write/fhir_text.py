r"""Free text in FHIR strings, both ways, without losing a character.

A FHIR string is never empty and holds no control characters; validators also refuse whitespace other than space, tab and line feed,
and servers trim the ends. What a string cannot hold is written as \uXXXX, a backslash as \\, and an empty text as \0 (FHIR R4 §2.24.0.1).
`shown` is for text that people read and nobody reads back: there, odd whitespace becomes a space, and letters that nobody sees but that
turn the order of the others (Unicode bidirectional controls: 25 is read as 52) or hide between them are left out.
"""

import re
import unicodedata

_EMPTY = "\\0"
_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")
_PLAIN_WHITESPACE = " \n\t"
_JOINERS = "\u200c\u200d"
_NOT_IN_XML = {"\ufeff", "\ufffe", "\uffff"}


def to_fhir(text: str) -> str:
    """The text as a FHIR string; `from_fhir` gives it back exactly."""
    if not text:
        return _EMPTY
    if text.isprintable() and text[0] != " " != text[-1]:  # nearly every text: no control characters, no whitespace but spaces inside
        return text.replace("\\", "\\\\")
    last = len(text) - 1
    return "".join(
        _code(letter) if _cannot_stand(letter) or (index in {0, last} and letter in _PLAIN_WHITESPACE) else letter.replace("\\", "\\\\")
        for index, letter in enumerate(text)
    )


def from_fhir(text: str) -> str:
    """The text that `to_fhir` was given. A backslash that means nothing stays as it is."""
    if text == _EMPTY:
        return ""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)), text)


def shown(text: str) -> str:
    """The text as people read it in a title or narrative: every run of whitespace is one space, nothing unprintable is left."""
    kept = text if text.isprintable() else "".join(" " if letter.isspace() else "" if _is_unseen(letter) else letter for letter in text)
    return " ".join(kept.split())


def shown_lines(text: str) -> str:
    """The same of what is written in several lines: they stay, and no more than one line between them is empty."""
    lines = [shown(line) for line in text.splitlines()]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip()


def _is_unseen(letter: str) -> bool:
    """Controls and formats; the joiners of Indic and Arabic scripts stay."""
    return _cannot_stand(letter) or (unicodedata.category(letter) == "Cf" and letter not in _JOINERS)


def _cannot_stand(letter: str) -> bool:
    if letter in _PLAIN_WHITESPACE:
        return False
    return letter.isspace() or letter in _NOT_IN_XML or unicodedata.category(letter) in {"Cc", "Cs"}


def _code(letter: str) -> str:
    return f"\\u{ord(letter):04x}"
