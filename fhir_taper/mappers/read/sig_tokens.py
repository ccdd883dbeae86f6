"""Written directions cut into tokens: numbers, words, single signs. One pass, one simple pattern, so the time is linear in the length.

What it must not do: drop anything but blanks. A sign that the grammar does not know stays a token and makes the text "not understood".
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fhir_taper.plans.medicines.product_names import with_points

LONGEST_TEXT: Final = 1000
"""Characters. A direction that fits on a label has a tenth of this; what is longer is refused unread."""

_TOKEN = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?![\d])|\d+(?:\.\d+)?|\.\d+|[a-zµμ]+(?:'[a-z]+)?|\S")
_INITIALS = re.compile(r"\b(?:[a-z]\.){2,}")
_BOOKKEEPING = re.compile(
    r"[,.]? *(?:historical med|# ?\d{2,3}|\(# ?\d{2,3}\)|disp[-:] *[\d,.]+ *[a-z]*(?: [a-z]+)?(?:, *r-\d+)?"
    r"(?:, *(?:print prescription|no print|print|erx|e-rx|fax|normal|phone in))?)\s*\.?\s*$"
)
_ROMAN = re.compile(r"\b(i{1,3})(?=(?: ?(?:-|to|or) ?i{1,3})? (?:tab|tablet|cap|capsule|pill)s?\b)")
_SAME = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "×": "x", "’": "'", "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `value` is set for numbers."""

    text: str
    value: Decimal | None = None


def tokens_of(text: str) -> list[Token]:
    """The tokens of a direction, lower case, without what an EHR prints after it (", Disp-30 tablet, R-0").

    "#60" at the end is what is dispensed; small roman numerals ("ii tabs") are numbers before a unit only.
    """
    plain = with_points(text.translate(_SAME).lower())
    plain = _BOOKKEEPING.sub("", plain)
    plain = _INITIALS.sub(lambda found: found.group().replace(".", ""), plain)
    plain = _ROMAN.sub(lambda found: str(len(found.group(1))), plain)
    plain = plain.replace("(s)", "s").replace("(es)", "es")
    return [_token(word) for word in _TOKEN.findall(plain)]


def _token(word: str) -> Token:
    return Token(word, Decimal(word.replace(",", ""))) if word[0].isdigit() or (word[0] == "." and len(word) > 1) else Token(word)
